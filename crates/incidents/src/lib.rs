#![doc = include_str!("../README.md")]
//!
//! The modules, from the bottom up. Each uses only those before it:
//!
//! - [`model`]: what is stored, and what always holds of it.
//! - [`command`]: what people type after `/incident`, read into values.
//! - [`render`]: what people see, from values to Block Kit, mrkdwn, Markdown and HTML.
//! - [`decide`]: from what is asked to a change or a refusal.
//! - [`status_pages`]: keeps the public's pages in step with the incidents.
//! - [`config`]: the defaults of workspaces, read from the environment.
//! - [`service`]: what handling incidents needs besides the table.
//! - [`effects`]: how the effects of a change are performed in Slack.
//! - [`requests`]: what comes in, from Slack and from timers: reads rows, has it decided, commits.
//! - [`api`]: the routes.
//! - [`domain`]: plugs all of it into the pipeline.

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
