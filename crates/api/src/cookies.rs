//! Cookies, read and set.

use std::time::Duration;

use bytes::Bytes;
use http::header::{COOKIE, HeaderValue, SET_COOKIE};
use http::{HeaderMap, Response};

/// The value of a cookie that the request carries.
pub fn get<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
    values.next()
}

/// Gives the browser a cookie that comes back over TLS only, to this host only, to no script, and not along with calls
/// that other sites make; the redirect of a sign-in is one that still brings it.
pub fn set(response: &mut Response<Bytes>, name: &str, value: &str, lasts: Duration) {
    let seconds = lasts.as_secs();
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
