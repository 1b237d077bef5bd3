//! Bad input and what it gets: signatures, replays and sizes. Lengths that lie are in `framing`, what is signed but
//! unreadable in `unreadable`.

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use secrecy::SecretString;
use sha2::Sha256;
use tidegate_ingress::BODY_LIMIT;
use tidegate_slack::signature::{SIGNATURE_HEADER, TIMESTAMP_HEADER, sign};
use tidegate_testing::product::{
    FORM, Product, SIGNING_SECRET, TENANT, content_type, form, id, mention, message, now, signed,
    signed_at,
};

const JSON: &str = "application/json";

/// The two headers that Slack's signature stands in.
fn headers(timestamp: &[u8], signature: &[u8]) -> HeaderMap {
    let mut headers = content_type(JSON);
    headers.insert(
        TIMESTAMP_HEADER,
        HeaderValue::from_bytes(timestamp).unwrap(),
    );
    headers.insert(
        SIGNATURE_HEADER,
        HeaderValue::from_bytes(signature).unwrap(),
    );
    headers
}

/// A signature that is right for that body, whatever stands for the timestamp.
fn right(second: i64, body: &[u8]) -> String {
    signed_at(second, JSON, body)[SIGNATURE_HEADER]
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn what_slack_did_not_sign_now_is_refused_and_leaves_nothing() {
    let product = Product::start().await;
    let body = message("C0GENERAL01", "hello").to_string().into_bytes();
    let second = now();
    let (stamp, good) = (second.to_string(), right(second, &body));
    let other_secret = sign(&SecretString::from("another"), second, &body).unwrap();
    let with = |signature: &str| headers(stamp.as_bytes(), signature.as_bytes());
    let without = |name: &str| {
        let mut headers = with(&good);
        headers.remove(name);
        headers
    };
    let cases = [
        ("no header at all", HeaderMap::new()),
        ("no signature", without(SIGNATURE_HEADER)),
        ("no timestamp", without(TIMESTAMP_HEADER)),
        ("an empty signature", with("")),
        ("the version alone", with("v0=")),
        ("no version", with(&good[3..])),
        ("another version", with(&good.replace("v0", "v1"))),
        (
            "upper-case hex",
            with(&good.to_uppercase().replace("V0", "v0")),
        ),
        ("a digit short", with(&good[..good.len() - 1])),
        ("a digit more", with(&format!("{good}0"))),
        (
            "not hex",
            with(&good.replace(|c: char| c.is_ascii_digit(), "g")),
        ),
        ("another secret", with(&other_secret)),
        ("another body", with(&right(second, b"{}"))),
        ("another second", with(&right(second - 1, &body))),
        ("zeroes", with(&format!("v0={}", "0".repeat(64)))),
        ("too old", signed_at(second - 301, JSON, &body)),
        (
            "of last year",
            signed_at(second - 365 * 24 * 3600, JSON, &body),
        ),
        ("from the future", signed_at(second + 320, JSON, &body)),
        ("not ASCII", headers(stamp.as_bytes(), "v0=é".as_bytes())),
        ("not UTF-8", headers(stamp.as_bytes(), b"v0=\xff\xfe")),
    ];
    for (name, headers) in cases {
        let answer = product.send("/slack/events", headers, body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
        assert!(
            !answer.body.contains(&good[3..]),
            "{name}: the answer tells the signature"
        );
    }
    assert_eq!(product.queued(), 0);
}

#[tokio::test]
async fn a_garbage_timestamp_is_refused_even_where_the_signature_fits_it() {
    let product = Product::start().await;
    let body = b"{}".to_vec();
    let second = now();
    // The same signer makes a good request, so what is wrong below is the timestamp alone.
    let good = headers(
        second.to_string().as_bytes(),
        signature_over(second.to_string().as_bytes(), &body).as_bytes(),
    );
    let answer = product.send("/slack/events", good, body.clone()).await;
    assert_eq!(answer.status, StatusCode::OK);
    for stamp in [
        String::new(),
        "abc".to_owned(),
        format!("+{second}"),
        format!("-{second}"),
        format!("{second}.0"),
        format!("{second}e0"),
        format!("0x{second:x}"),
        format!("{second},{second}"),
        format!("{second} {second}"),
        "9".repeat(19),
        "9".repeat(400),
        "１７６３６９０４００".to_owned(),
        "NaN".to_owned(),
    ] {
        let signature = signature_over(stamp.as_bytes(), &body);
        let headers = headers(stamp.as_bytes(), signature.as_bytes());
        let answer = product.send("/slack/events", headers, body.clone()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{stamp:?}");
    }
    assert_eq!(product.queued(), 1);
}

/// The signature that would be right if that were a timestamp.
fn signature_over(stamp: &[u8], body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_SECRET.as_bytes()).unwrap();
    for part in [b"v0:", stamp, b":", body] {
        mac.update(part);
    }
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::test]
async fn a_repeated_header_is_refused_even_where_both_are_right() {
    let product = Product::start().await;
    let body = message("C0GENERAL01", "hello").to_string().into_bytes();
    for name in [SIGNATURE_HEADER, TIMESTAMP_HEADER] {
        let good = signed(JSON, &body);
        for second in [good[name].clone(), HeaderValue::from_static("1")] {
            let mut headers = good.clone();
            headers.append(HeaderName::from_static(name), second);
            let answer = product.send("/slack/events", headers, body.clone()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
        }
    }
    assert_eq!(product.queued(), 0);
}

#[tokio::test]
async fn a_clock_that_is_off_by_less_than_five_minutes_is_forgiven() {
    let product = Product::start().await;
    for off in [-280, 0, 280] {
        let event = message("C0GENERAL01", "hello");
        let body = event.to_string().into_bytes();
        let headers = signed_at(now() + off, JSON, &body);
        let answer = product.send("/slack/events", headers, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{off}");
        assert_eq!(product.settled(id(&event)).await["state"], "done", "{off}");
    }
}

#[tokio::test]
async fn the_same_request_again_has_no_second_effect() {
    let product = Product::start().await;
    let event = mention("C0GENERAL01", "are you there?");
    let body = event.to_string().into_bytes();
    let url = product.response_url().await;
    let ping = form(&[
        ("command", "/tidegate"),
        ("text", "ping"),
        ("team_id", TENANT),
        ("channel_id", "C0GENERAL01"),
        ("user_id", "U0ALICE0001"),
        ("response_url", &url),
    ]);
    let (of_event, of_ping) = (signed(JSON, &body), signed(FORM, &ping));
    for _ in 0..4 {
        let answer = product
            .send("/slack/events", of_event.clone(), body.clone())
            .await;
        assert_eq!(answer.status, StatusCode::OK);
        let answer = product
            .send("/slack/commands", of_ping.clone(), ping.clone())
            .await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    product.settled(id(&event)).await;
    product.drained().await;
    assert_eq!(product.replies("C0GENERAL01").len(), 1);
    assert_eq!(product.slack().ephemerals().len(), 1);
    assert_eq!(product.archived(Some(TENANT)).await.len(), 2);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_its_signature_is_looked_at() {
    let product = Product::start().await;
    let body = |length| {
        let mut body = message("C0GENERAL01", "long").to_string().into_bytes();
        body.resize(length, b' ');
        body
    };
    let too_long = body(BODY_LIMIT + 1);
    for headers in [
        signed(JSON, &too_long),
        headers(b"1", b"v0=wrong"),
        HeaderMap::new(),
    ] {
        let answer = product
            .send("/slack/events", headers, too_long.clone())
            .await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
    assert_eq!(product.queued(), 0);

    let longest = body(BODY_LIMIT);
    let answer = product
        .send("/slack/events", signed(JSON, &longest), longest.clone())
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let event: serde_json::Value = serde_json::from_slice(&longest).unwrap();
    let shown = product.settled(id(&event)).await;
    assert_eq!(shown["state"], "done");
    assert_eq!(product.archived_body(&shown).await, longest);
}
