//! The built-in public status page, as HTML without scripts and as JSON.

use serde::Serialize;
use tidegate_pipeline::clock::Timestamp;
use utoipa::ToSchema;

use super::text::utc;
use tidegate_api::reply::escaped;

/// How often a browser reloads the page, in seconds.
const REFRESH: u32 = 60;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;\
background:#fff}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}h3{font-size:1rem;margin-bottom:.2rem}\
table{width:100%;border-collapse:collapse}td{padding:.4rem 0;border-bottom:1px solid #ddd}td+td{text-align:right}\
article{border-left:4px solid #c60;padding-left:1rem;margin:1rem 0}article.past{border-color:#999}\
p{white-space:pre-line;margin:.3rem 0}small{color:#666}\
@media(prefers-color-scheme:dark){body{color:#eee;background:#111}td{border-color:#333}small{color:#aaa}}";

/// A text that was published on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicNews {
    /// When the update was published.
    pub at: Timestamp,
    /// The incident's public status at that time, such as `investigating`.
    pub status: String,
    /// The text of the update.
    pub text: String,
}

/// An incident as the public sees it. Its name is made for the public; the internal title is never used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicIncidentView {
    /// The name that the public sees, as plain text.
    pub name: String,
    /// The public status, such as `investigating`.
    pub status: String,
    /// The impact: `minor`, `major` or `critical`.
    pub impact: String,
    /// Published updates, newest first.
    pub updates: Vec<PublicNews>,
}

/// The content of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicPageView {
    /// The page's heading, as plain text.
    pub title: String,
    /// The time at which the page was rendered.
    pub at: Timestamp,
    /// Name and status of each component: `operational`, `degraded_performance`, `partial_outage` or `major_outage`.
    pub components: Vec<(String, String)>,
    /// Incidents that are not resolved, newest first.
    pub open: Vec<PublicIncidentView>,
    /// Resolved incidents, newest first.
    pub past: Vec<PublicIncidentView>,
}

/// Renders HTML. All content is escaped text, and the page loads no other resources.
pub fn html(page: &PublicPageView) -> String {
    let title = escaped(&page.title);
    let components = page
        .components
        .iter()
        .map(|(name, status)| {
            format!(
                "<tr><td>{}</td><td>{}</td></tr>",
                escaped(name),
                words(status)
            )
        })
        .collect::<Vec<_>>()
        .concat();
    let components = if components.is_empty() {
        String::new()
    } else {
        format!("<h2>Components</h2><table>{components}</table>")
    };
    let standing = if page.open.is_empty() {
        "<p>No incidents are open.</p>".to_owned()
    } else {
        page.open
            .iter()
            .map(|incident| article(incident, "open"))
            .collect()
    };
    let past: String = page
        .past
        .iter()
        .map(|incident| article(incident, "past"))
        .collect();
    let past = if past.is_empty() {
        past
    } else {
        format!("<h2>Past incidents</h2>{past}")
    };
    let at = utc(page.at);
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <meta http-equiv=\"refresh\" content=\"{REFRESH}\"><title>{title}</title><style>{STYLE}</style></head>\
         <body><main><h1>{title}</h1>{standing}{components}{past}<p><small>As of {at}</small></p></main></body></html>"
    )
}

fn article(incident: &PublicIncidentView, class: &str) -> String {
    let updates = incident
        .updates
        .iter()
        .map(|news| {
            let (status, text) = (words(&news.status), escaped(news.text.trim()));
            format!(
                "<p><strong>{status}</strong> – {text}<br><small>{}</small></p>",
                utc(news.at)
            )
        })
        .collect::<Vec<_>>()
        .concat();
    format!(
        "<article class=\"{class}\"><h3>{}</h3><small>{} · impact: {}</small>{updates}</article>",
        escaped(&incident.name),
        words(&incident.status),
        words(&incident.impact)
    )
}

/// The display form of a status, such as `partial outage` for `partial_outage`, escaped for HTML.
fn words(status: &str) -> String {
    escaped(&status.replace('_', " "))
}

/// The page for programs. Times are milliseconds since 1970.
#[derive(Serialize, ToSchema)]
pub struct PublicPage {
    title: String,
    /// When the page was made.
    at: Timestamp,
    components: Vec<PublicComponent>,
    /// Incidents that are not resolved, newest first.
    open: Vec<PublicIncident>,
    /// Resolved incidents, newest first.
    past: Vec<PublicIncident>,
}

#[derive(Serialize, ToSchema)]
struct PublicComponent {
    name: String,
    /// `operational`, `degraded_performance`, `partial_outage` or `major_outage`.
    status: String,
}

#[derive(Serialize, ToSchema)]
struct PublicIncident {
    name: String,
    status: String,
    /// `minor`, `major` or `critical`.
    impact: String,
    /// The published updates, newest first.
    updates: Vec<PublishedText>,
}

#[derive(Serialize, ToSchema)]
struct PublishedText {
    at: Timestamp,
    status: String,
    text: String,
}

impl From<PublicPageView> for PublicPage {
    fn from(page: PublicPageView) -> Self {
        let incidents = |all: Vec<PublicIncidentView>| all.into_iter().map(Into::into).collect();
        let components = page.components.into_iter();
        Self {
            title: page.title,
            at: page.at,
            components: components
                .map(|(name, status)| PublicComponent { name, status })
                .collect(),
            open: incidents(page.open),
            past: incidents(page.past),
        }
    }
}

impl From<PublicIncidentView> for PublicIncident {
    fn from(incident: PublicIncidentView) -> Self {
        let published = |news: PublicNews| PublishedText {
            at: news.at,
            status: news.status,
            text: news.text,
        };
        Self {
            name: incident.name,
            status: incident.status,
            impact: incident.impact,
            updates: incident.updates.into_iter().map(published).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::fixture::{NOW, hostile};
    use super::*;

    fn page(words: &str) -> PublicPageView {
        let news = PublicNews {
            at: NOW,
            status: "identified".to_owned(),
            text: words.to_owned(),
        };
        let incident = PublicIncidentView {
            name: words.to_owned(),
            status: "identified".to_owned(),
            impact: "major".to_owned(),
            updates: vec![news],
        };
        PublicPageView {
            title: words.to_owned(),
            at: NOW,
            components: vec![(words.to_owned(), "partial_outage".to_owned())],
            open: vec![incident.clone()],
            past: vec![incident],
        }
    }

    #[test]
    fn it_says_how_things_are() {
        let html = html(&page("Checkout"));
        for part in [
            "<td>partial outage</td>",
            "<h3>Checkout</h3>",
            "As of 2026-11-21 10:30 UTC",
            "Past incidents",
        ] {
            assert!(html.contains(part), "{part}: {html}");
        }
        let empty = PublicPageView {
            components: Vec::new(),
            open: Vec::new(),
            past: Vec::new(),
            ..page("x")
        };
        assert!(super::html(&empty).contains("No incidents are open."));
    }

    #[test]
    fn the_keys_of_the_json_stay() {
        let news = r#"{"at":1795257000000,"status":"identified","text":"x"}"#;
        let incident =
            format!(r#"{{"impact":"major","name":"x","status":"identified","updates":[{news}]}}"#);
        let expected = format!(
            r#"{{"at":1795257000000,"components":[{{"name":"x","status":"partial_outage"}}],"open":[{incident}],"past":[{incident}],"title":"x"}}"#
        );
        assert_eq!(
            serde_json::to_value(PublicPage::from(page("x"))).unwrap(),
            serde_json::from_str::<serde_json::Value>(&expected).unwrap()
        );
    }

    proptest! {
        #[test]
        fn no_words_become_markup(words in hostile()) {
            let count = |html: &str| html.matches('<').count();
            prop_assert_eq!(count(&html(&page(&words))), count(&html(&page("x"))));
        }

        #[test]
        fn a_script_stays_text(attribute in "[\"'a-z=]{0,9}") {
            let html = html(&page(&format!("<script {attribute}>alert(1)</script>")));
            prop_assert!(!html.contains("<script"));
        }
    }
}
