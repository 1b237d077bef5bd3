//! A small domain for the tests of effects: it makes a channel, posts there, pins what it posted, and tells a page of
//! another service, each once and in order.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tidegate_outcome::Refusal;
use tidegate_pipeline::budget::Budget;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::{Done, Effect, Performer, Undone};
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_pipeline::table::{Item, RowKey, Write};
use tidegate_slack::answer::SlackRejection;
use tidegate_slack::api::conversations::{Create, ListChannels};
use tidegate_slack::api::pins;
use tidegate_slack::ids::{ChannelId, Ts};
use tidegate_slack::tiers::Rate;

use crate::chance::Chance;
use crate::outbox_world::World;

/// Performs the story's effects.
pub(crate) struct Story {
    /// The texts that the page got, in order.
    pub(crate) page: Mutex<Vec<String>>,
    chance: Chance,
    /// How often out of a thousand times the page fails.
    page_fails: usize,
}

impl Story {
    pub(crate) fn new(seed: u64, page_fails: usize) -> Self {
        Self {
            page: Mutex::default(),
            chance: Chance::new(seed),
            page_fails,
        }
    }
}

/// How a story begins: its channel is to be made, then so many posts.
pub(crate) fn begin(story: &str, posts: usize) -> Post {
    effect(
        &lane(story),
        "story.create",
        Class::AtLeastOnce,
        json!({"story": story, "posts": posts}),
    )
}

pub(crate) fn lane(story: &str) -> Lane {
    Lane::named(&["story", story])
}

pub(crate) fn page_lane(story: &str) -> Lane {
    Lane::named(&["story", story, "page"])
}

pub(crate) fn effect(lane: &Lane, purpose: &'static str, class: Class, body: Value) -> Post {
    Post {
        lane: lane.clone(),
        target: Target::Effect,
        body,
        class,
        purpose,
    }
}

/// The class of a story's n-th post: every third must not come twice.
pub(crate) fn class_of(n: usize) -> Class {
    match n % 3 {
        2 => Class::AtMostOnce,
        _ => Class::AtLeastOnce,
    }
}

fn row(story: &str, parts: &[&str]) -> RowKey {
    RowKey::new(&["story", story], parts)
}

/// What happens once only: a second time fails its condition.
fn once(key: RowKey, item: Item) -> Write<RowKey> {
    Write::put(key, item).when("attribute_not_exists(#pk)")
}

#[async_trait]
impl Performer for Story {
    async fn perform(&self, effect: Effect<'_>) -> Result<Done, Undone> {
        match effect.name {
            "story.create" => create(&effect).await,
            "story.post" => post(&effect).await,
            "story.pin" => pin(&effect).await,
            "story.sync" => self.sync(&effect).await,
            other => panic!("{other}"),
        }
    }

    fn given_up(&self, name: &str, body: &Value, _reason: &str, _now: Timestamp) -> Done {
        let n = body["n"].as_u64().unwrap_or_default().to_string();
        let key = row(story_of(body), &["given_up", name, &n]);
        Done {
            writes: vec![once(key, Item::new())],
            ..Done::default()
        }
    }

    fn needs_token(&self, name: &str) -> bool {
        name != "story.sync"
    }
}

fn story_of(body: &Value) -> &str {
    body["story"].as_str().unwrap()
}

async fn create(effect: &Effect<'_>) -> Result<Done, Undone> {
    let story = story_of(effect.body);
    let request = Create {
        name: format!("inc-{story}"),
        ..Create::default()
    };
    let channel = match effect.call(&request).await {
        Ok(made) => made.channel.id,
        Err(Undone::Refused(Refusal::Rejected(SlackRejection::Permanent(code))))
            if code == "name_taken" =>
        {
            assert!(effect.doubt_since.is_some(), "nobody else takes names here");
            adopt(effect, &request.name).await?
        }
        Err(e) => return Err(e),
    };
    let posts = usize::try_from(effect.body["posts"].as_u64().unwrap()).unwrap();
    let mut follow: Vec<Post> = (0..posts)
        .map(|n| {
            let body = json!({"story": story, "n": n});
            self::effect(effect.lane, "story.post", class_of(n), body)
        })
        .collect();
    let body = json!({"story": story});
    follow.push(self::effect(
        &page_lane(story),
        "story.sync",
        Class::Repeatable,
        body,
    ));
    let item = Item::new().with("channel", channel.as_str());
    Ok(Done {
        writes: vec![once(row(story, &["channel"]), item)],
        posts: follow,
        ..Done::default()
    })
}

async fn adopt(effect: &Effect<'_>, name: &str) -> Result<ChannelId, Undone> {
    let list = ListChannels {
        limit: Some(1000),
        ..ListChannels::default()
    };
    let page = effect.call(&list).await?;
    let found = page.channels.iter().find(|channel| channel.name == name);
    let found = found.ok_or_else(|| Undone::Park("the name is somebody else's".to_owned()))?;
    Ok(found.id.clone())
}

async fn channel(effect: &Effect<'_>) -> Result<ChannelId, Undone> {
    let key = row(story_of(effect.body), &["channel"]);
    let made = effect.rows.get(&key).await?.unwrap();
    Ok(made.text("channel").unwrap().into())
}

async fn post(effect: &Effect<'_>) -> Result<Done, Undone> {
    let (story, n) = (story_of(effect.body), &effect.body["n"]);
    let channel = channel(effect).await?;
    let text = format!("{:04}", n.as_u64().unwrap());
    let ts = effect
        .post(&json!({"channel": channel, "text": text}))
        .await?;
    let item = Item::new().with("ts", ts.as_str());
    let pinned = json!({"story": story, "n": n, "ts": ts});
    Ok(Done {
        ts: Some(ts),
        writes: vec![once(row(story, &["post", &text]), item)],
        posts: vec![self::effect(
            effect.lane,
            "story.pin",
            Class::Repeatable,
            pinned,
        )],
    })
}

async fn pin(effect: &Effect<'_>) -> Result<Done, Undone> {
    let (story, n) = (story_of(effect.body), &effect.body["n"]);
    let add = pins::Add {
        channel: channel(effect).await?,
        timestamp: Ts::from(effect.body["ts"].as_str().unwrap()),
    };
    match effect.call(&add).await {
        Ok(_) => {}
        Err(Undone::Refused(Refusal::Rejected(SlackRejection::Permanent(code))))
            if code == "already_pinned" => {}
        Err(e) => return Err(e),
    }
    let text = format!("{:04}", n.as_u64().unwrap());
    Ok(Done {
        writes: vec![once(row(story, &["pin", &text]), Item::new())],
        ..Done::default()
    })
}

impl Story {
    async fn sync(&self, effect: &Effect<'_>) -> Result<Done, Undone> {
        let story = story_of(effect.body);
        let rate = Rate {
            burst: 1,
            interval_ms: 1000,
        };
        effect.turn(effect.rows, &Budget::of("page", rate)).await?;
        if self.chance.per_mille("page", self.page_fails) {
            return Err(match self.chance.below("how", 3) {
                0 => Undone::Ambiguous("HTTP 500".to_owned()),
                1 => Undone::Refused(Refusal::Unreachable),
                _ => Undone::Wait(effect.clock.now().plus(Duration::from_secs(3))),
            });
        }
        self.page.lock().unwrap().push(story.to_owned());
        Ok(Done {
            writes: vec![once(row(story, &["sync"]), Item::new())],
            ..Done::default()
        })
    }
}

/// The outcome of a story.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// Channels that are known to have been made, for any story: the stand-in does not tell what a connection that broke has done.
    pub(crate) channels: usize,
    /// The texts in its channel.
    pub(crate) texts: Vec<String>,
    /// The posts, pins and syncs that its rows know of.
    pub(crate) rows: Vec<String>,
    /// Effects that were given up.
    pub(crate) given_up: Vec<String>,
}

impl Told {
    pub(crate) async fn of(world: &World, tenant: &str, story: &str) -> Self {
        let rows = world.engine.truth().tenant(&tenant.into());
        let all = tidegate_pipeline::table::Range::All;
        let page = rows.query(&["story", story], all, false, 500, None).await;
        let mut told = Self::default();
        for (key, row) in page.unwrap().rows {
            let parts = key.sort_parts();
            match parts[0].as_str() {
                "channel" => told.texts = world.texts(row.text("channel").unwrap()),
                "given_up" => told.given_up.push(parts[1..].join(" ")),
                _ => told.rows.push(parts.join(" ")),
            }
        }
        let created = |call: &&tidegate_fake_slack::Call| {
            call.method == "conversations.create"
                && (call.outcome == "ok" || call.outcome.ends_with("_applied"))
        };
        told.channels = world.slack.calls().iter().filter(created).count();
        told
    }

    /// What a story of so many posts comes to when nothing is in doubt for ever.
    pub(crate) fn whole(posts: usize) -> Self {
        let texts: Vec<String> = (0..posts).map(|n| format!("{n:04}")).collect();
        let rows = |kind: &'static str| texts.iter().map(move |text| format!("{kind} {text}"));
        let rows = rows("pin").chain(rows("post")).chain(["sync".to_owned()]);
        Self {
            channels: 1,
            rows: rows.collect(),
            given_up: Vec::new(),
            texts,
        }
    }
}
