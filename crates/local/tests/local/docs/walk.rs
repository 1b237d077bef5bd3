//! Acts out what a page has people do in the sandbox, and looks for what it says can be read then.
//!
//! A block tagged `sandbox` holds a line for each thing that somebody does:
//!
//! ```text
//! Alice in #general: /incident declare
//! Alice in the form: Title = Card payments fail; Severity = P2
//! Alice in #inc-…-payments: [Publish]
//! ```
//!
//! A line of the `text` block that follows begins with where it can be read: `#a-channel`, `topic of #a-channel`, `to Dave`
//! for a direct message, `only Alice` for what nobody else sees.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tidegate_pipeline::clock::{Clock as _, SystemClock};
use tidegate_slack::mrkdwn::unescape;
use tidegate_testing::product::PATIENCE;

use super::page::is_as_shown;
use super::shell::ADDRESS;

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The sandbox of a running Tidegate.
pub(super) struct Sandbox<'a> {
    /// Where Tidegate listens: `127.0.0.1:3000`.
    pub(super) address: &'a str,
    pub(super) http: &'a reqwest::Client,
}

impl Sandbox<'_> {
    /// Does what the lines say, and waits until all of `expected` can be read.
    pub(super) async fn act(&self, lines: &[String], expected: &str) -> Result<(), String> {
        for line in lines {
            let done = async {
                let before = self.jobs_done().await?;
                self.take_step(line).await?;
                // A person who types the next line has seen the result of this one.
                let after = wait_for(async || {
                    let now = self.jobs_done().await?;
                    Ok((now > before).then_some(()))
                });
                after.await?.ok_or("no worker has done it".to_owned())
            };
            done.await.map_err(|why| format!("`{line}`: {why}"))?;
        }
        for line in expected.lines() {
            self.read(line).await?;
        }
        Ok(())
    }

    async fn take_step(&self, line: &str) -> Result<(), String> {
        let (head, what) = line.split_once(": ").ok_or("nothing to do")?;
        let (who, place) = head.split_once(" in ").ok_or("nobody to do it")?;
        let world = World(self.state().await?);
        let user = world.user(who)?;
        let (control, mut body) = if place == "the form" {
            ("submit", json!({"values": self.filled(user, what).await?}))
        } else if let Some(label) = what.strip_prefix('[').and_then(|w| w.strip_suffix(']')) {
            ("click", self.clicked(user, place, label).await?)
        } else {
            let (command, text) = what.split_once(' ').unwrap_or((what, ""));
            let channel = world.channel(place)?;
            let text = world.mentioning(text);
            (
                "command",
                json!({"channel": channel, "command": command, "text": text}),
            )
        };
        body["user"] = user.into();
        let url = self.control(control);
        let sent = self.http.post(url).json(&body).send().await;
        let report: Value = answered(sent).await?;
        let taken = report["attempts"]
            .as_array()
            .and_then(|all| all.last())
            .is_some_and(|attempt| attempt["status"] == 200 && attempt["body"] == "");
        if taken {
            Ok(())
        } else {
            Err(report.to_string())
        }
    }

    /// What a person enters in the form that is open for them, by block. It may be on its way still.
    async fn filled(&self, user: &str, what: &str) -> Result<Map<String, Value>, String> {
        let view = wait_for(async || {
            let world = World(self.state().await?);
            Ok(list(&world.0["views"])
                .find(|open| open["user"] == user)
                .map(|open| open["view"].clone()))
        })
        .await?
        .ok_or("no form is open")?;
        let entries = what.split("; ").map(|entry| {
            let (label, value) = entry.split_once(" = ").ok_or("no value")?;
            let mut blocks = list(&view["blocks"]);
            let block = blocks.find(|block| block["label"]["text"] == label);
            let block = block.ok_or_else(|| format!("the form has no field `{label}`"))?;
            let id = block["block_id"].as_str().unwrap_or_default();
            Ok((id.to_owned(), entered(&block["element"], value)?))
        });
        entries.collect()
    }

    /// The newest button of that name which somebody sees in a channel.
    async fn clicked(&self, user: &str, place: &str, label: &str) -> Result<Value, String> {
        let found = wait_for(async || {
            let world = World(self.state().await?);
            let channel = world.channel(place)?;
            let own = list(&world.0["ephemerals"])
                .filter(|shown| shown["user"] == user && shown["channel"] == channel.as_str());
            let mut all: Vec<&Value> = list(&world.0["messages"][&channel]).chain(own).collect();
            all.sort_by_key(|message| message["ts"].as_str());
            let mut newest_first = all.into_iter().rev();
            Ok(newest_first.find_map(|message| {
                let action = action(message, label)?;
                Some(json!({"channel": channel, "ts": message["ts"], "action_id": action}))
            }))
        });
        found.await?.ok_or("there is no such button".to_owned())
    }

    /// Waits until a line of the page can be read where it says.
    async fn read(&self, line: &str) -> Result<(), String> {
        let (place, words) = line
            .split_once(": ")
            .ok_or_else(|| format!("`{line}` says nothing"))?;
        let mut there = Vec::new();
        let found = wait_for(async || {
            there = World(self.state().await?).readable(place)?;
            for text in &mut there {
                *text = text.replace(self.address, ADDRESS);
            }
            Ok(there.iter().find(|text| is_as_shown(words, text)).cloned())
        });
        match found.await? {
            Some(_) => Ok(()),
            None => Err(format!("nobody reads `{line}`, but\n{}", there.join("\n"))),
        }
    }

    async fn state(&self) -> Result<Value, String> {
        answered(self.http.get(self.control("state")).send().await).await
    }

    fn control(&self, name: &str) -> String {
        format!("http://{}/sandbox/_fake/{name}", self.address)
    }

    /// How many commands, clicks and forms the workers have done.
    async fn jobs_done(&self) -> Result<u64, String> {
        let url = format!("http://{}/metrics", self.address);
        let answer = self.http.get(url).send().await;
        let text = answer.map_err(|e| e.to_string())?.text().await;
        let text = text.map_err(|e| e.to_string())?;
        let counted = text.lines().filter_map(|line| line.rsplit_once(' '));
        let counted = counted.filter(|(name, _)| {
            ["slack.command", "slack.interaction"].iter().any(|kind| {
                *name == format!("tidegate_jobs_total{{kind=\"{kind}\",outcome=\"ok\"}}")
            })
        });
        Ok(counted.filter_map(|(_, n)| n.parse::<u64>().ok()).sum())
    }
}

/// What the sandbox knows.
struct World(Value);

impl World {
    fn user(&self, who: &str) -> Result<&str, String> {
        let name = who.to_lowercase();
        let user = list(&self.0["users"]).find(|user| user["name"] == name.as_str());
        let user = user.and_then(|user| user["id"].as_str());
        user.ok_or_else(|| format!("nobody is called {who}"))
    }

    /// The channel behind `#name`, in which `…` stands for anything.
    fn channel(&self, place: &str) -> Result<String, String> {
        let name = place.trim_start_matches('#');
        let fits =
            |channel: &&Value| is_as_shown(name, channel["name"].as_str().unwrap_or_default());
        let channel = list(&self.0["channels"]).find(fits);
        let id = channel.and_then(|channel| channel["id"].as_str());
        id.map(str::to_owned)
            .ok_or_else(|| format!("there is no {place}"))
    }

    /// A text with people's names as the sandbox sends them.
    fn mentioning(&self, text: &str) -> String {
        let words = text.split(' ').map(|word| {
            let user = word
                .strip_prefix('@')
                .and_then(|name| self.user(name).ok().map(|id| (id, name)));
            user.map_or_else(|| word.to_owned(), |(id, name)| format!("<@{id}|{name}>"))
        });
        words.collect::<Vec<_>>().join(" ")
    }

    /// All that stands in a place, a text each.
    fn readable(&self, place: &str) -> Result<Vec<String>, String> {
        let messages = |channel: &str| -> Vec<String> {
            list(&self.0["messages"][channel])
                .map(|message| self.shown(&message["text"]))
                .collect()
        };
        if let Some(who) = place.strip_prefix("only ") {
            let user = self.user(who)?;
            let own = list(&self.0["ephemerals"]).filter(|shown| shown["user"] == user);
            return Ok(own.map(|shown| self.shown(&shown["text"])).collect());
        }
        if let Some(who) = place.strip_prefix("to ") {
            return Ok(messages(&self.user(who)?.replacen('U', "D", 1)));
        }
        // A channel that is not there yet has nothing to read.
        let name = place.strip_prefix("topic of ").unwrap_or(place);
        let Ok(id) = self.channel(name) else {
            return Ok(Vec::new());
        };
        if name == place {
            return Ok(messages(&id));
        }
        let channel = list(&self.0["channels"]).find(|channel| channel["id"] == id.as_str());
        Ok(channel
            .iter()
            .map(|channel| self.shown(&channel["topic"]))
            .collect())
    }

    /// A text as people see it, in one line.
    fn shown(&self, text: &Value) -> String {
        let mut text = text.as_str().unwrap_or_default().replace('*', "");
        for (sign, kind) in [('@', "users"), ('#', "channels")] {
            for known in list(&self.0[kind]) {
                let id = known["id"].as_str().unwrap_or_default();
                let name = known["name"].as_str().unwrap_or_default();
                text = text.replace(&format!("<{sign}{id}>"), &format!("{sign}{name}"));
            }
        }
        // The rest between brackets is a link, whose label is shown.
        while let Some((before, rest)) = text.split_once('<')
            && let Some((link, after)) = rest.split_once('>')
        {
            let label = link.split_once('|').map_or(link, |(_, label)| label);
            text = format!("{before}{label}{after}");
        }
        unescape(&text)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// The action of a message's button of that name.
fn action<'a>(message: &'a Value, label: &str) -> Option<&'a str> {
    let blocks = list(&message["blocks"]);
    let mut buttons = blocks.flat_map(|block| list(&block["elements"]));
    let button = buttons.find(|button| button["text"]["text"] == label)?;
    button["action_id"].as_str()
}

/// What a person enters in an element who wants that value: an option goes by how its name begins.
fn entered(element: &Value, value: &str) -> Result<Value, String> {
    let several = element["type"] == "multi_static_select" || element["type"] == "checkboxes";
    if element.get("options").is_none() {
        return Ok(value.into());
    }
    let chosen = list(&element["options"]).find(|option| {
        let label = option["text"]["text"].as_str().unwrap_or_default();
        label.starts_with(value)
    });
    let chosen = chosen.ok_or_else(|| format!("nobody can choose `{value}`"))?;
    let chosen = chosen["value"].clone();
    Ok(if several { json!([chosen]) } else { chosen })
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

async fn answered(sent: Result<reqwest::Response, reqwest::Error>) -> Result<Value, String> {
    let answer = sent.map_err(|e| e.to_string())?;
    let answer = answer.error_for_status().map_err(|e| e.to_string())?;
    answer.json().await.map_err(|e| e.to_string())
}

/// Looks until there is something, or patience is at its end.
async fn wait_for<T>(
    mut look: impl AsyncFnMut() -> Result<Option<T>, String>,
) -> Result<Option<T>, String> {
    let end = SystemClock.now().plus(PATIENCE);
    loop {
        if let Some(found) = look().await? {
            return Ok(Some(found));
        }
        if SystemClock.now() > end {
            return Ok(None);
        }
        SystemClock.sleep(LOOK_EVERY).await;
    }
}
