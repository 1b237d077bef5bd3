//! Templates of incidents, which prefill the form of a declaration. Tidegate comes with eight; a workspace can add,
//! change and remove templates.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::severity::Severity;

/// The initial values of a declaration.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Template {
    /// The title, which the person who declares can complete.
    pub title: String,
    /// The severity that the declaration begins with.
    pub severity: Severity,
    /// Slugs of the services that are usually affected.
    pub services: Vec<String>,
    /// The first things to check, as plain text.
    pub description: String,
}

/// Name, title, severity and description of each template that a workspace begins with.
const SEEDED: [(&str, &str, Severity, &str); 8] = [
    (
        "api-errors",
        "API answers with errors",
        Severity::P2,
        "Which routes and which callers, since when, what share of calls. What was released or switched just before?",
    ),
    (
        "data-loss",
        "Data is missing or wrong",
        Severity::P1,
        "Stop whatever still writes. Which data, of whom, since when? When was the last good backup, and is it safe?",
    ),
    (
        "database",
        "Database is slow or down",
        Severity::P1,
        "Primary or replica? Look at connections, locks, disk space, replication lag and the last migration.",
    ),
    (
        "deploy",
        "Release broke something",
        Severity::P2,
        "Which release, and who made it? Can it be rolled back, or does a migration stand in the way?",
    ),
    (
        "latency",
        "Answers are slow",
        Severity::P3,
        "Which percentile of which routes, against last week? Look at saturation, queues, caches and what we call.",
    ),
    (
        "network",
        "Network or DNS trouble",
        Severity::P2,
        "From where to where? Look at DNS, certificates, load balancers, the CDN and the provider's own status.",
    ),
    (
        "security",
        "Possible security incident",
        Severity::P1,
        "Make it private if in doubt. Keep the evidence: change nothing before it is copied. Which credentials to revoke?",
    ),
    (
        "third-party",
        "A supplier is down",
        Severity::P3,
        "Which supplier, and what does their status page say? What can be switched off, cached or queued until then?",
    ),
];

/// The templates that a workspace begins with.
pub fn seeded() -> BTreeMap<String, Template> {
    let template = |(name, title, severity, description): (&str, &str, Severity, &str)| {
        let template = Template {
            title: title.to_owned(),
            severity,
            services: Vec::new(),
            description: description.to_owned(),
        };
        (name.to_owned(), template)
    };
    SEEDED.into_iter().map(template).collect()
}
