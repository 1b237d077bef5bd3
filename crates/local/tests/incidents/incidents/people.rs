//! People who type and click in the stand-in Slack, and what they then see.

use serde_json::{Map, Value};
use tidegate_fake_slack::FakeSlack;
use tidegate_testing::product::Product;

pub(crate) const ALICE: &str = "U0ALICE0001";
pub(crate) const BOB: &str = "U0BOB000001";
pub(crate) const CAROL: &str = "U0CAROL0001";
pub(crate) const DAVE: &str = "U0DAVE00001";
pub(crate) const GENERAL: &str = "C0GENERAL01";

/// How much faster than everybody's time its time goes: what is posted leaves a channel once a second.
pub(crate) const PACE: u32 = 10;

/// A workspace in which people handle incidents.
pub(crate) struct Workspace {
    pub(crate) product: Product,
}

impl Workspace {
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Self {
        Self {
            product: Product::start_in_a_hurry(PACE, settings).await,
        }
    }

    pub(crate) fn slack(&self) -> &FakeSlack {
        self.product.slack()
    }

    /// Types `/incident …` and waits until all that follows has happened. Answers what the person alone was told.
    pub(crate) async fn types(&self, user: &str, channel: &str, text: &str) -> String {
        let before = self.slack().ephemerals().len();
        let report = self
            .slack()
            .run_command(user, channel, "/incident", text)
            .await;
        assert!(report.ok, "{text}: {report:?}");
        self.product.drained().await;
        let told = self.slack().ephemerals();
        let own = told[before..].iter().filter(|e| e.user == user);
        let shown = own.map(|e| format!("{} {}", e.text, e.blocks.clone().unwrap_or_default()));
        shown.collect::<Vec<_>>().join("\n")
    }

    /// Fills in the open form and sends it.
    pub(crate) async fn submits(&self, user: &str, values: &Value) {
        let values: &Map<String, Value> = values.as_object().unwrap();
        let report = self.slack().submit(user, values).await;
        assert!(report.ok, "{values:?}: {report:?}");
        self.product.drained().await;
    }

    /// Clicks the latest message in a channel that has such a button.
    pub(crate) async fn clicks(&self, user: &str, channel: &str, action: &str) {
        self.chooses(user, channel, action, &Value::Null).await;
    }

    /// The same, choosing from a menu.
    pub(crate) async fn chooses(&self, user: &str, channel: &str, action: &str, choice: &Value) {
        let has = |blocks: &Option<Value>| {
            blocks
                .as_ref()
                .is_some_and(|b| b.to_string().contains(&format!("\"{action}\"")))
        };
        let messages = self.slack().messages(channel);
        let found = messages.iter().rev().find(|m| has(&m.blocks));
        let ts = found
            .unwrap_or_else(|| panic!("no {action} in {channel}"))
            .ts
            .clone();
        let report = self.slack().click(user, channel, &ts, action, choice).await;
        assert!(report.ok, "{action}: {report:?}");
        self.product.drained().await;
    }

    /// The id of the channel whose name holds a text.
    pub(crate) fn channel(&self, part: &str) -> String {
        let created = self
            .slack()
            .channels()
            .into_iter()
            .find(|c| c.name.contains(part));
        created.unwrap_or_else(|| panic!("no channel {part}")).id
    }

    /// What stands in a channel, one text a line, threads included.
    pub(crate) fn said(&self, channel: &str) -> String {
        let messages = self.slack().messages(channel);
        messages
            .iter()
            .map(|m| m.text.clone())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A mention as Slack escapes it in commands.
pub(crate) fn mention(user: &str) -> String {
    format!("<@{user}|somebody>")
}
