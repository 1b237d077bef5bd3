//! Status pages: brings the public page in line with the incidents.
//!
//!
//! An effect makes at most one call and queues the next effect, so that every step is stored. The desired state is
//! computed anew each time; every published text reaches the page, but intermediate states may be skipped.

mod act;
pub mod built_in;
mod check;
mod desired;
#[cfg(test)]
pub(crate) mod fixture;
mod key_refused;
pub mod receipt;
mod step;
mod sync_state;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use tidegate_connectors::statuspage::{STATUSPAGE_API, Statuspage};
use tidegate_pipeline::budget::Budget;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect as Turn, Undone};
use tidegate_pipeline::secrets::Secrets;
use tidegate_pipeline::table::{Rows, SystemRows, hash_text};
use tidegate_slack::tiers::Rate;

use self::act::{Connection, Work, lost_race};
use self::built_in::BuiltIn;
pub use self::check::check_components;
use self::desired::Desired;
use self::sync_state::{ShownStatuses, SyncRecord, load_worst_status};
use crate::model::incident::IncidentId;
use crate::model::settings::store::StatusPageKey;
use crate::model::settings::{Settings, StatusPage};
use crate::model::{publication, rows};

/// Rate of calls with one key. Statuspage.io allows 60 calls in any minute; this is one less, because a call may take
/// longer to arrive than the next one.
const PACE: Rate = Rate {
    burst: 1,
    interval_ms: 1020,
};

/// The status pages of all workspaces of a deployment.
pub struct Pages {
    /// The rows that store the call budget of each key, which workspaces may share.
    system: Rows,
    http: reqwest::Client,
    /// The key for workspaces that have stored none, and its name in the secrets; `None` if there is none.
    key: Option<(Arc<dyn Secrets>, String)>,
    /// Base address of Statuspage.io's API.
    base_url: String,
}

/// Why a page cannot be called.
enum ConnectError {
    /// The workspace has no status page.
    NoPage,
    /// There is no API key for the page.
    NoKey,
    /// The page's configuration is invalid, or reading it failed.
    Undone(Undone),
}

impl From<tidegate_pipeline::table::TableError> for ConnectError {
    fn from(e: tidegate_pipeline::table::TableError) -> Self {
        Self::Undone(e.into())
    }
}

impl Pages {
    /// Makes the status pages of a deployment. `key` is for workspaces that have stored none; `base_url` replaces the
    /// address of Statuspage.io's API.
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

    /// Makes the next call that brings a workspace's status page in line with an incident. `link` is the public address
    /// of the built-in page.
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
            Err(ConnectError::NoPage) => return Ok(Done::default()),
            Err(ConnectError::NoKey) => {
                return key_refused::notify_admins_once(turn, settings, &incident, "none").await;
            }
            Err(ConnectError::Undone(undone)) => return Err(undone),
        };
        let mut record = SyncRecord::load(turn.rows, &incident.id, to.provider, &to.id).await?;
        let holds = desired::holds(&incident, settings);
        record
            .update_holders(turn.rows, &incident.id, &to.id, &holds)
            .await
            .map_err(lost_race)?;
        let mut components = std::collections::BTreeMap::new();
        for id in record.state.holds.keys() {
            let status = load_worst_status(turn.rows, &to.id, id).await?;
            components.insert(id.as_str().into(), status);
        }
        let text = publication::load(turn.rows, &incident.id, record.state.synced + 1).await?;
        let shown = ShownStatuses::load(turn.rows, &to.id).await?;
        let text = text.map(|text| text.update);
        let desired = Desired::of(&incident, settings, text, components);
        let step = step::next_step(&desired, &record.state, &shown);
        let work = Work {
            turn,
            settings,
            incident: &incident,
            to: &to,
            record,
            shown,
        };
        work.take(step).await
    }

    /// Opens the page that a workspace has configured.
    async fn connect(
        &self,
        rows: &Rows,
        settings: &Settings,
        link: Option<String>,
        now: Timestamp,
    ) -> Result<Connection, ConnectError> {
        match &settings.status_page {
            StatusPage::None => Err(ConnectError::NoPage),
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
                    .map_err(|e| ConnectError::Undone(Undone::Park(e.to_string())))?;
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

    /// The workspace's key, or the deployment's if the workspace has none.
    async fn key(&self, rows: &Rows) -> Result<SecretString, ConnectError> {
        if let Some(key) = StatusPageKey::load(rows).await? {
            return Ok(key);
        }
        let (secrets, name) = self.key.as_ref().ok_or(ConnectError::NoKey)?;
        let key = secrets.get(name).await;
        key.map_err(|e| ConnectError::Undone(Undone::Retry(e.to_string())))
    }
}
