//! The address of a receiver: `https`, a host, and a port that is no service's own.
//!
//! What a host name resolves to is checked when it is called (`effects/receiver.rs`), because that changes. An IP address in the URL
//! is checked here, when the hook is made and before every call, because no name is resolved for it.

use std::net::IpAddr;

use reqwest::Url;

use super::address::is_public;

/// The longest URL, in bytes.
pub(crate) const MAX_URL: usize = 2000;

/// Ports below this one belong to services that speak no webhooks, such as SSH and mail.
const FIRST_FREE_PORT: u16 = 1024;

/// The ports that HTTP itself uses.
const HTTP_PORTS: [u16; 2] = [80, 443];

/// What a receiver may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// `https` to public addresses.
    Public,
    /// `http` too, and addresses of private networks: for trials, and for receivers beside Tidegate.
    Anywhere,
}

/// Reads the URL of a receiver. The error says what is wrong with it and what to do, and does not repeat the URL.
pub(crate) fn parse(text: &str, reach: Reach) -> Result<Url, String> {
    if text.len() > MAX_URL {
        return Err(format!("takes at most {MAX_URL} bytes"));
    }
    let url = Url::parse(text)
        .map_err(|_| "takes an address such as https://example.com/slack".to_owned())?;
    // As it is stored and sent, it may be longer.
    if url.as_str().len() > MAX_URL {
        return Err(format!("takes at most {MAX_URL} bytes, as it is encoded"));
    }
    let is_http = reach == Reach::Anywhere && url.scheme() == "http";
    if url.scheme() != "https" && !is_http {
        return Err("must begin with https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "must not contain a user name or password; the signature tells the receiver who sends"
                .to_owned(),
        );
    }
    if url.fragment().is_some() {
        return Err("must not have a part after `#`, which no receiver would see".to_owned());
    }
    let port = url.port_or_known_default().unwrap_or(0);
    if port < FIRST_FREE_PORT && !HTTP_PORTS.contains(&port) {
        return Err("must have the port 443 or 80, or one from 1024 on".to_owned());
    }
    if reach == Reach::Public && !literal(&url).is_none_or(is_public) {
        return Err(PRIVATE.to_owned());
    }
    Ok(url)
}

/// The words about an address that is not public.
pub(crate) const PRIVATE: &str =
    "leads to an address that is not public; Tidegate calls public addresses only";

/// The IP address that the URL names in place of a host.
fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_https_on_a_public_address() {
        for good in [
            "https://example.com/slack",
            "https://example.com:8443/a?b=c",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]/",
        ] {
            assert!(parse(good, Reach::Public).is_ok(), "{good}");
        }
        for bad in [
            "http://example.com",
            "ftp://example.com",
            "example.com",
            "",
            "https://user@example.com",
            "https://:secret@example.com",
            "https://example.com/#part",
            "https://example.com:22/",
            "https://example.com:0/",
            "https://127.0.0.1/",
            // Other ways to write 127.0.0.1 and 169.254.169.254.
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::ffff:169.254.169.254]/",
            "https://[::1]:8443/",
            "https://[fd00:ec2::254]/",
        ] {
            assert!(parse(bad, Reach::Public).is_err(), "{bad}");
        }
        let long = format!("https://example.com/{}", "a".repeat(MAX_URL));
        assert!(parse(&long, Reach::Public).is_err());
    }

    #[test]
    fn a_setting_lets_private_addresses_and_plain_http_in() {
        for good in [
            "http://127.0.0.1:8080/",
            "https://10.0.0.1/",
            "http://localhost:9000",
        ] {
            assert!(parse(good, Reach::Anywhere).is_ok(), "{good}");
        }
        assert!(parse("http://u@127.0.0.1:8080/", Reach::Anywhere).is_err());
        assert!(parse("http://127.0.0.1:22/", Reach::Anywhere).is_err());
    }
}
