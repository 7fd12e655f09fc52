//! How the parameters of a template are laid out, and what a change looks like in that style.
//!
//! Three ways are known: a line for each parameter that begins with its `|`, lines that end with the next one's `|`,
//! and parameters beside each other. Line ends, indentation, blanks after `|` and round `=`, and columns of `=` are
//! taken from the neighbours.

use std::ops::Range;

use super::splices::{Splice, What};
use crate::wikitext::names::{is_comment, is_space, trim};
use crate::wikitext::scan::{Param, Scan, Template};

/// Part of a range without white space and comments at its ends; empty, and at the range's start, if nothing is left.
pub(super) fn core(text: &str, scan: &Scan, range: &Range<usize>) -> Range<usize> {
    let comment = |position: usize| {
        let at = scan.opaque.partition_point(|span| span.end <= position);
        scan.opaque
            .get(at)
            .filter(|span| span.start <= position && is_comment(text, span))
    };
    let (mut start, mut end) = (range.start, range.end);
    loop {
        start += text[start..end].len() - text[start..end].trim_start_matches(is_space).len();
        match comment(start) {
            Some(span) if start < end => start = span.end.min(end),
            _ => break,
        }
    }
    loop {
        end = start + text[start..end].trim_end_matches(is_space).len();
        match end.checked_sub(1).and_then(comment) {
            Some(span) if start < end => end = span.start.max(start),
            _ => break,
        }
    }
    if start < end {
        start..end
    } else {
        range.start..range.start
    }
}

/// One template of a text.
pub(super) struct Layout<'a> {
    pub text: &'a str,
    pub scan: &'a Scan,
    /// Its place in the scan.
    pub number: usize,
    pub template: &'a Template,
}

impl Layout<'_> {
    /// A value's new text in place of the old; white space and comments round it stay.
    pub fn replace(&self, param: usize, value: &str) -> Splice {
        let (old, text) = self.new_value(param, value);
        let what = What::Replace {
            at: (self.number, param),
        };
        Splice { old, text, what }
    }

    fn new_value(&self, i: usize, value: &str) -> (Range<usize>, String) {
        let param = &self.template.params[i];
        let core = core(self.text, self.scan, &param.value);
        if !core.is_empty() || param.name.is_none() || value.is_empty() {
            return (core, value.to_owned());
        }
        // Nothing but blanks, line ends and comments: as far behind `=` as the neighbours' values are.
        let rest = &self.text[param.value.clone()];
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let spaced = self.space_after_equals(i);
        let at = param.value.start;
        let to_next_bar = blanks == rest.len() && i + 1 < self.template.params.len();
        let (at, before, after) = match (blanks, spaced) {
            (0, true) => (at, " ", ""),
            (0, false) => (at, "", ""),
            // These blanks are those before the next `|`.
            (_, false) if to_next_bar => (at, "", ""),
            (1, true) if to_next_bar => (at + 1, "", " "),
            _ if to_next_bar => (at + 1, "", ""),
            _ => (at + blanks, "", ""),
        };
        let after = match self.text[at..param.value.end].starts_with('<') {
            true => " ",
            false => after,
        };
        (at..at, format!("{before}{value}{after}"))
    }

    /// A new parameter before everything else.
    pub fn insert_first(&self, name: &str, value: &str) -> Splice {
        let params = &self.template.params;
        if params.is_empty() {
            return self.insert_only(name, value);
        }
        if params.len() > 1 && self.line(0).is_none() && !self.ends_lines(0) && self.line(1).is_some() {
            // The first one stands beside the name, all others in lines of their own.
            let gap = self.gap(0);
            let (indent, end) = (self.indent(1), self.line_end(1));
            let text = format!("{}|{}{end}{indent}", &self.text[gap.clone()], self.body(1, name, value));
            return self.insert(gap.start, text, gap.len() + 1, name, value);
        }
        self.insert_before(0, name, value)
    }

    /// A new parameter before another.
    pub fn insert_before(&self, i: usize, name: &str, value: &str) -> Splice {
        let params = &self.template.params;
        let body = self.body(i, name, value);
        if let Some(line) = self.line(i) {
            let indent = self.indent(i);
            let text = format!("{indent}|{body}{}", self.line_end(i));
            return self.insert(line, text, indent.len() + 1, name, value);
        }
        let gap = self.gap(i);
        if i > 0 && params[i - 1].name.is_none() {
            // White space is part of a positional value.
            let text = format!("|{body}{}", &self.text[gap.clone()]);
            return self.insert(gap.end, text, 1, name, value);
        }
        let text = format!("{}|{body}", &self.text[gap.clone()]);
        self.insert(gap.start, text, gap.len() + 1, name, value)
    }

    /// A new parameter behind another.
    pub fn insert_after(&self, i: usize, name: &str, value: &str) -> Splice {
        let params = &self.template.params;
        let is_last = i + 1 == params.len();
        let body = self.body(i, name, value);
        if !is_last && self.line(i + 1).is_none() {
            return self.insert_before(i + 1, name, value);
        }
        let next = if is_last { self.close() } else { self.pipe(i + 1) };
        let is_positional = params[i].name.is_none();
        match (self.line(i), line_start(self.text, next)) {
            // White space is part of a positional value, so the new one comes behind it.
            (own, Some(at)) if is_positional => {
                let indent = if own.is_some() { self.indent(i) } else { "" };
                let text = format!("{indent}|{body}{}", self.end_of_line(at));
                self.insert(at, text, indent.len() + 1, name, value)
            }
            (Some(_), _) if !is_positional => {
                let before = format!("{}{}", self.line_end(i), self.indent(i));
                let rest = &self.text[self.tail(i)..params[i].span.end];
                let bare = rest.trim_start_matches([' ', '\t']);
                let blanks = match bare.trim_start_matches('\r').starts_with('\n') {
                    true => rest.len() - bare.len(),
                    false => 0,
                };
                let at = self.tail(i) + blanks;
                self.insert(at, format!("{before}|{body}"), before.len() + 1, name, value)
            }
            _ => {
                let gap = if is_positional { 0..0 } else { self.gap(i) };
                let at = if is_positional { next } else { self.tail(i) };
                let text = format!("{}|{body}", &self.text[gap.clone()]);
                self.insert(at, text, gap.len() + 1, name, value)
            }
        }
    }

    /// The first parameter of a template that has none.
    fn insert_only(&self, name: &str, value: &str) -> Splice {
        let close = self.close();
        match line_start(self.text, close).filter(|at| *at > self.template.name.start) {
            Some(at) => {
                let text = format!("| {name} = {value}{}", self.end_of_line(at));
                self.insert(at, text, 1, name, value)
            }
            None => {
                let end = self.text[..close].trim_end_matches([' ', '\t']).len();
                self.insert(end, format!("|{name}={value}"), 1, name, value)
            }
        }
    }

    fn insert(&self, at: usize, text: String, content: usize, name: &str, value: &str) -> Splice {
        let what = What::Insert {
            template: self.number,
            content,
            name: name.to_owned(),
            value: value.to_owned(),
        };
        Splice {
            old: at..at,
            text,
            what,
        }
    }

    /// A parameter goes, with its line if it has one.
    pub fn remove(&self, i: usize) -> Splice {
        Splice {
            old: self.extent(i),
            text: String::new(),
            what: What::Remove,
        }
    }

    fn extent(&self, i: usize) -> Range<usize> {
        let params = &self.template.params;
        let is_last = i + 1 == params.len();
        let before_is_positional = i > 0 && params[i - 1].name.is_none();
        if before_is_positional {
            // White space before the `|` is part of that value.
            return self.pipe(i)..params[i].span.end;
        }
        let tail = self.tail(i);
        if let Some(line) = self.line(i) {
            let rest = &self.text[tail..params[i].span.end];
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
            if rest[blanks..].starts_with('\n') {
                return line..tail + blanks + 1;
            }
            if !is_last {
                return self.pipe(i)..self.pipe(i + 1);
            }
            let end = line - 1;
            return end - usize::from(self.text[..end].ends_with('\r'))..tail;
        }
        self.gap(i).start..tail
    }

    // ---- where things stand

    /// Position of a parameter's `|`.
    fn pipe(&self, i: usize) -> usize {
        self.template.params[i].span.start - 1
    }

    /// Position of the closing braces.
    fn close(&self) -> usize {
        self.template.span.end - 2
    }

    /// Where the line begins that a parameter's `|` is the first of.
    fn line(&self, i: usize) -> Option<usize> {
        line_start(self.text, self.pipe(i))
    }

    /// Whether a parameter begins with a line end, so that its `|` ends the line before.
    fn ends_lines(&self, i: usize) -> bool {
        let content = &self.text[self.template.params[i].span.clone()];
        self.line(i).is_none()
            && content
                .trim_start_matches([' ', '\t'])
                .trim_start_matches('\r')
                .starts_with('\n')
    }

    /// Blanks before a parameter's `|`.
    fn gap(&self, i: usize) -> Range<usize> {
        let pipe = self.pipe(i);
        self.text[..pipe].trim_end_matches([' ', '\t']).len()..pipe
    }

    /// Blanks before a `|` that is the first of its line.
    fn indent(&self, i: usize) -> &str {
        &self.text[self.gap(i)]
    }

    /// Line end before the line of a parameter.
    fn line_end(&self, i: usize) -> &'static str {
        self.line(i).map_or("\n", |at| self.end_of_line(at))
    }

    /// The line end before a position that begins a line.
    fn end_of_line(&self, at: usize) -> &'static str {
        if self.text[..at].ends_with("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }

    /// White space between a parameter's `|` and what follows.
    fn lead(&self, i: usize) -> &str {
        let content = &self.text[self.template.params[i].span.clone()];
        &content[..content.len() - content.trim_start_matches([' ', '\t', '\r', '\n']).len()]
    }

    /// Where a parameter ends, the comments behind it in its line included, white space not.
    fn tail(&self, i: usize) -> usize {
        let param = &self.template.params[i];
        let mut end = core(self.text, self.scan, &param.value).end;
        loop {
            let rest = &self.text[end..param.value.end];
            let at = end + rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let next = self.scan.opaque.partition_point(|span| span.end <= at);
            match self.scan.opaque.get(next) {
                Some(span) if span.start == at && at < param.value.end && is_comment(self.text, span) => {
                    end = at + trim(&self.text[span.clone()]).len();
                }
                _ => return end,
            }
        }
    }

    // ---- how a parameter is written

    /// What stands between `|` and the end of a new value, in the style of parameter `i`.
    fn body(&self, i: usize, name: &str, value: &str) -> String {
        let lead = match self.ends_lines(i) {
            true => self.lead(i),
            false => self.lead(i).trim_end_matches(['\n', '\r']),
        };
        let is_named = |param: &&Param| param.name.is_some();
        let neighbour = self.nearest(i, |j| is_named(&&self.template.params[j]));
        let (pad, after) = match neighbour {
            Some(j) => (self.pad(j, name), self.space_after_equals(i)),
            None => (usize::from(self.line(i).is_some()), self.line(i).is_some()),
        };
        let lead = match neighbour {
            None if lead.is_empty() && self.line(i).is_some() => " ",
            _ => lead,
        };
        let after = if after && !value.is_empty() { " " } else { "" };
        format!("{lead}{name}{}={after}{value}", " ".repeat(pad))
    }

    /// The parameter nearest to `i`, itself first, of those that will do.
    fn nearest(&self, i: usize, will_do: impl Fn(usize) -> bool) -> Option<usize> {
        let count = self.template.params.len();
        (0..count)
            .flat_map(|away| [i.checked_add(away), i.checked_sub(away)])
            .flatten()
            .find(|j| *j < count && will_do(*j))
    }

    /// How long a name is and how many blanks follow it, both in characters; `None` for a positional parameter.
    fn widths(&self, i: usize) -> Option<(usize, usize)> {
        let name = &self.text[self.template.params[i].name.clone()?];
        let bare = name.trim_end_matches([' ', '\t']);
        Some((trim(bare).chars().count(), name.len() - bare.len()))
    }

    /// Blanks between a new name and its `=`: as parameter `i` has them, or as many as put the `=` below the others
    /// where they form a column.
    fn pad(&self, i: usize, name: &str) -> usize {
        let Some((length, pad)) = self.widths(i) else { return 0 };
        let same_column = |j: usize| {
            self.widths(j)
                .is_some_and(|(other, blanks)| other != length && blanks > 0 && other + blanks == length + pad)
        };
        let is_column = pad > 1 || (pad == 1 && self.nearest(i, same_column).is_some());
        match is_column {
            true => (length + pad).saturating_sub(name.chars().count()).max(1),
            false => pad,
        }
    }

    /// Whether the nearest named parameter with a value has a blank after its `=`; if none has a value, whether
    /// parameter `i` has blanks round its own.
    fn space_after_equals(&self, i: usize) -> bool {
        let params = &self.template.params;
        let valued = |j: usize| params[j].name.is_some() && !core(self.text, self.scan, &params[j].value).is_empty();
        match self.nearest(i, valued) {
            Some(j) => self.text[params[j].value.clone()].starts_with(is_space),
            None => self
                .nearest(i, |j| params[j].name.is_some())
                .and_then(|j| self.widths(j))
                .is_some_and(|(_, pad)| pad > 0),
        }
    }
}

/// Where the line begins whose first character but blanks is at `position`; `None` if something else comes before it.
fn line_start(text: &str, position: usize) -> Option<usize> {
    let before = text[..position].trim_end_matches([' ', '\t']);
    before.ends_with('\n').then_some(before.len())
}
