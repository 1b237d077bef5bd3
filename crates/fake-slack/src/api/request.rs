//! The arguments of a call, whichever way they came: query, form or JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use serde_json::{Map, Value};

/// The arguments of one call.
pub(crate) struct Args {
    fields: Map<String, Value>,
    basic: Option<(String, String)>,
}

impl Args {
    pub(crate) fn parse(
        headers: &HeaderMap,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<Self, &'static str> {
        let mut args = Map::new();
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        args.extend(
            pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))),
        );
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        match kind {
            _ if body.is_empty() => {}
            "application/json" => match serde_json::from_slice(body) {
                Ok(Value::Object(fields)) => args.extend(fields),
                Ok(_) => return Err("json_not_object"),
                Err(_) => return Err("invalid_json"),
            },
            "application/x-www-form-urlencoded" => {
                let pairs = form_urlencoded::parse(body);
                args.extend(
                    pairs.map(|(name, value)| {
                        (name.into_owned(), Value::String(value.into_owned()))
                    }),
                );
            }
            _ => return Err("invalid_post_type"),
        }
        Ok(Self {
            fields: args,
            basic: basic(headers),
        })
    }

    /// The user and password of HTTP Basic: the app's client id and secret.
    pub(crate) fn basic(&self) -> Option<(&str, &str)> {
        let (id, secret) = self.basic.as_ref()?;
        Some((id, secret))
    }

    /// A text that is not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        match self.fields.get(name) {
            Some(Value::Bool(set)) => *set,
            Some(Value::String(set)) => set == "true" || set == "1",
            Some(Value::Number(set)) => set.as_u64() == Some(1),
            _ => false,
        }
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        let value = self.fields.get(name)?;
        let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
        usize::try_from(number).ok()
    }

    /// A list or object; in a form it is JSON in a text. `Err` when it is neither.
    pub(crate) fn structure(&self, name: &str) -> Result<Option<Value>, ()> {
        let value = match self.fields.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text).map_err(|_| ())?,
            Some(value) => value.clone(),
        };
        if value.is_array() || value.is_object() {
            Ok(Some(value))
        } else {
            Err(())
        }
    }
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let bytes = STANDARD.decode(value.strip_prefix("Basic ")?.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// One page of a list of `(id, item)`, and the cursor of the next. The cursor names the last item given out.
pub(crate) fn page<T>(
    items: impl Iterator<Item = (String, T)>,
    after: Option<&str>,
    limit: usize,
) -> Result<(Vec<T>, String), &'static str> {
    let after = after.map(read_cursor).transpose()?;
    let mut rest = items
        .skip_while(|(id, _)| after.as_ref().is_some_and(|after| id <= after))
        .peekable();
    let (mut page, mut last) = (Vec::new(), String::new());
    while page.len() < limit
        && let Some((id, item)) = rest.next()
    {
        page.push(item);
        last = id;
    }
    let next = if rest.peek().is_some() {
        write_cursor(&last)
    } else {
        String::new()
    };
    Ok((page, next))
}

pub(crate) fn write_cursor(position: &str) -> String {
    hex::encode(format!("next:{position}"))
}

pub(crate) fn read_cursor(cursor: &str) -> Result<String, &'static str> {
    let text = hex::decode(cursor)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    text.as_deref()
        .and_then(|text| text.strip_prefix("next:"))
        .map(str::to_owned)
        .ok_or("invalid_cursor")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let items = || ["a", "b", "c"].into_iter().map(|id| (id.to_owned(), id));
        let (first, cursor) = page(items(), None, 2).unwrap();
        assert_eq!(first, ["a", "b"]);
        let (second, end) = page(items(), Some(&cursor), 2).unwrap();
        assert_eq!((second.as_slice(), end.as_str()), (["c"].as_slice(), ""));
    }

    #[test]
    fn structures_come_as_json_or_as_text() {
        let headers = HeaderMap::from_iter([(
            header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"),
        )]);
        let args = Args::parse(
            &headers,
            None,
            b"blocks=%5B%5D&limit=7&inclusive=true&text=caf%C3%A9",
        )
        .unwrap();
        assert_eq!(args.structure("blocks"), Ok(Some(Value::Array(Vec::new()))));
        assert_eq!(
            (args.number("limit"), args.flag("inclusive")),
            (Some(7), true)
        );
        assert_eq!(args.text("text"), Some("café"));
        assert_eq!(args.structure("text"), Err(()));
    }
}
