//! The names whose values are secrets, in JSON, forms, headers and URLs. Case, `_` and `-` do not matter, so `access_token`,
//! `accessToken` and `X-Access-Token` are one name.

/// The last words of a secret's name. The plural of `token` is no secret: Slack's `tokens_revoked` lists people under it.
const ENDINGS: [&str; 8] = [
    "token",
    "secret",
    "password",
    "passphrase",
    "apikey",
    "accesskey",
    "privatekey",
    "tidegatesession",
];

/// Capabilities and credentials: who has one of these needs nothing else to use it. A view's `hash` is none, because only the app's
/// own token can use it; nor is `url_private`, which asks for a token.
const CAPABILITIES: [&str; 11] = [
    "responseurl",
    "responseurls",
    "triggerid",
    "interactivitypointer",
    "uploadurl",
    "permalinkpublic",
    "authorization",
    "proxyauthorization",
    "cookie",
    "setcookie",
    "xslacksignature",
];

/// Those of the capabilities that are headers.
const HEADERS: [&str; 5] = [
    "authorization",
    "proxyauthorization",
    "cookie",
    "setcookie",
    "xslacksignature",
];

/// Names that mean a secret in the query of a URL only. Elsewhere `code` is an error's, and a `ticket` somebody's work.
const PARAMETERS: [&str; 5] = ["code", "ticket", "signature", "sig", "xamzsignature"];

/// The end of a name that is looked at, in bytes. It is longer than every name above.
const LOOKED_AT: usize = 64;

/// Tells whether the value of this name is a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = plain(name);
    ENDINGS.iter().any(|ending| name.ends_with(ending)) || CAPABILITIES.contains(&name.as_str())
}

/// Tells whether this is the name of a header with a secret.
pub(super) fn is_secret_header(name: &str) -> bool {
    HEADERS.contains(&plain(name).as_str())
}

/// Tells whether the value of this parameter of a URL is a secret.
pub(super) fn is_secret_parameter(name: &str) -> bool {
    is_secret(name) || PARAMETERS.contains(&plain(name).as_str())
}

/// The letters and digits at the end of the name, in lower case.
fn plain(name: &str) -> String {
    let bytes = name.as_bytes();
    bytes[bytes.len().saturating_sub(LOOKED_AT)..]
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric())
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_name() {
        for name in [
            "token",
            "verification_token",
            "botAccessToken",
            "X-Access-Token",
            "CLIENT_SECRET",
            "pub_secret",
            "aws_secret_access_key",
            "response_url",
            "Authorization",
            "__Host-tidegate_session",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "tokens",
            "token_type",
            "authed_users",
            "hash",
            "code",
            "event_id",
            "url_private",
            "secretary",
            "",
        ] {
            assert!(!is_secret(name), "{name}");
        }
        assert!(is_secret_parameter("code") && is_secret_parameter("pub_secret"));
        assert!(!is_secret_parameter("state"));
    }
}
