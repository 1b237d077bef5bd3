//! `/incident map …`: which components of the status page stand for which services.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_slack::mrkdwn::escape;

use super::items::Items;
use super::{Edited, Settings, edited, fields, no_service, with_usage};

/// `/incident map …`, except [`is_page_check`]. The error is for the person who typed it.
pub fn map(settings: &Settings, text: &str) -> Result<Edited, String> {
    let mut items = Items::new(text);
    match items.keyword().as_deref() {
        None => Ok(Edited::shown(with_usage(&list(settings), "map"))),
        Some("list") => Ok(Edited::shown(list(settings))),
        Some("check") => Err("Only the status page can tell.".to_owned()),
        Some("remove") => remove(settings, items),
        Some(_) => {
            let mut items = Items::new(text);
            let service = items.needed("service")?;
            known(settings, service)?;
            fields::list(
                settings,
                &format!("services.{service}.components"),
                true,
                items,
            )
        }
    }
}

/// Whether `/incident map …` asks for a check against the status page; [`against_page`] writes the answer.
pub fn is_page_check(text: &str) -> bool {
    Items::new(text).keyword().as_deref() == Some("check")
}

/// Compares the mapping with the components of a status page, given by id and name.
pub fn against_page(settings: &Settings, page: &BTreeMap<String, String>) -> String {
    let mut lines = Vec::new();
    let mut used = BTreeSet::new();
    for (slug, service) in &settings.services {
        let slug = escape(slug);
        if service.components.is_empty() {
            lines.push(format!(
                "• `{slug}` has no component: the status page shows nothing of it."
            ));
        }
        for id in &service.components {
            used.insert(id);
            if !page.contains_key(id) {
                lines.push(format!(
                    "• `{slug}`: the status page has no component `{}`. `/incident map remove {slug} {}`",
                    escape(id),
                    escape(id)
                ));
            }
        }
    }
    for (id, name) in page.iter().filter(|(id, _)| !used.contains(id)) {
        let (id, name) = (escape(id), escape(name));
        lines.push(format!("• `{id}` ({name}) stands for no service."));
    }
    if lines.is_empty() {
        return "Every service has components, and the status page has them all.".to_owned();
    }
    lines.join("\n")
}

fn remove(settings: &Settings, mut items: Items<'_>) -> Result<Edited, String> {
    let service = items.needed("service")?;
    known(settings, service)?;
    let path = format!("services.{service}.components");
    if items.is_empty() {
        let said = format!("No component stands for `{}` any more.", escape(service));
        return edited(settings, said, |json| {
            json["services"][service]["components"] = serde_json::json!([]);
            Ok(())
        });
    }
    fields::list(settings, &path, false, items)
}

fn list(settings: &Settings) -> String {
    if settings.services.is_empty() {
        return "There are no services yet. `/incident config service add` makes one.".to_owned();
    }
    let lines = settings.services.iter().map(|(slug, service)| {
        let components = match service.components.as_slice() {
            [] => "–".to_owned(),
            components => escape(&components.join(", ")),
        };
        format!("`{}`: {components}", escape(slug))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn known(settings: &Settings, service: &str) -> Result<(), String> {
    if settings.services.contains_key(service) {
        return Ok(());
    }
    Err(no_service(settings, service))
}
