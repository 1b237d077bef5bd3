//! What is done outside: calls to receivers, and what follows when a hook is disabled.

pub(crate) mod deliver;
pub(crate) mod drain;
pub(crate) mod receiver;
pub(crate) mod sending;
pub(crate) mod tell;
