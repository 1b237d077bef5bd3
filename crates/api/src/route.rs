//! Routes: a method, a path, who may call it, and what answers.

use std::pin::Pin;

use bytes::Bytes;
use http::{Method, Response};

use super::{Api, Call, Refused, Scope};

/// One route.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path; `{name}` stands for one part, decoded.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What answers.
    pub handler: Handler,
}

/// Who may call a route. It is checked before the handler runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Anyone; the handler checks what else there is to check.
    Public,
    /// Whoever has the operator key, over all tenants.
    Operator,
    /// Programs and people of one workspace, with that scope, over their own data. Not the operator key.
    Tenant(Scope),
    /// The same, and the operator key over the workspace that it names.
    TenantOrOperator(Scope),
    /// Programs and people of one workspace, whatever their scopes.
    Member,
}

/// What a handler makes of a call.
pub type Answer = Result<Response<Bytes>, Refused>;

/// A handler at work.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// Answers a call: `|api, call| Box::pin(list(api, call))`.
pub type Handler = for<'a> fn(&'a Api, &'a Call) -> Answering<'a>;

/// The parts of a path that stand for its names.
pub(super) type Named = Vec<(&'static str, String)>;

impl Route {
    /// A route that only reads.
    pub const fn get(path: &'static str, access: Access, handler: Handler) -> Self {
        Self::new(Method::GET, path, access, handler)
    }

    /// A route that changes something.
    pub const fn post(path: &'static str, access: Access, handler: Handler) -> Self {
        Self::new(Method::POST, path, access, handler)
    }

    /// A route that stores what it is given, however often it is called.
    pub const fn put(path: &'static str, access: Access, handler: Handler) -> Self {
        Self::new(Method::PUT, path, access, handler)
    }

    /// A route that takes something away.
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

    /// Whether the route answers requests to that path.
    pub fn matches(&self, path: &str) -> bool {
        self.named_parts(path).is_some()
    }

    /// The decoded parts that stand for the names in the path, if it is this route's.
    pub(super) fn named_parts(&self, path: &str) -> Option<Named> {
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

/// The route of a request, and the named parts of its path.
pub(super) fn find(
    routes: impl Iterator<Item = &'static Route>,
    method: &Method,
    path: &str,
) -> Result<(&'static Route, Named), Refused> {
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
        return Err(Refused::not_found("no such path"));
    }
    Err(Refused::method(&others))
}

fn name(part: &'static str) -> Option<&'static str> {
    part.strip_prefix('{')?.strip_suffix('}')
}

fn decoded(part: &str) -> String {
    // `+` is a plus in a path; the form decoder is told so, and that `&` and `=` part nothing here.
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
            Box::pin(async { Err(Refused::not_found("nothing")) })
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
