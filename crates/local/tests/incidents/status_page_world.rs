//! Incidents of workspaces, and the stand-in Statuspage that they are published on, over HTTP and on the clock of the
//! delivery world.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tidegate_app::incidents::decide::context::{DecisionContext, RequestError, Verdict};
use tidegate_app::incidents::decide::{declare, public};
use tidegate_app::incidents::model::actor::Actor;
use tidegate_app::incidents::model::form::Declaration;
use tidegate_app::incidents::model::incident::IncidentId;
use tidegate_app::incidents::model::notification;
use tidegate_app::incidents::model::rows::{self, Loaded};
use tidegate_app::incidents::model::settings::{Service, Settings, StatusPage};
use tidegate_app::incidents::model::severity::Severity;
use tidegate_app::incidents::service::Incidents;
use tidegate_app::incidents::status_pages::Pages;
use tidegate_fake_statuspage::{FakeConfig, FakeStatuspage, Running};
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::Clock;
use tidegate_pipeline::delivery::ConfiguredToken;
use tidegate_pipeline::dispatch::Dispatcher;
use tidegate_pipeline::ledger::Decision;
use tidegate_pipeline::secrets::FixedSecret;
use tidegate_pipeline::table::{Item, Write};
use tidegate_slack::http_client;
use tidegate_testing::outbox_world::{TOKEN, World};
use tidegate_testing::product::PATIENCE;

use crate::decision::by_member;

pub(crate) const COMMANDER: &str = "U0ALICE0001";

pub(crate) const ADMIN: &str = "U0BOB000001";

/// The channel of every incident.
pub(crate) const ROOM: &str = "C0GENERAL01";

/// The world with its page.
pub(crate) struct PageWorld {
    pub(crate) world: World,
    pub(crate) page: Running,
    pub(crate) settings: Settings,
}

/// Settings with three services; `web` and `shop` share a component.
pub(crate) fn settings(page: StatusPage) -> Settings {
    let of = |components: &[&str]| Service {
        components: components.iter().map(|id| (*id).to_owned()).collect(),
        ..Service::default()
    };
    Settings {
        services: BTreeMap::from([
            ("web".to_owned(), of(&["cmpwebsite01"])),
            ("api".to_owned(), of(&["cmpapi000001"])),
            ("shop".to_owned(), of(&["cmpwebsite01", "cmppayments1"])),
        ]),
        admins: [ADMIN.into()].into(),
        status_page: page,
        ..Settings::default()
    }
}

impl PageWorld {
    pub(crate) async fn new(seed: u64) -> Self {
        Self::with(World::new(seed).await, FakeConfig::default()).await
    }

    pub(crate) async fn with(mut world: World, config: FakeConfig) -> Self {
        let fake = FakeStatuspage::with_clock(config, world.clock.of_statuspage());
        let page_id = fake.config().page_id.clone();
        let key = fake.config().api_key.clone();
        let page = fake.serve().await.unwrap();
        let settings = settings(StatusPage::Statuspage { page_id });
        world.performer = Arc::new(outside(&world, &page, settings.clone(), &key));
        Self {
            world,
            page,
            settings,
        }
    }

    /// Gives the deployment other settings or another key.
    pub(crate) fn configure(&mut self, settings: Settings, key: &str) {
        self.settings = settings.clone();
        self.world.performer = Arc::new(outside(&self.world, &self.page, settings, key));
    }

    /// Declares an incident of that service, whose channel is there already.
    pub(crate) async fn declare(
        &self,
        tenant: &str,
        severity: Severity,
        service: &str,
    ) -> IncidentId {
        let rows = self.world.engine.truth().tenant(&tenant.into());
        let count = rows::count(&rows).await.unwrap();
        let declaration = Declaration {
            title: "The secret project is down".to_owned(),
            severity: Some(severity),
            services: vec![service.to_owned()],
            ..Declaration::default()
        };
        let actor = Actor::Person(COMMANDER.into());
        let (cause, now) = (format!("{tenant} {count}"), self.world.clock.now());
        let change = declare::decide(&declaration, &self.settings, &actor, &cause, count, now);
        let id = change.incident.id.clone();
        self.commit(tenant, change.finish(&self.settings.timers))
            .await;
        let place = Item::new().with("channel", ROOM);
        rows.write(Write::put(rows::place(&id), place))
            .await
            .unwrap();
        id
    }

    /// Deletes every incident at the page, as somebody may do there.
    pub(crate) async fn delete_all(&self) {
        let (config, http) = (
            self.page.fake.config(),
            http_client::build_with_timeout(PATIENCE).unwrap(),
        );
        for incident in self.page.fake.incidents() {
            let (base, page) = (self.page.api_url(), &config.page_id);
            let url = format!("{base}/pages/{page}/incidents/{}", incident.id);
            let request = http.delete(url);
            let key = format!("OAuth {}", config.api_key);
            let answer = request.header("authorization", key).send().await.unwrap();
            assert!(answer.status().is_success());
        }
    }

    /// Takes an incident's channel away: nothing more is said there.
    pub(crate) async fn close_room(&self, tenant: &str, id: &IncidentId) {
        let rows = self.world.engine.truth().tenant(&tenant.into());
        let gone = Item::new().with("gone", "channel_not_found");
        rows.write(Write::put(rows::place(id), gone)).await.unwrap();
    }

    pub(crate) async fn load(&self, tenant: &str, id: &IncidentId) -> Loaded {
        let rows = self.world.engine.truth().tenant(&tenant.into());
        rows::load(&rows, id).await.unwrap().unwrap()
    }

    /// Has the commander decide something.
    pub(crate) async fn decide(
        &self,
        tenant: &str,
        id: &IncidentId,
        decide: impl FnOnce(&DecisionContext<'_>) -> Result<Verdict, RequestError>,
    ) {
        let subject = self.load(tenant, id).await;
        let case = by_member(
            COMMANDER,
            &self.settings,
            Some(&subject),
            self.world.clock.now(),
        );
        let change = match decide(&case) {
            Ok(Verdict::Change(change, _)) => change,
            Ok(_) => panic!("no change"),
            Err(refused) => panic!("{refused:?}"),
        };
        self.commit(tenant, change.finish(&self.settings.timers))
            .await;
    }

    pub(crate) async fn publish(&self, tenant: &str, id: &IncidentId, text: &str) {
        self.decide(tenant, id, |case| public::draft(case, text))
            .await;
    }

    /// Commits a decision, with those of its effects that matter here.
    async fn commit(&self, tenant: &str, decision: Decision) {
        let rows = self.world.engine.truth().tenant(&tenant.into());
        rows.transact(decision.writes).await.unwrap();
        let mut posts = decision.posts;
        posts.retain(|post| post.purpose == "incident.status_page");
        self.world.put(tenant, posts).await;
    }

    /// The texts that the page has of an incident, the oldest first.
    pub(crate) fn texts(&self, id: &IncidentId) -> Vec<String> {
        let ours = |metadata: &serde_json::Value| {
            metadata["tidegate"]["incident_id"].as_str() == Some(id.as_str())
        };
        let incidents = self.page.fake.incidents().into_iter();
        let mut ours = incidents.filter(|incident| ours(&incident.metadata));
        let Some(incident) = ours.next() else {
            return Vec::new();
        };
        assert!(ours.next().is_none(), "published twice");
        let updates = incident.incident_updates.into_iter().rev();
        updates.map(|update| update.body).collect()
    }

    pub(crate) fn component(&self, id: &str) -> String {
        let components = self.page.fake.components().into_iter();
        let mut found = components.filter(|component| component.id == id);
        found.next().unwrap().status
    }

    /// States of the texts in the delivery ledger, the newest first.
    pub(crate) async fn ledger(&self, tenant: &str, id: &IncidentId) -> Vec<String> {
        let rows = self.world.engine.truth().tenant(&tenant.into());
        let all = notification::list(&rows, id).await.unwrap().into_iter();
        let of_page = all.filter(|delivery| delivery.target == "status page");
        of_page.map(|delivery| delivery.state).collect()
    }

    /// What stands in a channel or with a person.
    pub(crate) fn said(&self, channel: &str) -> Vec<String> {
        let messages = self.world.slack.messages(channel).into_iter();
        messages.map(|message| message.text).collect()
    }
}

fn outside(world: &World, page: &Running, defaults: Settings, key: &str) -> Dispatcher {
    let key: SecretString = key.into();
    let pages = Pages::new(
        &world.engine.table().system(),
        http_client::build().unwrap(),
        Some((Arc::new(FixedSecret(key)), "STATUSPAGE_API_KEY".to_owned())),
        Some(page.api_url()),
    );
    let audit = Audit::new(
        world.engine.table(),
        world.engine.keyring(),
        Arc::new(world.clock.clone()),
    );
    let incidents = Incidents {
        slack: world.client.clone(),
        tokens: Arc::new(ConfiguredToken {
            secrets: Arc::new(FixedSecret(TOKEN.into())),
            name: "SLACK_BOT_TOKEN".to_owned(),
        }),
        defaults,
        audit: audit.clone(),
        public_url: Some("https://tidegate.example".to_owned()),
        pages,
    };
    let (table, clock) = (world.engine.table(), Arc::new(world.clock.clone()));
    Dispatcher::new(
        vec![Arc::new(incidents)],
        table,
        audit,
        clock,
        Duration::from_hours(24),
    )
}
