//! The HTML pages of an install.

use axum::response::Response;
use http::StatusCode;

use tidegate_api::reply::{escaped, page};

use crate::SlackApp;

/// The page with the install button and the scopes that the app asks for.
pub(super) fn install(authorize_url: &str, app: &SlackApp) -> Response {
    let asked = |title: &str, scopes: &[String]| {
        let items = scopes
            .iter()
            .map(|scope| format!("<li><code>{}</code></li>", escaped(scope)));
        match items.collect::<String>() {
            items if items.is_empty() => items,
            items => format!("<p>{title}</p><ul>{items}</ul>"),
        }
    };
    let lists = [
        asked("It cannot work without:", &app.scopes.required),
        asked("It can do without:", &app.scopes.optional),
        asked("In your own name:", &app.user_scopes),
    ];
    let body = format!(
        "<p>Slack will ask you to allow Tidegate in your workspace. Only the workspace's owners or people whom they \
         allowed can install apps.</p>\
         <p><a href=\"{}\">Add to Slack</a></p>\
         <details><summary>What Tidegate asks for</summary>{}</details>",
        escaped(authorize_url),
        lists.concat()
    );
    page(StatusCode::OK, "Install Tidegate", &body)
}

/// The page after a successful install, with the scopes that were not granted.
pub(super) fn installed(place: &str, missing: &[&str]) -> Response {
    let missing = if missing.is_empty() {
        String::new()
    } else {
        format!(
            "<p>Slack did not grant <code>{}</code>. Features that need it will not work until the app asks for it and is \
             installed again.</p>",
            escaped(&missing.join(", "))
        )
    };
    let body = format!(
        "<p>Tidegate is installed in <strong>{}</strong>. You can close this page.</p>{missing}",
        escaped(place)
    );
    page(StatusCode::OK, "Installed", &body)
}

/// The page after a failed install: what happened and what to do.
pub(super) fn problem(status: StatusCode, message: &str, request_id: &str) -> Response {
    let body = format!(
        "<p>{}</p><p><a href=\"/slack/install\">Begin again</a></p><p><small>Request {}</small></p>",
        escaped(message),
        escaped(request_id)
    );
    page(status, "Not installed", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_comes_from_outside_is_text() {
        let response = installed("<script>alert(1)</script>&\"", &["a'b"]);
        let html = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        let html = String::from_utf8(html.unwrap().into()).unwrap();
        assert!(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;"),
            "{html}"
        );
        assert!(html.contains("a&#39;b"), "{html}");
        assert!(!html.contains("<script"), "{html}");
    }
}
