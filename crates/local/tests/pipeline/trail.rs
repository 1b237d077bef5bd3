//! The audit trail: a change and its row there are written together, or not at all.

use std::sync::Arc;

use tidegate_pipeline::audit::{Actor, Audit, AuditError, AuditNote};
use tidegate_pipeline::clock::ManualClock;
use tidegate_pipeline::table::{Item, RowKey, TableError, Write};
use tidegate_slack::ids::TenantId;
use tidegate_testing::faulty_table::{FaultyTable, Mishap};

#[tokio::test]
async fn a_change_and_its_note_are_written_together_or_not_at_all() {
    let cases = [
        (None, "attribute_not_exists(#pk)", true),
        (None, "attribute_exists(#pk)", false),
        (Some(Mishap::Busy), "attribute_not_exists(#pk)", false),
        (
            Some(Mishap::RequestLost),
            "attribute_not_exists(#pk)",
            false,
        ),
        (Some(Mishap::AnswerLost), "attribute_not_exists(#pk)", true),
    ];
    for (n, (mishap, condition, written)) in cases.into_iter().enumerate() {
        let engine = FaultyTable::new(0);
        let clock = Arc::new(ManualClock::at(1_700_000_000));
        let audit = Audit::new(engine.table(), engine.keyring(), clock);
        let tenant = TenantId::from("T1");
        let rows = engine.table().tenant(&tenant);
        let name = format!("case {n}");
        let fails = mishap.is_some();
        if let Some(mishap) = mishap {
            engine.next(1, &["transact", "put @system#audit"], mishap);
        }
        let key = RowKey::new(&["settings"], &["own"]);
        let write = Write::put(key.clone(), Item::new().with("n", 1i64)).when(condition);
        let note = AuditNote {
            actor: Actor::Operator,
            action: "test.changed",
            detail: "version 1".to_owned(),
        };
        let done = audit.of(&tenant).write(&rows, vec![write], &note).await;
        assert_eq!(done.is_ok(), written && !fails, "{name}: {done:?}");
        if !fails && !written {
            let stale = matches!(done, Err(AuditError::Table(TableError::Condition)));
            assert!(stale, "{name}: {done:?}");
        }
        let truth = engine.truth();
        let row = truth.tenant(&tenant).get(&key).await.unwrap();
        let trail = audit.list(&tenant, 10, None).await.unwrap().entries;
        let both = (row.is_some(), trail.len());
        assert_eq!(both, (written, usize::from(written)), "{name}");
    }
}
