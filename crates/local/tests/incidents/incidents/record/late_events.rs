//! Events of a message that come late, twice or in another order: what is later by Slack's clock counts.

use tidegate_pipeline::table::{Item, RowKey, Write};

use super::TS;
use super::world::{World, delete, edit, pin, react};

#[tokio::test]
async fn a_removal_that_was_overtaken_by_a_second_pin_removes_nothing() {
    let world = World::new().await;
    for (on, at) in [
        (true, "20.000001"),
        (true, "24.000001"),
        (false, "22.000001"),
    ] {
        world.handle(pin(on, TS, at)).await;
    }
    assert!(world.messages().await[0].is_shown());
}

#[tokio::test]
async fn a_pin_that_was_overtaken_by_a_second_removal_sets_nothing() {
    let world = World::new().await;
    for (on, at) in [
        (true, "20.000001"),
        (false, "21.000001"),
        (false, "24.000001"),
    ] {
        world.handle(pin(on, TS, at)).await;
    }
    world.handle(pin(true, TS, "23.000001")).await;
    assert!(!world.messages().await[0].is_shown());
}

#[tokio::test]
async fn a_deletion_is_remembered_of_a_message_whose_mark_is_still_to_come() {
    let world = World::new().await;
    world.handle(react(false, "U1", TS, "21.000001")).await;
    world.handle(delete(TS, "30.000001")).await;
    world.handle(react(true, "U2", TS, "22.000001")).await;
    assert!(world.messages().await.is_empty());
}

#[tokio::test]
async fn an_edit_that_changes_no_word_still_outdates_the_ones_before_it() {
    let world = World::new().await;
    world.handle(pin(true, TS, "20.000001")).await;
    let words = format!("words of {TS}");
    world.handle(edit(TS, &words, "30.000001")).await;
    world.handle(edit(TS, "late", "25.000001")).await;
    assert_eq!(world.messages().await[0].words(), words);
}

#[tokio::test]
async fn an_edit_older_than_the_mirrored_words_changes_nothing() {
    let world = World::new().await;
    let row = Item::new()
        .with("ts", TS)
        .with("version", "30.000001")
        .sealed("text", "mirrored");
    let key = RowKey::new(&["messages", "C1"], &[TS]);
    world.rows.write(Write::put(key, row)).await.unwrap();
    world.handle(react(true, "U1", TS, "31.000001")).await;
    world.handle(edit(TS, "late", "25.000001")).await;
    assert_eq!(world.messages().await[0].words(), "mirrored");
    world.handle(edit(TS, "later", "40.000001")).await;
    assert_eq!(world.messages().await[0].words(), "later");
}
