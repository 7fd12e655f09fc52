//! What takes the place of something that has been read, within a text that is still worked on.
//!
//! A token is bytes between two U+007F, which MediaWiki lets in no text: a letter and a number, or nothing for what
//! is simply not text any more (a tag, a comment). It ends an address and is no part of a title.

use super::super::steps::visit;
use memchr::memchr;
use std::fmt::Write;

/// Begins and ends a token.
pub const MARK: char = '\u{7F}';

/// The same as a byte.
pub const MARK_BYTE: u8 = 0x7F;

/// A token that stands for nothing.
pub const NOTHING: &str = "\u{7F}\u{7F}";

/// A token for the end of a line in HTML.
pub const LINE_BREAK: &str = "\u{7F}B\u{7F}";

/// A token that stands for the end of a link in HTML.
pub const END_OF_LINK: &str = "\u{7F}A\u{7F}";

/// What a token stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Token {
    /// Something without links.
    Nothing,
    /// The end of a line.
    LineBreak,
    /// The end of a link in HTML.
    EndOfLink,
    /// A link, by its place in the list of the text's links.
    Link(usize),
    /// Another text, by its place among those taken out of this one.
    Text(usize),
}

impl Token {
    /// Which link it stands for, if for one.
    pub fn link(self) -> Option<usize> {
        match self {
            Token::Link(link) => Some(link),
            _ => None,
        }
    }
}

/// Puts a token for a link behind `out`. Its label follows, and an [`END_OF_LINK`].
pub fn push_link(out: &mut String, link: usize) {
    write!(out, "{MARK}L{link}{MARK}").ok();
}

/// Puts a token for another text behind `out`.
pub fn push_text(out: &mut String, text: usize) {
    write!(out, "{MARK}T{text}{MARK}").ok();
}

/// The token at the start of `text`, which is a U+007F, and what follows it.
pub fn read(text: &str) -> (Token, &str) {
    let inner = &text[1..];
    let end = memchr(MARK_BYTE, inner.as_bytes()).unwrap_or(inner.len());
    let after = inner.get(end + 1..).unwrap_or_default();
    let number = || inner.get(1..end).and_then(|number| number.parse().ok());
    visit(end + 2);
    let token = match inner.as_bytes().first() {
        Some(b'B') => Some(Token::LineBreak),
        Some(b'A') => Some(Token::EndOfLink),
        Some(b'L') => number().map(Token::Link),
        Some(b'T') => number().map(Token::Text),
        _ => None,
    };
    (token.unwrap_or(Token::Nothing), after)
}

/// Puts the tokens of `text` behind `out`, without what is between them.
pub fn keep(text: &str, out: &mut String) {
    visit(text.len());
    let mut rest = text;
    while let Some(at) = memchr(MARK_BYTE, rest.as_bytes()) {
        let (_, after) = read(&rest[at..]);
        out.push_str(&rest[at..rest.len() - after.len()]);
        rest = after;
    }
}

/// `text` without its tokens; the end of a line is a space.
pub fn without(text: &str) -> String {
    visit(text.len());
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(MARK_BYTE, rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let (found, after) = read(&rest[at..]);
        if found == Token::LineBreak {
            out.push(' ');
        }
        rest = after;
    }
    out.push_str(rest);
    out
}
