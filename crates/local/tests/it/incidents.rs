//! Incidents, as people type them.

mod life;
mod reads;
