//! Texts of one line.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, Visitor};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::{Text, takes};

/// A [`Text`] of one line: without line breaks and other control characters, which a terminal would act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<const LEAST: usize, const MOST: usize>(Text<LEAST, MOST>);

impl<const LEAST: usize, const MOST: usize> Line<LEAST, MOST> {
    /// Returns the text.
    pub fn into_string(self) -> String {
        self.0.into_string()
    }

    /// Returns the text. `None` if it is empty.
    pub fn given(self) -> Option<String> {
        self.0.given()
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl<'de, const LEAST: usize, const MOST: usize> Deserialize<'de> for Line<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<const LEAST: usize, const MOST: usize>;

        impl<const LEAST: usize, const MOST: usize> Visitor<'_> for Reader<LEAST, MOST> {
            type Value = Line<LEAST, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&takes("one line", LEAST, MOST))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                if text.contains(breaks_line) {
                    return Err(E::custom("takes one line without control characters"));
                }
                Text::deserialize(text.into_deserializer()).map(Line)
            }
        }

        deserializer.deserialize_str(Reader)
    }
}

impl<const LEAST: usize, const MOST: usize> PartialSchema for Line<LEAST, MOST> {
    fn schema() -> RefOr<Schema> {
        let any = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*";
        let pattern = match LEAST {
            0 => format!("^{any}$"),
            // At least one character that is no space.
            _ => format!(r"^{any}[^\s\x00-\x1f\x7f-\x9f\u2028\u2029]{any}$"),
        };
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length((LEAST > 0).then_some(LEAST))
            .max_length(Some(MOST))
            .pattern(Some(pattern))
            .into()
    }
}

impl<const LEAST: usize, const MOST: usize> ToSchema for Line<LEAST, MOST> {
    fn name() -> Cow<'static, str> {
        format!("Line{LEAST}To{MOST}").into()
    }
}

/// Whether a character ends a line or is for a terminal.
fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_line_has_no_control_characters() {
        let read = |value: Value| serde_json::from_value::<Line<1, 9>>(value);
        assert_eq!(read(json!(" ä – 1 ")).unwrap().into_string(), "ä – 1");
        for text in [
            "a\nb",
            "a\r",
            "\u{1b}[31m",
            "\0",
            "a\tb",
            "\u{9b}1m",
            "\u{2028}",
        ] {
            let message = read(json!(text)).unwrap_err().to_string();
            assert_eq!(
                message, "takes one line without control characters",
                "{text:?}"
            );
        }
        let message = read(json!("  ")).unwrap_err().to_string();
        assert_eq!(message, "must not be empty");
        let message = read(json!("aaaaaaaaaa")).unwrap_err().to_string();
        assert_eq!(message, "takes 9 characters at most");
    }
}
