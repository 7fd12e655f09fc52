//! A parsed block, and the problems found in it.
//!
//! A reader never stops at the first mistake: what is wrong is recorded, and
//! [`Reader::finish`] hands all of it over, each with its place in the page.

use super::extract::Block;
use super::group::MapNode;
use super::node::{Node, Step, locate, parse};
use super::syntax;
use super::words::{brief, describe, nearest};
use crate::types::{Level, Problem};
use std::cell::RefCell;

/// Most problems that are told at once.
const MAX_PROBLEMS: usize = 100;

/// A parsed block and the problems found in it so far.
pub struct Reader {
    block: Block,
    root: Node,
    problems: RefCell<Vec<Found>>,
    levels: RefCell<Vec<Known>>,
    moved: RefCell<Vec<String>>,
}

/// A problem whose place is not looked up yet.
#[derive(PartialEq)]
struct Found {
    problem: Problem,
    steps: Vec<Step>,
}

/// What somebody said about one group of keys.
pub(super) struct Known {
    /// Path of the group.
    pub path: String,
    /// Keys that it may have.
    pub keys: Vec<String>,
    /// Keys that it has: name, path and steps.
    pub present: Vec<(String, String, Vec<Step>)>,
}

impl Reader {
    /// Parses a block. Errs with what makes it no YAML (or JSON) mapping.
    pub fn parse(block: &Block) -> Result<Reader, Vec<Problem>> {
        let problems = syntax::control_characters(block);
        if !problems.is_empty() {
            return Err(problems);
        }
        let root = parse(&block.yaml).map_err(|e| vec![syntax::problem(block, &e)])?;
        if !matches!(root, Node::Map(_)) {
            let text = format!(
                "the settings are {}; lines of the form `key: value` are wanted",
                describe(&root)
            );
            return Err(vec![Problem::error("", text).at(block.place(1, 1))]);
        }
        Ok(Reader {
            block: block.clone(),
            root,
            problems: RefCell::default(),
            levels: RefCell::default(),
            moved: RefCell::default(),
        })
    }

    /// The outermost group of keys.
    pub fn root(&self) -> MapNode<'_> {
        MapNode::new(self, String::new(), Vec::new(), Some(&self.root))
    }

    /// All problems, in the order of the page; at most a hundred, errors
    /// before warnings where there are more.
    pub fn finish(self) -> Vec<Problem> {
        let mut found = self.problems.take();
        found.extend(unknown_keys(&self.levels.take(), &self.moved.take()));
        let mut once: Vec<Found> = Vec::new();
        for one in found {
            if !once.contains(&one) {
                once.push(one);
            }
        }
        let more = once.len().saturating_sub(MAX_PROBLEMS);
        once.sort_by_key(|one| one.problem.level);
        once.truncate(MAX_PROBLEMS);
        let mut problems: Vec<Problem> = once
            .into_iter()
            .map(|one| {
                let (line, column) = locate(&self.block.yaml, &one.steps).unwrap_or((1, 1));
                one.problem.at(self.block.place(line, column))
            })
            .collect();
        problems.sort_by_key(|problem| problem.place);
        if more > 0 {
            let text = format!("{more} more problems are not shown");
            problems.push(Problem::error("", text));
        }
        problems
    }

    pub(super) fn record(&self, level: Level, path: String, text: String, steps: Vec<Step>) {
        let problem = Problem {
            level,
            path,
            place: None,
            text,
        };
        self.problems.borrow_mut().push(Found { problem, steps });
    }

    pub(super) fn record_known(&self, known: Known) {
        self.levels.borrow_mut().push(known);
    }

    pub(super) fn record_moved(&self, path: String) {
        self.moved.borrow_mut().push(path);
    }
}

/// Keys that nobody asked for, in the groups that somebody spoke about. Only
/// now are all groups known, so a key in a wrong one can be sent home.
fn unknown_keys(levels: &[Known], moved: &[String]) -> Vec<Found> {
    let mut found = Vec::new();
    for level in levels {
        let here: Vec<&str> = levels
            .iter()
            .filter(|other| other.path == level.path)
            .flat_map(|other| other.keys.iter().map(String::as_str))
            .collect();
        for (key, path, steps) in &level.present {
            if here.contains(&key.as_str()) || moved.contains(path) {
                continue;
            }
            let elsewhere = |near: bool| {
                levels
                    .iter()
                    .filter(|other| other.path != level.path)
                    .find_map(|other| {
                        let keys: Vec<&str> = other.keys.iter().map(String::as_str).collect();
                        let name = nearest(key, &keys).filter(|name| near || name == key)?;
                        Some((name.to_owned(), other.path.clone()))
                    })
            };
            let hint = if let Some((_, group)) = elsewhere(false) {
                format!("it belongs {}", under(&group))
            } else if let Some(near) = nearest(key, &here) {
                format!("did you mean `{near}`?")
            } else if let Some((name, group)) = elsewhere(true) {
                format!("did you mean `{name}` {}?", under(&group))
            } else if here.is_empty() {
                "this group has no keys".to_owned()
            } else {
                format!("known here: `{}`", here.join("`, `"))
            };
            found.push(Found {
                problem: Problem::error(path.as_str(), format!("the key `{}` is not known; {hint}", brief(key))),
                steps: steps.clone(),
            });
        }
    }
    found
}

fn under(group: &str) -> String {
    if group.is_empty() {
        "at the top, not indented".to_owned()
    } else {
        format!("under `{group}`")
    }
}
