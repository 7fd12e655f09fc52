//! Edits of template parameters that leave every other byte alone.
//!
//! The edits of a text are collected and made together. New text keeps the style of its neighbours. The result is
//! scanned again: if anything but the intended parameters would change, there is an error and no text.

mod check;
mod layout;
mod splices;

use std::collections::HashSet;

use super::elements::line_of;
use super::names::{param_name, trim};
use super::scan::{Scan, Template, TooBig, scan};
use check::Side;
use layout::Layout;
use splices::Splices;

/// Where a new parameter goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Directly behind the template's name.
    First,
    /// Before this parameter, by its place in [`Template::params`].
    Before(usize),
    /// Behind this one.
    After(usize),
}

/// Why a text was not edited. Nothing was changed then.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EditError {
    /// The scan is of another text, or a template or parameter is not in it.
    #[error("the edit does not belong to this text: {0}")]
    Foreign(String),
    /// A new name or value would not be read back as it is.
    #[error("`{name}` of the template in line {line} cannot be written: {why}")]
    Unwritable {
        /// Line of the template, from 1.
        line: usize,
        /// The parameter's name.
        name: String,
        /// What is wrong with the name or value.
        why: &'static str,
    },
    /// Something other than the intended parameters would change, as far as line `line` (from 1).
    #[error("line {line}: {why}; mend the template by hand")]
    Unsafe {
        /// Line of the old text, from 1.
        line: usize,
        /// What would change.
        why: &'static str,
    },
    /// The text, or what it would become, is too big to be scanned.
    #[error(transparent)]
    TooBig(#[from] TooBig),
}

#[derive(Clone, Debug)]
enum Op {
    Replace { param: usize, value: String },
    Insert { name: String, value: String, place: Place },
    Remove { param: usize },
}

/// Edits of one text, applied together. Templates and parameters are given by their place in the scan, as it was
/// before all of them: of duplicates, the caller names the last, which is the one that counts.
#[derive(Clone, Debug)]
pub struct Edits<'a> {
    text: &'a str,
    scan: &'a Scan,
    tags: &'a HashSet<String>,
    ops: Vec<(usize, Op)>,
}

impl<'a> Edits<'a> {
    /// No edits yet. `scan` is that of `text`, with the same extension tags.
    pub fn new(text: &'a str, scan: &'a Scan, tags: &'a HashSet<String>) -> Self {
        let ops = Vec::new();
        Self { text, scan, tags, ops }
    }

    /// A value gets another text, trimmed. White space and comments at the old one's ends stay.
    pub fn replace_value(&mut self, template: usize, param: usize, new: &str) -> &mut Self {
        let value = trim(new).to_owned();
        self.ops.push((template, Op::Replace { param, value }));
        self
    }

    /// A new named parameter, in the style of the one beside it. Several in one place come in the order of the calls.
    pub fn insert(&mut self, template: usize, name: &str, value: &str, place: Place) -> &mut Self {
        let (name, value) = (trim(name).to_owned(), trim(value).to_owned());
        self.ops.push((template, Op::Insert { name, value, place }));
        self
    }

    /// A parameter goes; with its line, and the comment behind it, if it has a line of its own.
    pub fn remove(&mut self, template: usize, param: usize) -> &mut Self {
        self.ops.push((template, Op::Remove { param }));
        self
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// The text after all edits. Errs, and changes nothing, when an edit does not belong to the text, when a value
    /// has a `|` of its own or is not balanced, and when anything but the intended parameters would change.
    pub fn apply(&self) -> Result<String, EditError> {
        if scan(self.text, self.tags)? != *self.scan {
            return Err(EditError::Foreign("it was scanned otherwise".to_owned()));
        }
        let mut pieces = Vec::with_capacity(self.ops.len());
        for (n, (number, op)) in self.ops.iter().enumerate() {
            let template = self.template(*number)?;
            let layout = Layout {
                text: self.text,
                scan: self.scan,
                number: *number,
                template,
            };
            match op {
                Op::Replace { param, value } => {
                    self.check_param(*number, template, *param)?;
                    let old = &template.params[*param];
                    let name = param_name(self.text, self.scan, old);
                    if self.ops[..n].iter().any(|(t, op)| t == number && op.touches(*param)) {
                        return Err(self.unwritable(template, &name, "two edits change it"));
                    }
                    if &self.text[layout::core(self.text, self.scan, &old.value)] != value {
                        self.check_value(template, &name, value, old.name.is_some())?;
                        pieces.push(layout.replace(*param, value));
                    }
                }
                Op::Insert { name, value, place } => {
                    self.check_name(*number, template, name, n)?;
                    self.check_value(template, name, value, true)?;
                    pieces.push(match self.standing(*number, *place) {
                        Place::First => layout.insert_first(name, value),
                        Place::Before(param) | Place::After(param) if param >= template.params.len() => {
                            return Err(self.no_param(*number, param));
                        }
                        Place::Before(param) => layout.insert_before(param, name, value),
                        Place::After(param) => layout.insert_after(param, name, value),
                    });
                }
                Op::Remove { param } => {
                    self.check_param(*number, template, *param)?;
                    pieces.push(layout.remove(*param));
                }
            }
        }
        let splices = Splices::new(pieces).ok_or_else(|| self.unsafe_at(0, "two edits lie one in the other"))?;
        let text = splices.apply(self.text);
        let after = scan(&text, self.tags)?;
        let (old, new) = (
            Side {
                text: self.text,
                scan: self.scan,
            },
            Side {
                text: &text,
                scan: &after,
            },
        );
        check::compare(old, new, &splices).map_err(|(at, why)| self.unsafe_at(at, why))?;
        Ok(text)
    }

    fn template(&self, number: usize) -> Result<&'a Template, EditError> {
        let count = self.scan.templates.len();
        self.scan
            .templates
            .get(number)
            .ok_or_else(|| EditError::Foreign(format!("there is no template {number}, only {count}")))
    }

    fn check_param(&self, number: usize, template: &Template, param: usize) -> Result<(), EditError> {
        match template.params.get(param) {
            Some(_) => Ok(()),
            None => Err(self.no_param(number, param)),
        }
    }

    fn no_param(&self, number: usize, param: usize) -> EditError {
        EditError::Foreign(format!("template {number} has no parameter {param}"))
    }

    /// Behind a parameter that goes is behind the one before it.
    fn standing(&self, number: usize, place: Place) -> Place {
        let Place::After(mut param) = place else { return place };
        let goes = |param: usize| {
            self.ops
                .iter()
                .any(|(t, op)| *t == number && matches!(op, Op::Remove { param: gone } if *gone == param))
        };
        while goes(param) {
            match param.checked_sub(1) {
                Some(before) => param = before,
                None => return Place::First,
            }
        }
        Place::After(param)
    }

    fn check_name(&self, number: usize, template: &Template, name: &str, n: usize) -> Result<(), EditError> {
        let wrong = |why| Err(self.unwritable(template, name, why));
        if name.is_empty() {
            return wrong("the name is empty");
        }
        if name.contains(['|', '=', '{', '}', '[', ']', '<', '>', '\n', '\r']) || name.contains("~~~") {
            return wrong("the name has a character that means something in wikitext");
        }
        let goes = |param: usize| {
            self.ops
                .iter()
                .any(|(t, op)| *t == number && matches!(op, Op::Remove { param: gone } if *gone == param))
        };
        let is_there = template.params.iter().enumerate();
        if is_there
            .into_iter()
            .any(|(i, param)| param_name(self.text, self.scan, param) == name && !goes(i))
        {
            return wrong("the template has such a parameter already");
        }
        let twice =
            |(t, op): &(usize, Op)| *t == number && matches!(op, Op::Insert { name: other, .. } if other == name);
        match self.ops[..n].iter().any(twice) {
            true => wrong("two edits add it"),
            false => Ok(()),
        }
    }

    /// A value must be one value whatever stands round it, and nothing that saving a page would replace.
    fn check_value(&self, template: &Template, name: &str, value: &str, is_named: bool) -> Result<(), EditError> {
        let wrong = |why| Err(self.unwritable(template, name, why));
        if value.contains("~~~") {
            return wrong("saving the page would make a signature of the value");
        }
        let starts_block = |line: &str| {
            line.starts_with(['*', '#', ':', ';', '=', ' ']) || line.starts_with("{|") || line.starts_with("----")
        };
        if value.lines().skip(1).any(starts_block) {
            return wrong("a line of the value would become a list, heading or table");
        }
        let before = if is_named { "{{x|x=" } else { "{{x|" };
        let alone = format!("{before}{value}}}}}");
        let read = scan(&alone, self.tags)?;
        let is_whole = read.templates.first().is_some_and(|t| {
            t.span == (0..alone.len())
                && t.params.len() == 1
                && t.params[0].value == (before.len()..before.len() + value.len())
                && t.params[0].name.is_some() == is_named
        });
        match is_whole {
            true => Ok(()),
            false => wrong("the value has a `|` of its own, or something that is not closed"),
        }
    }

    fn unwritable(&self, template: &Template, name: &str, why: &'static str) -> EditError {
        EditError::Unwritable {
            line: line_of(self.text, template.span.start),
            name: name.to_owned(),
            why,
        }
    }

    fn unsafe_at(&self, at: usize, why: &'static str) -> EditError {
        EditError::Unsafe {
            line: line_of(self.text, at),
            why,
        }
    }
}

impl Op {
    fn touches(&self, param: usize) -> bool {
        match self {
            Op::Replace { param: other, .. } | Op::Remove { param: other } => *other == param,
            Op::Insert { .. } => false,
        }
    }
}

#[cfg(test)]
#[path = "edit_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "edit/any_tests.rs"]
mod any_tests;
