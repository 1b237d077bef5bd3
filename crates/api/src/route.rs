//! Routes: each has a method, a path, an access rule and a handler.

use std::pin::Pin;

use bytes::Bytes;
use http::{Method, Response};

use super::{Api, ApiError, Call, Scope};

/// One route of the API.
pub struct Route {
    /// The HTTP method that the route takes.
    pub method: Method,
    /// The path pattern. `{name}` stands for one segment, which is decoded.
    pub path: &'static str,
    /// The callers that are admitted.
    pub access: Access,
    /// The function that answers the calls.
    pub handler: Handler,
}

/// The callers that a route admits. The API checks this before the handler runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Anyone. The handler does any further check.
    Public,
    /// Only the operator key, for the rows of all tenants.
    Operator,
    /// Programs and people of one workspace that hold the scope, for their own data. The operator key is not admitted.
    Tenant(Scope),
    /// As [`Access::Tenant`], and the operator key for the workspace that it names.
    TenantOrOperator(Scope),
    /// Programs and people of one workspace, with any scopes.
    Member,
}

/// The result of a call: a response, or an error that the API renders.
pub type ApiResult = Result<Response<Bytes>, ApiError>;

/// The future that a handler returns.
pub type HandlerFuture<'a> = Pin<Box<dyn Future<Output = ApiResult> + Send + 'a>>;

/// A function that answers a call: `|api, call| Box::pin(list(api, call))`.
pub type Handler = for<'a> fn(&'a Api, &'a Call) -> HandlerFuture<'a>;

/// The decoded path segments, each with the name that the pattern gives it.
pub(super) type PathParameters = Vec<(&'static str, String)>;

impl Route {
    /// Makes a route that only reads.
    pub const fn get(path: &'static str, access: Access, handler: Handler) -> Self {
        Self::new(Method::GET, path, access, handler)
    }

    /// Makes a route that changes something.
    pub const fn post(path: &'static str, access: Access, handler: Handler) -> Self {
        Self::new(Method::POST, path, access, handler)
    }

    /// Makes a route that stores its body. Repeating the call changes nothing more.
    pub const fn put(path: &'static str, access: Access, handler: Handler) -> Self {
        Self::new(Method::PUT, path, access, handler)
    }

    /// Makes a route that removes something.
    pub const fn delete(path: &'static str, access: Access, handler: Handler) -> Self {
        Self::new(Method::DELETE, path, access, handler)
    }

    const fn new(method: Method, path: &'static str, access: Access, handler: Handler) -> Self {
        Self {
            method,
            path,
            access,
            handler,
        }
    }

    /// Tells whether the route's pattern matches the path.
    pub fn matches(&self, path: &str) -> bool {
        self.named_parts(path).is_some()
    }

    /// Matches the path against the pattern. Returns the decoded named segments, or `None` if the path does not match.
    pub(super) fn named_parts(&self, path: &str) -> Option<PathParameters> {
        let mut parameters = Vec::new();
        let (mut asked, mut own) = (path.split('/'), self.path.split('/'));
        loop {
            match (asked.next(), own.next()) {
                (None, None) => return Some(parameters),
                (Some(part), Some(own)) => match name(own) {
                    Some(name) if !part.is_empty() => parameters.push((name, decoded(part))),
                    None if part == own => {}
                    _ => return None,
                },
                _ => return None,
            }
        }
    }
}

/// Finds the route of a request. Fails with `not_found`, or with `method_not_allowed` if the path has other methods.
pub(super) fn find(
    routes: impl Iterator<Item = &'static Route>,
    method: &Method,
    path: &str,
) -> Result<(&'static Route, PathParameters), ApiError> {
    let mut others = Vec::new();
    for route in routes {
        let Some(parameters) = route.named_parts(path) else {
            continue;
        };
        if route.method == *method {
            return Ok((route, parameters));
        }
        others.push(route.method.as_str());
    }
    if others.is_empty() {
        return Err(ApiError::not_found("no such path"));
    }
    Err(ApiError::method(&others))
}

fn name(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn decoded(part: &str) -> String {
    // The form decoder treats `+`, `&` and `=` specially, but a path does not: they are escaped first.
    let part = part
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    form_urlencoded::parse(part.as_bytes())
        .map(|(name, _)| name.into_owned())
        .next()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_part_is_one_part_and_comes_decoded() {
        let route = Route::get("/operator/events/{id}", Access::Public, |_, _| {
            Box::pin(async { Err(ApiError::not_found("nothing")) })
        });
        for (path, id) in [
            ("/operator/events/Ev1", Some("Ev1")),
            ("/operator/events/a%2Fb+c&d=e", Some("a/b+c&d=e")),
            ("/operator/events/%ff", Some("\u{fffd}")),
            ("/operator/events/", None),
            ("/operator/events", None),
            ("/operator/events/Ev1/", None),
            ("operator/events/Ev1", None),
        ] {
            let found = route.named_parts(path);
            let found = found.as_ref().map(|p| (p[0].0, p[0].1.as_str()));
            assert_eq!(found, id.map(|id| ("id", id)), "{path}");
        }
    }
}
