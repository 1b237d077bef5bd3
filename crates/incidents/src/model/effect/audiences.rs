//! Effects for many audiences, and the effects for one audience that each stands for.

use super::Effect;
use crate::model::news::Audience;

impl Effect {
    /// The effect as one per audience if it is for many: a [`Effect::Spread`] as [`Effect::Tell`], a
    /// [`Effect::SpreadRefresh`] as [`Effect::Refresh`]. Any other effect comes back alone.
    pub fn per_audience(self) -> Vec<Self> {
        match self {
            Self::Spread {
                incident,
                to,
                news,
                seq,
                from,
                words,
            } => {
                let tell = |to| Self::Tell {
                    incident: incident.clone(),
                    to,
                    news,
                    seq,
                    from,
                    words: words.clone(),
                };
                to.into_iter().map(tell).collect()
            }
            Self::SpreadRefresh { incident, to } => {
                let refresh = |to| Self::Refresh {
                    incident: incident.clone(),
                    to,
                };
                to.into_iter().map(refresh).collect()
            }
            other => vec![other],
        }
    }

    /// The audiences of an effect for many; `None` for any other effect.
    pub fn audiences_mut(&mut self) -> Option<&mut Vec<Audience>> {
        match self {
            Self::Spread { to, .. } | Self::SpreadRefresh { to, .. } => Some(to),
            _ => None,
        }
    }
}
