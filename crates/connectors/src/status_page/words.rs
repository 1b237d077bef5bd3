//! The vocabulary of a status page, spelled as in Statuspage.io's API. Clients of other pages translate it.

use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$each])* $variant,)+
        }

        impl $name {
            /// All values, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in the API.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The value for a word of the API; `None` if the word is unknown.
            pub fn from_word(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// The status of a published incident.
    IncidentStatus {
        /// The cause is not known.
        Investigating = "investigating",
        /// The cause is known.
        Identified = "identified",
        /// A remedy is in place and is being watched.
        Monitoring = "monitoring",
        /// The incident is over.
        Resolved = "resolved",
    }
}

words! {
    /// The impact of a published incident, the worst last.
    Impact {
        /// Users are not affected.
        None = "none",
        /// Some functions work worse than usual.
        Minor = "minor",
        /// Many functions do not work.
        Major = "major",
        /// Almost nothing works for users.
        Critical = "critical",
    }
}

words! {
    /// The status of a component, the worst last. If several incidents affect a component, it shows the greatest.
    ComponentStatus {
        /// The component works as usual.
        Operational = "operational",
        /// Planned work is in progress.
        UnderMaintenance = "under_maintenance",
        /// The component works, but worse than usual.
        DegradedPerformance = "degraded_performance",
        /// Parts of the component do not work.
        PartialOutage = "partial_outage",
        /// The component does not work at all.
        MajorOutage = "major_outage",
    }
}

impl ComponentStatus {
    /// The status of a component that incidents want to show these statuses: the worst of them, or operational if there
    /// are none.
    pub fn worst(wanted: impl IntoIterator<Item = Self>) -> Self {
        wanted.into_iter().max().unwrap_or(Self::Operational)
    }
}
