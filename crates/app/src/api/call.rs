//! One call of a route: what was sent, and by whom.

use bytes::Bytes;
use http::request::Parts;
use tidegate_slack::ids::TenantId;

use super::Refused;
use super::route::Named;

/// Who calls, as the credential says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody that we know: the route is public.
    Anyone,
    /// Whoever has the operator key.
    Operator,
}

/// One call, matched to its route and admitted. It is not shown: headers and body hold credentials.
pub struct Call {
    /// Names the call in the log and in errors.
    pub request_id: String,
    /// Who calls.
    pub caller: Caller,
    /// The query string.
    pub query: Parameters,
    /// Method, path and headers.
    pub head: Parts,
    /// The body as it came.
    pub body: Bytes,
    pub(super) parameters: Named,
}

impl Call {
    /// The part of the path that stands for `{name}`.
    pub fn path(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(n, _)| *n == name);
        found.map_or("", |(_, value)| value)
    }
}

/// A query string or a form, decoded.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes it; whatever bytes come, something comes of them.
    pub fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The first value of that name that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, v)| n == name && !v.is_empty())
            .map(|(_, v)| v.as_str())
    }

    /// The tenant that an operator names.
    pub fn tenant(&self) -> Option<TenantId> {
        self.get("tenant").map(TenantId::from)
    }

    /// A whole number, if there is one of that name.
    pub fn number(&self, name: &str) -> Result<Option<i64>, Refused> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number = text
            .parse()
            .map_err(|_| Refused::bad(format!("`{name}` takes a whole number")))?;
        Ok(Some(number))
    }
}
