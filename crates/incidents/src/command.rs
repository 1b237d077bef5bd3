//! Reads the text that people type after `/incident` into a command: the functions are pure, and permissions and effects are
//! decided elsewhere.

mod forms;
mod lifecycle;
mod meaning;
mod people;
mod reading;
mod record;
mod when;

pub use self::forms::{Group, HelpGroup, help, parse};
pub use self::meaning::{
    Command, Declare, ExportFormat, IncidentRef, Link, Listed, Paged, Postmortem, Relation, Task,
    Timeline,
};
pub use self::when::When;

#[cfg(test)]
mod tests;
