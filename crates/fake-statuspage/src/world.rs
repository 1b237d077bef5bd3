//! Everything the stand-in knows, and how an incident looks from outside.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::{Value, json};

use crate::config::FakeConfig;
use crate::faults::Fault;
use crate::limits::Window;
use crate::records::{Component, Incident, Postmortem, Request};

/// Requests that are kept.
const MAX_REQUESTS: usize = 20_000;

/// The page and what happened to it.
pub(crate) struct World {
    page_id: String,
    page_name: String,
    pub(crate) components: Vec<Component>,
    /// By their ids, which follow time.
    pub(crate) incidents: BTreeMap<String, Incident>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) requests: VecDeque<Request>,
    /// How many requests came before the ones that are kept.
    forgotten: usize,
    pub(crate) calls: Window,
    /// Lists of components that did not ask for a page.
    pub(crate) whole_lists: Window,
    last_tick: u64,
}

impl World {
    /// The page as configured.
    pub(crate) fn seed(config: &FakeConfig, now: Duration) -> Self {
        let component = |(index, seed): (usize, &crate::config::SeedComponent)| Component {
            id: seed.id.clone(),
            page_id: config.page_id.clone(),
            name: seed.name.clone(),
            status: "operational".to_owned(),
            position: index + 1,
            group: false,
            group_id: None,
            created_at: rfc3339(now),
            updated_at: rfc3339(now),
        };
        Self {
            page_id: config.page_id.clone(),
            page_name: config.page_name.clone(),
            components: config
                .components
                .iter()
                .enumerate()
                .map(component)
                .collect(),
            incidents: BTreeMap::new(),
            faults: Vec::new(),
            requests: VecDeque::new(),
            forgotten: 0,
            calls: Window::default(),
            whole_lists: Window::default(),
            last_tick: 0,
        }
    }

    /// An id in Statuspage's manner, twelve letters and digits: unique, increasing, and because it follows the clock
    /// unique across restarts.
    pub(crate) fn next_id(&mut self, now: Duration) -> String {
        let now = u64::try_from(now.as_micros()).unwrap_or(u64::MAX);
        self.last_tick = now.max(self.last_tick + 1);
        let mut number = self.last_tick;
        let mut digits = ['0'; 12];
        for digit in digits.iter_mut().rev() {
            let value = u32::try_from(number % 36).unwrap_or_default();
            *digit = char::from_digit(value, 36).unwrap_or('0');
            number /= 36;
        }
        digits.iter().collect()
    }

    /// Notes a request; the number is good for [`World::answered`].
    pub(crate) fn asked(&mut self, request: Request) -> usize {
        if self.requests.len() >= MAX_REQUESTS {
            self.requests.pop_front();
            self.forgotten += 1;
        }
        self.requests.push_back(request);
        self.forgotten + self.requests.len() - 1
    }

    /// Notes what became of a request.
    pub(crate) fn answered(&mut self, number: usize, status: Option<u16>, applied: bool) {
        let place = number.checked_sub(self.forgotten);
        if let Some(request) = place.and_then(|place| self.requests.get_mut(place)) {
            request.status = status;
            request.applied = applied;
        }
    }

    /// The fault that this call meets, used up by one.
    pub(crate) fn take_fault(&mut self, method: &str, path: &str) -> Option<Fault> {
        let fault = self.faults.iter_mut().find(|f| f.fits(method, path))?;
        fault.times = fault.times.map(|times| times - 1);
        let taken = fault.clone();
        self.faults.retain(|f| f.times != Some(0));
        Some(taken)
    }

    /// The page as it is answered.
    pub(crate) fn page(&self) -> Value {
        json!({
            "id": self.page_id,
            "name": self.page_name,
            "subdomain": self.page_id,
            "url": format!("https://{}.statuspage.example", self.page_id),
            "time_zone": "Etc/UTC",
        })
    }

    /// An incident as it is answered, with its components and what its post-mortem adds.
    pub(crate) fn show(&self, incident: &Incident) -> Value {
        let mut shown = json!(incident);
        let affected = self.components.iter();
        shown["components"] = affected
            .filter(|c| incident.component_ids.contains(&c.id))
            .map(|c| json!(c))
            .collect();
        let Postmortem {
            body, published_at, ..
        } = &incident.postmortem;
        shown["postmortem_body"] = json!(body);
        shown["postmortem_published_at"] = json!(published_at);
        shown
    }

    pub(crate) fn is_page(&self, id: &str) -> bool {
        self.page_id == id
    }

    pub(crate) fn has_component(&self, id: &str) -> bool {
        self.components.iter().any(|c| c.id == id)
    }
}

/// A moment as Statuspage writes it.
pub(crate) fn rfc3339(moment: Duration) -> String {
    let millis = i64::try_from(moment.as_millis()).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX);
    format!("{moment:.3}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_increase_while_the_clock_stands() {
        let now = Duration::from_secs(1_700_000_000);
        let mut world = World::seed(&FakeConfig::default(), now);
        let made: Vec<String> = (0..100).map(|_| world.next_id(now)).collect();
        assert!(made.is_sorted_by(|a, b| a < b), "{made:?}");
        assert!(made.iter().all(|id| id.len() == 12), "{made:?}");
    }

    #[test]
    fn moments_are_rfc_3339() {
        let moment = Duration::from_millis(1_700_000_000_123);
        assert_eq!(rfc3339(moment), "2023-11-14T22:13:20.123Z");
    }
}
