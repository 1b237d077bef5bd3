//! `GET /oauth/v2/authorize` and `/openid/connect/authorize`: what the app asks for, and the person's answer on the page.

use std::collections::HashMap;

use axum::Form;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::{StatusCode, Uri, header};

use super::approve::Approval;
use super::consent_page;
use crate::config::FakeConfig;
use crate::fake::FakeSlack;
use crate::scopes;

/// The scripts of the page are none, and its form may lead to the app and so anywhere.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'";

/// The content of an authorize URL, checked as Slack does before it shows anything.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub bot_scopes: Vec<String>,
    pub user_scopes: Vec<String>,
    pub state: Option<String>,
    /// As the app gave it.
    pub redirect_uri: Option<String>,
    /// Where to go afterwards.
    pub lands_at: String,
    pub team: Option<String>,
    pub nonce: Option<String>,
    pub sign_in: bool,
}

impl Asked {
    /// Reads the query of an authorize URL; `sign_in` tells Sign in with Slack from an installation.
    pub(crate) fn parse(
        config: &FakeConfig,
        query: &str,
        sign_in: bool,
    ) -> Result<Self, &'static str> {
        let mut args: HashMap<String, String> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .filter(|(_, value)| !value.is_empty())
            .collect();
        if args.remove("client_id").as_deref() != Some(config.client_id.as_str()) {
            return Err("invalid_client_id");
        }
        let redirect_uri = args.remove("redirect_uri");
        let lands_at = match &redirect_uri {
            None => config
                .redirect_urls
                .first()
                .cloned()
                .ok_or("bad_redirect_uri")?,
            Some(given) if is_allowed(config, given) => given.clone(),
            Some(_) => return Err("bad_redirect_uri"),
        };
        let scope = scopes::split(&args.remove("scope").unwrap_or_default());
        let (bot_scopes, user_scopes) = if sign_in {
            if args.remove("response_type").as_deref() != Some("code") {
                return Err("unsupported_response_type");
            }
            (Vec::new(), scope)
        } else {
            let user_scope = args.remove("user_scope").unwrap_or_default();
            (scope, scopes::split(&user_scope))
        };
        if bot_scopes.is_empty() && user_scopes.is_empty() {
            return Err("invalid_scope");
        }
        Ok(Self {
            bot_scopes,
            user_scopes,
            state: args.remove("state"),
            redirect_uri,
            lands_at,
            team: args.remove("team"),
            nonce: args.remove("nonce"),
            sign_in,
        })
    }

    /// The address the browser is sent to, with these parameters and the state.
    pub(crate) fn landing(&self, name: &str, value: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair(name, value);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        let join = if self.lands_at.contains('?') {
            '&'
        } else {
            '?'
        };
        format!("{}{join}{}", self.lands_at, query.finish())
    }
}

/// Whether a configured address is this one or above it. `..` and a look-alike host are neither.
fn is_allowed(config: &FakeConfig, given: &str) -> bool {
    config.redirect_urls.iter().any(|allowed| {
        let Some(rest) = given.strip_prefix(allowed.trim_end_matches('/')) else {
            return false;
        };
        let has_port = allowed.matches(':').count() > 1;
        let rest = match rest.strip_prefix(':') {
            Some(port) if !has_port => port.trim_start_matches(|c: char| c.is_ascii_digit()),
            _ => rest,
        };
        (rest.is_empty() || rest.starts_with(['/', '?'])) && !rest.contains("..")
    })
}

/// `GET /oauth/v2/authorize`, `GET /openid/connect/authorize`: the page, or Slack's error page.
pub(crate) async fn show(State(fake): State<FakeSlack>, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    match Asked::parse(fake.config(), query, is_sign_in(uri.path())) {
        Ok(asked) => page(StatusCode::OK, consent_page::render(&fake, &asked)),
        Err(code) => error_page(code),
    }
}

/// `POST` to the same address: the person pressed a button.
pub(crate) async fn decide(
    State(fake): State<FakeSlack>,
    uri: Uri,
    Form(pressed): Form<HashMap<String, String>>,
) -> Response {
    let field = |name: &str| pressed.get(name).cloned().filter(|value| !value.is_empty());
    let place = field("place").unwrap_or_default();
    let approval = Approval {
        authorize_url: uri.to_string(),
        team: place.starts_with('T').then(|| place.clone()),
        enterprise: place.starts_with('E').then_some(place),
        user: field("user"),
        deny: field("decision").as_deref() != Some("allow"),
    };
    match fake.approve(&approval) {
        Ok(redirect) => (StatusCode::FOUND, [(header::LOCATION, redirect)]).into_response(),
        Err(code) => error_page(code),
    }
}

pub(super) fn is_sign_in(path: &str) -> bool {
    path.ends_with("/openid/connect/authorize")
}

fn error_page(code: &str) -> Response {
    page(StatusCode::BAD_REQUEST, consent_page::render_error(code))
}

fn page(status: StatusCode, html: String) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_stays_below_what_is_configured() {
        let config = FakeConfig {
            redirect_urls: vec![
                "https://app.example/slack".to_owned(),
                "http://127.0.0.1".to_owned(),
            ],
            ..FakeConfig::default()
        };
        for good in [
            "https://app.example/slack",
            "https://app.example/slack/oauth?x=1",
            "http://127.0.0.1:4123/callback",
        ] {
            assert!(is_allowed(&config, good), "{good}");
        }
        for bad in [
            "https://app.example/slackish",
            "https://app.example/slack/../admin",
            "https://app.example:8443/other",
            "http://127.0.0.1.evil.example/",
            "http://127.0.0.1:80@evil.example/",
        ] {
            assert!(!is_allowed(&config, bad), "{bad}");
        }
    }
}
