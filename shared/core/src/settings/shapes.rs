//! Groups whose keys the admin chooses, and values that may be written in more than one way: a text or a list, a
//! name or a number, `yes` or `true`.

use super::group::{MAX_LIST, MapNode};
use super::node::Node;
use super::words::{brief, describe};
use std::fmt;

/// A name or a number, as in a list of namespaces.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NameOrNumber {
    /// A text.
    Name(String),
    /// A whole number.
    Number(i64),
}

impl fmt::Display for NameOrNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameOrNumber::Name(name) => f.write_str(name),
            NameOrNumber::Number(number) => number.fmt(f),
        }
    }
}

impl MapNode<'_> {
    /// The keys of this group, each once, in their order: for groups whose keys the admin chooses.
    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        for key in self.entries().iter().filter_map(|(key, _)| key.as_ref()) {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        keys
    }

    /// Whether the value is a group of keys.
    pub fn is_group(&self, key: &str) -> bool {
        matches!(self.find(key), Some((_, Node::Map(_))))
    }

    /// One text, or a list of at most `max_len`: where one is the rule and several are allowed.
    pub fn one_or_more(&self, key: &str, max_len: usize) -> Option<Vec<String>> {
        match self.find(key)? {
            (_, Node::List(_)) => self.texts(key, max_len),
            _ => self.text(key).map(|text| vec![text]),
        }
    }

    /// `true` and `false`, and the words `yes` and `no`, which YAML once meant the same by.
    pub fn yes_no(&self, key: &str) -> Option<bool> {
        match self.find(key)? {
            (_, Node::Bool(value)) => Some(*value),
            (_, Node::Text(text)) => match text.trim().to_lowercase().as_str() {
                "yes" => Some(true),
                "no" => Some(false),
                _ => self.fail(key, &format!("`{}` is none of `yes`, `no`", brief(text))),
            },
            (_, node) => self.wrong(key, "`yes` or `no`", node),
        }
    }

    /// Names and numbers (a number in quotes is one too): one, or a list of at most `max_len`.
    pub fn names_or_numbers(&self, key: &str, max_len: usize) -> Option<Vec<NameOrNumber>> {
        let (_, node) = self.find(key)?;
        let list = match node {
            Node::List(list) => list.as_slice(),
            node => std::slice::from_ref(node),
        };
        let max_len = max_len.min(MAX_LIST);
        if list.len() > max_len {
            return self.fail(key, &format!("{} entries; at most {max_len} are allowed", list.len()));
        }
        let mut entries = Vec::with_capacity(list.len());
        for (n, node) in list.iter().enumerate() {
            match node {
                Node::Int(number) => entries.push(NameOrNumber::Number(*number)),
                Node::Text(name) => entries.push(match name.trim().parse() {
                    Ok(number) => NameOrNumber::Number(number),
                    Err(_) => NameOrNumber::Name(name.clone()),
                }),
                node => {
                    let text = format!("a name or a whole number is wanted, this is {}", describe(node));
                    self.problem_at(key, n, &text);
                }
            }
        }
        (entries.len() == list.len()).then_some(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Block, Reader};
    use crate::types::Problem;

    #[test]
    fn every_way_to_write_a_value_is_read_or_explained() {
        let yaml = "boxes: {B: {x: 1}, A: , 5: x, B: {}}\none: a\nmore: [a, b]\nnone: []\nboth: 5\n\
                    t: true\ny: Yes\nn: no\nbad: maybe\nnum: 1\nns: [0, Draft]\nns1: 4\nquoted: ['5']\nns2: [x, 1.5, [6]]\nns3: [1, 2, 3, 4]\n";
        let reader = Reader::parse(&Block::whole(yaml)).unwrap();
        let root = reader.root();
        let boxes = root.section("boxes");
        assert_eq!(boxes.keys(), ["B", "A"]);
        assert_eq!(
            [boxes.is_group("B"), boxes.is_group("A"), boxes.is_group("C")],
            [true, false, false]
        );
        assert_eq!(root.one_or_more("one", 3), Some(vec!["a".to_owned()]));
        assert_eq!(root.one_or_more("more", 3), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(root.one_or_more("more", 1), None);
        assert_eq!(root.one_or_more("none", 3), Some(Vec::new()));
        assert_eq!(
            [root.one_or_more("both", 3), root.one_or_more("absent", 3)],
            [None, None]
        );
        let said = ["t", "y", "n", "bad", "num", "absent"].map(|key| root.yes_no(key));
        assert_eq!(said, [Some(true), Some(true), Some(false), None, None, None]);
        let names = |key: &str| -> Option<Vec<String>> {
            Some(root.names_or_numbers(key, 3)?.iter().map(ToString::to_string).collect())
        };
        assert_eq!(names("ns"), Some(vec!["0".to_owned(), "Draft".to_owned()]));
        assert_eq!(names("ns1"), Some(vec!["4".to_owned()]));
        assert_eq!(root.names_or_numbers("quoted", 1), Some(vec![NameOrNumber::Number(5)]));
        assert_eq!([names("ns2"), names("ns3"), names("absent")], [None, None, None]);
        let problems: Vec<String> = reader.finish().iter().map(Problem::to_string).collect();
        insta::assert_snapshot!(problems.join("\n"), @r"
        line 1, column 25: boxes: a key must be a text; put it in quotes
        line 1, column 31: boxes.B: this key stands twice
        line 3, column 1: more: 2 entries; at most 1 are allowed
        line 5, column 7: both: a text is wanted, this is a number; put it in quotes
        line 9, column 6: bad: `maybe` is none of `yes`, `no`
        line 10, column 6: num: `yes` or `no` is wanted, this is a number
        line 14, column 10: ns2[2]: a name or a whole number is wanted, this is a number
        line 14, column 15: ns2[3]: a name or a whole number is wanted, this is a list
        line 15, column 1: ns3: 4 entries; at most 3 are allowed
        ");
    }
}
