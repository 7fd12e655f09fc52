//! Titles as values, and the checks of a title's text that need no wiki.

use unicode_normalization::UnicodeNormalization;

/// Bytes that MediaWiki allows for a title without its namespace.
pub(super) const MAX_TITLE_BYTES: usize = 255;

/// A page title: namespace number and text, with spaces, in the wiki's form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Title {
    /// Number of the namespace.
    pub ns: i32,
    /// The title without its namespace, spaces instead of underscores.
    pub text: String,
}

impl Title {
    /// Whether this is a sub-page of `parent`: same namespace, the parent's
    /// title, a slash and something after it.
    pub fn is_subpage_of(&self, parent: &Title) -> bool {
        self.subpage_part(parent).is_some()
    }

    /// What follows `parent` and the slash, if this is a sub-page of it.
    pub fn subpage_part(&self, parent: &Title) -> Option<&str> {
        if self.ns != parent.ns {
            return None;
        }
        self.text
            .strip_prefix(parent.text.as_str())?
            .strip_prefix('/')
            .filter(|rest| !rest.is_empty())
    }

    /// The part before the first slash.
    pub fn root_part(&self) -> &str {
        self.text.split('/').next().unwrap_or(&self.text)
    }

    /// The part after the last slash, or the whole text without one.
    pub fn last_part(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or(&self.text)
    }

    /// Whether it lies in a talk namespace.
    pub fn is_talk(&self) -> bool {
        self.ns > 0 && self.ns % 2 == 1
    }
}

/// NFC, underscores and Unicode spaces as single spaces, none at the ends, no
/// direction marks: what `MediaWikiTitleCodec` does first.
pub(super) fn clean_spaces(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfc() {
        match c {
            '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' => {}
            ' '
            | '_'
            | '\u{A0}'
            | '\u{1680}'
            | '\u{180E}'
            | '\u{2000}'..='\u{200A}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{202F}'
            | '\u{205F}'
            | '\u{3000}' => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end_matches(' ').len());
    out
}

pub(super) fn is_forbidden(c: char) -> bool {
    matches!(
        c,
        '[' | ']' | '{' | '}' | '|' | '<' | '>' | '#' | '\u{0}'..='\u{1F}' | '\u{7F}' | '\u{FFFD}'
    )
}

/// `%41` or `&amp;`: MediaWiki refuses both, since they would name another
/// page once they are decoded.
pub(super) fn has_escape(text: &str) -> bool {
    let bytes = text.as_bytes();
    let hex = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_hexdigit);
    text.match_indices('%').any(|(i, _)| hex(i + 1) && hex(i + 2))
        || text.match_indices('&').any(|(i, _)| {
            let rest = &text[i + 1..];
            let name = rest.len()
                - rest
                    .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || !c.is_ascii())
                    .len();
            name > 0 && rest[name..].starts_with(';')
        })
}

pub(super) fn is_relative(text: &str) -> bool {
    text.split('/').any(|part| part == "." || part == "..")
}

pub(super) fn shown(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    let dots = if short.len() < text.len() { "…" } else { "" };
    format!("{}{dots}", crate::text::terminal(&short))
}

/// The letter at the start of a title: Unicode's title case, where that is
/// one letter. It differs from the upper case for a few letters only.
pub(super) fn title_case(c: char) -> char {
    let moved = |by: u32| char::from_u32(u32::from(c) + by).unwrap_or(c);
    match c {
        'Ǆ' | 'ǅ' | 'ǆ' => 'ǅ',
        'Ǉ' | 'ǈ' | 'ǉ' => 'ǈ',
        'Ǌ' | 'ǋ' | 'ǌ' => 'ǋ',
        'Ǳ' | 'ǲ' | 'ǳ' => 'ǲ',
        // Greek with iota below.
        '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => moved(8),
        '\u{1FB3}' | '\u{1FC3}' | '\u{1FF3}' => moved(9),
        // Georgian has no title case.
        'ა'..='ჿ' => c,
        c => {
            let mut upper = c.to_uppercase();
            match (upper.next(), upper.next()) {
                (Some(one), None) => one,
                _ => c,
            }
        }
    }
}
