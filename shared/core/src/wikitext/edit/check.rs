//! Whether an edited text has changed in what it should and in nothing else.
//!
//! Both scans are walked side by side. What is not part of the edit must be what it was: templates with their names
//! and parents, parameters with their names, numbers and values, comments and tags.

use std::collections::HashMap;
use std::ops::Range;

use super::layout::core;
use super::splices::{Splices, What};
use crate::wikitext::names::{param_name, trim};
use crate::wikitext::scan::{Param, Scan, Template};

/// A text and its scan.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub text: &'a str,
    pub scan: &'a Scan,
}

/// Errs with the position in the old text and what is wrong there.
pub(super) fn compare(old: Side<'_>, new: Side<'_>, splices: &Splices) -> Result<(), (usize, &'static str)> {
    Comparison { old, new, splices }.run()
}

struct Comparison<'a> {
    old: Side<'a>,
    new: Side<'a>,
    splices: &'a Splices,
}

impl Comparison<'_> {
    fn run(&self) -> Result<(), (usize, &'static str)> {
        let replaced: HashMap<(usize, usize), usize> = self
            .splices
            .all
            .iter()
            .enumerate()
            .filter_map(|(n, (piece, _))| match piece.what {
                What::Replace { at } => Some((at, n)),
                _ => None,
            })
            .collect();
        // Where a new parameter begins, and which piece brought it.
        let mut inserted: HashMap<usize, usize> = HashMap::new();
        for (n, (piece, place)) in self.splices.all.iter().enumerate() {
            if let What::Insert { content, .. } = piece.what {
                inserted.insert(place.start + content, n);
            }
        }
        let wanted = inserted.len();

        let kept = |t: &&Template| !self.splices.is_gone(&t.span);
        let known = |t: &&Template| self.splices.brought(&t.span).is_none();
        let mut numbers: HashMap<usize, usize> = HashMap::new();
        let mut found = 0;
        let mut olds = self.old.scan.templates.iter().enumerate().filter(|(_, t)| kept(t));
        let mut news = self.new.scan.templates.iter().enumerate().filter(|(_, t)| known(t));
        loop {
            let (was, is) = match (olds.next(), news.next()) {
                (None, None) => break,
                (Some((_, was)), None) => return Err((was.span.start, "a template would be lost")),
                (None, Some(_)) => return Err((self.old.text.len(), "a template would appear")),
                (Some((i, was)), Some((j, is))) => {
                    numbers.insert(i, j);
                    if was.parent.and_then(|p| numbers.get(&p).copied()) != is.parent {
                        return Err((was.span.start, "a template would lie in another one"));
                    }
                    found += self.params(was, is, i, &replaced, &inserted)?;
                    (was, is)
                }
            };
            if !self.splices.is_moved(&was.span, &is.span) || !self.same_core(&was.name, &is.name) {
                return Err((was.span.start, "a template would begin or end elsewhere"));
            }
        }
        if found != wanted {
            return Err((0, "a new parameter would not be one"));
        }
        self.opaque()
    }

    /// Compares the parameters of a template; how many of them are new.
    fn params(
        &self,
        was: &Template,
        is: &Template,
        number: usize,
        replaced: &HashMap<(usize, usize), usize>,
        inserted: &HashMap<usize, usize>,
    ) -> Result<usize, (usize, &'static str)> {
        let kept = |p: &Param| !self.splices.is_gone(&(p.span.start - 1..p.span.start));
        let mut olds = was.params.iter().enumerate().filter(|(_, p)| kept(p));
        let mut found = 0;
        for param in &is.params {
            if let Some(n) = inserted.get(&param.span.start) {
                self.is_inserted(param, *n, number)
                    .ok_or((was.span.start, "a new parameter would not be read as meant"))?;
                found += 1;
                continue;
            }
            let (i, old) = olds.next().ok_or((was.span.start, "a parameter would appear"))?;
            let is_same = match replaced.get(&(number, i)) {
                Some(n) => {
                    let meant = core(self.new.text, self.new.scan, &self.splices.all[*n].1);
                    core(self.new.text, self.new.scan, &param.value) == meant
                        || (meant.is_empty() && core(self.new.text, self.new.scan, &param.value).is_empty())
                }
                None if old.name.is_none() => self.splices.is_moved(&old.value, &param.value),
                None => self.same_core(&old.value, &param.value),
            };
            let same_name = match (&old.name, &param.name) {
                (None, None) => old.index == param.index,
                (Some(a), Some(b)) => self.same_core(a, b),
                _ => false,
            };
            if !same_name {
                return Err((old.span.start, "a parameter would get another name or number"));
            }
            if !is_same {
                return Err((old.span.start, "a value would be read otherwise"));
            }
        }
        match olds.next() {
            Some((_, lost)) => Err((lost.span.start, "a parameter would be lost")),
            None => Ok(found),
        }
    }

    fn is_inserted(&self, param: &Param, n: usize, number: usize) -> Option<()> {
        let What::Insert {
            template, name, value, ..
        } = &self.splices.all[n].0.what
        else {
            return None;
        };
        let reads = &self.new.text[core(self.new.text, self.new.scan, &param.value)];
        let is_it = *template == number
            && param.name.is_some()
            && param_name(self.new.text, self.new.scan, param) == *name
            && (reads == value || trim(&self.new.text[param.value.clone()]) == value);
        is_it.then_some(())
    }

    fn same_core(&self, old: &Range<usize>, new: &Range<usize>) -> bool {
        let old = core(self.old.text, self.old.scan, old);
        let new = core(self.new.text, self.new.scan, new);
        self.splices.is_moved(&old, &new)
    }

    /// A comment may gain or lose the line end behind it, nothing else.
    fn opaque(&self) -> Result<(), (usize, &'static str)> {
        let trimmed = |text: &str, span: &Range<usize>| {
            let start = span.end - text[span.clone()].trim_start_matches([' ', '\t']).len();
            start..start + text[start..span.end].trim_end_matches([' ', '\t', '\n']).len()
        };
        let mut olds = (self.old.scan.opaque.iter().map(|span| trimmed(self.old.text, span)))
            .filter(|span| !self.splices.is_gone(span));
        let mut news = (self.new.scan.opaque.iter().map(|span| trimmed(self.new.text, span)))
            .filter(|span| self.splices.brought(span).is_none());
        loop {
            match (olds.next(), news.next()) {
                (None, None) => return Ok(()),
                (Some(was), Some(is)) if self.splices.is_moved(&was, &is) => {}
                (was, _) => {
                    let at = was.map_or(self.old.text.len(), |span| span.start);
                    return Err((at, "a comment or tag would begin or end elsewhere"));
                }
            }
        }
    }
}
