//! Changes and revisions as one wiki tells of them: plain values, without a word of its API.
//!
//! What the wiki hides (a name, a summary, a text) is `None` here, also for an account that may see it: what nobody
//! else can read must not reach a page or a log through a bot.
//! <https://www.mediawiki.org/wiki/Manual:RevisionDelete>

use crate::types::{PageId, RevId, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What kind of name stands beside a change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EditorKind {
    /// An account that somebody made.
    Named,
    /// An account that the wiki made for somebody who was not logged in. It has an id, and an end.
    /// <https://www.mediawiki.org/wiki/Trust_and_Safety_Product/Temporary_Accounts>
    Temporary,
    /// An IP address, as in every history from before temporary accounts.
    Ip,
    /// A name without an account here: imported from another wiki (`de>Example`), or older than the accounts.
    Foreign,
    /// The wiki hides the name.
    Hidden,
}

impl EditorKind {
    /// The kind of a name that is shown. `temp` is what the wiki said; names such as `~2026-12345-67` are temporary
    /// without it too, since no account can be made with one.
    pub fn of(name: &str, id: UserId, temp: bool) -> Self {
        if temp || is_temporary_name(name) {
            Self::Temporary
        } else if id.0 > 0 {
            Self::Named
        } else if is_ip(name) {
            Self::Ip
        } else {
            Self::Foreign
        }
    }
}

/// `~2` and three digits of a year, then digits grouped by hyphens.
/// <https://www.mediawiki.org/wiki/Manual:$wgAutoCreateTempUser>
fn is_temporary_name(name: &str) -> bool {
    let Some((year, rest)) = name.strip_prefix('~').and_then(|name| name.split_once('-')) else {
        return false;
    };
    year.len() == 4
        && year.starts_with('2')
        && year.bytes().all(|byte| byte.is_ascii_digit())
        && rest.starts_with(|c: char| c.is_ascii_digit())
        && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// The oldest histories hold addresses without their last number: `192.0.2.xxx`.
fn is_ip(name: &str) -> bool {
    let whole = name.strip_suffix(".xxx").map(|start| format!("{start}.0"));
    whole.as_deref().unwrap_or(name).parse::<IpAddr>().is_ok()
}

/// One edit, new page, move or deletion.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Its number among the recent changes; `None` where it was read from a log or from the histories.
    pub rcid: Option<u64>,
    /// The revision that it made: of a move, the one in the page's history that tells of it. 0: none.
    pub revid: RevId,
    /// The revision before; 0 for the first one and where `log` is given.
    pub parent: RevId,
    /// The page; of a move, the page that was moved. 0 where it is not known (any more).
    pub page_id: PageId,
    /// Namespace of `title`.
    pub ns: i32,
    /// Title as the wiki writes it; of a move, the old one.
    pub title: String,
    /// Who; `None` where the name is hidden.
    pub user: Option<String>,
    /// Id of the account; 0 without one.
    pub user_id: UserId,
    /// What kind of name `user` is.
    pub editor: EditorKind,
    /// Marked as a bot's change. Only recent changes know it: `false` where `rcid` is `None`.
    pub bot: bool,
    /// Marked as minor.
    pub minor: bool,
    /// When, by the wiki's clock, in seconds.
    pub timestamp: Timestamp,
    /// Tags such as `mw-rollback`, `mw-undo`, `mw-manual-revert`, `mw-reverted`, as they were when this was read.
    /// <https://www.mediawiki.org/wiki/Help:Tags>
    pub tags: Vec<String>,
    /// Hash of the text, 40 hexadecimal digits; `None` where it is hidden, or where the page is gone.
    pub sha1: Option<String>,
    /// Edit summary or reason, as wikitext; `None` where it is hidden.
    pub comment: Option<String>,
    /// Bytes before; `None` where that is not known.
    pub old_len: Option<u64>,
    /// Bytes after; `None` where that is not known.
    pub new_len: Option<u64>,
    /// The first revision of a page.
    pub is_new: bool,
    /// Given for what is no edit.
    pub log: Option<Log>,
}

/// What a log says of a change that is no edit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Log {
    /// Number of the log entry.
    pub id: u64,
    /// Which log.
    pub kind: LogKind,
    /// What was done, in the log's own word: `move`, `move_redir`, `delete`, `restore`, `revision`, …
    pub action: String,
    /// Where a page was moved to.
    pub target: Option<Target>,
}

/// The logs that a [`Change`] can come from.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogKind {
    /// A page got another title.
    Move,
    /// A page was deleted or restored, or parts of a history were hidden or shown: see [`Log::action`].
    Delete,
}

/// The new place of a moved page.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Target {
    /// Its namespace.
    pub ns: i32,
    /// Its title as the wiki writes it.
    pub title: String,
    /// Whether a redirect stayed behind.
    pub left_redirect: bool,
}

/// One revision of a page that exists.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Revision {
    /// Its id.
    pub revid: RevId,
    /// The revision before it; 0 for the first one.
    pub parent: RevId,
    /// The page it belongs to now.
    pub page_id: PageId,
    /// Namespace of the page now.
    pub ns: i32,
    /// Title of the page now.
    pub title: String,
    /// Author; `None` where the name is hidden.
    pub user: Option<String>,
    /// Id of the author's account; 0 without one.
    pub user_id: UserId,
    /// What kind of name `user` is.
    pub editor: EditorKind,
    /// When the wiki saved it.
    pub timestamp: Timestamp,
    /// Marked as minor.
    pub minor: bool,
    /// Tags, as they were when this was read.
    pub tags: Vec<String>,
    /// Edit summary as wikitext; `None` where it is hidden.
    pub comment: Option<String>,
    /// Hash of the text, 40 hexadecimal digits; `None` where it is hidden.
    pub sha1: Option<String>,
    /// Bytes of the text.
    pub size: u64,
    /// Content model of the main slot: `wikitext`, `json`, … Empty where it is hidden or lost.
    pub model: String,
    /// Text of the main slot; `None` where it is hidden, lost in the wiki's storage, or was not asked for.
    pub text: Option<String>,
    /// Whether the wiki hides the text.
    pub text_hidden: bool,
}

impl Revision {
    /// Whether the wiki hides the author.
    pub fn user_hidden(&self) -> bool {
        self.editor == EditorKind::Hidden
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_the_right_kind() {
        use EditorKind::*;
        for (name, id, temp, kind) in [
            ("Alice", 7, false, Named),
            ("~2026-12345-67", 8, true, Temporary),
            ("~2026-12345-67", 8, false, Temporary),
            ("~2026-1", 8, false, Temporary),
            // Another wiki's pattern: only the wiki's own word tells.
            ("*Unregistered 12", 8, true, Temporary),
            ("~2026-", 8, false, Named),
            ("~2026-x", 8, false, Named),
            ("~1999-12", 8, false, Named),
            ("~20260-1", 8, false, Named),
            ("192.0.2.1", 0, false, Ip),
            ("2001:DB8:0:0:0:0:0:1", 0, false, Ip),
            ("192.0.2.xxx", 0, false, Ip),
            // Usable as an account's name once it has an id.
            ("192.0.2.xxx", 5, false, Named),
            ("de>Alice", 0, false, Foreign),
            ("Old user without account", 0, false, Foreign),
            ("192.0.2.0/24", 0, false, Foreign),
        ] {
            assert_eq!(EditorKind::of(name, UserId(id), temp), kind, "{name} {id} {temp}");
        }
    }
}
