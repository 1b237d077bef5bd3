//! What is done outside: calls to receivers.

pub(crate) mod deliver;
pub(crate) mod drain;
pub(crate) mod receiver;
pub(crate) mod sending;
