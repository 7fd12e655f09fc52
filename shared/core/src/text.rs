//! Text from users on its way into pages, summaries, terminals and tables.
//!
//! Nothing a user typed is ever markup. [`Wikitext`] is the only type that
//! goes into a page, and only the builders in here make one: either from
//! text that was escaped, or from words that are written in the program or
//! in a protected settings page.
//! <https://www.mediawiki.org/wiki/Help:Formatting>,
//! <https://www.mediawiki.org/wiki/Manual:Pre-save_transform>

mod links;

pub use links::{compare_link, contributions_link, revision_link};

use crate::settings::fill;
use crate::site::{Site, Title};
use crate::types::RevId;
use std::fmt;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest text from a user in an edit summary, in characters.
const SUMMARY_CHARS: usize = 300;

/// Longest user name or title that is shown, in characters: more than
/// MediaWiki's 255 bytes can hold.
const NAME_CHARS: usize = 255;

/// The zero-width joiner.
const JOINER: char = '\u{200D}';

/// Wikitext that may be saved to a page: nothing in it that came from a user
/// can act as markup.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Wikitext(String);

impl Wikitext {
    /// Nothing, to push to.
    pub fn new() -> Self {
        Self::default()
    }

    /// The wikitext.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The wikitext, given away.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds wikitext at the end. Where a letter would touch a link, and
    /// MediaWiki would draw it into the link's text, `<nowiki/>` parts them.
    pub fn push(&mut self, more: &Wikitext) -> &mut Self {
        let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        if (self.0.ends_with("]]") && letter(more.0.chars().next()))
            || (more.0.starts_with("[[") && letter(self.0.chars().next_back()))
        {
            self.0.push_str("<nowiki/>");
        }
        self.0.push_str(&more.0);
        self
    }

    /// Adds words that are written in the program.
    pub fn push_literal(&mut self, more: &'static str) -> &mut Self {
        self.push(&literal(more))
    }

    /// All parts in their order.
    pub fn concat<'a>(parts: impl IntoIterator<Item = &'a Wikitext>) -> Self {
        Self::join(parts, "")
    }

    /// All parts in their order, with `between` in each gap.
    pub fn join<'a>(parts: impl IntoIterator<Item = &'a Wikitext>, between: &'static str) -> Self {
        let mut all = Self::new();
        for (i, part) in parts.into_iter().enumerate() {
            if i > 0 {
                all.push_literal(between);
            }
            all.push(part);
        }
        all
    }
}

impl fmt::Display for Wikitext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Wikitext that is written in the program.
pub fn literal(text: &'static str) -> Wikitext {
    Wikitext(text.to_owned())
}

/// A text of a protected settings page with its placeholders filled in.
/// `template` is wikitext that an admin wrote: it stays as it is; never pass
/// anything else. The values are `(name, position, value)` as in
/// [`fill`].
pub fn from_settings(template: &str, values: &[(&str, Option<usize>, &Wikitext)]) -> Wikitext {
    let values: Vec<_> = values
        .iter()
        .map(|(name, position, value)| (*name, *position, value.as_str()))
        .collect();
    Wikitext(fill(template, &values))
}

/// Text of a user as plain words: letters, digits, spaces and `, . ( )` stay
/// (but for a full stop inside a host), every other character becomes a
/// decimal entity; control and bidi characters become their visible name,
/// such as `⟨U+202E⟩`; white space becomes one space, none at the ends. At
/// most `max_chars` characters are shown, the last then being `…`.
///
/// The result is one line and stays the same through MediaWiki's pre-save
/// transform; it makes no link, template, list, heading or magic word,
/// wherever in a page it stands.
pub fn plain(text: &str, max_chars: usize) -> Wikitext {
    Wikitext(escape(&cut(&visible(text), max_chars), ",.()"))
}

/// A user name as words, kept from turning the text beside it round. It is
/// no link, so nobody is notified.
pub fn user(name: &str) -> Wikitext {
    let name = plain(&name.replace('_', " "), NAME_CHARS);
    Wikitext(format!("<bdi>{name}</bdi>"))
}

/// A user name as a link to the user page. In a signed edit Echo notifies
/// that user, so only matchbot's greeting may use it. A name that cannot be
/// a page title is shown without a link.
pub fn user_link(site: &Site, name: &str) -> Wikitext {
    match site.title(&format!("User:{name}")) {
        Ok(title) if title.ns == 2 => Wikitext(format!("[[{}|{}]]", target(&site.prefixed(&title)), user(&title.text))),
        _ => user(name),
    }
}

/// A user name or title that works as the target of a link and as its text,
/// for templates such as `[[User:{mentor}|{mentor}]]`. Unlike [`plain`] it
/// keeps every character, as an entity where need be.
pub fn target(text: &str) -> Wikitext {
    let text: String = text.nfc().filter(|c| !c.is_control()).collect();
    Wikitext(escape(text.trim(), ",.()/:-"))
}

/// Text of a user as the value of a template's parameter, for templates that
/// show it. Unlike [`plain`] it is not cut, and white space stays: line ends,
/// and blanks at the ends or beside each other, as entities, which neither
/// the template nor a list at the start of a line takes for its own. Like
/// there, control and bidi characters become their visible name.
pub fn argument(text: &str) -> Wikitext {
    let mut shown = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").nfc() {
        match c {
            '\t' => shown.push(c),
            c if c.is_control() && c.is_whitespace() => shown.push('\n'),
            c => push_visible(&mut shown, c),
        }
    }
    let mut out = String::with_capacity(shown.len() * 2);
    let escaped = escape(&shown, ",.()");
    for (i, c) in escaped.char_indices() {
        let is_alone = i > 0 && i + 1 < escaped.len() && !escaped[..i].ends_with(' ');
        match c {
            ' ' if !is_alone => out.push_str("&#32;"),
            c => out.push(c),
        }
    }
    Wikitext(out)
}

/// A link to a page of this wiki; a file or category is named, not shown or
/// joined. Without a label the title is shown.
pub fn page_link(site: &Site, title: &Title, label: Option<&str>) -> Wikitext {
    let name = site.prefixed(title);
    Wikitext(format!("[[:{}|{}]]", target(&name), shown(label, &name)))
}

/// A link to what a revision changed.
pub fn diff_link(rev: RevId, label: &str) -> Wikitext {
    let label = shown(Some(label), "diff");
    Wikitext(format!("[[Special:Diff/{rev}|{label}]]"))
}

/// Text of a user, such as a URL without its scheme, as code. Shown like
/// [`plain`], but easier to read in the source.
pub fn code(text: &str, max_chars: usize) -> Wikitext {
    let text = escape(&cut(&visible(text), max_chars), ",.()/-=?+%@!");
    Wikitext(format!("<code><nowiki>{text}</nowiki></code>"))
}

/// Text of a user for an edit summary: one line of at most 300 characters
/// without `[[`, `{{` or `/*`, and with nothing that reads like the token of
/// one of our own edits.
pub fn summary(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        let before = out.chars().next_back();
        if matches!((before, c), (Some('['), '[') | (Some('{'), '{') | (Some('/'), '*')) {
            out.push(' ');
        }
        out.push(c);
    }
    cut(&break_tokens(&out), SUMMARY_CHARS)
}

/// Text for a terminal or a log line: no control or bidi characters. Line
/// ends and tabs become spaces.
pub fn terminal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_whitespace() {
            out.push(' ');
        } else {
            push_visible(&mut out, c);
        }
    }
    out
}

/// A name that highlights nobody in a channel: a zero-width joiner (U+200D) behind the first letter of each of its words,
/// so that clients see other words than their user's nick. A word of one letter stays as it is.
pub fn unhighlighted(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + JOINER.len_utf8());
    // Letters of the word so far.
    let mut letters = 0;
    for c in name.chars() {
        if ends_word(c) {
            letters = 0;
        } else if c.is_alphanumeric() && !is_combining_mark(c) {
            letters += 1;
            if letters == 2 {
                out.push(JOINER);
            }
        }
        out.push(c);
    }
    out
}

/// Whether a word of a name is over where this stands: a nick is looked for as a word by itself.
pub(crate) fn ends_word(c: char) -> bool {
    !c.is_alphanumeric() && !is_combining_mark(c) && c != JOINER
}

/// A field of a comma-separated line. A spreadsheet would run a text that
/// begins with `= + - @` or a tab, so it gets an apostrophe; a text with
/// commas, quotes or line ends is put in quotes.
/// <https://owasp.org/www-community/attacks/CSV_Injection>
pub fn csv(text: &str) -> String {
    let mark = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    if text.contains([',', '"', '\n', '\r', ';']) {
        format!("\"{mark}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{mark}{text}")
    }
}

fn shown(label: Option<&str>, otherwise: &str) -> Wikitext {
    // An empty label would be the "pipe trick" of the pre-save transform.
    match label.map(|label| plain(label, NAME_CHARS)) {
        Some(label) if !label.is_empty() => label,
        _ => plain(otherwise, NAME_CHARS),
    }
}

/// One line in which everything can be seen: white space as one space, none
/// at the ends, control and bidi characters by name. NFC, as MediaWiki would
/// make it when the page is saved.
fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfc() {
        if c.is_whitespace() {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        } else {
            push_visible(&mut out, c);
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn push_visible(out: &mut String, c: char) {
    if is_hidden(c) {
        out.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
    } else {
        out.push(c);
    }
}

/// Control characters, those that change the direction of text or mark it
/// up, and code points that are no characters: MediaWiki removes or replaces
/// some of them, and a reader sees none.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{061C}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{202A}'..='\u{202E}'
                | '\u{2066}'..='\u{206F}'
                | '\u{FDD0}'..='\u{FDEF}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
        )
        || u32::from(c) & 0xFFFE == 0xFFFE
}

fn cut(text: &str, max_chars: usize) -> String {
    if text.chars().nth(max_chars).is_none() {
        return text.to_owned();
    }
    let Some(kept) = max_chars.checked_sub(1) else {
        return String::new();
    };
    let kept: String = text.chars().take(kept).collect();
    format!("{}…", kept.trim_end())
}

/// Decimal entities for all but letters, digits, spaces and the characters
/// in `keep`. A full stop before a letter or digit may belong to a host, `://`
/// to a URL; and RFC, PMID and ISBN before a number make links.
fn escape(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for (i, c) in text.char_indices() {
        let rest = &text[i + c.len_utf8()..];
        let is_plain = match c {
            ' ' => true,
            '.' => keep.contains('.') && !rest.starts_with(char::is_alphanumeric),
            ':' => keep.contains(':') && !rest.starts_with("//"),
            'R' => !rest.starts_with("FC"),
            'P' => !rest.starts_with("MID"),
            'I' => !rest.starts_with("SBN"),
            c if c.is_alphanumeric() => !is_combining_mark(c),
            c => keep.contains(c),
        };
        if is_plain {
            out.push(c);
        } else {
            out.push_str(&format!("&#{};", u32::from(c)));
        }
    }
    out
}

/// Puts a space into whatever has the form of an edit token, `(mb-` and ten
/// base32 characters: a user must not be able to make an edit look done.
fn break_tokens(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.char_indices() {
        out.push(c);
        if c == '(' && is_token(&text.as_bytes()[i + 1..]) {
            out.push(' ');
        }
    }
    out
}

fn is_token(bytes: &[u8]) -> bool {
    let Some((token, rest)) = bytes.split_at_checked(13) else {
        return false;
    };
    rest.starts_with(b")")
        && token[2] == b'-'
        && token
            .iter()
            .all(|b| *b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit())
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
