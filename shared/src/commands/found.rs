//! Which lines of a revision are new on the page, and whose they are. Pure.

use std::collections::HashSet;

use super::position::{MOST_OF_PAGE, Position};
use super::{Person, Request};
use crate::core::change::Revision;
use crate::core::command_lines::lines;
use crate::core::types::{RevId, Timestamp};
use crate::newly;
pub(super) use crate::newly::Whose;

/// A line that begins with the word of a command and stands on the page for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Hash of the line.
    pub hash: String,
    /// The line without the bullet.
    pub line: String,
    /// The first revision it stands in.
    pub revid: RevId,
    /// When that was saved.
    pub at: Timestamp,
    /// Whose it is.
    pub whose: Whose,
}

impl Found {
    /// As a request of this person.
    pub fn request(&self, by: Person) -> Request {
        Request {
            line: self.line.clone(),
            by,
            revid: self.revid,
            at: self.at,
        }
    }
}

/// What else decides whose the lines of a revision are.
pub(super) struct Around<'a> {
    /// The bot's user name.
    pub account: &'a str,
    /// The wiki's extension tags.
    pub tags: &'a HashSet<String>,
    /// First words of commands, in lower case.
    pub words: &'a [&'a str],
}

/// Takes a revision into account, the next after those that `position` knows. Gives the lines that are new in it, in
/// their order.
pub(super) fn take(position: &mut Position, revision: &Revision, around: &Around<'_>) -> Vec<Found> {
    position.revid = Some(revision.revid);
    let text = revision.text.as_ref().filter(|_| revision.model == "wikitext");
    let text = text.filter(|text| text.lines().nth(MOST_OF_PAGE).is_none());
    let Some(text) = text else {
        position.after_hidden = true;
        return Vec::new();
    };
    let whose = newly::whose(
        revision,
        position.is_old(revision.revid),
        position.after_hidden,
        around.account,
    );
    position.after_hidden = false;
    let mut found = Vec::new();
    for line in lines(text, around.tags) {
        let is_new = position.known.insert(line.hash.clone());
        let first = line.text.split_whitespace().next().unwrap_or_default().to_lowercase();
        if is_new && around.words.contains(&first.as_str()) {
            found.push(Found {
                hash: line.hash,
                line: line.text,
                revid: revision.revid,
                at: revision.timestamp,
                whose: whose.clone(),
            });
        }
    }
    found
}
