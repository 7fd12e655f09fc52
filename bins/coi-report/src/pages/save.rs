//! Saves lines that stand on no page yet, one edit per page and run, exactly once: which lines an edit brings is frozen in
//! its intent, and the page itself is read again each time, so that what people wrote there stays. Then lines with later
//! hits are brought up to date, each once an hour at most.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use shared::core::intent::token;
use shared::core::text::terminal;
use shared::core::types::{RevId, Timestamp};
use shared::daypage::{Tried, parts, taken, tries};
use shared::db::FencedTx;
use shared::db::hit_line::{self, Shown};
use shared::db::intent::{self, Intent, NewIntent};
use shared::editor::{Additive, Found, Outcome};
use shared::job::Run;
use shared::wiki::Phase;

use super::facts::{self, Line, Look, Told};
use super::footer::{self, Footer};
use super::text::{self, MARKER, Says};
use super::{PageContext, forgotten, publish, update};
use crate::settings::Settings;

/// Begins the keys of intents.
const KEY: &str = "day:";
/// Lines looked at per run.
const PER_RUN: u32 = 2_000;
/// A page that has grown over this size (in bytes) goes on at the next part.
const LONGEST: usize = 300_000;
/// A line with later hits is written anew after this time.
const HOUR: TimeDelta = TimeDelta::hours(1);
/// A page that refuses its lines is tried for this time.
const GIVE_UP: TimeDelta = TimeDelta::days(7);
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
    fn add(&mut self, lines: u64) {
        self.lines += lines;
        self.pages += u64::from(lines > 0);
    }
}

/// What is frozen in an intent.
#[derive(Serialize, Deserialize)]
struct Frozen {
    title: String,
    day: NaiveDate,
    lines: Vec<Line>,
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
            saved.add(one(run, context, intent, frozen, &by_title).await?);
            written.insert(frozen.title.clone());
        }
    }
    for (day, lines) in by_day {
        for (title, lines) in planned(run, context, day, &lines).await? {
            if !goes_on(run).await? {
                return Ok(saved);
            }
            // No more intents for a page that refuses them: its lines wait.
            if written.contains(&title) || taken::is_left_alone(run, context.now, &title).await? {
                break;
            }
            let frozen = Frozen {
                title: parts::current(run, &title).await?,
                day,
                lines,
            };
            if run.fence().is_none() {
                let told = facts::told(run, context, &frozen.lines, true, Look::AtWikis).await?;
                dry(run, context, &frozen, told).await?;
                continue;
            }
            let intent = open(run, context, &frozen).await?;
            saved.add(one(run, context, &intent, &frozen, &by_title).await?);
            written.insert(frozen.title);
        }
    }
    for (title, lines) in by_title.iter().filter(|(title, _)| !written.contains(**title)) {
        if !goes_on(run).await? {
            return Ok(saved);
        }
        let told = facts::told(run, context, lines, false, Look::AtWikis).await?;
        let summary = format!("Brought {} up to date", many(told.len(), "line"));
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

/// The edits that a day needs: the title of its first page, and lines for each. What the day has no room for is counted.
async fn planned(
    run: &Run<Settings>,
    context: &PageContext,
    day: NaiveDate,
    lines: &[Line],
) -> anyhow::Result<Vec<(String, Vec<Line>)>> {
    let title = run.session.site().prefixed(&context.words(run).day(day));
    let mut told = facts::told(run, context, lines, true, Look::AtRows).await?;
    told.sort_by_key(|told| std::cmp::Reverse(told.entry.rank));
    let room = run
        .accepted
        .parsed
        .settings
        .report
        .max_lines
        .saturating_sub(standing(run, &title).await?);
    if told.len() > room {
        let rest: Vec<u64> = told.drain(room..).map(|told| told.line.id).collect();
        if let Some(fence) = run.fence() {
            let mut footer = Footer::load(run, day, &parts::current(run, &title).await?).await?;
            footer.more += rest.len() as u64;
            let now = context.now;
            run.db
                .fenced(&fence, "counting lines that a day has no room for", async |tx| {
                    hit_line::mark_gone(tx, &rest).await?;
                    footer.store(tx, None, now).await
                })
                .await?;
        }
    }
    let mut edits: Vec<(String, Vec<Line>)> = Vec::new();
    let mut size = LONGEST;
    for told in told {
        if size >= LONGEST {
            edits.push((title.clone(), Vec::new()));
            size = 0;
        }
        size += match &told.entry.says {
            Says::This(words) | Says::Hidden(words) | Says::Off(words) => words.as_str().len() + 60,
        };
        if let Some((_, lines)) = edits.last_mut() {
            lines.push(told.line);
        }
    }
    Ok(edits)
}

/// Lines on all parts of a day.
async fn standing(run: &Run<Settings>, day: &str) -> anyhow::Result<usize> {
    let mut count = 0;
    for part in 1..=parts::count(run, day).await? {
        let title = if part == 1 {
            day.to_owned()
        } else {
            format!("{day}/{part}")
        };
        let rows = run
            .db
            .read_if_there(async |db| hit_line::of_title(db, &run.wiki, &title).await)
            .await?;
        count += rows.len();
    }
    Ok(count)
}

async fn open(run: &Run<Settings>, context: &PageContext, frozen: &Frozen) -> anyhow::Result<Intent> {
    let fence = run.fence().context("a dry run opens no intent")?;
    let anchors: Vec<&str> = frozen.lines.iter().map(|line| line.anchor.as_str()).collect();
    let key = format!("{KEY}{}", token(run.editor.job, &run.wiki, &anchors.join(" ")));
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

/// Makes one edit. Says how many lines it brought.
async fn one(
    run: &mut Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    frozen: &Frozen,
    old: &BTreeMap<&str, Vec<Line>>,
) -> anyhow::Result<u64> {
    if !matches!(intent.state, intent::State::Open | intent::State::Sending) {
        // Settled before, though its lines do not know it.
        let lines: Vec<Shown> = frozen.lines.iter().map(unread).collect();
        note_standing(run, context, intent, frozen, &lines, intent.revid.unwrap_or(RevId(0))).await?;
        return Ok(0);
    }
    if taken::is_left_alone(run, context.now, &frozen.title).await? {
        return Ok(0);
    }
    let title = &frozen.title;
    let old = old.get(title.as_str()).map(Vec::as_slice).unwrap_or_default();
    let tried = tries(run, intent, title, async |run: &mut Run<Settings>, newest: &Intent| {
        attempt(run, context, newest, frozen, old).await
    });
    match tried.await? {
        Tried::Done(lines) => Ok(lines),
        Tried::Later => Ok(0),
        Tried::Refused { code, info } => {
            // Who took the page away wants no lines there; who refuses them may stop doing so.
            let is_over = code == "taken-away" || context.now - intent.created > GIVE_UP;
            let why = format!("{info} ({code})");
            if is_over {
                gone(run, context, intent, frozen, &why).await?;
            } else {
                taken::note(run, context.now, title, &why).await?;
            }
            Ok(0)
        }
    }
}

/// A line of which it is not known what it says on the page: it is written anew when the hour is over.
fn unread(line: &Line) -> Shown {
    Shown {
        id: line.id,
        hits: 0,
        recorded: line.recorded,
    }
}

async fn attempt(
    run: &mut Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    frozen: &Frozen,
    old: &[Line],
) -> anyhow::Result<u64> {
    let site = run.session.site().clone();
    let title = site.title(&frozen.title).map_err(anyhow::Error::msg)?;
    run.editor.wait_for_turn(&title).await?;
    run.session.count_as(Phase::Safety);
    let look = run.editor.look(&title, &[], &[]).await?;
    let unread: Vec<Shown> = frozen.lines.iter().map(unread).collect();
    let mut found_late =
        async |tx: &mut FencedTx<'_>, found: &Found| mark(tx, &unread, &frozen.title, found.revid, found.at).await;
    if let Some(outcome) = run.editor.settle(intent, &look, &mut found_late).await? {
        return ended(run, context, intent, frozen, outcome).await;
    }
    let mut new = facts::told(run, context, &frozen.lines, true, Look::AtWikis).await?;
    if new.len() < frozen.lines.len() {
        tracing::info!("{}: some lines wait for their wikis", terminal(&frozen.title));
        return Ok(0);
    }
    let old = facts::told(run, context, old, false, Look::AtWikis).await?;
    let page = look.target.text();
    let standing = page.map(text::anchors).unwrap_or_default();
    let stands = |told: &Told| standing.contains(told.line.anchor.as_str());
    if new.iter().any(stands) {
        // The lines stand there, but the database forgot: what stands somewhere is not written again.
        if page.is_some_and(|page| page.len() > LONGEST) {
            parts::grown(run, &frozen.title, context.now).await?;
        }
        if !new.iter().all(stands) {
            new = forgotten::elsewhere(run, &frozen.title, new).await?;
        }
    }
    let is_shown = |told: &&Told| stands(told) || matches!(told.entry.says, Says::This(_));
    let (there, dropped): (Vec<&Told>, Vec<&Told>) = new.iter().partition(is_shown);
    let added = there.iter().filter(|told| !stands(told)).count();
    if page.is_none() && there.is_empty() {
        let why = "what it was about is hidden or to be named nowhere";
        nothing_left(run, context, intent, frozen, why).await?;
        return Ok(0);
    }
    let mut footer = Footer::load(run, frozen.day, &frozen.title).await?;
    footer.hidden += dropped.iter().map(|told| told.hidden).sum::<u64>();
    let words = context.words(run);
    let entries: Vec<_> = new.iter().chain(&old).map(|told| told.entry.clone()).collect();
    let text = text::update(
        page,
        &words.intro(frozen.day),
        &entries,
        &footer.tails(&words),
        site.extension_tags(),
    );
    let on_page = text::anchors(&text);
    let (kept, away): (Vec<&Told>, Vec<&Told>) =
        old.iter().partition(|told| on_page.contains(told.line.anchor.as_str()));
    let shown: Vec<Shown> = there.iter().chain(&kept).map(|told| told.shown()).collect();
    let gone: Vec<u64> = dropped.iter().chain(&away).map(|told| told.line.id).collect();
    if page.is_some_and(|page| page == text.trim_end()) {
        note_standing(run, context, intent, frozen, &shown, look.base().unwrap_or(RevId(0))).await?;
        return Ok(0);
    }
    let now = context.now;
    let mut done = async |tx: &mut FencedTx<'_>, found: &Found| {
        mark(tx, &shown, &frozen.title, found.revid, found.at).await?;
        hit_line::mark_gone(tx, &gone).await?;
        footer.store(tx, Some(found.at), now).await
    };
    let summary = format!("Listed {} ({})", many(added, "observation"), intent.token);
    let additive = Additive {
        intent,
        text: &text,
        summary: &summary,
        marker: Some(MARKER),
    };
    let outcome = run.editor.save_additive(&look, &additive, &mut done).await?;
    if matches!(outcome, Outcome::Done(_)) && text.len() > LONGEST {
        parts::grown(run, &frozen.title, context.now).await?;
    }
    let is_done = matches!(outcome, Outcome::Done(_));
    ended(run, context, intent, frozen, outcome).await?;
    Ok(if is_done { added as u64 } else { 0 })
}

async fn mark(
    tx: &mut FencedTx<'_>,
    shown: &[Shown],
    title: &str,
    revid: RevId,
    at: Timestamp,
) -> shared::db::Result<()> {
    hit_line::mark_shown(tx, shown, title, revid, at).await.map(|_| ())
}

fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

async fn note_standing(
    run: &Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    frozen: &Frozen,
    shown: &[Shown],
    revid: RevId,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (id, now) = (intent.id, context.now);
    run.db
        .fenced(&fence, "noting lines that stand on a page already", async |tx| {
            intent::mark_done(tx, id, Some(revid), None, now).await?;
            mark(tx, shown, &frozen.title, revid, now).await
        })
        .await?;
    Ok(())
}

async fn ended(
    run: &Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    frozen: &Frozen,
    outcome: Outcome,
) -> anyhow::Result<u64> {
    match outcome {
        Outcome::Done(_) => return Ok(frozen.lines.len() as u64),
        Outcome::TooEarly => tracing::info!(
            "{}: sent less than five minutes ago without an answer",
            terminal(&frozen.title)
        ),
        Outcome::Dry => {}
        Outcome::Gone(what) => gone(run, context, intent, frozen, &what).await?,
    }
    Ok(0)
}

/// Lines that will never stand on their page, without anybody having to know.
async fn nothing_left(
    run: &Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    frozen: &Frozen,
    why: &str,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (id, now) = (intent.id, context.now);
    let ids: Vec<u64> = frozen.lines.iter().map(|line| line.id).collect();
    run.db
        .fenced(&fence, "giving lines of a day up", async |tx| {
            intent::mark_gone(tx, id, why, now).await?;
            hit_line::mark_gone(tx, &ids).await?;
            Ok(())
        })
        .await?;
    Ok(())
}

/// Lines that will never stand on their page: recorded as such, and told on the status page.
async fn gone(
    run: &Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    frozen: &Frozen,
    why: &str,
) -> anyhow::Result<()> {
    nothing_left(run, context, intent, frozen, why).await?;
    taken::note(run, context.now, &frozen.title, why).await
}

/// Shows what an edit would bring.
async fn dry(run: &mut Run<Settings>, context: &PageContext, frozen: &Frozen, told: Vec<Told>) -> anyhow::Result<()> {
    use shared::editor::{Computed, State};
    let title = run.session.site().title(&frozen.title).map_err(anyhow::Error::msg)?;
    let state = State {
        title: &title,
        marker: Some(MARKER),
        is_status_page: false,
        asked_again: false,
    };
    let intro = context.words(run).intro(frozen.day);
    let tags = run.session.site().extension_tags().clone();
    let entries: Vec<_> = told.into_iter().map(|told| told.entry).collect();
    let summary = format!("Listed {}", many(entries.len(), "observation"));
    let computed = |look: &shared::editor::Look| {
        let text = text::update(look.target.text(), &intro, &entries, &[], &tags);
        Ok(Some(Computed {
            text,
            summary: summary.clone(),
        }))
    };
    match run.editor.save_state(&state, computed).await {
        Err(shared::editor::Refused::Page { code, info }) => {
            println!("{}: {} ({code})", terminal(&frozen.title), terminal(&info));
            Ok(())
        }
        other => Ok(other.map(|_| ())?),
    }
}
