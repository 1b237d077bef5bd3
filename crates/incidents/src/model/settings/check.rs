//! Checks settings and reports every problem at once, each with the path of the wrong field.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

use tidegate_pipeline::documents::input::{Problem, segment, shown};
use tidegate_slack::ids::{ChannelId, UserId};

use super::shapes::{
    MAX_SLUG, MAX_URL, is_channel, is_component, is_emoji, is_https, is_person, is_slug,
};
use super::{Routing, Service, Settings, StatusPage, Timers};
use crate::model::incident::{MAX_SERVICES, MAX_TITLE};
use crate::model::role::RoleName;
use crate::model::templates::Template;

/// Largest document, in bytes. It fits into a DynamoDB row and a body of the API with a wide margin.
pub const MAX_BYTES: usize = 60_000;

const MAX_SERVICES_KEPT: usize = 200;
const MAX_TEMPLATES: usize = 50;
const MAX_ROLES: usize = 20;
const MAX_PEOPLE: usize = 50;
const MAX_GUESTS: usize = 200;
const MAX_CHANNELS: usize = 20;
const MAX_COMPONENTS: usize = 20;
const MAX_REACTIONS: usize = 10;
const MAX_INSTRUCTION: usize = 1000;
const MAX_DESCRIPTION: usize = 2000;
const MAX_NAME: usize = 80;

const DAY_OF_MINUTES: u32 = 24 * 60;

/// Every problem of the settings; empty if they are valid.
pub fn check(settings: &Settings) -> Vec<Problem> {
    let mut found = Found::default();
    found.count("services", settings.services.len(), MAX_SERVICES_KEPT);
    for (slug, service) in &settings.services {
        found.slug("services", slug);
        found.service(&format!("services.{}", segment(slug)), service);
    }
    found.routing(&settings.routing);
    found.people("admins", &settings.admins, MAX_PEOPLE);
    found.people("guests", &settings.guests, MAX_GUESTS);
    found.people("escalation", &settings.escalation, MAX_PEOPLE);
    found.roles(&settings.roles);
    found.timers(&settings.timers);
    found.count("templates", settings.templates.len(), MAX_TEMPLATES);
    for (name, template) in &settings.templates {
        found.slug("templates", name);
        found.template(&format!("templates.{}", segment(name)), template, settings);
    }
    found.status_page(&settings.status_page);
    found.count("reactions", settings.reactions.len(), MAX_REACTIONS);
    for (n, emoji) in settings.reactions.iter().enumerate() {
        if !is_emoji(emoji) {
            let what = "is no emoji's name, such as `pushpin`, without colons";
            found.wrong(&format!("reactions[{n}]"), emoji, what);
        }
    }
    found.size(settings);
    found.0
}

/// The problem of a text that cannot be the slug of a service or the name of a template.
pub fn slug_problem(path: &str, slug: &str) -> Option<Problem> {
    let takes = format!("takes lower case letters, digits and `-`, {MAX_SLUG} at most");
    (!is_slug(slug)).then(|| Problem::new(path, format_args!("{} {takes}", shown(slug))))
}

/// Collects the problems of one document.
#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    fn problem(&mut self, path: &str, what: impl Display) {
        self.0.push(Problem::new(path, what));
    }

    fn wrong(&mut self, path: &str, value: &str, what: &str) {
        self.problem(path, format_args!("{} {what}", shown(value)));
    }

    fn count(&mut self, path: &str, n: usize, most: usize) {
        if n > most {
            self.problem(path, format_args!("{n} are too many, {most} is the most"));
        }
    }

    fn slug(&mut self, path: &str, slug: &str) {
        self.0.extend(slug_problem(path, slug));
    }

    fn line(&mut self, path: &str, text: &str, most: usize) {
        let length = text.chars().count();
        if text.trim().is_empty() || text.contains(char::is_control) || length > most {
            let what = format!("takes one line of 1 to {most} characters, and this is {length}");
            self.problem(path, what);
        }
    }

    fn text(&mut self, path: &str, text: &str, most: usize) {
        let length = text.chars().count();
        if length > most {
            let what = format!("takes {most} characters at most, and this is {length}");
            self.problem(path, what);
        }
    }

    fn number(&mut self, path: &str, number: u32, range: RangeInclusive<u32>) {
        if !range.contains(&number) {
            let (low, high) = (range.start(), range.end());
            self.problem(path, format_args!("{number} is not from {low} to {high}"));
        }
    }

    fn numbers<K: Display>(
        &mut self,
        path: &str,
        numbers: &BTreeMap<K, u32>,
        range: &RangeInclusive<u32>,
    ) {
        for (key, number) in numbers {
            self.number(&format!("{path}.{key}"), *number, range.clone());
        }
    }

    fn people<'a>(
        &mut self,
        path: &str,
        people: impl IntoIterator<Item = &'a UserId, IntoIter: ExactSizeIterator>,
        most: usize,
    ) {
        let people = people.into_iter();
        self.count(path, people.len(), most);
        for (n, user) in people.enumerate() {
            if !is_person(user.as_str()) {
                let what = "is no user id; those begin with `U` or `W`, such as `U0ABC123`";
                self.wrong(&format!("{path}[{n}]"), user.as_str(), what);
            }
        }
    }

    fn channels(&mut self, path: &str, channels: &[ChannelId]) {
        self.count(path, channels.len(), MAX_CHANNELS);
        for (n, channel) in channels.iter().enumerate() {
            self.channel(&format!("{path}[{n}]"), channel);
        }
    }

    fn channel(&mut self, path: &str, channel: &ChannelId) {
        if !is_channel(channel.as_str()) {
            let what = "is no channel id; those begin with `C` or `G`, such as `C0ABC123`";
            self.wrong(path, channel.as_str(), what);
        }
    }

    fn service(&mut self, path: &str, service: &Service) {
        if let Some(name) = &service.name {
            self.line(&format!("{path}.name"), name, MAX_NAME);
        }
        self.people(&format!("{path}.owners"), &service.owners, MAX_PEOPLE);
        self.people(&format!("{path}.users"), &service.users, MAX_PEOPLE);
        self.channels(&format!("{path}.channels"), &service.channels);
        let components = format!("{path}.components");
        self.count(&components, service.components.len(), MAX_COMPONENTS);
        for (n, component) in service.components.iter().enumerate() {
            if !is_component(component) {
                let what = "is no component's id: letters, digits, `-` and `_`, 64 at most";
                self.wrong(&format!("{components}[{n}]"), component, what);
            }
        }
        if let Some(address) = &service.runbook
            && !is_https(address)
        {
            let what =
                format!("is no address that begins with `https://`, {MAX_URL} characters at most");
            self.wrong(&format!("{path}.runbook"), address, &what);
        }
    }

    fn routing(&mut self, routing: &Routing) {
        for (name, channel) in [
            ("general", &routing.general),
            ("engineering", &routing.engineering),
        ] {
            if let Some(channel) = channel {
                self.channel(&format!("routing.{name}"), channel);
            }
        }
        self.channels("routing.p1_channels", &routing.p1_channels);
        self.channels("routing.p2_channels", &routing.p2_channels);
        self.people("routing.p1_users", &routing.p1_users, MAX_PEOPLE);
    }

    fn roles(&mut self, roles: &BTreeMap<String, String>) {
        self.count("roles", roles.len(), MAX_ROLES);
        for (name, instruction) in roles {
            let is_role = RoleName::parse(name).is_some_and(|role| role.as_str() == name);
            if !is_role {
                let what = "takes lower case letters, digits and `-`, 20 at most";
                self.wrong("roles", name, what);
            }
            self.text(
                &format!("roles.{}", segment(name)),
                instruction,
                MAX_INSTRUCTION,
            );
        }
    }

    fn timers(&mut self, timers: &Timers) {
        let week = 7 * DAY_OF_MINUTES;
        self.numbers("timers.ack_minutes", &timers.ack_minutes, &(1..=week));
        self.numbers("timers.update_minutes", &timers.update_minutes, &(1..=week));
        self.numbers("timers.postmortem_days", &timers.postmortem_days, &(1..=90));
        for (name, number, range) in [
            (
                "role_unclaimed_minutes",
                timers.role_unclaimed_minutes,
                1..=DAY_OF_MINUTES,
            ),
            ("soak_minutes", timers.soak_minutes, 1..=DAY_OF_MINUTES),
            ("stale_days", timers.stale_days, 1..=90),
            ("auto_close_hours", timers.auto_close_hours, 1..=720),
            ("archive_days", timers.archive_days, 1..=365),
        ] {
            self.number(&format!("timers.{name}"), number, range);
        }
        let hours = timers.working_hours;
        if hours.from >= hours.to || hours.to > 24 {
            let (from, to) = (hours.from, hours.to);
            let what = format!("from {from} to {to} is no part of a day, such as from 9 to 18");
            self.problem("timers.working_hours", what);
        }
    }

    fn template(&mut self, path: &str, template: &Template, settings: &Settings) {
        self.line(&format!("{path}.title"), &template.title, MAX_TITLE);
        self.text(
            &format!("{path}.description"),
            &template.description,
            MAX_DESCRIPTION,
        );
        let services = format!("{path}.services");
        self.count(&services, template.services.len(), MAX_SERVICES);
        for (n, slug) in template.services.iter().enumerate() {
            if !settings.services.contains_key(slug) {
                self.wrong(&format!("{services}[{n}]"), slug, "is none of the services");
            }
        }
    }

    fn status_page(&mut self, page: &StatusPage) {
        match page {
            StatusPage::None => {}
            StatusPage::BuiltIn { title } => self.line("status_page.title", title, MAX_NAME),
            StatusPage::Statuspage { page_id } => {
                if !is_component(page_id) {
                    let what = "is no page's id: letters, digits, `-` and `_`, 64 at most";
                    self.wrong("status_page.page_id", page_id, what);
                }
            }
        }
    }

    fn size(&mut self, settings: &Settings) {
        let size = serde_json::to_vec(settings).map_or(usize::MAX, |json| json.len());
        if size > MAX_BYTES {
            let what = format!("all of it is {size} bytes, {MAX_BYTES} is the most");
            self.problem("settings", what);
        }
    }
}

#[cfg(test)]
mod tests;
