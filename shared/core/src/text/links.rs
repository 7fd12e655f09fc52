//! Links to special pages: they notify nobody and need no page to exist.
//! <https://www.mediawiki.org/wiki/Help:Special_pages>

use super::{NAME_CHARS, Wikitext, shown, target, user};
use crate::types::RevId;

/// A user name as a link to what the user did on this wiki. Unlike a link to the user page it makes no mention.
pub fn contributions_link(name: &str) -> Wikitext {
    let name = name.replace('_', " ");
    if name.chars().count() > NAME_CHARS || name.contains(['#', '<', '>', '[', ']', '|', '{', '}']) {
        // An imported name may hold what no title can.
        return user(&name);
    }
    Wikitext(format!("[[Special:Contributions/{}|{}]]", target(&name), user(&name)))
}

/// A link to a revision as it was.
pub fn revision_link(rev: RevId, label: &str) -> Wikitext {
    let number = rev.to_string();
    Wikitext(format!(
        "[[Special:PermanentLink/{rev}|{}]]",
        shown(Some(label), &number)
    ))
}

/// A link to the differences between two revisions, whatever lies between them.
pub fn compare_link(old: RevId, new: RevId, label: &str) -> Wikitext {
    Wikitext(format!("[[Special:Diff/{old}/{new}|{}]]", shown(Some(label), "diff")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_names() {
        assert_eq!(
            contributions_link("Ann_Lee").as_str(),
            "[[Special:Contributions/Ann Lee|<bdi>Ann Lee</bdi>]]"
        );
        assert_eq!(
            contributions_link("imported>Ann]]").as_str(),
            "<bdi>imported&#62;Ann&#93;&#93;</bdi>"
        );
        assert!(!contributions_link("a'''b~~~~").as_str().contains("~~~~"));
        assert_eq!(
            compare_link(RevId(1), RevId(2), "compare").as_str(),
            "[[Special:Diff/1/2|compare]]"
        );
        assert_eq!(revision_link(RevId(7), "").as_str(), "[[Special:PermanentLink/7|7]]");
    }
}
