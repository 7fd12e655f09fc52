//! The verified revisions of pages: which revision the index names, and what its boxes say. Each is read and taken apart
//! once and remembered; after a day it is read again, since it may have been hidden or deleted.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use shared::core::change::Revision;
use shared::core::infobox::{VerifiedBox, find};
use shared::core::types::{PageId, RevId};
use shared::core::wikitext::scan;
use shared::db::index_line;
use shared::db::verified_rev::{self, State, VerifiedRev};
use shared::job::Run;
use shared::wiki::Phase;
use shared::wiki::revisions;

use crate::context::Context;
use crate::marked::Verified;
use crate::settings::Settings;

/// What was read is believed for this time.
const KEEP: TimeDelta = TimeDelta::hours(24);
/// Remembered revisions dropped per run at most.
const DROPPED: u32 = 500;

/// What is known about some pages.
#[derive(Debug, Default)]
pub struct Known {
    /// By place of the box and page.
    pub verified: HashMap<(usize, PageId), Verified>,
    /// Why an index line of a page cannot be used.
    pub unusable: HashMap<(usize, PageId), String>,
    /// Places of boxes and pages without a line in force for which somebody proposed one.
    proposed: HashSet<(usize, PageId)>,
    /// Boxes whose index pages have lines that cannot be used: nobody knows what those would say.
    unclear: HashSet<usize>,
    /// The revisions that were asked for beside them, with their texts.
    pub revisions: HashMap<RevId, Revision>,
}

impl Known {
    /// Whether the index is certain to have no line for a page: only then are marks there wrong for the want of one.
    pub fn is_certain(&self, place: usize, page: PageId) -> bool {
        !self.unclear.contains(&place) && !self.proposed.contains(&(place, page))
    }
}

/// Reads the verified revisions of these pages, together with `also`, in as few requests as there can be.
pub async fn load(run: &Run<Settings>, context: &Context, pages: &[PageId], also: &[RevId]) -> anyhow::Result<Known> {
    let mut known = Known::default();
    let mut wanted: BTreeMap<(usize, PageId), RevId> = BTreeMap::new();
    let rows = run
        .db
        .read_if_there(async |db| index_line::in_force(db, &run.wiki, pages).await)
        .await?;
    for row in rows {
        let (Some((place, one)), Some(page), Some(revid)) =
            (context.by_name(&row.box_name), row.line.page_id, row.line.revid)
        else {
            continue;
        };
        if !one
            .index
            .iter()
            .any(|title| run.session.site().prefixed(title) == row.index_title)
        {
            continue;
        }
        if wanted.insert((place, page), revid).is_some_and(|other| other != revid) {
            let why = format!("the index pages name two revisions, {revid} and another one");
            known.unusable.insert((place, page), why);
        }
    }
    let (proposed, problems) = run
        .db
        .read_if_there(async |db| {
            let proposed = index_line::proposed_for(db, &run.wiki, pages).await?;
            Ok((proposed, index_line::boxes_with_problems(db, &run.wiki).await?))
        })
        .await?;
    let place_of = |name: &str| context.by_name(name).map(|(place, _)| place);
    known.proposed = proposed
        .iter()
        .filter_map(|row| Some((place_of(&row.box_name)?, row.line.page_id?)))
        .collect();
    known.unclear = problems.iter().filter_map(|name| place_of(name)).collect();
    let mut parsed: HashMap<(usize, RevId), VerifiedRev> = HashMap::new();
    let places: BTreeSet<usize> = wanted.keys().map(|(place, _)| *place).collect();
    for place in places {
        let revids: Vec<RevId> = wanted
            .iter()
            .filter(|((p, _), _)| *p == place)
            .map(|(_, revid)| *revid)
            .collect();
        let name = &context.boxes[place].def.name;
        let stored = run
            .db
            .read_if_there(async |db| verified_rev::get_many(db, &run.wiki, name, &revids).await)
            .await?;
        parsed.extend(stored.into_iter().map(|(revid, one)| ((place, revid), one)));
    }
    let missing: BTreeSet<(usize, RevId)> = wanted
        .iter()
        .map(|((place, _), revid)| (*place, *revid))
        .filter(|(place, revid)| {
            let is_old = |one: &VerifiedRev| context.now - one.checked_at > KEEP;
            let is_other = |one: &VerifiedRev| one.state == State::Ok && boxes(context, *place, one).is_none();
            parsed
                .get(&(*place, *revid))
                .is_none_or(|one| is_old(one) || is_other(one))
        })
        .collect();
    let mut ask: Vec<RevId> = also.to_vec();
    ask.extend(missing.iter().map(|(_, revid)| *revid));
    ask.sort();
    ask.dedup();
    if !ask.is_empty() {
        run.session.count_as(Phase::Learner);
        known.revisions = revisions(&run.session, &ask, true).await?;
    }
    let mut fresh: BTreeMap<usize, Vec<VerifiedRev>> = BTreeMap::new();
    for (place, revid) in missing {
        let one = take_apart(context, place, revid, known.revisions.get(&revid));
        fresh.entry(place).or_default().push(one.clone());
        parsed.insert((place, revid), one);
    }
    remember(run, context, &fresh).await?;
    for (key, revid) in wanted {
        if known.unusable.contains_key(&key) {
            continue;
        }
        let one = parsed.get(&(key.0, revid));
        match one.map(|one| (one.state, boxes(context, key.0, one))) {
            Some((State::Ok, Some(boxes))) => {
                known.verified.insert(key, Verified { revid, boxes });
            }
            other => {
                let state = other.map_or(State::Missing, |(state, _)| state);
                known.unusable.insert(key, reason(revid, state));
            }
        }
    }
    Ok(known)
}

/// What is stored of a verified revision, and for which fields it was read.
#[derive(Serialize, Deserialize)]
struct Stored {
    key: String,
    boxes: Vec<VerifiedBox>,
}

/// The boxes as they are stored, unless the settings have named other fields since.
fn boxes(context: &Context, place: usize, one: &VerifiedRev) -> Option<Vec<VerifiedBox>> {
    let stored: Stored = serde_json::from_str(one.boxes.as_deref()?).ok()?;
    (stored.key == context.boxes[place].def.reading_key()).then_some(stored.boxes)
}

fn reason(revid: RevId, state: State) -> String {
    let why = match state {
        State::Hidden => "its text is hidden",
        State::NoBox => "the box is not in it",
        State::TooBig => "it is too large to be read",
        State::Ok | State::Missing => "it was deleted, or never existed",
    };
    format!("verified revision {revid} cannot be used: {why}")
}

fn take_apart(context: &Context, place: usize, revid: RevId, revision: Option<&Revision>) -> VerifiedRev {
    let mut one = VerifiedRev {
        revid,
        page_id: revision.map(|revision| revision.page_id),
        boxes: None,
        state: State::Missing,
        checked_at: context.now,
    };
    let Some(revision) = revision else { return one };
    let Some(text) = &revision.text else {
        one.state = State::Hidden;
        return one;
    };
    let Ok(scan) = scan(text, &context.tags) else {
        one.state = State::TooBig;
        return one;
    };
    let def = &context.boxes[place].def;
    let boxes: Vec<VerifiedBox> = find(text, &scan, def)
        .iter()
        .map(|found| VerifiedBox::of(def, found))
        .collect();
    if boxes.is_empty() {
        one.state = State::NoBox;
        return one;
    }
    let stored = Stored {
        key: def.reading_key(),
        boxes,
    };
    match serde_json::to_string(&stored) {
        Ok(json) => {
            one.state = State::Ok;
            one.boxes = Some(json);
        }
        Err(_) => one.state = State::TooBig,
    }
    one
}

async fn remember(
    run: &Run<Settings>,
    context: &Context,
    fresh: &BTreeMap<usize, Vec<VerifiedRev>>,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    for (place, revisions) in fresh {
        let name = &context.boxes[*place].def.name;
        run.db
            .fenced(&fence, "storing verified revisions", async |tx| {
                verified_rev::put(tx, name, revisions).await
            })
            .await?;
    }
    Ok(())
}

/// Drops what was read more than a week ago and is not asked for any more.
pub async fn forget_old(run: &Run<Settings>, context: &Context) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let before = context.now - KEEP * 7;
    run.db
        .fenced(&fence, "forgetting verified revisions", async |tx| {
            verified_rev::forget_older(tx, before, DROPPED).await
        })
        .await?;
    Ok(())
}
