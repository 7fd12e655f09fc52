//! What asks for a report without anybody asking: nothing happened for a long time (it becomes stale), a revision that it
//! shows was hidden or deleted since, something that it may name is to be named nowhere or has another name. And old
//! requests go.

mod named;
pub mod renames;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use shared::core::change::EditorKind;
use shared::core::intent::token;
use shared::core::report::{Status, Subject};
use shared::core::types::{RevId, Timestamp};
use shared::db::links::rename;
use shared::db::report::{self, Report};
use shared::db::report_ask::{self, NewAsk, Reason};
use shared::db::suppress::{self, Entry};
use shared::db::{memo, report_row};
use shared::job::Run;
use shared::wiki::revisions;

use crate::gather::Context;
use crate::settings::Settings;

/// Reports younger than this are kept free of what wikis hide.
const KEPT_CLEAN: TimeDelta = TimeDelta::days(30);
/// Reports whose revisions are looked at at once.
const STEP: u32 = 10;
/// So often in a run: thousands of revisions, fifty with a request.
const STEPS: usize = 4;
/// Stale reports of a run, and reports with names of long ago.
const STALE: u32 = 200;
/// Requests that were served are remembered for so long, so that none is served twice.
const REMEMBERED: TimeDelta = TimeDelta::days(1_095);
/// And those that come again and again for so long.
const SOON: TimeDelta = TimeDelta::days(30);
/// Rules ask again when a link is added again: what they asked waits for so long.
const RULES_WAIT: TimeDelta = TimeDelta::days(14);
/// Transactions of a run for users who were renamed.
const RENAME_SLICES: u32 = 200;
/// Name of the memo of the last look at hidden revisions.
const LOOKED: &str = "hidden-look";
/// Name of the memo of the names that are named nowhere, as tokens.
const NAMES: &str = "suppressed";

/// How far the daily look got.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Looked {
    day: String,
    after: Option<(Timestamp, u64)>,
    is_done: bool,
}

impl Looked {
    /// A look that is not through goes on where it is, however many days it takes: else the newest reports never have
    /// their turn where there are many.
    fn next_day(self, day: String) -> Looked {
        Looked {
            day,
            after: self.after.filter(|_| !self.is_done),
            is_done: false,
        }
    }
}

/// Stores what is to be asked. Errs when the database cannot be reached.
pub async fn ask(run: &mut Run<Settings>, cx: &Context<'_>) -> anyhow::Result<()> {
    finish_renames(run).await?;
    let mut asks = stale(run).await?;
    asks.extend(fading(run).await?);
    asks.extend(suppressed(run).await?);
    store(run, &asks).await?;
    hidden(run, cx).await
}

/// Goes on joining users who were renamed, where an earlier run could not finish.
async fn finish_renames(run: &Run<Settings>) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let mut slices = 0;
    let mut goes_on = || {
        slices += 1;
        slices <= RENAME_SLICES && !run.stop.is_stopped()
    };
    rename::finish(&run.db, &fence, run.clock.now(), &mut goes_on).await?;
    Ok(())
}

fn new_ask(home: &str, subject: &Subject, reason: Reason, origin: String) -> NewAsk {
    NewAsk {
        home: home.to_owned(),
        subject: subject.clone(),
        origin,
        requester: None,
        requester_name: None,
        reason,
        detail: None,
    }
}

async fn store(run: &Run<Settings>, asks: &[NewAsk]) -> anyhow::Result<()> {
    let Some(fence) = run.fence().filter(|_| !asks.is_empty()) else {
        return Ok(());
    };
    let now = run.clock.now();
    run.db
        .fenced(&fence, "asking for reports to be looked at", async |tx| {
            report_ask::ask(tx, asks, now).await.map(|_| ())
        })
        .await?;
    Ok(())
}

/// Open reports without news for as long as the settings say.
async fn stale(run: &Run<Settings>) -> anyhow::Result<Vec<NewAsk>> {
    let (home, now) = (run.wiki.as_str(), run.clock.now());
    let before = now - run.accepted.parsed.settings.stale_after;
    let old = run
        .db
        .read_if_there(async |db| report::without_news(db, home, Status::Open, before, STALE).await)
        .await?;
    let of = |report: &Report| format!("stale {}", report.news_at().timestamp());
    Ok(old
        .iter()
        .map(|report| new_ask(home, &report.subject, Reason::Stale, of(report)))
        .collect())
}

/// Reports that name a temporary account or address for too long.
async fn fading(run: &Run<Settings>) -> anyhow::Result<Vec<NewAsk>> {
    let (home, now) = (run.wiki.as_str(), run.clock.now());
    let fading = run
        .db
        .read_if_there(async |db| report::fading(db, home, now, STALE).await)
        .await?;
    let of = |at: Timestamp| format!("fading {}", at.timestamp());
    Ok(fading
        .iter()
        .filter_map(|report| Some(new_ask(home, &report.subject, Reason::Hidden, of(report.fades_at?))))
        .collect())
}

/// Reports that may name what has been named nowhere since the last run.
async fn suppressed(run: &Run<Settings>) -> anyhow::Result<Vec<NewAsk>> {
    let (home, job) = (run.wiki.as_str(), run.editor.job);
    let all = run.db.read_if_there(async |db| suppress::all(db, home).await).await?;
    let known = run
        .db
        .read_if_there(async |db| memo::get(db, job, home, NAMES).await)
        .await?;
    let known: BTreeSet<String> = known
        .map(|memo| memo.value.split_whitespace().map(str::to_owned).collect())
        .unwrap_or_default();
    let of = |entry: &Entry| token(job, home, &format!("{} {}", entry.what.word(), entry.name));
    let now_known: BTreeSet<String> = all.private_entries().iter().map(of).collect();
    if known == now_known {
        return Ok(Vec::new());
    }
    let mut asks = Vec::new();
    for entry in all.private_entries().iter().filter(|entry| !known.contains(&of(entry))) {
        let origin = format!("suppressed {} {}", of(entry), entry.since.timestamp());
        let reports = run
            .db
            .read_if_there(async |db| named::named_on(db, home, entry).await)
            .await?;
        let subjects: BTreeSet<Subject> = reports.into_iter().map(|report| report.subject).collect();
        asks.extend(
            subjects
                .iter()
                .map(|subject| new_ask(home, subject, Reason::Suppressed, origin.clone())),
        );
    }
    if let Some(fence) = run.fence() {
        let (now, names) = (run.clock.now(), Vec::from_iter(now_known).join(" "));
        let stored = &asks;
        run.db
            .fenced(&fence, "asking for reports without a name", async |tx| {
                report_ask::ask(tx, stored, now).await?;
                memo::set(tx, NAMES, &names, now).await
            })
            .await?;
    }
    Ok(asks)
}

/// Once a day, or as often as it takes: the revisions that reports of the last 30 days show, whether everybody may still see them.
async fn hidden(run: &mut Run<Settings>, cx: &Context<'_>) -> anyhow::Result<()> {
    let (home, job, now) = (run.wiki.clone(), run.editor.job, run.clock.now());
    let today = now.date_naive().to_string();
    let known = run
        .db
        .read_if_there(async |db| memo::get(db, job, &home, LOOKED).await)
        .await?;
    let mut looked: Looked = known
        .and_then(|memo| serde_json::from_str(&memo.value).ok())
        .unwrap_or_default();
    if looked.is_done && looked.day == today {
        return Ok(());
    }
    if looked.day != today {
        looked = looked.next_day(today);
        if run.fence().is_some() {
            report_ask::prune(&run.db, now - REMEMBERED, now - SOON).await?;
        }
        if let Some(fence) = run.fence() {
            run.db
                .fenced(&fence, "letting old requests of rules go", async |tx| {
                    report_ask::expire_rules(tx, &home, now - RULES_WAIT, now).await
                })
                .await?;
        }
    }
    for _ in 0..STEPS {
        if !run.goes_on().await? {
            break;
        }
        let after = looked
            .after
            .map(|(saved_at, report_id)| report_row::Place { saved_at, report_id });
        let step = run
            .db
            .read_if_there(async |db| report_row::shown_since(db, &home, now - KEPT_CLEAN, after, STEP).await)
            .await?;
        let mut by_wiki: BTreeMap<&str, BTreeSet<RevId>> = BTreeMap::new();
        for row in &step.rows {
            by_wiki.entry(&row.wiki).or_default().insert(row.rev);
        }
        let mut gone: BTreeSet<(&str, RevId)> = BTreeSet::new();
        for (wiki, revs) in by_wiki {
            gone.extend(
                hidden_on(cx, wiki, &Vec::from_iter(revs))
                    .await?
                    .into_iter()
                    .map(|rev| (wiki, rev)),
            );
        }
        let ids: BTreeMap<u64, &(&str, RevId)> = step
            .rows
            .iter()
            .filter_map(|row| Some((row.report_id, gone.get(&(row.wiki.as_str(), row.rev))?)))
            .collect();
        let reports = run
            .db
            .read_if_there(async |db| report::by_ids(db, &Vec::from_iter(ids.keys().copied())).await)
            .await?;
        let asks: Vec<NewAsk> = reports
            .iter()
            .filter_map(|report| {
                let (wiki, rev) = ids.get(&report.id)?;
                Some(new_ask(
                    &home,
                    &report.subject,
                    Reason::Hidden,
                    format!("hidden {rev} {wiki}"),
                ))
            })
            .collect();
        looked.after = step.next.map(|place| (place.saved_at, place.report_id));
        looked.is_done = looked.after.is_none();
        let Some(fence) = run.fence() else { return Ok(()) };
        let value = serde_json::to_string(&looked)?;
        run.db
            .fenced(&fence, "asking for reports without hidden revisions", async |tx| {
                report_ask::ask(tx, &asks, now).await?;
                memo::set(tx, LOOKED, &value, now).await
            })
            .await?;
        if looked.is_done {
            break;
        }
    }
    Ok(())
}

/// Those of the revisions that are deleted, or of which something is hidden; and authors with new names are followed. A wiki that does not answer hides nothing.
async fn hidden_on(cx: &Context<'_>, wiki: &str, revs: &[RevId]) -> anyhow::Result<Vec<RevId>> {
    let Some(session) = cx.session(wiki).await else {
        return Ok(Vec::new());
    };
    let found = match revisions(&session, revs, false).await {
        Ok(found) => found,
        Err(error) if error.stops_run() => return Err(error.into()),
        Err(error) => {
            cx.give_up(wiki, &error).await;
            return Ok(Vec::new());
        }
    };
    renames::look(cx, wiki, &found).await?;
    Ok(revs
        .iter()
        .copied()
        .filter(|rev| {
            found
                .get(rev)
                .is_none_or(|now| now.editor == EditorKind::Hidden || now.text_hidden || now.comment.is_none())
        })
        .collect())
}

#[cfg(test)]
#[path = "housekeeping_tests.rs"]
mod tests;
