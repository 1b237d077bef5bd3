//! The whole product over HTTP, one file per topic.

mod bad_input;
mod bolt_defects;
mod corpus;
mod delivery_faults;
mod durability;
mod events;
mod kill;
mod logs;
mod operator;
mod queue;
mod sandbox;
mod support;
mod table;
mod worker_faults;
