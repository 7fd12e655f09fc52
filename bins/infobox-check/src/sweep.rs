//! Goes through all pages with a box, some in every run, and finds marks that contradict the index: the damage that a
//! dead bot left behind, and what was copied from other articles. It lists them; only under `repair` are they mended.

use serde::{Deserialize, Serialize};
use shared::core::types::{PageId, Timestamp};
use shared::db::{box_page, memo, page_mark};
use shared::job::Run;
use shared::wiki::Phase;

use crate::context::Context;
use crate::mark::{Looked, edit, look, may_edit, store};
use crate::run::FIRST_RUN;
use crate::settings::Settings;

/// Where the sweep is, and how many pages were mended on which day.
const PLACE: &str = "sweep";
const MENDED: &str = "repaired";
/// Stale pages that are gone through to find those that may be mended.
const STALE: u32 = 5_000;

/// Pages looked at per run.
const PER_RUN: u32 = 200;

#[derive(Default, Serialize, Deserialize)]
struct Place {
    box_name: String,
    after: u64,
    round: Option<Timestamp>,
}

/// Looks at the next pages. A round through all boxes begins once a day at most.
pub async fn sweep(run: &mut Run<Settings>, context: &Context) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let stored = run
        .db
        .read(async |db| memo::get(db, run.editor.job, &run.wiki, PLACE).await)
        .await?;
    let mut place: Place = stored
        .and_then(|stored| serde_json::from_str(&stored.value).ok())
        .unwrap_or_default();
    let indexed: Vec<&str> = context
        .boxes
        .iter()
        .filter(|one| !one.index.is_empty())
        .map(|one| one.def.name.as_str())
        .collect();
    let at = match indexed.iter().position(|name| *name == place.box_name) {
        Some(at) => at,
        None => {
            let is_resting = place
                .round
                .is_some_and(|round| context.now - round < chrono::TimeDelta::hours(24));
            if indexed.is_empty() || is_resting {
                return Ok(());
            }
            place = Place {
                round: Some(context.now),
                ..Place::default()
            };
            0
        }
    };
    let (name, after) = (indexed[at], PageId(place.after));
    let limit = PER_RUN;
    let pages = run
        .db
        .read(async |db| box_page::after(db, &run.wiki, name, after, limit).await)
        .await?;
    run.session.count_as(Phase::Mentor);
    let ids: Vec<PageId> = pages.iter().map(|page| page.page_id).collect();
    let mut looked = look(run, context, &ids).await?;
    keep_known(run, context, &mut looked).await?;
    store(run, &mut looked).await?;
    let is_end = pages.len() < limit as usize;
    let next = Place {
        box_name: if is_end {
            indexed.get(at + 1).copied().unwrap_or("").to_owned()
        } else {
            name.to_owned()
        },
        after: if is_end { 0 } else { ids.last().map_or(0, |id| id.0) },
        round: place.round,
    };
    let (value, now) = (serde_json::to_string(&next)?, context.now);
    run.db
        .fenced(&fence, "noting how far the sweep is", async |tx| {
            memo::set(tx, PLACE, &value, now).await
        })
        .await?;
    Ok(())
}

/// What was already known of the marks of these pages stays: why they could not be set, and when they are due. Due is
/// beside that only what people edited after the first run, while the settings did not allow marks; what is older is
/// mended by [`repair`] alone.
async fn keep_known(run: &Run<Settings>, context: &Context, looked: &mut [Looked]) -> anyhow::Result<()> {
    let first = run
        .db
        .read(async |db| memo::get(db, run.editor.job, &run.wiki, FIRST_RUN).await)
        .await?
        .map(|first| first.updated);
    let ids: Vec<PageId> = looked.iter().map(|page| page.page_id).collect();
    let known = run
        .db
        .read(async |db| page_mark::get_many(db, &run.wiki, &ids).await)
        .await?;
    for mark in looked.iter_mut().flat_map(|page| &mut page.marks) {
        let known = known
            .iter()
            .find(|known| known.page_id == mark.page_id && known.box_name == mark.box_name);
        let settle = context
            .by_name(&mark.box_name)
            .map(|(place, _)| context.settle(place))
            .unwrap_or_default();
        let is_new = |due: &Timestamp| first.is_some_and(|first| *due - settle > first);
        mark.due_at = mark.due_at.filter(is_new);
        let Some(known) = known else { continue };
        mark.due_at = mark.due_at.or(known.due_at);
        mark.marked_revid = known.marked_revid;
        let is_refused = known.revid == mark.revid && known.due_at.is_none() && known.reason.is_some();
        if is_refused && mark.reason.is_none() && mark.due_at.is_some() {
            (mark.reason, mark.stale, mark.due_at) = (known.reason.clone(), known.stale.clone(), None);
        }
    }
    Ok(())
}

/// Mends what the sweep found, as many pages a day as the settings allow. Says how many.
pub async fn repair(run: &mut Run<Settings>, context: &Context) -> anyhow::Result<u64> {
    let settings = run.accepted.parsed.settings.repair.clone();
    let Some(fence) = run.fence().filter(|_| settings.enabled) else {
        return Ok(0);
    };
    let today = context.now.format("%Y-%m-%d").to_string();
    let stored = run
        .db
        .read(async |db| memo::get(db, run.editor.job, &run.wiki, MENDED).await)
        .await?;
    let mut done = stored
        .and_then(|stored| {
            let (day, count) = stored.value.split_once(' ')?;
            count.parse::<u32>().ok().filter(|_| day == today)
        })
        .unwrap_or(0);
    let left = settings.per_day.saturating_sub(done);
    if left == 0 || !may_edit(run, context).await? {
        return Ok(0);
    }
    let stale = run
        .db
        .read(async |db| page_mark::stale(db, &run.wiki, STALE).await)
        .await?;
    // A page that refused does not keep the others waiting: the sweep forgets the reason, once a day.
    let may_mark = |name: &str| context.by_name(name).is_some_and(|(place, _)| context.may_mark(place));
    let open = stale
        .iter()
        .filter(|mark| mark.reason.is_none() && may_mark(&mark.box_name));
    let mut ids: Vec<PageId> = open.map(|mark| mark.page_id).collect();
    ids.dedup();
    ids.truncate(usize::try_from(left.min(PER_RUN)).unwrap_or(usize::MAX));
    let mut mended = 0;
    let mut looked = look(run, context, &ids).await?;
    keep_known(run, context, &mut looked).await?;
    store(run, &mut looked).await?;
    for page in looked {
        if done >= settings.per_day || !may_edit(run, context).await? || !run.goes_on().await? {
            break;
        }
        let is_stale = |mark: &&page_mark::PageMark| mark.stale.is_some();
        let places: Vec<usize> = page
            .marks
            .iter()
            .filter(is_stale)
            .filter_map(|mark| Some(context.by_name(&mark.box_name)?.0))
            .filter(|place| context.may_mark(*place))
            .collect();
        if places.is_empty() || !edit(run, context, &page, &places, true).await? {
            continue;
        }
        (done, mended) = (done + 1, mended + 1);
        let (value, now) = (format!("{today} {done}"), context.now);
        run.db
            .fenced(&fence, "counting mended pages", async |tx| {
                memo::set(tx, MENDED, &value, now).await
            })
            .await?;
    }
    Ok(mended)
}
