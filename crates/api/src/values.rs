//! Values of requests that fit their bounds, and that describe these bounds in the OpenAPI document.

mod line;

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

pub use self::line::Line;

/// A text of `LEAST` to `MOST` characters, without the spaces around it. Spaces around it do not count as characters if it has to
/// have some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<const LEAST: usize, const MOST: usize>(String);

impl<const LEAST: usize, const MOST: usize> Text<LEAST, MOST> {
    /// Returns the text.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Returns the text. `None` if it is empty.
    pub fn given(self) -> Option<String> {
        Some(self.0).filter(|text| !text.is_empty())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de, const LEAST: usize, const MOST: usize> Deserialize<'de> for Text<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<const LEAST: usize, const MOST: usize>;

        impl<const LEAST: usize, const MOST: usize> Visitor<'_> for Reader<LEAST, MOST> {
            type Value = Text<LEAST, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&takes("a text", LEAST, MOST))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                let trimmed = text.trim();
                if text.chars().count() > MOST {
                    return Err(E::custom(format!("takes {MOST} characters at most")));
                }
                if trimmed.chars().count() < LEAST {
                    return Err(E::custom("must not be empty"));
                }
                Ok(Text(trimmed.to_owned()))
            }
        }

        deserializer.deserialize_str(Reader)
    }
}

impl<const LEAST: usize, const MOST: usize> PartialSchema for Text<LEAST, MOST> {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .max_length(Some(MOST));
        if LEAST == 0 {
            return schema.into();
        }
        // At least one character that is no space.
        schema.min_length(Some(LEAST)).pattern(Some("\\S")).into()
    }
}

impl<const LEAST: usize, const MOST: usize> ToSchema for Text<LEAST, MOST> {
    fn name() -> Cow<'static, str> {
        format!("Text{LEAST}To{MOST}").into()
    }
}

/// Says what a text takes: "a text of 1 to 100 characters".
fn takes(what: &str, least: usize, most: usize) -> String {
    match least {
        0 => format!("{what} of at most {most} characters"),
        least => format!("{what} of {least} to {most} characters"),
    }
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<const LEAST: i64, const MOST: i64>(i64);

impl<const LEAST: i64, const MOST: i64> Whole<LEAST, MOST> {
    /// Returns the number.
    pub fn get(self) -> i64 {
        self.0
    }

    /// Returns the number as another type. Only bounds that fit that type may be used with it.
    pub fn to<T: TryFrom<i64> + Default>(self) -> T {
        T::try_from(self.0).unwrap_or_default()
    }
}

impl<'de, const LEAST: i64, const MOST: i64> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<const LEAST: i64, const MOST: i64>;

        impl<const LEAST: i64, const MOST: i64> Reader<LEAST, MOST> {
            fn check<E: Error>(number: Option<i64>) -> Result<Whole<LEAST, MOST>, E> {
                let number = number.filter(|number| (LEAST..=MOST).contains(number));
                number
                    .map(Whole)
                    .ok_or_else(|| E::custom(format!("takes {}", number_words(LEAST, MOST))))
            }
        }

        impl<const LEAST: i64, const MOST: i64> Visitor<'_> for Reader<LEAST, MOST> {
            type Value = Whole<LEAST, MOST>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&number_words(LEAST, MOST))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Self::check(Some(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                Self::check(i64::try_from(number).ok())
            }

            /// In JSON, `1.0` is a whole number too.
            fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "a number outside of i64 becomes its edge, which is out of bounds or not whole"
                )]
                let whole = number as i64;
                Self::check((number.fract() == 0.0).then_some(whole))
            }
        }

        deserializer.deserialize_i64(Reader)
    }
}

impl<const LEAST: i64, const MOST: i64> PartialSchema for Whole<LEAST, MOST> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(LEAST))
            .maximum(Some(MOST))
            .into()
    }
}

impl<const LEAST: i64, const MOST: i64> ToSchema for Whole<LEAST, MOST> {
    fn name() -> Cow<'static, str> {
        format!("Whole{LEAST}To{MOST}").into()
    }
}

/// Says what a number takes: "a whole number from 1 to 100".
fn number_words(least: i64, most: i64) -> String {
    if most == LAST_SECOND {
        return "a Unix time in seconds, from 1970 to the end of 9999".to_owned();
    }
    format!("a whole number from {least} to {most}")
}

/// A Unix time in seconds, from 1970 to the end of the year 9999.
pub type Second = Whole<0, LAST_SECOND>;

const LAST_SECOND: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_text_fits_without_the_spaces_around_it() {
        let read = |value: Value| serde_json::from_value::<Text<1, 3>>(value);
        assert_eq!(read(json!(" ä ")).unwrap().into_string(), "ä");
        for (value, message) in [
            (json!("abcd"), "takes 3 characters at most"),
            (json!("  "), "must not be empty"),
            (json!(""), "must not be empty"),
            (
                json!(1),
                "invalid type: integer `1`, expected a text of 1 to 3 characters",
            ),
        ] {
            assert_eq!(read(value).unwrap_err().to_string(), message);
        }
        let optional = serde_json::from_value::<Text<0, 3>>(json!(" ")).unwrap();
        assert_eq!(optional.given(), None);
    }

    #[test]
    fn a_number_is_whole_and_within_its_bounds() {
        let read = |value: Value| serde_json::from_value::<Whole<1, 10>>(value);
        for (value, number) in [(json!(1), 1), (json!(10), 10), (json!(2.0), 2)] {
            assert_eq!(read(value).unwrap().get(), number);
        }
        for value in [
            json!(0),
            json!(11),
            json!(1.5),
            json!(1e300),
            json!(-1),
            json!(u64::MAX),
        ] {
            let message = read(value).unwrap_err().to_string();
            assert_eq!(message, "takes a whole number from 1 to 10");
        }
        let message = read(json!("3")).unwrap_err().to_string();
        assert_eq!(
            message,
            "invalid type: string \"3\", expected a whole number from 1 to 10"
        );
    }
}
