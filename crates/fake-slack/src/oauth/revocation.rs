//! Taking the app away: `auth.revoke`, `apps.uninstall`, and what an administrator or a user does in Slack.

use serde_json::{Value, json};

use super::access::check_client;
use super::store::Holder;
use crate::api::Answer;
use crate::api::request::Args;
use crate::caller::Caller;
use crate::delivery::DeliveryReport;
use crate::envelope::Addressee;
use crate::fake::FakeSlack;
use crate::records::TokenKind;
use crate::workspaces::Place;

/// `auth.revoke`: the token it is called with dies, and with it every other of its holder.
pub(crate) fn auth_revoke(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    if args.flag("test") {
        return Ok(json!({ "revoked": false }));
    }
    let holder = match by.kind {
        TokenKind::Bot => Holder::Bot,
        TokenKind::User => Holder::User(by.user.clone()),
        TokenKind::App => return Err("not_allowed_token_type".into()),
    };
    fake.revoke_holder(&by.place, &holder);
    fake.tell_in_background(&by.place, tokens_revoked(fake, &by.place, &[holder]));
    Ok(json!({ "revoked": true }))
}

/// `apps.uninstall`: removes the app, and tells it so by events.
pub(crate) fn apps_uninstall(fake: &FakeSlack, by: &Caller, args: &Args) -> Answer {
    check_client(fake.config(), args)?;
    let revoked = fake.remove(&by.place);
    fake.tell_in_background(&by.place, tokens_revoked(fake, &by.place, &revoked));
    fake.tell_in_background(&by.place, json!({ "type": "app_uninstalled" }));
    Ok(json!({}))
}

impl FakeSlack {
    /// An administrator removes the app from a workspace (`T…`) or an organisation (`E…`): its tokens die first, then the
    /// app is told, `tokens_revoked` before `app_uninstalled` or the other way round. Slack promises no order.
    pub async fn uninstall(&self, id: &str, uninstalled_first: bool) -> DeliveryReport {
        let place = place_of(id);
        let revoked = self.remove(&place);
        let to = Addressee::whole(&place);
        let mut events = [
            tokens_revoked(self, &place, &revoked),
            json!({ "type": "app_uninstalled" }),
        ];
        if uninstalled_first {
            events.reverse();
        }
        let [first, second] = events;
        let first = self.send_event_to(&to, first).await;
        let second = self.send_event_to(&to, second).await;
        first.and(second)
    }

    /// A user takes back what they allowed the app to do for them; with no user, the bot's token is revoked.
    pub async fn revoke(&self, id: &str, user: Option<&str>) -> DeliveryReport {
        let place = place_of(id);
        let holder = user.map_or(Holder::Bot, |user| Holder::User(user.to_owned()));
        self.revoke_holder(&place, &holder);
        let event = tokens_revoked(self, &place, &[holder]);
        self.send_event_to(&Addressee::whole(&place), event).await
    }

    /// Turns token rotation on for the app: tokens that are issued from now on expire. Slack has no way back.
    pub fn turn_on_rotation(&self) {
        self.world().installs.rotation = true;
    }

    /// Lets every token of an installation expire now, or of all when none is named; refresh tokens stay good.
    /// The configured token never expires.
    pub fn expire_tokens(&self, id: Option<&str>) {
        let now = self.now();
        let mut world = self.world();
        for token in world.installs.tokens.values_mut() {
            if id.is_none_or(|id| token.place.id() == id) && !token.unrestricted {
                token.expires_at = Some(token.expires_at.map_or(now, |at| at.min(now)));
            }
        }
    }

    fn revoke_holder(&self, place: &Place, holder: &Holder) {
        let mut world = self.world();
        world
            .installs
            .revoke("token_revoked", |at, of| at == place && of == holder);
        if let Some(install) = world.installs.by_place.get_mut(place) {
            match holder {
                Holder::Bot => install.bot_scopes.clear(),
                Holder::User(user) => {
                    install.users.remove(user);
                }
            }
        }
    }

    /// Ends an installation, and tells whose tokens died of it.
    fn remove(&self, place: &Place) -> Vec<Holder> {
        let mut world = self.world();
        world
            .installs
            .revoke("account_inactive", |at, _| at == place);
        let mut revoked = vec![Holder::Bot];
        if let Some(install) = world.installs.by_place.get_mut(place) {
            install.installed_at = None;
            install.bot_scopes.clear();
            revoked.extend(
                std::mem::take(&mut install.users)
                    .into_keys()
                    .map(Holder::User),
            );
        }
        world.revision += 1;
        revoked
    }
}

/// An id as it is written: `E…` is an organisation.
fn place_of(id: &str) -> Place {
    if id.starts_with('E') {
        Place::Org(id.to_owned())
    } else {
        Place::Team(id.to_owned())
    }
}

fn tokens_revoked(fake: &FakeSlack, place: &Place, holders: &[Holder]) -> Value {
    let (mut oauth, mut bot) = (Vec::new(), Vec::new());
    for holder in holders {
        match holder {
            Holder::Bot => bot.push(fake.config().bot_user_of(place)),
            Holder::User(user) => oauth.push(user.clone()),
        }
    }
    json!({ "type": "tokens_revoked", "tokens": { "oauth": oauth, "bot": bot } })
}
