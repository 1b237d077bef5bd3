//! Who may say what to the public, and what comes of it.

use std::collections::BTreeSet;

use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::people::PersonKind;

use super::*;
use crate::model::rows::{Loaded, Place};
use crate::model::settings::Settings;
use crate::model::settings::Timers;
use crate::model::severity::Severity;
use crate::status_pages::fixture::{NOW, incident};

fn settings() -> Settings {
    Settings {
        status_page: StatusPage::BuiltIn {
            title: "Acme".to_owned(),
        },
        ..Settings::default()
    }
}

fn loaded(incident: Incident) -> Loaded {
    Loaded {
        incident,
        place: Place::Pending,
    }
}

fn context<'a>(
    settings: &'a Settings,
    subject: &'a Loaded,
    user: &str,
    now: Timestamp,
) -> DecisionContext<'a> {
    DecisionContext {
        subject: Some(subject),
        cause: "test",
        ..DecisionContext::new(
            settings,
            Actor::Person(user.into()),
            PersonKind::Member,
            now,
        )
    }
}

/// The incident after a decision, its effects by name, and the answer.
fn changed(verdict: Result<Verdict, RequestError>) -> (Incident, Vec<&'static str>, String) {
    let Ok(Verdict::Change(change, said)) = verdict else {
        panic!("no change");
    };
    let incident = change.incident.clone();
    let posts = change.finish(&Timers::default()).posts;
    let said = said.map(|said| said.message()["text"].as_str().unwrap().to_owned());
    let names = posts.iter().map(|post| post.purpose).collect();
    (incident, names, said.unwrap_or_default())
}

fn words(verdict: Result<Verdict, RequestError>) -> String {
    match verdict {
        Ok(Verdict::Answer(said)) => said.message()["text"].as_str().unwrap().to_owned(),
        Err(refused) => refused.text.mrkdwn(),
        _ => panic!("no answer"),
    }
}

#[test]
fn the_commander_publishes_at_once() {
    let (settings, subject) = (settings(), loaded(incident()));
    let verdict = draft(
        &context(&settings, &subject, "UCOMMANDER", NOW),
        " We look into it. ",
    );
    let (incident, effects, _) = changed(verdict);
    assert_eq!(incident.draft, None);
    let [update] = &incident.public[..] else {
        panic!()
    };
    assert_eq!((update.n, update.text.as_str()), (1, "We look into it."));
    assert_eq!(update.status, Status::Investigating);
    assert_eq!(effects, ["incident.say", "incident.status_page"]);
}

#[test]
fn under_a_p1_comms_waits_for_a_yes_and_an_old_button_does_nothing() {
    let settings = settings();
    let subject = loaded(incident());
    let verdict = draft(&context(&settings, &subject, "UCOMMS", NOW), "First.");
    let (waiting, effects, said) = changed(verdict);
    assert!(said.starts_with("Your text waits."), "{said}");
    assert_eq!(effects, ["incident.say"], "nothing for the page yet");
    assert!(waiting.public.is_empty());
    let old = waiting.draft.clone().unwrap().n;

    let subject = loaded(Incident {
        version: 8,
        ..waiting
    });
    let (newer, _, _) = changed(draft(
        &context(&settings, &subject, "UCOMMS", NOW),
        "Second.",
    ));
    let subject = loaded(newer);
    let commander = context(&settings, &subject, "UCOMMANDER", NOW);
    assert!(words(publish_draft(&commander, old)).contains("newer draft"));
    assert!(words(discard_draft(&commander, old)).contains("newer draft"));
    let comms = context(&settings, &subject, "UCOMMS", NOW);
    let n = subject.incident.draft.as_ref().unwrap().n;
    assert!(words(publish_draft(&comms, n)).contains("approve"));

    let (published, effects, _) = changed(publish_draft(&commander, n));
    assert_eq!(published.public[0].text, "Second.");
    assert_eq!(published.draft, None);
    assert_eq!(effects, ["incident.say", "incident.status_page"]);
    let subject = loaded(published);
    let commander = context(&settings, &subject, "UCOMMANDER", NOW);
    assert!(words(publish_draft(&commander, n)).contains("decided already"));
}

#[test]
fn a_draft_is_discarded_by_its_author_too_and_no_number_comes_again() {
    let settings = settings();
    let subject = loaded(incident());
    let (waiting, _, _) = changed(draft(
        &context(&settings, &subject, "UCOMMS", NOW),
        "First.",
    ));
    let first = waiting.draft.clone().unwrap().n;
    let subject = loaded(waiting);
    let (discarded, _, _) = changed(discard_draft(
        &context(&settings, &subject, "UCOMMS", NOW),
        first,
    ));
    assert_eq!((discarded.draft.clone(), discarded.public.len()), (None, 0));
    let subject = loaded(discarded);
    let (again, _, _) = changed(draft(
        &context(&settings, &subject, "UCOMMS", NOW),
        "First.",
    ));
    assert!(again.draft.unwrap().n > first);
}

#[test]
fn what_the_public_must_not_read_is_refused() {
    let open = incident;
    for (incident, why) in [
        (
            Incident {
                private: true,
                ..open()
            },
            "private",
        ),
        (
            Incident {
                drill: true,
                ..open()
            },
            "drill",
        ),
        (
            Incident {
                status: Status::Triage,
                ..open()
            },
            "triage",
        ),
        (
            Incident {
                status: Status::Canceled,
                ..open()
            },
            "ended",
        ),
        (
            Incident {
                status: Status::Merged,
                ..open()
            },
            "ended",
        ),
        (
            Incident {
                status: Status::Closed,
                ..open()
            },
            "ended",
        ),
    ] {
        let (settings, subject) = (settings(), loaded(incident));
        let said = words(draft(
            &context(&settings, &subject, "UCOMMANDER", NOW),
            "Text.",
        ));
        assert!(said.contains(why), "{said}");
    }
    let (settings, subject) = (settings(), loaded(incident()));
    let commander = context(&settings, &subject, "UCOMMANDER", NOW);
    assert!(words(draft(&commander, "  ")).contains("Say what"));
    assert!(words(draft(&commander, &"é".repeat(MAX_TEXT + 1))).contains("3001 characters"));
    assert!(
        words(draft(
            &context(&settings, &subject, "UREPORTER", NOW),
            "Text."
        ))
        .contains("nly")
    );
}

#[test]
fn without_a_page_it_is_said_how_to_set_one() {
    let (settings, subject) = (Settings::default(), loaded(incident()));
    let said = words(draft(
        &context(&settings, &subject, "UCOMMANDER", NOW),
        "Text.",
    ));
    assert!(said.contains("/incident config set status_page"), "{said}");
}

#[test]
fn a_draft_that_became_private_meanwhile_is_not_published() {
    let settings = settings();
    let subject = loaded(incident());
    let (waiting, _, _) = changed(draft(
        &context(&settings, &subject, "UCOMMS", NOW),
        "First.",
    ));
    let n = waiting.draft.clone().unwrap().n;
    let subject = loaded(Incident {
        private: true,
        ..waiting
    });
    let said = words(publish_draft(
        &context(&settings, &subject, "UCOMMANDER", NOW),
        n,
    ));
    assert!(said.contains("private"), "{said}");
}

#[test]
fn the_incident_keeps_the_last_texts_and_counts_on() {
    let settings = settings();
    let mut incident = incident();
    incident.severity = Severity::P3;
    for n in 1..=30_u32 {
        let subject = loaded(incident);
        let verdict = draft(
            &context(&settings, &subject, "UCOMMS", NOW),
            &format!("Text {n}."),
        );
        incident = changed(verdict).0;
        assert_eq!(incident.public.last().unwrap().n, n);
    }
    assert_eq!(incident.public.len(), MAX_PUBLIC);
    let numbers: BTreeSet<u32> = incident.public.iter().map(|update| update.n).collect();
    assert_eq!(numbers, (11..=30).collect());
}
