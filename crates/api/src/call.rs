//! One call of a route: what was sent, and by whom.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::table::Cursor;
use tidegate_slack::ids::{TenantId, UserId};
use tidegate_slack::tenant::is_id;

use super::route::Named;
use super::{Refused, Scope};

/// Who calls, as the credential says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// Nobody that we know: the route is public.
    Anyone,
    /// Whoever has the operator key.
    Operator,
    /// A program or a person of one workspace.
    Member(Member),
}

/// A program or a person of one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Whose data it may see: the credential says so, and nothing else can.
    pub tenant: TenantId,
    /// Who it is within the workspace.
    pub who: Who,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// What its calls are counted by: no other credential of the workspace has this name.
    pub credential: String,
}

/// Who calls within a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The API key with this id.
    Key(String),
    /// This person, by a session in the browser.
    Person(UserId),
}

impl Member {
    /// Refuses what the credential was not given.
    pub fn must_have(&self, scope: &Scope) -> Result<(), Refused> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        Err(Refused::forbidden(format!(
            "this credential lacks the scope `{scope}`"
        )))
    }
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

    /// The body, which has to be JSON of that shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        let content_type = self.head.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let essence = content_type.and_then(|value| value.split(';').next());
        if !essence.is_some_and(|e| e.trim().eq_ignore_ascii_case("application/json")) {
            return Err(Refused::media_type());
        }
        serde_json::from_slice(&self.body)
            .map_err(|e| Refused::bad(format!("the body does not fit: {e}")))
    }

    /// Whose data the call is about. A member's is its own, and naming another is refused; an operator names one.
    pub fn tenant(&self, named: Option<&str>) -> Result<TenantId, Refused> {
        match &self.caller {
            Caller::Member(member) if named.is_none_or(|n| n == member.tenant.as_str()) => {
                Ok(member.tenant.clone())
            }
            Caller::Member(_) => Err(Refused::another_workspace()),
            Caller::Operator => match named {
                Some(named) if is_id(named) => Ok(named.into()),
                Some(_) => Err(Refused::bad(
                    "`tenant` takes the id of a workspace or organisation",
                )),
                None => Err(Refused::bad(
                    "name the workspace or organisation with `tenant`",
                )),
            },
            Caller::Anyone => Err(Refused::Ours("a public route asks whose it is".to_owned())),
        }
    }

    /// The member who calls: of a route that is open to members only.
    pub fn member(&self) -> Result<&Member, Refused> {
        match &self.caller {
            Caller::Member(member) => Ok(member),
            _ => Err(Refused::Ours("a handler for members has none".to_owned())),
        }
    }

    /// Who acts, for the audit trail.
    pub fn actor(&self) -> Actor {
        match &self.caller {
            Caller::Anyone => Actor::System,
            Caller::Operator => Actor::Operator,
            Caller::Member(member) => match &member.who {
                Who::Key(id) => Actor::Key(id.clone()),
                Who::Person(user) => Actor::Person(user.clone()),
            },
        }
    }

    /// Refuses a member's call that names another workspace, whether or not its route looks at that.
    pub(super) fn stays_at_home(&self, member: &Member) -> Result<(), Refused> {
        #[derive(serde::Deserialize)]
        struct Names {
            tenant: Option<serde_json::Value>,
        }
        let in_body = serde_json::from_slice(&self.body).ok();
        let in_body = in_body.and_then(|names: Names| names.tenant);
        let own = member.tenant.as_str();
        let strays = self.query.all("tenant").any(|named| named != own)
            || in_body.is_some_and(|named| named != own);
        if strays {
            return Err(Refused::another_workspace());
        }
        Ok(())
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

    /// Every value of that name that is not empty.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self
            .0
            .iter()
            .filter(move |(n, v)| n == name && !v.is_empty());
        named.map(|(_, v)| v.as_str())
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

    /// How many are asked for, within bounds.
    pub fn limit(&self, default: usize, most: usize) -> Result<usize, Refused> {
        match self.number("limit")?.map_or(Ok(default), usize::try_from) {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => Err(Refused::bad(format!(
                "`limit` takes a number from 1 to {most}"
            ))),
        }
    }

    /// Where to go on, as the page before told.
    pub fn cursor(&self, name: &str) -> Result<Option<Cursor>, Refused> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let cursor = Cursor::decode(text);
        let cursor =
            cursor.ok_or_else(|| Refused::bad(format!("`{name}` takes the `next` of a page")))?;
        Ok(Some(cursor))
    }
}
