//! A link's address taken apart: which host it leads to, under which key it is counted, what follows the host.
//!
//! Hosts are read as browsers read them (<https://url.spec.whatwg.org/#host-parsing>), because that is where a reader
//! ends up, and forms that only people and MediaWiki understand (`http://http://…`, `http:///…`) are mended. Character
//! references are not decoded here: what comes in is an address as MediaWiki stores it in its table of external links
//! (<https://www.mediawiki.org/wiki/Manual:Externallinks_table>). Nothing here asks the net, and no key depends on the
//! public suffix list, which changes every week: stored keys have to mean the same for years.

mod archive;
mod host;
mod key;
mod path_hosts;
mod read;

pub use key::Key;
pub use path_hosts::PathHosts;

/// How a link is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Scheme {
    /// `http://`, and pages behind an archive's link that name no scheme.
    Http,
    /// `https://`
    Https,
    /// `//host/…`, as the page it stands on.
    Relative,
    /// Another one that leads to a host: `ftp`, `irc`, `gopher`, `git` …
    Other,
}

/// A host that a link leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// What the link is counted under.
    pub key: Key,
    /// What follows the host: `/…`, also for a bare host and before a `?`, or `:8080/…` where the port is not the usual
    /// one. As written, but for control and direction characters. At most [`MAX_PATH`] bytes, cut at a character.
    pub path: String,
    /// How it is asked for.
    pub scheme: Scheme,
    /// The page that an archive's link shows.
    pub unwrapped: bool,
    /// The address was broken: a scheme twice, slashes too few or too many, backslashes, empty labels, an impossible
    /// port, characters that are not seen.
    pub mended: bool,
}

/// Longest [`Found::path`], in bytes: what the database keeps.
pub const MAX_PATH: usize = 2_000;

/// The hosts that an address leads to: none (`mailto:`, `javascript:`, no host, a host that no name server can know:
/// a label over 63 or a name over 253 bytes), one, or two for an archive's link: the archive, then the page it shows;
/// of an archive of an archive the outermost and the innermost of at most three levels.
///
/// Never panics; takes time in proportion to the address's length.
pub fn found(url: &str, path_hosts: &PathHosts) -> Vec<Found> {
    let clean = read::without_unseen(url);
    let Some(outer) = read::read(&clean) else {
        return Vec::new();
    };
    let removed = clean.len() != url.trim_matches(read::is_edge).len();
    let inner = archive::inner(&outer);
    let mut all = vec![outer.into_found(path_hosts, false, removed)];
    all.extend(inner.map(|page| page.into_found(path_hosts, true, false)));
    all
}

impl read::Address {
    fn into_found(self, path_hosts: &PathHosts, unwrapped: bool, removed: bool) -> Found {
        Found {
            key: Key::new(&self.host, path_hosts.part(&self.host, &self.path).as_deref()),
            path: read::bounded(match self.port {
                Some(port) => format!(":{port}{}", self.path),
                None => self.path,
            }),
            scheme: self.scheme,
            unwrapped,
            mended: self.mended || removed,
        }
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod archive_tests;
#[cfg(test)]
#[path = "found_tests.rs"]
mod found_tests;
#[cfg(test)]
#[path = "key_tests.rs"]
mod key_tests;
#[cfg(test)]
#[path = "properties_tests.rs"]
mod properties_tests;
