//! Command: `/tidegate <subcommand>` | `/tidegate help`
//!
//! The subcommands belong to domains; the help lists those that are there.

use tidegate_slack::command::SlashCommand;

use super::answers::ASK;
use super::{Dispatcher, Request};
use crate::domain::Subcommand;
use crate::ledger::{Delivery, JobError, Ledger};
use crate::worker::FollowUp;

/// The command's name in Slack.
pub const COMMAND: &str = "/tidegate";

impl Dispatcher {
    pub(super) async fn tidegate(
        &self,
        delivery: Delivery<'_>,
        ledger: &Ledger<'_>,
        command: &SlashCommand,
    ) -> Result<FollowUp, JobError> {
        let typed = command.text.trim().to_lowercase();
        let owned = self.domains.iter().find_map(|domain| {
            let subcommands = domain.spec().subcommands;
            let found = subcommands.iter().find(|own| own.word == typed);
            found.map(|own| (domain, own.word))
        });
        if let Some((domain, word)) = owned {
            let request = Request::Subcommand(word, command);
            return self.alone(&**domain, delivery, ledger, request).await;
        }
        let subcommands = self.domains.iter().flat_map(|d| d.spec().subcommands);
        let help = help(&subcommands.collect::<Vec<_>>());
        let text = match typed.as_str() {
            "" | "help" => help,
            _ => format!("There is no such subcommand here. {help}"),
        };
        self.answer(delivery, ledger, command, &text).await
    }
}

fn help(subcommands: &[&Subcommand]) -> String {
    match subcommands {
        [] => format!("`{COMMAND}` has no subcommands here. {ASK}"),
        [one] => format!("Try `{COMMAND} {}` to {}.", one.word, one.purpose),
        many => {
            let line =
                |own: &&Subcommand| format!("\n• `{COMMAND} {}` to {}", own.word, own.purpose);
            format!(
                "Try one of these:{}",
                many.iter().map(line).collect::<String>()
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_lists_what_is_there() {
        let ping = Subcommand {
            word: "ping",
            purpose: "see how long a request takes",
        };
        let jobs = Subcommand {
            word: "jobs",
            purpose: "list the jobs",
        };
        let none = format!("`/tidegate` has no subcommands here. {ASK}");
        assert_eq!(help(&[]), none);
        assert_eq!(
            help(&[&ping]),
            "Try `/tidegate ping` to see how long a request takes."
        );
        assert_eq!(
            help(&[&ping, &jobs]),
            "Try one of these:\n• `/tidegate ping` to see how long a request takes\n• `/tidegate jobs` to list the jobs"
        );
    }
}
