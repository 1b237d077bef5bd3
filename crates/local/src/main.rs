//! The command `tidegate`: local mode, and the tools of the engineer on call.

use std::process::ExitCode;

use clap::Parser;
use tidegate_local::cli::Cli;

fn main() -> ExitCode {
    tidegate_local::cli::run(Cli::parse())
}
