//! Lists of pages, of names and of hosts, each entry once.

use shared::core::link::PathHosts;
use shared::core::settings::MapNode;
use shared::core::site::{Site, Title};

/// Most pages of a list.
const PAGES: usize = 50;
/// Most hosts whose paths tell owners apart.
const PATH_HOSTS: usize = 500;
/// Longest name of a group, in bytes, as MediaWiki has it.
const NAME_BYTES: usize = 255;
/// Number of the namespace of the wiki's own messages.
pub(super) const MEDIAWIKI: i32 = 8;

/// Where MediaWiki's SpamBlacklist and AbuseFilter keep what is blocked.
pub(super) fn default_blacklists() -> Vec<Title> {
    ["Spam-blacklist", "Spam-whitelist", "BlockedExternalDomains.json"]
        .map(|text| Title {
            ns: MEDIAWIKI,
            text: text.to_owned(),
        })
        .to_vec()
}

/// A list of pages that are read, each once.
pub(super) fn pages(root: &MapNode<'_>, key: &str, site: &Site, default: impl Fn() -> Vec<Title>) -> Vec<Title> {
    if !root.has(key) {
        return default();
    }
    let mut found = Vec::new();
    for (n, text) in root.texts(key, PAGES).unwrap_or_default().iter().enumerate() {
        match readable(text, site) {
            Ok(title) if found.contains(&title) => root.problem_at(key, n, "this page stands in the list twice"),
            Ok(title) => found.push(title),
            Err(why) => root.problem_at(key, n, &why),
        }
    }
    found
}

/// One page that is read; `None` where there is none.
pub(super) fn page(group: &MapNode<'_>, key: &str, site: &Site) -> Option<Title> {
    let text = group.text(key)?;
    readable(&text, site).map_err(|why| group.problem(key, &why)).ok()
}

fn readable(text: &str, site: &Site) -> Result<Title, String> {
    let title = site.title(text)?;
    match title.ns {
        ns if ns < 0 => Err("this is a special page; it has no text".to_owned()),
        _ => Ok(title),
    }
}

/// Names of groups, each once.
pub(super) fn names(group: &MapNode<'_>, key: &str, most: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (n, name) in group.texts(key, most).unwrap_or_default().iter().enumerate() {
        let name = name.trim();
        if name.len() > NAME_BYTES || name.contains(['\n', '|']) {
            group.problem_at(key, n, "write one name in each entry, as the wiki's own lists have it");
        } else if found.iter().any(|known| known == name) {
            group.problem_at(key, n, "this name stands in the list twice");
        } else {
            found.push(name.to_owned());
        }
    }
    found
}

pub(super) fn path_hosts(root: &MapNode<'_>) -> PathHosts {
    if !root.has("path_hosts") {
        return PathHosts::default();
    }
    let mut entries = root.texts("path_hosts", PATH_HOSTS).unwrap_or_default();
    let mut n = 0;
    entries.retain(|entry| {
        let told = |why: String| root.problem_at("path_hosts", n, why.trim_start_matches("path_hosts: "));
        let outcome = PathHosts::new([entry]).map_err(told);
        n += 1;
        outcome.is_ok()
    });
    PathHosts::new(entries).unwrap_or_default()
}
