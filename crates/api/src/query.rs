//! Reads query strings into the types that the OpenAPI document describes.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use tidegate_pipeline::documents::input::{MOST, Problem, segment};
use tidegate_pipeline::documents::misfit::misfit;
use tidegate_pipeline::table::Cursor;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::{IntoParams, PartialSchema};

use super::{ApiError, values::Whole};

/// What a parameter `after` takes.
pub(super) const NO_CURSOR: &str = "takes the `next` of a page of this list";

/// The decoded query string of a request. A field that is empty counts as left out.
pub(super) struct Query(String);

impl Query {
    /// Decodes a query string. This never fails: invalid UTF-8 becomes U+FFFD.
    pub(super) fn of(raw: &str) -> Self {
        let mut given = form_urlencoded::Serializer::new(String::new());
        let fields = form_urlencoded::parse(raw.as_bytes());
        given.extend_pairs(fields.filter(|(_, value)| !value.is_empty()));
        Self(given.finish())
    }

    /// Reads the fields that a type has, or reports every one that does not fit. Other fields are left alone.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        self.parse().map_err(|problems| refused(&problems))
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, Vec<Problem>> {
        let mut text = self.0.clone();
        let mut problems: Vec<Problem> = Vec::new();
        loop {
            let reader =
                serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
            let problem = match serde_path_to_error::deserialize(reader) {
                Ok(read) if problems.is_empty() => return Ok(read),
                Ok(_) => return Err(problems),
                Err(e) => misfit(&e),
            };
            // A field that was taken out for another problem is missing now.
            let is_known = problems.iter().any(|known| known.path == problem.path);
            let rest = without(&text, &problem.path);
            if !is_known {
                problems.push(problem);
            }
            if rest.len() == text.len() || problems.len() == MOST {
                return Err(problems);
            }
            text = rest;
        }
    }

    /// Fails if there is a field with another name than these.
    pub(super) fn must_have_only(&self, names: &[String]) -> Result<(), ApiError> {
        let mut unknown: Vec<Problem> = Vec::new();
        for (name, _) in form_urlencoded::parse(self.0.as_bytes()) {
            let is_taken = names.iter().any(|taken| *taken == name);
            let problem = Problem::new(segment(&name), "is no parameter of this operation");
            if !is_taken && !unknown.contains(&problem) {
                unknown.push(problem);
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        Err(refused(&unknown))
    }

    /// Returns every value of that name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = String> {
        let fields = form_urlencoded::parse(self.0.as_bytes());
        let named = fields.filter(move |(n, _)| n == name);
        named.map(|(_, value)| value.into_owned())
    }
}

/// Returns the fields of a query string that have another name.
fn without(text: &str, name: &str) -> String {
    let fields = form_urlencoded::parse(text.as_bytes());
    let mut rest = form_urlencoded::Serializer::new(String::new());
    rest.extend_pairs(fields.filter(|(n, _)| n != name));
    rest.finish()
}

/// The error for parameters that are wrong. The words about a single one follow its name.
fn refused(problems: &[Problem]) -> ApiError {
    match problems {
        [Problem { path, what }] => ApiError::field(path, what),
        problems => ApiError::problems(problems),
    }
}

/// The workspace that a call is about, in its query.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OfTenant {
    /// The id of the workspace. Only the operator key needs it
    pub tenant: Option<String>,
}

/// The workspace that a call of the operator about all of them names.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OnlyOf {
    /// Only what belongs to this workspace or organisation
    pub tenant: Option<String>,
}

/// The part of a list that a call asks for: by default `DEFAULT` entries, and `MOST` at most.
pub struct Paging<const DEFAULT: i64, const MOST: i64> {
    /// The most entries of the page.
    pub limit: usize,
    /// The place in the list after which the page begins. `None` for the beginning of the list.
    pub after: Option<Cursor>,
}

#[derive(Deserialize)]
struct Limit<const MOST: i64> {
    limit: Option<Whole<1, MOST>>,
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

impl<const DEFAULT: i64, const MOST: i64> Paging<DEFAULT, MOST> {
    pub(super) fn of(query: &Query) -> Result<Self, ApiError> {
        let mut problems = Vec::new();
        let limit = query.parse::<Limit<MOST>>();
        let limit = limit.map_err(|found| problems.extend(found));
        let after = query.parse::<After>().map(|After { after }| after);
        let after = after.map_err(|found| problems.extend(found));
        let after = after.ok().flatten().and_then(|text| {
            let cursor = Cursor::decode(&text);
            if cursor.is_none() {
                problems.push(Problem::new("after", NO_CURSOR));
            }
            cursor
        });
        if !problems.is_empty() {
            return Err(refused(&problems));
        }
        let limit = limit.ok().and_then(|Limit { limit }| limit);
        Ok(Self {
            limit: limit.map_or_else(|| usize::try_from(DEFAULT).unwrap_or_default(), Whole::to),
            after,
        })
    }
}

impl<const DEFAULT: i64, const MOST: i64> IntoParams for Paging<DEFAULT, MOST> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, what: &str, schema| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .description(Some(what))
                .schema(Some(schema))
                .build()
        };
        let text = ObjectBuilder::new().schema_type(Type::String);
        vec![
            parameter(
                "limit",
                &format!("The most entries of the page; {DEFAULT} if it is left out"),
                Whole::<1, MOST>::schema(),
            ),
            parameter("after", "The `next` of the page before", text.into()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the errors matter here")]
    struct Asked {
        days: Option<Whole<1, 31>>,
        all: Option<bool>,
        name: String,
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_name() {
        for (query, field, message) in [
            ("name=a&days=x", "days", "`days` takes a whole number"),
            (
                "name=a&days=32",
                "days",
                "`days` takes a whole number from 1 to 31",
            ),
            (
                "name=a&days=99999999999999999999",
                "days",
                "`days` takes a whole number",
            ),
            (
                "name=a&all=yes&days=x",
                "all",
                "2 problems: `all`: takes `true` or `false`; `days`: takes a whole number",
            ),
            ("name=a&all=yes", "all", "`all` takes `true` or `false`"),
            ("name=", "name", "`name` is needed"),
            ("name=a&name=b", "name", "`name` is there more than once"),
        ] {
            let Err(ApiError::Request(refused)) = Query::of(query).read::<Asked>() else {
                panic!("{query}");
            };
            assert_eq!(refused.message, message, "{query}");
            assert_eq!(refused.field.as_deref(), Some(field), "{query}");
        }
        let query = Query::of("name=a&nmae=b&days=1&nmae=c&=x");
        let names = ["name", "days"].map(str::to_owned);
        let Err(ApiError::Request(refused)) = query.must_have_only(&names) else {
            panic!();
        };
        let (field, message) = (refused.field.unwrap(), refused.message);
        assert_eq!(field, "nmae", "{message}");
        assert_eq!(
            message,
            "2 problems: `nmae`: is no parameter of this operation; `\"\"`: is no parameter of this operation"
        );
        let read = Query::of("name=%ff&days=&other=1&days=&&=").read::<Asked>();
        assert_eq!(read.unwrap().name, "\u{fffd}");
    }
}
