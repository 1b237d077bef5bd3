#![doc = include_str!("../README.md")]
//!
//! The modules, from the bottom up. Each uses only those before it:
//!
//! - [`model`]: what is stored, and the rules that depend on it alone.
//! - [`command`]: parses what people type after `/incident`.
//! - [`render`]: renders values as Block Kit, mrkdwn, Markdown and HTML.
//! - [`decide`]: turns a request into a change or a refusal.
//! - [`status_pages`]: keeps the public status pages in line with the incidents.
//! - [`config`]: reads the defaults of workspaces from the environment.
//! - [`service`]: the service, with everything it needs besides the table.
//! - [`effects`]: performs the effects of a change in Slack.
//! - [`requests`]: handles requests from Slack and due timers: loads rows, decides, commits.
//! - [`api`]: the HTTP routes.
//! - [`domain`]: plugs the crate into the pipeline.

pub mod api;
pub mod command;
pub mod config;
pub mod decide;
pub mod domain;
pub mod effects;
pub mod model;
pub mod render;
pub mod requests;
pub mod service;
pub mod status_pages;
