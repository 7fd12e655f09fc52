//! Links to web archives, and the page they show.
//!
//! Translating and forwarding addresses (`google.com/url?q=`, `translate.goog`) are no archives: they stay as they are.

use super::host::Host;
use super::read::{Address, read, with_scheme};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// An archive of an archive of an archive.
const MAX_LEVELS: usize = 3;

/// Archives whose links hold the address of the page; their sub-domains belong to them.
const HOSTS: &[&str] = &[
    "archive-it.org",
    "archive.fo",
    "archive.is",
    "archive.li",
    "archive.md",
    "archive.org",
    "archive.ph",
    "archive.today",
    "archive.vn",
    "archive.wikiwix.com",
    "arquivo.pt",
    "eresources.nlb.gov.sg",
    "ghostarchive.org",
    "megalodon.jp",
    "pandora.nla.gov.au",
    "swap.stanford.edu",
    "timetravel.mementoweb.org",
    "vefsafn.is",
    "veebiarhiiv.digar.ee",
    "web.archive.bibalex.org",
    "webarchive.loc.gov",
    "webarchive.nationalarchives.gov.uk",
    "webarchive.nla.gov.au",
    "webarchive.nrscotland.gov.uk",
    "webarchive.org.uk",
    "webarchive.parliament.uk",
    "webarchiv.cz",
    "webcache.googleusercontent.com",
    "webcitation.org",
    "webharvest.gov",
];

/// The page behind an archive's link, the innermost of at most three.
pub(super) fn inner(outer: &Address) -> Option<Address> {
    let mut page = one_level(outer)?;
    for _ in 1..MAX_LEVELS {
        match one_level(&page) {
            Some(next) => page = next,
            None => break,
        }
    }
    Some(page)
}

fn one_level(outer: &Address) -> Option<Address> {
    let Host::Name(name) = &outer.host else {
        return None;
    };
    let is_of = |archive: &&&str| {
        name.strip_suffix(**archive)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    HOSTS.iter().find(is_of)?;
    let end = outer.path.find('?').unwrap_or(outer.path.len());
    let page = in_path(&outer.path, end).or_else(|| in_query(outer.path.get(end + 1..)?))?;
    read(&page)
}

/// `/web/20200101000000id_/http://…`, `/20200101/www.example.com/…`: from the first part of the path on that has a
/// scheme, else what follows the time, when that looks like a host. The page's own `?` belongs to it.
fn in_path(path: &str, end: usize) -> Option<Cow<'_, str>> {
    let mut timed = false;
    let mut at = 0;
    for part in path[..end].split('/') {
        let rest = &path[at..];
        at += part.len() + 1;
        if has_scheme(part) {
            return page(rest);
        }
        if timed && !part.is_empty() && !is_time(part) {
            let host = part.split_once(':').map_or(part, |(host, _)| host);
            return if host.contains('.') { page(rest) } else { None };
        }
        timed |= is_time(part);
    }
    None
}

/// `?url=…`, and Google's `?q=cache:ID:…+words`.
fn in_query(query: &str) -> Option<Cow<'_, str>> {
    let query = query.split('#').next().unwrap_or_default();
    for pair in query.split('&') {
        let Some((name, value)) = pair.split_once('=') else {
            continue;
        };
        let value = percent_decode_str(value).decode_utf8_lossy();
        if name == "url" || name == "uri" {
            return page(&value).map(|page| page.into_owned().into());
        }
        if let Some(cached) = value.strip_prefix("cache:") {
            let cached = cached.split(['+', ' ']).next().unwrap_or_default();
            let cached = match cached.split_once(':') {
                Some((id, rest)) if !rest.starts_with("//") && !id.contains(['.', '/']) => rest,
                _ => cached,
            };
            return page(cached).map(|page| page.into_owned().into());
        }
    }
    None
}

/// Whether a part of a path is `http:`, also percent-encoded once or twice, together with what follows.
fn has_scheme(part: &str) -> bool {
    let lower = part
        .get(..part.floor_char_boundary(12))
        .unwrap_or_default()
        .to_ascii_lowercase();
    ["http", "ftp"]
        .iter()
        .filter_map(|name| lower.strip_prefix(name))
        .any(|rest| {
            let rest = rest.strip_prefix('s').unwrap_or(rest);
            rest.starts_with(':') || rest.starts_with("%3a") || rest.starts_with("%253a")
        })
}

/// `20200101000000`, with `id_` or the like; `*`, `2020*`, `2020.01.01-123456`, `2010-0101-1200-00`.
fn is_time(part: &str) -> bool {
    let digits = match part.strip_suffix('_') {
        Some(part) => part.trim_end_matches(|c: char| c.is_ascii_lowercase()),
        None => part,
    };
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '*')
        && digits
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'-' | b'.'))
        && (!digits.contains('.') || digits.contains('-'))
}

/// A page's address as an archive has it: decoded if its scheme is encoded, with `http://` if it has none.
fn page(written: &str) -> Option<Cow<'_, str>> {
    let mut page = Cow::Borrowed(written);
    for _ in 0..MAX_LEVELS {
        let colon = page.find([':', '%', '/']).map(|at| page.as_bytes()[at]);
        if !has_scheme(&page) || colon != Some(b'%') {
            break;
        }
        page = percent_decode_str(&page).decode_utf8_lossy().into_owned().into();
    }
    if has_scheme(&page) {
        Some(page)
    } else {
        Some(with_scheme(&page)?.into_owned().into())
    }
}
