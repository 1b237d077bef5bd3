//! What the pages say about the source: paths that are there, rows that the source names, and code that compiles.

use std::collections::{BTreeMap, BTreeSet};

use tidegate_app::domains::DomainChoice;

use super::page::{Page, file, guide, literals, maps, pages, root};
use super::source::row_names;

/// The folders in which a literal of a page is a path.
const FOLDERS: [&str; 6] = [
    "crates/",
    "functions/",
    "docs/",
    "infra/",
    "events/",
    ".ci/",
];

/// The literals of a page that are paths of the repository.
fn paths(page: &Page) -> Vec<String> {
    let prose = page.text.replace("```", "");
    let paths = literals(&prose).into_iter().filter(|literal| {
        let is_pattern = literal.contains(['<', '*', '…', '{', ' ', '\n']);
        !is_pattern && FOLDERS.iter().any(|folder| literal.starts_with(folder))
    });
    paths.collect()
}

#[test]
fn every_path_is_there() {
    let mut missing = Vec::new();
    for page in maps().iter().chain(&pages()) {
        let gone = paths(page).into_iter();
        let gone = gone.filter(|path| !root().join(path).exists());
        missing.extend(gone.map(|path| format!("{}: {path}", page.name())));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn the_map_knows_its_way() {
    let paths = paths(&Page::of("ARCHITECTURE.md"));
    assert!(paths.len() > 30, "{paths:?}");
}

/// The first parts of the partitions in the tables of `docs/rows.md`, by the literal of each section's heading.
fn documented_rows() -> BTreeMap<String, BTreeSet<String>> {
    let page = guide("rows.md");
    let headings = page.text.lines().filter(|line| line.starts_with("## "));
    let mut documented = BTreeMap::new();
    for heading in headings {
        let owner = literals(heading).pop();
        let owner = owner.unwrap_or_else(|| heading.trim_start_matches("## ").to_owned());
        let partitions = page.first_cells(heading);
        let firsts = partitions.iter().filter_map(|partition| {
            let own = partition.strip_prefix("@system#").unwrap_or(partition);
            own.split('#').next().map(str::to_owned)
        });
        documented.insert(owner, firsts.collect());
    }
    documented
}

#[test]
fn every_row_is_described() {
    let documented: BTreeSet<String> = documented_rows().into_values().flatten().collect();
    let named = row_names();
    assert!(named.len() > 20, "{named:?}");
    assert_eq!(documented.difference(&named).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(named.difference(&documented).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn the_rows_of_each_domain_are_described_there_or_with_the_pipelines() {
    let documented = documented_rows();
    let shared = &documented["The pipeline"];
    for spec in DomainChoice::default().specs() {
        let own = documented.get(spec.name);
        let own = own.unwrap_or_else(|| panic!("docs/rows.md has no section for {}", spec.name));
        for row in spec.rows {
            let is_described = own.contains(*row) || shared.contains(*row);
            assert!(is_described, "{} of {}", row, spec.name);
        }
    }
}

#[test]
fn the_domain_of_the_guide_is_the_one_that_is_tested() {
    let page = guide("extend.md");
    let mut left = file("crates/local/tests/extend/kudos.rs");
    let blocks = page.text.split("```rust\n").skip(1);
    let blocks: Vec<&str> = blocks
        .filter_map(|rest| rest.split_once("\n```"))
        .map(|(block, _)| block)
        .collect();
    assert!(blocks.len() > 5, "{blocks:?}");
    for block in blocks {
        assert!(left.contains(block), "the file has no\n{block}");
        left = left.replacen(block, "", 1);
    }
    assert_eq!(left.trim(), "", "the page leaves this out");
}
