//! What must hold between the boxes: no two of one name, no log over an index page, switches that have an effect.

use std::collections::BTreeMap;

use shared::core::settings::{MAX_LIST, MapNode};
use shared::core::site::{Site, Title};

use super::Settings;
use super::boxes::template;

/// Records what contradicts itself across boxes.
pub(super) fn across(root: &MapNode<'_>, site: &Site, settings: &Settings) {
    let group = root.section("boxes");
    // A mistake in a box does not hide that another one has the same name: so by key, not by what could be read.
    let named: Vec<(String, String)> = group
        .keys()
        .into_iter()
        .filter_map(|key| template(&key, site).ok().map(|name| (key, name)))
        .collect();
    for (n, (key, name)) in named.iter().enumerate() {
        if let Some((other, _)) = named[..n].iter().find(|(_, other)| other == name) {
            group.problem(key, &format!("this is the same template as `{other}`"));
        }
    }
    redirects(&group, site, &named);
    pages(&group, site, &named);
    switches(root, settings);
}

/// Each template belongs to one box.
fn redirects(group: &MapNode<'_>, site: &Site, named: &[(String, String)]) {
    let mut taken: BTreeMap<String, &str> = named.iter().map(|(key, name)| (name.clone(), key.as_str())).collect();
    for (key, name) in named {
        let entry = group.section(key);
        for (n, text) in entry
            .texts("redirects", MAX_LIST)
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            let Ok(redirect) = template(text, site) else { continue };
            if redirect == *name {
                entry.problem_at("redirects", n, "this is the box itself");
                continue;
            }
            match taken.get(&redirect) {
                Some(other) if other != key => {
                    let text = format!("`{redirect}` already belongs to the box `{other}`");
                    entry.problem_at("redirects", n, &text);
                }
                _ => {
                    taken.insert(redirect, key);
                }
            }
        }
    }
}

/// The bot writes logs and what lies below them, people write index pages: one page cannot be both, and no log can
/// lie below another one, among its day pages. Boxes may share a log.
fn pages(group: &MapNode<'_>, site: &Site, named: &[(String, String)]) {
    let title = |text: &String| site.title(text).ok();
    let mut indexes: Vec<(&str, Title)> = Vec::new();
    let mut logs: Vec<(&str, Title)> = Vec::new();
    for (key, _) in named {
        let entry = group.section(key);
        let pages = entry.one_or_more("index", MAX_LIST).unwrap_or_default();
        indexes.extend(pages.iter().filter_map(title).map(|page| (key.as_str(), page)));
        logs.extend(
            entry
                .text("log")
                .as_ref()
                .and_then(title)
                .map(|log| (key.as_str(), log)),
        );
    }
    for (key, log) in &logs {
        let entry = group.section(key);
        for (other, index) in &indexes {
            let whose = if other == key {
                String::new()
            } else {
                format!(" of `{other}`")
            };
            if index == log {
                let text = format!("this is the index page{whose}; the log needs a page of its own");
                entry.problem("log", &text);
            } else if index.is_subpage_of(log) {
                let text = format!("the index page{whose} lies below the log, where the job writes; move one of them");
                entry.problem("log", &text);
            }
        }
        for (other, _) in logs.iter().filter(|(_, other)| log.is_subpage_of(other)) {
            let text =
                format!("this page lies below the log of `{other}`, where the job writes; take another, or the same");
            entry.problem("log", &text);
        }
    }
}

/// It takes two switches to edit articles: one alone is worth a word.
fn switches(root: &MapNode<'_>, settings: &Settings) {
    let any = settings.boxes.iter().any(|one| one.edit);
    if settings.edit && !any {
        root.warning("edit", "no box has `edit: true`, so no article is edited");
    } else if any && !settings.edit {
        root.warning(
            "edit",
            "without `edit: true` here, above all boxes, no article is edited",
        );
    }
}
