//! A line of text as words: names with spaces stand in quotes, or have `_` for the space.

use crate::text::terminal;

/// Longest line that is read, in characters: more than two of MediaWiki's longest titles and a reason.
pub const MAX_LINE_CHARS: usize = 2_000;

/// Words that part a command from its reason.
const DASHES: [&str; 3] = ["—", "–", "--"];

/// One word of a command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// The word, without the quotes.
    pub text: String,
    /// Whether it was quoted: then it is a name, whatever it looks like.
    pub quoted: bool,
}

impl Word {
    /// A word that the shell has split: one with white space in it was quoted there.
    pub fn of_shell(text: &str) -> Word {
        Word {
            text: text.to_owned(),
            quoted: text.contains(char::is_whitespace),
        }
    }

    /// Whether a reason follows.
    pub fn is_dash(&self) -> bool {
        DASHES.iter().any(|dash| self.is(dash))
    }

    /// Whether this is a word of the grammar, in any letter case, and not a quoted name.
    pub fn is(&self, word: &str) -> bool {
        !self.quoted && self.text.eq_ignore_ascii_case(word)
    }
}

/// Splits a line. A quote opens at the beginning of a word and closes before white space or at the end, so that
/// `"Weird_Al"_Yankovic` is one plain word; behind a dash, in a reason, quotes are nothing special. Errs, in words for the writer, on a quote that is never closed and on
/// a line that is too long.
pub fn split(line: &str) -> Result<Vec<Word>, String> {
    if line.chars().nth(MAX_LINE_CHARS).is_some() {
        return Err(format!("the line is too long: {MAX_LINE_CHARS} characters are allowed"));
    }
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let plain = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let opened = rest.strip_prefix('"').filter(|_| !words.iter().any(Word::is_dash));
        let word = match opened {
            Some(inner) => match closing(inner) {
                Some(end) => {
                    rest = inner[end + 1..].trim_start();
                    words.push(Word {
                        text: inner[..end].to_owned(),
                        quoted: true,
                    });
                    continue;
                }
                None if inner[..plain - 1].contains('"') => &rest[..plain],
                None => {
                    return Err(format!(
                        "the quote before `{}` is not closed",
                        terminal(&inner[..plain - 1])
                    ));
                }
            },
            None => &rest[..plain],
        };
        words.push(Word {
            text: word.to_owned(),
            quoted: false,
        });
        rest = rest[plain..].trim_start();
    }
    Ok(words)
}

/// Where the quote ends that opened before `inner`: not behind the beginning of the next quoted word.
fn closing(inner: &str) -> Option<usize> {
    let mut before = None;
    for (i, c) in inner.char_indices() {
        if c == '"' {
            if inner[i + 1..].chars().next().is_none_or(char::is_whitespace) {
                return Some(i);
            }
            if before.is_some_and(char::is_whitespace) {
                return None;
            }
        }
        before = Some(c);
    }
    None
}
