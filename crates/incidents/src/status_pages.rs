//! Status pages: brings what the public reads to the state that the incidents want it in.
//!
//! An effect makes one call at most and has the next one follow, so that every progress is stored. What is wanted is read
//! anew each time; texts are never left out, states in between may be.

mod act;
pub mod built_in;
mod check;
#[cfg(test)]
pub(crate) mod fixture;
mod key_refused;
mod known;
pub mod receipt;
mod step;
mod wanted;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tidegate_connectors::statuspage::{STATUSPAGE_API, Statuspage};
use tidegate_pipeline::budget::Budget;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::table::{Rows, SystemRows, hash_text};
use tidegate_slack::tiers::Rate;

use self::act::{Connection, Work, overtaken};
use self::built_in::BuiltIn;
pub use self::check::check_components;
use self::known::{Memory, Shown, load_over_all};
use self::wanted::Wanted;
use crate::model::incident::IncidentId;
use crate::model::settings::store::StatusPageKey;
use crate::model::settings::{Settings, StatusPage};
use crate::model::{publication, rows};

/// Statuspage.io's limit is 60 calls of a key in any minute. One less, for calls that take longer to arrive than the next.
const PACE: Rate = Rate {
    burst: 1,
    interval_ms: 1020,
};

/// The status pages of a deployment.
pub struct Pages {
    /// Where the pace of each key is kept: workspaces may share one.
    system: Rows,
    http: reqwest::Client,
    /// The key of workspaces that have stored none, and the name under which it is kept.
    key: Option<(Arc<dyn Secrets>, String)>,
    /// Where Statuspage.io's API is.
    base_url: String,
}

/// Why there is no connection to a page.
enum Unconnected {
    /// There is no page.
    NoPage,
    /// There is no key to it.
    NoKey,
    /// It is not set up as it should be, or something of ours stumbled.
    Undone(Undone),
}

impl From<tidegate_pipeline::table::TableError> for Unconnected {
    fn from(e: tidegate_pipeline::table::TableError) -> Self {
        Self::Undone(e.into())
    }
}

impl Pages {
    /// The status pages of the deployment whose table has these rows. `key` is for workspaces that have stored none;
    /// `base_url` is Statuspage.io's API, if not at its own address.
    pub fn new(
        system: &SystemRows,
        http: reqwest::Client,
        key: Option<(Arc<dyn Secrets>, String)>,
        base_url: Option<String>,
    ) -> Self {
        Self {
            system: system.rows().clone(),
            http,
            key,
            base_url: base_url.unwrap_or_else(|| STATUSPAGE_API.to_owned()),
        }
    }

    /// Brings a workspace's status page a step nearer to the state that an incident wants it in. `link` is
    /// where the public reads the page, if it is ours.
    pub async fn sync(
        &self,
        turn: &Turn<'_>,
        settings: &Settings,
        link: Option<String>,
        incident: &IncidentId,
    ) -> Result<Done, Undone> {
        let gone = || Undone::Park("the incident is not there".to_owned());
        let incident = rows::load_alone(turn.rows, incident)
            .await?
            .ok_or_else(gone)?;
        let to = match self
            .connect(turn.rows, settings, link, turn.clock.now())
            .await
        {
            Ok(to) => to,
            Err(Unconnected::NoPage) => return Ok(Done::default()),
            Err(Unconnected::NoKey) => {
                return key_refused::tell_once(turn, settings, &incident, "none").await;
            }
            Err(Unconnected::Undone(undone)) => return Err(undone),
        };
        let mut memory = Memory::load(turn.rows, &incident.id, to.provider, &to.id).await?;
        let holds = wanted::holds(&incident, settings);
        memory
            .hold(turn.rows, &incident.id, &to.id, &holds)
            .await
            .map_err(overtaken)?;
        let mut components = std::collections::BTreeMap::new();
        for id in memory.known.holds.keys() {
            let status = load_over_all(turn.rows, &to.id, id).await?;
            components.insert(id.as_str().into(), status);
        }
        let text = publication::load(turn.rows, &incident.id, memory.known.synced + 1).await?;
        let shown = Shown::load(turn.rows, &to.id).await?;
        let text = text.map(|text| text.update);
        let wanted = Wanted::of(&incident, settings, text, components);
        let step = step::next_step(&wanted, &memory.known, &shown);
        let work = Work {
            turn,
            settings,
            incident: &incident,
            to: &to,
            memory,
            shown,
        };
        work.take(step).await
    }

    /// The page of a workspace.
    async fn connect(
        &self,
        rows: &Rows,
        settings: &Settings,
        link: Option<String>,
        now: Timestamp,
    ) -> Result<Connection, Unconnected> {
        match &settings.status_page {
            StatusPage::None => Err(Unconnected::NoPage),
            StatusPage::BuiltIn { title } => Ok(Connection {
                page: Box::new(BuiltIn::new(rows, title, settings, now)),
                provider: "built_in",
                id: "own".to_owned(),
                link,
                budget: None,
                key: String::new(),
            }),
            StatusPage::Statuspage { page_id } => {
                let key = self.key(rows).await?;
                let name = hash_text(key.expose_secret().as_bytes());
                let page = Statuspage::new(self.http.clone(), &self.base_url, page_id, key)
                    .map_err(|e| Unconnected::Undone(Undone::Park(e.to_string())))?;
                let budget = Budget::of(&format!("statuspage:{name}"), PACE);
                Ok(Connection {
                    page: Box::new(page),
                    provider: "statuspage",
                    id: page_id.clone(),
                    link,
                    budget: Some((self.system.clone(), budget)),
                    key: name,
                })
            }
        }
    }

    /// The workspace's own key, or the deployment's.
    async fn key(&self, rows: &Rows) -> Result<SecretString, Unconnected> {
        if let Some(key) = StatusPageKey::load(rows).await? {
            return Ok(key);
        }
        let (secrets, name) = self.key.as_ref().ok_or(Unconnected::NoKey)?;
        let key = secrets.get(name).await;
        key.map_err(|e| Unconnected::Undone(Undone::Retry(e.to_string())))
    }
}
