//! The mirror of a workspace: its messages, and the gaps in them that a backfill has to close.

pub mod gaps;
pub mod messages;
