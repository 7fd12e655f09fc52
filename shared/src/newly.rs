//! What is new on a wiki page, and whose it is: for jobs that take up what people write on pages. Something counts once,
//! for the author of the first revision in which it stands; reverts, imports and moves bring back what was written
//! before and count for nobody. Which things are looked for on a page is the caller's matter.
//! <https://www.mediawiki.org/wiki/Help:Tags>

mod standing;

use serde::{Deserialize, Serialize};

use crate::core::change::{EditorKind, Revision};
use crate::core::site::Title;
use crate::core::types::{PageId, RevId, Timestamp};
use crate::page::timestamp;
use crate::wiki::{Error, Phase, Session};

pub use standing::Standing;

/// Tags of edits that bring back what stood there before.
const BRINGS_BACK: [&str; 3] = ["mw-rollback", "mw-undo", "mw-manual-revert"];

/// Somebody with an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name, as the wiki showed it beside the edit.
    pub name: String,
    /// Id of the account.
    pub id: u64,
}

/// Whose it is what an edit brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// That of somebody with an account.
    Person(Person),
    /// That of an address or a temporary account.
    Guest(String),
    /// Nobody's, and why.
    Nobody(&'static str),
}

/// Whose it is what is new in a revision. `is_old`: it was there before the job looked; `after_hidden`: a revision
/// before it cannot be read, so what is new in it may be from that one; `account`: the bot's user name.
pub fn whose(revision: &Revision, is_old: bool, after_hidden: bool, account: &str) -> Whose {
    if is_old {
        return Whose::Nobody("it stood there before the job looked");
    }
    if after_hidden {
        return Whose::Nobody("a revision before cannot be read");
    }
    if revision.tags.iter().any(|tag| BRINGS_BACK.contains(&tag.as_str())) {
        return Whose::Nobody("the edit takes others back");
    }
    match (&revision.user, revision.editor) {
        (Some(name), _) if name == account => Whose::Nobody("the bot wrote it"),
        (Some(name), EditorKind::Named) => Whose::Person(Person {
            name: name.clone(),
            id: revision.user_id.0,
        }),
        (Some(name), EditorKind::Temporary | EditorKind::Ip) => Whose::Guest(name.clone()),
        _ => Whose::Nobody("its author is hidden, or no user of this wiki"),
    }
}

/// A page as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// `None`: there is no such page.
    pub page_id: Option<PageId>,
    /// Its newest revision; 0 where there is no page.
    pub revid: RevId,
    /// Whether it is a redirect.
    pub is_redirect: bool,
    /// The wiki's time of this look.
    pub at: Timestamp,
}

/// Looks at a page. One request; errs as [`Session::get`] does.
pub async fn look(session: &Session, page: &Title) -> Result<Now, Error> {
    session.count_as(Phase::Fixed);
    let title = session.site().prefixed(page);
    let answer = session.get(&[("titles", &title), ("prop", "info")]).await?;
    let found = &answer["query"]["pages"][0];
    let at = answer["curtimestamp"].as_str().and_then(timestamp);
    Ok(Now {
        page_id: found["pageid"]
            .as_u64()
            .map(PageId)
            .filter(|_| found["missing"] != true),
        revid: RevId(found["lastrevid"].as_u64().unwrap_or(0)),
        is_redirect: found["redirect"] == true,
        at: at.ok_or_else(|| Error::BadReply("no curtimestamp".to_owned()))?,
    })
}

/// Whether the page was made under its title since that moment. One that was moved there has a revision of the move,
/// which changes nothing of the text. One request; errs as [`Session::get`] does.
pub async fn made_since(session: &Session, page_id: PageId, since: Option<Timestamp>) -> Result<bool, Error> {
    let answer = session
        .get(&[
            ("pageids", &page_id.to_string()),
            ("prop", "revisions"),
            ("rvprop", "ids|sha1|timestamp"),
            ("rvdir", "newer"),
            ("rvlimit", "50"),
        ])
        .await?;
    let revisions = answer["query"]["pages"][0]["revisions"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let first = revisions
        .first()
        .and_then(|first| first["timestamp"].as_str())
        .and_then(timestamp);
    let is_later = first.zip(since).is_some_and(|(first, since)| first >= since);
    let is_same = |pair: &[serde_json::Value]| pair[0]["sha1"] == pair[1]["sha1"];
    Ok(is_later && answer.get("continue").is_none() && !revisions.windows(2).any(is_same))
}

/// Whether revisions of this page were imported or restored since the last look; before the first one it does not matter.
/// Errs as [`Session::get`] does.
pub async fn is_restored(session: &Session, page: &Title, since: Option<Timestamp>) -> Result<bool, Error> {
    let Some(since) = since else { return Ok(false) };
    session.count_as(Phase::Safety);
    let (title, end) = (
        session.site().prefixed(page),
        since.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
    );
    let asked = [
        ("list", "logevents"),
        ("letitle", title.as_str()),
        ("leend", end.as_str()),
        ("leprop", "type|timestamp"),
        ("lelimit", "max"),
    ];
    let events = session.list(&asked, "logevents").await?;
    Ok(events.iter().any(|event| {
        let brings = ["import", "merge"].iter().any(|kind| event["type"] == *kind) || event["action"] == "restore";
        brings
            && event["timestamp"]
                .as_str()
                .and_then(timestamp)
                // In the same second it may have come after the look: then rather nothing is carried out.
                .is_some_and(|at| at >= since)
    }))
}
