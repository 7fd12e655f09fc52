//! What the words of an entry name: users, pages, domains, keywords, networks, patterns.

use crate::link::{Key, PathHosts};
use crate::lists::words::Word;
use crate::lists::{List, page_name, user_name};
use crate::patterns::Patterns;
use crate::ranges::ip_range;
use crate::site::Site;
use crate::text::terminal;
use crate::types::Timestamp;
use ipnet::IpNet;
use std::net::IpAddr;

/// Longest string of an entry, in bytes: the width of the column.
pub const MAX_STRING_BYTES: usize = 255;

/// What words are read with.
pub struct Names<'a> {
    pub site: &'a Site,
    pub path_hosts: &'a PathHosts,
    /// When the command was given.
    pub now: Timestamp,
}

/// The link key of a mere domain, such as `example.com`, `https://www.example.com/`, `facebook.com/acme` or `192.0.2.1`:
/// what everybody would take for one. `None` for patterns, and for names with a dot that ends in no public suffix (`Node.js`).
pub fn domain(text: &str, path_hosts: &PathHosts) -> Option<Key> {
    let text = ["https://", "http://", "//"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))
        .unwrap_or(text);
    // A pattern has other characters, a name of a person or page has `_`
    let host = text.split('/').next().unwrap_or_default();
    let is_host = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    if !host.contains('.') || !host.chars().all(is_host) || text.contains(char::is_whitespace) {
        return None;
    }
    let key = Key::from_name(text, path_hosts).ok()?;
    let host = key.host();
    let is_known = psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known());
    // Where a path says nothing it was no mere domain
    let is_whole = !text.trim_end_matches('/').contains('/') || key.part().is_some();
    let fits = key.ip().is_some() || is_known && key.registrable().is_some();
    (fits && is_whole).then_some(key)
}

impl Names<'_> {
    /// A domain by its look, or one that is called so: `link:host.example`. Quoted words are names.
    fn domain(&self, word: &Word) -> Option<Result<String, String>> {
        if word.quoted {
            return None;
        }
        match word.text.split_once(':') {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("link") => {
                Some(Key::from_name(rest, self.path_hosts).map(|key| key.ascii()))
            }
            _ => domain(&word.text, self.path_hosts).map(|key| Ok(key.ascii())),
        }
    }

    /// The left side of an entry of white- or blacklist, and whether it is a domain.
    pub fn user(&self, list: List, word: &Word) -> Result<(String, bool), String> {
        match self.domain(word) {
            Some(domain) if list == List::Black => Ok((domain?, true)),
            _ => Ok((user_name(self.site, &word.text)?, false)),
        }
    }

    /// The right side of an entry of the whitelist, and whether it is a domain.
    pub fn page_or_domain(&self, word: &Word) -> Result<(String, bool), String> {
        if let Some(domain) = self.domain(word) {
            return Ok((domain?, true));
        }
        let title = match word.text.split_once(':') {
            // A namespace of this name goes first
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("page") && self.site.namespace_id(prefix).is_none() => {
                rest
            }
            _ => &word.text,
        };
        Ok((page_name(self.site, title)?, false))
    }

    /// The right side of an entry of the blacklist. Networks go with domains only.
    pub fn keyword(&self, word: &Word, of_domain: bool) -> Result<String, String> {
        if !word.quoted
            && let Some((first, last)) = ip_range(&word.text)
        {
            if !of_domain {
                return Err("a network goes with a domain, not with a user".to_owned());
            }
            return Ok(network(&word.text, first, last));
        }
        let words: Vec<&str> = word.text.split(|c: char| c == '_' || c.is_whitespace()).collect();
        let keyword = words.join(" ").trim().to_lowercase();
        if !keyword.contains(char::is_alphanumeric) {
            return Err(format!("`{}` has no letter or digit to compare", terminal(&word.text)));
        }
        bounded(keyword)
    }

    /// A string of the monitor list, and whether it is a domain.
    pub fn link_pattern(&self, word: &Word) -> Result<(String, bool), String> {
        match self.domain(word) {
            Some(domain) => Ok((domain?, true)),
            None => Ok((pattern(&word.text)?, false)),
        }
    }

    /// A pattern of user names, which have no `_`.
    pub fn user_pattern(&self, word: &Word) -> Result<String, String> {
        pattern(&word.text.replace('_', " "))
    }
}

fn network(text: &str, first: IpAddr, last: IpAddr) -> String {
    match text.trim().parse::<IpNet>() {
        Ok(net) if first != last => net.trunc().to_string(),
        _ => first.to_string(),
    }
}

fn pattern(text: &str) -> Result<String, String> {
    let (_, not_checked) = Patterns::new([(0, text)]);
    match not_checked.into_iter().next() {
        None => bounded(text.to_owned()),
        Some(not) => Err(format!("`{}` is not checked here: {}", terminal(text), not.why)),
    }
}

fn bounded(text: String) -> Result<String, String> {
    match text.len() {
        0..=MAX_STRING_BYTES => Ok(text),
        long => Err(format!("it has {long} bytes, {MAX_STRING_BYTES} are allowed")),
    }
}
