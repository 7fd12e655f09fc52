//! Hosts on which many people have pages: there the key is the host and the part of the path that names the owner.

use super::Key;
use super::host::{self, Host, is_unseen};
use percent_encoding::percent_decode_str;
use std::collections::HashMap;
use std::fmt::Write;
use unicode_normalization::UnicodeNormalization;

/// Bounds of an entry, which leave room for the owner in a key of 255 bytes.
const MAX_HOST: usize = 100;
const MAX_WORD: usize = 30;
const MAX_WORDS: usize = 2;
/// More of a path than this is not looked at.
const MAX_SEGMENTS: usize = 50;

/// The hosts of the setting `path_hosts`. An entry is one of
///
/// - `host`: the first segment of a path names the owner (`kickstarter.example/acme/news` → `kickstarter.example/acme`);
/// - `host/word/*`: after these words, one or two, stands the owner; the words are kept (`linkedin.com/company/acme`);
/// - `host/@*`: only a segment that starts so names the owner;
/// - `host/word`: what starts with this word belongs to nobody, the key is the host alone (`facebook.com/watch`).
///
/// The entry with more words wins. A host stands for itself and for the sub-domains under which the big ones show the
/// same pages (`m`, `mobile`, a language or country as `de`, `de-de`); each of them keeps a key of its own, as
/// other sub-domains do. All other sub-domains are ordinary hosts.
///
/// The part of a key is lower-case, percent-decoded and in NFC, so that one owner has one key; upper and lower case of
/// identifiers that know a difference (YouTube's channels) fall together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathHosts {
    hosts: HashMap<String, Vec<Entry>>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Entry {
    words: Vec<String>,
    /// What the owner's segment starts with, often nothing; `None`: nobody's.
    owner: Option<String>,
}

impl Default for PathHosts {
    /// The big social, video, crowdfunding and blog hosts. Those that give every owner a sub-domain need no entry.
    fn default() -> Self {
        let entries = DEFAULT.lines().flat_map(|line| {
            let (host, paths) = line.split_once(' ').unwrap_or((line, "*"));
            paths.split_whitespace().map(move |path| format!("{host}/{path}"))
        });
        Self::new(entries).expect("the default entries are tested")
    }
}

impl PathHosts {
    /// From entries as in the settings.
    ///
    /// # Errors
    ///
    /// One line that names the entry and says what is wrong with it.
    pub fn new<S: AsRef<str>>(entries: impl IntoIterator<Item = S>) -> Result<Self, String> {
        let mut hosts: HashMap<String, Vec<Entry>> = HashMap::new();
        for text in entries {
            let text = text.as_ref();
            let (host, entry) =
                Entry::read(text.trim()).map_err(|what| format!("path_hosts: \"{}\" {what}", text.trim()))?;
            let entries = hosts.entry(host).or_default();
            if !entries.contains(&entry) {
                entries.push(entry);
            }
        }
        for entries in hosts.values_mut() {
            // Words first; after the same words what is special before what takes everything
            entries.sort_by_key(|entry| {
                (
                    std::cmp::Reverse(entry.words.len()),
                    entry.owner.is_some(),
                    entry.owner.as_deref() == Some(""),
                )
            });
        }
        Ok(Self { hosts })
    }

    /// Whether many people have pages on the key's host, so that the host alone says nothing of any of them.
    pub fn has_owners(&self, key: &Key) -> bool {
        self.entries(&key.host()).is_some()
    }

    /// The part of a path that names the owner, ready for a key. `path` starts with `/`.
    pub(super) fn part(&self, host: &Host, path: &str) -> Option<String> {
        let Host::Name(name) = host else {
            return None;
        };
        let entries = self.entries(name)?;
        // Twitter and Facebook once wrote all their addresses as `/#!/name`
        let path = path.strip_prefix("/#!").unwrap_or(path);
        let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
        let mut segments: Vec<String> = Vec::new();
        for segment in path.split(['/', '\\']).take(MAX_SEGMENTS).map(canonical) {
            match segment.as_str() {
                "" | "." => {}
                ".." => {
                    segments.pop();
                }
                _ => segments.push(segment),
            }
        }
        for entry in entries {
            let words = entry.words.len();
            if !segments.starts_with(&entry.words) {
                continue;
            }
            let start = entry.owner.as_ref()?;
            match segments.get(words) {
                Some(owner) if owner.len() > start.len() && owner.starts_with(start.as_str()) => {
                    return Some(segments[..=words].join("/"));
                }
                None => return None,
                Some(_) => {}
            }
        }
        None
    }

    fn entries(&self, name: &str) -> Option<&[Entry]> {
        let same_pages = |label: &str| {
            let code = |code: &str| code.len() == 2 && code.bytes().all(|b| b.is_ascii_lowercase());
            matches!(label, "m" | "mobile") || label.split('-').count() <= 2 && label.split('-').all(code)
        };
        let entries = self.hosts.get(name).or_else(|| {
            let (label, parent) = name.split_once('.')?;
            self.hosts.get(parent).filter(|_| same_pages(label))
        })?;
        Some(entries)
    }
}

impl Entry {
    fn read(text: &str) -> Result<(String, Self), &'static str> {
        let (name, path) = match text.split_once('/') {
            Some((name, path)) if !path.is_empty() => (name, path),
            _ => (text.trim_end_matches('/'), "*"),
        };
        let host = match host::read(name) {
            Some((Host::Name(name), false)) if name.contains('.') && name.len() <= MAX_HOST => name,
            _ => {
                return Err("does not start with a host such as example.com (without http://, at most 100 characters)");
            }
        };
        let mut words: Vec<String> = path.trim_end_matches('/').split('/').map(canonical).collect();
        let owner = words.last().and_then(|last| last.strip_suffix('*')).map(str::to_owned);
        words.truncate(words.len() - usize::from(owner.is_some()));
        let all = || words.iter().chain(&owner);
        if all().any(|word| word.contains('*')) {
            return Err("has a * that does not end it");
        }
        if words.len() > MAX_WORDS || all().any(|word| word.len() > MAX_WORD) {
            return Err("is too long: at most two words of 30 characters before the *");
        }
        if words.iter().any(|word| word.is_empty() || word == "." || word == "..") {
            return Err("has an empty word between slashes");
        }
        Ok((host, Self { words, owner }))
    }
}

/// A segment of a path in the one form it has in keys: decoded, lower case, NFC; what nobody sees and what would end
/// it is encoded.
fn canonical(segment: &str) -> String {
    let decoded = percent_decode_str(segment).decode_utf8_lossy();
    let mut text = String::with_capacity(decoded.len());
    for c in decoded.to_lowercase().nfc() {
        if is_unseen(c) || matches!(c, '%' | '/' | '\\' | '?' | '#') {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                write!(text, "%{byte:02X}").expect("a String takes everything");
            }
        } else {
            text.push(c);
        }
    }
    text
}

/// One host a line, then its entries.
const DEFAULT: &str = include_str!("path_hosts.txt");
