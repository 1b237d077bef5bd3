#![doc = include_str!("../README.md")]

pub mod archive;
pub mod clock;
pub mod delivery;
pub mod entropy;
pub mod job;
pub mod ledger;
pub mod outbox;
pub mod queue;
#[cfg(feature = "testing")]
pub mod queue_contract;
pub mod secrets;
pub mod sweep;
pub mod table;
#[cfg(feature = "testing")]
pub mod table_contract;
pub mod worker;
