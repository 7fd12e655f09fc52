//! Closed reports whose links came again. That they came is noted in the transaction that takes their hosts off the list
//! of touched ones; whether a report is opened again depends on who added them, which only wikis know, and no wiki is
//! asked within a transaction. So a note stays until its report was judged: the transaction that stores the request takes
//! the note away, and a run that dies between leaves it to the next one, which judges the same additions again.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::TimeDelta;
use shared::core::hit::{Skip, UserFacts};
use shared::core::link::Key;
use shared::core::report::{Facts, Kind as Of, Rule, Status, Subject};
use shared::core::text::terminal;
use shared::core::types::Timestamp;
use shared::db::links::questions::additions::{self, Addition};
use shared::db::links::questions::lookup::{Kind, hosts_between};
use shared::db::links::questions::servers;
use shared::db::report::{self, Report};
use shared::db::report_ask::{self, NewAsk, Reason};
use shared::db::{FencedTx, list, memo};
use shared::job::{Run, ends_run};
use shared::wiki::{Phase, Session, people};

use super::boards::Boards;
use super::since::{again, is_skipped, is_too_little, not_before, rows};
use super::tripping::{on_server, words};
use super::white::White;
use crate::RECORDER;
use crate::gather::Context;
use crate::settings::Settings;

/// Name of the memo.
const NAME: &str = "came again";
/// Reports of one run; what is left waits for the next one.
const PER_RUN: usize = 100;
/// Hosts of a domain that are looked at.
const HOSTS: u32 = 1_000;
/// Hosts whose servers are looked at.
const ON_SERVERS: usize = 500;
/// Additions of a report that are looked at, the newest.
const ROWS: u32 = 1_000;
/// A host that was added more often has no say in what stands on its server.
const MAX_ADDITIONS: u32 = 1_000;
/// Global accounts that are asked for, one request each; who is left counts.
const GLOBAL: usize = 100;
/// After a wiki could not be asked, so long is waited.
const PAUSE: TimeDelta = TimeDelta::hours(1);

/// Keys of link reports, and not before when they are looked at.
type Notes = BTreeMap<String, Option<Timestamp>>;

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
}

/// Notes that the links of these reports came again, in the transaction in which that was learnt.
pub async fn note(tx: &mut FencedTx<'_>, subjects: &[Subject], now: Timestamp) -> shared::db::Result<()> {
    let links = subjects.iter().filter(|subject| subject.kind() == Of::Link);
    let links: Vec<(String, Option<Timestamp>)> = links.map(|subject| (subject.key(), None)).collect();
    if links.is_empty() {
        return Ok(());
    }
    change(tx, now, |notes| {
        // A moment that is set stays: it will be looked at then.
        for (key, at) in &links {
            notes.entry(key.clone()).or_insert(*at);
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
pub(super) async fn look(run: &mut Run<Settings>, settings: &Settings, boards: &Boards) -> anyhow::Result<Looked> {
    let (job, home, now) = (run.editor.job, run.wiki.clone(), run.clock.now());
    let memo = run
        .db
        .read_if_there(async |db| memo::get(db, job, &home, NAME).await)
        .await?;
    let notes = read(memo);
    let mut looked = Looked {
        later: notes.values().filter(|at| at.is_some_and(|at| at > now)).count() as u64,
        ..Looked::default()
    };
    let due = notes.iter().filter(|(_, at)| at.is_none_or(|at| at <= now));
    let due: Vec<String> = due.map(|(key, _)| key.clone()).take(PER_RUN).collect();
    if due.is_empty() {
        return Ok(looked);
    }
    // The run is needed for itself while a context looks at wikis.
    let (db, here, others) = (run.db.clone(), run.session.clone(), run.others.clone());
    let cx = Context::new(&db, settings, &here, &others, run.fence(), now).await?;
    let entries = run
        .db
        .read_if_there(async |db| list::all_of_job(db, RECORDER).await)
        .await?;
    let white = White::new(entries, &cx.settings.path_hosts, now);
    for key in due {
        if !run.goes_on().await? {
            break;
        }
        let verdict = match judge(&cx, boards, &white, &key).await {
            Ok(verdict) => verdict,
            Err(error) if ends_run(&error) => return Err(error),
            Err(error) => {
                run.item_error(&format!("closed report {key}"), &error).await;
                Verdict::Later(now + PAUSE)
            }
        };
        match &verdict {
            Verdict::Again(_) => looked.reopened += 1,
            Verdict::Later(_) => looked.later += 1,
            Verdict::Not => {}
        }
        store(run, &key, &verdict).await?;
    }
    Ok(looked)
}

async fn store(run: &Run<Settings>, key: &str, verdict: &Verdict) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else {
        if let Verdict::Again(ask) = verdict {
            println!("would be opened again: {}", terminal(&ask.subject.to_string()));
        }
        return Ok(());
    };
    let now = run.clock.now();
    run.db
        .fenced(&fence, "judging a closed report", async |tx| {
            if let Verdict::Again(ask) = verdict {
                report_ask::ask(tx, std::slice::from_ref(&**ask), now).await?;
            }
            change(tx, now, |notes| match verdict {
                Verdict::Again(_) | Verdict::Not => {
                    notes.remove(key);
                }
                Verdict::Later(at) => {
                    notes.insert(key.to_owned(), Some(*at));
                }
            })
            .await
        })
        .await?;
    Ok(())
}

async fn judge(cx: &Context<'_>, boards: &Boards, white: &White, key: &str) -> anyhow::Result<Verdict> {
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
    let counting: Vec<&Addition> = rows
        .iter()
        .filter(|row| Key::from_stored(&row.stored_key).is_none_or(|key| !white.has(&row.wiki, &row.editor, &key)))
        .collect();
    let Some(known) = accounts(cx, &counting).await? else {
        return Ok(Verdict::Later(now + PAUSE));
    };
    let is_skipped = |row: &&&Addition| {
        let facts = known.get(&(row.wiki.as_str(), row.editor.as_str()));
        facts.is_some_and(|facts| is_skipped(&settings.skip, facts, row.place.ts))
    };
    let counting: Vec<&Addition> = counting.iter().filter(|row| !is_skipped(row)).copied().collect();
    let facts = facts(cx, boards, &key, &hosts, &counting).await?;
    if facts.editors > settings.common_host.into() {
        return Ok(Verdict::Not);
    }
    let rules = again(&facts, &report.opened_by, &settings.rules);
    Ok(match rules.is_empty() {
        true => Verdict::Not,
        false => Verdict::Again(Box::new(asking(report, &rules, closed, &counting))),
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

/// The facts of the additions that count.
async fn facts(
    cx: &Context<'_>,
    boards: &Boards,
    key: &Key,
    hosts: &[u32],
    counting: &[&Addition],
) -> anyhow::Result<Facts> {
    let limits = &cx.settings.rules;
    let hosts = &hosts[..hosts.len().min(ON_SERVERS)];
    let servers = cx
        .db
        .read(async |db| servers::by_one_editor(db, hosts, limits.same_server, MAX_ADDITIONS).await)
        .await?;
    let editors: HashSet<u32> = counting.iter().map(|row| row.editor_id).collect();
    let on_server = on_server(&servers, |editor| editors.contains(&editor));
    let facts = Facts::from_rows(&rows(counting.iter().copied()), limits);
    Ok(Facts {
        on_server: on_server.into_values().max().unwrap_or(0),
        is_shortener: boards.is_shortener(key),
        is_listed: boards.is_listed(key),
        ..facts
    })
}

/// What is known of the accounts that added them, by wiki and name; accounts that nobody knows are absent. `None`: a wiki
/// could not be asked.
async fn accounts<'a>(
    cx: &Context<'_>,
    additions: &[&'a Addition],
) -> anyhow::Result<Option<HashMap<(&'a str, &'a str), UserFacts>>> {
    let mut names: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    for row in additions.iter().filter(|row| row.kind == Kind::Named) {
        names.entry(&row.wiki).or_default().insert(&row.editor);
    }
    let mut known = HashMap::new();
    if names.is_empty() {
        return Ok(Some(known));
    }
    let mut global = 0;
    for (wiki, names) in names {
        let Some(session) = cx.session(wiki).await else {
            return Ok(None);
        };
        let names: Vec<&str> = names.into_iter().collect();
        match of_wiki(&session, &cx.settings.skip, &names, cx.now, &mut global).await {
            Ok(facts) => {
                let of = |name: &&'a str| Some(((wiki, *name), facts.get(*name)?.clone()));
                known.extend(names.iter().filter_map(of));
            }
            Err(error) if wiki == cx.home => return Err(error.into()),
            Err(error) => {
                cx.give_up(wiki, &error).await;
                return Ok(None);
            }
        }
    }
    Ok(Some(known))
}

/// Local figures, joined with the global ones of those whom the local ones do not settle.
async fn of_wiki(
    session: &Session,
    skip: &Skip,
    names: &[&str],
    now: Timestamp,
    asked: &mut usize,
) -> Result<HashMap<String, UserFacts>, shared::wiki::Error> {
    session.count_as(Phase::Mentor);
    let mut facts = people::local(session, names).await?;
    if !people::has_global(session) {
        return Ok(facts);
    }
    let open = facts.iter_mut().filter(|(_, facts)| !is_skipped(skip, facts, now));
    for (name, facts) in open {
        if *asked >= GLOBAL {
            break;
        }
        *asked += 1;
        if let Some(global) = people::global(session, name).await? {
            *facts = people::joined(facts, &global);
        }
    }
    Ok(facts)
}
