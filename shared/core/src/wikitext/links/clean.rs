//! From an address as it is written to the one that MediaWiki stores.
//! <https://www.mediawiki.org/wiki/Manual:Externallinks_table>

use super::super::steps::visit;
use memchr::memmem;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;
use std::net::Ipv6Addr;
use std::sync::LazyLock;

/// The names of character references in HTML, each with its characters: a line is `amp 26`.
/// <https://html.spec.whatwg.org/multipage/named-characters.html>
const NAMES: &str = include_str!("entities.txt");

static BY_NAME: LazyLock<HashMap<&str, String>> = LazyLock::new(|| {
    let character = |code| u32::from_str_radix(code, 16).ok().and_then(char::from_u32);
    NAMES
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, codes)| (name, codes.split(' ').filter_map(character).collect()))
        .collect()
});

/// What is stored for an address that is written in a text.
pub fn stored(written: &str) -> String {
    // Nearly every address: nothing to decode, to escape or to leave out.
    if written.bytes().all(is_plain) && memmem::find(written.as_bytes(), b"/.").is_none() {
        visit(2 * written.len());
        return written.to_owned();
    }
    let url = decoded(written);
    // What a reference must not bring in.
    let mut escaped = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            ' ' => escaped.push('+'),
            '[' | ']' | '<' | '>' | '"' | '|' | '\0'..='\u{1F}' | '\u{7F}' => escape(c, &mut escaped),
            c => escaped.push(c),
        }
    }
    visit(3 * escaped.len());
    normalized(&without_invisible(&escaped))
}

/// Whether a byte stays as it is wherever it stands, if no other kind of byte is beside it.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'!' | b'#'..=b'$' | b'\''..=b';' | b'=' | b'?'..=b'Z' | b'_' | b'a'..=b'z' | b'~')
}

/// The brackets of an IPv6 address stay, behind a protocol.
fn with_ipv6_brackets(url: String) -> String {
    let Some(start) = authority(&url).filter(|start| *start > 2) else {
        return url;
    };
    let end = url[start..].find('/').map_or(url.len(), |end| start + end);
    let host = url[start..end]
        .strip_prefix("%5B")
        .and_then(|host| host.split_once("%5D"));
    let Some((address, port)) = host else {
        return url;
    };
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let is_wanted = (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        && !address.contains('.')
        && address.parse::<Ipv6Addr>().is_ok();
    match is_wanted {
        true => format!("{}[{address}]{port}{}", &url[..start], &url[end..]),
        false => url,
    }
}

/// Where the host begins, or what stands before it; `None` without two slashes.
fn authority(url: &str) -> Option<usize> {
    let scheme = url.find("//")?;
    let is_scheme =
        scheme == 0 || url[..scheme].ends_with(':') && url[..scheme - 1].bytes().all(|b| b.is_ascii_alphabetic());
    is_scheme.then_some(scheme + 2)
}

/// Without the characters in the host that nobody sees.
fn without_invisible(url: &str) -> String {
    let start = match url.find(':') {
        Some(colon) if colon > 0 && url[colon..].starts_with("://") => colon + 3,
        _ => return url.to_owned(),
    };
    let end = url[start..].find('/').map_or(url.len(), |slash| start + slash);
    let is_seen = |c: &char| {
        !c.is_whitespace()
            && !matches!(c, '\u{AD}' | '\u{34F}' | '\u{1806}' | '\u{180B}'..='\u{180D}' | '\u{200B}'..='\u{200D}'
                | '\u{2060}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
    };
    let host: String = url[start..end].chars().filter(is_seen).collect();
    format!("{}{host}{}", &url[..start], &url[end..])
}

/// The address in ASCII, with every escape that is not needed undone and the others in capitals. What needs one
/// differs in path, query and fragment.
pub fn normalized(url: &str) -> String {
    visit(url.len());
    let mut ascii = String::with_capacity(url.len());
    for c in url.chars() {
        match c {
            '!' | '#'..=';' | '=' | '?'..='Z' | '_' | 'a'..='z' | '~' => ascii.push(c),
            c => escape(c, &mut ascii),
        }
    }
    let fragment = ascii.find('#').unwrap_or(ascii.len());
    let query = ascii[..fragment].find('?').unwrap_or(fragment);
    let mut out = String::with_capacity(ascii.len());
    push_unescaped(&ascii[..query], "/?", &mut out);
    let mut out = without_dots(&out);
    push_unescaped(&ascii[query..fragment], "&=+;", &mut out);
    push_unescaped(&ascii[fragment..], "", &mut out);
    with_ipv6_brackets(out)
}

/// Without `/.` and `/..` in the path, which lead elsewhere (RFC 3986, section 5.2.4). `url` has no query.
fn without_dots(url: &str) -> String {
    // Here a host is what stands behind the first two slashes, wherever they are.
    let start = match url.find("//").map(|slashes| slashes + 2) {
        Some(host) => url[host..].find('/').map_or(url.len(), |slash| host + slash),
        None => url.find(':').map_or(0, |colon| colon + 1),
    };
    if !url[start..].contains("/.") {
        return url.to_owned();
    }
    let mut out = url[..start].to_owned();
    let mut segments = url[start..].split('/');
    out.push_str(segments.next().unwrap_or_default());
    // Where in `out` the slashes of its segments are.
    let mut slashes = Vec::new();
    let mut segments = segments.peekable();
    while let Some(segment) = segments.next() {
        if matches!(segment, "." | "..") {
            if segment == ".." {
                slashes.pop().into_iter().for_each(|slash| out.truncate(slash));
            }
            if segments.peek().is_none() {
                out.push('/');
            }
            continue;
        }
        slashes.push(out.len());
        out.push('/');
        out.push_str(segment);
    }
    out
}

/// Undoes the escapes of printable characters, but not of those that would mean something else then.
fn push_unescaped(part: &str, kept: &str, out: &mut String) {
    let mut rest = part;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let code = rest
            .get(1..3)
            .filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(byte) = code.and_then(|code| u8::from_str_radix(code, 16).ok()) else {
            out.push('%');
            rest = &rest[1..];
            continue;
        };
        let c = char::from(byte);
        if matches!(byte, 0x21..=0x7E) && !"\"#%<>[\\]^`{|}".contains(c) && !kept.contains(c) {
            out.push(c);
        } else {
            write!(out, "%{byte:02X}").ok();
        }
        rest = &rest[3..];
    }
    out.push_str(rest);
}

fn escape(c: char, out: &mut String) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        write!(out, "%{byte:02X}").ok();
    }
}

/// With character references decoded: `&amp;`, `&#38;`, `&#x26;`.
pub fn decoded(text: &str) -> Cow<'_, str> {
    visit(text.len());
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let length = rest
            .bytes()
            .take_while(|b| b.is_ascii_alphanumeric() || *b == b'#')
            .count();
        let known = rest[length..].starts_with(';') && reference(&rest[..length], &mut out);
        if known {
            rest = &rest[length + 1..];
        } else {
            out.push('&');
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Puts what a reference stands for behind `out`, if there is such a reference.
fn reference(name: &str, out: &mut String) -> bool {
    let Some(number) = name.strip_prefix('#') else {
        let known = BY_NAME.get(name);
        known.inspect(|characters| out.push_str(characters));
        return known.is_some();
    };
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return false;
    }
    let code = u32::from_str_radix(digits, radix).ok();
    let allowed = code.filter(
        |code| matches!(code, 0x9 | 0xA | 0x20..=0x7E | 0xA0..=0xD7FF | 0xE000..=0xFFFD | 0x1_0000..=0x10_FFFF),
    );
    out.push(allowed.and_then(char::from_u32).unwrap_or('\u{FFFD}'));
    true
}

/// With `%41` decoded, as in the target of an internal link; angle brackets become references.
pub fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    Cow::Owned(
        String::from_utf8_lossy(&bytes)
            .replace('<', "&lt;")
            .replace('>', "&gt;"),
    )
}
