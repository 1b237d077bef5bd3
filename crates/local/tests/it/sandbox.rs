//! The stand-in Slack inside local mode.
