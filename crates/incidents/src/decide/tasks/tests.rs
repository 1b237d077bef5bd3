//! Tests of tasks, and of the lists that follow them.

use super::*;
use crate::decide::notes::fixture::{NOW, World, changes, deleted, effects, put, words};
use crate::model::effect::Effect;
use crate::model::rows;
use crate::model::status::Status;
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::table::RowKey;

fn new(text: &str, assignee: Option<&str>) -> NewTask {
    NewTask {
        text: text.to_owned(),
        assignee: assignee.map(UserId::from),
        due: Some(Timestamp(NOW.millis() + 86_400_000)),
        source: None,
    }
}

fn task_of(decision: &Decision, world: &World) -> Task {
    let key = rows::row(&world.subject.incident.id, &["task", "00001"]);
    store::TASK.read(put(decision, &key).unwrap()).unwrap()
}

/// The places of a person's list that a decision takes and leaves.
fn lists(decision: &Decision) -> (Vec<String>, Vec<String>) {
    let of = |key: &&RowKey| key.partition_parts()[0] == "incident_tasks";
    let user = |key: &RowKey| key.partition_parts()[1].clone();
    let gone: Vec<_> = deleted(decision).into_iter().filter(of).collect();
    let keys = decision.writes.iter().map(|write| &write.key);
    let taken = keys.filter(of).filter(|key| !gone.contains(key));
    (
        taken.map(user).collect(),
        gone.iter().map(|key| user(key)).collect(),
    )
}

fn users(users: &[&str]) -> Vec<String> {
    users.iter().map(|user| (*user).to_owned()).collect()
}

#[test]
fn a_task_lives_from_hand_to_hand_and_its_lists_follow() {
    let mut world = World::new();
    let verdict = add(
        &world.context("UPART"),
        &new(" buy <disks> ", Some("ULEAD")),
    );
    let decision = world.make(verdict);
    assert_eq!(lists(&decision), (users(&["ULEAD"]), vec![]));
    assert_eq!(
        effects(&decision)[0],
        "*Task 1* by <@UPART>: buy &lt;disks&gt; (<@ULEAD>) · due 2026-11-22 10:30 UTC"
    );
    let task = task_of(&decision, &world);
    let verdict = take(&world.context("UPART"), 1, Some(&task));
    let decision = world.make(verdict);
    assert_eq!(lists(&decision), (users(&["UPART"]), users(&["ULEAD"])));
    let task = task_of(&decision, &world);
    assert!(words(take(&world.context("UPART"), 1, Some(&task))).contains("yours already"));
    let verdict = done(&world.context("ULEAD"), 1, Some(&task));
    let decision = world.make(verdict);
    assert_eq!(lists(&decision), (vec![], users(&["UPART"])));
    let task = task_of(&decision, &world);
    assert!(task.view().done);
    assert!(words(done(&world.context("UPART"), 1, Some(&task))).contains("done already"));
    assert!(words(take(&world.context("ULEAD"), 1, Some(&task))).contains("task reopen 1"));
    let verdict = reopen(&world.context("UPART"), 1, Some(&task));
    let decision = world.make(verdict);
    assert_eq!(lists(&decision), (users(&["UPART"]), vec![]));
    let task = task_of(&decision, &world);
    assert!(words(reopen(&world.context("UPART"), 1, Some(&task))).contains("open already"));
    assert_eq!(world.entries.len(), 5);
}

#[test]
fn tasks_outlive_the_incident() {
    for status in Status::ALL {
        let mut world = World::new();
        world.incident().status = status;
        assert!(
            changes(&add(&world.context("UPART"), &new("x", None))),
            "{status}"
        );
    }
}

#[test]
fn what_cannot_be_a_task_is_refused_with_what_to_do() {
    let mut world = World::new();
    assert!(words(add(&world.context("UPART"), &new(" ", None))).starts_with("Say what"));
    let long = "é".repeat(MAX_TEXT + 1);
    assert!(words(add(&world.context("UPART"), &new(&long, None))).contains("there are 501"));
    assert!(changes(&add(
        &world.context("UPART"),
        &new(&long[2..], None)
    )));
    assert!(!changes(&add(&world.context("UOTHER"), &new("x", None))));
    assert!(words(done(&world.context("UPART"), 7, None)).contains("no task 7"));
    world.incident().tasks = MAX_TASKS;
    assert!(words(add(&world.context("UPART"), &new("x", None))).contains("200 tasks"));
}

#[test]
fn what_is_private_is_given_to_nobody_outside() {
    let mut world = World::new();
    world.incident().private = true;
    let outside = add(&world.context("UPART"), &new("x", Some("UOTHER")));
    assert!(words(outside).contains("<@UOTHER> takes no part"));
    assert!(changes(&add(
        &world.context("UPART"),
        &new("x", Some("ULEAD"))
    )));
}

#[test]
fn a_task_is_told_to_the_channel_only() {
    let mut world = World::new();
    let verdict = add(&world.context("UPART"), &new("x", Some("ULEAD")));
    let decision = world.make(verdict);
    let only = decision.posts.iter().map(|post| Effect::parse(&post.body));
    assert!(
        only.into_iter()
            .all(|effect| matches!(effect, Some(Effect::Say { .. })))
    );
}
