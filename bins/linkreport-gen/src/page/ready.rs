//! The ready line of a link's report: what an administrator would put on the wiki's list, as text that is no link.
//! <https://www.mediawiki.org/wiki/Extension:SpamBlacklist>,
//! <https://www.mediawiki.org/wiki/Manual:BlockedExternalDomains>

use shared::core::link::Key;
use shared::core::report::Subject;
use shared::core::text::{Wikitext, code};

use super::pen::Pen;

/// Longest line, in characters: a host, escaped, and the title of a report.
const LONGEST: usize = 1200;

/// The section; only of a link.
pub fn ready(pen: &Pen<'_>) -> Wikitext {
    let Subject::Link(key) = &pen.model.subject else {
        return Wikitext::new();
    };
    let mut text = pen.heading("heading-ready");
    match plain_domain(key).filter(|_| pen.around.blocked_domains) {
        Some(domain) => text.push(&pen.say("ready-domain", &[("domain", &code(&domain, LONGEST))])),
        None => {
            let line = match pen.title_of(&pen.model.subject) {
                Some(title) => {
                    let title = pen.around.site.prefixed(&title);
                    format!("{} # NAME # see [[{title}]]", regex(key))
                }
                None => format!("{} # NAME", regex(key)),
            };
            text.push(&pen.say("ready-regex", &[("line", &code(&line, LONGEST))]))
        }
    };
    text.push_literal("\n");
    text
}

/// The domain, where a list of domains can have it: no address, and no owner's part of the path.
fn plain_domain(key: &Key) -> Option<String> {
    (key.part().is_none() && key.ip().is_none()).then(|| key.host())
}

/// `\bexample\.com\b`: a line of a spam blacklist, which knows hosts in ASCII and paths as they stand in URLs.
fn regex(key: &Key) -> String {
    let mut out = String::new();
    let text = key.ascii();
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
    if is_word(text.chars().next()) {
        out.push_str(r"\b");
    }
    for c in text.chars() {
        match c {
            // A comment would begin there.
            '#' => out.push_str(r"\x23"),
            c if c.is_ascii_alphanumeric() || "-_%~".contains(c) => out.push(c),
            c => out.extend(['\\', c]),
        }
    }
    if is_word(text.chars().next_back()) {
        out.push_str(r"\b");
    }
    out
}
