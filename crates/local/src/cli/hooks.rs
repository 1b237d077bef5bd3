//! Command: `tidegate hooks add|list|show|change|enable|disable|remove|secret|test|deliveries|replay`

mod args;
mod print;

use serde_json::{Value, json};

pub(super) use self::args::HooksArgs;
use self::args::{Add, Deliveries, Hook, HooksCommand, Place, Replay};
use super::api::{Api, encoded};

impl Place {
    /// A path under `/v1/hooks`, for the workspace.
    fn path(&self, rest: &str) -> String {
        let tenant = self.tenant.as_deref();
        let tenant = tenant.map(|tenant| format!("?tenant={}", encoded(tenant)));
        format!("/v1/hooks{rest}{}", tenant.unwrap_or_default())
    }

    fn api(&self) -> anyhow::Result<Api> {
        Api::new(&self.remote)
    }

    /// Prints the answer as JSON, or in words.
    fn print(&self, answer: &Value, words: &str) {
        if self.json {
            anstream::println!("{answer}");
        } else {
            anstream::println!("{words}");
        }
    }
}

impl Hook {
    fn path(&self, rest: &str) -> String {
        self.of.path(&format!("/{}{rest}", encoded(&self.id)))
    }

    async fn change(&self, change: &Value, done: &str) -> anyhow::Result<()> {
        let answer = self.of.api()?.patch_json(&self.path(""), change).await?;
        self.of.print(&answer, &format!("{} is {done}.", self.id));
        Ok(())
    }

    async fn post(&self, rest: &str) -> anyhow::Result<Value> {
        self.of.api()?.post(&self.path(rest), &[]).await
    }
}

pub(super) async fn run(args: HooksArgs) -> anyhow::Result<()> {
    match args.command {
        HooksCommand::Add(new) => add(new).await,
        HooksCommand::List { of } => {
            let list = of.api()?.get(&of.path(""), &[]).await?;
            print::hooks(&list, of.json);
            Ok(())
        }
        HooksCommand::Show { hook } => {
            let answer = hook.of.api()?.get(&hook.path(""), &[]).await?;
            anstream::println!("{:#}", answer["hook"]);
            Ok(())
        }
        HooksCommand::Change(change) => {
            let channels = change.all_channels.then(Vec::new).or(change.channels);
            let notify = change.notify.map(Value::from);
            let fields = [
                ("url", change.receiver.map(Value::from)),
                ("events", change.events.map(Value::from)),
                ("channels", channels.map(Value::from)),
                (
                    "notify",
                    change.notify_admins.then_some(Value::Null).or(notify),
                ),
            ];
            let given = fields.into_iter();
            let given = given.filter_map(|(name, value)| Some((name.to_owned(), value?)));
            let wanted = Value::Object(given.collect());
            change.hook.change(&wanted, "changed").await
        }
        HooksCommand::Enable { hook } => hook.change(&json!({"enabled": true}), "enabled").await,
        HooksCommand::Disable { hook } => hook.change(&json!({"enabled": false}), "disabled").await,
        HooksCommand::Remove { hook } => {
            let answer = hook.of.api()?.delete(&hook.path(""), &[]).await?;
            hook.of.print(&answer, &format!("{} is deleted.", hook.id));
            Ok(())
        }
        HooksCommand::Secret { hook } => {
            let answer = hook.post("/secret").await?;
            print::secret(&answer, hook.of.json, "It is the secret of", &hook.id);
            Ok(())
        }
        HooksCommand::Test { hook } => {
            let answer = hook.post("/test").await?;
            let sent = answer["delivery"]["id"].as_str().unwrap_or_default();
            let tenant = hook.of.tenant.as_deref();
            let tenant = tenant.map(|tenant| format!(" --tenant {tenant}"));
            let tenant = tenant.unwrap_or_default();
            let look = format!("tidegate hooks deliveries {} {sent}{tenant}", hook.id);
            let words = format!("{sent} is on its way; `{look}` shows what came of it.");
            hook.of.print(&answer, &words);
            Ok(())
        }
        HooksCommand::Deliveries(asked) => deliveries(asked).await,
        HooksCommand::Replay(asked) => replay(asked).await,
    }
}

async fn add(new: Add) -> anyhow::Result<()> {
    let wanted = json!({
        "url": new.receiver,
        "events": new.events,
        "channels": new.channels,
        "notify": new.notify,
    });
    let made = new
        .of
        .api()?
        .post_json(&new.of.path(""), &[], &wanted, None)
        .await?;
    let id = made["hook"]["id"].as_str().unwrap_or_default();
    print::secret(&made, new.of.json, "Its id is", id);
    Ok(())
}

async fn deliveries(asked: Deliveries) -> anyhow::Result<()> {
    let hook = &asked.hook;
    let api = hook.of.api()?;
    if let Some(delivery) = &asked.delivery {
        let path = hook.path(&format!("/deliveries/{}", encoded(delivery)));
        anstream::println!("{:#}", api.get(&path, &[]).await?);
        return Ok(());
    }
    let query = [("limit", asked.limit.to_string())];
    let page = api.get(&hook.path("/deliveries"), &query).await?;
    print::deliveries(&page, hook.of.json);
    Ok(())
}

async fn replay(asked: Replay) -> anyhow::Result<()> {
    let hook = &asked.hook;
    if let Some(delivery) = &asked.delivery {
        let path = format!("/deliveries/{}/replay", encoded(delivery));
        let answer = hook.post(&path).await?;
        hook.of
            .print(&answer, &format!("{delivery} is sent again."));
        return Ok(());
    }
    let ago = |hours: u32| jiff::Timestamp::now().as_second() - i64::from(hours) * 3600;
    // Nothing is older than Unix time.
    let second = |at: jiff::Timestamp| at.as_second().max(0);
    let since = asked.since.map(second);
    let since = since.or(asked.hours.map(|hours| ago(hours).max(0)));
    let until = asked.until.map(second);
    let which = if asked.all { "all" } else { "failed" };
    let span = json!({"since": since, "until": until, "which": which});
    replay_span(hook, span).await
}

/// Replays a span, call after call.
async fn replay_span(hook: &Hook, mut span: Value) -> anyhow::Result<()> {
    let (api, path, mut replayed) = (hook.of.api()?, hook.path("/replay"), 0);
    loop {
        let answer = api.post_json(&path, &[], &span, None).await?;
        replayed += answer["replayed"].as_u64().unwrap_or(0);
        if answer["next"].is_null() {
            break;
        }
        span["after"] = answer["next"].clone();
    }
    let answer = json!({"ok": true, "replayed": replayed});
    let deliveries = if replayed == 1 {
        "delivery is"
    } else {
        "deliveries are"
    };
    hook.of
        .print(&answer, &format!("{replayed} {deliveries} sent again."));
    Ok(())
}
