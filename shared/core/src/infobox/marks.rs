//! Puts the marks of a box right, where they lie or beside what they mark.
//!
//! Marks are the only parameters that are touched: afterwards the new text
//! is read again, and refused if any other parameter of any box of the kind
//! has another value. Where there is nothing to do there is no new text.
//! Places and forms are CheMoBot's: <https://en.wikipedia.org/wiki/User:CheMoBot>

use super::def::BoxDef;
use super::due::Due;
use super::find::{Infobox, find};
use super::plan::{Op, plan};
use super::unchanged;
use crate::wikitext::{EditError, Edits, Scan, scan};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Most single edits that are tried one after the other on one page.
const MAX_STEPS: usize = 200;

/// What was done to a mark.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Did {
    /// It was not there.
    Added,
    /// It has another value, or one of several was taken out.
    Updated,
    /// It is gone.
    Removed,
}

/// One mark that was edited.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MarkEdit {
    /// What was done.
    pub did: Did,
    /// The parameter's name.
    pub name: String,
}

/// A text with its marks put right.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Marked {
    /// The new text of the page.
    pub text: String,
    /// What was done, in the order of the marks.
    pub edits: Vec<MarkEdit>,
}

/// Puts the marks of one box right; `now` is one of those that
/// [`find`](super::find()) found in this `text` with this `scan`. `None` when
/// they are right. Errs when anything else would change, or the text cannot
/// be edited for certain.
pub fn apply(
    text: &str,
    scan: &Scan,
    tags: &HashSet<String>,
    def: &BoxDef,
    now: &Infobox,
    due: &Due,
) -> Result<Option<Marked>, EditError> {
    apply_all(text, scan, tags, def, &[(now, due)])
}

/// The same for several boxes of one kind on one page.
pub fn apply_all(
    text: &str,
    page: &Scan,
    tags: &HashSet<String>,
    def: &BoxDef,
    boxes: &[(&Infobox, &Due)],
) -> Result<Option<Marked>, EditError> {
    let mut ops: Vec<Op> = Vec::new();
    let mut done: Vec<MarkEdit> = Vec::new();
    let mut touched: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for (now, due) in boxes {
        let (own, edits) = plan(text, page, def, now, due);
        let names = edits.iter().map(|edit| edit.name.clone());
        touched.entry(now.template).or_default().extend(names);
        ops.extend(own);
        done.extend(edits);
    }
    if done.is_empty() {
        return Ok(None);
    }
    let mut edits = Edits::new(text, page, tags);
    ops.iter().for_each(|op| op.add_to(&mut edits));
    let new = match edits.apply() {
        // Edits side by side can meet in the white space between them.
        Err(EditError::Unsafe { .. }) if ops.len() > 1 => step_by_step(text, page, tags, def, boxes)?,
        result => result?,
    };
    unchanged::check(text, page, &new, tags, def, &touched)?;
    Ok(Some(Marked { text: new, edits: done }))
}

/// Makes the edits one after the other, each on the text that the one before
/// it left.
fn step_by_step(
    text: &str,
    page: &Scan,
    tags: &HashSet<String>,
    def: &BoxDef,
    boxes: &[(&Infobox, &Due)],
) -> Result<String, EditError> {
    let found = find(text, page, def);
    let mut due: Vec<Option<&Due>> = vec![None; found.len()];
    for (now, own) in boxes {
        if let Some(ordinal) = found.iter().position(|one| one.template == now.template) {
            due[ordinal] = Some(own);
        }
    }
    let mut text = text.to_owned();
    for _ in 0..MAX_STEPS {
        let page = scan(&text, tags)?;
        let found = find(&text, &page, def);
        let boxes = found.iter().zip(&due);
        let next = boxes
            .filter_map(|(now, due)| plan(&text, &page, def, now, (*due)?).0.into_iter().next())
            .next();
        let Some(op) = next else {
            return Ok(text);
        };
        let mut edits = Edits::new(&text, &page, tags);
        op.add_to(&mut edits);
        text = edits.apply()?;
    }
    Err(EditError::Unsafe {
        line: 1,
        why: "the marks would need too many edits",
    })
}

#[cfg(test)]
#[path = "marks_tests.rs"]
mod tests;
