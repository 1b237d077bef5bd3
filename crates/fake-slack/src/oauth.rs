//! OAuth: consent, codes, tokens that rotate, revocation, and Sign in with Slack.

pub(crate) mod access;
pub(crate) mod approve;
pub(crate) mod authorize;
mod consent_page;
pub(crate) mod control;
pub(crate) mod openid;
pub(crate) mod revocation;
pub(crate) mod store;
mod tokens;

pub use approve::Approval;
pub use control::InstallRecord;
