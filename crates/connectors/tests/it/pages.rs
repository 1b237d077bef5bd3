//! A page on the stand-in for Statuspage, and its client.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use tidegate_connectors::rejection::ServiceRejection;
use tidegate_connectors::status_page::{
    ComponentId, ComponentStatus, Impact, IncidentStatus, PublicIncident, PublicUpdate,
};
use tidegate_connectors::statuspage::Statuspage;
use tidegate_fake_statuspage::{Clock, FakeConfig, FakeStatuspage, Running};
use tidegate_outcome::{Outcome, Refusal};
use tidegate_slack::http_client;

/// The time at which the tests' manual clock starts.
pub(crate) const START: Duration = Duration::from_secs(1_700_000_000);

/// How long a client waits for a response that comes, however busy the machine is.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// How long a hasty client waits, in vain for a response that never comes, and in earnest for those before it.
const HASTE: Duration = Duration::from_secs(10);

/// A running stand-in and its client.
pub(crate) struct Page {
    pub(crate) fake: FakeStatuspage,
    pub(crate) client: Statuspage,
    pub(crate) clock: Clock,
    pub(crate) server: Running,
}

impl Page {
    pub(crate) async fn new() -> Self {
        Self::with(FakeConfig::default()).await
    }

    pub(crate) async fn with(config: FakeConfig) -> Self {
        let clock = Clock::manual(START);
        let (id, key) = (config.page_id.clone(), config.api_key.clone());
        let fake = FakeStatuspage::with_clock(config, clock.clone());
        let server = fake.clone().serve().await.unwrap();
        let http = http_client::build_with_timeout(PATIENCE).unwrap();
        Self {
            client: Statuspage::new(http, &server.api_url(), &id, key.into()).unwrap(),
            fake,
            clock,
            server,
        }
    }

    /// A client of the stand-in with another page or key.
    pub(crate) fn client_of(&self, page_id: &str, key: &str) -> Statuspage {
        let http = http_client::build_with_timeout(PATIENCE).unwrap();
        Statuspage::new(http, &self.server.api_url(), page_id, key.into()).unwrap()
    }

    /// A client with a short timeout.
    pub(crate) fn hasty(&self) -> Statuspage {
        let http = http_client::build_with_timeout(HASTE).unwrap();
        let config = self.fake.config();
        let key = config.api_key.clone().into();
        Statuspage::new(http, &self.server.api_url(), &config.page_id, key).unwrap()
    }

    /// The methods and paths of all requests, in order. The paths begin after the page's id.
    pub(crate) fn asked(&self) -> Vec<String> {
        let page = format!("pages/{}", self.fake.config().page_id);
        let requests = self.fake.requests().into_iter();
        requests
            .map(|r| format!("{} {}", r.method, r.path.strip_prefix(&page).unwrap_or("?")))
            .collect()
    }

    /// The present status of a component.
    pub(crate) fn component(&self, id: &str) -> String {
        let all = self.fake.components();
        all.into_iter().find(|c| c.id == id).unwrap().status
    }
}

/// Makes a map from component ids to statuses.
pub(crate) fn components(
    statuses: &[(&str, ComponentStatus)],
) -> BTreeMap<ComponentId, ComponentStatus> {
    let statuses = statuses.iter();
    statuses
        .map(|(id, status)| ((*id).into(), *status))
        .collect()
}

/// An incident that affects the component of the API.
pub(crate) fn incident(our_id: &str) -> PublicIncident {
    PublicIncident {
        our_id: our_id.to_owned(),
        name: "Errors at checkout".to_owned(),
        status: IncidentStatus::Investigating,
        impact: Impact::Major,
        body: "We are looking into it.".to_owned(),
        components: components(&[("cmpapi000001", ComponentStatus::PartialOutage)]),
        notify: true,
    }
}

/// An update without components.
pub(crate) fn update(status: IncidentStatus, body: &str) -> PublicUpdate {
    PublicUpdate {
        status,
        impact: Impact::Major,
        body: body.to_owned(),
        components: BTreeMap::new(),
        notify: true,
    }
}

/// The value of a successful outcome.
pub(crate) fn done<T: Debug>(outcome: Outcome<T, ServiceRejection>) -> T {
    match outcome {
        Outcome::Done(answer) => answer,
        other => panic!("not done: {other:?}"),
    }
}

/// The reason of a refused outcome.
pub(crate) fn refused<T: Debug>(
    outcome: Outcome<T, ServiceRejection>,
) -> Refusal<ServiceRejection> {
    match outcome {
        Outcome::Refused(why) => why,
        other => panic!("not refused: {other:?}"),
    }
}

/// The explanation of an ambiguous outcome.
pub(crate) fn ambiguous<T: Debug>(outcome: Outcome<T, ServiceRejection>) -> String {
    match outcome {
        Outcome::Ambiguous(why) => why,
        other => panic!("not ambiguous: {other:?}"),
    }
}
