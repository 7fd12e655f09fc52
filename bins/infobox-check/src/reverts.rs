//! Which recorded changes an edit took back: followed by the values themselves, since the wiki's tag on reverted edits
//! comes late, or, where recent changes are patrolled, not at all.
//! <https://www.mediawiki.org/wiki/Manual:Reverts>

use std::collections::BTreeSet;

use shared::core::types::RevId;
use shared::db::field_change::{Kind, NewChange};

/// Tags of edits that take others back.
const TAGS: [&str; 3] = ["mw-rollback", "mw-undo", "mw-manual-revert"];

/// Whether an edit with these tags takes others back.
pub fn is_revert(tags: &[String]) -> bool {
    tags.iter().any(|tag| TAGS.contains(&tag.as_str()))
}

/// The edits that a reverting edit took back. `made`: what it changed; `earlier`: the changes of the page before it,
/// newest first. Of a field they are those that lead, one after the other, from the value that was put back to the one
/// that was taken away.
pub fn reverted(made: &[&NewChange], earlier: &[&NewChange]) -> BTreeSet<RevId> {
    let mut found = BTreeSet::new();
    for change in made {
        let (wanted, mut at) = (state(change, false), state(change, true));
        let same = |other: &&&NewChange| {
            (other.box_name.as_str(), other.ordinal, other.field.as_str())
                == (change.box_name.as_str(), change.ordinal, change.field.as_str())
                && other.kind != Kind::Formatting
        };
        let mut chain = Vec::new();
        for other in earlier.iter().filter(same) {
            if at == wanted || state(other, false) != at {
                break;
            }
            chain.push(other.revid);
            at = state(other, true);
        }
        if at == wanted {
            found.extend(chain);
        }
    }
    found
}

/// What stood there before or after a change; a box is there or not.
fn state(change: &NewChange, before: bool) -> Option<&str> {
    let is_there = |there: bool| there.then_some("");
    match change.kind {
        Kind::BoxAdded => is_there(!before),
        Kind::BoxRemoved => is_there(before),
        _ => {
            let value = if before { &change.old } else { &change.new };
            value.as_deref().map(str::trim).filter(|value| !value.is_empty())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::core::types::PageId;
    use shared::db::field_change::{Rule, State};

    fn change(revid: u64, old: &str, new: &str) -> NewChange {
        NewChange {
            log_page: String::new(),
            box_name: "Chembox".to_owned(),
            page_id: PageId(1),
            title: String::new(),
            revid: RevId(revid),
            parent: None,
            user: None,
            ts: chrono::DateTime::UNIX_EPOCH,
            rule: Rule::Field,
            ordinal: 0,
            field: "CASNo".to_owned(),
            kind: Kind::Changed,
            state: State::Changed,
            is_verified: true,
            old: Some(old.to_owned()),
            new: Some(new.to_owned()),
            verified: None,
            verified_revid: None,
            check: None,
            to_log: true,
        }
    }

    #[test]
    fn every_edit_between_is_taken_back_and_no_other() {
        let [first, second, third] = [change(1, "x", "a"), change(2, "a", "b"), change(3, "b", "c")];
        let back = change(4, "c", "a");
        let found = reverted(&[&back], &[&third, &second, &first]);
        assert_eq!(found, BTreeSet::from([RevId(2), RevId(3)]));
        // Not the way the value came: nothing is guessed.
        assert!(reverted(&[&change(4, "c", "z")], &[&third, &second, &first]).is_empty());
        assert!(reverted(&[&change(4, "q", "a")], &[&third, &second, &first]).is_empty());
    }

    #[test]
    fn a_box_that_comes_back() {
        let mut gone = change(1, "", "");
        gone.kind = Kind::BoxRemoved;
        let mut back = change(2, "", "");
        back.kind = Kind::BoxAdded;
        assert_eq!(reverted(&[&back], &[&gone]), BTreeSet::from([RevId(1)]));
        assert!(reverted(&[&gone], &[&gone]).is_empty());
    }
}
