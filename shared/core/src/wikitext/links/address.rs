//! What an address is made of, and the last pass: addresses that stand in the text without brackets.
//! <https://www.mediawiki.org/wiki/Help:Links#External_links>, <https://www.mediawiki.org/wiki/Manual:$wgUrlProtocols>

use super::super::steps::visit;
use super::clean;
use super::token::{self, END_OF_LINK, MARK_BYTE, Token};
use memchr::{memchr, memchr_iter};
use regex::Regex;
use std::borrow::Cow;
use std::sync::LazyLock;

/// What an address can begin with; `//` only in brackets.
const PROTOCOLS: [&str; 28] = [
    "bitcoin:",
    "ftp://",
    "ftps://",
    "geo:",
    "git://",
    "gopher://",
    "http://",
    "https://",
    "irc://",
    "ircs://",
    "magnet:",
    "mailto:",
    "matrix:",
    "mms://",
    "news:",
    "nntp://",
    "redis://",
    "sftp://",
    "sip:",
    "sips:",
    "sms:",
    "ssh://",
    "svn://",
    "tel:",
    "telnet://",
    "urn:",
    "worldwind://",
    "xmpp:",
];

/// Longest protocol without its colon, in bytes.
const LONGEST: usize = 9;

/// How long each of them is without its colon.
const LENGTHS: [usize; PROTOCOLS.len()] = {
    let mut lengths = [0; PROTOCOLS.len()];
    let mut i = 0;
    while i < lengths.len() {
        while PROTOCOLS[i].as_bytes()[lengths[i]] != b':' {
            lengths[i] += 1;
        }
        i += 1;
    }
    lengths
};

/// Whether a byte is the last letter of one of them, in either case.
const LAST_LETTER: [bool; 256] = {
    let mut is_last = [false; 256];
    let mut i = 0;
    while i < LENGTHS.len() {
        let last = PROTOCOLS[i].as_bytes()[LENGTHS[i] - 1];
        is_last[last as usize] = true;
        is_last[last.to_ascii_uppercase() as usize] = true;
        i += 1;
    }
    is_last
};

/// Letters, digits and `_` of all scripts: no address begins right behind one.
static WORD_CHARACTER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[\p{L}\p{N}]$").expect("the pattern is a constant"));

/// References that end an address: those of `<`, `>` and the no-break space.
static ENDING_REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"&(?:lt|gt|nbsp|#x0*(?:3[CcEe]|[Aa]0)|#0*(?:60|62|160));").expect("the pattern is a constant")
});

/// Whether there can be a link in `text`: a protocol, or two slashes in a bracket.
pub fn may_have(text: &str) -> bool {
    visit(text.len());
    let bytes = text.as_bytes();
    memchr_iter(b':', bytes).any(|colon| protocol_before(bytes, colon).is_some())
        || memchr::memmem::find(bytes, b"[//").is_some()
        || memchr::memmem::find(bytes, b"=//").is_some()
        || memchr::memmem::find(bytes, b"= //").is_some()
}

/// Whether `text` begins with a protocol or two slashes.
pub fn begins(text: &str) -> bool {
    prefix(text).is_some()
}

/// How long the protocol at the start of `text` is, which may be two slashes.
pub fn prefix(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.starts_with(b"//") {
        return Some(2);
    }
    let colon = bytes.iter().take(LONGEST + 1).position(|b| *b == b':')?;
    visit(colon + 1);
    protocol_before(bytes, colon)
        .filter(|(start, _)| *start == 0)
        .map(|(_, end)| end)
}

/// Start and end of the longest protocol whose colon is at `colon`.
fn protocol_before(bytes: &[u8], colon: usize) -> Option<(usize, usize)> {
    let last = colon.checked_sub(1).map(|last| bytes[last]);
    if !last.is_some_and(|last| LAST_LETTER[usize::from(last)]) {
        visit(1);
        return None;
    }
    let start = bytes[..colon]
        .iter()
        .rev()
        .take(LONGEST)
        .take_while(|b| b.is_ascii_alphabetic())
        .count();
    visit(start + 3);
    let protocol = |length: usize| {
        let start = colon - length;
        let known = PROTOCOLS.iter().zip(LENGTHS).find(|(known, long)| {
            *long == length && {
                let piece = bytes.get(start..start + known.len());
                piece.is_some_and(|piece| piece.eq_ignore_ascii_case(known.as_bytes()))
            }
        });
        known.map(|(known, _)| (start, start + known.len()))
    };
    (1..=start).rev().find_map(protocol)
}

/// Where an address ends that begins, behind its protocol, at the start of `text`; `None` if there is none.
pub fn length(text: &str) -> Option<usize> {
    let first = match text.strip_prefix('[') {
        // An IPv6 address.
        Some(inner) => {
            let length = inner
                .bytes()
                .take_while(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
                .count();
            visit(length);
            (length > 0 && inner[length..].starts_with(']')).then_some(length + 2)?
        }
        None => text.chars().next().filter(|c| is_address_char(*c))?.len_utf8(),
    };
    let rest = &text[first..];
    let end = rest.find(|c| !is_address_char(c)).unwrap_or(rest.len());
    visit(end + 1);
    Some(first + end)
}

/// Whether all of `text` is one address.
pub fn is_whole(text: &str) -> bool {
    prefix(text).is_some_and(|start| length(&text[start..]) == Some(text.len() - start))
}

fn is_address_char(c: char) -> bool {
    match c {
        '\0'..=' ' | '\u{7F}' | '[' | ']' | '<' | '>' | '"' | '\u{FFFD}' => false,
        c if c.is_ascii() => true,
        c => !is_blank(c),
    }
}

/// Spaces of all scripts (Unicode's category Zs).
pub fn is_blank(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// Where the reference in `url` stands that ends it.
fn ending_reference(url: &str) -> Option<usize> {
    visit(url.len());
    let found = url.contains('&').then(|| ENDING_REFERENCE.find(url)).flatten();
    found.map(|found| found.start())
}

/// The text with tokens for the addresses in it, which are put behind `urls`. No address in the label of a link is a
/// link, but the first end of a link within it ends the label.
pub fn bare_links<'t>(text: &'t str, urls: &mut Vec<String>) -> Cow<'t, str> {
    visit(text.len());
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut in_label = false;
    let mut read = 0;
    for colon in memchr_iter(b':', bytes) {
        // There is no colon in a token.
        while let Some(mark) = memchr(MARK_BYTE, &bytes[read..colon.max(read)]).map(|i| read + i) {
            visit(mark - read);
            let (found, rest) = token::read(&text[mark..]);
            in_label = match found {
                Token::Link(_) => true,
                Token::EndOfLink => false,
                _ => in_label,
            };
            read = text.len() - rest.len();
        }
        visit(colon.saturating_sub(read));
        read = read.max(colon);
        if colon < copied || in_label {
            continue;
        }
        let Some((start, end)) = protocol_before(bytes, colon) else {
            continue;
        };
        if start < copied || is_behind_word(&text[..start]) {
            continue;
        }
        let Some(length) = length(&text[end..]) else {
            continue;
        };
        let whole = &text[start..end + length];
        out.push_str(&text[copied..start]);
        copied = start + whole.len();
        match bare(whole, end - start) {
            Some(url) => {
                token::push_link(&mut out, urls.len());
                out.push_str(END_OF_LINK);
                out.push_str(&whole[url.len()..]);
                urls.push(clean::stored(url));
            }
            None => out.push_str(whole),
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

fn is_behind_word(before: &str) -> bool {
    let Some(last) = before.chars().next_back() else {
        return false;
    };
    match last {
        c if c.is_ascii() => c.is_ascii_alphanumeric() || c == '_',
        c => WORD_CHARACTER.is_match(c.encode_utf8(&mut [0; 4])),
    }
}

/// The address without what ends a sentence; `None` if nothing is left behind the protocol. A closing bracket ends
/// a sentence if none is opened in the address.
fn bare(whole: &str, protocol: usize) -> Option<&str> {
    let url = &whole[..ending_reference(whole).unwrap_or(whole.len())];
    let has_bracket = url.contains('(');
    let is_end = |c: char| matches!(c, ',' | ';' | '\\' | '.' | ':' | '!' | '?') || c == ')' && !has_bracket;
    visit(url.len());
    let mut short = url.trim_end_matches(is_end);
    // The semicolon of a character reference stays with it.
    if url[short.len()..].starts_with(';') && ends_with_reference(short) {
        short = &url[..short.len() + 1];
    }
    (short.len() > protocol).then_some(short)
}

/// Whether `text` and a semicolon behind it would end with a character reference.
fn ends_with_reference(text: &str) -> bool {
    let Some((before, name)) = text.rsplit_once('&') else {
        return false;
    };
    visit(text.len() - before.len());
    let bytes = name.as_bytes();
    match bytes {
        [] => false,
        [b'#', b'x' | b'X', hex @ ..] => !hex.is_empty() && hex.iter().all(u8::is_ascii_hexdigit),
        [b'#', number @ ..] => !number.is_empty() && number.iter().all(u8::is_ascii_digit),
        name => name.iter().all(u8::is_ascii_alphabetic),
    }
}
