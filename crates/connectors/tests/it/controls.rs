//! The stand-in itself: its controls over HTTP, its journal, and other places where it can be mounted.

use axum::Router;
use serde_json::{Value, json};
use tidegate_connectors::status_page::StatusPage;
use tidegate_connectors::statuspage::Statuspage;
use tidegate_fake_statuspage::{FakeConfig, FakeStatuspage};
use tidegate_slack::http_client;
use tokio::net::TcpListener;

use crate::pages::{PATIENCE, Page, START, ambiguous, done, incident};

impl Page {
    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    async fn look(&self, path: &str) -> Value {
        let http = http_client::build_with_timeout(PATIENCE).unwrap();
        let answer = http.get(self.url(path)).send().await.unwrap();
        answer.json().await.unwrap()
    }

    /// Sends a raw request with the valid key.
    async fn raw(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let http = http_client::build_with_timeout(PATIENCE).unwrap();
        let url = self.url(&format!("/v1/pages/sandboxpage1{path}"));
        let key = format!("OAuth {}", self.fake.config().api_key);
        let request = http.request(method.parse().unwrap(), url);
        let request = request.header("authorization", key).body(body.to_owned());
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

#[tokio::test]
async fn faults_come_and_go_by_http() {
    let page = Page::new().await;
    let http = http_client::build_with_timeout(PATIENCE).unwrap();
    let faults = page.url("/_fake/faults");
    let fault = json!({"path": "/incidents", "kind": "http_500", "times": null, "applies": true});
    let set = http.post(&faults).json(&fault).send().await.unwrap();
    assert_eq!(set.status(), 204);
    done(page.client.page().await);
    for _ in 0..2 {
        ambiguous(page.client.create(&incident("INC-1")).await);
    }
    assert_eq!(page.fake.incidents().len(), 2);
    let cleared = http.delete(&faults).send().await.unwrap();
    assert_eq!(cleared.status(), 204);
    done(page.client.create(&incident("INC-1")).await);
    let wrong = http
        .post(&faults)
        .json(&json!({"kind": "explode"}))
        .send()
        .await;
    assert_eq!(wrong.unwrap().status(), 422);
}

#[tokio::test]
async fn the_journal_and_the_state_show_what_happened_and_no_key() {
    let page = Page::new().await;
    let id = done(page.client.create(&incident("INC-1")).await).id;
    done(page.client.components(1).await);
    let requests = page.look("/_fake/requests").await;
    assert_eq!(requests[0]["path"], "pages/sandboxpage1/incidents");
    assert_eq!(requests[0]["at"], u64::try_from(START.as_millis()).unwrap());
    assert_eq!(requests[1]["query"], "page=1&per_page=100");
    let state = page.look("/_fake/state").await;
    assert_eq!(state["incidents"][0]["id"], id.as_str());
    assert_eq!(
        state["incidents"][0]["components"][0]["status"],
        "partial_outage"
    );
    assert_eq!(
        state["incidents"][0]["metadata"]["tidegate"]["incident_id"],
        "INC-1"
    );
    let update = &state["incidents"][0]["incident_updates"][0];
    assert_eq!(
        update["affected_components"][0]["new_status"],
        "partial_outage"
    );
    let key = &page.fake.config().api_key;
    assert!(!requests.to_string().contains(key));
    assert!(!state.to_string().contains(key));
    assert!(!format!("{:?}", page.fake).contains(key));
}

#[tokio::test]
async fn a_list_of_components_without_a_page_comes_once_a_minute() {
    let page = Page::new().await;
    assert_eq!(page.raw("GET", "/components", "").await.0, 200);
    assert_eq!(page.raw("GET", "/components.json", "").await.0, 429);
    assert_eq!(page.raw("GET", "/components?page=1", "").await.0, 200);
    page.clock.advance(std::time::Duration::from_mins(1));
    assert_eq!(page.raw("GET", "/components", "").await.0, 200);
}

#[tokio::test]
async fn what_a_client_gets_wrong_is_named_all_at_once_and_changes_nothing() {
    let page = Page::new().await;
    let wrong = json!({"incident": {
        "name": "", "status": "broken", "impact_override": "awful",
        "components": {"cmpapi000001": "on_fire"}, "component_ids": ["nosuch"],
        "metadata": {"tidegate": "INC-1"},
    }});
    let (status, body) = page.raw("POST", "/incidents", &wrong.to_string()).await;
    assert_eq!(status, 422);
    assert_eq!(
        body["message"],
        "status is not included in the list, impact_override is not included in the list, \
         Component status is not included in the list, Name can't be blank, Component nosuch not found, \
         Metadata top level values must be objects"
    );
    assert_eq!(page.raw("POST", "/incidents", "{}").await.0, 400);
    assert_eq!(page.raw("POST", "/incidents", "{").await.0, 400);
    assert_eq!(
        page.raw("POST", "/incidents", "{\"incident\":{}}").await.0,
        422
    );
    assert_eq!(
        page.raw("PATCH", "/components/cmpapi000001", "{}").await.0,
        422
    );
    assert_eq!(page.raw("GET", "/nothing", "").await.0, 404);
    assert_eq!(page.fake.incidents(), []);
}

#[tokio::test]
async fn an_incident_that_somebody_deletes_is_gone_and_one_without_override_shows_the_worst() {
    let page = Page::new().await;
    let body = json!({"incident": {"name": "x", "components": {"cmpapi000001": "major_outage"}}});
    let (status, made) = page.raw("POST", "/incidents", &body.to_string()).await;
    assert_eq!((status, made["impact"].as_str()), (201, Some("critical")));
    let silent = json!({"incident": {"name": "y"}}).to_string();
    let path = format!("/incidents/{}", made["id"].as_str().unwrap());
    let (_, renamed) = page.raw("PATCH", &path, &silent).await;
    assert_eq!(renamed["incident_updates"].as_array().unwrap().len(), 1);
    assert_eq!(page.raw("DELETE", &path, "").await.0, 200);
    assert_eq!(page.raw("GET", &path, "").await.0, 404);
}

#[tokio::test]
async fn it_can_be_nested_in_another_server() {
    let fake = FakeStatuspage::new(FakeConfig::default());
    let router = Router::new().nest("/sandbox/statuspage", fake.router());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "http://{}/sandbox/statuspage/v1/",
        listener.local_addr().unwrap()
    );
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let http = http_client::build_with_timeout(PATIENCE).unwrap();
    let key = fake.config().api_key.clone();
    let client = Statuspage::new(http, &url, "sandboxpage1", key.into()).unwrap();
    done(client.create(&incident("INC-1")).await);
    assert_eq!(fake.incidents().len(), 1);
    server.abort();
}
