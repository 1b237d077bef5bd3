//! No secret and no message text in any `Debug` output: such output ends in logs and in panics.

use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use tidegate_app::mirror::messages;
use tidegate_fake_slack::{FakeConfig, FakeSlack};
use tidegate_ingress::{Endpoint, decide};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::config::SecretSource;
use tidegate_pipeline::job::{Job, kind};
use tidegate_pipeline::outbox::{self, Class, Lane, Pending, Post, Target};
use tidegate_pipeline::queue::{Outgoing, Received};
use tidegate_pipeline::table::WriteAction;
use tidegate_slack::command::Form;
use tidegate_slack::event::Envelope;
use tidegate_slack::interaction::Interaction;
use tidegate_testing::product::{OPERATOR_KEY, SIGNING_SECRET, config, mention};

#[test]
fn configurations_show_no_secret() {
    let local = config(Path::new("folder"), &[("SLACK_BOT_TOKEN", "sesame")]);
    let fake = FakeConfig {
        bot_token: "sesame".to_owned(),
        signing_secret: "sesame".to_owned(),
        ..FakeConfig::default()
    };
    hides(&local);
    hides(&fake);
    hides(&FakeSlack::new(fake));
    hides(&SecretSource::Value("sesame".into()));
    hides(&tidegate_ingress::signing::parse(&"sesame,sesame2".into()));
    hides(&tidegate_ingress::signing::parse(&"sesame@sesame".into()));
}

#[test]
fn what_slack_sends_shows_no_text() {
    let event = mention("C0GENERAL01", "sesame").to_string();
    let envelope = Envelope::parse(event.as_bytes()).unwrap();
    hides(&envelope);
    hides(&envelope.event());
    hides(&messages::change(envelope.event().unwrap()));
    hides(&decide(Endpoint::Events, false, event.as_bytes()));
    let form = b"command=%2Fx&text=sesame&response_url=https%3A%2F%2Fsesame&trigger_id=sesame";
    hides(&Form::parse(form));
    hides(&decide(Endpoint::Commands, true, form));
    let payload = json!({"type": "view_submission", "view": {"private_metadata": "sesame",
        "state": {"values": {"sesame": {"a": {"value": "sesame"}}}}}})
    .to_string();
    hides(&Interaction::parse(&payload));
}

#[test]
fn jobs_posts_and_rows_show_no_text() {
    let body = || "sesame".to_owned();
    hides(&Job {
        kind: kind::SLACK_EVENT.to_owned(),
        id: "Ev1".to_owned(),
        tenant: "T1".into(),
        received_at: Timestamp(0),
        signed_at: Timestamp(0),
        retry: None,
        body: body().into_bytes(),
    });
    hides(&Outgoing {
        group: "T1".to_owned(),
        body: body(),
        delay: Duration::ZERO,
    });
    hides(&Received {
        id: "1".to_owned(),
        receipt: "1".to_owned(),
        body: body(),
        receives: 1,
    });
    let url = SecretString::from("https://hooks.slack.com/sesame");
    let post = Post {
        lane: Lane::response_url(&url),
        target: Target::ResponseUrl(url),
        body: json!({"text": "sesame"}),
        class: Class::AtMostOnce,
        purpose: "test",
    };
    hides(&post);
    let row = outbox::insert("Ev1", "hello", 0, &post, Timestamp(0));
    hides(&row);
    let WriteAction::Put(item) = row.action else {
        panic!("a new post is a new row");
    };
    hides(&Pending::parse(&row.key, &item).unwrap());
}

fn hides(shown: &impl std::fmt::Debug) {
    let text = format!("{shown:?} {shown:#?}");
    // Bytes are shown as numbers where nobody took care.
    let numbers = format!("{:?}", b"sesame");
    let numbers = numbers.trim_matches(['[', ']']);
    for secret in ["sesame", numbers, SIGNING_SECRET, OPERATOR_KEY] {
        assert!(!text.contains(secret), "{text}");
    }
}
