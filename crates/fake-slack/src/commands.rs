//! Slash commands: the form Slack sends, and what the user sees of the app's immediate answer.

use serde_json::Value;

use crate::delivery::{DeliveryReport, Outgoing};
use crate::fake::FakeSlack;
use crate::records::Ephemeral;
use crate::response_urls::Answer;

/// Who typed a command, and where.
struct Typed<'a> {
    user: &'a str,
    channel: String,
    command: &'a str,
}

impl FakeSlack {
    /// Runs a slash command as this user; an immediate answer appears in the channel. Never sent twice.
    pub async fn run_command(
        &self,
        user: &str,
        channel: &str,
        command: &str,
        text: &str,
    ) -> DeliveryReport {
        let (typed, body) = match self.command_form(user, channel, command, text) {
            Ok(form) => form,
            Err(error) => return DeliveryReport::refused(error),
        };
        let outgoing = Outgoing {
            kind: "command".to_owned(),
            path: "/slack/commands",
            content_type: "application/x-www-form-urlencoded",
            body,
            event_id: None,
            retried: false,
            in_background: false,
        };
        let report = self.deliver(outgoing).await;
        self.show_immediate_answer(&typed, &report);
        report
    }

    fn command_form<'a>(
        &self,
        user: &'a str,
        channel: &str,
        command: &'a str,
        text: &str,
    ) -> Result<(Typed<'a>, String), &'static str> {
        let config = self.config();
        let now = self.now();
        let mut world = self.world();
        if !world.meet_user(user) {
            return Err("user_not_found");
        }
        let user_name = world.user_name(user);
        let channel = world.channel_id(channel);
        let room = world.room(&channel, now).ok_or("channel_not_found")?;
        let team = room.channel.team.clone();
        let channel_name = if room.kind() == "im" {
            "directmessage".to_owned()
        } else {
            room.channel.name.clone()
        };
        let trigger_id = world.next_trigger(&config.signing_secret, user, &team, now);
        let place = world.installs.covering(config, &team);
        drop(world);
        let workspace = config.workspace(&team);
        let response_url = self.new_response_url(&channel, user, None);
        let mut form = form_urlencoded::Serializer::new(String::new());
        if let Some(enterprise_id) = &workspace.enterprise_id {
            form.append_pair("enterprise_id", enterprise_id)
                .append_pair("enterprise_name", &config.enterprise_name(enterprise_id));
        }
        let body = form
            .append_pair("token", &self.verification_token())
            .append_pair("team_id", &team)
            .append_pair("team_domain", &workspace.domain())
            .append_pair("channel_id", &channel)
            .append_pair("channel_name", &channel_name)
            .append_pair("user_id", user)
            .append_pair("user_name", &user_name)
            .append_pair("command", command)
            .append_pair("text", text)
            .append_pair("api_app_id", &config.app_id)
            .append_pair(
                "is_enterprise_install",
                if place.is_org() { "true" } else { "false" },
            )
            .append_pair("response_url", &response_url)
            .append_pair("trigger_id", &trigger_id)
            .finish();
        Ok((
            Typed {
                user,
                channel,
                command,
            },
            body,
        ))
    }

    fn show_immediate_answer(&self, typed: &Typed<'_>, report: &DeliveryReport) {
        let Some(attempt) = report.attempts.last() else {
            return;
        };
        if let Some(error) = &attempt.error {
            let reason = if error.ends_with("timeout") {
                "operation_timeout"
            } else {
                "dispatch_failed"
            };
            self.say_as_slack(
                typed,
                &format!(
                    "{} failed because the app did not respond: `{reason}`",
                    typed.command
                ),
            );
            return;
        }
        let body = attempt.body.trim();
        if body.is_empty() {
            return;
        }
        let answer = match serde_json::from_str::<Value>(body) {
            Ok(Value::Object(fields)) => Answer::from_json(&Value::Object(fields)),
            _ => Answer::plain(body),
        };
        if answer.has_content() {
            self.show(&typed.channel, typed.user, answer);
        }
    }

    fn say_as_slack(&self, typed: &Typed<'_>, text: &str) {
        let now = self.now();
        let mut world = self.world();
        let ephemeral = Ephemeral {
            ts: world.next_ts(now),
            channel: typed.channel.clone(),
            user: typed.user.to_owned(),
            from_slack: true,
            text: text.to_owned(),
            blocks: None,
            thread_ts: None,
        };
        world.add_ephemeral(ephemeral);
    }
}
