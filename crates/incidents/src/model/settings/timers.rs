//! Settings of reminders, and of tidying up after an incident.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::model::severity::Severity;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// When to send reminders, and when to tidy up. A severity without a number gets no reminder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Timers {
    /// Minutes within which somebody must take charge, by severity.
    pub ack_minutes: BTreeMap<Severity, u32>,
    /// Minutes within which the next update is due, by severity.
    pub update_minutes: BTreeMap<Severity, u32>,
    /// Minutes after which vacant roles are mentioned, once.
    pub role_unclaimed_minutes: u32,
    /// Minutes of monitoring after which resolving is suggested.
    pub soak_minutes: u32,
    /// Days without an update after which an open incident is considered forgotten.
    pub stale_days: u32,
    /// Hours after which a resolved incident closes automatically.
    pub auto_close_hours: u32,
    /// Days after resolving within which the post-mortem is due, by severity.
    pub postmortem_days: BTreeMap<Severity, u32>,
    /// Days after closing at which the channel is archived.
    pub archive_days: u32,
    /// When reminders are sent. Those of a P1 ignore it.
    pub working_hours: WorkingHours,
}

/// Working hours, in the commander's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct WorkingHours {
    /// The first hour, 0 to 23.
    pub from: u8,
    /// The hour at which work ends, 1 to 24.
    pub to: u8,
    /// Whether people also work on Saturday and Sunday.
    pub weekends: bool,
}

impl Default for Timers {
    fn default() -> Self {
        use Severity::{P1, P2, P3};
        Self {
            ack_minutes: BTreeMap::from([(P1, 5), (P2, 15)]),
            update_minutes: BTreeMap::from([(P1, 30), (P2, 60), (P3, 240)]),
            role_unclaimed_minutes: 10,
            soak_minutes: 30,
            stale_days: 7,
            auto_close_hours: 72,
            postmortem_days: BTreeMap::from([(P1, 5), (P2, 10)]),
            archive_days: 14,
            working_hours: WorkingHours::default(),
        }
    }
}

impl Default for WorkingHours {
    fn default() -> Self {
        Self {
            from: 9,
            to: 18,
            weekends: false,
        }
    }
}

impl Timers {
    /// The time within which somebody must take charge; `None` if nobody is reminded.
    pub fn ack(&self, severity: Severity) -> Option<Duration> {
        self.ack_minutes.get(&severity).map(|n| MINUTE * *n)
    }

    /// The time within which the next update is due; `None` if nobody is reminded.
    pub fn update(&self, severity: Severity) -> Option<Duration> {
        self.update_minutes.get(&severity).map(|n| MINUTE * *n)
    }

    /// The time after the declaration at which vacant roles are mentioned.
    pub fn role_unclaimed(&self) -> Duration {
        MINUTE * self.role_unclaimed_minutes
    }

    /// The time of monitoring after which resolving is suggested.
    pub fn soak(&self) -> Duration {
        MINUTE * self.soak_minutes
    }

    /// The time without updates after which an incident is considered forgotten.
    pub fn stale(&self) -> Duration {
        DAY * self.stale_days
    }

    /// The time after which a resolved incident closes.
    pub fn auto_close(&self) -> Duration {
        HOUR * self.auto_close_hours
    }

    /// The time after resolving within which the post-mortem is due; `None` if nobody is reminded.
    pub fn postmortem(&self, severity: Severity) -> Option<Duration> {
        self.postmortem_days.get(&severity).map(|n| DAY * *n)
    }

    /// The time after closing at which the channel is archived.
    pub fn archive(&self) -> Duration {
        DAY * self.archive_days
    }
}
