//! Signatures over arbitrary requests: what is signed verifies, and nothing that differs by a bit does.

use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;
use secrecy::SecretString;
use tidegate_slack::signature::{
    SIGNATURE_HEADER, SigningSecrets, TIMESTAMP_HEADER, TOLERANCE_SECONDS, sign,
};

const TOLERANCE: i64 = TOLERANCE_SECONDS.cast_signed();

fn signing(secrets: &[&str]) -> SigningSecrets {
    let secrets = secrets.iter().map(|s| (SecretString::from(*s), None));
    SigningSecrets::new(secrets).unwrap()
}

fn headers(timestamp: &[u8], signature: &[u8]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(TIMESTAMP_HEADER, HeaderValue::from_bytes(timestamp).ok()?);
    headers.insert(SIGNATURE_HEADER, HeaderValue::from_bytes(signature).ok()?);
    Some(headers)
}

fn secret() -> impl Strategy<Value = String> {
    "[!-~]{1,80}"
}

/// Header names and values near the real ones, so that arbitrary requests reach every branch.
fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let name = prop_oneof![
        Just(SIGNATURE_HEADER.to_owned()),
        Just(TIMESTAMP_HEADER.to_owned()),
        "[a-zA-Z-]{1,20}",
    ];
    let value = prop_oneof![
        "v0=[0-9a-fA-F]{0,70}".prop_map(String::into_bytes),
        "[0-9+-]{0,20}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..80),
    ];
    (name, value)
}

proptest! {
    #[test]
    fn what_is_signed_verifies_within_the_tolerance_and_not_outside(
        secret in secret(),
        body in vec(any::<u8>(), 0..600),
        signed_at in 0..10_000_000_000_i64,
        off in -1000..1000_i64,
    ) {
        let signature = sign(&SecretString::from(secret.as_str()), signed_at, &body).unwrap();
        let headers = headers(signed_at.to_string().as_bytes(), signature.as_bytes()).unwrap();
        let verdict = signing(&[&secret]).verify(&headers, &body, signed_at + off);
        prop_assert_eq!(verdict.is_ok(), off.abs() <= TOLERANCE);
    }

    #[test]
    fn the_place_of_the_secret_that_signed_is_found(
        secrets in proptest::collection::hash_set(secret(), 1..6),
        pick in any::<prop::sample::Index>(),
    ) {
        let secrets: Vec<_> = secrets.iter().map(String::as_str).collect();
        let place = pick.index(secrets.len());
        let signature = sign(&SecretString::from(secrets[place]), 1000, b"body").unwrap();
        let headers = headers(b"1000", signature.as_bytes()).unwrap();
        prop_assert_eq!(signing(&secrets).verify(&headers, b"body", 1000), Ok(place));
    }

    #[test]
    fn one_flipped_bit_anywhere_is_refused(
        secret in secret(),
        body in vec(any::<u8>(), 1..600),
        part in 0..3_usize,
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
    ) {
        let signed_at = 1_531_420_618_i64;
        let signature = sign(&SecretString::from(secret.as_str()), signed_at, &body).unwrap();
        let mut parts = [body, signed_at.to_string().into_bytes(), signature.into_bytes()];
        let flipped = &mut parts[part];
        let at = at.index(flipped.len());
        flipped[at] ^= 1 << bit;
        let [body, timestamp, signature] = parts;
        // A header that HTTP cannot carry is refused before.
        if let Some(headers) = headers(&timestamp, &signature) {
            prop_assert!(signing(&[&secret]).verify(&headers, &body, signed_at).is_err());
        }
    }

    #[test]
    fn arbitrary_headers_neither_panic_nor_verify(
        pairs in vec(header(), 0..6),
        body in vec(any::<u8>(), 0..100),
        now in any::<i64>(),
    ) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(&value)) {
                headers.append(name, value);
            }
        }
        prop_assert!(signing(&["secret"]).verify(&headers, &body, now).is_err());
    }
}
