//! A command whose domain panics is parked after two panics, like any job whose handler does.

use std::sync::Arc;

use async_trait::async_trait;
use tidegate_pipeline::domain::{CommandSpec, Context, Domain, DomainSpec};
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::ledger::{Decision, EventState, JobError, Ledger};
use tidegate_slack::command::SlashCommand;
use tidegate_slack::ids::TenantId;
use tidegate_testing::faulty_queue::Rates;
use tidegate_testing::product::form;
use tidegate_testing::scripted::{KEEP, LIMIT};
use tidegate_testing::shares_world::World;

static SPEC: DomainSpec = DomainSpec {
    commands: &[CommandSpec {
        command: "/panic",
        description: "Panics",
        usage_hint: "",
    }],
    interactions: &["panic"],
    ..DomainSpec::named("panicky")
};

/// Panics about its command.
struct Panicky;

#[async_trait]
impl Domain for Panicky {
    fn spec(&self) -> &'static DomainSpec {
        &SPEC
    }

    async fn command(
        &self,
        _context: Context<'_>,
        _command: &SlashCommand,
    ) -> Result<Decision, JobError> {
        // As a panic does, without its message on the terminal.
        std::panic::resume_unwind(Box::new("a test panics"))
    }
}

#[tokio::test]
async fn a_command_that_panics_twice_is_parked() {
    let world = World::with(0, Rates::default(), &[Arc::new(Panicky)]);
    let body = form(&[
        ("command", "/panic"),
        ("team_id", "T1"),
        ("response_url", "https://hooks.slack.example/1"),
    ]);
    let job = Job {
        kind: kind::SLACK_COMMAND.to_owned(),
        id: "rq.1".to_owned(),
        body,
        ..World::job("Ev1", 1)
    };
    let first = world
        .worker
        .process(vec![World::received(&job, 1)], LIMIT)
        .await;
    assert_eq!((first.len(), world.entry("rq.1").await), (1, None));
    let second = world
        .worker
        .process(vec![World::received(&job, 2)], LIMIT)
        .await;
    assert_eq!(second.len(), 0);
    let entry = world.entry("rq.1").await.unwrap();
    let reason = Some("its handler panicked twice".to_owned());
    assert_eq!((entry.state, entry.reason), (EventState::Parked, reason));
}

#[tokio::test]
async fn a_click_that_names_no_workspace_is_no_domains() {
    let world = World::with(0, Rates::default(), &[Arc::new(Panicky)]);
    let nobody = TenantId::unreadable();
    let job = Job {
        kind: kind::SLACK_INTERACTION.to_owned(),
        id: "rq.1".to_owned(),
        tenant: nobody.clone(),
        body: form(&[(
            "payload",
            r#"{"type":"block_actions","user":{"id":"U1"},"actions":[{"action_id":"panic"}]}"#,
        )]),
        ..World::job("Ev1", 1)
    };
    let left = world
        .worker
        .process(vec![World::received(&job, 1)], LIMIT)
        .await;
    assert_eq!(left.len(), 0);
    let ledger = Ledger {
        rows: world.engine.truth().tenant(&nobody),
        clock: &world.clock,
        keep: KEEP,
    };
    let entry = ledger.entry_of("rq.1").await.unwrap().unwrap();
    let reason = Some("the request names no workspace".to_owned());
    assert_eq!((entry.state, entry.reason), (EventState::Parked, reason));
}
