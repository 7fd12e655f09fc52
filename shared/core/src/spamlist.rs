//! Lists of unwanted links that wikis keep: spam blacklist and whitelist, blocked domains, what noticeboards speak of.
//!
//! Whether a wiki refuses a link is asked of the wiki; the lines of its blacklist are read here only to name the entry.
//! A line that cannot be run here is told as *not checked here*: on the wiki, which has another engine, it works.
//! <https://www.mediawiki.org/wiki/Extension:SpamBlacklist>, <https://www.mediawiki.org/wiki/Extension:AbuseFilter>

mod blocked;
mod noticeboard;

pub use blocked::blocked_domains;
pub use noticeboard::{SUMMARY_TEMPLATES, noticeboard};

use crate::patterns::{NotChecked, Patterns};

/// Most lines of one page; more are not read.
pub const MAX_LINES: usize = 50_000;

/// What the extension puts around the lines. An address is taken with its protocol, or from `//` on.
const AROUND: (&str, &str) = (r"//+[a-z0-9_\-.]*(?:", ")");

/// A line of a spam blacklist or whitelist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpamLine {
    /// Its number on the page, from 1.
    pub number: usize,
    /// The pattern, without comment and spaces around it. Is text from users.
    pub text: String,
    /// What stands behind the `#`, often nothing. Is text from users.
    pub reason: String,
}

/// The lines of a page such as `MediaWiki:Spam-blacklist`, as the extension reads them: what follows a `#` is a comment,
/// lines with nothing before it (or only a `0`, as PHP has it) and lines that end with a backslash do not count. At most
/// [`MAX_LINES`] of the page are read.
pub fn spam_lines(text: &str) -> Vec<SpamLine> {
    let lines = (1..).zip(text.split('\n').take(MAX_LINES));
    lines
        .filter_map(|(number, line)| {
            let (pattern, reason) = line.split_once('#').unwrap_or((line, ""));
            let pattern = pattern.trim_matches(is_blank);
            let counts = !pattern.is_empty() && pattern != "0" && !pattern.ends_with('\\');
            counts.then(|| SpamLine {
                number,
                text: pattern.to_owned(),
                reason: reason.trim().to_owned(),
            })
        })
        .collect()
}

/// What PHP's `trim` takes off.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\0' | '\u{B}')
}

/// The lines of a wiki's lists, ready to tell which of them is meant.
#[derive(Debug)]
pub struct NamedLines {
    /// With the titles of their pages.
    lines: Vec<(String, SpamLine)>,
    patterns: Patterns,
}

impl NamedLines {
    /// From pages, each with its title and text, in their order: of several lines that match the first is named. The
    /// second value tells which lines are not checked here.
    pub fn new<'a>(pages: impl IntoIterator<Item = (&'a str, &'a str)>) -> (NamedLines, Vec<NotChecked>) {
        let of_page = |(title, text): (&str, &str)| {
            let title = title.to_owned();
            spam_lines(text).into_iter().map(move |line| (title.clone(), line))
        };
        let lines: Vec<(String, SpamLine)> = pages.into_iter().flat_map(of_page).collect();
        // As the extension does: slashes may be escaped
        let texts: Vec<String> = lines.iter().map(|(_, line)| unescaped(&line.text)).collect();
        let all = texts.iter().map(String::as_str).enumerate();
        let (patterns, mut not_checked) = Patterns::within(AROUND.0, all, AROUND.1);
        for not in &mut not_checked {
            let (title, line) = &lines[not.id];
            not.pattern = format!("{title}, line {}: {}", line.number, not.pattern);
        }
        (NamedLines { lines, patterns }, not_checked)
    }

    /// The first line that matches the address, which has a protocol or begins with `//`, and its page's title.
    pub fn line(&mut self, url: &str) -> Option<(&str, &SpamLine)> {
        // The extension does so against look-alikes
        let place = self.patterns.first(&url.replace('．', "."))?;
        self.lines.get(place).map(|(title, line)| (title.as_str(), line))
    }

    /// The same for people: `MediaWiki:Spam-blacklist, line 12: \bacme\.example\b`. Is text from users.
    pub fn name(&mut self, url: &str) -> Option<String> {
        let (title, line) = self.line(url)?;
        Some(format!("{title}, line {}: {}", line.number, line.text))
    }

    /// How many lines are checked.
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether no line is checked.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }
}

/// Slashes without the backslashes before them.
fn unescaped(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    for (i, part) in pattern.split('/').enumerate() {
        if i > 0 {
            out.truncate(out.trim_end_matches('\\').len());
            out.push('/');
        }
        out.push_str(part);
    }
    out
}

#[cfg(test)]
#[path = "spamlist/tests.rs"]
mod tests;
