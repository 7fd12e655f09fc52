//! Closed reports whose links came again. That they came is noted in the transaction that takes their hosts off the list
//! of touched ones; whether a report is opened again depends on who added them, which only wikis know, and no wiki is
//! asked within a transaction. So a note stays until its report was judged: the transaction that stores the request takes
//! the note away, and a run that dies between leaves it to the next one, which judges the same additions again.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use shared::core::link::Key;
use shared::core::report::{Kind as Of, Rule, Status, Subject};
use shared::core::types::Timestamp;
use shared::db::links::questions::additions::{self, Addition};
use shared::db::links::questions::lookup::hosts_between;
use shared::db::report::{self, Report};
use shared::db::report_ask::{self, NewAsk, Reason};
use shared::db::{FencedTx, memo};
use shared::job::{Run, ends_run};

use super::judge::{HOSTS, Judge, PATIENCE, ROWS};
use super::since::{again, is_too_little, not_before};
use super::tripping::words;
use crate::gather::Context;
use crate::naming::Naming;
use crate::settings::Settings;

/// Name of the memo.
const NAME: &str = "came again";
/// Reports of one run; what is left waits for the next one.
const PER_RUN: usize = 100;
/// After a wiki could not be asked, so long is waited.
const PAUSE: TimeDelta = TimeDelta::hours(1);

/// That the links of a report came again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Note {
    /// Since when that is known.
    since: Timestamp,
    /// Not to be looked at before.
    at: Option<Timestamp>,
    /// Since when a wiki could not be asked.
    unknown: Option<Timestamp>,
}

impl Note {
    /// Whether a wiki could not be asked for so long that it is not waited for any more.
    fn is_out_of_patience(&self, now: Timestamp) -> bool {
        self.unknown.is_some_and(|since| now - since >= PATIENCE)
    }

    /// The note after its report was looked at; `None`: nothing is left to be done.
    fn after(&self, verdict: &Verdict, now: Timestamp) -> Option<Note> {
        let (at, unknown) = match verdict {
            Verdict::Again(_) | Verdict::Not => return None,
            Verdict::Later(at) => (*at, self.unknown),
            Verdict::Unknown => (now + PAUSE, self.unknown.or(Some(now))),
        };
        Some(Note {
            at: Some(at),
            unknown,
            ..self.clone()
        })
    }
}

/// Notes by keys of link reports.
type Notes = BTreeMap<String, Note>;

/// Those whose moment has come, in the order in which they were noted.
fn due(notes: &Notes, now: Timestamp) -> Vec<(&String, &Note)> {
    let is_due = |note: &Note| note.at.is_none_or(|at| at <= now);
    let mut due: Vec<(&String, &Note)> = notes.iter().filter(|(_, note)| is_due(note)).collect();
    due.sort_by_key(|(_, note)| note.since);
    due
}

/// What the look brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Reports that are to be opened again.
    pub reopened: u64,
    /// Reports that wait: opened again too lately, or a wiki could not be asked.
    pub later: u64,
}

/// What is decided of a report.
#[derive(Clone, Debug, PartialEq)]
enum Verdict {
    /// It is to be opened again.
    Again(Box<NewAsk>),
    /// It stays as it is.
    Not,
    /// Not to be decided before this moment.
    Later(Timestamp),
    /// A wiki could not be asked.
    Unknown,
}

/// Notes that the links of these reports came again, in the transaction in which that was learnt.
pub async fn note(tx: &mut FencedTx<'_>, subjects: &[Subject], now: Timestamp) -> shared::db::Result<()> {
    let links = subjects.iter().filter(|subject| subject.kind() == Of::Link);
    let links: Vec<String> = links.map(Subject::key).collect();
    if links.is_empty() {
        return Ok(());
    }
    change(tx, now, |notes| {
        // A moment that is set stays: it will be looked at then.
        for key in links {
            let (since, at, unknown) = (now, None, None);
            notes.entry(key).or_insert(Note { since, at, unknown });
        }
    })
    .await
}

/// The links of this report came again, and it turned out to be closed by now: it is looked at in the next pass.
pub async fn look_again(tx: &mut FencedTx<'_>, subject: &Subject, now: Timestamp) -> shared::db::Result<()> {
    note(tx, std::slice::from_ref(subject), now).await
}

async fn change(tx: &mut FencedTx<'_>, now: Timestamp, change: impl FnOnce(&mut Notes)) -> shared::db::Result<()> {
    let (job, wiki) = (tx.fence().job.clone(), tx.fence().wiki.clone());
    let mut notes = read(memo::get(tx, &job, &wiki, NAME).await?);
    change(&mut notes);
    let json = serde_json::to_string(&notes).expect("text and times are JSON");
    memo::set(tx, NAME, &json, now).await
}

fn read(memo: Option<memo::Memo>) -> Notes {
    let Some(memo) = memo else { return Notes::new() };
    serde_json::from_str(&memo.value).unwrap_or_else(|error| {
        tracing::warn!("the memo `{NAME}` cannot be read and begins anew: {error}");
        Notes::new()
    })
}

/// Looks at the reports that are noted. Errs as the database does, and where a wiki ends the run.
pub(super) async fn look(run: &mut Run<Settings>, settings: &Settings, judge: &Judge) -> anyhow::Result<Looked> {
    let (job, home, now) = (run.editor.job, run.wiki.clone(), run.clock.now());
    let memo = run
        .db
        .read_if_there(async |db| memo::get(db, job, &home, NAME).await)
        .await?;
    let notes = read(memo);
    let mut looked = Looked {
        later: notes.values().filter(|note| note.at.is_some_and(|at| at > now)).count() as u64,
        ..Looked::default()
    };
    let due = due(&notes, now);
    if due.is_empty() {
        return Ok(looked);
    }
    // The run is needed for itself while a context looks at wikis.
    let (db, here, others) = (run.db.clone(), run.session.clone(), run.others.clone());
    let cx = Context::new(&db, settings, &here, &others, run.fence(), now).await?;
    let naming = Naming::read(&run.db, &run.wiki).await?;
    for (key, note) in due.into_iter().take(PER_RUN) {
        if !run.goes_on().await? {
            break;
        }
        let verdict = match judged(&cx, judge, key, note).await {
            Ok(verdict) => verdict,
            Err(error) if ends_run(&error) => return Err(error),
            Err(error) => {
                let name = match Key::from_stored(key) {
                    Some(key) => naming.subject(&Subject::Link(key)),
                    None => "link".to_owned(),
                };
                run.item_error(&format!("closed report: {name}"), &naming.error(&error))
                    .await;
                Verdict::Later(now + PAUSE)
            }
        };
        match &verdict {
            Verdict::Again(_) => looked.reopened += 1,
            Verdict::Later(_) | Verdict::Unknown => looked.later += 1,
            Verdict::Not => {}
        }
        store(run, &naming, key, &verdict).await?;
    }
    Ok(looked)
}

async fn store(run: &Run<Settings>, naming: &Naming, key: &str, verdict: &Verdict) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else {
        if let Verdict::Again(ask) = verdict {
            println!("would be opened again: {}", naming.subject(&ask.subject));
        }
        return Ok(());
    };
    let now = run.clock.now();
    run.db
        .fenced(&fence, "judging a closed report", async |tx| {
            if let Verdict::Again(ask) = verdict {
                report_ask::ask(tx, std::slice::from_ref(&**ask), now).await?;
            }
            change(tx, now, |notes| {
                let Some(note) = notes.remove(key) else { return };
                notes.extend(note.after(verdict, now).map(|note| (key.to_owned(), note)));
            })
            .await
        })
        .await?;
    Ok(())
}

async fn judged(cx: &Context<'_>, judge: &Judge, key: &str, note: &Note) -> anyhow::Result<Verdict> {
    let (home, now, settings) = (&cx.home, cx.now, cx.settings);
    let Some(key) = Key::from_stored(key) else {
        return Ok(Verdict::Not);
    };
    let subject = Subject::Link(key.clone());
    let report = cx.db.read(async |db| report::get(db, home, &subject).await).await?;
    let Some(report) = report.filter(|report| report.status == Some(Status::Closed)) else {
        return Ok(Verdict::Not);
    };
    if let Some(at) = not_before(report.reopened_at, settings.limits.reopen_every).filter(|at| *at > now) {
        return Ok(Verdict::Later(at));
    }
    let closed = report.closed_at.or(report.saved_at).unwrap_or(report.opened_at);
    let (from, to) = key.with_subdomains();
    let (hosts, rows) = cx
        .db
        .read(async |db| {
            let hosts = hosts_between(db, &from, &to, HOSTS).await?;
            let ids: Vec<u32> = hosts.iter().map(|host| host.id).collect();
            let rows = additions::since(db, &ids, closed, ROWS).await?;
            Ok((ids, rows))
        })
        .await?;
    if is_too_little(&rows, &report.opened_by, &settings.rules) {
        return Ok(Verdict::Not);
    }
    let counting = judge.counting(cx, &rows).await?;
    if !counting.is_whole && !note.is_out_of_patience(now) {
        return Ok(Verdict::Unknown);
    }
    let facts = judge.facts(cx, &key, &hosts, &counting.rows).await?;
    if facts.editors > settings.common_host.into() {
        return Ok(Verdict::Not);
    }
    let rules = again(&facts, &report.opened_by, &settings.rules);
    Ok(match rules.is_empty() {
        true => Verdict::Not,
        false => Verdict::Again(Box::new(asking(report, &rules, closed, &counting.rows))),
    })
}

/// One and the same as long as neither the closing nor the newest addition is another one.
fn asking(report: Report, rules: &[Rule], closed: Timestamp, counting: &[&Addition]) -> NewAsk {
    let newest = counting.iter().map(|row| row.place.ts).max().unwrap_or(closed);
    NewAsk {
        home: report.home,
        subject: report.subject,
        origin: format!("reopen:{}:{}", closed.timestamp(), newest.timestamp()),
        requester: None,
        requester_name: None,
        reason: Reason::Reopen,
        detail: Some(words(rules)),
    }
}

#[cfg(test)]
#[path = "reopen_tests.rs"]
mod tests;
