//! Saves lines that stand on no page yet, one edit per page and run, exactly once: which lines an edit brings is frozen in
//! its intent, and the page itself is read again each time, so that what people wrote there stays. Then lines with later
//! hits are brought up to date, each once an hour at most.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use shared::core::intent::token;
use shared::daypage::{Tried, parts, taken, tries};
use shared::db::hit_line;
use shared::db::intent::{self, Intent, NewIntent};
use shared::job::Run;

use super::attempt::{attempt, gone};
use super::facts::{self, Line, Look};
use super::footer;
use super::plan::planned;
use super::{PageContext, publish, update};
use crate::settings::Settings;

/// Begins the keys of intents.
const KEY: &str = "day:";
/// Lines looked at per run.
const PER_RUN: u32 = 2_000;
/// A page that has grown over this size (in bytes) goes on at the next part.
pub const LONGEST: usize = 300_000;
/// A line with later hits is written anew after this time.
const HOUR: TimeDelta = TimeDelta::hours(1);
/// A page that refuses its lines is tried for this time.
pub const GIVE_UP: TimeDelta = TimeDelta::days(7);
/// Edits that are left for the status page and for answers to commands.
pub const RESERVE: u64 = 5;

/// What a run did to the day pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Saved {
    /// Lines that were added.
    pub lines: u64,
    /// Pages that were edited.
    pub pages: u64,
}

impl Saved {
    fn add(&mut self, more: Saved) {
        self.lines += more.lines;
        self.pages += more.pages;
    }
}

/// What is frozen in an intent.
#[derive(Serialize, Deserialize)]
pub struct Frozen {
    /// The page, with namespace and part.
    pub title: String,
    /// Its day.
    pub day: NaiveDate,
    /// The lines to be added.
    pub lines: Vec<Line>,
}

/// Writes what the pages do not say yet. Nothing while `publish` is off; what was recorded before it was switched on goes
/// to no page. A dry run shows what would be written.
pub async fn save(run: &mut Run<Settings>, context: &PageContext) -> anyhow::Result<Saved> {
    let mut saved = Saved::default();
    let Some(since) = publish::since(run).await? else {
        return Ok(saved);
    };
    if run.editor.halted().is_some() {
        return Ok(saved);
    }
    let due = run
        .db
        .read_if_there(async |db| hit_line::due(db, &run.wiki, since, context.now - HOUR, PER_RUN).await)
        .await?;
    let (new, old): (Vec<_>, Vec<_>) = due.iter().partition(|row| row.title.is_none());
    let mut by_title: BTreeMap<&str, Vec<Line>> = BTreeMap::new();
    for row in old {
        by_title
            .entry(row.title.as_deref().unwrap_or(""))
            .or_default()
            .push(Line::from(row));
    }
    let mut by_day: BTreeMap<NaiveDate, Vec<Line>> = BTreeMap::new();
    for row in new {
        by_day.entry(row.day).or_default().push(Line::from(row));
    }
    let mut written = BTreeSet::new();
    if run.fence().is_some() {
        let pending = pending(run).await?;
        if !pending.is_empty() || !by_day.is_empty() {
            // A database restored from a backup may not know what it wrote since: the wiki does.
            let oldest = pending
                .iter()
                .map(|(intent, _)| intent.created)
                .min()
                .unwrap_or(context.now);
            run.editor.load_tokens(oldest - TimeDelta::days(1)).await?;
        }
        for (intent, frozen) in &pending {
            let ids: BTreeSet<u64> = frozen.lines.iter().map(|line| line.id).collect();
            by_day
                .values_mut()
                .for_each(|lines| lines.retain(|line| !ids.contains(&line.id)));
            if !goes_on(run).await? {
                return Ok(saved);
            }
            let one = one(run, context, intent, frozen, &by_title).await?;
            saved.add(one);
            written.extend((one.pages > 0).then(|| frozen.title.clone()));
        }
    }
    for (day, lines) in by_day {
        for (title, lines) in planned(run, context, day, &lines).await? {
            if !goes_on(run).await? {
                return Ok(saved);
            }
            let title = parts::current(run, &title).await?;
            // No more intents for a page that refuses them: its lines wait.
            if written.contains(&title) || taken::is_left_alone(run, context.now, &title).await? {
                break;
            }
            let frozen = Frozen { title, day, lines };
            if run.fence().is_none() {
                update::dry(run, context, &frozen).await?;
                continue;
            }
            let intent = open(run, context, &frozen).await?;
            let one = one(run, context, &intent, &frozen, &by_title).await?;
            saved.add(one);
            written.extend((one.pages > 0).then_some(frozen.title));
        }
    }
    for (title, lines) in by_title.iter().filter(|(title, _)| !written.contains(**title)) {
        if !goes_on(run).await? {
            return Ok(saved);
        }
        let told = facts::told(run, context, lines, false, Look::AtWikis).await?;
        let summary = format!("Brought {} up to date", update::many(told.len(), "line"));
        saved.pages += u64::from(!told.is_empty() && update::page(run, context, title, &told, &summary).await?);
    }
    for footer in footer::due(run, context.now).await? {
        if !goes_on(run).await? {
            break;
        }
        saved.pages += u64::from(update::footer(run, context, &footer).await?);
    }
    Ok(saved)
}

async fn pending(run: &Run<Settings>) -> anyhow::Result<Vec<(Intent, Frozen)>> {
    let all = run
        .db
        .read(async |db| intent::pending(db, run.editor.job, &run.wiki).await)
        .await?;
    let mut pending = Vec::new();
    for intent in all.into_iter().filter(|intent| intent.key.starts_with(KEY)) {
        let frozen = serde_json::from_str(&intent.decision)
            .with_context(|| format!("the stored decision of intent {} cannot be read", intent.id))?;
        pending.push((intent, frozen));
    }
    Ok(pending)
}

/// Whether another edit may be begun: a cap is for accidents, so the pages stop before it and go on in the next run.
async fn goes_on(run: &mut Run<Settings>) -> anyhow::Result<bool> {
    Ok(run.editor.room().await? > RESERVE && run.goes_on().await?)
}

/// Makes one edit.
async fn one(
    run: &mut Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    frozen: &Frozen,
    old: &BTreeMap<&str, Vec<Line>>,
) -> anyhow::Result<Saved> {
    if taken::is_left_alone(run, context.now, &frozen.title).await? {
        return Ok(Saved::default());
    }
    let title = &frozen.title;
    let old = old.get(title.as_str()).map(Vec::as_slice).unwrap_or_default();
    let tried = tries(run, intent, title, async |run: &mut Run<Settings>, newest: &Intent| {
        attempt(run, context, newest, frozen, old).await
    });
    match tried.await? {
        Tried::Done(saved) => Ok(saved),
        Tried::Later => Ok(Saved::default()),
        Tried::Refused { code, info } => {
            // Who took the page away wants no lines there; who refuses them may stop doing so.
            let is_over = code == "taken-away" || context.now - intent.created > GIVE_UP;
            let why = format!("{info} ({code})");
            if is_over {
                gone(run, context, intent, frozen, &why).await?;
            } else {
                taken::note(run, context.now, title, &why).await?;
            }
            Ok(Saved::default())
        }
    }
}

async fn open(run: &Run<Settings>, context: &PageContext, frozen: &Frozen) -> anyhow::Result<Intent> {
    let fence = run.fence().context("a dry run opens no intent")?;
    let anchors: Vec<&str> = frozen.lines.iter().map(|line| line.anchor.as_str()).collect();
    // The same lines may be tried again after their intent was given up; what stands is known by its anchor.
    let of = format!("{} {}", context.now.timestamp(), anchors.join(" "));
    let key = format!("{KEY}{}", token(run.editor.job, &run.wiki, &of));
    let decision = serde_json::to_string(frozen)?;
    let token = token(run.editor.job, &run.wiki, &key);
    let new = NewIntent {
        key: &key,
        token: &token,
        decision: &decision,
        page_id: None,
        title: &frozen.title,
    };
    let now = context.now;
    Ok(run
        .db
        .fenced(&fence, "opening an intent", async |tx| {
            intent::open(tx, &new, now).await
        })
        .await?)
}
