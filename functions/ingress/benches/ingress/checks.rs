//! Whether a subject does the job at all: the same questions to each, in a process of its own.

use anyhow::{Context as _, Result};

use crate::events::{Signed, invocation, message};
use crate::session::{Outcome, Session};
use crate::subject::Subject;

/// The result of a check.
pub(crate) struct Check {
    pub(crate) name: &'static str,
    pub(crate) passed: bool,
    pub(crate) saw: String,
}

/// The answer that a request should get.
#[derive(Clone, Copy)]
enum Expected<'a> {
    /// 200, and this body on the queue.
    Queued(&'a str),
    /// 401, and nothing on the queue.
    Refused,
    /// 200 with this in its body, and nothing on the queue.
    Answered(&'a str),
    /// Anything but 200 and a queued message: the queue is down.
    NotTaken,
    /// The process goes on, with any answer.
    Survived,
}

const GREETING: &str = r#"{"token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}"#;

/// Checks the answer to every kind of request.
pub(crate) fn check(subject: &Subject) -> Result<Vec<Check>> {
    let mut asker = Asker {
        subject,
        session: Session::start(subject, &[])?,
        checks: Vec::new(),
    };
    asker
        .session
        .ready()
        .with_context(|| format!("{} does not start", subject.name))?;
    asker
        .ask_all()
        .with_context(|| format!("{}, after {}", subject.name, asker.last()))?;
    Ok(asker.checks)
}

struct Asker<'a> {
    subject: &'a Subject,
    session: Session,
    checks: Vec<Check>,
}

impl Asker<'_> {
    fn ask_all(&mut self) -> Result<()> {
        let plain = message(1);
        // Not only what Slack escapes: the bytes must arrive as they are.
        let raw = message(2)
            .replace(r"\u00f6", "ö🌊")
            .replace("tide. ", "tide\u{2028}\\t");
        let signed = |body: &str| invocation(body, Signed::Well, &[], false);
        let with = |how: Signed| invocation(&plain, how, &[], false);
        self.ask("a signed event", signed(&plain), Expected::Queued(&plain))?;
        self.ask("non-ASCII body", signed(&raw), Expected::Queued(&raw))?;
        let base64 = invocation(&raw, Signed::Well, &[], true);
        self.ask("base64 body", base64, Expected::Queued(&raw))?;
        self.ask("wrong signature", with(Signed::Wrongly), Expected::Refused)?;
        self.ask("no signature", with(Signed::Not), Expected::Refused)?;
        self.ask(
            "signed 10 min ago",
            with(Signed::Ago(600)),
            Expected::Refused,
        )?;
        self.ask(
            "signed 10 min ahead",
            with(Signed::Ago(-600)),
            Expected::Refused,
        )?;
        let challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
        self.ask(
            "url_verification",
            signed(GREETING),
            Expected::Answered(challenge),
        )?;
        let odd = invocation(&plain, Signed::Well, &[("x-note", "Flut 🌊 ö")], false);
        self.ask("non-ASCII header", odd, Expected::Survived)?;
        let odd = invocation(
            &plain,
            Signed::Not,
            &[
                ("x-slack-signature", "v0=🌊"),
                ("x-slack-request-timestamp", "１"),
            ],
            false,
        );
        self.ask("non-ASCII signature", odd, Expected::NotTaken)?;
        self.ask("no event at all", b"{}".to_vec(), Expected::NotTaken)?;
        self.session.sqs.refuse(true);
        self.ask("queue refuses", signed(&plain), Expected::NotTaken)?;
        self.session.sqs.refuse(false);
        self.ask(
            "a signed event after all that",
            signed(&plain),
            Expected::Queued(&plain),
        )
    }

    fn ask(&mut self, name: &'static str, event: Vec<u8>, expected: Expected<'_>) -> Result<()> {
        let (outcome, _) = self.session.invoke(event).context(name)?;
        let messages = self.session.sqs.take();
        let (status, text) = match &outcome {
            Outcome::Answered { status, body } => (*status, body.as_str()),
            Outcome::Failed(e) => (500, e.as_str()),
        };
        let passed = match expected {
            Expected::Queued(body) => {
                status == 200 && matches!(&messages[..], [one] if self.subject.carries(one, body))
            }
            Expected::Refused => status == 401 && messages.is_empty(),
            Expected::Answered(part) => status == 200 && text.contains(part) && messages.is_empty(),
            Expected::NotTaken => status >= 400 && messages.is_empty(),
            Expected::Survived => true,
        };
        let saw = match outcome {
            Outcome::Answered { status, .. } => format!("{status}, {} queued", messages.len()),
            Outcome::Failed(_) => format!("an error, {} queued", messages.len()),
        };
        self.checks.push(Check { name, passed, saw });
        Ok(())
    }

    fn last(&self) -> &'static str {
        self.checks.last().map_or("its start", |check| check.name)
    }
}
