//! The few words a status page knows, as Statuspage.io writes them; other pages translate.

use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$each])* $variant,)+
        }

        impl $name {
            /// Every one, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word on the wire.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one that this word means.
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
    /// Where a published incident stands.
    IncidentStatus {
        /// The cause is not known.
        Investigating = "investigating",
        /// The cause is known.
        Identified = "identified",
        /// A remedy is in place and is watched.
        Monitoring = "monitoring",
        /// It is over.
        Resolved = "resolved",
    }
}

words! {
    /// How bad a published incident is, the worst last.
    Impact {
        /// Nobody need notice.
        None = "none",
        /// Some is worse than usual.
        Minor = "minor",
        /// Much does not work.
        Major = "major",
        /// Next to nothing works.
        Critical = "critical",
    }
}

words! {
    /// How a component does, the worst last: of several incidents that hold it, the greatest counts.
    ComponentStatus {
        /// All is well.
        Operational = "operational",
        /// Planned work.
        UnderMaintenance = "under_maintenance",
        /// It works, worse than usual.
        DegradedPerformance = "degraded_performance",
        /// Some of it does not work.
        PartialOutage = "partial_outage",
        /// None of it works.
        MajorOutage = "major_outage",
    }
}

impl ComponentStatus {
    /// What a component shows that these incidents hold: the worst, and operational if none does.
    pub fn worst(wanted: impl IntoIterator<Item = Self>) -> Self {
        wanted.into_iter().max().unwrap_or(Self::Operational)
    }
}
