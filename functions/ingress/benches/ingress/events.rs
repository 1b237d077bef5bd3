//! Requests as Slack sends them, signed, in payload format 2.0.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// The signing secret of the run.
pub(crate) const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// Bytes of an event's body; most messages have between 1 and 5 kB.
pub(crate) const BODY_SIZE: usize = 2_500;

/// The body of a message event, `BODY_SIZE` bytes long, with Slack's order of fields and its escapes.
pub(crate) fn message(number: u32) -> String {
    let frame = |text: &str| {
        let ts = format!("{}.{number:06}", 1_767_225_600 + number);
        format!(
            concat!(
                r#"{{"token":"one-long-verification","team_id":"T0TIDEGATE","context_team_id":"T0TIDEGATE","#,
                r#""context_enterprise_id":null,"api_app_id":"A0TIDEGATE","event":{{"type":"message","#,
                r#""user":"U0WRITER01","ts":"{ts}","client_msg_id":"0d1e2f30-4152-4637-8495-a6b7{number:08}","#,
                r#""text":"{text}","team":"T0TIDEGATE","blocks":[{{"type":"rich_text","block_id":"bl0ck","#,
                r#""elements":[{{"type":"rich_text_section","elements":[{{"type":"text","text":"{text}"}},"#,
                r#"{{"type":"emoji","name":"ocean","unicode":"1f30a"}},{{"type":"link","#,
                r#""url":"https:\/\/example.com\/runbooks\/tide"}}]}}]}}],"channel":"C0HARBOUR1","#,
                r#""event_ts":"{ts}","channel_type":"channel"}},"type":"event_callback","#,
                r#""event_id":"Ev0BENCH{number:08}","event_time":{time},"authorizations":[{{"enterprise_id":null,"#,
                r#""team_id":"T0TIDEGATE","user_id":"U0TIDEGATE","is_bot":true,"is_enterprise_install":false}}],"#,
                r#""is_ext_shared_channel":false,"event_context":"4-eyJldCI6Im1lc3NhZ2UiLCJ0aWQiOiJUMCJ9"}}"#
            ),
            ts = ts,
            text = text,
            number = number,
            time = 1_767_225_600 + number,
        )
    };
    let words =
        r"Die Schleuse \u00f6ffnet um zw\u00f6lf \ud83c\udf0a, said \u201cHarbour Control\u201d: ";
    // The text stands there twice, so an odd rest is filled after the end, where JSON allows a blank.
    let room = BODY_SIZE.saturating_sub(frame(words).len());
    let mut body = frame(&format!(
        "{words}{}",
        "tide. ".repeat(room).get(..room / 2).unwrap_or_default()
    ));
    body.extend(std::iter::repeat_n(
        ' ',
        BODY_SIZE.saturating_sub(body.len()),
    ));
    body
}

/// How a request differs from a good one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    /// As Slack does it.
    Well,
    /// The signature is made with another secret.
    Wrongly,
    /// So many seconds ago (before now if negative: in the future).
    Ago(i64),
    /// The request has no signature.
    Not,
}

/// An invocation: payload format 2.0 with a request to `/slack/events`.
pub(crate) fn invocation(
    body: &str,
    signed: Signed,
    more: &[(&str, &str)],
    base64: bool,
) -> Vec<u8> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let mut headers = json!({
        "accept": "*/*", "accept-encoding": "gzip,deflate", "content-length": body.len().to_string(),
        "content-type": "application/json", "host": "bench.execute-api.us-east-1.amazonaws.com",
        "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)", "x-amzn-trace-id": "Root=1-5759e988-bd862e3f",
        "x-forwarded-for": "203.0.113.7", "x-forwarded-port": "443", "x-forwarded-proto": "https",
    });
    let age = if let Signed::Ago(seconds) = signed {
        seconds
    } else {
        0
    };
    let timestamp = now.as_secs().saturating_add_signed(-age).to_string();
    if signed != Signed::Not {
        let secret = if signed == Signed::Wrongly {
            "another secret"
        } else {
            SECRET
        };
        headers["x-slack-signature"] = signature(secret, &timestamp, body).into();
        headers["x-slack-request-timestamp"] = timestamp.into();
    }
    for (name, value) in more {
        headers[name] = (*value).into();
    }
    let body = if base64 {
        BASE64_STANDARD.encode(body)
    } else {
        body.to_owned()
    };
    format_2_0(&headers, &body, base64).to_string().into_bytes()
}

fn format_2_0(headers: &Value, body: &str, base64: bool) -> Value {
    let path = "/slack/events";
    json!({
        "version": "2.0", "routeKey": "POST /slack/events", "rawPath": path, "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012", "apiId": "bench", "domainName": "bench.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": "bench",
            "http": {
                "method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7",
                "userAgent": "Slackbot 1.0 (+https://api.slack.com/robots)"
            },
            "requestId": "JKJaXmPLvHcESHA=", "routeKey": "POST /slack/events", "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_u64
        },
        "body": body, "isBase64Encoded": base64
    })
}

fn signature(secret: &str, timestamp: &str, body: &str) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("v0:{timestamp}:{body}").as_bytes());
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}
