//! The host of an address: as browsers read it, and as people may safely be shown it.
//!
//! Underscores and every other character that browsers let pass in a host are kept: name servers answer for them.

use percent_encoding::percent_decode_str;
use regex::Regex;
use std::fmt;
use std::net::IpAddr;
use std::sync::LazyLock;

/// Longest name and label that a name server can know, in bytes (RFC 1035).
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;
/// Nothing that is longer as written can become a name within the limits; keeps the work per address bounded.
const MAX_WRITTEN: usize = 4_096;

/// Where a link leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Host {
    /// Lower-case ASCII, IDN as punycode, no dot at the end, without a leading `www.`.
    Name(String),
    /// IPv4 addresses in IPv6 form are IPv4.
    Ip(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]"),
            Self::Ip(ip) => write!(f, "{ip}"),
        }
    }
}

/// A host as written, and whether it had to be mended; `None` where neither a browser nor a name server could know it.
///
/// An invalid `xn--` label, which some browsers refuse, stays as it is.
pub(super) fn read(written: &str) -> Option<(Host, bool)> {
    if written.starts_with('[') {
        return match url::Host::parse(written).ok()? {
            url::Host::Ipv6(ip) => Some((Host::Ip(IpAddr::V6(ip).to_canonical()), false)),
            _ => None,
        };
    }
    // A space as such ends an address; MediaWiki drops an encoded one, and what is not seen, from the host of a link.
    if written.contains(char::is_whitespace) {
        return None;
    }
    let decoded = percent_decode_str(written).decode_utf8().ok()?;
    let seen: String = decoded
        .chars()
        .filter(|&c| !is_unseen(c))
        .map(|c| if is_dot(c) { '.' } else { c })
        .collect();
    if seen.len() > MAX_WRITTEN || seen.contains('%') {
        return None;
    }
    let plain = tidy(&seen);
    let mended = plain.len() != seen.trim_end_matches('.').len() || seen.chars().count() != decoded.chars().count();
    let name = match url::Host::parse(&plain) {
        Ok(url::Host::Domain(name)) => tidy(&name),
        Ok(url::Host::Ipv4(ip)) => return Some((Host::Ip(ip.into()), mended)),
        Ok(url::Host::Ipv6(_)) => return None,
        Err(_) => plain.to_ascii_lowercase(),
    };
    let name = without_www(&name);
    is_name(name).then(|| (Host::Name(name.to_owned()), mended))
}

/// Whether this can be the `Name` of a [`Host`], the leading `www.` apart.
pub(super) fn is_name(name: &str) -> bool {
    const REFUSED: &[u8] = b" %#/:<>?@[\\]^|\x7f";
    let label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase() && !REFUSED.contains(&b))
    };
    let last = name.rsplit('.').next().unwrap_or_default();
    name.len() <= MAX_NAME && name.split('.').all(label) && !is_number(last)
}

/// Whether a browser takes a name that ends so for an IPv4 address.
fn is_number(label: &str) -> bool {
    let hex = label.strip_prefix("0x");
    !label.is_empty() && label.bytes().all(|b| b.is_ascii_digit())
        || hex.is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// `www.` is equal to bare: exactly one such label is dropped, and only where a name with a dot remains. `www.com` is
/// a domain of its own, and `www.www.example.com` something else than `www.example.com`.
pub(super) fn without_www(name: &str) -> &str {
    match name.strip_prefix("www.") {
        Some(bare) if bare.contains('.') && !bare.starts_with("www.") => bare,
        _ => name,
    }
}

/// Without empty labels.
fn tidy(name: &str) -> String {
    if !name.starts_with('.') && !name.ends_with('.') && !name.contains("..") {
        return name.to_owned();
    }
    name.split('.')
        .filter(|label| !label.is_empty())
        .collect::<Vec<_>>()
        .join(".")
}

/// The dots that browsers take for one.
fn is_dot(c: char) -> bool {
    matches!(c, '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
}

/// Characters that nobody sees in a host; MediaWiki's `Sanitizer::cleanUrl` drops most of them.
pub(super) fn is_unseen(c: char) -> bool {
    is_direction(c)
        || c.is_control()
        || c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{1806}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}')
        || matches!(c, '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Characters that turn the direction of text.
pub(super) fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The name for people: labels decoded from punycode where that is safe, else as they are.
///
/// Safe is a label whose letters are all of one script, or of one of the mixtures that Unicode's *highly restrictive*
/// level allows (Latin with Japanese, with Chinese, with Korean: <https://www.unicode.org/reports/tr39/>), and that is
/// not made only of Cyrillic, Greek or Armenian letters which look like Latin ones, unless the top-level domain is an
/// IDN as well. Symbols, such as emoji, are not decoded. A name that would not lead back to itself stays punycode.
pub(super) fn shown(name: &str) -> String {
    if !name.contains("xn--") {
        return name.to_owned();
    }
    let idn_top = name.rsplit('.').next().is_some_and(|top| top.starts_with("xn--"));
    let label = |label: &str| match idna::domain_to_unicode(label) {
        (text, Ok(())) if ONE_SCRIPT.is_match(&text) && (idn_top || !looks_latin(&text)) => text,
        _ => label.to_owned(),
    };
    let text = name.split('.').map(label).collect::<Vec<_>>().join(".");
    match read(&text) {
        Some((Host::Name(back), _)) if back == name => text,
        _ => name.to_owned(),
    }
}

/// Scripts in everyday use (<https://www.unicode.org/reports/tr31/#Table_Recommended_Scripts>), and the mixtures.
const SCRIPTS: &[&str] = &[
    "[A-Za-z]|Han|Hira|Kana",
    "[A-Za-z]|Han|Bopo",
    "[A-Za-z]|Han|Hang",
    "Latn",
    "Arab",
    "Armn",
    "Beng",
    "Cyrl",
    "Deva",
    "Ethi",
    "Geor",
    "Grek",
    "Gujr",
    "Guru",
    "Hebr",
    "Khmr",
    "Knda",
    "Laoo",
    "Mlym",
    "Mymr",
    "Orya",
    "Sinh",
    "Taml",
    "Telu",
    "Thaa",
    "Thai",
    "Tibt",
];

static ONE_SCRIPT: LazyLock<Regex> = LazyLock::new(|| {
    let class = |script: &str| match script.strip_prefix('[') {
        Some(_) => script.to_owned(),
        None => format!(r"\p{{scx={script}}}"),
    };
    let label = |scripts: &&str| {
        let classes: String = scripts.split('|').map(class).collect();
        format!(r"[[[{classes}]&&[\p{{L}}\p{{M}}\p{{N}}]]0-9_-]*")
    };
    let labels: Vec<String> = SCRIPTS.iter().map(label).collect();
    Regex::new(&format!("^(?:{})$", labels.join("|"))).expect("made of constants")
});

/// Whether all letters of a label look like Latin ones, and none is.
fn looks_latin(label: &str) -> bool {
    const ALIKE: &str = "асԁеһіјӏорԗԛѕԝхуъьҽпгѵѡкмтвн\
        αικνρυωηοτχγ\
        ագզէլհյոսւօցք";
    !label.is_ascii()
        && label
            .chars()
            .all(|c| matches!(c, '-' | '_' | '0'..='9') || ALIKE.contains(c))
}
