//! Messages as they stand now, through the whole product.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod events;
