//! Reads lists of the operator page by page, and says on standard error what a list leaves out, so that it is also seen beside
//! `--json`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::api::Api;

/// The most entries that a list asks for at a time.
const AT_A_TIME: usize = 250;

/// The beginning of a list.
pub(super) struct Listed {
    /// At most as many entries as were asked for.
    pub(super) entries: Vec<Value>,
    is_cut: bool,
    unreadable: BTreeSet<String>,
}

impl Listed {
    /// Reads up to `limit` entries, which stand under `name` in each page.
    pub(super) async fn read(
        api: &Api,
        path: &str,
        query: &[(&'static str, String)],
        name: &str,
        limit: usize,
    ) -> anyhow::Result<Self> {
        let mut listed = Self {
            entries: Vec::new(),
            is_cut: false,
            unreadable: BTreeSet::new(),
        };
        let mut next: Option<String> = None;
        loop {
            let left = limit - listed.entries.len();
            let mut query = query.to_vec();
            query.push(("limit", left.min(AT_A_TIME).to_string()));
            query.extend(next.map(|next| ("after", next)));
            let page = api.get(path, &query).await?;
            let texts = page["unreadable"].as_array().into_iter().flatten();
            let texts = texts.filter_map(Value::as_str).map(str::to_owned);
            listed.unreadable.extend(texts);
            let entries = page[name].as_array().into_iter().flatten().cloned();
            listed.entries.extend(entries);
            next = page["next"].as_str().map(str::to_owned);
            listed.is_cut = next.is_some();
            if !listed.is_cut || listed.entries.len() >= limit {
                return Ok(listed);
            }
        }
    }

    /// Says that there are more entries, if so, and names the workspaces that could not be looked at. `besides` helps as well as
    /// raising the limit.
    pub(super) fn print_rest(&self, besides: &str) {
        if self.is_cut {
            anstream::eprintln!("There are more: raise --limit; {besides}.");
        }
        for tenant in &self.unreadable {
            anstream::eprintln!("The rows of {tenant} cannot be read; the log says why.");
        }
    }
}
