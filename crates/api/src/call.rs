//! One call of a route: the request and its caller.

use std::sync::Arc;

use axum::RequestPartsExt as _;
use axum::body::to_bytes;
use axum::extract::{FromRequest, RawPathParams, Request};
use bytes::Bytes;
use http::Method;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;
use tidegate_pipeline::audit::Actor;
use tidegate_slack::ids::{TenantId, UserId};
use tidegate_slack::tenant::is_id;

use super::query::{OfTenant, OnlyOf, Paging, Query};
use super::router::RequestId;
use super::{Api, ApiError, BODY_LIMIT, Scope, body};

/// The header with which a repeat of a call is recognized.
pub(super) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The longest idempotency key, in characters.
pub(super) const MAX_IDEMPOTENCY_KEY: usize = 200;

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
    /// Method, path and headers.
    pub head: Parts,
    /// The raw body, at most [`BODY_LIMIT`] bytes.
    pub body: Bytes,
    /// The header `Idempotency-Key`: 1 to 200 plain characters.
    pub idempotency_key: Option<String>,
    query: Query,
    parameters: Vec<(String, String)>,
}

impl Call {
    /// Returns the part of the path that stands for `{name}`, or an empty text if the route has no such name.
    pub fn path(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(n, _)| n == name);
        found.map_or("", |(_, value)| value)
    }

    /// Reads the query string, or reports every field that does not fit. Those that the type does not have are left alone: another
    /// type may have them, and the API has refused those that the operation does not take.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        self.query.read()
    }

    /// Reads `limit` and `after` of the query string.
    pub fn paging<const DEFAULT: i64, const MOST: i64>(
        &self,
    ) -> Result<Paging<DEFAULT, MOST>, ApiError> {
        Paging::of(&self.query)
    }

    /// Reads the body, which has to be there, as JSON. Fails with `unsupported_media_type` or `bad_request`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let content_type = self.head.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let essence = content_type.and_then(|value| value.split(';').next());
        if !essence.is_some_and(|e| e.trim().eq_ignore_ascii_case("application/json")) {
            return Err(ApiError::media_type());
        }
        body::read(&self.body)
    }

    /// Reads the body as JSON, or a call without a body as an object without fields.
    pub fn json_if_any<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        if self.body.is_empty() {
            return body::read(&self.body);
        }
        self.json()
    }

    /// Returns the tenant that the call is about: a member's own, or the one that an operator names in the query.
    pub fn tenant(&self) -> Result<TenantId, ApiError> {
        let OfTenant { tenant } = self.query()?;
        match (&self.caller, &tenant) {
            (_, Some(named)) => self.tenant_named(named),
            (Caller::Member(member), None) => Ok(member.tenant.clone()),
            (Caller::Operator, None) => Err(ApiError::field(
                "tenant",
                "is needed: it names the workspace or organisation",
            )),
            (Caller::Anyone, None) => Err(nobodys()),
        }
    }

    /// Returns the tenant to which an operator's call about all of them keeps. `None` if it names none.
    pub(super) fn only_tenant(&self) -> Result<Option<TenantId>, ApiError> {
        let OnlyOf { tenant } = self.query()?;
        match tenant {
            Some(named) if named == TenantId::unreadable().as_str() => Ok(Some(named.into())),
            Some(named) => self.tenant_named(&named).map(Some),
            None => Ok(None),
        }
    }

    /// Returns the tenant that the call names. A member may name no tenant but its own.
    pub fn tenant_named(&self, named: &str) -> Result<TenantId, ApiError> {
        match &self.caller {
            Caller::Member(member) if named == member.tenant.as_str() => Ok(member.tenant.clone()),
            Caller::Member(_) => Err(ApiError::other_tenant()),
            Caller::Operator if is_id(named) => Ok(named.into()),
            Caller::Operator => Err(ApiError::field(
                "tenant",
                "takes the id of a workspace or organisation",
            )),
            Caller::Anyone => Err(nobodys()),
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
            query: Query::of(head.uri.query().unwrap_or_default()),
            parameters: parameters.collect(),
            idempotency_key: idempotency_key(&head)?,
            head,
            body: body.map_err(|_| ApiError::too_large())?,
        };
        if let Caller::Member(member) = &call.caller {
            call.refuse_other_tenants(member)?;
        }
        Ok(call)
    }
}

/// The error for a public route that asks whose it is. That is a defect of ours.
fn nobodys() -> ApiError {
    ApiError::Internal("a public route asks whose it is".to_owned())
}

fn idempotency_key(head: &Parts) -> Result<Option<String>, ApiError> {
    let counts = head.method == Method::POST;
    let Some(value) = head.headers.get(IDEMPOTENCY_KEY).filter(|_| counts) else {
        return Ok(None);
    };
    let key = value.to_str().map(str::trim).unwrap_or_default();
    if key.is_empty() || key.len() > MAX_IDEMPOTENCY_KEY {
        let words = format!("takes 1 to {MAX_IDEMPOTENCY_KEY} plain characters");
        return Err(ApiError::field(IDEMPOTENCY_KEY, &words));
    }
    Ok(Some(key.to_owned()))
}
