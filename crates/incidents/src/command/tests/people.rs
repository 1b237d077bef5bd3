//! Tests of the forms of `people`: people, roles and services.

use super::*;

#[test]
fn people_are_read_from_slacks_tokens_only() {
    for token in ["<@U0ANA>", "<@U0ANA|ana>", "<@U0ANA|Ana B. Lee>"] {
        let user = ana();
        assert_eq!(
            read(&format!("commander {token}")),
            Command::Commander(Some(ana()))
        );
        let role = RoleName::Scribe;
        assert_eq!(
            read(&format!("role Scribe {token}")),
            Command::Role { role, user }
        );
        let notes = Some("the DB team is on it".to_owned());
        let handover = Command::Handover { to: ana(), notes };
        assert_eq!(
            read(&format!("handover {token} the DB team is on it")),
            handover
        );
        assert_eq!(
            read(&format!("page {token}")),
            Command::Page(Paged::Person(ana()))
        );
    }
    for text in [
        "commander @ana",
        "handover @ana",
        "role scribe @ana",
        "page @ana",
        "invite @ana",
        "task add @ana x",
    ] {
        assert!(
            refused(text).contains("pick the person from the list"),
            "{text}"
        );
    }
    for text in [
        "commander ana",
        "handover",
        "role scribe",
        "commander <!subteam^S1|@oncall>",
        "commander <@ana>",
    ] {
        assert!(refused(text).contains("type @ and pick them"), "{text}");
    }
    let invited = Command::Invite(vec![ana(), UserId::from("W2")]);
    assert_eq!(read("invite <@U0ANA|ana><@W2> <@U0ANA>"), invited);
    assert_eq!(
        read("page Checkout"),
        Command::Page(Paged::Service("checkout".to_owned()))
    );
    assert_eq!(
        read("claim DBA-lead"),
        Command::Claim(RoleName::Custom("dba-lead".to_owned()))
    );
    assert!(refused("claim c!").starts_with("The role must be"));
}
