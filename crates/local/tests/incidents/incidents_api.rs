//! Incidents over HTTP: an alert declares one however often it fires, a program moves it to its end, and what is private is
//! not found.

use std::collections::BTreeSet;

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_app::incidents::model::incident::IncidentId;
use tidegate_app::incidents::model::rows;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Cursor, Write};
use tidegate_testing::damage::spoiled;
use tidegate_testing::product::{Answer, OPERATOR_KEY, Product, TENANT, until};

const INCIDENTS: &str = "/v1/incidents";
const READ: &str = "incidents:read";
const WRITE: &str = "incidents:write";
const ADMIN: &str = "incidents:admin";

async fn key(product: &Product, scopes: &[&str]) -> String {
    product.make_key(TENANT, scopes).await.key
}

async fn get(product: &Product, path: &str, key: &str) -> Value {
    let answer = product.ask(Method::GET, path, key).await;
    assert_eq!(answer.status, StatusCode::OK, "{path} {answer:?}");
    answer.json()
}

async fn declare(product: &Product, key: &str, wanted: &Value) -> Value {
    let answer = product.tell(INCIDENTS, key, wanted).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    answer.json()["incident"].clone()
}

fn refused(answer: &Answer, status: StatusCode) -> String {
    assert_eq!(answer.status, status, "{answer:?}");
    let message = &answer.json()["error"]["message"];
    message.as_str().unwrap().to_owned()
}

fn names(list: &Value) -> Vec<String> {
    let incidents = list["incidents"].as_array().unwrap().iter();
    let name = |incident: &Value| incident["name"].as_str().unwrap().to_owned();
    incidents.map(name).collect()
}

#[tokio::test]
async fn an_alert_that_fires_twice_declares_one_incident() {
    let product = Product::start().await;
    let key = key(&product, &[READ, WRITE]).await;
    let wanted = json!({
        "title": "Checkout <b> is & down", "severity": "P1", "services": ["api"],
        "detected_at": "2020-01-02T03:04:05+01:00",
    });
    let first = product.tell_once(INCIDENTS, &key, &wanted, "alert-7").await;
    assert_eq!(first.status, StatusCode::CREATED, "{first:?}");
    let first = first.json()["incident"].clone();
    assert_eq!(first["milestones"]["detected_ms"], 1_577_930_645_000_i64);
    assert_eq!(first["status"], "declared");
    let again = json!({"title": "Other words"});
    let again = product.tell_once(INCIDENTS, &key, &again, "alert-7").await;
    assert_eq!(again.status, StatusCode::OK, "{again:?}");
    assert_eq!(again.json()["declared"], false);
    assert_eq!(again.json()["incident"]["id"], first["id"]);
    assert_eq!(names(&get(&product, INCIDENTS, &key).await), ["INC-1"]);
    let name = first["channel"]["name"].as_str().unwrap().to_owned();
    until("the channel is there", async || {
        let shown = get(&product, "/v1/incidents/INC-1", &key).await;
        (shown["incident"]["channel"]["state"] == "made").then_some(())
    })
    .await;
    product.drained().await;
    let made = product.slack().calls();
    let made = made
        .iter()
        .filter(|call| call.method == "conversations.create");
    assert_eq!(made.count(), 1, "{name}");
    // Another key of the workspace is another caller.
    let other = self::key(&product, &[WRITE]).await;
    let other = product
        .tell_once(INCIDENTS, &other, &wanted, "alert-7")
        .await;
    assert_eq!(other.json()["incident"]["name"], "INC-2");
}

#[tokio::test]
async fn one_key_declares_one_incident_also_at_the_same_moment() {
    let product = Product::start().await;
    let key = key(&product, &[READ, WRITE]).await;
    let wanted = json!({"title": "Disk full", "services": ["api"]});
    let calls = (0..6).map(|_| product.tell_once(INCIDENTS, &key, &wanted, "k"));
    let answers = futures_util::future::join_all(calls).await;
    let ids: BTreeSet<String> = answers
        .iter()
        .map(|answer| answer.json()["incident"]["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    let declared = answers.iter().filter(|a| a.status == StatusCode::CREATED);
    assert_eq!(declared.count(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_refused_declaration_leaves_its_key_unused_and_says_all_that_is_wrong() {
    let product = Product::start().await;
    let key = key(&product, &[READ, WRITE]).await;
    let wrong = json!({
        "severity": "P9", "services": 1, "private": "yes", "colour": 1, "commander": "bob",
        "detected_at": "yesterday",
    });
    let misfits = [
        "6 problems: ",
        "`severity`: takes P1, P2, P3 or P4",
        "`services`: takes a list",
        "`private`: takes `true` or `false`",
        "`colour`: there is no such field",
        "`commander`: takes the id of a person",
        "`detected_at`: takes a time",
    ];
    let wrong_here = json!({"services": ["nope"], "template": "no-such"});
    let problems = [
        "3 problems: ",
        "`services[0]`: there is no service `nope`",
        "`template`: there is no template `no-such`",
        "`title`: is needed",
    ];
    for (wrong, expected) in [(wrong, &misfits[..]), (wrong_here, &problems)] {
        let answer = product.tell_once(INCIDENTS, &key, &wrong, "k").await;
        let told = refused(&answer, StatusCode::BAD_REQUEST);
        for problem in expected {
            assert!(told.contains(problem), "{problem}: {told}");
        }
        let field = answer.json()["error"]["field"].clone();
        assert!(told.contains(&format!("`{}`", field.as_str().unwrap())));
    }
    assert!(names(&get(&product, INCIDENTS, &key).await).is_empty());
    let good = json!({"title": "Down", "services": ["api"]});
    let declared = product.tell_once(INCIDENTS, &key, &good, "k").await;
    assert_eq!(declared.status, StatusCode::CREATED, "{declared:?}");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, told in its order")]
async fn a_program_moves_an_incident_to_its_end() {
    let product = Product::start().await;
    let key = key(&product, &[READ, WRITE, ADMIN]).await;
    let wanted = json!({"title": "Down", "severity": "P2", "services": ["api"]});
    let id = declare(&product, &key, &wanted).await["id"].clone();
    let path = |part: &str| format!("{INCIDENTS}/{}/{part}", id.as_str().unwrap());
    for (part, body, status, severity) in [
        (
            "updates",
            json!({"text": "We look", "next_minutes": 20}),
            "investigating",
            "P2",
        ),
        (
            "severity",
            json!({"severity": "p1", "reason": "All regions"}),
            "investigating",
            "P1",
        ),
        (
            "updates",
            json!({"status": "identified", "text": "A bad deploy"}),
            "identified",
            "P1",
        ),
        (
            "updates",
            json!({"status": "monitoring"}),
            "monitoring",
            "P1",
        ),
        (
            "timeline",
            json!({"text": "Rolled back", "at": "2026-01-01T10:00:00Z"}),
            "monitoring",
            "P1",
        ),
        (
            "resolve",
            json!({"summary": "Rolled back"}),
            "resolved",
            "P1",
        ),
        (
            "reopen",
            json!({"why": "It is back"}),
            "investigating",
            "P1",
        ),
        (
            "resolve",
            json!({"summary": "Rolled back again"}),
            "resolved",
            "P1",
        ),
        ("close", json!({}), "closed", "P1"),
    ] {
        let answer = product.tell(&path(part), &key, &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{part} {answer:?}");
        let answer = answer.json();
        assert_eq!(answer["changed"], true, "{part} {answer}");
        assert_eq!(answer["incident"]["status"], status, "{part} {answer}");
        assert_eq!(answer["incident"]["severity"], severity, "{part} {answer}");
    }
    let again = product.tell(&path("close"), &key, &json!({})).await;
    assert_eq!(again.json()["changed"], false, "{again:?}");
    let late = product
        .tell(&path("updates"), &key, &json!({"text": "?"}))
        .await;
    assert!(refused(&late, StatusCode::CONFLICT).contains("closed"));
    assert_eq!(late.json()["error"]["code"], "incident_ended", "{late:?}");
    let entries = get(&product, &path("timeline?limit=250"), &key).await;
    let entries = entries["entries"].as_array().unwrap().clone();
    assert!(
        entries.iter().any(|entry| entry["text"] == "Rolled back"),
        "{entries:?}"
    );
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = get(&product, &path(&format!("timeline?limit=3{after}")), &key).await;
        seen.extend(page["entries"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_u64() else {
            break;
        };
        after = format!("&after={next}");
    }
    assert_eq!(seen, entries);
    let export = get(&product, &path("export"), &key).await;
    assert_eq!(export["chain"]["intact"], true);
    assert_eq!(export["timeline"].as_array().unwrap().len(), entries.len());
    let markdown = product
        .ask(Method::GET, &path("export?format=markdown"), &key)
        .await;
    assert!(markdown.body.starts_with("# "), "{markdown:?}");
    assert!(
        get(&product, INCIDENTS, &key).await["incidents"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let metrics = get(&product, "/v1/incident-metrics?days=2&service=api", &key).await;
    assert_eq!(metrics["metrics"][0]["n"], 1, "{metrics}");
    let csv = product
        .ask(Method::GET, "/v1/incident-metrics?format=csv", &key)
        .await;
    assert!(
        csv.body.starts_with("service,severity,incidents"),
        "{csv:?}"
    );
}

#[tokio::test]
async fn a_change_with_a_key_happens_once() {
    let product = Product::start().await;
    let key = key(&product, &[READ, WRITE]).await;
    let wanted = json!({"title": "Down", "services": ["api"]});
    declare(&product, &key, &wanted).await;
    let path = "/v1/incidents/1/timeline";
    let note = json!({"text": "A note"});
    for changed in [true, false, false] {
        let answer = product.tell_once(path, &key, &note, "n1").await;
        assert_eq!(answer.json()["changed"], changed, "{answer:?}");
    }
    // The same key is good for another change.
    let update = json!({"text": "We look"});
    let updates = "/v1/incidents/1/updates";
    let update = product.tell_once(updates, &key, &update, "n1").await;
    assert_eq!(update.json()["changed"], true, "{update:?}");
    let entries = get(&product, path, &key).await;
    let notes = entries["entries"].as_array().unwrap().iter();
    assert_eq!(notes.filter(|entry| entry["text"] == "A note").count(), 1);
}

#[tokio::test]
async fn what_a_scope_does_not_open_is_refused() {
    let product = Product::start().await;
    let reader = key(&product, &[READ]).await;
    let writer = key(&product, &[READ, WRITE]).await;
    let wanted = json!({"title": "Down", "services": ["api"]});
    let answer = product.tell(INCIDENTS, &reader, &wanted).await;
    assert!(refused(&answer, StatusCode::FORBIDDEN).contains(WRITE));
    declare(&product, &writer, &wanted).await;
    for (part, body) in [("close", json!({})), ("cancel", json!({"why": "none"}))] {
        let path = format!("{INCIDENTS}/1/{part}");
        let answer = product.tell(&path, &writer, &body).await;
        assert!(
            refused(&answer, StatusCode::FORBIDDEN).contains(ADMIN),
            "{part}"
        );
    }
    let answer = product
        .ask(Method::GET, "/v1/incidents/1/export", &writer)
        .await;
    refused(&answer, StatusCode::FORBIDDEN);
    for path in [
        "/v1/incidents/1/nothing",
        "/v1/incidents/2",
        "/v1/incidents/x",
    ] {
        let answer = product.ask(Method::GET, path, &writer).await;
        refused(&answer, StatusCode::NOT_FOUND);
    }
    for query in [
        "status=some",
        "severity=P0",
        "month=now",
        "limit=0",
        "after=%",
    ] {
        let path = format!("{INCIDENTS}?{query}");
        let answer = product.ask(Method::GET, &path, &writer).await;
        refused(&answer, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn what_is_private_is_not_found_without_the_scope_for_it() {
    let product = Product::start().await;
    let writer = key(&product, &[READ, WRITE]).await;
    let admin = key(&product, &[READ, WRITE, ADMIN]).await;
    let wanted = json!({"title": "zebra", "services": ["api"], "private": true});
    let hidden = product.tell_once(INCIDENTS, &writer, &wanted, "p").await;
    assert_eq!(hidden.status, StatusCode::CREATED, "{hidden:?}");
    let hidden = hidden.json()["incident"].clone();
    let id = hidden["id"].as_str().unwrap();
    assert_eq!(hidden, json!({"id": id, "name": "INC-1"}));
    let again = product.tell_once(INCIDENTS, &writer, &wanted, "p").await;
    assert_eq!(again.json()["incident"], hidden, "{again:?}");
    let none = product.ask(Method::GET, "/v1/incidents/99", &writer).await;
    for name in [id, "1", "INC-1"] {
        for part in [
            "",
            "/timeline",
            "/tasks",
            "/deliveries",
            "/postmortem",
            "/export",
        ] {
            let path = format!("{INCIDENTS}/{name}{part}");
            let answer = product.ask(Method::GET, &path, &writer).await;
            let told = refused(&answer, StatusCode::NOT_FOUND);
            assert_eq!(told, refused(&none, StatusCode::NOT_FOUND), "{path}");
        }
        for (part, body) in [
            ("updates", json!({"text": "x"})),
            ("severity", json!({"severity": "P1"})),
            ("resolve", json!({"summary": "x"})),
            ("reopen", json!({"why": "x"})),
            ("cancel", json!({"why": "x"})),
            ("close", json!({})),
            ("accept", json!({})),
            ("timeline", json!({"text": "x"})),
        ] {
            let path = format!("{INCIDENTS}/{name}/{part}");
            let answer = product.tell(&path, &writer, &body).await;
            refused(&answer, StatusCode::NOT_FOUND);
        }
    }
    let seen = get(&product, &format!("{INCIDENTS}/{id}"), &admin).await;
    assert_eq!(seen["incident"]["title"], "zebra");
    let resolved = json!({"summary": "over"});
    product
        .tell(&format!("{INCIDENTS}/{id}/resolve"), &admin, &resolved)
        .await;
    for path in ["/v1/incidents?status=all", "/v1/incident-metrics"] {
        let answer = product.ask(Method::GET, path, &writer).await;
        assert!(
            !answer.body.contains("zebra") && !answer.body.contains(id),
            "{answer:?}"
        );
    }
    let metrics = get(&product, "/v1/incident-metrics", &writer).await;
    assert_eq!(metrics["metrics"], json!([]));
}

/// Writes nonsense into the row of an incident.
async fn damage(product: &Product, incident: &Value) {
    let rows = product.table().tenant(&TENANT.into());
    let id = IncidentId::parse(incident["id"].as_str().unwrap()).unwrap();
    let loaded = rows::load_alone(&rows, &id).await.unwrap().unwrap();
    let put = spoiled(rows::put(&loaded, loaded.version), "incident");
    rows.write(put).await.unwrap();
    assert!(rows::load_alone(&rows, &id).await.is_err());
}

#[tokio::test]
async fn a_damaged_incident_hides_no_other_from_lists_and_links() {
    let product = Product::start().await;
    let key = key(&product, &[READ, WRITE, ADMIN]).await;
    let mut declared = Vec::new();
    for n in 1..4 {
        let wanted = json!({"title": format!("n{n}"), "services": ["api"]});
        declared.push(declare(&product, &key, &wanted).await);
    }
    product.drained().await;
    damage(&product, &declared[1]).await;
    for filter in ["", "?status=all", "?limit=1"] {
        let path = format!("{INCIDENTS}{filter}");
        let shown = names(&get(&product, &path, &key).await);
        assert!(
            !shown.is_empty() && !shown.contains(&"INC-2".to_owned()),
            "{path} {shown:?}"
        );
    }
    assert_eq!(names(&get(&product, INCIDENTS, &key).await).len(), 2);
}

/// Pages of every size tell the same, in the same order, and no cursor comes from what is hidden.
#[tokio::test]
async fn pages_tell_everything_once_and_nothing_of_what_is_hidden() {
    let product = Product::start().await;
    let writer = key(&product, &[READ, WRITE]).await;
    let mut hidden = Vec::new();
    let severities = ["P3", "P1", "P2", "P4"];
    for n in 0..14 {
        product.clock.advance(std::time::Duration::from_secs(1));
        let severity = severities[n % 4];
        let private = n % 3 == 1;
        let wanted = json!({"title": format!("n{n}"), "services": ["api"], "severity": severity, "private": private});
        let declared = declare(&product, &writer, &wanted).await;
        if private {
            hidden.push(declared["id"].as_str().unwrap().to_owned());
        }
    }
    for filter in [
        "",
        "&status=all",
        "&status=all&service=api",
        "&severity=P1",
        "&service=web",
    ] {
        let all = get(&product, &format!("{INCIDENTS}?limit=200{filter}"), &writer).await;
        assert_eq!(all["next"], Value::Null);
        let whole = names(&all);
        for limit in [1, 2, 3, 9, 10] {
            let (mut told, mut after) = (Vec::new(), String::new());
            loop {
                let path = format!("{INCIDENTS}?limit={limit}{filter}{after}");
                let page = get(&product, &path, &writer).await;
                told.extend(names(&page));
                let Some(next) = page["next"].as_str() else {
                    break;
                };
                assert_eq!(names(&page).len(), limit);
                assert!(Cursor::decode(next).is_none(), "it is sealed");
                after = format!("&after={next}");
            }
            assert_eq!(told, whole, "{filter} {limit}");
        }
    }
    let open = get(&product, INCIDENTS, &writer).await;
    let open = open["incidents"].as_array().unwrap().clone();
    assert_eq!(open.len(), 9);
    let severities: Vec<_> = open.iter().map(|i| i["severity"].to_string()).collect();
    assert!(severities.is_sorted(), "{severities:?}");
}

/// One call looks at 500 incidents. Those that it may not tell of cost the caller an empty page, and nothing else.
#[tokio::test]
async fn a_list_with_very_many_that_are_not_shown_goes_on_in_the_next_page() {
    let product = Product::start().await;
    let key = key(&product, &[READ, WRITE]).await;
    let wanted = json!({"title": "Down", "services": ["api"]});
    declare(&product, &key, &wanted).await;
    // Pointers to incidents that are gone stand for incidents that are hidden.
    let table = product.table().tenant(&TENANT.into());
    let gone = (0..600).map(|n| {
        let id = IncidentId::parse(&format!("{n:024x}")).unwrap();
        let at = Timestamp(1_900_000_000_000 + n);
        Write::put(rows::of_service("api", at, &id), rows::pointer(&id))
    });
    for batch in gone.collect::<Vec<_>>().chunks(50) {
        table.transact(batch.to_vec()).await.unwrap();
    }
    let path = format!("{INCIDENTS}?status=all&service=api");
    let first = get(&product, &path, &key).await;
    assert_eq!(names(&first), Vec::<String>::new());
    let next = first["next"].as_str().unwrap();
    assert!(Cursor::decode(next).is_none(), "it is sealed");
    let second = get(&product, &format!("{path}&after={next}"), &key).await;
    assert_eq!(names(&second), ["INC-1"]);
    assert_eq!(second["next"], Value::Null);
    // Another workspace's cursor is none here.
    let other = product.make_key("T0OTHER0001", &[READ]).await.key;
    let stolen = product
        .ask(Method::GET, &format!("{path}&after={next}"), &other)
        .await;
    assert_eq!(stolen.status, StatusCode::BAD_REQUEST, "{stolen:?}");
}

#[tokio::test]
async fn an_operator_names_the_workspace() {
    let product = Product::start().await;
    let wanted = json!({"title": "Down", "services": ["api"]});
    let path = format!("{INCIDENTS}?tenant={TENANT}");
    let declared = product.tell(&path, OPERATOR_KEY, &wanted).await;
    assert_eq!(declared.status, StatusCode::CREATED, "{declared:?}");
    let path = format!("{INCIDENTS}/1/close?tenant={TENANT}");
    let answer = product.tell(&path, OPERATOR_KEY, &json!({})).await;
    let told = refused(&answer, StatusCode::CONFLICT);
    assert!(!told.contains("&lt;"), "{told}");
    let answer = product.operator(Method::GET, INCIDENTS).await;
    assert!(refused(&answer, StatusCode::BAD_REQUEST).contains("tenant"));
}
