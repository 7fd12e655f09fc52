//! What a link is counted under.

use super::PathHosts;
use super::host::{self, Host};
use super::read;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest stored key, in bytes: the width of the column.
const MAX_STORED: usize = 255;
/// What stands for the rest of a part that was cut: `~` and 16 hexadecimal digits.
const HASH: usize = 17;
/// What [`Key::ascii`] encodes: what is not ASCII, which needs no set of its own.
const NOT_ASCII: &AsciiSet = CONTROLS;

/// A link key: a host, and on hosts where many people have pages ([`PathHosts`]) the part of the path that names the
/// owner.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Key {
    stored: String,
}

impl Key {
    /// Of a host and the owner's part of the path, which is cut when the key gets too long for its column.
    pub(super) fn new(host: &Host, part: Option<&str>) -> Self {
        let mut stored = match host {
            Host::Name(name) => reversed(name) + ".",
            Host::Ip(_) => host.to_string(),
        };
        if let Some(part) = part {
            let part = cut(part, MAX_STORED.saturating_sub(stored.len() + 1));
            stored.push('/');
            stored.push_str(&part);
        }
        Self { stored }
    }

    /// The form the database keeps, at most 255 bytes: labels reversed (`com.example.shop.`), then the owner's part
    /// (`com.facebook./some.page`); addresses as they are (`203.0.113.7`, `[2001:db8::1]`).
    pub fn stored(&self) -> &str {
        &self.stored
    }

    /// From the stored form; `None` for what [`Key::stored`] cannot have given. Looks at the form only, so that keys
    /// stay readable when Unicode's tables change.
    pub fn from_stored(stored: &str) -> Option<Self> {
        let (labels, part) = match stored.split_once('/') {
            Some((labels, part)) => (labels, Some(part)),
            None => (stored, None),
        };
        let fits = match labels.strip_suffix('.') {
            Some(labels) => {
                let name = reversed(labels);
                host::is_name(&name) && host::without_www(&name).len() == name.len()
            }
            None => part.is_none() && address(stored).is_some_and(|ip| Host::Ip(ip).to_string() == stored),
        };
        let part_fits =
            part.is_none_or(|part| part.split('/').all(|s| !s.is_empty()) && !part.contains(super::read::is_edge));
        (fits && part_fits && stored.len() <= MAX_STORED).then(|| Self {
            stored: stored.to_owned(),
        })
    }

    /// The host: `shop.example.com`, `xn--…`, `203.0.113.7`, `[2001:db8::1]`.
    pub fn host(&self) -> String {
        match self.labels().strip_suffix('.') {
            Some(labels) => reversed(labels),
            None => self.stored.clone(),
        }
    }

    /// The owner's part of the path, decoded but for what would not be seen or would end it; `None` for a mere host.
    pub fn part(&self) -> Option<&str> {
        self.stored.split_once('/').map(|(_, part)| part)
    }

    /// Host and part in ASCII: `shop.example.com`, `facebook.com/some.page`.
    pub fn ascii(&self) -> String {
        self.followed(self.host(), |part| utf8_percent_encode(part, NOT_ASCII).to_string())
    }

    /// For people: as [`Key::ascii`], IDN labels decoded where nobody could mistake them for something else (all
    /// letters of one script, and not only such as look like Latin ones), the part as it reads. Is text from users.
    pub fn display(&self) -> String {
        self.followed(host::shown(&self.host()), str::to_owned)
    }

    fn followed(&self, host: String, part: impl Fn(&str) -> String) -> String {
        match self.part() {
            Some(own) => format!("{host}/{}", part(own)),
            None => host,
        }
    }

    /// The domain that somebody registered, by the public suffix list, as it was when this program was built
    /// (`example.co.uk` of `shop.example.co.uk`, `acme.blogspot.com` of itself). `None` for addresses, single labels and
    /// public suffixes.
    pub fn registrable(&self) -> Option<String> {
        if self.ip().is_some() {
            return None;
        }
        psl::domain_str(&self.host()).map(str::to_owned)
    }

    /// The one label that somebody chose when registering, decoded: `acmewidgets` of `shop.acmewidgets.co.uk`. What
    /// names are compared with where a public suffix would only blur the likeness. `None` as for [`Key::registrable`].
    pub fn bare(&self) -> Option<String> {
        let registrable = host::shown(&self.registrable()?);
        registrable.split('.').next().map(str::to_owned)
    }

    /// The address, when the host is one.
    pub fn ip(&self) -> Option<IpAddr> {
        address(&self.stored)
    }

    /// The key of what a person typed: `example.com`, `WWW.Example.COM.`, `http://example.com/x`, `facebook.com/acme`,
    /// `192.0.2.1`, `2001:db8::1`. An archive's link is the archive's host.
    ///
    /// # Errors
    ///
    /// One line that says what is wrong.
    pub fn from_name(name: &str, path_hosts: &PathHosts) -> Result<Self, String> {
        let clean = read::without_unseen(name);
        if clean.is_empty() {
            return Err("no host given; a host is meant, such as example.com".to_owned());
        }
        let as_given = clean.chars().take(80).collect::<String>();
        let wrong = |what: &str| Err(format!("\"{as_given}\" {what}; a host is meant, such as example.com"));
        if clean.contains(char::is_whitespace) {
            return wrong("has a space in it");
        }
        if let Ok(ip) = clean.parse::<Ipv6Addr>() {
            return Ok(Self::new(&Host::Ip(IpAddr::V6(ip).to_canonical()), None));
        }
        let Some(url) = read::with_scheme(&clean) else {
            return wrong("names no host (a mail address, or a kind of link without a host)");
        };
        match read::read(&url) {
            Some(found) => Ok(Self::new(
                &found.host,
                path_hosts.part(&found.host, &found.path).as_deref(),
            )),
            None => wrong("is no host that can exist (labels have 1 to 63, hosts at most 253 characters)"),
        }
    }

    /// All keys that belong to this one, as a half-open range of stored keys: for a host itself, its sub-domains and
    /// the owners on them; for an owner or an address only itself. Compared as bytes.
    ///
    /// Takes the host as it is: of a public suffix (see [`Key::registrable`]) the range is everybody's.
    pub fn with_subdomains(&self) -> (String, String) {
        let end = match self.stored.strip_suffix('.') {
            // What starts with `com.example.`: the byte after `.` is `/`
            Some(labels) if self.part().is_none() => format!("{labels}/"),
            _ => format!("{}\0", self.stored),
        };
        (self.stored.clone(), end)
    }

    fn labels(&self) -> &str {
        self.stored.split_once('/').map_or(&self.stored, |(labels, _)| labels)
    }
}

fn reversed(name: &str) -> String {
    name.rsplit('.').collect::<Vec<_>>().join(".")
}

fn address(stored: &str) -> Option<IpAddr> {
    match stored.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => stored.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// The part within `max` bytes. What is too long ends in a hash of the whole, so that two stay two.
fn cut(part: &str, max: usize) -> String {
    if part.len() <= max {
        return part.to_owned();
    }
    let mut end = part.floor_char_boundary(max.saturating_sub(HASH));
    // A `%` always starts three characters, which must not be torn apart
    if let Some(tail) = part.as_bytes()[..end].iter().rev().take(2).position(|&b| b == b'%') {
        end -= tail + 1;
    }
    let mut cut = part[..end].trim_end_matches('/').to_owned() + "~";
    for byte in Sha256::digest(part.as_bytes()).iter().take(8) {
        write!(cut, "{byte:02x}").expect("a String takes everything");
    }
    cut
}
