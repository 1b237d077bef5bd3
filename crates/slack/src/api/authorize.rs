//! The addresses that a browser is sent to, to install the app or to sign in. Pure text, nothing is called.

use form_urlencoded::Serializer;

/// The question that Slack asks the person who installs the app.
#[derive(Debug, Clone, Copy, Default)]
pub struct Install<'a> {
    /// The app's client id, such as `123.456`.
    pub client_id: &'a str,
    /// The scopes that the bot asks for.
    pub scopes: &'a [&'a str],
    /// The scopes that the app asks for to act in the person's name.
    pub user_scopes: &'a [&'a str],
    /// Comes back with the code, and proves that the answer belongs to this question.
    pub state: &'a str,
    /// The address that the browser returns to; it must be one of the app's redirect URLs.
    pub redirect_uri: &'a str,
    /// The workspace to offer first.
    pub team: Option<&'a str>,
}

impl Install<'_> {
    /// The address, next to an API at `base_url`: `https://slack.com/api` makes `https://slack.com/oauth/v2/authorize`.
    pub fn url(&self, base_url: &str) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("client_id", self.client_id);
        query.append_pair("scope", &self.scopes.join(","));
        query.append_pair("user_scope", &self.user_scopes.join(","));
        query.append_pair("state", self.state);
        query.append_pair("redirect_uri", self.redirect_uri);
        if let Some(team) = self.team {
            query.append_pair("team", team);
        }
        format!("{}/oauth/v2/authorize?{}", site(base_url), query.finish())
    }
}

/// The question that Slack asks a person who signs in.
#[derive(Debug, Clone, Copy, Default)]
pub struct SignIn<'a> {
    /// The app's client id, such as `123.456`.
    pub client_id: &'a str,
    /// The scopes to ask for: `openid`, and optionally `email` and `profile`.
    pub scopes: &'a [&'a str],
    /// Comes back with the code, and proves that the answer belongs to this question.
    pub state: &'a str,
    /// Comes back within the id token, and proves that it was made for this question.
    pub nonce: &'a str,
    /// The address that the browser returns to; it must be one of the app's redirect URLs.
    pub redirect_uri: &'a str,
    /// The only workspace to sign in to.
    pub team: Option<&'a str>,
}

impl SignIn<'_> {
    /// The address, next to an API at `base_url`.
    pub fn url(&self, base_url: &str) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("response_type", "code");
        query.append_pair("client_id", self.client_id);
        // OpenID Connect separates scopes by spaces, Slack's own OAuth by commas.
        query.append_pair("scope", &self.scopes.join(" "));
        query.append_pair("state", self.state);
        query.append_pair("nonce", self.nonce);
        query.append_pair("redirect_uri", self.redirect_uri);
        if let Some(team) = self.team {
            query.append_pair("team", team);
        }
        format!(
            "{}/openid/connect/authorize?{}",
            site(base_url),
            query.finish()
        )
    }
}

/// The address of Slack's site, or of a stand-in, without the path of the API.
fn site(base_url: &str) -> &str {
    let base_url = base_url.trim_end_matches('/');
    base_url.strip_suffix("/api").unwrap_or(base_url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_install_address_is_slacks_own_or_the_stand_ins() {
        let install = Install {
            client_id: "1.2",
            scopes: &["chat:write", "users:read.email"],
            user_scopes: &["search:read"],
            state: "s&=t",
            redirect_uri: "https://tidegate.example/slack/oauth/callback",
            team: Some("T1"),
        };
        assert_eq!(
            install.url("https://slack.com/api"),
            "https://slack.com/oauth/v2/authorize?client_id=1.2&scope=chat%3Awrite%2Cusers%3Aread.email\
             &user_scope=search%3Aread&state=s%26%3Dt\
             &redirect_uri=https%3A%2F%2Ftidegate.example%2Fslack%2Foauth%2Fcallback&team=T1"
        );
        let stand_in = install.url("http://127.0.0.1:3000/sandbox/api/");
        assert!(
            stand_in.starts_with("http://127.0.0.1:3000/sandbox/oauth/v2/authorize?client_id=")
        );
    }

    #[test]
    fn the_sign_in_address_asks_for_a_code() {
        let sign_in = SignIn {
            client_id: "1.2",
            scopes: &["openid", "email"],
            state: "s",
            nonce: "n",
            redirect_uri: "https://tidegate.example/cb",
            team: None,
        };
        assert_eq!(
            sign_in.url("https://slack.com/api"),
            "https://slack.com/openid/connect/authorize?response_type=code&client_id=1.2&scope=openid+email\
             &state=s&nonce=n&redirect_uri=https%3A%2F%2Ftidegate.example%2Fcb"
        );
    }
}
