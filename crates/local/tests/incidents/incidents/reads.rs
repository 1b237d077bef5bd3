//! Questions about incidents: what is not the asker's to see might as well not be there.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tidegate_app::incidents::command::{Command, ExportFormat, Listed, Task, Timeline};
use tidegate_app::incidents::decide::change::Change;
use tidegate_app::incidents::decide::context::{DecisionContext, Verdict};
use tidegate_app::incidents::decide::request::RequestKind;
use tidegate_app::incidents::decide::tasks::{self, NewTask};
use tidegate_app::incidents::decide::{declare, lifecycle, metrics, properties, read};
use tidegate_app::incidents::effects::home;
use tidegate_app::incidents::model::actor::Actor;
use tidegate_app::incidents::model::form::Declaration;
use tidegate_app::incidents::model::incident::IncidentId;
use tidegate_app::incidents::model::rows::{self, Loaded};
use tidegate_app::incidents::model::settings::{Service, Settings};
use tidegate_app::incidents::model::severity::Severity;
use tidegate_local::store::Store;
use tidegate_pipeline::clock::{ManualClock, Timestamp};
use tidegate_pipeline::people::PersonKind;
use tidegate_pipeline::table::Rows;
use tidegate_slack::ids::{TenantId, UserId};
use tidegate_testing::damage::spoiled;

/// The time of the tests: 2026-11-21 10:30 UTC.
const NOW: Timestamp = Timestamp(1_795_257_000_000);
/// Incidents that there have been: the help has low numbers in its examples.
const BEFORE: u32 = 8000;
const PEOPLE: [&str; 3] = ["U0ANN", "U0BEN", "U0CAT"];

/// The plan of an incident.
#[derive(Debug, Clone)]
struct Plan {
    commander: usize,
    /// Who has a task in it.
    assignee: usize,
    severity: Severity,
    resolved: bool,
    private: bool,
}

/// The person who asks, with their rights.
#[derive(Debug, Clone)]
struct Asker {
    person: usize,
    kind: PersonKind,
    admin: bool,
}

fn plan() -> impl Strategy<Value = Plan> {
    let severity = prop::sample::select(&Severity::ALL);
    (
        0..PEOPLE.len(),
        0..PEOPLE.len(),
        severity,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(commander, assignee, severity, resolved, private)| Plan {
            commander,
            assignee,
            severity,
            resolved,
            private,
        })
}

fn asker() -> impl Strategy<Value = Asker> {
    let kind = prop_oneof![4 => Just(PersonKind::Member), 1 => Just(PersonKind::Guest)];
    (0..PEOPLE.len(), kind, prop::bool::weighted(0.2)).prop_map(|(person, kind, admin)| Asker {
        person,
        kind,
        admin,
    })
}

fn settings(asker: &Asker) -> Settings {
    let mut settings = Settings::default();
    settings
        .services
        .insert("api".to_owned(), Service::default());
    settings.routing.general = Some("C0GENERAL".into());
    settings
        .admins
        .extend(asker.admin.then(|| PEOPLE[asker.person].into()));
    settings
}

fn case<'a>(
    settings: &'a Settings,
    actor: Actor,
    kind: PersonKind,
    subject: Option<&'a Loaded>,
) -> DecisionContext<'a> {
    DecisionContext {
        subject,
        cause: "test",
        ..DecisionContext::new(settings, actor, kind, NOW)
    }
}

async fn commit(rows: &Rows, change: Change, settings: &Settings) {
    let mut writes = change.finish(&settings.timers).writes;
    // The worlds have incidents of the same numbers, and not the same incidents.
    writes.retain(|write| write.key != rows::counter());
    rows.transact(writes).await.unwrap();
}

/// A workspace with those of the planned incidents that are kept.
async fn world(plans: &[Plan], kept: impl Fn(usize) -> bool) -> (Store, Rows) {
    let store = Store::in_memory(Arc::new(ManualClock::at(NOW.seconds()))).unwrap();
    let rows = store.table.tenant(&TenantId::from("T0WORLD"));
    for (n, plan) in plans.iter().enumerate().filter(|(n, _)| kept(*n)) {
        make(&rows, n, plan).await;
    }
    (store, rows)
}

fn declared(n: usize) -> Timestamp {
    NOW.plus(Duration::from_secs(n as u64))
}

fn id(n: usize) -> IncidentId {
    IncidentId::new(declared(n), "test")
}

async fn make(rows: &Rows, n: usize, plan: &Plan) {
    let settings = settings(&Asker {
        person: 0,
        kind: PersonKind::Member,
        admin: false,
    });
    let declaration = Declaration {
        title: format!("zq{n}z is down"),
        severity: Some(plan.severity),
        services: vec!["api".to_owned()],
        ..Declaration::default()
    };
    let commander = Actor::Person(PEOPLE[plan.commander].into());
    let count = BEFORE + u32::try_from(n).unwrap();
    let at = declared(n);
    let change = declare::decide(&declaration, &settings, &commander, "test", count, at);
    commit(rows, change, &settings).await;
    let task = NewTask {
        text: format!("zq{n}z needs a look"),
        assignee: Some(PEOPLE[plan.assignee].into()),
        due: None,
        source: None,
    };
    decide(rows, &settings, n, |case| tasks::add(case, &task)).await;
    if plan.resolved {
        let over = |case: &DecisionContext<'_>| lifecycle::resolve(case, Some("over"));
        decide(rows, &settings, n, over).await;
    }
    if plan.private {
        decide(rows, &settings, n, |case| properties::private(case, true)).await;
    }
}

async fn decide<E: std::fmt::Debug>(
    rows: &Rows,
    settings: &Settings,
    n: usize,
    decision: impl Fn(&DecisionContext<'_>) -> Result<Verdict, E>,
) {
    let loaded = rows::load(rows, &id(n)).await.unwrap().unwrap();
    let case = case(settings, Actor::Operator, PersonKind::Member, Some(&loaded));
    let Ok(Verdict::Change(change, _)) = decision(&case) else {
        panic!("no change")
    };
    commit(rows, *change, settings).await;
}

/// Everything that can be asked.
fn questions() -> Vec<RequestKind> {
    let commands = vec![
        Command::Menu,
        Command::Help(None),
        Command::Info(None),
        Command::List(Listed::Open),
        Command::List(Listed::Mine),
        Command::List(Listed::All),
        Command::Roles,
        Command::Timeline(Timeline::Show),
        Command::Timeline(Timeline::Export(ExportFormat::Markdown)),
        Command::Timeline(Timeline::Export(ExportFormat::Json)),
        Command::Task(Task::List),
        Command::Task(Task::Mine),
        Command::Catchup,
        Command::Stats {
            days: 30,
            service: None,
        },
        Command::Stats {
            days: 1,
            service: Some("api".to_owned()),
        },
        Command::Deliveries,
    ];
    let commands = commands.into_iter().map(RequestKind::Command);
    commands.chain([RequestKind::MoreTimeline(1)]).collect()
}

async fn answered(rows: &Rows, asker: &Asker, subject: Option<&Loaded>, ask: &RequestKind) -> Json {
    let settings = settings(asker);
    let actor = Actor::Person(PEOPLE[asker.person].into());
    let case = case(&settings, actor, asker.kind, subject);
    let address = Some("https://tidegate.example");
    match read::answer(address, rows, &case, ask).await.unwrap() {
        Some(Ok(Verdict::Answer(reply))) => reply.message(),
        Some(Err(refused)) => json!({"refused": refused.text.mrkdwn()}),
        _ => panic!("no answer"),
    }
}

async fn home_of(rows: &Rows, asker: &Asker) -> Json {
    let user = UserId::from(PEOPLE[asker.person]);
    let settings = settings(asker);
    let blocks = home::blocks(rows, &settings, &user, asker.kind, NOW).await;
    json!(blocks.unwrap())
}

async fn same_as_if_hidden_ones_were_not_there(plans: &[Plan], asker: &Asker) {
    let (_store, all) = world(plans, |_| true).await;
    let sees = |n: usize| {
        let plan = &plans[n];
        let member = asker.kind == PersonKind::Member;
        // A person who has a task in a private incident is no participant because of that.
        asker.admin || (member && (!plan.private || plan.commander == asker.person))
    };
    let (_other, visible) = world(plans, sees).await;
    for ask in &questions() {
        let name = |subject: Option<usize>| format!("{asker:?} {subject:?}");
        let with = answered(&all, asker, None, ask).await;
        let without = answered(&visible, asker, None, ask).await;
        assert_eq!(with, without, "{}", name(None));
        for n in 0..plans.len() {
            let subject = rows::load(&all, &id(n)).await.unwrap();
            let with = answered(&all, asker, subject.as_ref(), ask).await;
            let subject = rows::load(&visible, &id(n)).await.unwrap();
            assert_eq!(subject.is_some(), sees(n));
            let without = answered(&visible, asker, subject.as_ref(), ask).await;
            assert_eq!(with, without, "{}", name(Some(n)));
            let marks = [
                format!("zq{n}z"),
                format!("INC-{}", BEFORE as usize + n + 1),
                id(n).to_string(),
            ];
            let told = with.to_string();
            let leaks = marks.iter().any(|mark| told.contains(mark));
            assert!(sees(n) || !leaks, "{told}");
        }
    }
    assert_eq!(home_of(&all, asker).await, home_of(&visible, asker).await);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn what_is_not_the_askers_to_see_might_as_well_not_be_there(
        plans in prop::collection::vec(plan(), 1..5), asker in asker(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(same_as_if_hidden_ones_were_not_there(&plans, &asker));
    }
}

fn example() -> (Vec<Plan>, Asker) {
    let plan = |commander, private, resolved| Plan {
        commander,
        assignee: 1,
        severity: Severity::P1,
        resolved,
        private,
    };
    let plans = vec![
        plan(0, false, false),
        plan(0, true, false),
        plan(1, true, false),
        plan(0, false, true),
        plan(0, true, true),
    ];
    let ben = Asker {
        person: 1,
        kind: PersonKind::Member,
        admin: false,
    };
    (plans, ben)
}

#[tokio::test]
async fn whoever_takes_part_reads_what_is_private_and_others_read_the_rest() {
    let (plans, ben) = example();
    let (_store, rows) = world(&plans, |_| true).await;
    let told = async |command| {
        answered(&rows, &ben, None, &RequestKind::Command(command))
            .await
            .to_string()
    };
    let named = |text: &str| -> Vec<usize> {
        let named = |n: &usize| text.contains(&format!("zq{n}z"));
        (0..plans.len()).filter(named).collect()
    };
    assert_eq!(named(&told(Command::List(Listed::Open)).await), [0, 2]);
    assert_eq!(named(&told(Command::List(Listed::Mine)).await), [2]);
    assert_eq!(named(&told(Command::List(Listed::All)).await), [0, 2, 3]);
    assert_eq!(named(&told(Command::Task(Task::Mine)).await), [0, 2, 3]);
    assert!(told(Command::Menu).await.contains("2 open incidents"));
    let home = home_of(&rows, &ben).await.to_string();
    assert_eq!(named(&home), [0, 2, 3]);
    assert!(home.contains("*Open: 2*") && home.contains("*Your tasks: 3*"));
    let stats = told(Command::Stats {
        days: 1,
        service: None,
    })
    .await;
    assert!(
        stats.contains("*all services* · P1 · 1 incidents"),
        "{stats}"
    );
}

#[tokio::test]
async fn a_damaged_row_hides_itself_and_nothing_else() {
    let (plans, ben) = example();
    let (_store, rows) = world(&plans, |_| true).await;
    let loaded = rows::load(&rows, &id(0)).await.unwrap().unwrap();
    let put = rows::put(&loaded.incident, loaded.incident.version);
    let put = spoiled(put, "incident");
    rows.write(put).await.unwrap();
    assert!(rows::load(&rows, &id(0)).await.is_err());
    let list = RequestKind::Command(Command::List(Listed::All));
    let list = answered(&rows, &ben, None, &list).await.to_string();
    let mine = RequestKind::Command(Command::Task(Task::Mine));
    let mine = answered(&rows, &ben, None, &mine).await.to_string();
    let home = home_of(&rows, &ben).await.to_string();
    for (shown, others) in [(list, [2, 3]), (mine, [2, 3]), (home, [2, 3])] {
        assert!(!shown.contains("zq0z"), "{shown}");
        for n in others {
            assert!(shown.contains(&format!("zq{n}z")), "{n}: {shown}");
        }
    }
}

#[tokio::test]
async fn statistics_are_of_the_days_that_were_asked_for() {
    let (plans, _) = example();
    let (_store, rows) = world(&plans, |_| true).await;
    let day = Duration::from_hours(24);
    for (days_later, days, n) in [(0, 1, 1), (1, 1, 0), (1, 2, 1), (89, 90, 1), (90, 90, 0)] {
        let cells = metrics::load(&rows, NOW.plus(day * days_later), days, None)
            .await
            .unwrap();
        let all = cells.iter().filter(|cell| cell.service.is_none());
        let found: i64 = all.map(|cell| cell.n).sum();
        assert_eq!(found, n, "{days} days, {days_later} days later");
    }
    let api = metrics::load(&rows, NOW, 30, Some("api")).await.unwrap();
    assert_eq!(api.len(), 1);
}

#[tokio::test]
async fn a_long_record_is_had_from_the_api() {
    let (plans, mut asker) = example();
    asker.admin = true;
    let (_store, rows) = world(&plans[..1], |_| true).await;
    let loaded = rows::load(&rows, &id(0)).await.unwrap().unwrap();
    for format in [ExportFormat::Markdown, ExportFormat::Json] {
        let ask = RequestKind::Command(Command::Timeline(Timeline::Export(format)));
        let shown = answered(&rows, &asker, Some(&loaded), &ask).await;
        let text = shown["text"].as_str().unwrap();
        assert!(text.starts_with("```\n") && text.contains("zq0z"), "{text}");
        assert_eq!(text.matches("```").count(), 2);
    }
    let note = |case: &DecisionContext<'_>| {
        tidegate_app::incidents::decide::notes::add(case, None, &"```<!channel>".repeat(300))
    };
    decide(&rows, &settings(&asker), 0, note).await;
    let loaded = rows::load(&rows, &id(0)).await.unwrap().unwrap();
    let ask = RequestKind::Command(Command::Timeline(Timeline::Export(ExportFormat::Json)));
    let told = answered(&rows, &asker, Some(&loaded), &ask).await;
    let address = format!(
        "https://tidegate.example/v1/incidents/{}/export?format=json",
        id(0)
    );
    assert!(told["text"].as_str().unwrap().contains(&address), "{told}");
    asker.admin = false;
    let refused = answered(&rows, &asker, Some(&loaded), &ask).await;
    assert!(refused["refused"].is_string(), "{refused}");
}

#[tokio::test]
async fn the_timeline_is_read_page_by_page_in_the_order_of_events() {
    let (plans, ben) = example();
    let (_store, rows) = world(&plans[..1], |_| true).await;
    let settings = settings(&ben);
    for n in 0..90 {
        let note = |case: &DecisionContext<'_>| {
            tidegate_app::incidents::decide::notes::add(case, None, &format!("note {n}."))
        };
        decide(&rows, &settings, 0, note).await;
    }
    let loaded = rows::load(&rows, &id(0)).await.unwrap().unwrap();
    let (mut ask, mut told, mut pages) = (
        RequestKind::Command(Command::Timeline(Timeline::Show)),
        String::new(),
        0,
    );
    loop {
        let page = answered(&rows, &ben, Some(&loaded), &ask).await;
        let blocks = page["blocks"].as_array().unwrap().clone();
        told.push_str(&page.to_string());
        pages += 1;
        let next = &blocks.last().unwrap()["elements"][0];
        if next["action_id"] != "incident.timeline_more" {
            break;
        }
        let value: Json = serde_json::from_str(next["value"].as_str().unwrap()).unwrap();
        ask = RequestKind::MoreTimeline(value["x"].as_u64().unwrap());
    }
    assert_eq!(pages, 3);
    for n in 0..90 {
        assert_eq!(told.matches(&format!("note {n}.")).count(), 1, "{n}");
    }
}
