//! Incidents, as people type them.

mod declare_world;
mod killed_process;
mod kills;
mod life;
mod reads;
