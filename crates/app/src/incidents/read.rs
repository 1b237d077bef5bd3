//! Temporary.
use super::ask::Ask;
use super::case::Case;
use super::decide::Decided;
use super::desk::Desk;
use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::table::Rows;
/// Temporary.
pub async fn answer(
    _: &Desk,
    _: &Rows,
    _: &Case<'_>,
    _: &Ask,
) -> Result<Option<Decided>, JobError> {
    Ok(None)
}
