//! Whether a page lets a bot edit it: `{{bots}}` and `{{nobots}}`.
//!
//! The rules are pywikibot's (`Page.botMayEdit`), with `optout=` as the
//! English Wikipedia knows it for messages. Where a template can be read two
//! ways the answer is no: an edit that was not made harms nobody.
//! <https://en.wikipedia.org/wiki/Template:Bots>

use crate::wikitext::elements;

/// Tags whose content is never wikitext, on any wiki that has them.
const OPAQUE_TAGS: [&str; 14] = [
    "nowiki",
    "pre",
    "syntaxhighlight",
    "source",
    "math",
    "chem",
    "ce",
    "score",
    "timeline",
    "hiero",
    "graph",
    "templatedata",
    "mapframe",
    "maplink",
];

/// How much of a template is shown in a reason, in characters.
const SHOWN_CHARS: usize = 100;

/// What the two templates are called on a wiki. Names are compared as titles
/// are: `_` is a space, the case of the first letter does not matter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BotsNames {
    bots: Vec<String>,
    nobots: Vec<String>,
    prefixes: Vec<String>,
}

impl Default for BotsNames {
    /// `Bots` and `Nobots`, with or without `Template:`.
    fn default() -> Self {
        Self::new(["Bots"], ["Nobots"], ["Template"])
    }
}

impl BotsNames {
    /// The names of each template and of the redirects to it, with or
    /// without namespace, and the wiki's names of the template namespace.
    /// The usual names (see `default`) are always among them.
    pub fn new<'a>(
        bots: impl IntoIterator<Item = &'a str>,
        nobots: impl IntoIterator<Item = &'a str>,
        template_namespaces: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut names = Self {
            bots: Vec::new(),
            nobots: Vec::new(),
            prefixes: vec!["template".to_owned()],
        };
        for prefix in template_namespaces {
            names.prefixes.push(spaced(prefix).to_lowercase());
        }
        names.bots = ["bots"].into_iter().chain(bots).map(|n| names.key(n)).collect();
        names.nobots = ["nobots"].into_iter().chain(nobots).map(|n| names.key(n)).collect();
        names
    }

    fn kind_of(&self, name: &str) -> Option<Kind> {
        let key = self.key(name);
        if self.nobots.contains(&key) {
            Some(Kind::Nobots)
        } else if self.bots.contains(&key) {
            Some(Kind::Bots)
        } else {
            None
        }
    }

    /// A template's name without its namespace, in one form for comparing.
    fn key(&self, name: &str) -> String {
        let name = spaced(name);
        let bare = match name.split_once(':') {
            Some((prefix, rest)) if self.prefixes.contains(&prefix.trim().to_lowercase()) => rest.trim_start(),
            _ => &name,
        };
        let mut chars = bare.chars();
        match chars.next() {
            Some(first) => first.to_lowercase().chain(chars).collect(),
            None => String::new(),
        }
    }
}

/// What the page says about an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing on the page forbids the edit.
    Allowed,
    /// A template forbids it: the template as found and why. It holds text
    /// of the page, so it goes through [`plain`](crate::text::plain),
    /// [`summary`](crate::text::summary) or [`terminal`](crate::text::terminal)
    /// before it is shown.
    Denied(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bots,
    Nobots,
}

/// Whether the page's text lets `account` (a user name) edit it by `script`
/// (the job's name, such as `matchbot`).
///
/// Every template counts, and one that denies is enough; of each only the
/// first parameter is read. `{{nobots}}` denies; `{{nobots|list}}` if the
/// list has the account or `all`; `{{nobots|key=…}}` always. `bots|allow=`
/// denies unless the list has the account or `all`, `bots|deny=` if it has;
/// `allowscript=`, `denyscript=` the same with the script. `optout=` denies
/// for `all` and for the script. An empty list, an unknown key and a list
/// without a key are ignored. Templates in comments, `nowiki`, `pre`,
/// `includeonly` and code do not count.
pub fn allows(text: &str, account: &str, script: &str, redirects: &BotsNames) -> Verdict {
    let live = live_text(text);
    let account = user_key(account);
    for template in templates(&live) {
        let Some(kind) = redirects.kind_of(template.name) else {
            continue;
        };
        if let Some(why) = objection(kind, template.first, &account, script) {
            let mut found: String = template.whole.chars().take(SHOWN_CHARS).collect();
            if found.len() < template.whole.len() {
                found.push('…');
            }
            return Verdict::Denied(format!("{found}: {why}"));
        }
    }
    Verdict::Allowed
}

fn objection(kind: Kind, first: Option<&str>, account: &str, script: &str) -> Option<String> {
    let (key, list) = match first.map(|p| p.split_once('=').unwrap_or(("", p))) {
        None => ("", None),
        Some((key, list)) => (key.trim(), Some(list)),
    };
    let names = || list.into_iter().flat_map(|l| l.split(',')).map(str::trim);
    let is_empty = names().all(str::is_empty);
    let is_all = |name: &str| name.eq_ignore_ascii_case("all");
    let has_account = names().any(|n| is_all(n) || user_key(n) == account);
    let has_script = names().any(|n| is_all(n) || n.eq_ignore_ascii_case(script));
    let list_has = |yes: bool, who: &str| {
        let verb = if yes { "names" } else { "does not name" };
        Some(format!("the list {verb} {who}"))
    };
    match (kind, key.to_ascii_lowercase().as_str()) {
        (Kind::Nobots, "") if is_empty => Some("no bot may edit here".to_owned()),
        (Kind::Nobots, "") if has_account => list_has(true, "this account or all"),
        (Kind::Nobots, "") => None,
        (Kind::Nobots, _) => Some("a form of the template that is not known".to_owned()),
        (Kind::Bots, _) if is_empty => None,
        (Kind::Bots, "allow") if !has_account => list_has(false, "this account"),
        (Kind::Bots, "deny") if has_account => list_has(true, "this account or all"),
        (Kind::Bots, "allowscript") if !has_script => list_has(false, "this job"),
        (Kind::Bots, "denyscript") if has_script => list_has(true, "this job or all"),
        (Kind::Bots, "optout") if has_script => Some("messages are not wanted here".to_owned()),
        (Kind::Bots, _) => None,
    }
}

fn spaced(name: &str) -> String {
    name.split(|c: char| c == '_' || c.is_whitespace())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn user_key(name: &str) -> String {
    let name = spaced(name);
    let mut chars = name.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => name,
    }
}

/// The text without comments, and with a mark in place of everything else
/// that is not wikitext.
fn live_text(text: &str) -> String {
    let mut live = String::with_capacity(text.len());
    let mut at = 0;
    for element in elements(text, |name| OPAQUE_TAGS.contains(&name)).elements {
        live.push_str(&text[at..element.whole.start]);
        if !element.is_comment() {
            live.push('\u{7F}');
        }
        at = element.whole.end;
    }
    live.push_str(&text[at..]);
    live
}

struct Template<'a> {
    whole: &'a str,
    name: &'a str,
    /// The first parameter, if there is one.
    first: Option<&'a str>,
}

/// Braces or brackets that are open, and the first two bars within them.
struct Frame {
    /// How many braces are left to close; 0 for a link.
    braces: usize,
    /// Byte position behind the braces.
    inner: usize,
    bars: [Option<usize>; 2],
}

/// Every `{{…}}` that is closed, inner ones first, in one pass. Runs of
/// braces are matched as MediaWiki does: three make a parameter, two a
/// template. <https://www.mediawiki.org/wiki/Preprocessor_ABNF>
fn templates(text: &str) -> Vec<Template<'_>> {
    let bytes = text.as_bytes();
    let run = |at: usize| bytes[at..].iter().take_while(|b| **b == bytes[at]).count();
    let mut found = Vec::new();
    let mut stack: Vec<Frame> = Vec::new();
    let mut at = 0;
    while let Some(step) = text[at..].find(['{', '}', '[', ']', '|']) {
        at += step;
        let length = run(at);
        match bytes[at] {
            b'{' if length >= 2 => stack.push(Frame {
                braces: length,
                inner: at + length,
                bars: [None, None],
            }),
            b'[' if length >= 2 => stack.push(Frame {
                braces: 0,
                inner: at + length,
                bars: [None, None],
            }),
            b']' if length >= 2 && stack.last().is_some_and(|f| f.braces == 0) => {
                stack.pop();
            }
            b'|' => {
                if let Some(frame) = stack.last_mut() {
                    for bar in at..at + length {
                        match frame.bars {
                            [None, _] => frame.bars[0] = Some(bar),
                            [_, None] => frame.bars[1] = Some(bar),
                            _ => break,
                        }
                    }
                }
            }
            b'}' if length >= 2 => close(text, at, length, &mut stack, &mut found),
            _ => {}
        }
        at += length;
    }
    found
}

/// Matches a run of closing braces at `at` with what is open.
fn close<'a>(text: &'a str, at: usize, length: usize, stack: &mut Vec<Frame>, found: &mut Vec<Template<'a>>) {
    let mut at = at;
    let mut left = length;
    while left >= 2 {
        // A link that was never closed is text.
        while stack.last().is_some_and(|f| f.braces == 0) {
            stack.pop();
        }
        let Some(frame) = stack.last_mut() else {
            return;
        };
        let matched = if frame.braces >= 3 && left >= 3 { 3 } else { 2 };
        if matched == 2 {
            let [first, second] = frame.bars;
            found.push(Template {
                whole: &text[frame.inner - 2..at + 2],
                name: &text[frame.inner..first.unwrap_or(at)],
                first: first.map(|bar| &text[bar + 1..second.unwrap_or(at)]),
            });
        }
        at += matched;
        left -= matched;
        frame.braces -= matched;
        frame.inner -= matched;
        frame.bars = [None, None];
        if frame.braces < 2 {
            stack.pop();
        }
    }
}

#[cfg(test)]
#[path = "bots_tests.rs"]
mod tests;
