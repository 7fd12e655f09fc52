//! Typed values out of a group of keys.
//!
//! Each access that fails records a problem and gives `None`; a key that is
//! not there gives `None` without a word, since only the job knows whether
//! it must be there.

use super::node::{Node, Step};
use super::read::{Known, Reader};
use super::words::{brief, describe};
use crate::types::Level;
use std::ops::RangeInclusive;

/// Most entries of a list.
pub const MAX_LIST: usize = 500;

/// Longest text, in bytes.
pub const MAX_TEXT_BYTES: usize = 10_000;

/// A group of keys. One that is missing in the page reads as an empty one.
#[derive(Clone)]
pub struct MapNode<'r> {
    reader: &'r Reader,
    path: String,
    steps: Vec<Step>,
    entries: &'r [(Option<String>, Node)],
}

impl<'r> MapNode<'r> {
    pub(super) fn new(reader: &'r Reader, path: String, steps: Vec<Step>, node: Option<&'r Node>) -> Self {
        let entries: &[_] = match node {
            Some(Node::Map(entries)) => entries,
            _ => &[],
        };
        let group = Self {
            reader,
            path,
            steps,
            entries,
        };
        for (i, (key, _)) in entries.iter().enumerate() {
            let Some(key) = key else {
                let text = "a key must be a text; put it in quotes".to_owned();
                group.record(Level::Error, group.path.clone(), text, Step::Key(i));
                continue;
            };
            if entries[..i].iter().any(|(k, _)| k.as_ref() == Some(key)) {
                let text = "this key stands twice".to_owned();
                group.record(Level::Error, group.path_of(key), text, Step::Key(i));
            }
        }
        group
    }

    pub(super) fn reader(&self) -> &'r Reader {
        self.reader
    }

    /// Path of this group, such as `categories`; empty at the top.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether the key is there, with whatever value.
    pub fn has(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Says which keys this group may have. All others become errors, with
    /// the nearest right key, or the group in which the key belongs. May be
    /// called several times; the lists add up.
    pub fn known(&self, keys: &[&str]) {
        let present = self
            .entries
            .iter()
            .enumerate()
            .filter_map(|(i, (key, _))| {
                let key = key.clone()?;
                let path = self.path_of(&key);
                Some((key, path, self.to(Step::Key(i))))
            })
            .collect();
        self.reader.record_known(Known {
            path: self.path.clone(),
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            present,
        });
    }

    /// Keys that have a meaning elsewhere, each with what to do instead:
    /// such a key becomes an error with that text, and no unknown key.
    pub fn moved(&self, keys: &[(&str, &str)]) {
        for (key, hint) in keys {
            if let Some((i, _)) = self.find(key) {
                let path = self.path_of(key);
                self.reader.record_moved(path.clone());
                self.record(Level::Error, path, (*hint).to_owned(), Step::Key(i));
            }
        }
    }

    /// Keys without which there is nothing to do: each that is missing
    /// becomes an error.
    pub fn require(&self, keys: &[&str]) {
        for key in keys {
            if !self.has(key) {
                self.problem(key, "this key is missing");
            }
        }
    }

    /// A group of keys; `None` when it is not there, or is none.
    pub fn map(&self, key: &str) -> Option<MapNode<'r>> {
        match self.find(key)? {
            (_, Node::Map(_)) => Some(self.section(key)),
            (_, node) => self.wrong(key, "a group of indented keys", node),
        }
    }

    /// A group of keys, empty when it is not there, so that what is missing
    /// in it is told by name.
    pub fn section(&self, key: &str) -> MapNode<'r> {
        let (steps, node) = match self.find(key) {
            Some((i, node @ Node::Map(_))) => (self.to(Step::Value(i)), Some(node)),
            Some((i, node)) => {
                if *node != Node::Null {
                    self.wrong::<()>(key, "a group of indented keys", node);
                }
                (self.to(Step::Value(i)), None)
            }
            None => (self.steps.clone(), None),
        };
        MapNode::new(self.reader, self.path_of(key), steps, node)
    }

    /// A text of at most [`MAX_TEXT_BYTES`], not empty.
    pub fn text(&self, key: &str) -> Option<String> {
        match self.find(key)? {
            (_, Node::Null) => self.fail(key, "this key has no value"),
            (_, node) => match checked_text(node) {
                Ok(text) => Some(text),
                Err(why) => self.fail(key, &why),
            },
        }
    }

    /// A text, or the default where the key is missing or wrong.
    pub fn text_or(&self, key: &str, default: &str) -> String {
        self.text(key).unwrap_or_else(|| default.to_owned())
    }

    /// A whole number within bounds.
    pub fn int(&self, key: &str, range: RangeInclusive<i64>) -> Option<i64> {
        match self.find(key)? {
            (_, Node::Int(number)) if range.contains(number) => Some(*number),
            (_, Node::Int(_) | Node::Float(_)) => self.fail(
                key,
                &format!("a whole number from {} to {} is wanted", range.start(), range.end()),
            ),
            (_, Node::Text(text)) if text.trim().parse::<i64>().is_ok() => {
                self.fail(key, &format!("write the number without quotes: {}", text.trim()))
            }
            (_, node) => self.wrong(key, "a whole number", node),
        }
    }

    /// `true` or `false`, and nothing that only reads like it.
    pub fn bool(&self, key: &str) -> Option<bool> {
        match self.find(key)? {
            (_, Node::Bool(value)) => Some(*value),
            (_, Node::Text(text)) => {
                let meant = match text.trim().to_lowercase().as_str() {
                    "yes" | "on" | "y" | "true" => "write `true`, without quotes",
                    "no" | "off" | "n" | "false" => "write `false`, without quotes",
                    _ => "write `true` or `false`",
                };
                self.fail(key, &format!("`{}` is a text; {meant}", brief(text)))
            }
            (_, Node::Int(1)) => self.fail(key, "1 is a number; write `true`"),
            (_, Node::Int(0)) => self.fail(key, "0 is a number; write `false`"),
            (_, node) => self.wrong(key, "`true` or `false`", node),
        }
    }

    /// A list of texts, none of them empty, with at most `max_len` entries
    /// (never more than [`MAX_LIST`]). A key without a value is an empty list.
    pub fn texts(&self, key: &str, max_len: usize) -> Option<Vec<String>> {
        let (i, list) = match self.find(key)? {
            (i, Node::List(list)) => (i, list),
            (_, Node::Null) => return Some(Vec::new()),
            (_, node) => {
                return self.wrong(key, "a list, one `- entry` a line,", node);
            }
        };
        let max_len = max_len.min(MAX_LIST);
        if list.len() > max_len {
            return self.fail(key, &format!("{} entries; at most {max_len} are allowed", list.len()));
        }
        let mut texts = Vec::with_capacity(list.len());
        for (n, node) in list.iter().enumerate() {
            match checked_text(node) {
                Ok(text) => texts.push(text),
                Err(why) => self
                    .reader
                    .record(Level::Error, self.entry_path(key, n), why, self.to_item(i, n)),
            }
        }
        (texts.len() == list.len()).then_some(texts)
    }

    /// All keys of this group with their values as texts, in their order: for
    /// groups whose keys the admin chooses. At most [`MAX_LIST`]; those that
    /// are wrong become problems and are left out.
    pub fn pairs(&self) -> Vec<(String, String)> {
        if self.entries.len() > MAX_LIST {
            let text = format!("{} entries; at most {MAX_LIST} are allowed", self.entries.len());
            let steps = self.steps.clone();
            self.reader.record(Level::Error, self.path.clone(), text, steps);
            return Vec::new();
        }
        self.entries
            .iter()
            .filter_map(|(key, _)| {
                let key = key.as_ref()?;
                Some((key.clone(), self.text(key)?))
            })
            .collect()
    }

    /// Records an error of a key: at its value, or at the group if it is not
    /// there.
    pub fn problem(&self, key: &str, text: &str) {
        self.record_at(Level::Error, key, text);
    }

    /// Records a warning of a key.
    pub fn warning(&self, key: &str, text: &str) {
        self.record_at(Level::Warning, key, text);
    }

    /// Records an error of one entry of a list, counted from 0; its path
    /// counts as people do, `skillslist[1]` for the first.
    pub fn problem_at(&self, key: &str, index: usize, text: &str) {
        self.record_entry(Level::Error, key, index, text);
    }

    /// Records a warning of one entry of a list, counted from 0.
    pub fn warning_at(&self, key: &str, index: usize, text: &str) {
        self.record_entry(Level::Warning, key, index, text);
    }

    fn record_entry(&self, level: Level, key: &str, index: usize, text: &str) {
        let steps = match self.find(key) {
            Some((i, Node::List(list))) if index < list.len() => self.to_item(i, index),
            _ => return self.record_at(level, key, text),
        };
        self.reader
            .record(level, self.entry_path(key, index), text.to_owned(), steps);
    }

    fn record_at(&self, level: Level, key: &str, text: &str) {
        let steps = match self.find(key) {
            // The value of a group stands somewhere below its key.
            Some((i, Node::Null | Node::List(_) | Node::Map(_))) => self.to(Step::Key(i)),
            Some((i, _)) => self.to(Step::Value(i)),
            None => match self.steps.split_last() {
                Some((Step::Value(i), before)) => [before, &[Step::Key(*i)]].concat(),
                _ => self.steps.clone(),
            },
        };
        self.reader.record(level, self.path_of(key), text.to_owned(), steps);
    }

    fn record(&self, level: Level, path: String, text: String, step: Step) {
        self.reader.record(level, path, text, self.to(step));
    }

    pub(super) fn fail<T>(&self, key: &str, text: &str) -> Option<T> {
        self.problem(key, text);
        None
    }

    pub(super) fn wrong<T>(&self, key: &str, wanted: &str, node: &Node) -> Option<T> {
        self.fail(
            key,
            &match node {
                Node::Null => "this key has no value".to_owned(),
                node => format!("{wanted} is wanted, this is {}", describe(node)),
            },
        )
    }

    /// Keys (one that is no text is `None`) and values, in their order.
    pub(super) fn entries(&self) -> &'r [(Option<String>, Node)] {
        self.entries
    }

    pub(super) fn find(&self, key: &str) -> Option<(usize, &'r Node)> {
        self.entries
            .iter()
            .position(|(k, _)| k.as_deref() == Some(key))
            .map(|i| (i, &self.entries[i].1))
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            brief(key)
        } else {
            format!("{}.{}", self.path, brief(key))
        }
    }

    pub(super) fn entry_path(&self, key: &str, index: usize) -> String {
        format!("{}[{}]", self.path_of(key), index + 1)
    }

    fn to(&self, step: Step) -> Vec<Step> {
        [self.steps.as_slice(), &[step]].concat()
    }

    pub(super) fn to_item(&self, entry: usize, item: usize) -> Vec<Step> {
        [self.steps.as_slice(), &[Step::Value(entry), Step::Item(item)]].concat()
    }
}

/// A text within bounds, or what is wrong with it.
pub(super) fn checked_text(node: &Node) -> Result<String, String> {
    let text = match node {
        Node::Text(text) => text,
        Node::Null => return Err("this text is missing".to_owned()),
        Node::List(_) => {
            return Err("a text is wanted, this is a list; a text that begins with `[` or `-` \
                        must be in quotes"
                .to_owned());
        }
        Node::Map(_) => {
            return Err(
                "a text is wanted, this is a group of keys; a text that begins with `{` \
                        or has a colon in it must be in quotes"
                    .to_owned(),
            );
        }
        node => {
            return Err(format!(
                "a text is wanted, this is {}; put it in quotes",
                describe(node)
            ));
        }
    };
    if text.trim().is_empty() {
        return Err("this text is empty".to_owned());
    }
    if text.len() > MAX_TEXT_BYTES {
        return Err(format!(
            "this text has {} bytes; at most {MAX_TEXT_BYTES} are allowed",
            text.len()
        ));
    }
    // Only an escape in double quotes can bring one in.
    if let Some(c) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(format!("the character U+{:04X} is not allowed", u32::from(c)));
    }
    Ok(text.clone())
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
