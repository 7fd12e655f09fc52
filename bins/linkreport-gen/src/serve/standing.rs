//! What stands on a report's page now: the status that people gave it, since when, and whether the bot's part is still
//! what the bot wrote. A status counts when an autoconfirmed user wrote it who is not on the report: else anybody could put
//! a report to rest with one edit, or those whom it is about.

use std::collections::BTreeSet;

use anyhow::Context as _;
use shared::core::report::{Page, Status, Subject, Words};
use shared::core::site::Title;
use shared::core::types::{RevId, Timestamp};
use shared::db::Db;
use shared::page::{PageState, Revision};
use shared::settings::users_with_right;
use shared::wiki::{Phase, Session};

use super::listed::listed;
use super::write::HELD;

/// Revisions that are looked at for who wrote the status.
const HISTORY: &str = "50";

/// A page as people left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether there is a page.
    pub is_there: bool,
    /// The status that counts; `None`: there is no page, or no status on it.
    pub status: Option<Status>,
    /// The word that stands there.
    pub said: Option<Status>,
    /// Since which edit it says so.
    pub since: Option<Timestamp>,
    /// Newest revision; 0: no page.
    pub revid: RevId,
    /// Digest of the bot's part as the bot last wrote it.
    pub ours: Option<[u8; 32]>,
    /// Whether the bot's part stands there as it wrote it.
    pub is_ours: bool,
}

/// What was known before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// The status.
    pub status: Option<Status>,
    /// Digest of the bot's part as it was last saved.
    pub digest: Option<[u8; 32]>,
}

/// Reads it of the report of `subject` from its page as it was asked for; the history is asked for only where something
/// differs from `before`. Errs when wiki or database do not answer.
pub async fn standing(
    session: &Session,
    (db, subject): (&Db, &Subject),
    page: &PageState,
    words: &Words<'_>,
    before: Before,
) -> anyhow::Result<Standing> {
    let text = page.text().filter(|text| !page.is_redirect && !text.trim().is_empty());
    let Some(text) = text else {
        return Ok(Standing {
            is_there: false,
            status: None,
            said: None,
            since: None,
            revid: page.revid().unwrap_or(RevId(0)),
            ours: None,
            is_ours: false,
        });
    };
    let said = status_of(text, words);
    let bot = match Page::read(text) {
        Page::Ours { bot, .. } => Some(Page::digest(bot)),
        _ => None,
    };
    let mut standing = Standing {
        is_there: true,
        status: said,
        said,
        since: None,
        revid: page.revid().unwrap_or(RevId(0)),
        ours: before.digest,
        is_ours: bot.is_some() && bot == before.digest,
    };
    if said == before.status && standing.is_ours {
        return Ok(standing);
    }
    session.count_as(Phase::Safety);
    let history = history(session, &page.title).await?;
    standing.ours = ours(&history, session.account()).or(before.digest.filter(|_| standing.is_ours));
    standing.is_ours |= bot.is_some() && bot == standing.ours;
    if said == before.status && before.status.is_some() {
        return Ok(standing);
    }
    let names: BTreeSet<&str> = history.iter().filter_map(|revision| revision.user.as_deref()).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| *name != session.account()).collect();
    let confirmed = users_with_right(session, &names, &["autoconfirmed"]).await?;
    let (wiki, people) = (
        session.wiki_id(),
        confirmed.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let on_it = db
        .read_if_there(async |db| listed(db, &wiki, subject, &people).await)
        .await?;
    let counts = |name: &str| {
        let is_other = || confirmed.iter().any(|known| known == name) && !on_it.contains(name);
        name == session.account() || is_other()
    };
    let word = word(&history, words, counts);
    standing.since = word.map(|(_, since)| since);
    standing.status = word.map(|(status, _)| status).or(before.status).or(said);
    Ok(standing)
}

/// The newest revisions, newest first.
async fn history(session: &Session, title: &str) -> anyhow::Result<Vec<Revision>> {
    let answer = session
        .get(&[
            ("titles", title),
            ("prop", "revisions"),
            ("rvprop", "ids|user|userid|timestamp|content|sha1|comment"),
            ("rvslots", "main"),
            ("rvlimit", HISTORY),
        ])
        .await
        .with_context(|| format!("reading the history of {title}"))?;
    let revisions = answer["query"]["pages"][0]["revisions"].as_array();
    Ok(revisions
        .map(|list| list.iter().filter_map(|one| Revision::from_json(one).ok()).collect())
        .unwrap_or_default())
}

/// The bot's part as the bot last wrote it: of its revisions the newest that changed that part. One that only says below
/// it that a person changed the part left it as that person did.
fn ours(history: &[Revision], account: &str) -> Option<[u8; 32]> {
    let part = |one: &Revision| match Page::read(one.text.as_deref()?) {
        Page::Ours { bot, .. } => Some(Page::digest(bot)),
        _ => None,
    };
    let parents = history.iter().skip(1).map(Some).chain([None]);
    let written = history.iter().zip(parents).filter(|(one, parent)| {
        let is_notice = || one.text.as_deref().is_some_and(|text| text.contains(HELD));
        one.user.as_deref() == Some(account) && parent.map_or_else(|| !is_notice(), |parent| part(parent) != part(one))
    });
    written.filter_map(|(one, _)| part(one)).next()
}

fn status_of(text: &str, words: &Words<'_>) -> Option<Status> {
    match Page::read(text) {
        Page::Ours { human, .. } => human.status(words),
        // Without a marker the whole page is people's.
        Page::NoMarker | Page::Doubled => shared::core::report::Human(text).status(words),
        Page::Empty => None,
    }
}

/// The status that counts, and the edit that brought it: of the revisions by people who count, newest first, each against
/// the one before it, the first that changed it. One of which the text before it is not known (it is hidden, or too long
/// ago) may have changed something else, and does not count.
fn word(history: &[Revision], words: &Words<'_>, counts: impl Fn(&str) -> bool) -> Option<(Status, Timestamp)> {
    // Of what is known: the status, or that there is none.
    let said = |one: &Revision| one.text.as_deref().map(|text| status_of(text, words));
    let parents = history.iter().skip(1).map(Some).chain([None]);
    for (one, parent) in history.iter().zip(parents) {
        let before = match parent {
            Some(parent) => said(parent),
            None if one.parent == RevId(0) => Some(None),
            None => None,
        };
        let (Some(Some(status)), Some(before)) = (said(one), before) else {
            continue;
        };
        if before != Some(status) && one.user.as_deref().is_some_and(&counts) {
            return Some((status, one.timestamp));
        }
    }
    None
}

/// The page of a title, with its newest text. Errs when the wiki does not answer.
pub async fn page(session: &Session, title: &Title) -> anyhow::Result<PageState> {
    let shown = session.site().prefixed(title);
    let answer = session
        .get(&[
            ("titles", &shown),
            ("prop", "info|revisions"),
            ("inprop", "protection"),
            ("rvprop", "ids|user|userid|timestamp|content|sha1|comment"),
            ("rvslots", "main"),
        ])
        .await
        .with_context(|| format!("reading {shown}"))?;
    PageState::from_json(&answer["query"]["pages"][0]).map_err(|why| anyhow::anyhow!("{shown}: {why}"))
}

#[cfg(test)]
#[path = "standing_tests.rs"]
mod tests;
