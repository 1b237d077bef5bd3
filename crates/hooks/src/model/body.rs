//! The body that receivers get, the same bytes at every attempt. It is stored once for all hooks that want an event.
//! Contract: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#payload-structure>.

use serde_json::{Value as Json, json};
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::table::{Item, RowKey, Rows, TableError, Write};
use tidegate_slack::ids::TenantId;

use super::rows;
use super::stored::readable;

/// The most bytes of a body in one row. A DynamoDB item holds 400 kB, with names and keys.
const PART_BYTES: usize = 350_000;

/// Returns the body of an event: `type`, `timestamp` in RFC 3339, and `data`.
pub(crate) fn of_event(
    kind: &str,
    at: Timestamp,
    tenant: &TenantId,
    event_id: &str,
    event: &Json,
) -> Vec<u8> {
    let moment = jiff::Timestamp::from_millisecond(at.millis()).unwrap_or_default();
    let data = json!({"tenant": tenant.as_str(), "event_id": event_id, "event": event});
    let body = json!({"type": kind, "timestamp": moment.to_string(), "data": data});
    body.to_string().into_bytes()
}

/// Makes the writes that store a body until `expires_at`.
pub(crate) fn store(event_id: &str, body: &[u8], expires_at: Timestamp) -> Vec<Write<RowKey>> {
    let parts = body.chunks(PART_BYTES);
    let count = i64::try_from(parts.len()).unwrap_or(i64::MAX);
    let put = |(n, part): (usize, &[u8])| {
        let row = Item::new()
            .sealed("body", part)
            .with("parts", count)
            .with("expires_at", expires_at.seconds());
        Write::put(rows::body(event_id, n), row)
    };
    parts.enumerate().map(put).collect()
}

/// Loads a body. `None` if it has expired or cannot be read.
pub(crate) async fn load(rows: &Rows, event_id: &str) -> Result<Option<Vec<u8>>, TableError> {
    readable(load_parts(rows, event_id).await)
}

async fn load_parts(rows: &Rows, event_id: &str) -> Result<Option<Vec<u8>>, TableError> {
    let Some(first) = rows.get(&rows::body(event_id, 0)).await? else {
        return Ok(None);
    };
    let parts = usize::try_from(first.number("parts").unwrap_or(1)).unwrap_or(1);
    let Some(mut body) = first.opened("body").map(<[u8]>::to_vec) else {
        return Ok(None);
    };
    for n in 1..parts {
        let part = rows.get(&rows::body(event_id, n)).await?;
        match part.as_ref().and_then(|part| part.opened("body")) {
            Some(part) => body.extend_from_slice(part),
            None => return Ok(None),
        }
    }
    Ok(Some(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_has_the_shape_that_the_specification_recommends() {
        let event = json!({"type": "app_mention", "channel": "C1"});
        let at = Timestamp(1_700_000_000_123);
        let body = of_event("slack.app_mention", at, &"T1".into(), "Ev1", &event);
        let body: Json = serde_json::from_slice(&body).unwrap();
        let expected = json!({
            "type": "slack.app_mention", "timestamp": "2023-11-14T22:13:20.123Z",
            "data": {"tenant": "T1", "event_id": "Ev1", "event": event},
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn a_large_body_is_stored_in_parts_that_fit_a_row() {
        let body = vec![b'x'; 2 * PART_BYTES + 1];
        assert_eq!(store("Ev1", &body, Timestamp(0)).len(), 3);
        assert_eq!(store("Ev1", b"{}", Timestamp(0)).len(), 1);
    }
}
