//! Index pages: which revision of which page was verified.
//!
//! A line is read or it is a problem; nothing is guessed. Text in comments,
//! `nowiki`, `pre` and the like is nothing, and prose is passed over. Whether
//! a line counts (protection of the page, who wrote it: [`Blame`]), and
//! whether its revision is one of that page, is for the caller to see.
//! After CheMoBot: <https://en.wikipedia.org/wiki/User:CheMoBot>

mod blame;
mod line;
mod put;

pub use blame::{Author, Blame, Saved};
pub use put::{canonical, with_line};

use crate::site::{Site, Title};
use crate::text::terminal;
use crate::types::{Place, Problem, RevId};
use crate::wikitext::{Scan, scan};
use line::Read;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

/// Most lines of an index page.
pub const MAX_LINES: usize = 50_000;

/// Most problems that are told of one page; the rest is counted.
const MAX_PROBLEMS: usize = 200;

/// A line that says which revision of a page was verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexLine {
    /// Its number, from 1.
    pub line: usize,
    /// The line as it stands, without the line's end.
    pub source: String,
    /// The page.
    pub title: Title,
    /// The verified revision: of `copy` where there is one, else of the page.
    pub revid: RevId,
    /// The verified copy outside the article namespace.
    pub copy: Option<Title>,
}

/// What an index page says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Index {
    /// The lines in their order.
    pub lines: Vec<IndexLine>,
    /// What cannot be read or contradicts itself, with its place in the page.
    pub problems: Vec<Problem>,
}

/// Reads an index page: [`read`] and [`Index::settled`] in one. For pages on
/// which every line counts.
pub fn parse(text: &str, site: &Site) -> Index {
    read(text, site).settled(site)
}

/// Reads the lines of an index page, also those that contradict each other.
/// Accepted are, for a page `Acetone`:
///
/// - `* [[Special:PermanentLink/266420980|Acetone]]`
/// - `* [[Acetone]] {{oldid|Acetone|266420980}}`
/// - `* [{{fullurl:Acetone|oldid=266420980}} Acetone]`
/// - `Acetone = 266420980`
/// - `Acetone = Project:Chemicals/Verified/Acetone@12345`: a verified copy
///
/// with or without a list mark; behind the first three a note may follow. A
/// page that is too large to read (2 MB, 50,000 lines) gives one problem and
/// no lines.
pub fn read(text: &str, site: &Site) -> Index {
    let whole = |why: String| Index {
        lines: Vec::new(),
        problems: vec![Problem::error("", why)],
    };
    let page = match Page::new(text, site) {
        Ok(page) => page,
        Err(why) => return whole(why),
    };
    let mut index = Index::default();
    for i in 0..page.lines.len() {
        match page.read(i, site) {
            Read::Nothing => {}
            Read::Line { title, revid, copy } => index.lines.push(IndexLine {
                line: i + 1,
                source: page.source(i).to_owned(),
                title,
                revid,
                copy,
            }),
            Read::Wrong(why) => {
                let blank = page.source(i).chars().take_while(|c| c.is_whitespace()).count();
                let place = Place {
                    line: i + 1,
                    column: blank + 1,
                };
                index.problems.push(Problem::error("", why).at(place));
            }
        }
    }
    index
}

impl Index {
    /// Without the lines that name different revisions (or copies) for one
    /// title: all of them are dropped, with one problem for the title. Of
    /// lines that say the same the first stays.
    #[must_use]
    pub fn settled(mut self, site: &Site) -> Index {
        let mut by_title: BTreeMap<&Title, Vec<usize>> = BTreeMap::new();
        for (i, line) in self.lines.iter().enumerate() {
            by_title.entry(&line.title).or_default().push(i);
        }
        let mut dropped = HashSet::new();
        let mut problems = Vec::new();
        for (title, lines) in by_title.iter().filter(|(_, lines)| lines.len() > 1) {
            let first = &self.lines[lines[0]];
            let agrees = |i: usize| self.lines[i].revid == first.revid && self.lines[i].copy == first.copy;
            let Some(other) = lines.iter().find(|i| !agrees(**i)) else {
                dropped.extend(lines[1..].iter().copied());
                continue;
            };
            let other = &self.lines[*other];
            let what = if first.revid == other.revid {
                "different copies".to_owned()
            } else {
                format!("different revisions, {} and {},", first.revid, other.revid)
            };
            let text = format!(
                "lines {} and {} name {what} for `{}`: neither counts until one of them is removed",
                first.line,
                other.line,
                terminal(&site.prefixed(title)),
            );
            let place = Place {
                line: other.line,
                column: 1,
            };
            problems.push(Problem::error("", text).at(place));
            dropped.extend(lines.iter().copied());
        }
        let mut i = 0;
        self.lines.retain(|_| {
            i += 1;
            !dropped.contains(&(i - 1))
        });
        self.problems.extend(problems);
        self.problems.sort_by_key(|problem| problem.place);
        if self.problems.len() > MAX_PROBLEMS {
            let more = self.problems.len() - MAX_PROBLEMS;
            self.problems.truncate(MAX_PROBLEMS);
            self.problems
                .push(Problem::error("", format!("{more} more lines cannot be read")));
        }
        self
    }

    /// Parts the lines that count from those that are only proposed. The
    /// former are settled among themselves, so that a proposed line cannot
    /// take a counting one away by contradicting it.
    pub fn part(self, site: &Site, mut counts: impl FnMut(&IndexLine) -> bool) -> (Index, Vec<IndexLine>) {
        let (lines, proposed) = self.lines.into_iter().partition(|line| counts(line));
        let index = Index {
            lines,
            problems: self.problems,
        };
        (index.settled(site), proposed)
    }
}

/// A page by its lines.
struct Page<'t> {
    text: &'t str,
    /// The lines, without their ends.
    lines: Vec<Range<usize>>,
    /// What of the page is no text of its own.
    scan: Scan,
    /// Lines that lie in a template of several lines.
    inside: HashSet<usize>,
    /// For each line where in `scan.opaque` to begin.
    opaque: Vec<usize>,
}

impl<'t> Page<'t> {
    fn new(text: &'t str, site: &Site) -> Result<Page<'t>, String> {
        let mut tags = site.extension_tags().clone();
        tags.extend(["nowiki", "pre"].map(str::to_owned));
        let scan = scan(text, &tags).map_err(|error| error.to_string())?;
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split('\n') {
            lines.push(start..start + line.trim_end_matches('\r').len());
            start += line.len() + 1;
        }
        if lines.len() > MAX_LINES {
            return Err(format!(
                "the page has {} lines; pages of more than {MAX_LINES} lines are not read",
                lines.len()
            ));
        }
        let line_of = |at: usize| lines.partition_point(|line: &Range<usize>| line.start <= at) - 1;
        let mut inside = HashSet::new();
        for template in scan.templates.iter().filter(|template| template.parent.is_none()) {
            let (first, last) = (line_of(template.span.start), line_of(template.span.end - 1));
            if first < last {
                inside.extend(first..=last);
            }
        }
        let mut next = 0;
        let opaque = lines
            .iter()
            .map(|line| {
                while scan.opaque.get(next).is_some_and(|span| span.end <= line.start) {
                    next += 1;
                }
                next
            })
            .collect();
        Ok(Page {
            text,
            lines,
            inside,
            opaque,
            scan,
        })
    }

    fn source(&self, i: usize) -> &'t str {
        &self.text[self.lines[i].clone()]
    }

    fn read(&self, i: usize, site: &Site) -> Read {
        line::read(&self.visible(i), self.inside.contains(&i), site)
    }

    /// The line as MediaWiki reads it: without comments, and with a NUL, which no title has, for whatever else is
    /// no wikitext and for what joins the line with another one.
    fn visible(&self, i: usize) -> String {
        let line = self.lines[i].clone();
        let mut out = String::new();
        let mut at = line.start;
        for span in &self.scan.opaque[self.opaque[i]..] {
            if span.start >= line.end {
                break;
            }
            out.push_str(&self.text[at..span.start.max(at)]);
            at = span.end.min(line.end).max(at);
            if !self.is_dropped(span) || !self.is_within(span, &line) {
                out.push('\0');
            }
        }
        out.push_str(&self.text[at..line.end]);
        out
    }

    fn is_dropped(&self, span: &Range<usize>) -> bool {
        let text = self.text[span.clone()].trim_start();
        let text = text.get(..16).unwrap_or(text).to_ascii_lowercase();
        ["<!--", "<noinclude", "</noinclude", "<onlyinclude", "</onlyinclude"]
            .iter()
            .any(|start| text.starts_with(start))
    }

    /// Whether a span lies in the line, its end included.
    fn is_within(&self, span: &Range<usize>, line: &Range<usize>) -> bool {
        span.start >= line.start && span.end <= line.end + 1
    }

    /// Whether the line can be replaced without touching what lies in several lines.
    fn is_apart(&self, i: usize) -> bool {
        let line = &self.lines[i];
        !self.inside.contains(&i)
            && self.scan.opaque[self.opaque[i]..]
                .iter()
                .take_while(|span| span.start < line.end)
                .all(|span| self.is_within(span, line))
    }
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
