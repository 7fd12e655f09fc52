//! What a report is about: a domain, a user, an address, a range, or a server.

use std::fmt;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};
use unicode_normalization::UnicodeNormalization;

use crate::link::{Key, PathHosts};

/// What kind of thing a report is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A link key with everything below it.
    Link,
    /// A named or temporary account.
    User,
    /// The edits of an address.
    Ip,
    /// The edits of a range of addresses.
    Range,
    /// The hosts whose server had an address.
    Server,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] = [Kind::Link, Kind::User, Kind::Ip, Kind::Range, Kind::Server];

    /// The word of settings, tables and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Link => "link",
            Kind::User => "user",
            Kind::Ip => "ip",
            Kind::Range => "range",
            Kind::Server => "server",
        }
    }

    /// From [`Kind::word`].
    pub fn of_word(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether it is about who edits, not about what is linked.
    pub fn is_editor(self) -> bool {
        matches!(self, Kind::User | Kind::Ip | Kind::Range)
    }
}

/// One subject. Two that are equal have one report.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// A host, domain, or host with its owner, and everything below it.
    Link(Key),
    /// The name of an account, spaces not underscores.
    User(String),
    /// An address as an author.
    Ip(IpAddr),
    /// A range of such addresses, the bits behind the prefix zero.
    Range(IpNet),
    /// An address as a server.
    Server(IpAddr),
}

impl Subject {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Subject::Link(_) => Kind::Link,
            Subject::User(_) => Kind::User,
            Subject::Ip(_) => Kind::Ip,
            Subject::Range(_) => Kind::Range,
            Subject::Server(_) => Kind::Server,
        }
    }

    /// What the database keeps: of a link the stored key, else the name. At most 255 bytes.
    pub fn key(&self) -> String {
        match self {
            Subject::Link(key) => key.stored().to_owned(),
            other => other.to_string(),
        }
    }

    /// From [`Subject::kind`] and [`Subject::key`].
    pub fn from_key(kind: Kind, key: &str) -> Option<Subject> {
        match kind {
            Kind::Link => Key::from_stored(key).map(Subject::Link),
            Kind::User => (!key.is_empty()).then(|| Subject::User(key.to_owned())),
            Kind::Ip => key.parse().ok().map(Subject::Ip),
            Kind::Range => key.parse().ok().map(Subject::Range),
            Kind::Server => key.parse().ok().map(Subject::Server),
        }
    }

    /// Of what a person typed: a link key, the name of a user or an address (`User` gives [`Subject::Ip`] or
    /// [`Subject::Range`] for an address or range), or an address. Errs with one line for the writer.
    pub fn from_name(kind: Kind, name: &str, path_hosts: &PathHosts) -> Result<Subject, String> {
        let name = name.trim();
        let shown: String = name.chars().take(80).collect();
        match kind {
            Kind::Link => Key::from_name(name, path_hosts).map(Subject::Link),
            Kind::User | Kind::Ip | Kind::Range => match (name.parse::<IpAddr>(), name.parse::<IpNet>()) {
                (Ok(ip), _) => Ok(Subject::Ip(ip.to_canonical())),
                (_, Ok(net)) => Ok(Subject::range(net)),
                _ if kind != Kind::User => Err(format!(
                    "\"{shown}\" is no address and no range; write 192.0.2.7 or 192.0.2.0/24"
                )),
                _ => user(name).map(Subject::User),
            },
            Kind::Server => name
                .parse::<IpAddr>()
                .map(|ip| Subject::Server(ip.to_canonical()))
                .map_err(|_| format!("\"{shown}\" is no address of a server; write 192.0.2.7")),
        }
    }

    /// A range without the bits behind its prefix; a range of one address is that address, one of IPv4 addresses in
    /// IPv6 form is of IPv4.
    pub fn range(net: IpNet) -> Subject {
        let net = match (net.addr().to_canonical(), net.prefix_len().checked_sub(96)) {
            (IpAddr::V4(ip), Some(prefix)) if net.max_prefix_len() == 128 => {
                Ipv4Net::new(ip, prefix).map_or(net, IpNet::V4)
            }
            _ => net,
        };
        match net.prefix_len() == net.max_prefix_len() {
            true => Subject::Ip(net.addr().to_canonical()),
            false => Subject::Range(net.trunc()),
        }
    }
}

impl fmt::Display for Subject {
    /// For people. Is text from users.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Link(key) => f.write_str(&key.display()),
            Subject::User(name) => f.write_str(name),
            Subject::Ip(ip) | Subject::Server(ip) => ip.fmt(f),
            Subject::Range(net) => net.fmt(f),
        }
    }
}

/// The name of an account as MediaWiki writes it: form C, spaces, no prefix, no direction marks (which names bring with
/// them when they are copied), the first letter a capital one where that is one letter.
/// <https://www.mediawiki.org/wiki/Manual:Page_title>
fn user(typed: &str) -> Result<String, String> {
    let shown: String = typed.chars().take(80).collect();
    let is_mark = |c: &char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}');
    let seen: String = typed.nfc().filter(|c| !is_mark(c)).collect();
    let words = seen.split(|c: char| c == '_' || c.is_whitespace());
    let spaced = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    let mut letters = spaced.chars();
    let Some(first) = letters.next() else {
        return Err("no user name given".to_owned());
    };
    let mut upper = first.to_uppercase();
    let capital = match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => first,
    };
    let name = format!("{capital}{}", letters.as_str());
    let is_wrong = |c: char| c.is_control() || "#<>[]|{}/".contains(c);
    if name.len() > 255 || name.contains(is_wrong) {
        return Err(format!(
            "\"{shown}\" is no user name: it is too long, or has one of # < > [ ] | {{ }} / in it"
        ));
    }
    Ok(name)
}

#[cfg(test)]
#[path = "subject_tests.rs"]
mod tests;
