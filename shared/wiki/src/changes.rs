//! What happened on a wiki since a moment: edits, new pages, moves, deletions.
//!
//! Read from `recentchanges`, which a wiki keeps for some weeks only, and from the log of moves, since a move into a
//! watched namespace stands among the changes of the namespace that was left. What it cannot offer any more is a
//! [`Gap`]: always told, and filled from the histories (`list=allrevisions`) and logs on demand. Only the wiki's clock counts.
//! <https://www.mediawiki.org/wiki/API:RecentChanges>

use crate::error::Error;
use crate::read;
use crate::session::Session;
use chrono::TimeDelta;
use lists::{End, List, Part, read_lists};
use serde_json::Value;
use std::collections::HashSet;
use wikicrew_core::change::Change;
use wikicrew_core::types::Timestamp;

mod lists;

/// How far `since` must lie back before a quiet wiki is asked for its oldest change: no wiki drops them sooner.
const GAP_AGE: TimeDelta = TimeDelta::hours(1);

/// What is read of the recent changes.
const PROPS: &str = "ids|title|timestamp|user|userid|flags|tags|sizes|comment|loginfo|sha1";

/// Kinds of changes that can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// Edits and new pages.
    Edits,
    /// Moves from or to one of the namespaces.
    Moves,
    /// Deletions, undeletions, and what was hidden in histories.
    Deletions,
}

/// Which changes are wanted.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// Where the last reading ended: its [`Changes::until`].
    pub since: Timestamp,
    /// Namespaces; empty: all.
    pub namespaces: &'a [i32],
    /// Kinds.
    pub kinds: &'a [Kind],
    /// Whether a [`Gap`] is filled.
    pub fill_gap: bool,
    /// How far before `since` reading begins: changes may become visible in another order than their times say. Ten
    /// minutes. Who handles changes knows what was handled by its revision id (a deletion by [`Log::id`]).
    ///
    /// [`Log::id`]: wikicrew_core::change::Log::id
    pub overlap: TimeDelta,
    /// How far before the wiki's present reading ends, for the same reason; the lag of its databases is added. 30 s.
    pub margin: TimeDelta,
    /// Changes after `since` that are held at most, besides one more answer of the wiki: 50,000. When there are more,
    /// [`Changes::until`] is earlier.
    pub max: usize,
}

impl<'a> Ask<'a> {
    /// Edits, moves and deletions since then; a gap is told, not filled.
    pub fn new(since: Timestamp, namespaces: &'a [i32]) -> Self {
        Self {
            since,
            namespaces,
            kinds: &[Kind::Edits, Kind::Moves, Kind::Deletions],
            fill_gap: false,
            overlap: TimeDelta::minutes(10),
            margin: TimeDelta::seconds(30),
            max: 50_000,
        }
    }

    fn wants(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    fn has_namespace(&self, ns: i32) -> bool {
        self.namespaces.is_empty() || self.namespaces.contains(&ns)
    }

    /// Whether a change that a list brought is one of those that are wanted.
    fn takes(&self, change: &Change) -> bool {
        let target = change.log.as_ref().and_then(|log| log.target.as_ref());
        self.has_namespace(change.ns) || target.is_some_and(|target| self.has_namespace(target.ns))
    }
}

/// A stretch of time for which the wiki offers no recent changes (any more).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Gap {
    /// Its beginning: what was asked for.
    pub from: Timestamp,
    /// The oldest change that the wiki still offers.
    pub to: Timestamp,
    /// Whether the histories and logs of that time are among the changes. They do not hold pages deleted since, nor
    /// tell a bot's change from another one.
    pub filled: bool,
}

/// What was read.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The changes, oldest first, each once; those of [`Ask::overlap`] are the first ones.
    pub items: Vec<Change>,
    /// Everything up to here is complete: the next [`Ask::since`]. Never before this one's.
    pub until: Timestamp,
    /// The wiki's time when it was asked.
    pub asked_at: Timestamp,
    /// What could not be read from the recent changes.
    pub gap: Option<Gap>,
    /// Whether [`Ask::max`] was reached: more is there to be read at once.
    pub has_more: bool,
}

/// Reads all changes from [`Ask::overlap`] before `since` to [`Ask::margin`] before the wiki's present time. One
/// request for up to 500 changes (5,000 with `apihighlimits`), and one more where there seems to be a gap.
///
/// What is hidden is `None`; a log entry whose title is hidden, and changes made elsewhere (`external`, `categorize`), are
/// left out. Errs as [`Session::get`] does, and then nothing of it counts.
pub async fn changes(session: &Session, ask: &Ask<'_>) -> Result<Changes, Error> {
    let start = read::parameter(ask.since - ask.overlap);
    let namespaces = read::ids(ask.namespaces);
    let types = match (ask.wants(Kind::Edits), ask.wants(Kind::Deletions)) {
        (true, true) => "edit|new|log",
        (true, false) => "edit|new",
        // Changes of some kind are asked for, so that a gap shows.
        (false, _) => "log",
    };
    let mut params = vec![
        ("meta", "siteinfo"),
        ("siprop", "dbrepllag"),
        ("rcstart", start.as_str()),
        ("rcdir", "newer"),
        ("rctype", types),
        ("rcprop", PROPS),
        ("rclimit", "max"),
    ];
    if !namespaces.is_empty() {
        params.push(("rcnamespace", &namespaces));
    }
    let mut lists = vec![List::RecentChanges];
    if ask.wants(Kind::Moves) {
        lists.push(List::LogEvents);
        params.push(("list", "recentchanges|logevents"));
        params.extend([("letype", "move"), ("lestart", &start)]);
        params.extend(LOG_PARAMS);
    } else {
        params.push(("list", "recentchanges"));
    }
    let mut part = read_lists(session, &params, &lists, ask, End::Margin).await?;
    let mut changes = Changes {
        items: Vec::new(),
        until: part.until.max(ask.since),
        asked_at: part.asked_at,
        gap: find_gap(session, ask, &part).await?,
        has_more: part.is_cut,
    };
    if let Some(gap) = &mut changes.gap
        && ask.fill_gap
    {
        gap.filled = true;
        let filling = fill(session, ask, gap.to).await?;
        if filling.is_cut {
            changes.until = filling.until.max(ask.since);
            changes.has_more = true;
        }
        part.items.extend(filling.items);
    }
    part.items.retain(|change| change.timestamp <= changes.until);
    changes.items = in_order(part.items);
    Ok(changes)
}

/// What is read of a log, from the parameter `lestart` on.
const LOG_PARAMS: [(&str, &str); 3] = [
    ("leprop", "ids|title|type|user|userid|timestamp|comment|details|tags"),
    ("ledir", "newer"),
    ("lelimit", "max"),
];

/// Oldest first, each once. Of the same edit in two lists, the one that says more stays.
fn in_order(mut items: Vec<Change>) -> Vec<Change> {
    items.sort_by_key(|change| {
        let log = change.log.as_ref().map_or(0, |log| log.id);
        (change.timestamp, log, change.revid, change.rcid.is_none(), change.rcid)
    });
    let mut known = HashSet::new();
    items.retain(|change| match &change.log {
        Some(log) => known.insert((true, log.id)),
        None => known.insert((false, change.revid.0)),
    });
    items
}

/// A gap is there when the oldest change that the wiki offers is younger than `since`. That is asked only when the
/// first change is younger, and when so much time has passed that this is more than a quiet hour.
async fn find_gap(session: &Session, ask: &Ask<'_>, part: &Part) -> Result<Option<Gap>, Error> {
    let is_quiet = part.first.is_none_or(|first| first > ask.since);
    if !is_quiet || part.asked_at - ask.since <= GAP_AGE {
        return Ok(None);
    }
    // All namespaces and types: the oldest change of one namespace may be young on a wiki without a gap.
    let answer = session
        .get(&[
            ("list", "recentchanges"),
            ("rcdir", "newer"),
            ("rclimit", "1"),
            ("rcprop", "timestamp"),
        ])
        .await?;
    let oldest = match read::list(&answer["query"]["recentchanges"]).first() {
        Some(oldest) => read::timestamp(oldest, "a change")?,
        None => part.until,
    };
    Ok((oldest > ask.since).then_some(Gap {
        from: ask.since,
        to: oldest,
        filled: false,
    }))
}

/// What histories and logs say of the time up to `to`.
async fn fill(session: &Session, ask: &Ask<'_>, to: Timestamp) -> Result<Part, Error> {
    let start = read::parameter(ask.since - ask.overlap);
    let end = read::parameter(to);
    let namespaces = read::ids(ask.namespaces);
    let mut whole = Part::empty(to);
    let mut add = |part: Part| {
        whole.items.extend(part.items);
        whole.until = whole.until.min(part.until);
        whole.is_cut |= part.is_cut;
    };
    if ask.wants(Kind::Edits) {
        let mut params = vec![
            ("list", "allrevisions"),
            ("arvdir", "newer"),
            ("arvstart", &start),
            ("arvend", &end),
            ("arvprop", "ids|timestamp|user|userid|flags|comment|tags|sha1|size"),
            ("arvlimit", "max"),
        ];
        if !namespaces.is_empty() {
            params.push(("arvnamespace", &namespaces));
        }
        add(read_lists(session, &params, &[List::AllRevisions], ask, End::At(to)).await?);
    }
    for (kind, log) in [(Kind::Moves, "move"), (Kind::Deletions, "delete")] {
        if ask.wants(kind) {
            let mut params = vec![
                ("list", "logevents"),
                ("letype", log),
                ("lestart", &start),
                ("leend", &end),
            ];
            params.extend(LOG_PARAMS);
            add(read_lists(session, &params, &[List::LogEvents], ask, End::At(to)).await?);
        }
    }
    // What one list has beyond the end of another is read again.
    let until = whole.until;
    whole.items.retain(|change| change.timestamp <= until);
    Ok(whole)
}

/// The wiki's time, as every answer says it.
fn said_at(answer: &Value) -> Result<Timestamp, Error> {
    read::time(&answer["curtimestamp"]).ok_or_else(|| Error::BadReply("an answer without `curtimestamp`".to_owned()))
}
