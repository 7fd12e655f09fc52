//! Saves the log: what is not logged yet goes to the day pages, one edit per page and run, exactly once. Which rows an
//! edit brings is frozen in its intent; the page itself is read again each time, so that what people wrote there stays,
//! lines of reverted edits say so, and what was hidden since goes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use shared::core::intent::token;
use shared::core::text::terminal;
use shared::core::types::{RevId, Timestamp};
use shared::daypage::{Tried, parts, taken, tries};
use shared::db::FencedTx;
use shared::db::field_change::{self, ChangeRow, Logged};
use shared::db::intent::{self, Intent, NewIntent};
use shared::editor::{Additive, Found, Outcome};
use shared::job::Run;
use shared::wiki::Phase;

use crate::clean::refreshed;
use crate::context::Context;
use crate::forgotten;
use crate::lines::{Words, anchor};
use crate::logpage::{self, MARKER};
use crate::overrides::Overrides;
use crate::settings::Settings;

/// Begins the keys of intents.
const KEY: &str = "log:";
/// Rows of one edit.
const PER_EDIT: usize = 500;
/// Rows looked at per run.
const PER_RUN: u32 = 5_000;
/// A log page that refuses its lines is tried for this time.
const GIVE_UP: TimeDelta = TimeDelta::days(7);
/// Edits that are left for the lists and the status page.
const RESERVE: u64 = 5;

/// What is frozen in an intent.
#[derive(Serialize, Deserialize)]
struct Frozen {
    title: String,
    rows: Vec<u64>,
}

/// Saves everything that is not logged yet. Says how many lines were.
pub async fn save(run: &mut Run<Settings>, context: &Context) -> anyhow::Result<u64> {
    if run.fence().is_none() || !context.overrides.may_write() {
        return Ok(0);
    }
    let mut pending: Vec<Intent> = run
        .db
        .read(async |db| intent::pending(db, run.editor.job, &run.wiki).await)
        .await?;
    pending.retain(|intent| intent.key.starts_with(KEY));
    let rows = run
        .db
        .read(async |db| field_change::unlogged(db, &run.wiki, PER_RUN).await)
        .await?;
    if rows.is_empty() && pending.is_empty() {
        return Ok(0);
    }
    // A database restored from a backup may not know what it logged since: the wiki does.
    let oldest = pending.iter().map(|intent| intent.created).min().unwrap_or(context.now);
    run.editor.load_tokens(oldest - TimeDelta::days(1)).await?;
    let frozen: BTreeSet<u64> = pending
        .iter()
        .filter_map(frozen)
        .flat_map(|frozen| frozen.rows)
        .collect();
    let mut logged = 0;
    for intent in &pending {
        if !goes_on(run).await? {
            return Ok(logged);
        }
        logged += one(run, context, intent).await?;
    }
    let mut by_day: BTreeMap<(String, String), Vec<&ChangeRow>> = BTreeMap::new();
    for row in rows.iter().filter(|row| !frozen.contains(&row.id)) {
        let day = row.change.ts.format("%Y-%m-%d").to_string();
        by_day.entry((row.change.log_page.clone(), day)).or_default().push(row);
    }
    for ((log, day), mut rows) in by_day {
        rows.sort_by_key(|row| (row.change.ts, row.id));
        for rows in rows.chunks(PER_EDIT) {
            if !goes_on(run).await? {
                return Ok(logged);
            }
            let title = parts::current(run, &format!("{log}/{day}")).await?;
            // No more intents for a page that refuses them: its rows wait.
            if taken::is_left_alone(run, context.now, &title).await? {
                break;
            }
            let intent = open(run, context, &title, rows).await?;
            logged += one(run, context, &intent).await?;
        }
    }
    Ok(logged)
}

/// Whether another edit may be begun: a cap is for accidents, so the log stops before it and goes on in the next run.
async fn goes_on(run: &mut Run<Settings>) -> anyhow::Result<bool> {
    Ok(run.editor.room().await? > RESERVE && run.goes_on().await?)
}

fn frozen(intent: &Intent) -> Option<Frozen> {
    serde_json::from_str(&intent.decision).ok()
}

async fn open(run: &Run<Settings>, context: &Context, title: &str, rows: &[&ChangeRow]) -> anyhow::Result<Intent> {
    let fence = run.fence().context("a dry run opens no intent")?;
    let first = rows.first().context("an edit without lines")?;
    let key = format!("{KEY}{}:{}", anchor(&run.wiki, first), rows.len());
    let decision = serde_json::to_string(&Frozen {
        title: title.to_owned(),
        rows: rows.iter().map(|row| row.id).collect(),
    })?;
    let token = token(run.editor.job, &run.wiki, &key);
    let new = NewIntent {
        key: &key,
        token: &token,
        decision: &decision,
        page_id: None,
        title,
    };
    let now = context.now;
    Ok(run
        .db
        .fenced(&fence, "opening an intent", async |tx| {
            intent::open(tx, &new, now).await
        })
        .await?)
}

/// Makes one edit of the log. Says how many lines it brought.
async fn one(run: &mut Run<Settings>, context: &Context, intent: &Intent) -> anyhow::Result<u64> {
    let Some(frozen) = frozen(intent) else {
        anyhow::bail!("the stored decision of intent {} cannot be read", intent.id);
    };
    if !matches!(intent.state, intent::State::Open | intent::State::Sending) {
        // Settled before, though its rows do not know it.
        let found = intent.revid.unwrap_or(RevId(0));
        note_standing(run, context, intent, &frozen, found, intent.updated).await?;
        return Ok(0);
    }
    if taken::is_left_alone(run, context.now, &frozen.title).await? {
        return Ok(0);
    }
    let rows = run
        .db
        .read(async |db| field_change::by_ids(db, &run.wiki, &frozen.rows).await)
        .await?;
    anyhow::ensure!(
        !rows.is_empty() && rows.len() == frozen.rows.len(),
        "{} of the {} lines of intent {} are gone from the database",
        frozen.rows.len() - rows.len(),
        frozen.rows.len(),
        intent.id
    );
    let title = &frozen.title;
    let tried = tries(run, intent, title, async |run: &mut Run<Settings>, newest: &Intent| {
        attempt(run, context, newest, &frozen, &rows).await
    });
    match tried.await? {
        Tried::Done(lines) => Ok(lines),
        Tried::Later => Ok(0),
        Tried::Refused { code, info } => {
            // Who took the page away wants no lines there; who refuses them may stop doing so.
            let is_over = code == "taken-away" || context.now - intent.created > GIVE_UP;
            let why = format!("{info} ({code})");
            if is_over {
                gone(run, context, intent, &frozen, &why).await?;
            } else {
                taken::note(run, context.now, title, &why).await?;
            }
            Ok(0)
        }
    }
}

async fn attempt(
    run: &mut Run<Settings>,
    context: &Context,
    intent: &Intent,
    frozen: &Frozen,
    new: &[ChangeRow],
) -> anyhow::Result<u64> {
    let site = run.session.site().clone();
    let title = site.title(&frozen.title).map_err(anyhow::Error::msg)?;
    run.editor.wait_for_turn(&title).await?;
    if !Overrides::load(&run.db, &run.wiki).await?.may_write() {
        return Ok(0);
    }
    run.session.count_as(Phase::Safety);
    let look = run.editor.look(&title, &[], &[]).await?;
    let mark = async |tx: &mut FencedTx<'_>, found: &Found| {
        let place = Logged {
            title: frozen.title.clone(),
            revid: found.revid,
            at: found.at,
        };
        field_change::mark_logged(tx, &frozen.rows, &place).await
    };
    // What an earlier run saved says what was true then.
    let mut found_late = async |tx: &mut FencedTx<'_>, found: &Found| {
        mark(tx, found).await?;
        field_change::log_is_stale(tx, &frozen.rows).await
    };
    let mut done = async |tx: &mut FencedTx<'_>, found: &Found| {
        mark(tx, found).await?;
        field_change::log_is_fresh(tx, &frozen.title).await
    };
    if let Some(outcome) = run.editor.settle(intent, &look, &mut found_late).await? {
        return ended(run, context, intent, frozen, outcome).await;
    }
    let old = run
        .db
        .read(async |db| field_change::of_log_title(db, &run.wiki, &frozen.title).await)
        .await?;
    let (mut new, old) = refreshed(run, new.to_vec(), old).await?;
    let stands = |row: &ChangeRow, wiki: &str| {
        look.target
            .text()
            .is_some_and(|page| logpage::has(page, &anchor(wiki, row)))
    };
    if new.iter().any(|row| stands(row, &run.wiki)) {
        // The lines stand there, but the database forgot: what stands somewhere is not written again.
        if look
            .target
            .text()
            .is_some_and(|page| page.len() > run.accepted.parsed.settings.log_page_size)
        {
            parts::grown(run, &frozen.title, context.now).await?;
        }
        if !new.iter().all(|row| stands(row, &run.wiki)) {
            new = forgotten::elsewhere(run, &frozen.title, new).await?;
        }
        if new.iter().all(|row| stands(row, &run.wiki)) {
            note_standing(run, context, intent, frozen, look.base().unwrap_or(RevId(0)), look.at).await?;
            return Ok(0);
        }
    }
    let text = Words::new(run, context).page(look.target.text(), &frozen.title, &new, &old);
    let pages: BTreeSet<u64> = new.iter().map(|row| row.change.page_id.0).collect();
    let summary = format!(
        "Logged {} on {} ({})",
        many(new.len(), "change"),
        many(pages.len(), "page"),
        intent.token
    );
    let additive = Additive {
        intent,
        text: &text,
        summary: &summary,
        marker: Some(MARKER),
    };
    let outcome = run.editor.save_additive(&look, &additive, &mut done).await?;
    if matches!(outcome, Outcome::Done(_)) && text.len() > run.accepted.parsed.settings.log_page_size {
        parts::grown(run, &frozen.title, context.now).await?;
    }
    ended(run, context, intent, frozen, outcome).await
}

fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

async fn note_standing(
    run: &Run<Settings>,
    context: &Context,
    intent: &Intent,
    frozen: &Frozen,
    revid: RevId,
    at: Timestamp,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let place = Logged {
        title: frozen.title.clone(),
        revid,
        at,
    };
    let (id, now) = (intent.id, context.now);
    run.db
        .fenced(&fence, "noting lines that stand on the log already", async |tx| {
            intent::mark_done(tx, id, Some(revid), None, now).await?;
            field_change::mark_logged(tx, &frozen.rows, &place).await?;
            Ok(())
        })
        .await?;
    Ok(())
}

async fn ended(
    run: &Run<Settings>,
    context: &Context,
    intent: &Intent,
    frozen: &Frozen,
    outcome: Outcome,
) -> anyhow::Result<u64> {
    match outcome {
        Outcome::Done(_) => Ok(frozen.rows.len() as u64),
        Outcome::TooEarly => {
            tracing::info!(
                "{}: sent less than five minutes ago without an answer",
                terminal(&frozen.title)
            );
            Ok(0)
        }
        Outcome::Dry => Ok(0),
        Outcome::Gone(what) => {
            gone(run, context, intent, frozen, &what).await?;
            Ok(0)
        }
    }
}

/// Lines that will never stand on their page: recorded as such, and told on the status page.
async fn gone(
    run: &Run<Settings>,
    context: &Context,
    intent: &Intent,
    frozen: &Frozen,
    why: &str,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (id, now) = (intent.id, context.now);
    let place = Logged {
        title: frozen.title.clone(),
        revid: RevId(0),
        at: now,
    };
    run.db
        .fenced(&fence, "giving lines of a log up", async |tx| {
            intent::mark_gone(tx, id, why, now).await?;
            field_change::mark_logged(tx, &frozen.rows, &place).await?;
            Ok(())
        })
        .await?;
    taken::note(run, context.now, &frozen.title, why).await
}
