//! No secret and no message text in any log or metric, nor in what the command line prints.

use axum::serve;
use http::{HeaderMap, Method, StatusCode};
use serde_json::{Value, json};
use tidegate_fake_slack::{FakeConfig, FakeSlack, Fault, FaultKind};
use tidegate_slack::signature::SIGNATURE_HEADER;
use tidegate_testing::product::{
    Client, FORM, OPERATOR_KEY, SIGNING_SECRET, TENANT, content_type, form, id, mention, message,
    now, send_to, signed, signed_at, until,
};
use tidegate_testing::tidegate;
use tokio::net::TcpListener;

/// Every text, token and id of the story that works as a key has this in it.
const SESAME: &str = "sesame";

const BOT_TOKEN: &str = "xoxb-sesame-bot-token";

/// A stand-in Slack outside the process, so that the token is known.
async fn slack() -> (FakeSlack, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let fake = FakeSlack::new(FakeConfig {
        bot_token: BOT_TOKEN.to_owned(),
        public_url: url.clone(),
        ..FakeConfig::default()
    });
    let app = fake.router();
    tokio::spawn(async move { serve(listener, app).await });
    (fake, url)
}

/// The story's requests, with everything in them that must not show.
struct Story<'a> {
    client: &'a Client,
    slack: String,
    secrets: Vec<String>,
}

impl Story<'_> {
    async fn send(&mut self, path: &str, headers: HeaderMap, body: Vec<u8>) -> StatusCode {
        if let Some(signature) = headers.get(SIGNATURE_HEADER) {
            let text = signature.to_str().unwrap().trim_start_matches("v0=");
            self.secrets.push(text.to_owned());
        }
        self.client.send(path, headers, body).await.status
    }

    async fn event(&mut self, event: &Value) -> StatusCode {
        let body = event.to_string().into_bytes();
        self.send("/slack/events", signed("application/json", &body), body)
            .await
    }

    /// A `/tidegate ping` that is answered at `response_url`; a fresh one of the stand-in's when there is none.
    async fn ping(&mut self, response_url: Option<&str>) -> StatusCode {
        let url = match response_url {
            Some(url) => url.to_owned(),
            None => self.response_url().await,
        };
        let body = form(&[
            ("command", "/tidegate"),
            ("text", "ping"),
            ("token", "sesame-token"),
            ("team_id", TENANT),
            ("user_name", "sesame-user"),
            ("response_url", &url),
            ("trigger_id", "123.sesame-trigger"),
        ]);
        self.secrets.push(url);
        self.send("/slack/commands", signed(FORM, &body), body)
            .await
    }

    async fn response_url(&self) -> String {
        let url = format!("{}/_fake/response_url", self.slack);
        let headers = content_type("application/json");
        let answer = send_to(&self.client.http, &url, headers, b"{}".to_vec()).await;
        answer.json()["response_url"].as_str().unwrap().to_owned()
    }

    async fn good_requests(&mut self) {
        let event = mention("C0GENERAL01", "sesame, are you there?");
        assert_eq!(self.event(&event).await, StatusCode::OK);
        assert_eq!(
            self.event(&message("C0GENERAL01", "sesame text")).await,
            StatusCode::OK
        );
        assert_eq!(self.ping(None).await, StatusCode::OK);
        let payload = json!({"type": "block_actions", "team": {"id": TENANT}, "token": "sesame-token",
            "trigger_id": "1.sesame", "response_url": "https://hooks.slack.com/actions/sesame",
            "actions": [{"value": "sesame value"}]});
        let body = form(&[("payload", &payload.to_string())]);
        let headers = signed(FORM, &body);
        assert_eq!(
            self.send("/slack/interactions", headers, body).await,
            StatusCode::OK
        );
        self.client.settled(id(&event)).await;
    }

    async fn bad_requests(&mut self) {
        let body = message("C0GENERAL01", "sesame unsigned")
            .to_string()
            .into_bytes();
        let mut wrong = signed("application/json", b"sesame other");
        for headers in [
            content_type("application/json"),
            signed_at(now() - 4000, "application/json", &body),
            wrong.clone(),
        ] {
            assert_eq!(
                self.send("/slack/events", headers, body.clone()).await,
                StatusCode::UNAUTHORIZED
            );
        }
        wrong.insert("x-slack-request-timestamp", "sesame".parse().unwrap());
        assert_eq!(
            self.send("/slack/events", wrong, body.clone()).await,
            StatusCode::UNAUTHORIZED
        );
        // The right signature of a refused request is computed, and must not show either.
        let right = signed("application/json", &body)[SIGNATURE_HEADER].clone();
        self.secrets.push(right.to_str().unwrap()[3..].to_owned());
        let unreadable: [&[u8]; 4] = [
            b"sesame",
            b"{\"sesame\": sesame",
            b"{\"text\":\"sesame\xff\"}",
            b"[\"sesame\"]",
        ];
        for garbage in unreadable {
            let headers = signed("application/json", garbage);
            let id = tidegate_ingress::request_id(&headers);
            assert_eq!(
                self.send("/slack/events", headers, garbage.to_vec()).await,
                StatusCode::OK
            );
            assert_eq!(self.client.settled(&id).await["state"], "parked");
        }
        for url in [
            "https://hooks.example.com/sesame",
            "sesame",
            "http://127.0.0.1:1/sesame",
        ] {
            assert_eq!(self.ping(Some(url)).await, StatusCode::OK);
        }
        let form = b"payload=sesame".to_vec();
        assert_eq!(
            self.send("/slack/interactions", signed(FORM, &form), form)
                .await,
            StatusCode::OK
        );
    }

    /// Posts that Slack refuses, delays, or takes without saying so.
    async fn failing_posts(&mut self, fake: &FakeSlack) {
        for (kind, channel) in [
            (FaultKind::OkFalse, "C0REFUSED01"),
            (FaultKind::RateLimited, "C0LIMITED01"),
            (FaultKind::Http500, "C0BROKEN001"),
            (FaultKind::ResetAfter, "C0UNKNOWN01"),
        ] {
            let mut fault = Fault::new("chat.postMessage", kind);
            fault.channel = Some(channel.to_owned());
            fake.add_fault(fault);
            let event = mention(channel, "sesame, do you hear?");
            assert_eq!(self.event(&event).await, StatusCode::OK);
        }
        for kind in [FaultKind::Http500, FaultKind::ResetAfter] {
            fake.add_fault(Fault::new("response_url", kind));
            assert_eq!(self.ping(None).await, StatusCode::OK);
        }
        until("the faults have been met", async || {
            let outcomes: Vec<String> = fake.calls().into_iter().map(|call| call.outcome).collect();
            ["fatal_error", "ratelimited", "http_500", "reset_after"]
                .iter()
                .all(|outcome| outcomes.iter().any(|o| o == outcome))
                .then_some(())
        })
        .await;
    }

    async fn operators(&self) {
        for path in [
            "/v1/operator/events",
            "/v1/operator/posts",
            "/v1/operator/events/sesame",
        ] {
            self.client.operator(Method::GET, path).await;
        }
        for args in [
            ["events", "list", "--key", "sesame-wrong-key"].as_slice(),
            &["events", "list", "--json"],
            &["posts", "list", "--json"],
        ] {
            let ended = tidegate!().call(self.client, args).await;
            self.check(
                "the command line",
                &format!("{}{}", ended.stdout, ended.stderr),
            );
        }
    }

    fn check(&self, what: &str, text: &str) {
        let text = text.to_lowercase();
        let fixed = [
            SESAME,
            SIGNING_SECRET,
            OPERATOR_KEY,
            BOT_TOKEN,
            "/response/",
        ];
        for secret in fixed
            .into_iter()
            .chain(self.secrets.iter().map(String::as_str))
        {
            let found = text.find(&secret.to_lowercase());
            let line = found.map(|at| text[..at].lines().last().unwrap_or_default());
            assert_eq!(line, None, "{what} shows {secret}");
        }
    }
}

#[tokio::test]
async fn the_log_of_a_whole_story_shows_no_secret() {
    let (fake, slack) = slack().await;
    let api = format!("{slack}/api");
    let settings = [
        ("TIDEGATE_LOG_LEVEL", "debug"),
        ("SLACK_BOT_TOKEN", BOT_TOKEN),
        ("SLACK_API_BASE_URL", api.as_str()),
    ];
    let process = tidegate!().start(&[], &settings).await;
    let mut story = Story {
        client: &process,
        slack,
        secrets: Vec::new(),
    };
    story.good_requests().await;
    story.bad_requests().await;
    story.failing_posts(&fake).await;
    story.operators().await;
    until("the story is in the log", async || {
        let log = process.stderr();
        let told = [
            "request refused",
            "job.parked",
            "post.parked",
            "\"level\":\"DEBUG\"",
        ];
        told.iter().all(|words| log.contains(words)).then_some(())
    })
    .await;
    story.check("standard error", &process.stderr());
    story.check("standard output", &process.stdout());
    let metrics = process
        .http
        .get(format!("{}/metrics", process.url))
        .send()
        .await
        .unwrap();
    story.check("the metrics", &metrics.text().await.unwrap());
}
