//! Socket Mode: the messages of Slack's WebSocket. Contract: docs.slack.dev/apis/events-api/using-socket-mode.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::event::Unreadable;
use crate::lenient;

/// One message of Slack's.
#[derive(Debug)]
pub enum Message<'a> {
    /// The connection is open: envelopes come from here on.
    Hello,
    /// The connection ends, or will.
    Disconnect(Reason),
    /// An envelope, which stands for a request over HTTP.
    Envelope(Envelope<'a>),
    /// Nothing that is known, and without an envelope's id nothing that could be acknowledged.
    Other,
}

/// Why Slack ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It will end in about ten seconds.
    Warning,
    /// It has lasted its hours and ends now.
    RefreshRequested,
    /// Socket Mode was switched off for the app.
    LinkDisabled,
    /// Anything else, such as `too_many_websockets`.
    Other,
}

/// The kinds of payload that an envelope can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A request of the Events API.
    Event,
    /// A slash command, with the fields that its form has over HTTP.
    Command,
    /// A button, a modal, a shortcut.
    Interaction,
    /// A kind that this build does not know.
    Other,
}

/// A payload with what is needed to acknowledge it.
pub struct Envelope<'a> {
    /// Names it in the acknowledgement. One that is sent again may have another.
    pub id: Cow<'a, str>,
    /// The kind of the payload, from the envelope's `type`.
    pub kind: Kind,
    /// Whether the acknowledgement may hold an answer.
    pub accepts_response: bool,
    /// Which try this is, unless the first, and why there is another.
    pub retry: Option<(u32, Cow<'a, str>)>,
    /// The payload as it came; empty when there is none.
    pub payload: &'a str,
}

/// Without the payload: it is what people wrote.
impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("kind", &self.kind)
            .field("retry", &self.retry)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

#[derive(Default, Deserialize)]
struct Wire<'a> {
    #[serde(rename = "type", default, borrow, deserialize_with = "lenient::text")]
    kind: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    reason: Option<Cow<'a, str>>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    envelope_id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    accepts_response_payload: bool,
    #[serde(default, borrow)]
    retry_attempt: Option<&'a RawValue>,
    #[serde(default, borrow, deserialize_with = "lenient::text")]
    retry_reason: Option<Cow<'a, str>>,
    #[serde(default, borrow)]
    payload: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// Reads one message; fails on what is not a JSON object.
    pub fn parse(text: &'a str) -> Result<Self, Unreadable> {
        let wire: Wire<'a> = Unreadable::or_object(serde_json::Deserializer::from_str(text))?;
        let kind = wire.kind.as_deref().unwrap_or_default();
        if let Some(id) = wire.envelope_id.filter(|id| !id.is_empty()) {
            let num = wire.retry_attempt.and_then(|num| num.get().parse().ok());
            return Ok(Self::Envelope(Envelope {
                id,
                kind: Kind::of(kind),
                accepts_response: wire.accepts_response_payload,
                retry: num
                    .filter(|num| *num > 0)
                    .map(|num| (num, wire.retry_reason.unwrap_or_default())),
                payload: wire.payload.map(RawValue::get).unwrap_or_default(),
            }));
        }
        Ok(match kind {
            "hello" => Self::Hello,
            "disconnect" => Self::Disconnect(Reason::of(wire.reason.as_deref())),
            _ => Self::Other,
        })
    }
}

impl Reason {
    fn of(text: Option<&str>) -> Self {
        match text {
            Some("warning") => Self::Warning,
            Some("refresh_requested") => Self::RefreshRequested,
            Some("link_disabled") => Self::LinkDisabled,
            _ => Self::Other,
        }
    }
}

impl Kind {
    fn of(text: &str) -> Self {
        match text {
            "events_api" => Self::Event,
            "slash_commands" => Self::Command,
            "interactive" => Self::Interaction,
            _ => Self::Other,
        }
    }
}

impl<'a> Envelope<'a> {
    /// The body that the same request has over HTTP, so that nobody behind this line knows which way it came. A
    /// payload that cannot be read is its own body.
    pub fn body(&self) -> Cow<'a, [u8]> {
        let plain = Cow::Borrowed(self.payload.as_bytes());
        match self.kind {
            Kind::Event | Kind::Other => plain,
            Kind::Command => match serde_json::from_str::<Map<String, Value>>(self.payload) {
                Ok(fields) => Cow::Owned(form(&fields)),
                Err(_) => plain,
            },
            Kind::Interaction => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.append_pair("payload", self.payload);
                Cow::Owned(form.finish().into_bytes())
            }
        }
    }

    /// The identity of a command, an interaction or an event without an id: the same when Slack sends it again.
    ///
    /// Over HTTP that is the signature; here there is none. The envelope's id will not do: a retry has a new one.
    /// `trigger_id` belongs to the person's action and not to its delivery: Slack makes one for every command typed and
    /// every button pressed, so typing a command twice makes two. A payload without one (a modal closed, a request of
    /// the Events API without `event_id`) is identified by all its content, whose fields may come in any order.
    pub fn identity(&self) -> String {
        let Ok(payload) = serde_json::from_str::<Value>(self.payload) else {
            return format!("{:?} as it came {}", self.kind, self.payload);
        };
        let trigger = payload.get("trigger_id").and_then(Value::as_str);
        match trigger.filter(|trigger| !trigger.is_empty()) {
            Some(trigger) => {
                // One trigger, one deed; the rest only keeps apart what Slack might one day number separately.
                let text = |name: &str| payload.get(name).and_then(Value::as_str);
                let what = text("command").or_else(|| text("type"));
                let app = text("api_app_id").unwrap_or_default();
                let what = what.unwrap_or_default();
                format!("{:?} {app} {what} by trigger {trigger}", self.kind)
            }
            None => format!("{:?} {payload}", self.kind),
        }
    }
}

/// A command's fields as the form that HTTP brings.
fn form(fields: &Map<String, Value>) -> Vec<u8> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        match value {
            Value::Null => continue,
            Value::String(text) => form.append_pair(name, text),
            other => form.append_pair(name, &other.to_string()),
        };
    }
    form.finish().into_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::command::{Form, SlashCommand};

    fn envelope(text: &str) -> Envelope<'_> {
        match Message::parse(text) {
            Ok(Message::Envelope(envelope)) => envelope,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_command_has_the_form_that_http_brings() {
        let text = r#"{"envelope_id":"e1","type":"slash_commands","accepts_response_payload":true,
            "payload":{"command":"/tidegate","text":"a & b","team_id":"T1","is_enterprise_install":false,"n":null}}"#;
        let envelope = envelope(text);
        assert!(envelope.accepts_response);
        let body = envelope.body();
        let form = Form::parse(&body);
        assert_eq!(form.get("is_enterprise_install"), Some("false"));
        assert_eq!(form.get("n"), None);
        let command = SlashCommand::from_form(&form).unwrap();
        assert_eq!(
            (command.command.as_str(), command.text.as_str()),
            ("/tidegate", "a & b")
        );
    }

    #[test]
    fn an_event_keeps_its_bytes_and_its_retry() {
        let text = r#"{"payload": {"event_id":"Ev1",  "x": 1e2},"envelope_id":"e","type":"events_api","retry_attempt":2,"retry_reason":"timeout"}"#;
        let envelope = envelope(text);
        assert_eq!(&*envelope.body(), br#"{"event_id":"Ev1",  "x": 1e2}"#);
        assert_eq!(envelope.retry, Some((2, "timeout".into())));
    }

    #[test]
    fn the_same_deed_has_the_same_identity_however_it_is_sent() {
        let of = |id: &str, kind: &str, payload: &str| {
            let text = format!(r#"{{"envelope_id":"{id}","type":"{kind}","payload":{payload}}}"#);
            envelope(&text).identity()
        };
        let typed = |id: &str, trigger: &str| {
            let payload = format!(r#"{{"command":"/x","trigger_id":"{trigger}","token":"{id}"}}"#);
            of(id, "slash_commands", &payload)
        };
        assert_eq!(typed("one", "1.2.a"), typed("two", "1.2.a"));
        assert_ne!(typed("one", "1.2.a"), typed("one", "1.2.b"));
        let closed = |payload: &str| of("one", "interactive", payload);
        assert_eq!(
            closed(r#"{"type":"view_closed","view":{"id":"V1"}}"#),
            closed(r#"{ "view":{"id":"V1"}, "type":"view_closed" }"#)
        );
        assert_ne!(
            closed(r#"{"type":"view_closed","view":{"id":"V1"}}"#),
            closed(r#"{"type":"view_closed","view":{"id":"V2"}}"#)
        );
    }

    #[test]
    fn odd_fields_do_not_make_an_envelope_unreadable() {
        let text = r#"{"envelope_id":"e","type":7,"retry_attempt":"x","retry_reason":[],"accepts_response_payload":{}}"#;
        let envelope = envelope(text);
        assert_eq!((envelope.kind, envelope.payload), (Kind::Other, ""));
        assert_eq!(envelope.retry, None);
    }

    proptest! {
        #[test]
        fn any_text_is_a_message_or_refused(text in ".{0,200}") {
            if let Ok(Message::Envelope(envelope)) = Message::parse(&text) {
                let _ = (envelope.body(), envelope.identity());
            }
        }
    }
}
