//! All settings in one message.

use std::collections::BTreeMap;

use crate::model::settings::{Settings, StatusPage};
use crate::model::severity::Severity;
use tidegate_slack::mrkdwn::escape;

/// Most names of a list that are shown.
const NAMES: usize = 50;

/// The settings, a line for each kind.
pub(super) fn of(settings: &Settings) -> String {
    let routing = &settings.routing;
    let timers = &settings.timers;
    let hours = timers.working_hours;
    let lines = [
        ("Services", names(settings.services.keys())),
        ("P1 is told in", channels(&routing.p1_channels)),
        ("P1 otherwise in", channels(&routing.general)),
        ("P1 direct messages to", people(&routing.p1_users)),
        ("P2 is told in", channels(&routing.p2_channels)),
        ("P2 otherwise in", channels(&routing.engineering)),
        ("Policy", settings.policy.as_str().to_owned()),
        ("Admins", people(&settings.admins)),
        ("Guests like members", people(&settings.guests)),
        ("Called in turn", people(&settings.escalation)),
        (
            "Commander approves public texts of",
            names(settings.approval.iter().map(|s| s.as_str())),
        ),
        ("Instructions of roles", names(settings.roles.keys())),
        ("Minutes to take up", numbers(&timers.ack_minutes)),
        (
            "Minutes to the next update",
            numbers(&timers.update_minutes),
        ),
        ("Days to the post-mortem", numbers(&timers.postmortem_days)),
        (
            "Other timers",
            format!(
                "unclaimed roles {} min, monitoring {} min, forgotten {} d, closes {} h after resolving, channel \
                 archived {} d after closing",
                timers.role_unclaimed_minutes,
                timers.soak_minutes,
                timers.stale_days,
                timers.auto_close_hours,
                timers.archive_days
            ),
        ),
        (
            "Working hours",
            format!(
                "{}:00 to {}:00, weekends {}",
                hours.from,
                hours.to,
                if hours.weekends { "too" } else { "off" }
            ),
        ),
        ("Templates", names(settings.templates.keys())),
        ("Status page", status_page(&settings.status_page)),
        (
            "Reactions to the timeline",
            names(settings.reactions.iter().map(|name| format!(":{name}:"))),
        ),
    ];
    let lines = lines.map(|(name, value)| format!("*{name}*: {value}"));
    lines.join("\n")
}

fn status_page(page: &StatusPage) -> String {
    match page {
        StatusPage::None => "none".to_owned(),
        StatusPage::BuiltIn { title } => format!("Tidegate's own, {}", escape(title)),
        StatusPage::Statuspage { page_id } => format!("Statuspage.io, page `{}`", escape(page_id)),
    }
}

fn names(all: impl IntoIterator<Item = impl AsRef<str>, IntoIter: ExactSizeIterator>) -> String {
    let all = all.into_iter();
    let more = all.len().saturating_sub(NAMES);
    let mut names: Vec<String> = all.take(NAMES).map(|name| escape(name.as_ref())).collect();
    if more > 0 {
        names.push(format!("and {more} more"));
    }
    if names.is_empty() {
        "–".to_owned()
    } else {
        names.join(", ")
    }
}

fn people<'a>(all: impl IntoIterator<Item = &'a tidegate_slack::ids::UserId>) -> String {
    let all: Vec<String> = all.into_iter().map(|user| format!("<@{user}>")).collect();
    if all.is_empty() {
        "–".to_owned()
    } else {
        all.join(", ")
    }
}

fn channels<'a>(all: impl IntoIterator<Item = &'a tidegate_slack::ids::ChannelId>) -> String {
    let all: Vec<String> = all
        .into_iter()
        .map(|channel| format!("<#{channel}>"))
        .collect();
    if all.is_empty() {
        "–".to_owned()
    } else {
        all.join(", ")
    }
}

fn numbers(by_severity: &BTreeMap<Severity, u32>) -> String {
    let shown = |severity: Severity| match by_severity.get(&severity) {
        Some(number) => format!("{severity} {number}"),
        None => format!("{severity} off"),
    };
    Severity::ALL.map(shown).join(", ")
}
