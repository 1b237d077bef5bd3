//! Reads the cookies of a request and sets those of a response.

use std::time::Duration;

use axum::response::Response;
use http::HeaderMap;
use http::header::{COOKIE, HeaderValue, SET_COOKIE};

/// Returns the value of the first cookie of that name.
pub fn get<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let lines = headers.get_all(COOKIE).iter();
    let pairs = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='));
    values.next()
}

/// Sets a cookie for this host that is sent over TLS only and hidden from scripts. Calls that other sites make do not carry
/// it, but a top-level redirect does, as at the end of a sign-in (`SameSite=Lax`).
pub fn set(response: &mut Response, name: &str, value: &str, lasts: Duration) {
    let seconds = lasts.as_secs();
    let cookie =
        format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}
