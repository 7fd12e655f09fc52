//! Lists whose entries are words or groups, numbers with a fraction, and a word such as `off` where a group may stand.

use super::group::{MAX_LIST, MapNode, checked_text};
use super::node::Node;
use std::ops::RangeInclusive;

/// An entry of a list.
pub enum Item<'r> {
    /// A text.
    Text(String),
    /// A group of keys, to be read like any other.
    Group(MapNode<'r>),
}

impl<'r> MapNode<'r> {
    /// Whether the value is exactly this text.
    pub fn is_word(&self, key: &str, word: &str) -> bool {
        matches!(self.find(key), Some((_, Node::Text(text))) if text.trim() == word)
    }

    /// Whether the value is a list.
    pub fn is_list(&self, key: &str) -> bool {
        matches!(self.find(key), Some((_, Node::List(_))))
    }

    /// A number within bounds, with or without a fraction.
    pub fn number(&self, key: &str, range: RangeInclusive<f64>) -> Option<f64> {
        let number = match self.find(key)? {
            // A bound is small: no number that matters loses a digit here.
            (_, Node::Int(number)) => *number as f64,
            (_, Node::Float(number)) => *number,
            (_, Node::Text(text)) if text.trim().parse::<f64>().is_ok() => {
                return self.fail(key, &format!("write the number without quotes: {}", text.trim()));
            }
            (_, node) => return self.wrong(key, "a number", node),
        };
        if range.contains(&number) {
            return Some(number);
        }
        let text = format!("a number from {} to {} is wanted", range.start(), range.end());
        self.fail(key, &text)
    }

    /// The entries of a list of at most `max_len` texts and groups of keys, each with its place from 0; those that are
    /// neither become problems and are left out.
    pub fn items(&self, key: &str, max_len: usize) -> Option<Vec<(usize, Item<'r>)>> {
        let (i, list) = match self.find(key)? {
            (i, Node::List(list)) => (i, list),
            (_, node) => return self.wrong(key, "a list, one `- entry` a line,", node),
        };
        let max_len = max_len.min(MAX_LIST);
        if list.len() > max_len {
            return self.fail(key, &format!("{} entries; at most {max_len} are allowed", list.len()));
        }
        let mut items = Vec::with_capacity(list.len());
        for (n, node) in list.iter().enumerate() {
            match node {
                Node::Map(_) => {
                    let (path, steps) = (self.entry_path(key, n), self.to_item(i, n));
                    items.push((n, Item::Group(MapNode::new(self.reader(), path, steps, Some(node)))));
                }
                node => match checked_text(node) {
                    Ok(text) => items.push((n, Item::Text(text.trim().to_owned()))),
                    Err(why) => self.problem_at(key, n, &why),
                },
            }
        }
        Some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Block, Reader};
    use crate::types::Problem;

    #[test]
    fn lists_of_groups_and_numbers_are_read_or_explained() {
        let yaml = "wikis:\n  - here\n  - {api: x, y: 1}\n  - 5\n  - {api: z, api: z}\none: a\nn: 2.5\nm: 3\nhigh: 7\n\
                    quoted: '3'\nword: x\nnear: off\n";
        let reader = Reader::parse(&Block::whole(yaml)).unwrap();
        let root = reader.root();
        let items = root.items("wikis", 9).unwrap();
        let mut read = Vec::new();
        for (n, item) in items {
            match item {
                Item::Text(text) => read.push(format!("{n} {text}")),
                Item::Group(group) => {
                    group.known(&["api", "prefix"]);
                    group.require(&["prefix"]);
                    read.push(format!("{n} {}", group.text("api").unwrap()));
                }
            }
        }
        assert_eq!(read, ["0 here", "1 x", "3 z"]);
        assert!(root.items("wikis", 2).is_none() && root.items("one", 2).is_none() && root.items("none", 2).is_none());
        let numbers = ["n", "m", "high", "quoted", "word", "none"].map(|key| root.number(key, 0.0..=5.0));
        assert_eq!(numbers, [Some(2.5), Some(3.0), None, None, None, None]);
        assert!(root.is_word("near", "off") && !root.is_word("near", "on") && !root.is_word("none", "off"));
        assert!(root.is_list("wikis") && !root.is_list("near"));
        let problems: Vec<String> = reader.finish().iter().map(Problem::to_string).collect();
        insta::assert_snapshot!(problems.join("\n"), @r"
        line 1, column 1: wikis: 4 entries; at most 2 are allowed
        line 3, column 5: wikis[2].prefix: this key is missing
        line 3, column 14: wikis[2].y: the key `y` is not known; known here: `api`, `prefix`
        line 4, column 5: wikis[3]: a text is wanted, this is a number; put it in quotes
        line 5, column 5: wikis[4].prefix: this key is missing
        line 5, column 14: wikis[4].api: this key stands twice
        line 6, column 6: one: a list, one `- entry` a line, is wanted, this is a text
        line 9, column 7: high: a number from 0 to 5 is wanted
        line 10, column 9: quoted: write the number without quotes: 3
        line 11, column 7: word: a number is wanted, this is a text
        ");
    }
}
