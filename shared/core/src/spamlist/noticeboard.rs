//! The domains that a noticeboard speaks of.

use crate::link::{Key, PathHosts, found};
use crate::site::Site;
use crate::wikitext::links::external_links;
use crate::wikitext::{TemplateNames, TooBig, scan, trim};
use std::collections::BTreeSet;

/// Templates whose first argument is a domain that is reported, on most wikis.
pub const SUMMARY_TEMPLATES: [&str; 3] = ["LinkSummary", "Link summary", "LinkSummaryLive"];

/// Most keys of one page.
const MAX_KEYS: usize = 5_000;

/// The link keys that a noticeboard's text speaks of, sorted: first arguments of `templates` (names without namespace,
/// such as [`SUMMARY_TEMPLATES`]) and external links. Not the mere host of a host on which many people have pages
/// (`facebook.com`), nor the wiki itself, nor public suffixes. At most 5,000; those of templates come first.
///
/// Errs when the text is too big to be read.
pub fn noticeboard(text: &str, site: &Site, templates: &[String], path_hosts: &PathHosts) -> Result<Vec<Key>, TooBig> {
    let mut names: Option<TemplateNames> = None;
    if let Some((first, more)) = templates.split_first() {
        names = Some(TemplateNames::new(site, first, more.iter().map(String::as_str)));
    }
    let own = found(site.server(), path_hosts)
        .into_iter()
        .next()
        .map(|found| found.key);
    let fits = |key: &Key| {
        let is_common = key.part().is_none() && path_hosts.has_owners(key);
        let is_public = key.ip().is_none() && key.registrable().is_none();
        !is_common && !is_public && own.as_ref() != Some(key)
    };
    let mut keys = BTreeSet::new();
    let scan = scan(text, site.extension_tags())?;
    for template in &scan.templates {
        let is_summary = names
            .as_ref()
            .is_some_and(|names| names.is(&text[template.name.clone()]));
        let domain = template.params.iter().find(|param| {
            param.index == Some(1) || param.name.as_ref().is_some_and(|name| trim(&text[name.clone()]) == "1")
        });
        let Some(domain) = domain.filter(|_| is_summary && keys.len() < MAX_KEYS) else {
            continue;
        };
        if let Ok(key) = Key::from_name(trim(&text[domain.value.clone()]), path_hosts) {
            keys.extend(Some(key).filter(&fits));
        }
    }
    for link in external_links(text, site.extension_tags(), &[])? {
        for found in found(&link.url, path_hosts) {
            if keys.len() < MAX_KEYS && fits(&found.key) {
                keys.insert(found.key);
            }
        }
    }
    Ok(keys.into_iter().collect())
}
