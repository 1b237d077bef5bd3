//! Computes when each timer of an incident is due, from the incident and the settings alone.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::Offset;
use tidegate_pipeline::clock::Timestamp;

use crate::model::incident::{Incident, Review};
use crate::model::role::RoleName;
use crate::model::settings::{Timers, WorkingHours};
use crate::model::severity::Severity;
use crate::model::status::Status;
use crate::model::timer_kind::TimerKind;

/// How much faster the clock of a drill runs: its minutes last a second.
pub const SPEED_UP: u32 = 60;

/// Most calls to take charge: the first goes to the commander, the second to the deputy and the owners, the third to
/// the escalation list.
const MOST_CALLS: u32 = 3;

/// Most reminders of a post-mortem.
const MOST_REVIEWS: u32 = 4;

const DAY: Duration = Duration::from_hours(24);

/// The schedule of a reminder.
struct Rhythm {
    /// The time from which `first` counts.
    base: Timestamp,
    /// Delay of the first reminder.
    first: Duration,
    /// Interval between reminders; `None` if there is only one.
    again: Option<Duration>,
    /// Number of reminders after which no more are sent.
    most: u32,
}

/// When each timer of an incident is due; kinds without an entry are not due at all.
pub fn wanted(incident: &Incident, timers: &Timers) -> BTreeMap<TimerKind, Timestamp> {
    let due = |kind| Some((kind, due(incident, timers, kind)?));
    TimerKind::ALL.into_iter().filter_map(due).collect()
}

/// Converts a duration to the pace of an incident: shorter by [`SPEED_UP`] in a drill.
pub fn paced(incident: &Incident, by: Duration) -> Duration {
    if incident.drill { by / SPEED_UP } else { by }
}

fn due(incident: &Incident, timers: &Timers, kind: TimerKind) -> Option<Timestamp> {
    let rhythm = rhythm(incident, timers, kind)?;
    let reminder = incident.timers.get(&kind).copied().unwrap_or_default();
    if reminder.off || reminder.fired >= rhythm.most {
        return None;
    }
    let pace = |by| paced(incident, by);
    let mut at = match reminder.last {
        None => rhythm.base.plus(pace(rhythm.first)),
        Some(last) => last.plus(pace(rhythm.again?)),
    };
    // Timers that tidy up disturb nobody, so they ignore snoozes, pauses and working hours.
    if matches!(kind, TimerKind::AutoClose | TimerKind::Archive) {
        return Some(at);
    }
    at = at.max(reminder.snoozed_until.unwrap_or_default());
    at = at.max(incident.paused_until.unwrap_or_default());
    if incident.severity != Severity::P1 && !incident.drill {
        at = working(at, timers.working_hours, incident.zone.unwrap_or(0));
    }
    Some(at)
}

fn rhythm(incident: &Incident, timers: &Timers, kind: TimerKind) -> Option<Rhythm> {
    let (status, severity) = (incident.status, incident.severity);
    let milestones = &incident.milestones;
    let live = status.is_open() && status != Status::Triage;
    match kind {
        TimerKind::Ack => {
            let within = timers.ack(severity)?;
            let waits = status == Status::Declared && milestones.acknowledged.is_none();
            waits.then(|| every(milestones.declared, within, within, MOST_CALLS))
        }
        TimerKind::RoleUnclaimed => {
            let lacks = live && !unclaimed(incident).is_empty();
            lacks.then(|| once(milestones.declared, timers.role_unclaimed()))
        }
        TimerKind::UpdateDue => {
            let within = timers.update(severity);
            let rhythm = match (incident.next_update_at, within) {
                (Some(promised), within) => promised_at(promised, within),
                (None, Some(within)) => every(incident.updated_at, within, within, u32::MAX),
                (None, None) => return None,
            };
            live.then_some(rhythm)
        }
        TimerKind::Soak => {
            (status == Status::Monitoring).then(|| once(incident.status_since, timers.soak()))
        }
        TimerKind::Stale => status.is_open().then(|| {
            every(
                incident.updated_at,
                timers.stale(),
                timers.stale(),
                u32::MAX,
            )
        }),
        TimerKind::AutoClose => (status == Status::Resolved).then(|| {
            once(
                milestones.resolved.unwrap_or(incident.status_since),
                timers.auto_close(),
            )
        }),
        TimerKind::PostmortemDue => {
            let within = timers.postmortem(severity)?;
            let owed = matches!(incident.review, Review::Required | Review::Draft);
            let over = matches!(status, Status::Resolved | Status::Closed);
            let base = milestones.resolved.unwrap_or(incident.status_since);
            (owed && over).then(|| every(base, within, DAY * 7, MOST_REVIEWS))
        }
        TimerKind::Archive => (status == Status::Closed).then(|| {
            once(
                milestones.closed.unwrap_or(incident.status_since),
                timers.archive(),
            )
        }),
    }
}

/// A reminder that comes once, at `base` plus `first`.
fn once(base: Timestamp, first: Duration) -> Rhythm {
    Rhythm {
        base,
        first,
        again: None,
        most: 1,
    }
}

/// Repeated reminders, at most `most`.
fn every(base: Timestamp, first: Duration, again: Duration, most: u32) -> Rhythm {
    Rhythm {
        base,
        first,
        again: Some(again),
        most,
    }
}

/// A reminder at a promised time, repeated at the interval `within` if there is one.
fn promised_at(promised: Timestamp, within: Option<Duration>) -> Rhythm {
    Rhythm {
        base: promised,
        first: Duration::ZERO,
        again: within,
        most: u32::MAX,
    }
}

/// The vacant roles that an incident of its severity requires.
pub(crate) fn unclaimed(incident: &Incident) -> Vec<RoleName> {
    let mut needed = vec![RoleName::Commander];
    if incident.severity.is_broadcast() {
        needed.push(RoleName::Comms);
    }
    needed.retain(|role| incident.holder(role).is_none());
    needed
}

/// `at` if it is within working hours, and otherwise the start of the next ones. `zone` is the offset from UTC in
/// seconds.
fn working(at: Timestamp, hours: WorkingHours, zone: i32) -> Timestamp {
    let offset = Offset::from_seconds(zone).unwrap_or(Offset::UTC);
    let Ok(instant) = jiff::Timestamp::from_millisecond(at.millis()) else {
        return at;
    };
    let local = offset.to_datetime(instant);
    let (from, to) = (i8::try_from(hours.from), i8::try_from(hours.to));
    let (Ok(from), Ok(to)) = (from, to) else {
        return at;
    };
    let free = |day: jiff::civil::Date| {
        !hours.weekends
            && matches!(
                day.weekday(),
                jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday
            )
    };
    let mut day = local.date();
    if !free(day) && (from..to).contains(&local.hour()) {
        return at;
    }
    if local.hour() >= from {
        // Today's working hours are over, or today is free.
        day = day.tomorrow().unwrap_or(day);
    }
    for _ in 0..7 {
        if !free(day) {
            break;
        }
        day = day.tomorrow().unwrap_or(day);
    }
    let start = day.at(from, 0, 0, 0);
    offset
        .to_timestamp(start)
        .map_or(at, |start| Timestamp(start.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOURS: WorkingHours = WorkingHours {
        from: 9,
        to: 18,
        weekends: false,
    };

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn people_are_left_alone_outside_their_hours() {
        for (asked, zone, expected) in [
            ("2026-11-20T10:00:00Z", 0, "2026-11-20T10:00:00Z"),
            ("2026-11-20T08:59:00Z", 0, "2026-11-20T09:00:00Z"),
            // A Friday evening, and the weekend after it.
            ("2026-11-20T18:00:00Z", 0, "2026-11-23T09:00:00Z"),
            ("2026-11-21T11:00:00Z", 0, "2026-11-23T09:00:00Z"),
            ("2026-11-22T04:00:00Z", 0, "2026-11-23T09:00:00Z"),
            // Nine in the morning is eight o'clock in Greenwich for Berlin, and seventeen for Los Angeles.
            ("2026-11-20T07:00:00Z", 3600, "2026-11-20T08:00:00Z"),
            ("2026-11-20T07:00:00Z", -28800, "2026-11-20T17:00:00Z"),
        ] {
            assert_eq!(
                working(at(asked), HOURS, zone),
                at(expected),
                "{asked} {zone}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_moment_of_work_stays_and_none_comes_earlier(ms in 0i64..4_000_000_000_000, zone in -43_200i32..50_400) {
            let moved = working(Timestamp(ms), HOURS, zone);
            prop_assert!(moved >= Timestamp(ms));
            prop_assert_eq!(working(moved, HOURS, zone), moved);
            prop_assert!(moved.since(Timestamp(ms)) <= DAY * 4);
        }
    }
}
