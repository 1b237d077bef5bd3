//! `users.*`: who is in a workspace, and where they are.

use super::conversations::ChannelPage;
use super::pages::paged;
use super::types::user::{Profile, User};
use super::types::{List, Metadata};
use crate::ids::{TenantId, UserId};

method! {
    /// Lists the people and bot users of a workspace, including those who have left.
    Read "users.list": ListUsers {
        /// Whether the answer has each person's language, in `locale`.
        include_locale: Option<bool>,
        /// The workspace, for a token of an organisation.
        team_id: Option<TenantId>,
        /// The cursor from the page before; `None` begins at the first page.
        cursor: Option<String>,
        /// Page size; 200 at most is Slack's advice. Without one, large workspaces get `limit_required`.
        limit: Option<u32>,
    } => UserPage
}

method! {
    /// One person or bot user.
    Read "users.info": Info {
        /// The id of the person or bot user, `U…` or `W…`.
        user: UserId,
        /// Whether the answer has the person's language, in `locale`.
        include_locale: Option<bool>,
    } => OneUser
}

method! {
    /// Finds the person with that address; needs the scope `users:read.email`.
    Read "users.lookupByEmail": LookupByEmail {
        /// The person's address, as their profile has it.
        email: String,
    } => OneUser
}

method! {
    /// Lists the conversations that a person is in.
    Read "users.conversations": Conversations {
        /// The id of the person, `U…` or `W…`; the token's own if empty.
        user: Option<UserId>,
        /// `public_channel`, `private_channel`, `mpim`, `im`; the first alone if empty.
        types: Option<Vec<String>>,
        /// Whether archived ones are left out.
        exclude_archived: Option<bool>,
        /// The workspace, for a token of an organisation.
        team_id: Option<TenantId>,
        /// The cursor from the page before; `None` begins at the first page.
        cursor: Option<String>,
        /// Most conversations in one page.
        limit: Option<u32>,
    } => ChannelPage
}

method! {
    /// Whether a person is active in Slack.
    Read "users.getPresence": GetPresence {
        /// The id of the person, `U…` or `W…`.
        user: UserId,
    } => Presence
}

method! {
    /// The profile of a person, with the fields that their workspace added.
    Read "users.profile.get": GetProfile {
        /// The id of the person, `U…` or `W…`; the token's own if empty.
        user: Option<UserId>,
        /// Whether the answer has the labels of added fields; Slack limits such calls more strictly.
        include_labels: Option<bool>,
    } => OneProfile
}

paged!(ListUsers, Conversations);

answer! {
    /// A page of people.
    UserPage {
        must {
            /// The people of this page. A page may have fewer than asked for and not be the last.
            members: List<User>,
        }
        /// The time for which the list holds, in Unix seconds.
        cache_ts: i64,
        /// Where the next page begins.
        response_metadata: Metadata,
    }
}

answer! {
    /// One person or bot user.
    OneUser {
        must {
            /// The person with all that the token may see.
            user: User,
        }
    }
}

answer! {
    /// Whether a person is active in Slack.
    Presence {
        must {
            /// Slack's word for it: `active` or `away`.
            presence: String,
        }
    }
}

answer! {
    /// The profile of a person.
    OneProfile {
        must {
            /// The profile, as far as the token may see it.
            profile: Profile,
        }
    }
}
