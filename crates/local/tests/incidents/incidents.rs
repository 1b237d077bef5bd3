//! Incidents, as people type and click them.

mod channel_names;
mod declare_world;
mod defects;
mod killed_process;
mod kills;
mod life;
mod outage;
pub(crate) mod people;
mod reads;
mod record;
mod refusals;
