//! What calls say about a hook: checked, with all problems at once.

use std::collections::BTreeSet;

use tidegate_api::ApiError;
use tidegate_pipeline::documents::input::Problem;
use tidegate_slack::tenant::is_id;

use crate::model::hook::{EVENTS, MAX_CHANNELS};
use crate::model::receiver_url::{self, Reach};

/// The values of a call, and what is wrong with them.
#[derive(Default)]
pub(super) struct Checked {
    problems: Vec<Problem>,
}

impl Checked {
    fn wrong(&mut self, field: &str, words: &str) {
        self.problems.push(Problem::new(field, words));
    }

    /// The URL of a receiver.
    pub(super) fn url(&mut self, text: &str, reach: Reach) -> String {
        match receiver_url::parse(text, reach) {
            // As it is sent, so that it holds nothing that a terminal would obey.
            Ok(url) => url.to_string(),
            Err(why) => {
                self.wrong("url", &why);
                String::new()
            }
        }
    }

    /// The events that a hook gets.
    pub(super) fn events(&mut self, names: &[String]) -> BTreeSet<String> {
        let unknown = names.iter().any(|name| !EVENTS.contains(&name.as_str()));
        if names.is_empty() || unknown {
            let all = format!("takes one or more of: {}", EVENTS.join(", "));
            self.wrong("events", &all);
        }
        names.iter().cloned().collect()
    }

    /// The channels whose events a hook gets. Empty for all of them.
    pub(super) fn channels(&mut self, ids: &[String]) -> BTreeSet<String> {
        let is_channel = |id: &String| is_id(id) && id.starts_with(['C', 'G', 'D']);
        if ids.len() > MAX_CHANNELS || !ids.iter().all(is_channel) {
            let words = format!("takes at most {MAX_CHANNELS} ids of channels: `C…`, `G…` or `D…`");
            self.wrong("channels", &words);
        }
        ids.iter().cloned().collect()
    }

    /// Who is told when the hook is disabled.
    pub(super) fn notify(&mut self, id: &str) -> String {
        if !is_id(id) || !id.starts_with(['U', 'W', 'C', 'G']) {
            self.wrong(
                "notify",
                "takes the id of a person (`U…`) or a channel (`C…`)",
            );
        }
        id.to_owned()
    }

    /// Fails with all problems, if there are any.
    pub(super) fn finish(self) -> Result<(), ApiError> {
        if self.problems.is_empty() {
            return Ok(());
        }
        Err(ApiError::problems(&self.problems))
    }
}
