//! Issuing tokens: their text, their life, and the pair that rotation makes of one.

use std::time::Duration;

use serde_json::Value;

use super::store::{Holder, RefreshToken, Token};
use crate::config::FakeConfig;
use crate::signing::keyed_hash;
use crate::workspaces::Place;
use crate::world::World;

/// How long a token lives that rotates.
pub(super) const LIFETIME: Duration = Duration::from_hours(12);

/// A token just issued.
pub(super) struct Issued {
    pub access_token: String,
    pub refresh_token: Option<String>,
}

impl Issued {
    /// Adds the fields of the answer that carry it.
    pub(super) fn write_into(self, fields: &mut Value, kind: &str) {
        fields["access_token"] = self.access_token.into();
        fields["token_type"] = kind.into();
        if let Some(refresh_token) = self.refresh_token {
            fields["refresh_token"] = refresh_token.into();
            fields["expires_in"] = LIFETIME.as_secs().into();
        }
    }
}

impl World {
    /// The token for a holder: a fresh pair where tokens rotate, else the one it has, else a new one.
    pub(super) fn issue(
        &mut self,
        config: &FakeConfig,
        place: &Place,
        holder: &Holder,
        now: Duration,
    ) -> Issued {
        let mine =
            |token: &Token| token.place == *place && token.holder == *holder && !token.unrestricted;
        let rotation = self.installs.rotation;
        if !rotation {
            let mut live = self.installs.tokens.iter();
            let kept = live.find(|(_, token)| {
                mine(token) && token.dead.is_none() && token.expires_at.is_none()
            });
            if let Some((text, _)) = kept {
                return Issued {
                    access_token: text.clone(),
                    refresh_token: None,
                };
            }
        }
        let prefix = match (holder, rotation) {
            (Holder::Bot, false) => "xoxb-",
            (Holder::User(_), false) => "xoxp-",
            (Holder::Bot, true) => "xoxe.xoxb-1-",
            (Holder::User(_), true) => "xoxe.xoxp-1-",
        };
        let access_token = self.secret_text(config, prefix, now);
        let token = Token {
            place: place.clone(),
            holder: holder.clone(),
            expires_at: rotation.then(|| now + LIFETIME),
            dead: None,
            exchanged: false,
            unrestricted: false,
        };
        self.installs.tokens.insert(access_token.clone(), token);
        let refresh_token = rotation.then(|| self.issue_refresh_token(config, place, holder, now));
        Issued {
            access_token,
            refresh_token,
        }
    }

    /// A refresh token; the holder's earlier ones are spent, since one chain of them is alive at a time.
    fn issue_refresh_token(
        &mut self,
        config: &FakeConfig,
        place: &Place,
        holder: &Holder,
        now: Duration,
    ) -> String {
        for earlier in self.installs.refresh_tokens.values_mut() {
            earlier.spent |= earlier.place == *place && earlier.holder == *holder;
        }
        let text = self.secret_text(config, "xoxe-1-", now);
        let token = RefreshToken {
            place: place.clone(),
            holder: holder.clone(),
            spent: false,
        };
        self.installs.refresh_tokens.insert(text.clone(), token);
        text
    }

    /// A text that nobody guesses and that does not come twice.
    pub(super) fn secret_text(
        &mut self,
        config: &FakeConfig,
        prefix: &str,
        now: Duration,
    ) -> String {
        let tick = self.tick(now);
        let hash = keyed_hash(
            &config.client_secret,
            &[prefix.as_bytes(), &tick.to_be_bytes()],
        );
        format!("{prefix}{tick}-{}", hash.get(..40).unwrap_or(&hash))
    }
}
