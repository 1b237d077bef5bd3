//! `/incident map check`: checks that the components of services exist on the status page.

use std::collections::BTreeMap;

use tidegate_connectors::rejection::ServiceRejection;
use tidegate_outcome::{Outcome, Refusal};
use tidegate_pipeline::budget::Turn;
use tidegate_pipeline::clock::Timestamp;
use tidegate_pipeline::delivery::Undone;
use tidegate_pipeline::ledger::JobError;
use tidegate_pipeline::table::Rows;
use tidegate_slack::mrkdwn::escape;

use super::{ConnectError, Pages};
use crate::decide::settings::against_page;
use crate::model::settings::{Settings, StatusPage};

const LIMITED: &str =
    "The status page accepts no further calls at the moment. Try again in a minute.";

/// Checks the mapping of services to components, and returns the result as mrkdwn. It calls the page once for every
/// hundred components.
pub async fn check_components(
    pages: &Pages,
    rows: &Rows,
    settings: &Settings,
    now: Timestamp,
) -> Result<String, JobError> {
    if let StatusPage::BuiltIn { .. } = settings.status_page {
        return Ok("The built-in page shows every service: there is nothing to map.".to_owned());
    }
    let to = match pages.connect(rows, settings, None, now).await {
        Ok(to) => to,
        Err(ConnectError::NoPage) => return Ok("There is no status page.".to_owned()),
        Err(ConnectError::NoKey) => return Ok("There is no key for the status page.".to_owned()),
        Err(ConnectError::Undone(Undone::Park(why))) => {
            return Ok(format!("It cannot be asked: {why}."));
        }
        Err(ConnectError::Undone(_)) => {
            return Err(JobError::Retry(
                "the status page's key cannot be read".to_owned(),
            ));
        }
    };
    let (mut found, mut part) = (BTreeMap::new(), 1);
    loop {
        if let Some((rows, budget)) = &to.budget
            && let Turn::Wait(_) = budget.take(rows, now).await?
        {
            return Ok(LIMITED.to_owned());
        }
        let listing = match to.page.components(part).await {
            Outcome::Done(listing) => listing,
            Outcome::Refused(why) => return Ok(in_words(&why)),
            Outcome::Ambiguous(_) => return Ok(in_words(&Refusal::Unreachable)),
        };
        let components = listing
            .items
            .into_iter()
            .filter(|component| !component.is_group);
        found.extend(components.map(|c| (c.id.as_str().to_owned(), c.name)));
        match listing.next {
            Some(next) => part = next,
            None => return Ok(against_page(settings, &found)),
        }
    }
}

fn in_words(why: &Refusal<ServiceRejection>) -> String {
    match why {
        Refusal::RateLimited { .. } => LIMITED.to_owned(),
        why => format!(
            "The status page does not answer: {}.",
            escape(&why.to_string())
        ),
    }
}
