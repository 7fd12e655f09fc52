//! What a page asks reports for: the calls of summary templates in its own text. What it shows as an example or not at
//! all (`nowiki`, `pre`, comments), and what is transcluded from elsewhere, asks for nothing. Pure.
//! <https://en.wikipedia.org/wiki/Template:LinkSummary>

use std::collections::{HashMap, HashSet};

use shared::core::intent::token;
use shared::core::link::PathHosts;
use shared::core::report::{Kind, Subject};
use shared::core::wikitext::{Scan, Template, TemplateNames, TooBig, opaque_spans, param_name, scan, trim};

/// Longest argument that is looked at, in bytes: titles and hosts are shorter.
const LONGEST: usize = 1_000;

/// The summary templates under all names that the wiki has for them; `None`: the settings name none.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// First parameter a domain.
    pub link: Option<TemplateNames>,
    /// First parameter a user.
    pub user: Option<TemplateNames>,
    /// First parameter an address.
    pub ip: Option<TemplateNames>,
}

impl Names {
    fn kind(&self, raw: &str) -> Option<Kind> {
        let is = |names: &Option<TemplateNames>| names.as_ref().is_some_and(|names| names.is(raw));
        match () {
            () if is(&self.link) => Some(Kind::Link),
            () if is(&self.user) => Some(Kind::User),
            () if is(&self.ip) => Some(Kind::Ip),
            () => None,
        }
    }
}

/// By what pages are read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The templates.
    pub names: &'a Names,
    /// The wiki's extension tags.
    pub tags: &'a HashSet<String>,
    /// Hosts with owners.
    pub path_hosts: &'a PathHosts,
}

/// The call of a summary template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The same for calls that ask for the same, however they are written.
    pub hash: String,
    /// The same for calls that ask for the same in lines of the same text.
    pub line: String,
    /// What it asks a report for; else one line for people that says what is wrong. Is text from users.
    pub subject: Result<Subject, String>,
}

/// The calls on a page, of each line each once, in the order of the page. Calls without an argument, and such whose argument is made
/// of other templates or parameters, are none. Errs when the text is too big to be read.
pub fn calls(text: &str, reading: &Reading<'_>) -> Result<Vec<Call>, TooBig> {
    let scan = scan(text, reading.tags)?;
    // Extension tags within templates that no one sees are opaque to the scanner; `nowiki` and `pre` are so here.
    let hidden = opaque_spans(text, reading.tags);
    let is_hidden = |at: usize| {
        let next = hidden.partition_point(|span| span.end <= at);
        hidden.get(next).is_some_and(|span| span.start <= at)
    };
    let mut line_hashes = Lines::default();
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for template in &scan.templates {
        let Some(kind) = reading.names.kind(&text[template.name.clone()]) else {
            continue;
        };
        let Some(argument) = argument(text, &scan, template).filter(|_| !is_hidden(template.span.start)) else {
            continue;
        };
        let line = line_hashes.of(text, template.span.start);
        let call = call(kind, &argument, line, reading.path_hosts);
        if seen.insert(call.line.clone()) {
            found.push(call);
        }
    }
    Ok(found)
}

/// Hashes of lines, by where they begin: one may hold thousands of calls.
#[derive(Default)]
struct Lines(HashMap<usize, String>);

impl Lines {
    /// That of the line in which this is.
    fn of(&mut self, text: &str, at: usize) -> &str {
        let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
        self.0.entry(begin).or_insert_with(|| {
            let line = text[begin..].lines().next().unwrap_or_default();
            token(crate::NAME, "", line.trim())
        })
    }
}

/// The value of the first parameter without comments; the last one where it is given twice, as MediaWiki has it.
fn argument(text: &str, scan: &Scan, template: &Template) -> Option<String> {
    let is_first = |param: &&shared::core::wikitext::Param| param_name(text, scan, param) == "1";
    let span = template.params.iter().rfind(is_first)?.value.clone();
    if span.len() > LONGEST {
        return None;
    }
    let mut value = String::with_capacity(span.len());
    let mut at = span.start;
    let first = scan.opaque.partition_point(|opaque| opaque.end <= span.start);
    for opaque in scan.opaque[first..].iter().take_while(|opaque| opaque.start < span.end) {
        if text[opaque.clone()].trim_start().starts_with("<!--") {
            value.push_str(&text[at.min(opaque.start)..opaque.start]);
            at = opaque.end.clamp(at, span.end);
        }
    }
    value.push_str(&text[at..span.end]);
    let value = trim(&value).to_owned();
    (!value.is_empty() && !value.contains("{{") && !value.contains("}}")).then_some(value)
}

fn call(kind: Kind, argument: &str, line: &str, path_hosts: &PathHosts) -> Call {
    let subject = Subject::from_name(kind, argument, path_hosts).and_then(whole);
    let key = match &subject {
        Ok(subject) => format!("{} {}", subject.kind().word(), subject.key()),
        Err(_) => format!("? {} {argument}", kind.word()),
    };
    Call {
        hash: token(crate::NAME, "", &key),
        line: token(crate::NAME, line, &key),
        subject,
    }
}

/// Not what many domains end in.
fn whole(subject: Subject) -> Result<Subject, String> {
    match &subject {
        Subject::Link(key) if key.ip().is_none() && key.registrable().is_none() => Err(format!(
            "\"{}\" is no domain that somebody registered; a host is meant, such as example.com",
            key.display()
        )),
        _ => Ok(subject),
    }
}

#[cfg(test)]
#[path = "items_tests.rs"]
mod tests;
