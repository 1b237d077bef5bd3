//! One call of a route: the request and its caller.

use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::body::to_bytes;
use axum::extract::{FromRequest, RawPathParams, Request};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;
use tidegate_pipeline::audit::Actor;
use tidegate_pipeline::table::Cursor;
use tidegate_slack::ids::{TenantId, UserId};
use tidegate_slack::tenant::is_id;

use super::router::RequestId;
use super::{Api, ApiError, BODY_LIMIT, Scope};

/// The caller, as identified by the credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// An unknown caller of a public route.
    Anyone,
    /// The holder of the operator key.
    Operator,
    /// A program or a person of one workspace.
    Member(Member),
}

/// A program or a person of one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The workspace whose data it may see. Only the credential decides this.
    pub tenant: TenantId,
    /// The API key or the person behind the credential.
    pub identity: Identity,
    /// The scopes of the credential.
    pub scopes: Vec<Scope>,
    /// The name under which calls are counted, such as `key 0123456789abcdef`. It is unique in the workspace.
    pub credential: String,
}

/// A key or a person of one workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The API key with this id.
    Key(String),
    /// The person who is signed in with a browser session.
    Person(UserId),
}

impl Member {
    /// Fails with `forbidden` if the credential lacks the scope.
    pub fn must_have(&self, scope: &Scope) -> Result<(), ApiError> {
        if self.scopes.contains(scope) {
            return Ok(());
        }
        Err(ApiError::forbidden(format!(
            "this credential lacks the scope `{scope}`"
        )))
    }
}

/// One call, matched to its route and admitted. It has no `Debug` output, because headers and body hold credentials.
pub struct Call {
    /// The id of the call in the log and in error bodies.
    pub request_id: String,
    /// The caller that the credential identifies.
    pub caller: Caller,
    /// The decoded query string.
    pub query: Parameters,
    /// Method, path and headers.
    pub head: Parts,
    /// The raw body, at most [`BODY_LIMIT`] bytes.
    pub body: Bytes,
    parameters: Vec<(String, String)>,
}

impl Call {
    /// Returns the part of the path that stands for `{name}`, or an empty text if the route has no such name.
    pub fn path(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    /// Parses the body as JSON. Fails with `unsupported_media_type` or `bad_request`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let content_type = self.head.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let essence = content_type.and_then(|value| value.split(';').next());
        if !essence.is_some_and(|e| e.trim().eq_ignore_ascii_case("application/json")) {
            return Err(ApiError::media_type());
        }
        serde_json::from_slice(&self.body)
            .map_err(|e| ApiError::bad(format!("the body does not fit: {e}")))
    }

    /// Returns the tenant that the call is about. A member may name no tenant but its own; an operator must name one.
    pub fn tenant(&self, named: Option<&str>) -> Result<TenantId, ApiError> {
        match &self.caller {
            Caller::Member(member) if named.is_none_or(|n| n == member.tenant.as_str()) => {
                Ok(member.tenant.clone())
            }
            Caller::Member(_) => Err(ApiError::other_tenant()),
            Caller::Operator => match named {
                Some(named) if is_id(named) => Ok(named.into()),
                Some(_) => Err(ApiError::bad(
                    "`tenant` takes the id of a workspace or organisation",
                )),
                None => Err(ApiError::bad(
                    "name the workspace or organisation with `tenant`",
                )),
            },
            Caller::Anyone => Err(ApiError::Internal(
                "a public route asks whose it is".to_owned(),
            )),
        }
    }

    /// Returns the calling member. Only routes that are open to members alone may ask.
    pub fn member(&self) -> Result<&Member, ApiError> {
        match &self.caller {
            Caller::Member(member) => Ok(member),
            _ => Err(ApiError::Internal(
                "a handler for members has none".to_owned(),
            )),
        }
    }

    /// Returns the caller as the audit trail records it.
    pub fn actor(&self) -> Actor {
        match &self.caller {
            Caller::Anyone => Actor::System,
            Caller::Operator => Actor::Operator,
            Caller::Member(member) => match &member.identity {
                Identity::Key(id) => Actor::Key(id.clone()),
                Identity::Person(user) => Actor::Person(user.clone()),
            },
        }
    }

    /// Fails if a member's call names another workspace, in the query or the body, even if the route ignores that field.
    pub(super) fn refuse_other_tenants(&self, member: &Member) -> Result<(), ApiError> {
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
            return Err(ApiError::other_tenant());
        }
        Ok(())
    }
}

impl FromRequest<Arc<Api>> for Call {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &Arc<Api>) -> Result<Self, ApiError> {
        let (mut head, body) = request.into_parts();
        let missing = || ApiError::Internal("a call came past the router's layers".to_owned());
        let caller = head.extensions.remove().ok_or_else(missing)?;
        let RequestId(request_id) = head.extensions.remove().ok_or_else(missing)?;
        let parameters = head.extract::<RawPathParams>().await;
        let parameters = parameters.map_err(|_| ApiError::bad("the path is not valid UTF-8"))?;
        let parameters = parameters.iter();
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let body = to_bytes(body, BODY_LIMIT).await;
        let call = Self {
            request_id,
            caller,
            query: Parameters::parse(head.uri.query().unwrap_or_default().as_bytes()),
            parameters: parameters.collect(),
            head,
            body: body.map_err(|_| ApiError::too_large())?,
        };
        if let Caller::Member(member) = &call.caller {
            call.refuse_other_tenants(member)?;
        }
        Ok(call)
    }
}

/// The decoded fields of a query string or a form, in order.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Decodes the bytes. This never fails: invalid UTF-8 becomes U+FFFD.
    pub fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// Returns the first value of that name that is not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, v)| n == name && !v.is_empty())
            .map(|(_, v)| v.as_str())
    }

    /// Returns every value of that name that is not empty.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self
            .0
            .iter()
            .filter(move |(n, v)| n == name && !v.is_empty());
        named.map(|(_, v)| v.as_str())
    }

    /// Returns the tenant that an operator names in `tenant`.
    pub fn tenant(&self) -> Option<TenantId> {
        self.get("tenant").map(TenantId::from)
    }

    /// Parses a whole number. `Ok(None)` if the field is missing or empty.
    pub fn number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number = text
            .parse()
            .map_err(|_| ApiError::bad(format!("`{name}` takes a whole number")))?;
        Ok(Some(number))
    }

    /// Parses a Unix time in seconds, up to the year 9999. `Ok(None)` if the field is missing or empty.
    pub fn second(&self, name: &str) -> Result<Option<i64>, ApiError> {
        const LAST: i64 = 253_402_300_799;
        let second = self.number(name)?;
        if second.is_some_and(|second| !(0..=LAST).contains(&second)) {
            let message = format!("`{name}` takes a Unix time in seconds, from 0 to {LAST}");
            return Err(ApiError::bad(message));
        }
        Ok(second)
    }

    /// Returns `limit`, or `default` if it is missing. Fails outside of 1 to `most`.
    pub fn limit(&self, default: usize, most: usize) -> Result<usize, ApiError> {
        match self.number("limit")?.map_or(Ok(default), usize::try_from) {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => Err(ApiError::bad(format!(
                "`limit` takes a number from 1 to {most}"
            ))),
        }
    }

    /// Returns the cursor that an earlier page gave as `next`.
    pub fn cursor(&self, name: &str) -> Result<Option<Cursor>, ApiError> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let cursor = Cursor::decode(text);
        let cursor =
            cursor.ok_or_else(|| ApiError::bad(format!("`{name}` takes the `next` of a page")))?;
        Ok(Some(cursor))
    }
}
