//! The controls under `/_fake`: faults, what was asked, and what the page knows.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};

use crate::fake::FakeStatuspage;
use crate::faults::Fault;
use crate::records::Request;

/// `POST /_fake/faults`: adds a fault to later calls.
pub(crate) async fn add_fault(
    State(fake): State<FakeStatuspage>,
    Json(fault): Json<Fault>,
) -> StatusCode {
    fake.add_fault(fault);
    StatusCode::NO_CONTENT
}

/// `DELETE /_fake/faults`: forgets all faults, also those not used up.
pub(crate) async fn clear_faults(State(fake): State<FakeStatuspage>) -> StatusCode {
    fake.clear_faults();
    StatusCode::NO_CONTENT
}

/// `GET /_fake/requests`: the requests to the API so far, in order.
pub(crate) async fn requests(State(fake): State<FakeStatuspage>) -> Json<Vec<Request>> {
    Json(fake.requests())
}

/// `GET /_fake/state`: the page, its components, its incidents (the oldest first) and their post-mortems.
pub(crate) async fn state(State(fake): State<FakeStatuspage>) -> Json<Value> {
    let world = fake.world();
    let incidents = world.incidents.values().map(|incident| {
        let mut shown = world.show(incident);
        shown["postmortem"] = json!(incident.postmortem);
        shown
    });
    Json(json!({
        "page": world.page(),
        "components": world.components,
        "incidents": incidents.collect::<Vec<_>>(),
        "faults": world.faults,
    }))
}
