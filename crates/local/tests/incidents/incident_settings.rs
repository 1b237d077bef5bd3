//! Settings of incidents over HTTP: read, changed in whole and in part, refused with all that is wrong, one change at a
//! time, and the status page's key that nobody reads back.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tidegate_testing::product::{Answer, Product, TENANT, answer_of};

const PATH: &str = "/v1/incident-settings";
const SCOPES: [&str; 3] = ["incidents:read", "incidents:admin", "audit:read"];

async fn put(product: &Product, path: &str, key: &str, body: &Value) -> Answer {
    let request = product.http.put(format!("{}{path}", product.url));
    answer_of(request.bearer_auth(key).json(body).send().await.unwrap()).await
}

async fn show(product: &Product, key: &str) -> Value {
    let answer = product.ask(Method::GET, PATH, key).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

fn code(answer: &Answer) -> String {
    answer.json()["error"]["code"].as_str().unwrap().to_owned()
}

fn message(answer: &Answer) -> String {
    answer.json()["error"]["message"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_workspace_begins_with_the_defaults_and_keeps_what_it_stores() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &SCOPES).await.key;
    let first = show(&product, &key).await;
    assert_eq!(
        (&first["version"], &first["own"]),
        (&json!(0), &json!(false))
    );
    assert_eq!(first["settings"]["templates"].as_object().unwrap().len(), 8);
    assert_eq!(
        first["settings"]["timers"]["ack_minutes"],
        json!({"P1": 5, "P2": 15})
    );
    let wanted = json!({"services": {"api": {"owners": ["U1A"]}}, "policy": "strict"});
    let stored = put(&product, PATH, &key, &json!({"settings": wanted})).await;
    assert_eq!(stored.status, StatusCode::OK, "{stored:?}");
    assert_eq!(
        stored.json(),
        json!({"ok": true, "version": 1, "own": true})
    );
    let then = show(&product, &key).await;
    assert_eq!(then["version"], 1);
    assert_eq!(
        then["settings"]["services"]["api"]["owners"],
        json!(["U1A"])
    );
    assert_eq!(then["settings"]["policy"], "strict");
    // Settings that were read can be stored as they are, and are the same again.
    let body = json!({"settings": then["settings"], "version": 1});
    assert_eq!(
        put(&product, PATH, &key, &body).await.status,
        StatusCode::OK
    );
    assert_eq!(show(&product, &key).await["settings"], then["settings"]);
}

#[tokio::test]
async fn every_problem_is_answered_at_once_and_nothing_is_stored() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &SCOPES).await.key;
    let wanted = json!({
        "services": {"The API": {}, "api": {"owners": ["bob"], "colour": 1}},
        "timers": {"soak_minutes": "soon"},
        "admins": ["@ann"],
    });
    let refused = put(&product, PATH, &key, &json!({"settings": wanted})).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{refused:?}");
    let told = message(&refused);
    for problem in [
        "`settings.services.api.colour`: there is no such setting",
        "`settings.timers.soak_minutes`: takes a whole number",
        "`settings.services`: \"The API\" takes",
        "`settings.admins[0]`: \"@ann\" is no user id",
    ] {
        assert!(told.contains(problem), "{problem}: {told}");
    }
    assert_eq!(show(&product, &key).await["version"], 0);
}

#[tokio::test]
async fn a_change_of_what_has_changed_since_is_refused() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &SCOPES).await.key;
    let change =
        |version: i64, policy: &str| json!({"version": version, "settings": {"policy": policy}});
    let first = put(&product, PATH, &key, &change(0, "open")).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    let late = put(&product, PATH, &key, &change(0, "strict")).await;
    assert_eq!(
        (late.status, code(&late).as_str()),
        (StatusCode::CONFLICT, "conflict")
    );
    assert!(message(&late).contains("version 1 stands now"), "{late:?}");
    let gone = product
        .ask(
            Method::DELETE,
            &format!("{PATH}/templates/deploy?version=0"),
            &key,
        )
        .await;
    assert_eq!(gone.status, StatusCode::CONFLICT, "{gone:?}");
    assert_eq!(show(&product, &key).await["settings"]["policy"], "open");
}

#[tokio::test]
async fn changes_of_different_parts_at_the_same_moment_all_stand() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &SCOPES).await.key;
    let store = async |slug: &str| {
        let path = format!("{PATH}/services/{slug}");
        put(&product, &path, &key, &json!({"service": {"name": slug}}))
            .await
            .status
    };
    let stored = tokio::join!(store("one"), store("two"), store("three"));
    assert_eq!(stored, (StatusCode::OK, StatusCode::OK, StatusCode::OK));
    let then = show(&product, &key).await;
    assert_eq!(then["version"], 3);
    for slug in ["one", "two", "three"] {
        assert_eq!(then["settings"]["services"][slug]["name"], slug);
    }
}

#[tokio::test]
async fn templates_and_services_come_and_go_by_themselves() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &SCOPES).await.key;
    let (template, service) = (
        format!("{PATH}/templates/pay"),
        format!("{PATH}/services/pay"),
    );
    let wanted =
        json!({"template": {"title": "Payments fail", "severity": "P1", "services": ["pay"]}});
    let too_soon = put(&product, &template, &key, &wanted).await;
    assert!(
        message(&too_soon).contains("\"pay\" is none of the services"),
        "{too_soon:?}"
    );
    let stored = put(
        &product,
        &service,
        &key,
        &json!({"service": {"owners": ["U1A"]}}),
    )
    .await;
    assert_eq!(stored.status, StatusCode::OK, "{stored:?}");
    assert_eq!(
        put(&product, &template, &key, &wanted).await.status,
        StatusCode::OK
    );
    let shown = product.ask(Method::GET, &template, &key).await.json();
    assert_eq!(shown["template"]["severity"], "P1");
    assert_eq!(shown["template"]["description"], "");
    let in_use = product.ask(Method::DELETE, &service, &key).await;
    assert_eq!(in_use.status, StatusCode::CONFLICT, "{in_use:?}");
    for path in [&template, &service] {
        let gone = product.ask(Method::DELETE, path, &key).await;
        assert_eq!(gone.status, StatusCode::OK, "{gone:?}");
        let gone = product.ask(Method::DELETE, path, &key).await;
        assert_eq!(
            (gone.status, code(&gone).as_str()),
            (StatusCode::NOT_FOUND, "not_found")
        );
    }
    let odd = put(
        &product,
        &format!("{PATH}/services/No%20Slug"),
        &key,
        &json!({"service": {}}),
    )
    .await;
    assert!(
        message(&odd).contains("takes lower case letters"),
        "{odd:?}"
    );
}

#[tokio::test]
async fn the_status_pages_key_is_never_read_back() {
    let product = Product::start().await;
    let key = product.make_key(TENANT, &SCOPES).await.key;
    let path = format!("{PATH}/status-page-key");
    let short = put(&product, &path, &key, &json!({"key": "a b"})).await;
    assert_eq!(short.status, StatusCode::BAD_REQUEST);
    let stored = put(&product, &path, &key, &json!({"key": "open-sesame-1234"})).await;
    assert_eq!(stored.json(), json!({"ok": true, "status_page_key": "set"}));
    let shown = show(&product, &key).await;
    assert_eq!(shown["status_page_key"], "set");
    let trail = product.ask(Method::GET, "/v1/audit", &key).await;
    for said in [shown.to_string(), trail.body] {
        assert!(!said.contains("sesame") && !said.contains("1234"), "{said}");
    }
    for file in ["table.db", "table.db-wal"] {
        let bytes = std::fs::read(product.data_dir().join(file)).unwrap_or_default();
        assert!(!bytes.windows(11).any(|w| w == b"open-sesame"), "{file}");
    }
    let gone = product.ask(Method::DELETE, &path, &key).await;
    assert_eq!(gone.json()["status_page_key"], "not_set");
    assert_eq!(show(&product, &key).await["status_page_key"], "not_set");
}

#[tokio::test]
async fn a_change_is_audited_by_the_names_of_what_changed() {
    let product = Product::start().await;
    let made = product.make_key(TENANT, &SCOPES).await;
    put(&product, PATH, &made.key, &json!({"settings": {}})).await;
    let wanted = json!({"settings": {"services": {"secret-project": {"owners": ["U0HIDDEN"]}}, "policy": "open"}});
    put(&product, PATH, &made.key, &wanted).await;
    let trail = product.ask(Method::GET, "/v1/audit", &made.key).await;
    let entry = &trail.json()["entries"][0];
    assert_eq!(entry["action"], "incidents.settings");
    assert_eq!(entry["detail"], "version 2: policy, services");
    assert!(
        entry["actor"].as_str().unwrap().starts_with("key:"),
        "{entry}"
    );
    assert!(!trail.body.contains("secret-project") && !trail.body.contains("U0HIDDEN"));
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say() {
    let product = Product::start().await;
    let reader = product.make_key(TENANT, &["incidents:read"]).await.key;
    let other = product.make_key(TENANT, &["workspace:read"]).await.key;
    assert_eq!(show(&product, &reader).await["ok"], true);
    let refused = put(&product, PATH, &reader, &json!({"settings": {}})).await;
    assert!(
        message(&refused).contains("`incidents:admin`"),
        "{refused:?}"
    );
    let refused = product.ask(Method::GET, PATH, &other).await;
    assert!(
        message(&refused).contains("`incidents:read`"),
        "{refused:?}"
    );
    // The operator names the workspace.
    let unnamed = product.operator(Method::GET, PATH).await;
    assert_eq!(unnamed.status, StatusCode::BAD_REQUEST);
    let named = product
        .operator(Method::GET, &format!("{PATH}?tenant={TENANT}"))
        .await;
    assert_eq!(named.status, StatusCode::OK);
}

#[tokio::test]
async fn what_the_environment_says_holds_until_a_workspace_says_otherwise() {
    let env = [
        ("SERVICES", "api,web"),
        ("NOTIFICATION_CHANNEL_GENERAL", "C1A"),
    ];
    let product = Product::start_with(&env).await;
    let key = product.make_key(TENANT, &SCOPES).await.key;
    let first = show(&product, &key).await;
    assert_eq!(first["settings"]["routing"]["general"], "C1A");
    assert_eq!(first["own"], false);
    // A part that is changed takes the rest along.
    put(
        &product,
        &format!("{PATH}/services/db"),
        &key,
        &json!({"service": {}}),
    )
    .await;
    let then = show(&product, &key).await;
    assert_eq!(then["settings"]["routing"]["general"], "C1A");
    assert_eq!(then["settings"]["services"].as_object().unwrap().len(), 3);
    assert_eq!(then["own"], true);
}
