//! Slack's payload shapes, signed and sent.
