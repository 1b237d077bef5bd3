//! The bookmarks of an incident's channel.

use tidegate_slack::text::one_line;

/// Most bookmarks, because Slack's bar has no room for more.
const MOST: usize = 10;

/// A bookmark in the bar of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bookmark {
    /// The label, at most 75 characters.
    pub title: String,
    /// The `https` address that it opens.
    pub link: String,
}

/// The bookmarks of an incident: the status page, the runbooks of its services by name, the post-mortem. Addresses that
/// do not begin with `https` are skipped.
pub fn of(
    status_page: Option<&str>,
    runbooks: &[(&str, &str)],
    postmortem: Option<&str>,
) -> Vec<Bookmark> {
    let mut all: Vec<(String, &str)> = Vec::new();
    all.extend(status_page.map(|link| ("Status page".to_owned(), link)));
    all.extend(
        runbooks
            .iter()
            .map(|(service, link)| (format!("Runbook {service}"), *link)),
    );
    all.extend(postmortem.map(|link| ("Post-mortem".to_owned(), link)));
    let safe = all
        .into_iter()
        .filter(|(_, link)| link.starts_with("https://"));
    safe.take(MOST)
        .map(|(title, link)| Bookmark {
            title: one_line(&title, 75),
            link: link.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_bookmarked() {
        let all = of(
            Some("https://status.example.com"),
            &[
                ("api", "https://wiki.example.com/api"),
                ("web", "javascript:alert(1)"),
            ],
            None,
        );
        let told: Vec<_> = all
            .iter()
            .map(|b| (b.title.as_str(), b.link.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("Status page", "https://status.example.com"),
                ("Runbook api", "https://wiki.example.com/api"),
            ]
        );
    }
}
