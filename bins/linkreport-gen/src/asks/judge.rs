//! Which additions count for the rules, and what they say: those by users whom neither the whitelist nor `skip` of the
//! settings passes over. Who is passed over only wikis know; of a wiki that cannot be asked everybody counts: a report
//! that is made waits for none, one that people closed for a day.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::TimeDelta;
use shared::core::hit::{Skip, UserFacts};
use shared::core::link::Key;
use shared::core::report::{Facts, Rule, tripped};
use shared::core::types::Timestamp;
use shared::db::links::questions::additions::{self, Addition, Of};
use shared::db::links::questions::lookup::{Kind, hosts_between};
use shared::db::links::questions::servers;
use shared::db::list;
use shared::job::Run;
use shared::wiki::{Error, Phase, Session, people};

use super::boards::{Boards, boards};
use super::since::{is_skipped, rows};
use super::tripping::on_server;
use super::white::White;
use crate::RECORDER;
use crate::gather::Context;
use crate::settings::Settings;

/// Hosts of a domain that are looked at.
pub(super) const HOSTS: u32 = 1_000;
/// Additions of a report that are looked at, the newest.
pub(super) const ROWS: u32 = 1_000;
/// Hosts whose servers are looked at.
const ON_SERVERS: usize = 500;
/// A host that was added more often has no say in what stands on its server.
const MAX_ADDITIONS: u32 = 1_000;
/// Global accounts that are asked for, one request each; who is left counts.
const GLOBAL: usize = 100;
/// So long is waited for a wiki that cannot be asked.
pub(super) const PATIENCE: TimeDelta = TimeDelta::days(1);

/// By what additions are judged.
pub struct Judge {
    /// What pages say of hosts.
    pub(super) boards: Boards,
    /// Whom and what the whitelist names.
    pub(super) white: White,
}

/// What is left of an opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Everybody counts: what was asked stands.
    AsAsked,
    /// These rules hold without those who do not count.
    Rules(Vec<Rule>),
    /// None does.
    Nothing,
}

/// Additions that count.
pub(super) struct Counting<'a> {
    /// Those.
    pub(super) rows: Vec<&'a Addition>,
    /// Every wiki was asked; of others everybody counts.
    pub(super) is_whole: bool,
}

impl Judge {
    /// Reads the pages of the settings and the whitelist. Errs as the database does.
    pub async fn new(run: &Run<Settings>) -> anyhow::Result<Judge> {
        let entries = run
            .db
            .read_if_there(async |db| list::all_of_job(db, RECORDER).await)
            .await?;
        let path_hosts = &run.accepted.parsed.settings.path_hosts;
        Ok(Judge {
            boards: boards(run).await?,
            white: White::new(entries, path_hosts, run.clock.now()),
        })
    }

    /// Judges a link for which rules ask. Where a wiki cannot be asked everybody counts. Errs as the database does, and
    /// where a wiki ends the run.
    pub async fn opening(&self, cx: &Context<'_>, key: &Key) -> anyhow::Result<Judged> {
        let (from, to) = key.with_subdomains();
        let (hosts, rows) = cx
            .db
            .read(async |db| {
                let hosts = hosts_between(db, &from, &to, HOSTS).await?;
                let ids: Vec<u32> = hosts.iter().map(|host| host.id).collect();
                let rows = additions::newest(db, Of::Hosts, &ids, None, ROWS).await?;
                Ok((ids, rows))
            })
            .await?;
        let counting = self.counting(cx, &rows).await?;
        if counting.rows.len() == rows.len() {
            return Ok(Judged::AsAsked);
        }
        let facts = self.facts(cx, key, &hosts, &counting.rows).await?;
        let rules = tripped(&facts, &cx.settings.rules);
        Ok(match rules.is_empty() {
            true => Judged::Nothing,
            false => Judged::Rules(rules),
        })
    }

    /// Those of the additions that count.
    pub(super) async fn counting<'a>(&self, cx: &Context<'_>, rows: &'a [Addition]) -> anyhow::Result<Counting<'a>> {
        let is_white = |row: &Addition| {
            let key = Key::from_stored(&row.stored_key);
            key.is_some_and(|key| self.white.has(&row.wiki, &row.editor, &key))
        };
        let mut counting: Vec<&Addition> = rows.iter().filter(|row| !is_white(row)).collect();
        let (known, is_whole) = accounts(cx, &counting).await?;
        counting.retain(|row| {
            let facts = known.get(&(row.wiki.as_str(), row.editor.as_str()));
            !facts.is_some_and(|facts| is_skipped(&cx.settings.skip, facts, row.place.ts))
        });
        Ok(Counting {
            rows: counting,
            is_whole,
        })
    }

    /// The facts of the additions that count.
    pub(super) async fn facts(
        &self,
        cx: &Context<'_>,
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
            is_shortener: self.boards.is_shortener(key),
            is_listed: self.boards.is_listed(key),
            ..facts
        })
    }
}

/// What is known of the accounts that added them, by wiki and name; accounts that nobody knows are absent. And whether
/// every wiki could be asked.
async fn accounts<'a>(
    cx: &Context<'_>,
    additions: &[&'a Addition],
) -> anyhow::Result<(HashMap<(&'a str, &'a str), UserFacts>, bool)> {
    let mut names: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    for row in additions.iter().filter(|row| row.kind == Kind::Named) {
        names.entry(&row.wiki).or_default().insert(&row.editor);
    }
    let (mut known, mut is_whole, mut global) = (HashMap::new(), true, 0);
    for (wiki, names) in names {
        let Some(session) = cx.session(wiki).await else {
            is_whole = false;
            continue;
        };
        let names: Vec<&str> = names.into_iter().collect();
        match of_wiki(&session, &cx.settings.skip, &names, cx.now, &mut global).await {
            Ok(facts) => {
                let of = |name: &&'a str| Some(((wiki, *name), facts.get(*name)?.clone()));
                known.extend(names.iter().filter_map(of));
            }
            Err(error) if wiki == cx.home || error.stops_run() => return Err(error.into()),
            Err(error) => {
                cx.give_up(wiki, &error).await;
                is_whole = false;
            }
        }
    }
    Ok((known, is_whole))
}

/// Local figures, joined with the global ones of those whom the local ones do not settle.
async fn of_wiki(
    session: &Session,
    skip: &Skip,
    names: &[&str],
    now: Timestamp,
    asked: &mut usize,
) -> Result<HashMap<String, UserFacts>, Error> {
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
