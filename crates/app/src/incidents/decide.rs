//! From what is asked to the decision about it: one line for each thing that can be asked.

use super::ask::Ask;
use super::case::{Case, Refused, Verdict};
use super::command::Command;
use super::declare::{self, Declaration};
use super::permissions::Action;
use super::{case, lifecycle};

/// Decides. Whatever only reads, and whatever needs more rows, has been answered before.
pub fn decide(case: &Case<'_>, ask: &Ask) -> Result<Verdict, Refused> {
    match ask {
        Ask::Command(command) => decide_command(case, command),
        Ask::Declare(declaration) => declare(case, declaration),
        Ask::Update(update, _) => lifecycle::update(case, update),
        Ask::Resolve(summary, _) => lifecycle::resolve(case, summary.as_deref()),
        Ask::Open(form) => Ok(Verdict::Form(form.clone())),
        _ => Err(Refused::new("not yet")),
    }
}

fn decide_command(case: &Case<'_>, command: &Command) -> Result<Verdict, Refused> {
    match command {
        Command::Declare(known) => typed_declaration(case, known),
        Command::Accept => lifecycle::accept(case),
        Command::Status { to, text } => {
            let update = lifecycle::Update {
                to: *to,
                text: text.clone(),
                next_minutes: None,
            };
            lifecycle::update(case, &update)
        }
        Command::Update => Ok(Verdict::Form(case::Form::Update)),
        Command::Severity { to, reason } => lifecycle::severity(case, *to, reason.as_deref()),
        Command::Resolve(summary) => lifecycle::resolve(case, summary.as_deref()),
        Command::Reopen(why) => lifecycle::reopen(case, why),
        Command::Cancel(why) => lifecycle::cancel(case, why),
        Command::Close => lifecycle::close(case),
        _ => Err(Refused::new("not yet")),
    }
}

/// With title, severity and service there is nothing left to ask; otherwise the form asks for the rest.
fn typed_declaration(case: &Case<'_>, known: &super::command::Declare) -> Result<Verdict, Refused> {
    let declaration = declare::typed(known);
    let is_whole = known.template.is_some() || {
        let services = !known.services.is_empty() || case.settings.services.is_empty();
        known.title.is_some() && known.severity.is_some() && services
    };
    if is_whole {
        return declare(case, &declaration);
    }
    case.may_at_all(Action::Declare)?;
    Ok(Verdict::Form(case::Form::Declare(Box::new(declaration))))
}

fn declare(case: &Case<'_>, declaration: &Declaration) -> Result<Verdict, Refused> {
    case.may_at_all(Action::Declare)?;
    let settings = case.settings;
    let declaration =
        declare::from_template(declaration.clone(), settings).map_err(Refused::new)?;
    let wrong = declare::check(&declaration, settings);
    if !wrong.is_empty() {
        let words: Vec<String> = wrong.into_iter().map(|(_, words)| words).collect();
        return Err(Refused::new(words.join(" ")));
    }
    let change = declare::decide(
        &declaration,
        settings,
        &case.actor,
        case.cause,
        case.count,
        case.now,
    );
    let said = format!(
        "*{}* is declared as {}. Its channel `#{}` is being made, and you are invited to it.",
        change.incident.name(),
        change.incident.severity,
        change.incident.channel_name
    );
    Ok(Verdict::changed(change, said))
}
