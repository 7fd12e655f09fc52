//! The edit summary of marks, in CheMoBot's words, from what was really done.

use super::def::BoxDef;
use super::marks::{Did, MarkEdit};
use crate::text;

/// Most names of marks that are listed for one kind of edit.
const MAX_NAMES: usize = 5;

/// Longest name of a mark that is shown, in characters.
const NAME_CHARS: usize = 40;

/// `Updating {{Chembox}} (changed verified fields - added verified revid -
/// updated 'CASNo_Ref', 'UNII_Ref')`: what the edits did, and nothing else.
/// Of longer lists the first five names and how many more.
pub fn summary_words(def: &BoxDef, edits: &[MarkEdit]) -> String {
    let marks = &def.marks;
    let mut parts: Vec<String> = Vec::new();
    let of = |name: &str| {
        edits
            .iter()
            .filter(|edit| edit.name == name)
            .map(|edit| edit.did)
            .collect::<Vec<_>>()
    };
    let state = |is_state: fn(&Did) -> bool| {
        let verified = of(&marks.verifiedfields).iter().any(is_state);
        let watched = of(&marks.watchedfields).iter().any(is_state);
        match (verified, watched) {
            (true, true) => Some("verified and watched fields"),
            (true, false) => Some("verified fields"),
            (false, true) => Some("watched fields"),
            (false, false) => None,
        }
    };
    parts.extend(state(|did| *did != Did::Removed).map(|fields| format!("changed {fields}")));
    parts.extend(state(|did| *did == Did::Removed).map(|fields| format!("{fields} no longer marked as changed")));

    let kinds = [
        (Did::Added, "added"),
        (Did::Updated, "updated"),
        (Did::Removed, "removed"),
    ];
    for (did, word) in kinds {
        if of(&marks.verifiedrevid).contains(&did) {
            parts.push(format!("{word} verified revid"));
        }
    }
    for (did, word) in kinds {
        let mut names: Vec<String> = Vec::new();
        for edit in edits
            .iter()
            .filter(|edit| edit.did == did && marks.is_reference(&edit.name))
        {
            let name = format!("'{}'", shown(&edit.name));
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() {
            continue;
        }
        let more = names.len().saturating_sub(MAX_NAMES);
        names.truncate(MAX_NAMES);
        let rest = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        parts.push(format!("{word} {}{rest}", names.join(", ")));
    }
    format!("Updating {{{{{}}}}} ({})", text::summary(&def.name), parts.join(" - "))
}

fn shown(name: &str) -> String {
    let short: String = name.chars().take(NAME_CHARS).collect();
    let end = if short.len() < name.len() { "…" } else { "" };
    text::summary(&format!("{short}{end}"))
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;
