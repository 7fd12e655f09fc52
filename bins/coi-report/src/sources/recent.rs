//! The recent changes of one wiki, from its own checkpoint. A long stretch is cut into chunks, each with a position of
//! its own, so that a run that is killed repeats little.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::clock::Clock;
use shared::core::change::{Change, EditorKind, LogKind};
use shared::core::types::{RevId, Timestamp};
use shared::recent::{MARGIN, Position, overlap};
use shared::wiki::{Ask, Changes, Kind, PageRef, Session, changes, history};

use super::{Chunk, Seen};

/// Edits of one chunk.
const CHUNK: usize = 500;
/// Changes that are read at once.
const AT_ONCE: usize = 5_000;

/// Name of the checkpoint of a wiki, at most 255 bytes.
pub fn source(wiki: &str) -> String {
    let name = format!("recentchanges {wiki}");
    if name.len() <= 255 {
        return name;
    }
    format!("recentchanges {}", shared::core::intent::token("coi-report", wiki, ""))
}

/// What to ask a wiki for.
pub fn ask(clock: Clock, namespaces: &[i32], since: Timestamp) -> Ask<'_> {
    Ask {
        kinds: &[Kind::Edits, Kind::Moves],
        fill_gap: true,
        overlap: overlap(clock),
        margin: TimeDelta::from_std(clock.pause(MARGIN)).unwrap_or_default(),
        max: AT_ONCE,
        ..Ask::new(since, namespaces)
    }
}

/// Where a wiki stands that was never read: nothing before its present time is looked at.
pub async fn beginning(session: &Session, ask: &Ask<'_>) -> anyhow::Result<Position> {
    let now = changes(session, ask).await?.asked_at;
    let read = changes(
        session,
        &Ask {
            since: now,
            ..ask.clone()
        },
    )
    .await?;
    // What was done in this very second was there before.
    let before = read.items.iter().filter(|change| change.timestamp >= now);
    Ok(Position {
        until: now,
        start: now,
        handled: before.map(|change| (change.revid, change.timestamp)).collect(),
    })
}

/// What was read: chunks, each with the position behind it, and whether there is more at once.
pub struct Read {
    /// At least one.
    pub chunks: Vec<(Chunk, Position)>,
    /// Whether the source has more.
    pub has_more: bool,
}

/// Reads on from a position.
pub async fn read(session: &Session, ask: &Ask<'_>, position: &Position) -> anyhow::Result<Read> {
    let Changes {
        items,
        until,
        gap,
        has_more,
        ..
    } = changes(session, ask).await?;
    let edits = edits(session, ask.namespaces, items, position).await?;
    let mut handled = position.handled.clone();
    let count = edits.len().div_ceil(CHUNK).max(1);
    let mut edits = edits.into_iter();
    let mut chunks = Vec::with_capacity(count);
    for n in 1..=count {
        let some: Vec<Change> = edits.by_ref().take(CHUNK).collect();
        let reached = match some.last() {
            Some(last) if n < count => last.timestamp.max(position.until),
            _ => until,
        };
        handled.extend(some.iter().map(|edit| (edit.revid, edit.timestamp)));
        let kept: BTreeMap<RevId, Timestamp> = handled
            .iter()
            .filter(|(_, at)| **at >= reached - ask.overlap)
            .map(|(revid, at)| (*revid, *at))
            .collect();
        let next = Position {
            until: reached,
            start: position.start,
            handled: kept,
        };
        let chunk = Chunk {
            seen: some.len() as u64,
            edits: some
                .into_iter()
                .filter_map(|change| to_be_judged(session, change))
                .collect(),
            gap: gap.filter(|_| n == 1),
        };
        chunks.push((chunk, next));
    }
    // Where nothing but more of the same second came, reading again would bring it again.
    let has_more = has_more && until > position.until;
    Ok(Read { chunks, has_more })
}

/// Imported revisions are other wikis' edits; the bot does not judge itself.
fn to_be_judged(session: &Session, change: Change) -> Option<Seen> {
    let is_own = change.user.as_deref() == Some(session.account());
    let is_foreign = change.editor == EditorKind::Foreign;
    (!is_own && !is_foreign).then_some(Seen {
        change,
        links: None,
        who: None,
        wants_texts: true,
    })
}

/// Edits in the watched namespaces that were not handled, oldest first; moves into them as new pages.
async fn edits(
    session: &Session,
    namespaces: &[i32],
    changes: Vec<Change>,
    position: &Position,
) -> anyhow::Result<Vec<Change>> {
    let is_watched = |ns: i32| namespaces.is_empty() || namespaces.contains(&ns);
    let is_new = |change: &Change| {
        change.revid.0 != 0
            && change.page_id.0 != 0
            && change.timestamp >= position.start
            && !position.handled.contains_key(&change.revid)
    };
    let mut edits = Vec::new();
    for change in changes.into_iter().filter(is_new) {
        match &change.log {
            None if is_watched(change.ns) => edits.push(change),
            Some(log) if log.kind == LogKind::Move && !is_watched(change.ns) => {
                let Some(target) = log.target.clone().filter(|target| is_watched(target.ns)) else {
                    continue;
                };
                let first = history(session, PageRef::Id(change.page_id), None, 1).await?.pop();
                edits.extend(first.map(|first| Change {
                    ns: target.ns,
                    title: target.title,
                    user: first.user,
                    user_id: first.user_id,
                    editor: first.editor,
                    tags: Vec::new(),
                    is_new: true,
                    log: None,
                    ..change
                }));
            }
            _ => {}
        }
    }
    Ok(edits)
}
