//! Links as a wiki has them now: where pages link, and which pages link to a host.
//!
//! A host is asked for with everything below it (`*.example.com`), with `http` and `https`: other schemes, and pages
//! behind an archive's link, are found only among all the links of a page. Paths are not asked for: the wiki would look
//! for one host without its sub-domains then, and tell letter case apart. Addresses of IPv6 cannot be asked for at all:
//! MediaWiki escapes their brackets and finds nothing.
//! <https://www.mediawiki.org/wiki/API:Extlinks>, <https://www.mediawiki.org/wiki/API:Exturlusage>

use crate::error::Error;
use crate::read;
use crate::session::Session;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use wikicrew_core::types::{PageId, RevId};

/// Answers of [`uses`] that are read at most: a wiki in miser mode leaves out of each what is in other namespaces.
const USES_ANSWERS: usize = 10;

/// A page, and where it links.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Linking {
    /// Namespace.
    pub ns: i32,
    /// Title as the wiki writes it, with namespace.
    pub title: String,
    /// Its newest revision.
    pub revid: RevId,
    /// Addresses, as the wiki stores them: host in lower case, of an IDN its letters; no user and password.
    pub links: Vec<String>,
    /// Whether these are all that were asked for.
    pub is_whole: bool,
}

/// Where these pages link now: to this host and all below it (`example.com`, `192.0.2.1`), with `http` or `https`; `None`,
/// and for addresses of IPv6 (`[2001:db8::1]`): anywhere. A page that is gone is `None`; one of which the wiki said nothing is absent.
///
/// One request for [`Session::batch_size`] pages and for every 500 links (5,000 with `apihighlimits`) on them, at most
/// `most` (1 is the least) for each batch: what is left out then is told by [`Linking::is_whole`].
///
/// Errs as [`Session::get`] does.
pub async fn linking(
    session: &Session,
    page_ids: &[PageId],
    host: Option<&str>,
    most: usize,
) -> Result<HashMap<PageId, Option<Linking>>, Error> {
    let mut known = HashSet::new();
    let ids: Vec<PageId> = page_ids
        .iter()
        .copied()
        .filter(|id| id.0 > 0 && known.insert(*id))
        .collect();
    let host = host.and_then(below);
    let mut found = HashMap::new();
    for batch in ids.chunks(session.batch_size()) {
        let ids = read::ids(batch);
        let mut params = vec![("prop", "info|extlinks"), ("ellimit", "max"), ("pageids", ids.as_str())];
        if let Some(host) = &host {
            params.push(("elquery", host));
        }
        let mut answers = session.continued(&params);
        for _ in 0..most.max(1) {
            let Some(answer) = answers.next_answer().await? else {
                break;
            };
            for page in read::list(&answer["query"]["pages"]) {
                add(&mut found, page);
            }
        }
        if answers.goes_on("continue") {
            for id in batch {
                if let Some(Some(page)) = found.get_mut(id) {
                    page.is_whole = false;
                }
            }
        }
    }
    Ok(found)
}

fn add(found: &mut HashMap<PageId, Option<Linking>>, page: &Value) {
    let id = read::page_id(page);
    let links = read::list(&page["extlinks"]).iter();
    let links = links.filter_map(|link| read::text(link, "url"));
    if let Some(Some(known)) = found.get_mut(&id) {
        known.links.extend(links);
    } else if page["missing"] == true {
        found.insert(id, None);
    } else if let Some((ns, title)) = read::title(page) {
        let now = Linking {
            ns,
            title,
            revid: read::revid(page, "lastrevid"),
            links: links.collect(),
            is_whole: true,
        };
        found.insert(id, Some(now));
    }
}

/// Pages that link to a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Uses {
    /// How many were found.
    pub pages: u64,
    /// Whether there are, or may be, more.
    pub more: bool,
}

/// How many pages of these namespaces (empty: of all) link to this host or one below it with an address that `is_meant`,
/// counted up to `most`. `None` for addresses of IPv6.
///
/// One request for every 500 links (5,000 with `apihighlimits`), at most ten. Errs as [`Session::get`] does.
pub async fn uses(
    session: &Session,
    host: &str,
    namespaces: &[i32],
    most: usize,
    is_meant: impl Fn(&str) -> bool,
) -> Result<Option<Uses>, Error> {
    let Some(query) = below(host) else {
        return Ok(None);
    };
    let namespaces = read::ids(namespaces);
    let mut params = vec![
        ("list", "exturlusage"),
        ("euquery", query.as_str()),
        ("euprop", "ids|url"),
        ("eulimit", "max"),
    ];
    if !namespaces.is_empty() {
        params.push(("eunamespace", &namespaces));
    }
    let mut answers = session.continued(&params);
    let mut pages: HashSet<PageId> = HashSet::new();
    let mut is_over = false;
    for _ in 0..USES_ANSWERS {
        let Some(answer) = answers.next_answer().await? else {
            break;
        };
        for link in read::list(&answer["query"]["exturlusage"]) {
            let id = read::page_id(link);
            if !pages.contains(&id) && is_meant(link["url"].as_str().unwrap_or_default()) {
                is_over = pages.len() == most;
                if is_over {
                    break;
                }
                pages.insert(id);
            }
        }
        if is_over {
            break;
        }
    }
    Ok(Some(Uses {
        pages: pages.len() as u64,
        more: is_over || answers.goes_on("continue"),
    }))
}

/// The host and all below it, as both modules take it; an address has nothing below it, one of IPv6 is not found.
fn below(host: &str) -> Option<String> {
    let is_address = host.parse::<IpAddr>().is_ok();
    (!host.starts_with('[')).then(|| {
        if is_address {
            host.to_owned()
        } else {
            format!("*.{host}")
        }
    })
}
