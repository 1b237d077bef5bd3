//! No secret and no message text in any log.
