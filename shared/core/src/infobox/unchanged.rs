//! The last look before marks are handed back: no value was touched.

use super::def::BoxDef;
use super::find::{Infobox, find};
use crate::wikitext::{EditError, Scan, scan};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Errs unless every box of the kind is still there with all its fields and
/// their values; only the marks in `touched`, by the box's template, may be
/// other ones. Of parameters that hold a section only watched ones are
/// compared as a whole, since the marks inside belong to the section.
pub(super) fn check(
    text: &str,
    page: &Scan,
    new: &str,
    tags: &HashSet<String>,
    def: &BoxDef,
    touched: &BTreeMap<usize, BTreeSet<String>>,
) -> Result<(), EditError> {
    let after = scan(new, tags)?;
    let (old_boxes, new_boxes) = (find(text, page, def), find(new, &after, def));
    let refuse = |found: Option<&Infobox>, why| {
        let start = found.map_or(0, |found| page.templates[found.template].span.start);
        let line = 1 + text[..start].matches('\n').count();
        EditError::Unsafe { line, why }
    };
    if old_boxes.len() != new_boxes.len() {
        return Err(refuse(None, "an infobox would appear or be lost"));
    }
    let none = BTreeSet::new();
    for (was, is) in old_boxes.iter().zip(&new_boxes) {
        let marks = touched.get(&was.template).unwrap_or(&none);
        let watched: BTreeSet<&str> = def.fields().collect();
        let names = was.fields.keys().chain(is.fields.keys()).collect::<BTreeSet<_>>();
        for name in names {
            let is_watched = watched.contains(name.as_str());
            let may_differ = marks.contains(name) || holds_section(page, was, name);
            if (is_watched || !may_differ) && was.value(name) != is.value(name) {
                return Err(refuse(Some(was), "the value of a field would change"));
            }
        }
    }
    Ok(())
}

fn holds_section(page: &Scan, found: &Infobox, field: &str) -> bool {
    let Some(field) = found.fields.get(field) else {
        return false;
    };
    let value = &page.templates[field.template].params[field.param].value;
    let start = |section: &usize| page.templates[*section].span.start;
    let first = found.sections.partition_point(|section| start(section) < value.start);
    found
        .sections
        .get(first)
        .is_some_and(|section| start(section) < value.end)
}
