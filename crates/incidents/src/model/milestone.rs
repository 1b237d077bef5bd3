//! Milestones by name, and rules for correcting them.

use super::incident::Milestones;
use super::transition::TransitionError;
use tidegate_pipeline::clock::Timestamp;

/// A milestone that people can correct.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Milestone {
    /// Users were first affected.
    ImpactStarted,
    /// A person or a monitor noticed the problem.
    Detected,
    /// The incident was declared.
    Declared,
    /// Somebody first took charge, which ends the wait for an acknowledgment.
    Acknowledged,
    /// The cause was found.
    Identified,
    /// Users were no longer affected.
    Mitigated,
    /// The incident was resolved.
    Resolved,
    /// The incident was closed, canceled or merged.
    Closed,
}

impl Milestone {
    /// All milestones in their usual order.
    pub const ALL: [Self; 8] = [
        Self::ImpactStarted,
        Self::Detected,
        Self::Declared,
        Self::Acknowledged,
        Self::Identified,
        Self::Mitigated,
        Self::Resolved,
        Self::Closed,
    ];

    /// The name that people type, such as `detected`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ImpactStarted => "impact",
            Self::Detected => "detected",
            Self::Declared => "declared",
            Self::Acknowledged => "acknowledged",
            Self::Identified => "identified",
            Self::Mitigated => "mitigated",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }

    /// Parses a name, ignoring case; accepts `impact_started` for `impact`. `None` for an unknown name.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let text = if text == "impact_started" {
            "impact"
        } else {
            &text
        };
        Self::ALL
            .into_iter()
            .find(|milestone| milestone.as_str() == text)
    }

    /// When the milestone was reached; `None` if it was not.
    pub fn of(self, marks: &Milestones) -> Option<Timestamp> {
        match self {
            Self::ImpactStarted => marks.impact_started,
            Self::Detected => marks.detected,
            Self::Declared => Some(marks.declared),
            Self::Acknowledged => marks.acknowledged,
            Self::Identified => marks.identified,
            Self::Mitigated => marks.mitigated,
            Self::Resolved => marks.resolved,
            Self::Closed => marks.closed,
        }
    }
}

/// Moves a milestone to `at`. Impact and detection can always be set; the others must have been reached. Fails, and
/// changes nothing, if `at` is later than `now` or violates the order of milestones.
pub fn correct(
    marks: &mut Milestones,
    milestone: Milestone,
    at: Timestamp,
    now: Timestamp,
) -> Result<(), TransitionError> {
    let name = milestone.as_str();
    let open = matches!(milestone, Milestone::ImpactStarted | Milestone::Detected);
    if !open && milestone.of(marks).is_none() {
        return Err(TransitionError::new(format!(
            "This incident is not {name} yet. Only a moment that has come can be corrected."
        )));
    }
    if at > now {
        return Err(TransitionError::new(format!(
            "{name} cannot be later than now. Add the day, as in `at 2026-11-21T14:05`, if it was another one."
        )));
    }
    let mut wanted = marks.clone();
    match milestone {
        Milestone::ImpactStarted => wanted.impact_started = Some(at),
        Milestone::Detected => wanted.detected = Some(at),
        Milestone::Declared => wanted.declared = at,
        Milestone::Acknowledged => wanted.acknowledged = Some(at),
        Milestone::Identified => wanted.identified = Some(at),
        Milestone::Mitigated => wanted.mitigated = Some(at),
        Milestone::Resolved => wanted.resolved = Some(at),
        Milestone::Closed => wanted.closed = Some(at),
    }
    if let Some((first, second)) = out_of_order(&wanted) {
        return Err(TransitionError::new(format!(
            "{} cannot be later than {}. Correct that one first.",
            first.as_str(),
            second.as_str()
        )));
    }
    *marks = wanted;
    Ok(())
}

/// The first pair of milestones in the wrong order; `None` if all are in order. The cause may be found after users
/// recover, and the impact may be noticed before users are affected, so those pairs are not checked.
pub(crate) fn out_of_order(marks: &Milestones) -> Option<(Milestone, Milestone)> {
    use Milestone::{Acknowledged, Closed, Declared, Identified, Mitigated, Resolved};
    const ORDER: [(Milestone, Milestone); 8] = [
        (Declared, Acknowledged),
        (Declared, Identified),
        (Declared, Mitigated),
        (Declared, Closed),
        (Acknowledged, Mitigated),
        (Identified, Resolved),
        (Mitigated, Resolved),
        (Resolved, Closed),
    ];
    ORDER.into_iter().find(|(first, second)| {
        let (first, second) = (first.of(marks), second.of(marks));
        first
            .zip(second)
            .is_some_and(|(first, second)| first > second)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks() -> Milestones {
        Milestones {
            declared: Timestamp(10),
            acknowledged: Some(Timestamp(20)),
            mitigated: Some(Timestamp(30)),
            resolved: Some(Timestamp(40)),
            ..Milestones::default()
        }
    }

    #[test]
    fn what_has_come_can_be_corrected_within_its_order() {
        use Milestone::{Acknowledged, Closed, Declared, Detected, Identified, ImpactStarted};
        use Milestone::{Mitigated, Resolved};
        let cases = [
            (ImpactStarted, 1, true),
            (Detected, 15, true),
            (Detected, 51, false),
            (Declared, 20, true),
            (Declared, 21, false),
            (Acknowledged, 10, true),
            (Acknowledged, 9, false),
            (Acknowledged, 31, false),
            (Identified, 25, false),
            (Mitigated, 40, true),
            (Mitigated, 41, false),
            (Resolved, 50, true),
            (Resolved, 29, false),
            (Closed, 45, false),
        ];
        for (milestone, at, goes) in cases {
            let mut after = marks();
            let done = correct(&mut after, milestone, Timestamp(at), Timestamp(50));
            assert_eq!(done.is_ok(), goes, "{milestone:?} {at}: {done:?}");
            if goes {
                assert_eq!(milestone.of(&after), Some(Timestamp(at)));
            } else {
                assert_eq!(after, marks());
            }
        }
    }

    #[test]
    fn names_are_read_back() {
        for milestone in Milestone::ALL {
            let name = milestone.as_str().to_uppercase();
            assert_eq!(Milestone::parse(&name), Some(milestone));
        }
        assert_eq!(
            Milestone::parse("impact_started"),
            Some(Milestone::ImpactStarted)
        );
        assert_eq!(Milestone::parse("lunch"), None);
    }

    proptest! {
        #[test]
        fn no_corrections_bring_it_out_of_order(wishes in prop::collection::vec((0usize..8, 0i64..60), 0..30)) {
            let mut marks = marks();
            for (milestone, at) in wishes {
                let before = marks.clone();
                if correct(&mut marks, Milestone::ALL[milestone], Timestamp(at), Timestamp(50)).is_err() {
                    prop_assert_eq!(&marks, &before);
                }
                prop_assert_eq!(out_of_order(&marks), None);
            }
        }
    }
}
