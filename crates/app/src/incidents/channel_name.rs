//! The name of an incident's channel: `inc-20261121-checkout-down`.

use tidegate_pipeline::clock::Timestamp;

use super::incident::IncidentId;

/// Longest slug, in characters.
const MAX_SLUG: usize = 40;

/// The name that is tried first: the day, and what the incident is about.
pub fn first(now: Timestamp, title: &str, services: &[String], number: u32) -> String {
    let day = jiff::Timestamp::from_millisecond(now.millis())
        .map(|at| at.strftime("%Y%m%d").to_string())
        .unwrap_or_default();
    let words = services.first().map_or(title, String::as_str);
    let slug: String = words
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
        .chars()
        .take(MAX_SLUG)
        .collect();
    let slug = slug.trim_matches('-');
    if slug.is_empty() {
        return format!("inc-{day}-{number}");
    }
    format!("inc-{day}-{slug}")
}

/// The name that is tried when the first is taken.
pub fn other(name: &str, id: &IncidentId) -> String {
    let tail = &id.as_str()[id.as_str().len().saturating_sub(8)..];
    format!("{name}-{tail}")
}
