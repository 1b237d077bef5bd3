//! Forms: slash commands, and the certificate probe that may come to any endpoint.

use tidegate_ingress::{Acknowledgement, Decision, Endpoint, decide};
use tidegate_slack::command::{self, Form, SlashCommand};
use tidegate_slack::ids::TenantId;

use crate::assert_tenant;

/// Checks one input: the body of a slash command, as it came. Panics if a property fails.
pub fn check(body: &[u8]) {
    let form = Form::parse(body);
    assert_eq!(form.is_ssl_check(), form.get("ssl_check") == Some("1"));
    let tenant = command::tenant(&form);
    if let Some(tenant) = &tenant {
        assert_tenant(tenant);
    }
    if let Some(command) = SlashCommand::from_form(&form) {
        assert!(command.command.starts_with('/'));
        assert_eq!(Some(&command.tenant), tenant.as_ref());
        assert_eq!(command.text, form.get("text").unwrap_or_default());
        assert_hidden(&command);
    }
    assert_decision(body, &form, tenant.as_ref());
    for endpoint in [Endpoint::Events, Endpoint::Interactions] {
        let probe = matches!(
            decide(endpoint, true, body),
            Decision::Acknowledge(Acknowledgement::Ok)
        );
        assert_eq!(probe, form.is_ssl_check());
    }
}

fn assert_decision(body: &[u8], form: &Form<'_>, tenant: Option<&TenantId>) {
    for is_form in [false, true] {
        match decide(Endpoint::Commands, is_form, body) {
            Decision::Acknowledge(answer) => {
                assert_eq!(answer, Acknowledgement::Ok);
                assert!(form.is_ssl_check());
            }
            Decision::Queue(queued) => {
                assert!(!form.is_ssl_check());
                let expected = tenant.cloned().unwrap_or_else(TenantId::unreadable);
                assert_eq!(queued.tenant, expected);
                assert_eq!(queued.when_queue_is_down, Acknowledgement::Apology);
            }
        }
    }
}

/// A command's debug text is the same for all bearer credentials.
fn assert_hidden(command: &SlashCommand) {
    let without = SlashCommand {
        response_url: String::new().into(),
        trigger_id: String::new().into(),
        ..command.clone()
    };
    let (shown, without) = (format!("{command:?}"), format!("{without:?}"));
    assert!(shown == without, "a credential is shown");
}
