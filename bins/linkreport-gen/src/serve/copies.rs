//! Copies of reports on another wiki than the home: the whole report, with the status of the home and where people's part
//! is. Written by that wiki's own run, so that its own protected page decides.

use chrono::TimeDelta;
use shared::core::report::{Status, Subject};
use shared::daypage::taken;
use shared::db::report::Report;
use shared::db::report_page::{self, Form as Stored, Page as PageRow, State};
use shared::job::Run;
use shared::messages::Messages;

use super::place::Place;
use super::standing::{self, Before};
use super::told::gathered;
use super::write::{self, Wanted, Wrote};
use super::{Served, is_over, reserve};
use crate::asks::home_key;
use crate::gather::Context;
use crate::model::Reach;
use crate::naming::Naming;
use crate::page::{self, CopyOf, Form};
use crate::reduced;
use crate::settings::Settings;
use crate::words::MESSAGES;

/// Reports that are noted at once as wanting a copy.
const NOTED: u32 = 500;
/// Copies that are left alone, of which so many are looked at again in a run.
const LEFT: usize = 20;
/// When they are.
const AGAIN: TimeDelta = TimeDelta::hours(24);

/// Writes copies that do not show what their report says. Errs when nothing more may be written, or wiki or database
/// cannot be reached.
pub async fn copies(run: &mut Run<Settings>, cx: &Context<'_>, place: &Place) -> anyhow::Result<Served> {
    let mut served = Served::default();
    let home = home_key(cx.settings, &run.wiki);
    if let Some(fence) = run.fence() {
        let wiki = run.wiki.clone();
        while run
            .db
            .fenced(&fence, "noting reports that want a copy", async |tx| {
                report_page::expect(tx, &home, &wiki, NOTED).await
            })
            .await?
            >= u64::from(NOTED)
        {}
    }
    try_again(run, &home).await?;
    let (wiki, limit) = (run.wiki.clone(), cx.settings.limits.per_run);
    let due = run
        .db
        .read_if_there(async |db| report_page::due_copies(db, &home, &wiki, limit).await)
        .await?;
    let naming = Naming::read(&run.db, &home).await?;
    for report in due {
        if run.editor.room().await? <= reserve(run) || !run.goes_on().await? {
            break;
        }
        match one(run, cx, place, &home, &report).await {
            Ok(wrote) => match wrote {
                Wrote::Stands(Some(_)) => served.pages += 1,
                Wrote::Stands(None) => served.unchanged += 1,
                Wrote::Held(_) | Wrote::Refused(..) => served.held += 1,
                Wrote::Changed | Wrote::Unknown => served.later += 1,
            },
            Err(error) if is_over(&error) => return Err(error),
            Err(error) => {
                let name = format!("copy of {}", naming.subject(&report.subject));
                run.item_error(&name, &naming.error(&error)).await;
                // Those behind it are not to wait for it.
                set_aside(run, &report, &format!("{error:#}")).await?;
                served.later += 1;
            }
        }
    }
    Ok(served)
}

/// Copies that people changed or took away, and those that the wiki refused, are looked at again once a day: they may have
/// been given back.
async fn try_again(run: &Run<Settings>, home: &str) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (wiki, now) = (run.wiki.as_str(), run.clock.now());
    let states = [State::Held, State::Gone];
    let left = run
        .db
        .read_if_there(async |db| report_page::of_target(db, home, wiki, &states, NOTED).await)
        .await?;
    let left = left
        .into_iter()
        .filter(|page| page.noted_at.is_none_or(|at| now - at >= AGAIN));
    for page in left.take(LEFT) {
        let page = PageRow {
            state: State::Ok,
            ..page
        };
        run.db
            .fenced(&fence, "looking at a copy again", async |tx| {
                report_page::put(tx, &page).await
            })
            .await?;
    }
    Ok(())
}

/// Leaves a copy alone until it is looked at again.
async fn set_aside(run: &Run<Settings>, report: &Report, why: &str) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (id, wiki, now) = (report.id, run.wiki.as_str(), run.clock.now());
    let row = run.db.read(async |db| report_page::get(db, id, wiki).await).await?;
    let row = PageRow {
        state: State::Held,
        why: Some(why.to_owned()),
        noted_at: Some(now),
        ..row.unwrap_or_else(|| PageRow::new(id, wiki))
    };
    run.db
        .fenced(&fence, "leaving a copy alone for a day", async |tx| {
            report_page::put(tx, &row).await
        })
        .await?;
    Ok(())
}

async fn one(
    run: &mut Run<Settings>,
    cx: &Context<'_>,
    place: &Place,
    home: &str,
    report: &Report,
) -> anyhow::Result<Wrote> {
    let (id, wiki, now) = (report.id, run.wiki.clone(), run.clock.now());
    let row = run.db.read(async |db| report_page::get(db, id, &wiki).await).await?;
    let row = row.unwrap_or_else(|| PageRow::new(id, &wiki));
    let status = report.status.unwrap_or(Status::Open);
    let subject: &Subject = &report.subject;
    // Of a user with another name there is another report.
    let titles = [report.title.as_deref(), row.title.as_deref()];
    let titles: Vec<&str> = titles.into_iter().flatten().collect();
    let (model, _) = gathered(cx, subject, &report.rules, &titles).await?;
    let reach = cx.reach(home);
    let copy_of = CopyOf {
        can_link: matches!(reach, Reach::Prefix(_)),
        prefix: match reach {
            Reach::Prefix(prefix) => Some(prefix),
            Reach::Here | Reach::None => None,
        },
        title: report.title.clone().unwrap_or_default(),
        status,
    };
    let mut form = match row.form {
        Stored::Full => Form::Full,
        Stored::Reduced => Form::Reduced,
    };
    let known = row
        .title
        .as_deref()
        .and_then(|title| run.session.site().title(title).ok());
    let mut title = known.unwrap_or_else(|| place.title(cx.settings, subject, form == Form::Reduced));
    let mut objection = row.why.clone();
    loop {
        let around = place.around(run, status, Some(copy_of.clone()));
        let part = match &model {
            Some(model) => page::render(model, &around, form),
            None => page::empty(&around),
        };
        let summary = page::summary(model.as_ref(), &run.accepted.parsed.common);
        let stands = standing::page(&run.session, &title).await?;
        let words = place.words(cx.settings);
        let before = Before {
            status: None,
            digest: row.digest,
        };
        let standing = standing::standing(&run.session, (&run.db, subject), &stands, &words, before).await?;
        let ours: Vec<[u8; 32]> = standing.ours.into_iter().chain(row.digest).collect();
        let held = Messages::new(Some(&run.accepted.parsed.common), MESSAGES).say("copy-held", &[]);
        let wanted = Wanted {
            title: &title,
            part: &part,
            found: None,
            status,
            line: None,
            ours: &ours,
            held: &held,
            is_told: row.noted_at.is_some(),
            has_people: false,
            asked_again: false,
            summary: &summary,
        };
        let wrote = match model.is_none() && !standing.is_there {
            // No page is made to say nothing.
            true => Wrote::Stands(None),
            false => write::write(run, &words, &wanted).await?,
        };
        let shown = run.session.site().prefixed(&title);
        let mut new = PageRow {
            title: Some(shown.clone()),
            ..row.clone()
        };
        match &wrote {
            Wrote::Stands(saved) => {
                new.revid = saved.or(row.revid);
                new.digest = Some(write::digest(&write::whole(&part)));
                new.form = if form == Form::Full {
                    Stored::Full
                } else {
                    Stored::Reduced
                };
                new.state = State::Ok;
                new.why = objection.filter(|_| form == Form::Reduced);
                new.saved_at = if saved.is_some() { Some(now) } else { row.saved_at };
                new.noted_at = None;
                new.content = report.digest;
                new.status_shown = report.status;
            }
            Wrote::Held(why) => {
                new.state = State::Held;
                new.why = Some((*why).to_owned());
                new.noted_at = Some(now);
            }
            Wrote::Refused(code, info) if form == Form::Full && super::one::is_filter(code) => {
                form = Form::Reduced;
                objection = Some(reduced::objection(code, info));
                if reduced::is_warning(code) {
                    // The next run sends what has no names: see there.
                    new.form = Stored::Reduced;
                    new.why = objection;
                    note(run, &new).await?;
                    return Ok(wrote);
                }
                if code.starts_with("titleblacklist") {
                    title = place.title(cx.settings, subject, true);
                }
                continue;
            }
            Wrote::Refused(code, info) => {
                // The status page tells of it once: as a page that is gone, or as one that could not be saved.
                let is_gone = super::left::is_of_people(code);
                if !is_gone && !Naming::read(&run.db, home).await?.hides(subject) {
                    taken::note(run, now, &shown, &format!("{info} ({code})")).await?;
                }
                new.state = State::Gone;
                new.why = is_gone.then(|| info.clone());
                new.noted_at = Some(now);
            }
            Wrote::Changed | Wrote::Unknown => return Ok(wrote),
        }
        note(run, &new).await?;
        return Ok(wrote);
    }
}

async fn note(run: &Run<Settings>, page: &PageRow) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    run.db
        .fenced(&fence, "noting a copy of a report", async |tx| {
            report_page::put(tx, page).await
        })
        .await?;
    Ok(())
}
