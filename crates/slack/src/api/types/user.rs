//! A person or bot user as Slack describes them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ids::{TenantId, UserId};

answer! {
    /// A person or bot user.
    User {
        must {
            /// The id of the person or bot user, `U…` or `W…`.
            id: UserId,
        }
        /// The workspace that the account belongs to, `T…`.
        team_id: Option<TenantId>,
        /// Their handle, which nobody should be shown any more.
        name: String,
        /// The person's full name.
        real_name: Option<String>,
        /// Whether the account is deactivated.
        deleted: bool,
        /// Whether it is a bot user.
        is_bot: bool,
        /// Whether it is the app of the token.
        is_app_user: bool,
        /// Whether they administer the workspace.
        is_admin: bool,
        /// Whether they own the workspace.
        is_owner: bool,
        /// Whether they are a guest of one or several channels.
        is_restricted: bool,
        /// Whether they are a guest of one channel only.
        is_ultra_restricted: bool,
        /// Whether the account belongs to another organisation.
        is_stranger: bool,
        /// The time zone by its IANA name, such as `Europe/Berlin`.
        tz: Option<String>,
        /// Seconds that their clock is ahead of UTC; less than 0 if it is behind.
        tz_offset: Option<i64>,
        /// The language, such as `en-US`, if it was asked for.
        locale: Option<String>,
        /// The time of the account's latest change, in Unix seconds.
        updated: i64,
        /// The profile that the person filled in.
        profile: Option<Profile>,
        /// The account within the organisation.
        enterprise_user: Option<EnterpriseUser>,
    }
}

answer! {
    /// A profile, which the person fills in themselves.
    Profile {
        /// The name that channels show; empty if the person chose none.
        display_name: String,
        /// The full name, as they wrote it.
        real_name: String,
        /// The address, if the token has the scope `users:read.email`.
        email: Option<String>,
        /// The title of their job, as they wrote it.
        title: Option<String>,
        /// The bot's id, `B…`, if it is one.
        bot_id: Option<String>,
        /// The id of the bot's app, `A…`, if it is one.
        api_app_id: Option<String>,
        /// The workspace that the profile belongs to, `T…`.
        team: Option<TenantId>,
        /// The text of the status.
        status_text: Option<String>,
        /// The emoji of the status, with colons, such as `:palm_tree:`.
        status_emoji: Option<String>,
        /// The address of their picture, 72 pixels wide and high.
        image_72: Option<String>,
        /// Fields that the workspace added, by their ids, `X…`.
        fields: BTreeMap<String, Value>,
    }
}

answer! {
    /// An account within an organisation.
    EnterpriseUser {
        /// The id of the account within the organisation, `W…` or `U…`.
        id: Option<UserId>,
        /// The id of the organisation, `E…`.
        enterprise_id: Option<TenantId>,
        /// Whether they administer the organisation.
        is_admin: bool,
        /// Whether they own the organisation.
        is_owner: bool,
        /// The workspaces it belongs to.
        teams: super::List<TenantId>,
    }
}
