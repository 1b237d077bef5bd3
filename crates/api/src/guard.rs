//! Admits calls: identifies the caller by the operation's access rule, and counts the call.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::Method;
use http::header::CONTENT_LENGTH;

use super::limits::RateLimit;
use super::route::Operation;
use super::{Access, Api, ApiError, BODY_LIMIT, Caller};

/// The access rules of all operations.
pub(super) struct Guard {
    api: Arc<Api>,
    rules: BTreeMap<String, Vec<(Method, Access)>>,
}

impl Guard {
    pub(super) fn new(api: Arc<Api>, operations: &[Operation]) -> Self {
        let mut rules: BTreeMap<String, Vec<(Method, Access)>> = BTreeMap::new();
        for operation in operations {
            let rule = (operation.method.clone(), operation.access.clone());
            rules.entry(operation.path.clone()).or_default().push(rule);
        }
        Self { api, rules }
    }

    /// Returns the rule of an operation. `HEAD` is answered wherever `GET` is, with the same rights.
    fn rule(&self, path: &str, method: &Method) -> Option<&Access> {
        let method = if method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let mut rules = self.rules.get(path)?.iter();
        rules.find(|(m, _)| m == method).map(|(_, access)| access)
    }

    /// Returns the methods that a path takes.
    fn methods(&self, path: &str) -> String {
        let rules = self.rules.get(path).into_iter().flatten();
        let methods: Vec<&str> = rules.map(|(method, _)| method.as_str()).collect();
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
    let Some(access) = guard.rule(path.as_str(), request.method()) else {
        return ApiError::method(&guard.methods(path.as_str())).into_response();
    };
    if announces_too_much(&request) {
        return ApiError::too_large().into_response();
    }
    let (mut head, body) = request.into_parts();
    let caller = match guard.api.identify(access, &head).await {
        Ok(caller) => caller,
        Err(e) => return e.into_response(),
    };
    // A call that is refused is counted too.
    let rate_limit = match &caller {
        Caller::Member(member) => Some(guard.api.count(member).await),
        Caller::Anyone | Caller::Operator => None,
    };
    let within_limit = rate_limit.map_or(Ok(()), RateLimit::check);
    let admitted = within_limit.and_then(|()| access.admits(&caller));
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

/// Tells whether the request says that its body is too large. It is believed, so that nobody has to wait for the body.
fn announces_too_much(request: &Request) -> bool {
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    length.is_some_and(|length| length > BODY_LIMIT)
}
