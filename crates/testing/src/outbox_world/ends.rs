//! What has become of posts, by the table and by the stand-in Slack.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tidegate_fake_slack::{Call, PostedMessage};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::METADATA_EVENT;
use tidegate_pipeline::ledger::Ledger;
use tidegate_pipeline::outbox::{Pending, Settled};
use tidegate_pipeline::table::{Due, Item, Range, RowKey};

use super::World;

/// Where one post ended, as the table says and as Slack does.
#[derive(Debug)]
pub struct Fate {
    /// The state as the operator API names it: `waiting`, `done` or `parked`.
    pub state: &'static str,
    /// Why it was parked; empty if it was not.
    pub reason: String,
    /// How often it was tried.
    pub attempts: i64,
    /// How often it stands in a channel.
    pub at_slack: usize,
}

impl World {
    /// How many posts are in the outbox.
    pub async fn waiting(&self) -> usize {
        let truth = self.engine.truth();
        let due = truth
            .system()
            .due(Due::Outbox, Timestamp(i64::MAX), 1000)
            .await;
        due.unwrap().len()
    }

    /// The posts that still wait in a lane.
    pub async fn pending(&self, tenant: &str, channel: &str) -> Vec<Pending> {
        let rows = self.engine.truth().tenant(&tenant.into());
        let page = rows
            .query(&["outbox", channel], Range::All, false, 100, None)
            .await
            .unwrap();
        page.rows
            .iter()
            .map(|(key, row)| Pending::parse(key, row).unwrap())
            .collect()
    }

    /// The row that holds the lane's lease; empty if there is none.
    pub async fn lane(&self, tenant: &str, channel: &str) -> Item {
        let rows = self.engine.truth().tenant(&tenant.into());
        rows.get(&RowKey::new(&["lane", channel], &["lease"]))
            .await
            .unwrap()
            .unwrap_or_default()
    }

    /// What became of the one post of an event.
    pub async fn fate(&self, tenant: &str, id: &str) -> Fate {
        let posts = self.settled(tenant, id).await;
        assert_eq!(posts.len(), 1, "{tenant} {id}: {posts:?}");
        Fate {
            state: posts[0].state.as_str(),
            reason: posts[0].reason.clone().unwrap_or_default(),
            attempts: posts[0].attempts,
            at_slack: self
                .at_slack()
                .get(&posts[0].message_id)
                .copied()
                .unwrap_or(0),
        }
    }

    /// The posts of an event that have an end or wait for one.
    pub async fn settled(&self, tenant: &str, id: &str) -> Vec<Settled> {
        let truth = self.engine.truth();
        let rows = truth.tenant(&tenant.into());
        let keep = Duration::ZERO;
        Ledger {
            rows,
            clock: &self.clock,
            keep,
        }
        .posts_of(id)
        .await
        .unwrap()
    }

    /// How often each message id stands in any channel.
    fn at_slack(&self) -> BTreeMap<String, usize> {
        let mut count = BTreeMap::new();
        let channels: BTreeSet<String> = self
            .slack
            .calls()
            .into_iter()
            .filter_map(|call| call.channel)
            .collect();
        for message in channels
            .iter()
            .flat_map(|channel| self.slack.messages(channel))
        {
            *count.entry(outbox_id(&message)).or_default() += 1;
        }
        count
    }

    /// The texts in a channel in the order of their arrival.
    pub fn texts(&self, channel: &str) -> Vec<String> {
        self.slack
            .messages(channel)
            .into_iter()
            .map(|m| m.text)
            .collect()
    }

    /// The calls of one method about one channel.
    pub fn calls(&self, method: &str, channel: &str) -> Vec<Call> {
        let fits = |call: &Call| call.method == method && call.channel.as_deref() == Some(channel);
        self.slack.calls().into_iter().filter(fits).collect()
    }
}

fn outbox_id(message: &PostedMessage) -> String {
    let metadata = message.metadata.clone().unwrap_or_default();
    assert_eq!(metadata["event_type"], METADATA_EVENT, "{message:?}");
    metadata["event_payload"]["id"].as_str().unwrap().to_owned()
}
