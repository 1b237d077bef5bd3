//! What hooks are made of: the hook, its health, its deliveries, and the rows that hold them.

pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod delivery;
pub(crate) mod drains;
pub(crate) mod health;
pub(crate) mod hook;
pub(crate) mod receiver_url;
pub(crate) mod rows;
pub(crate) mod schedule;
pub(crate) mod secret;
pub(crate) mod stored;
pub(crate) mod work;
