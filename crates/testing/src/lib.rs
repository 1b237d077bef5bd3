#![doc = include_str!("../README.md")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on panics, and one that has failed says with which seed"
)]
#![expect(
    clippy::new_without_default,
    reason = "tests make every world by `new`"
)]

pub mod chance;
pub mod damage;
pub mod dispatching;
pub mod effect_story;
pub mod faulty_queue;
pub mod faulty_table;
pub mod held_port;
pub mod install_world;
pub mod outbox_world;
pub mod process;
pub mod product;
pub mod scripted;
pub mod shares_world;
pub mod victim;
pub mod worlds;
