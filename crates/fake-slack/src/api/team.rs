//! What belongs to a workspace as a whole: `team.info`, `emoji.list`, `usergroups.list`.

use serde_json::{Value, json};

use super::Answer;
use super::request::Args;
use crate::caller::Caller;
use crate::fake::FakeSlack;

pub(super) fn info(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    let config = fake.config();
    let team = by.team_for(args.text("team"))?;
    let workspace = config.workspace(team);
    let domain = workspace.domain();
    let mut info =
        json!({ "id": team, "name": workspace.name, "domain": domain, "email_domain": "" });
    if let Some(enterprise) = workspace.enterprise_id {
        info["enterprise_name"] = config.enterprise_name(&enterprise).into();
        info["enterprise_id"] = enterprise.into();
    }
    Ok(json!({ "team": info }))
}

/// Nobody here has added an emoji.
pub(super) fn emoji(fake: &FakeSlack) -> Value {
    let now = fake.now().as_secs().to_string();
    json!({ "emoji": {}, "cache_ts": now })
}

/// Nobody here has made a user group.
pub(super) fn user_groups(_: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    by.team_for(args.text("team_id"))?;
    Ok(json!({ "usergroups": [] }))
}
