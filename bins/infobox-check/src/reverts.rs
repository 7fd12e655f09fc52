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
/// that was taken away. An edit of which only a part was taken back does not count.
pub fn reverted(made: &[&NewChange], earlier: &[&NewChange]) -> BTreeSet<RevId> {
    let mut found: BTreeSet<(RevId, &str, u32, &str)> = BTreeSet::new();
    for change in made {
        let (wanted, mut at) = (state(change, false), state(change, true));
        let (_, box_name, ordinal, field) = name(change);
        let same = |other: &&&NewChange| {
            let (_, other_box, other_ordinal, other_field) = name(other);
            (other_box, other_ordinal, other_field) == (box_name, ordinal, field) && other.kind != Kind::Formatting
        };
        let mut chain = Vec::new();
        for other in earlier.iter().filter(same) {
            if at == wanted || state(other, false) != at {
                break;
            }
            chain.push(name(other));
            at = state(other, true);
        }
        if at == wanted {
            found.extend(chain);
        }
    }
    let counts = |change: &NewChange| !matches!(change.kind, Kind::Formatting | Kind::Edit);
    let is_left = |change: &&&NewChange| counts(change) && !found.contains(&name(change));
    let left: BTreeSet<RevId> = earlier.iter().filter(is_left).map(|change| change.revid).collect();
    found
        .iter()
        .map(|(revid, ..)| *revid)
        .filter(|revid| !left.contains(revid))
        .collect()
}

/// What makes a change one of its edit.
fn name(change: &NewChange) -> (RevId, &str, u32, &str) {
    (change.revid, &change.box_name, change.ordinal, &change.field)
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
    fn half_an_edit_taken_back_is_not_the_edit() {
        let first = change(2, "a", "b");
        let mut other = change(2, "x", "y");
        other.field = "UNII".to_owned();
        let back = change(3, "b", "a");
        assert!(reverted(&[&back], &[&first, &other]).is_empty());
        let mut other_back = change(3, "y", "x");
        other_back.field = "UNII".to_owned();
        assert_eq!(
            reverted(&[&back, &other_back], &[&first, &other]),
            BTreeSet::from([RevId(2)])
        );
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
