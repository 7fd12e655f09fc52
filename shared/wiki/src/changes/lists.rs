//! Reading lists that are sorted by time, several at once, until all of them have passed the end.
//!
//! One query can hold two lists, which are continued side by side: complete is what lies before the end of the one
//! that is behind.

use super::{Ask, said_at};
use crate::error::Error;
use crate::read;
use crate::revisions::read_revision;
use crate::session::Session;
use chrono::TimeDelta;
use serde_json::Value;
use wikicrew_core::change::{Change, Log, LogKind, Target};
use wikicrew_core::types::{PageId, RevId, Timestamp};

/// Lists that changes are read from, oldest first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    /// `recentchanges`; moves are left out, which `LogEvents` has.
    RecentChanges,
    /// `logevents`.
    LogEvents,
    /// `allrevisions`: sorted by time, but grouped by page within an answer.
    AllRevisions,
}

/// Where reading ends.
pub(super) enum End {
    /// Before the wiki's present time, as far as [`Ask::margin`] and the lag of its databases say.
    Margin,
    /// At this moment.
    At(Timestamp),
}

/// Changes of some lists.
pub(super) struct Part {
    /// Those that are wanted.
    pub items: Vec<Change>,
    /// All changes up to here are among them.
    pub until: Timestamp,
    /// The wiki's time when it was asked first.
    pub asked_at: Timestamp,
    /// Time of the first entry of the first list, wanted or not.
    pub first: Option<Timestamp>,
    /// Whether reading ended because there was too much.
    pub is_cut: bool,
}

impl Part {
    pub fn empty(at: Timestamp) -> Self {
        Self {
            items: Vec::new(),
            until: at,
            asked_at: at,
            first: None,
            is_cut: false,
        }
    }
}

/// One entry of a list: its time, and what it says where that is of use.
struct Entry {
    time: Timestamp,
    change: Option<Change>,
}

/// Reads `lists`, which `params` ask for.
pub(super) async fn read_lists(
    session: &Session,
    params: &[(&str, &str)],
    lists: &[List],
    ask: &Ask<'_>,
    end: End,
) -> Result<Part, Error> {
    let mut answers = session.continued(params);
    let mut part: Option<Part> = None;
    // How far each list has been read, and whether that is to its end.
    let mut reached: Vec<(Option<Timestamp>, bool)> = vec![(None, false); lists.len()];
    let mut held = 0;
    while let Some(answer) = answers.next_answer().await? {
        let part = match &mut part {
            Some(part) => part,
            None => {
                let asked_at = said_at(&answer)?;
                let end = match end {
                    End::Margin => asked_at - ask.margin - lag(&answer["query"]),
                    End::At(end) => end,
                };
                part.insert(Part {
                    asked_at,
                    ..Part::empty(end)
                })
            }
        };
        for (list, (reached, is_done)) in lists.iter().zip(&mut reached) {
            // Once past the end, a list goes on only because another one does.
            let entries = list.entries(&answer["query"])?;
            *is_done |= !answers.goes_on(list.continuation());
            for entry in entries {
                if *list == lists[0] {
                    part.first.get_or_insert(entry.time);
                }
                *reached = (*reached).max(Some(entry.time));
                *is_done |= entry.time > part.until;
                if let Some(change) = entry.change.filter(|_| entry.time <= part.until)
                    && ask.takes(&change)
                {
                    held += usize::from(entry.time > ask.since);
                    part.items.push(change);
                }
            }
        }
        if reached.iter().all(|(_, is_done)| *is_done) {
            break;
        }
        if held > ask.max {
            let behind = reached.iter().filter(|(_, is_done)| !is_done);
            // The second in which reading ended may hold more. A list of which nothing came yet reaches nowhere.
            let second = TimeDelta::seconds(1);
            let until = behind
                .map(|(time, _)| time.map_or(ask.since, |time| time - second))
                .min();
            part.until = until.unwrap_or(part.until);
            part.is_cut = true;
            break;
        }
    }
    let mut part = part.ok_or_else(|| Error::BadReply("no answer to a list".to_owned()))?;
    let until = part.until;
    part.items.retain(|change| change.timestamp <= until);
    Ok(part)
}

/// The largest lag that the wiki tells of; -1 stands for a wiki without replicas.
/// <https://www.mediawiki.org/wiki/API:Siteinfo>
fn lag(query: &Value) -> TimeDelta {
    let lags = read::list(&query["dbrepllag"]).iter();
    let seconds = lags.filter_map(|host| host["lag"].as_f64()).fold(0.0, f64::max);
    // A day of lag is no lag that could be waited for.
    TimeDelta::seconds(seconds.min(86_400.0).ceil() as i64)
}

impl List {
    fn key(self) -> &'static str {
        match self {
            Self::RecentChanges => "recentchanges",
            Self::LogEvents => "logevents",
            Self::AllRevisions => "allrevisions",
        }
    }

    /// What a continuation names when the list is not at its end.
    fn continuation(self) -> &'static str {
        match self {
            Self::RecentChanges => "rccontinue",
            Self::LogEvents => "lecontinue",
            Self::AllRevisions => "arvcontinue",
        }
    }

    /// The entries of one answer; none where the list came to its end before.
    fn entries(self, query: &Value) -> Result<Vec<Entry>, Error> {
        let list = read::list(&query[self.key()]);
        let read = match self {
            Self::RecentChanges => read_recent,
            Self::LogEvents => read_logged,
            Self::AllRevisions => {
                let mut entries = Vec::new();
                for page in list {
                    for revision in read::list(&page["revisions"]) {
                        entries.push(read_from_history(revision, page)?);
                    }
                }
                return Ok(entries);
            }
        };
        list.iter().map(read).collect()
    }
}

fn read_recent(entry: &Value) -> Result<Entry, Error> {
    let time = read::timestamp(entry, "a change")?;
    let nothing = Ok(Entry { time, change: None });
    let Some((ns, title)) = read::title(entry) else {
        return nothing;
    };
    let log = match entry["type"].as_str() {
        Some("edit" | "new") => None,
        // Other logs are of no interest, and moves come from their own.
        Some("log") if entry["logtype"] == "delete" && entry["actionhidden"] != true => Some(Log {
            id: read::number(entry, "logid"),
            kind: LogKind::Delete,
            action: read::text(entry, "logaction").unwrap_or_default(),
            target: None,
        }),
        _ => return nothing,
    };
    let is_edit = log.is_none();
    let editor = read::editor(entry);
    let change = Change {
        rcid: entry["rcid"].as_u64(),
        revid: read::revid(entry, "revid"),
        parent: read::revid(entry, "old_revid"),
        page_id: read::page_id(entry),
        ns,
        title,
        user: editor.user,
        user_id: editor.user_id,
        editor: editor.kind,
        bot: entry["bot"] == true,
        minor: entry["minor"] == true,
        timestamp: time,
        tags: read::tags(entry),
        sha1: read::sha1(entry).filter(|_| is_edit),
        comment: read::comment(entry),
        old_len: entry["oldlen"].as_u64().filter(|_| is_edit),
        new_len: entry["newlen"].as_u64().filter(|_| is_edit),
        is_new: entry["type"] == "new",
        log,
    };
    Ok(Entry {
        time,
        change: Some(change),
    })
}

/// An entry of the log of moves or deletions.
fn read_logged(entry: &Value) -> Result<Entry, Error> {
    let time = read::timestamp(entry, "a log entry")?;
    let kind = match entry["type"].as_str() {
        Some("move") => Some(LogKind::Move),
        Some("delete") => Some(LogKind::Delete),
        _ => None,
    };
    let (Some(kind), Some((ns, title))) = (kind.filter(|_| entry["actionhidden"] != true), read::title(entry)) else {
        return Ok(Entry { time, change: None });
    };
    let params = &entry["params"];
    let to = params["target_ns"].as_i64().and_then(|ns| i32::try_from(ns).ok());
    let target = to.zip(read::text(params, "target_title")).map(|(ns, title)| Target {
        ns,
        title,
        left_redirect: params["suppressredirect"] != true,
    });
    let editor = read::editor(entry);
    let change = Change {
        rcid: None,
        revid: read::revid(entry, "revid"),
        parent: RevId(0),
        // `pageid` is the page that has the title now: of a moved page, the redirect left behind.
        page_id: PageId(read::number(entry, "logpage")),
        ns,
        title,
        user: editor.user,
        user_id: editor.user_id,
        editor: editor.kind,
        bot: false,
        minor: false,
        timestamp: time,
        tags: read::tags(entry),
        sha1: None,
        comment: read::comment(entry),
        old_len: None,
        new_len: None,
        is_new: false,
        log: Some(Log {
            id: read::number(entry, "logid"),
            kind,
            action: read::text(entry, "action").unwrap_or_default(),
            target,
        }),
    };
    Ok(Entry {
        time,
        change: Some(change),
    })
}

fn read_from_history(revision: &Value, page: &Value) -> Result<Entry, Error> {
    let revision = read_revision(revision.clone(), page)?;
    let change = Change {
        rcid: None,
        revid: revision.revid,
        parent: revision.parent,
        page_id: revision.page_id,
        ns: revision.ns,
        title: revision.title,
        user: revision.user,
        user_id: revision.user_id,
        editor: revision.editor,
        bot: false,
        minor: revision.minor,
        timestamp: revision.timestamp,
        tags: revision.tags,
        sha1: revision.sha1,
        comment: revision.comment,
        old_len: (revision.parent.0 == 0).then_some(0),
        new_len: Some(revision.size),
        is_new: revision.parent.0 == 0,
        log: None,
    };
    Ok(Entry {
        time: revision.timestamp,
        change: Some(change),
    })
}
