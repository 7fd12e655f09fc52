//! What lines tell of, from the database, after a look at the wikis: the hits of each, what is hidden, what is to be named
//! nowhere, how often the user was found.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared::core::link::Key;
use shared::core::types::Timestamp;
use shared::db::UserKind;
use shared::db::hit::{self, Row, UserHits};
use shared::db::hit_line::{self, Shown, Totals};
use shared::db::suppress::{Suppressed, What};
use shared::job::Run;

use super::PageContext;
use super::hidden;
use super::line::{Facts, faded_before};
use super::text::Entry;
use crate::settings::Settings;

/// Hits of a line that are read; of more only the numbers are.
const EACH: u32 = 50;
/// The same where lines are only weighed.
const FEW: u32 = 3;

/// A line of the database, without anything that could have to be hidden: what intents keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number.
    pub id: u64,
    /// Its name on the page.
    pub anchor: String,
    /// The wiki of its edits.
    pub wiki: String,
    /// Their UTC day.
    pub day: NaiveDate,
    /// When its newest hit was stored, as far as was known.
    pub recorded: Timestamp,
}

impl From<&hit_line::Row> for Line {
    fn from(row: &hit_line::Row) -> Line {
        Line {
            id: row.id,
            anchor: row.anchor.clone(),
            wiki: row.wiki.clone(),
            day: row.day,
            recorded: row.recorded,
        }
    }
}

/// A line with what it says now.
#[derive(Clone, Debug)]
pub struct Told {
    /// The line.
    pub line: Line,
    /// For the page.
    pub entry: Entry,
    /// How many hits it has, hidden ones among them.
    pub hits: u32,
    /// How many of them are hidden.
    pub hidden: u64,
}

impl Told {
    /// For [`hit_line::mark_shown`].
    pub fn shown(&self) -> Shown {
        Shown {
            id: self.line.id,
            hits: self.hits,
            recorded: self.line.recorded,
        }
    }
}

/// Whether the wikis are asked what they hide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Every revision that a line would name is looked at. Lines about a wiki that cannot be looked at are left out.
    AtWikis,
    /// What the database knows is enough: nothing is named that was not named before.
    AtRows,
    /// A few hits tell enough: nothing is written yet.
    Roughly,
}

/// What these lines say. `is_new`: they are to be added.
pub async fn told(
    run: &Run<Settings>,
    context: &PageContext,
    lines: &[Line],
    is_new: bool,
    look: Look,
) -> anyhow::Result<Vec<Told>> {
    let ids: Vec<u64> = lines.iter().map(|line| line.id).collect();
    let totals = run.db.read(async |db| hit_line::totals_of(db, &ids).await).await?;
    let each = if look == Look::Roughly { FEW } else { EACH };
    let mut hits = run.db.read(async |db| hit_line::hits_of(db, &ids, each).await).await?;
    let mut unseen = BTreeSet::new();
    if look == Look::AtWikis {
        let looked = hidden::look(run, context, hits.iter().map(|(_, row)| row)).await?;
        for (_, row) in &mut hits {
            let revision = (row.of.wiki.clone(), row.of.rev);
            if looked.hidden.contains(&revision) {
                (row.user_hidden, row.text_hidden) = (true, true);
            }
        }
        unseen = looked.unseen;
    }
    let mut by_line: BTreeMap<u64, Vec<Row>> = BTreeMap::new();
    for (id, row) in hits {
        by_line.entry(id).or_default().push(row);
    }
    let totals: BTreeMap<u64, Totals> = totals.into_iter().map(|of| (of.line, of)).collect();
    let home = context.suppressed(run, &run.wiki).await?;
    let mut sorted = Vec::new();
    for line in lines.iter().filter(|line| !unseen.contains(&line.wiki)) {
        let rows = by_line.remove(&line.id).unwrap_or_default();
        let away = context.suppressed(run, &line.wiki).await?;
        sorted.push((line, sort(rows, &[&home, &away])));
    }
    let users: Vec<(&str, &str, Timestamp)> = sorted.iter().map(|(line, sorted)| asked(line, sorted)).collect();
    let counts = run
        .db
        .read(async |db| hit::counts_of_users(db, &run.wiki, &users).await)
        .await?;
    let words = context.words(run);
    let mut told = Vec::with_capacity(sorted.len());
    for ((line, sorted), counts) in sorted.iter().zip(counts) {
        let facts = facts(line, sorted, totals.get(&line.id), counts, context.now);
        told.push(Told {
            line: (*line).clone(),
            entry: words.entry(&facts, is_new),
            hits: totals.get(&line.id).map_or(0, |of| of.hits),
            hidden: facts.hidden,
        });
    }
    Ok(told)
}

/// The hits of a line by what may be done with them.
#[derive(Default)]
struct Sorted {
    /// They may be shown, oldest first.
    visible: Vec<Row>,
    hidden: u64,
    /// Named nowhere, and not counted.
    off: u64,
}

fn sort(rows: Vec<Row>, lists: &[&Suppressed]) -> Sorted {
    let mut sorted = Sorted::default();
    for row in rows {
        if lists.iter().any(|list| is_suppressed(&row, list)) {
            sorted.off += 1;
        } else if row.is_hidden() {
            sorted.hidden += 1;
        } else {
            sorted.visible.push(row);
        }
    }
    sorted.visible.sort_by_key(|row| (row.of.ts, row.of.rev, row.id));
    sorted
}

fn is_suppressed(row: &Row, list: &Suppressed) -> bool {
    let key = row.of.hit.key.as_deref().and_then(Key::from_stored);
    let hosts = key.map(|key| [Some(key.host()), key.registrable(), Some(key.ascii())]);
    let names_host = |host: String| list.hides(What::Host, &host);
    list.hides(What::Page, &row.of.title)
        || hosts.is_some_and(|hosts| hosts.into_iter().flatten().any(names_host))
        || row
            .of
            .user
            .as_ref()
            .is_some_and(|user| list.hides_user(Some(user.id), &user.name))
}

fn asked<'a>(line: &'a Line, sorted: &'a Sorted) -> (&'a str, &'a str, Timestamp) {
    let last = sorted.visible.last();
    let user = last.and_then(|row| row.of.user.as_ref());
    let moment = last.map_or(line.recorded, |row| row.of.ts);
    (&line.wiki, user.map_or("", |user| &user.name), moment)
}

fn facts<'a>(
    line: &'a Line,
    sorted: &'a Sorted,
    totals: Option<&Totals>,
    counts: UserHits,
    now: Timestamp,
) -> Facts<'a> {
    let visible: Vec<&Row> = sorted.visible.iter().collect();
    let read = sorted.visible.len() as u64 + sorted.hidden + sorted.off;
    let pages: BTreeSet<_> = visible.iter().map(|row| (row.of.page, &row.of.title)).collect();
    let edits: BTreeSet<_> = visible.iter().map(|row| row.of.rev).collect();
    let mut facts = Facts {
        anchor: &line.anchor,
        wiki: &line.wiki,
        pages: pages.len() as u64,
        edits: edits.len() as u64,
        is_off: sorted.off > 0 && visible.is_empty() && sorted.hidden == 0,
        is_faded: visible.first().is_some_and(|row| is_faded(row, now)),
        counts: (counts.recent, counts.all),
        hidden: sorted.hidden,
        hits: visible,
    };
    // More hits than were read: the numbers tell.
    if let Some(totals) = totals.filter(|totals| u64::from(totals.hits) > read && facts.hidden + sorted.off == 0) {
        facts.pages = facts.pages.max(u64::from(totals.pages));
        facts.edits = facts.edits.max(u64::from(totals.edits));
        facts.hidden = facts.hidden.max(u64::from(totals.hidden));
    }
    facts
}

fn is_faded(row: &Row, now: Timestamp) -> bool {
    let fades = matches!(row.kind, Some(UserKind::Temporary | UserKind::Address));
    fades && (row.of.user.is_none() || row.of.ts < faded_before(now))
}
