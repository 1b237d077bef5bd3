//! One attempt to deliver by WebSocket: the envelope, and the wait for its acknowledgement.

use serde_json::{Map, Value, json};

use crate::delivery::{Outgoing, SendError, Taken};
use crate::fake::FakeSlack;
use crate::signing::keyed_hash;

impl FakeSlack {
    /// Which connection an attempt goes over, if the app is connected; a retry prefers another one.
    pub(crate) fn connection_for(&self, not: Option<u64>) -> Option<u64> {
        self.sockets().pick(not)
    }

    /// Sends it in an envelope and waits for the acknowledgement as long as Slack waits for an answer.
    pub(crate) async fn send_by_socket(
        &self,
        connection: u64,
        outgoing: &Outgoing,
        retry_num: usize,
        reason: Option<&str>,
    ) -> Result<Taken, SendError> {
        let envelope_id = self.envelope_id();
        let envelope = envelope(&envelope_id, outgoing, retry_num, reason);
        let acked = self
            .sockets()
            .send(connection, &envelope_id, envelope.to_string())
            .ok_or(SendError::Closed)?;
        let payload = match tokio::time::timeout(self.config().answer_timeout, acked).await {
            Ok(Ok(payload)) => payload,
            Ok(Err(_)) => return Err(SendError::Closed),
            Err(_) => {
                self.sockets().give_up(&envelope_id);
                return Err(SendError::Unacked);
            }
        };
        Ok(Taken {
            status: None,
            no_retry: false,
            body: match payload {
                Value::Null => String::new(),
                payload => payload.to_string(),
            },
        })
    }

    /// A UUID; an envelope that is sent again has a new one.
    fn envelope_id(&self) -> String {
        let tick = self.world().tick(self.now());
        let hash = keyed_hash(
            &self.config().signing_secret,
            &[b"envelope", &tick.to_be_bytes()],
        );
        let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default();
        let (a, b, c) = (part(0, 8), part(8, 12), part(13, 16));
        format!("{a}-{b}-4{c}-a{}-{}", part(17, 20), part(20, 32))
    }
}

fn envelope(id: &str, outgoing: &Outgoing, retry_num: usize, reason: Option<&str>) -> Value {
    let (kind, payload) = match outgoing.path {
        "/slack/events" => ("events_api", serde_json::from_str(&outgoing.body).ok()),
        "/slack/commands" => ("slash_commands", Some(form(&outgoing.body))),
        _ => ("interactive", interaction(&outgoing.body)),
    };
    // The app may answer a command, and what a modal waits for.
    let is_answered = kind == "slash_commands"
        || ["view_submission", "block_suggestion"].contains(&outgoing.kind.as_str());
    let mut envelope = json!({
        "envelope_id": id,
        "type": kind,
        "payload": payload,
        "accepts_response_payload": is_answered,
    });
    if kind == "events_api" {
        envelope["retry_attempt"] = retry_num.into();
        envelope["retry_reason"] = reason.unwrap_or_default().into();
    }
    envelope
}

fn form(body: &str) -> Value {
    let fields = form_urlencoded::parse(body.as_bytes());
    let fields = fields.map(|(name, value)| (name.into_owned(), value.into_owned().into()));
    Value::Object(fields.collect::<Map<_, _>>())
}

fn interaction(body: &str) -> Option<Value> {
    let mut fields = form_urlencoded::parse(body.as_bytes());
    let (_, payload) = fields.find(|(name, _)| name == "payload")?;
    serde_json::from_str(&payload).ok()
}
