//! An edit as two streams tell of it, the place in the streams, and what bounds the waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared::core::addition::LinksChange;
use shared::core::change::{Change, EditorKind};
use shared::core::hit::UserFacts;
use shared::core::stream_event::{StreamChange, StreamLinks};
use shared::core::types::{RevId, Timestamp, UserId};
use shared::wiki::stream::Resume;

/// An edit as the streams tell of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamEdit {
    /// Key of the wiki, as `en.wikipedia.org/w`.
    pub wiki: String,
    /// What its database is called, as `enwiki`.
    pub dbname: String,
    /// Host of the wiki.
    pub domain: String,
    /// The edit. Page id and account id are known only where `links` are there, tags never.
    pub change: Change,
    /// What the stream of link changes said of it; `None`: nothing (yet).
    pub links: Option<LinksChange>,
    /// Whether that stream said all it has to say: without links the edit added none. Else only its texts can tell.
    pub knows_links: bool,
    /// What that stream said of the author.
    pub who: Option<UserFacts>,
    /// The edit was given before, without links, which came late.
    pub is_late: bool,
    /// A run before gave the edit: only its wiki, its revision and what the stream of links says are known, and not
    /// whether the links are those of its author.
    pub is_bare: bool,
}

/// Where to go on, as it is stored.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Position {
    /// Id of an event, opaque; empty while none is finished: then `at` alone counts.
    pub id: String,
    /// Time of that event, or of the first one that came.
    pub at: Option<Timestamp>,
    /// The last edits that were given without links, which may still come, by the names of databases.
    #[serde(default)]
    pub alone: BTreeMap<String, Alone>,
}

/// Edits of one wiki that were given without links.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Alone {
    /// Key of the wiki.
    pub wiki: String,
    /// The edits.
    pub revs: BTreeSet<RevId>,
}

impl Position {
    /// As the database keeps it.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::json!({"id": self.id, "at": self.at, "alone": self.alone})
            .to_string()
            .into_bytes()
    }

    /// Reads what the database keeps; `None` for what is no position.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// As the stream takes it.
    pub fn resume(&self) -> Resume {
        match (self.id.is_empty(), self.at) {
            (false, at) => Resume::After {
                id: self.id.clone(),
                at,
            },
            (true, Some(at)) => Resume::Since(at),
            (true, None) => Resume::Latest,
        }
    }
}

/// How long and how much is held back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    /// An edit is given without links when the stream of links is so far past it, or so much time has passed since it
    /// came.
    pub window: Duration,
    /// The same where its own stream is so far past it: the other may have ended, or be far behind in a backlog.
    pub longest: Duration,
    /// Halves of edits that wait at most; then the oldest waits no longer.
    pub waiting: usize,
    /// Edits, and links without an edit, that are remembered, to know what is repeated and what comes late.
    pub remembered: usize,
}

impl Bounds {
    /// For a run that listens so long: links come some seconds after the edit, and a short run must finish something.
    pub fn for_run(listens: Duration) -> Self {
        let window = (listens / 4).clamp(Duration::from_secs(1), Duration::from_secs(120));
        Self {
            window,
            longest: window * 5,
            waiting: 20_000,
            remembered: 20_000,
        }
    }
}

/// Counts of what came to nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Events that came a second time.
    pub repeated: u64,
    /// Links without an edit: a template was edited, or the edit is older than what is remembered.
    pub without_edit: u64,
    /// Edits whose links came after they had been given.
    pub late: u64,
    /// Edits without links of which it is not known that they added none.
    pub unsure: u64,
}

/// Whether links may be those of an edit. The stream names who edited a template where that brought the links; without
/// any name the texts have to tell.
pub fn is_by_author(links: &LinksChange, change: &Change) -> bool {
    let (Some(performer), Some(user)) = (&links.of.performer, &change.user) else {
        return true;
    };
    let same_address = || Some(user.parse::<IpAddr>().ok()? == performer.name.parse::<IpAddr>().ok()?);
    *user == performer.name || same_address() == Some(true)
}

/// Both halves in one; the stream of links knows ids that the other does not say.
pub(super) fn whole(of: StreamChange, links: Vec<StreamLinks>, knows_links: bool, is_late: bool) -> StreamEdit {
    let StreamChange {
        wiki,
        dbname,
        domain,
        mut change,
        ..
    } = of;
    let mut all: Option<LinksChange> = None;
    let mut who = None;
    for StreamLinks { links, facts, .. } in links {
        change.page_id = links.of.page;
        if let Some(author) = &links.of.performer {
            change.user_id = author.user_id;
            change.editor = author.kind;
            change.bot |= author.is_bot;
        }
        who = who.or(facts);
        match &mut all {
            Some(all) => all.added.extend(links.added),
            None => all = Some(links),
        }
    }
    if let Some(links) = &mut all {
        links.of.wiki.clone_from(&wiki);
    }
    StreamEdit {
        wiki,
        dbname,
        domain,
        change,
        links: all,
        knows_links,
        who,
        is_late,
        is_bare: false,
    }
}

/// Links of an edit that a run before gave without.
pub(super) fn bare(wiki: String, of: StreamLinks) -> StreamEdit {
    let StreamLinks {
        dbname,
        domain,
        mut links,
        facts,
    } = of;
    links.of.wiki.clone_from(&wiki);
    let author = links.of.performer.as_ref();
    let change = Change {
        rcid: None,
        revid: links.of.rev,
        parent: RevId(0),
        page_id: links.of.page,
        ns: links.of.ns,
        title: links.of.title.clone(),
        user: author.map(|author| author.name.clone()),
        user_id: author.map_or(UserId(0), |author| author.user_id),
        editor: author.map_or(EditorKind::Hidden, |author| author.kind),
        bot: author.is_some_and(|author| author.is_bot),
        minor: false,
        timestamp: links.of.ts,
        tags: Vec::new(),
        sha1: None,
        comment: None,
        old_len: None,
        new_len: None,
        is_new: false,
        log: None,
    };
    StreamEdit {
        wiki,
        dbname,
        domain,
        change,
        links: Some(links),
        knows_links: true,
        who: facts,
        is_late: true,
        is_bare: true,
    }
}
