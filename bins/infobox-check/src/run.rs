//! The scheduled run: what happened since the checkpoint, what it did to the watched boxes, the log, the marks, the lists.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use shared::core::lists::judge;
use shared::core::text::terminal;
use shared::core::types::{PageId, RevId, Timestamp};
use shared::db::box_page::{self, BoxPage};
use shared::db::{FencedTx, checkpoint, field_change, memo, open_field, page_mark};
use shared::editor::Refused;
use shared::feeds;
use shared::job::{Report, Run, ends_run};
use shared::manual;
use shared::recent::{self, MARGIN, Position, overlap};
use shared::wiki::Phase;
use shared::wiki::{Ask, Changes, Gap, changes};
use tokio::time::Instant;

use crate::batch::{self, Batch, is_listed};
use crate::collect::{self, Collected, SOURCE};
use crate::context::Context;
use crate::credit::credit;
use crate::feed::queue;
use crate::job::InfoboxCheck;
use crate::settings::Settings;
use crate::surroundings::Surroundings;
use crate::{clean, index_sync, lists, log, mark, openpage, pages_list, reverts, sweep, verified};

/// Changes that are read and stored together.
const AT_ONCE: usize = 5_000;
/// After this time no more of a backlog is read: log and marks want their time, too.
const LONGEST_READING: Duration = Duration::from_secs(6 * 60);
/// Name under which the last gap is remembered.
pub const GAP: &str = "gap";
/// Name under which the moment of the first run is remembered.
pub const FIRST_RUN: &str = "first";
/// Earlier changes of a page that a revert is compared with.
const EARLIER: u32 = 200;

#[derive(Default)]
struct Counts {
    edits_seen: usize,
    pages: usize,
    compared: usize,
    gone: usize,
    changes: u64,
    rows: u64,
    listed: u64,
    logged: u64,
    marks: u64,
    repaired: u64,
    saved: u64,
    commands: u64,
}

/// Does the work of one run.
pub async fn work(run: &mut Run<Settings>, surroundings: Surroundings) -> anyhow::Result<Report> {
    // First: the lists as they are afterwards are obeyed.
    let served = lists::serve(run, &surroundings).await;
    let served = or_told(run, "commands", served).await?;
    let mut context = Context::new(run, surroundings).await?;
    if !context.overrides.may_write() {
        // Not even the status page, until `report`.
        run.editor.operator_off.get_or_insert_with(|| "quit".to_owned());
    }
    let mut counts = Counts {
        commands: served.carried_out,
        ..Counts::default()
    };
    let position = recent::position(run, SOURCE).await?;
    let synced = index_sync::sync(run, &mut context).await;
    counts.listed += or_told(run, "index pages", synced).await?;
    match position {
        None => {
            first(run, &context).await?;
            counts.listed += pages_list::keep(run, &context).await?;
        }
        Some((mut position, mut stored)) => {
            // A long outage is read in pieces, each of which counts.
            let begun = Instant::now();
            while let Some(next) = read(run, &context, &position, &stored, &mut counts).await? {
                let is_stuck = next.until == position.until;
                if is_stuck || begun.elapsed() > LONGEST_READING || !run.goes_on().await? {
                    break;
                }
                stored = next.to_bytes();
                position = next;
            }
            // Last: a page that leaves the list before its edit was looked at would be missed.
            let kept = pages_list::keep(run, &context).await;
            counts.listed += or_told(run, "lists of pages", kept).await?;
            write(run, &context, &mut counts).await?;
        }
    }
    feeds::after_run::<InfoboxCheck>(run).await;
    Ok(Report {
        counts: format!(
            "edits_seen={} pages={} compared={} gone={} changes={} rows={} listed={} logged={} marks={} repaired={} saved={} commands={}",
            counts.edits_seen,
            counts.pages,
            counts.compared,
            counts.gone,
            counts.changes,
            counts.rows,
            counts.listed,
            counts.logged,
            counts.marks,
            counts.repaired,
            counts.saved,
            counts.commands
        ),
        rows: if run.fence().is_some() {
            counts.rows + counts.listed
        } else {
            0
        },
    })
}

fn ask<'a>(run: &Run<Settings>, context: &'a Context, since: Timestamp) -> Ask<'a> {
    let mut ask = Ask::new(since, &context.namespaces);
    ask.overlap = overlap(run.clock);
    ask.fill_gap = true;
    ask.max = AT_ONCE;
    ask.margin = TimeDelta::from_std(run.clock.pause(MARGIN)).unwrap_or_default();
    ask
}

/// Without a checkpoint the run begins at the wiki's present time, edits nothing, and says so.
async fn first(run: &mut Run<Settings>, context: &Context) -> anyhow::Result<()> {
    run.session.count_as(Phase::Learner);
    let now = changes(&run.session, &ask(run, context, run.started)).await?.asked_at;
    // What was done in this very second, too, was there before.
    let before = changes(&run.session, &ask(run, context, now)).await?.items;
    tracing::info!(
        "the first run: stored where the wiki stands now ({now}); edits before are not looked at (backtest --since reads them)"
    );
    let Some(fence) = run.fence() else { return Ok(()) };
    let position = Position {
        until: now,
        start: now,
        handled: before
            .iter()
            .filter(|change| change.timestamp >= now)
            .map(|change| (change.revid, change.timestamp))
            .collect(),
    };
    let (bytes, text) = (position.to_bytes(), now.to_rfc3339());
    run.db
        .fenced(&fence, "storing the first checkpoint", async |tx| {
            checkpoint::begin_with(tx, SOURCE, None).await?;
            memo::set(tx, FIRST_RUN, &text, now).await?;
            checkpoint::set(tx, SOURCE, &bytes, now).await
        })
        .await?;
    Ok(())
}

/// Reads what happened and stores what it means, all of it in one transaction with the checkpoint. Gives the new position
/// where there is more to be read.
async fn read(
    run: &mut Run<Settings>,
    context: &Context,
    position: &Position,
    stored: &[u8],
    counts: &mut Counts,
) -> anyhow::Result<Option<Position>> {
    run.session.count_as(Phase::Learner);
    let Changes {
        items,
        until,
        gap,
        has_more,
        ..
    } = changes(&run.session, &ask(run, context, position.until)).await?;
    if let Some(gap) = &gap {
        tracing::warn!(
            "the wiki offers no recent changes from {} to {}: {}",
            gap.from,
            gap.to,
            if gap.filled {
                "read from the page histories"
            } else {
                "not looked at"
            }
        );
    }
    let site = run.session.site().clone();
    let listed = |change: &shared::core::change::Change| {
        let Ok(title) = site.title(&change.title) else {
            return false;
        };
        is_listed(&judge(
            &context.entries_at(change.timestamp),
            change.user.as_deref(),
            &title,
            &site,
        ))
    };
    let collected = collect::sort(run, context, items, position, listed).await?;
    counts.edits_seen += collected.edits;
    counts.pages += collected.pages.len();
    let edits = collected.pages.iter().flat_map(|page| &page.edits);
    let mut handled: BTreeMap<RevId, Timestamp> = edits.map(|edit| (edit.revid, edit.timestamp)).collect();
    handled.extend(&position.handled);
    handled.retain(|_, at| *at >= until - overlap(run.clock));
    let Collected {
        pages, present, gone, ..
    } = collected;
    let batch = batch::look_at(run, context, pages).await?;
    counts.compared += batch.compared;
    counts.gone += batch.lost;
    counts.changes += batch.rows.len() as u64;
    if run.fence().is_none() {
        show(run, context, &batch);
        return Ok(None);
    }
    let next = Position {
        until,
        start: position.start,
        handled,
    };
    let (rows, listed) = store(run, context, stored, &next, &batch, &present, &gone, gap.as_ref()).await?;
    counts.rows += rows;
    counts.listed += listed;
    Ok(has_more.then_some(next))
}

#[expect(clippy::too_many_arguments, reason = "everything that one transaction stores")]
async fn store(
    run: &Run<Settings>,
    context: &Context,
    stored: &[u8],
    next: &Position,
    batch: &Batch,
    present: &[(usize, PageId, shared::wiki::PageNow)],
    gone: &[(usize, PageId)],
    gap: Option<&Gap>,
) -> anyhow::Result<(u64, u64)> {
    let Some(fence) = run.fence() else { return Ok((0, 0)) };
    let reverted = find_reverted(run, batch).await?;
    let mut open = batch.open.clone();
    for (place, _, open) in &mut open {
        credit(run, &context.boxes[*place].def.name, open, &batch.rows).await?;
    }
    let (next, now) = (next.to_bytes(), context.now);
    let gap = gap.map(|gap| serde_json::json!([gap.from, gap.to, gap.filled]).to_string());
    let name = |place: usize| context.boxes[place].def.name.as_str();
    let present = by_box(present);
    let for_feeds = for_feeds(run, context, batch);
    let rows = run
        .db
        .fenced(&fence, "storing a batch of edits", async |tx: &mut FencedTx<'_>| {
            checkpoint::begin_with(tx, SOURCE, Some(stored)).await?;
            let new = field_change::insert(tx, &batch.rows).await?;
            queue::enqueue(tx, &for_feeds, &new).await?;
            let mut rows = 0;
            for (revids, by) in &reverted {
                rows += field_change::mark_reverted(tx, revids, *by).await?.rows;
            }
            for (place, pages) in &present {
                box_page::put(tx, name(*place), pages, now).await?;
            }
            for (place, page_id, open) in &open {
                rows += open_field::replace_of_page(tx, name(*place), *page_id, open).await?;
            }
            page_mark::put(tx, &batch.marks).await?;
            // Last: a page that lost its box has neither open fields nor marks.
            for (place, page_id) in gone {
                box_page::forget(tx, name(*place), &[*page_id]).await?;
                rows += open_field::replace_of_page(tx, name(*place), *page_id, &[]).await?;
                page_mark::forget(tx, name(*place), &[*page_id]).await?;
            }
            if let Some(gap) = &gap {
                memo::set(tx, GAP, gap, now).await?;
            }
            checkpoint::set(tx, SOURCE, &next, now).await?;
            Ok((new.len() as u64, rows))
        })
        .await?;
    Ok(rows)
}

/// Pages by the place of their box, for few statements: the overlap shows every page of the last minutes again.
fn by_box(present: &[(usize, PageId, shared::wiki::PageNow)]) -> BTreeMap<usize, Vec<BoxPage>> {
    let mut by_box: BTreeMap<usize, Vec<BoxPage>> = BTreeMap::new();
    for (place, page_id, page) in present {
        by_box.entry(*place).or_default().push(BoxPage {
            page_id: *page_id,
            ns: page.ns,
            title: page.title.clone(),
        });
    }
    by_box
}

/// Which earlier edits the reverts of a batch took back.
async fn find_reverted(run: &Run<Settings>, batch: &Batch) -> anyhow::Result<Vec<(Vec<RevId>, RevId)>> {
    let mut all = Vec::new();
    for (page_id, revid) in &batch.reverts {
        let stored = run
            .db
            .read(async |db| field_change::of_page(db, &run.wiki, *page_id, EARLIER).await)
            .await?;
        let (made, mut earlier): (Vec<_>, Vec<_>) = batch
            .rows
            .iter()
            .filter(|row| row.page_id == *page_id && row.revid <= *revid)
            .partition(|row| row.revid == *revid);
        earlier.extend(stored.iter().map(|row| &row.change).filter(|row| row.revid < *revid));
        earlier.sort_by_key(|row| std::cmp::Reverse(row.revid));
        earlier.dedup_by_key(|row| {
            (
                row.revid,
                row.rule,
                row.ordinal,
                row.field.clone(),
                row.box_name.clone(),
            )
        });
        let found: Vec<RevId> = reverts::reverted(&made, &earlier).into_iter().collect();
        if !found.is_empty() {
            all.push((found, *revid));
        }
    }
    Ok(all)
}

/// The lines of a batch that feeds tell.
fn for_feeds<'a>(run: &'a Run<Settings>, context: &Context, batch: &Batch) -> Vec<queue::Line<'a>> {
    let feeds = &run.accepted.parsed.settings.feeds;
    queue::plan(
        feeds,
        (&run.wiki, run.session.host()),
        &context.boxes,
        batch,
        run.clock.now(),
    )
}

/// What a dry run would record.
fn show(run: &Run<Settings>, context: &Context, batch: &Batch) {
    let words = crate::lines::Words::new(run, context);
    for (title, rows) in batch::by_page(&batch.rows) {
        println!("{}", terminal(title));
        for row in rows {
            let how = if row.to_log { "log" } else { "record only" };
            println!(
                "  {how}: {}",
                terminal(&manual::without_markup(words.line(row).as_str()))
            );
        }
    }
    for (feed, count) in queue::counts(&for_feeds(run, context, batch)) {
        tracing::info!("{count} lines would wait for the feed {feed}");
    }
}

/// Log, marks, lists. Each goes on without the others; what ends the run ends it.
async fn write(run: &mut Run<Settings>, context: &Context, counts: &mut Counts) -> anyhow::Result<()> {
    let logged = log::save(run, context).await;
    counts.logged = or_told(run, "log", logged).await?;
    let cleaned = clean::clean(run, context).await;
    or_told(run, "log", cleaned).await?;
    let marks = mark::save(run, context).await;
    counts.marks = or_told(run, "marks", marks).await?;
    let swept = sweep::sweep(run, context).await;
    or_told(run, "sweep", swept).await?;
    let repaired = sweep::repair(run, context).await;
    counts.repaired = or_told(run, "repair", repaired).await?;
    let hidden = clean::look_for_hidden(run, context).await;
    or_told(run, "hidden revisions", hidden).await?;
    let saved = openpage::save(run, context, counts.logged > 0).await;
    counts.saved = or_told(run, "lists", saved).await?;
    verified::forget_old(run, context).await
}

/// A part that failed is noted; a switch that was turned is no failure.
async fn or_told<T: Default>(run: &mut Run<Settings>, part: &str, result: anyhow::Result<T>) -> anyhow::Result<T> {
    match result {
        Ok(value) => Ok(value),
        Err(error) if matches!(error.downcast_ref(), Some(Refused::Halt(_))) => {
            tracing::warn!("{}", terminal(&format!("{error:#}")));
            Ok(T::default())
        }
        Err(error) if ends_run(&error) => Err(error),
        Err(error) => {
            run.item_error(part, &error).await;
            Ok(T::default())
        }
    }
}
