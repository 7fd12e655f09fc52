//! Reads back what people wrote on reports: their status word decides what the bot may do. Where it changed, the category
//! in the bot's own part follows, and nothing else.

use chrono::TimeDelta;
use shared::core::report::{Page, Status};
use shared::core::site::Title;
use shared::core::types::RevId;
use shared::db::report::{self, Report};
use shared::db::report_ask::{self, NewAsk, Reason};
use shared::db::report_page::{self, Page as PageRow, State as PageOf};
use shared::editor::{Computed, Refused, State};
use shared::job::Run;
use shared::wiki::{Phase, page_infos};

use crate::page;
use crate::serve::{self, Around, Before, HEAD};
use crate::settings::{Publish, Settings};

/// Reports that are looked at in a run.
const PER_RUN: u32 = 500;
/// A report is looked at again after this time; those that are decided about are looked at then anyway.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

/// Reads back what changed since the last look; how many have another status. Errs when wiki or database cannot be reached.
pub async fn read_back(run: &mut Run<Settings>, place: &Around) -> anyhow::Result<u64> {
    let (home, now) = (run.wiki.clone(), run.clock.now());
    let due = run
        .db
        .read_if_there(async |db| report::due_for_check(db, &home, now - AGAIN, PER_RUN).await)
        .await?;
    let titles: Vec<&str> = due.iter().filter_map(|report| report.title.as_deref()).collect();
    if titles.is_empty() {
        return Ok(0);
    }
    run.session.count_as(Phase::Fixed);
    let infos = page_infos(&run.session, &titles).await?;
    let mut changed = 0;
    for report in due {
        let info = infos
            .iter()
            .find(|info| Some(info.title.as_str()) == report.title.as_deref());
        let newest = info.and_then(|info| info.revid);
        if newest.is_none() || newest == report.page_revid {
            // Gone, or as it was.
            if newest.is_none() && report.saved_at.is_none() {
                unblocked(run, &report).await?;
            }
            note(
                run,
                Report {
                    checked_at: Some(now),
                    ..report
                },
            )
            .await?;
            continue;
        }
        if run.editor.room().await? <= serve::reserve(run) || !run.goes_on().await? {
            break;
        }
        changed += u64::from(one(run, place, report).await?);
    }
    Ok(changed)
}

/// Whether its status is another one.
async fn one(run: &mut Run<Settings>, place: &Around, report: Report) -> anyhow::Result<bool> {
    let now = run.clock.now();
    let settings = run.accepted.parsed.settings.clone();
    let Some(Ok(title)) = report.title.as_deref().map(|title| run.session.site().title(title)) else {
        return Ok(false);
    };
    let stands = serve::page(&run.session, &title).await?;
    let (id, wiki) = (report.id, run.wiki.clone());
    let row = run
        .db
        .read_if_there(async |db| report_page::get(db, id, &wiki).await)
        .await?;
    let before = Before {
        status: report.status,
        digest: row.as_ref().and_then(|row| row.digest),
    };
    let words = place.words(&settings);
    let standing = serve::standing(&run.session, (&run.db, &report.subject), &stands, &words, before).await?;
    let (was, is) = (report.status, standing.status.or(report.status));
    let mut seen = serve::seen(report, &standing, is, now);
    let row = match row {
        Some(row) if row.state != PageOf::Ok && standing.is_ours => Some(free(run, &seen, row).await?),
        row => row,
    };
    if let (Some(was), Some(is)) = (was, is)
        && was != is
    {
        tracing::info!("a report is {} now, it was {}", is.word(), was.word());
        if let Some(row) = row
            && settings.publish == Publish::Pages
            && standing.ours.is_some()
        {
            let (row, revid) = category(run, place, &title, row, standing.ours, (was, is)).await?;
            seen.page_revid = revid.or(seen.page_revid);
            seen.digest = row.digest;
            note(run, seen).await?;
            store(run, row).await?;
            return Ok(true);
        }
    }
    note(run, seen).await?;
    Ok(was != is)
}

/// People gave a page back to the bot that it had to leave alone: it is the bot's again, and what was new meanwhile is
/// asked for.
async fn free(run: &Run<Settings>, report: &Report, row: PageRow) -> anyhow::Result<PageRow> {
    let row = PageRow {
        state: PageOf::Ok,
        why: None,
        noted_at: None,
        ..row
    };
    let Some(fence) = run.fence() else { return Ok(row) };
    let revid = report.page_revid.unwrap_or(RevId(0));
    let ask = NewAsk {
        home: report.home.clone(),
        subject: report.subject.clone(),
        origin: format!("freed {revid}"),
        requester: None,
        requester_name: None,
        reason: Reason::Additions,
        detail: None,
    };
    let now = run.clock.now();
    run.db
        .fenced(&fence, "noting a page that may be written again", async |tx| {
            report_page::put(tx, &row).await?;
            report_ask::ask(tx, std::slice::from_ref(&ask), now).await.map(|_| ())
        })
        .await?;
    Ok(row)
}

/// What stood at the title of a report that was never written is gone: it may be written, and is asked for where a rule
/// had asked. A person asks again.
async fn unblocked(run: &Run<Settings>, report: &Report) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (id, wiki, now) = (report.id, run.wiki.clone(), run.clock.now());
    let row = run.db.read(async |db| report_page::get(db, id, &wiki).await).await?;
    let Some(row) = row.filter(|row| row.state == PageOf::Gone) else {
        return Ok(());
    };
    let row = PageRow {
        state: PageOf::Ok,
        why: None,
        ..row
    };
    let rules: Vec<&str> = report.rules.iter().map(|rule| rule.word()).collect();
    let ask = (!rules.is_empty()).then(|| NewAsk {
        home: report.home.clone(),
        subject: report.subject.clone(),
        origin: format!("unblocked {}", now.timestamp()),
        requester: None,
        requester_name: None,
        reason: Reason::Rule,
        detail: Some(rules.join(" ")),
    });
    run.db
        .fenced(&fence, "noting that a report may be written", async |tx| {
            report_page::put(tx, &row).await?;
            report_ask::ask(tx, ask.as_slice(), now).await.map(|_| ())
        })
        .await?;
    Ok(())
}

/// Moves the page to the category of its status, where the bot's part is still the bot's.
async fn category(
    run: &mut Run<Settings>,
    place: &Around,
    title: &Title,
    row: PageRow,
    ours: Option<[u8; 32]>,
    (was, is): (Status, Status),
) -> anyhow::Result<(PageRow, Option<RevId>)> {
    let state = State {
        title,
        marker: Some(HEAD),
        is_status_page: false,
        asked_again: false,
    };
    let swap = page::status_categories(&place.around(run, was, None), &place.around(run, is, None));
    let mut digest = row.digest;
    let saved = run
        .editor
        .save_state(&state, |look| {
            let Some(text) = look.target.text() else {
                return Ok(None);
            };
            let Page::Ours { bot, human } = Page::read(text) else {
                return Ok(None);
            };
            if Some(Page::digest(bot)) != ours {
                return Ok(None);
            }
            let part = swap
                .iter()
                .fold(bot.to_owned(), |text, (old, new)| text.replace(old.as_str(), new));
            digest = Some(Page::digest(&part));
            Ok(Some(Computed {
                text: format!("{part}{}", human.0),
                summary: format!("The report is {} now", is.word()),
            }))
        })
        .await;
    match saved {
        Ok(saved) => {
            let now = run.clock.now();
            // Where nothing was to be changed, an edit that was never noted may stand there: it is noted with what it
            // tells, by who asked for it.
            let (digest, content) = match saved {
                Some(_) => (digest, digest),
                None => (row.digest, row.content),
            };
            let row = PageRow {
                digest,
                content,
                revid: saved.or(row.revid),
                saved_at: if saved.is_some() { Some(now) } else { row.saved_at },
                status_shown: Some(is),
                ..row
            };
            Ok((row, saved))
        }
        Err(Refused::Page { .. } | Refused::Unknown(_)) => Ok((row, None)),
        Err(refused) => Err(refused.into()),
    }
}

async fn note(run: &Run<Settings>, report: Report) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    run.db
        .fenced(&fence, "noting what people wrote on a report", async |tx| {
            report::put(tx, &report).await.map(|_| ())
        })
        .await?;
    Ok(())
}

async fn store(run: &Run<Settings>, row: PageRow) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    run.db
        .fenced(&fence, "noting a report's category", async |tx| {
            report_page::put(tx, &row).await
        })
        .await?;
    Ok(())
}
