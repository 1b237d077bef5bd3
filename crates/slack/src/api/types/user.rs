//! A person or bot user as Slack describes them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::ids::{TenantId, UserId};

answer! {
    /// A person or bot user.
    User {
        must {
            /// `U…` or `W…`.
            id: UserId,
        }
        /// Their workspace.
        team_id: Option<TenantId>,
        /// Their handle, which nobody should be shown any more.
        name: String,
        /// What they call themselves in full.
        real_name: Option<String>,
        /// Whether the account has ended.
        deleted: bool,
        /// Whether it is an app's.
        is_bot: bool,
        /// Whether it is the app of the token.
        is_app_user: bool,
        /// Rights.
        is_admin: bool,
        /// Rights.
        is_owner: bool,
        /// A guest of several channels.
        is_restricted: bool,
        /// A guest of one channel.
        is_ultra_restricted: bool,
        /// Belongs to another organisation.
        is_stranger: bool,
        /// IANA name.
        tz: Option<String>,
        /// Seconds.
        tz_offset: Option<i64>,
        /// If it was asked for: `en-US`.
        locale: Option<String>,
        /// Unix seconds.
        updated: i64,
        /// The rest.
        profile: Option<Profile>,
        /// The account within the organisation.
        enterprise_user: Option<EnterpriseUser>,
    }
}

answer! {
    /// What a person says of themselves.
    Profile {
        /// What they are called in channels; empty for whoever chose none.
        display_name: String,
        /// In full.
        real_name: String,
        /// With scope `users:read.email`.
        email: Option<String>,
        /// Their job.
        title: Option<String>,
        /// `B…`, for a bot.
        bot_id: Option<String>,
        /// `A…`, for a bot.
        api_app_id: Option<String>,
        /// Their workspace.
        team: Option<TenantId>,
        /// What they are doing.
        status_text: Option<String>,
        /// With colons.
        status_emoji: Option<String>,
        /// A small picture.
        image_72: Option<String>,
        /// Fields that the workspace added, by `X…`.
        fields: BTreeMap<String, Value>,
    }
}

answer! {
    /// An account within an organisation.
    EnterpriseUser {
        /// `W…` or `U…`.
        id: Option<UserId>,
        /// The organisation.
        enterprise_id: Option<TenantId>,
        /// The workspaces it belongs to.
        teams: super::List<TenantId>,
    }
}
