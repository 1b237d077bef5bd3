//! Deciding on posts, as a domain does: they are written to the outbox, and nobody is woken.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::{Value, json};
use tidegate_pipeline::archive::Label;
use tidegate_pipeline::audit::Audit;
use tidegate_pipeline::clock::{Clock, Timestamp};
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::ledger::{Claim, Decision, Delivery, Ledger};
use tidegate_pipeline::outbox::{Class, Lane, Post, Target};
use tidegate_slack::ids::{ChannelId, TenantId};

use super::World;

impl World {
    /// Decides on a post to a channel; its text is its number. Nobody is woken. Answers the event that caused it.
    pub async fn post(&self, tenant: &str, channel: &str, class: Class) -> String {
        self.post_body(tenant, channel, class, json!({"channel": channel}))
            .await
    }

    /// Decides on a post to a thread of a channel, like [`World::post`].
    pub async fn reply(&self, tenant: &str, channel: &str, class: Class) -> String {
        let body = json!({"channel": channel, "thread_ts": "1699999999.000100"});
        self.post_body(tenant, channel, class, body).await
    }

    async fn post_body(&self, tenant: &str, channel: &str, class: Class, body: Value) -> String {
        let lane = Lane::channel(&ChannelId::from(channel));
        self.decide(tenant, lane, Target::Channel, class, body)
            .await
    }

    /// Decides on an answer to a fresh `response_url`. Answers the event that caused it and the lane that it is in.
    pub async fn answer(&self, tenant: &str) -> (String, Lane) {
        let made = self.http.post(format!("{}/_fake/response_url", self.url));
        let made = made.json(&json!({})).send().await.unwrap();
        let made: Value = made.json().await.unwrap();
        let url = SecretString::from(made["response_url"].as_str().unwrap());
        let lane = Lane::response_url(&url);
        let target = Target::ResponseUrl(url);
        let body = json!({"response_type": "ephemeral"});
        let id = self
            .decide(tenant, lane.clone(), target, Class::AtMostOnce, body)
            .await;
        (id, lane)
    }

    async fn decide(
        &self,
        tenant: &str,
        lane: Lane,
        target: Target,
        class: Class,
        mut body: Value,
    ) -> String {
        let n = self.posts.load(Ordering::Relaxed) + 1;
        body["text"] = format!("{n:04}").into();
        let purpose = "test";
        let posts = vec![Post {
            lane,
            target,
            body,
            class,
            purpose,
        }];
        self.put(tenant, posts).await
    }

    /// Puts an event's posts and effects into their lanes. Nobody is woken. Answers the event.
    pub async fn put(&self, tenant: &str, posts: Vec<Post>) -> String {
        let n = self.posts.fetch_add(1, Ordering::Relaxed) + 1;
        let id = format!("Ev{n:04}");
        let job = job(tenant, &id, self.clock.now());
        let label = Label {
            name: "test".to_owned(),
            dispatched_at: None,
        };
        let delivery = Delivery {
            job: &job,
            label: &label,
            message: "test",
            attempt: 1,
        };
        let truth = self.engine.truth();
        let rows = truth.tenant(&tenant.into());
        let keep = Duration::from_hours(30 * 24);
        let ledger = Ledger {
            rows,
            clock: &self.clock,
            keep,
        };
        let decision = Decision {
            posts,
            ..Decision::default()
        };
        let claim = Claim::of(delivery);
        let clock = Arc::new(self.clock.clone());
        let audit = Audit::new(truth, self.engine.keyring(), clock);
        let trail = audit.of(&claim.tenant);
        ledger
            .commit(trail, &claim, "test", &decision)
            .await
            .unwrap();
        // The outbox is ordered by the millisecond.
        self.clock.advance(Duration::from_millis(1));
        id
    }
}

fn job(tenant: &str, id: &str, now: Timestamp) -> Job {
    Job {
        kind: kind::SLACK_EVENT.to_owned(),
        id: id.to_owned(),
        tenant: TenantId::from(tenant),
        received_at: now,
        signed_at: now,
        retry: None,
        body: b"{}".to_vec(),
    }
}
