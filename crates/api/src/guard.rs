//! Admits calls: identifies the caller by the operation's access rule, and counts the call.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use http::header::CONTENT_LENGTH;
use http::request::Parts;

use super::limits::RateLimit;
use super::query::Query;
use super::route::Operation;
use super::{Access, Api, ApiError, BODY_LIMIT, Caller};

/// The rules of all operations.
pub(super) struct Guard {
    api: Arc<Api>,
    rules: BTreeMap<String, Vec<Operation>>,
}

impl Guard {
    pub(super) fn new(api: Arc<Api>, operations: &[Operation]) -> Self {
        let mut rules: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
        for operation in operations {
            let path = operation.path.clone();
            rules.entry(path).or_default().push(operation.clone());
        }
        Self { api, rules }
    }

    /// Returns the operation of a call. `HEAD` is answered wherever `GET` is, with the same rights.
    fn operation(&self, path: &str, method: &Method) -> Option<&Operation> {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let mut rules = self.rules.get(path)?.iter();
        rules.find(|operation| operation.method == method)
    }

    /// Returns the methods that a path takes.
    fn methods(&self, path: &str) -> String {
        let rules = self.rules.get(path).into_iter().flatten();
        let methods: Vec<&str> = rules.map(|operation| operation.method.as_str()).collect();
        methods.join(", ")
    }
}

/// Lets an admitted call through to its handler, with its [`Caller`] in the extensions.
pub(super) async fn admit(
    State(guard): State<Arc<Guard>>,
    path: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let Some(operation) = guard.operation(path.as_str(), request.method()) else {
        return ApiError::method(&guard.methods(path.as_str())).into_response();
    };
    if announces_too_much(&request) {
        return ApiError::too_large().into_response();
    }
    let (mut head, body) = request.into_parts();
    let caller = match guard.api.identify(&operation.access, &head).await {
        Ok(caller) => caller,
        Err(e) => return e.into_response(),
    };
    // A call that is refused is counted too.
    let rate_limit = match &caller {
        Caller::Member(member) => Some(guard.api.count(member).await),
        Caller::Anyone | Caller::Operator => None,
    };
    let within_limit = rate_limit.map_or(Ok(()), RateLimit::check);
    let admitted = within_limit
        .and_then(|()| operation.access.admits(&caller))
        .and_then(|()| check_names(operation, &caller, &head));
    head.extensions.insert(caller);
    let mut response = match admitted {
        Ok(()) => next.run(Request::from_parts(head, body)).await,
        Err(e) => e.into_response(),
    };
    if let Some(rate_limit) = rate_limit {
        rate_limit.write_headers(&mut response);
    }
    response
}

/// Fails if the query has a parameter that the operation does not take. A public operation is open to people's browsers and to
/// Slack, which may add parameters of their own. A member may always name `tenant`, which [`Call`](super::Call) compares with the
/// credential.
fn check_names(operation: &Operation, caller: &Caller, head: &Parts) -> Result<(), ApiError> {
    if operation.access == Access::Public {
        return Ok(());
    }
    let mut names = operation.query.clone();
    if matches!(caller, Caller::Member(_)) {
        names.push("tenant".to_owned());
    }
    Query::of(head.uri.query().unwrap_or_default()).must_have_only(&names)
}

/// Tells whether the request says that its body is too large. It is believed, so that nobody has to wait for the body.
fn announces_too_much(request: &Request) -> bool {
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    length.is_some_and(|length| length > BODY_LIMIT)
}
