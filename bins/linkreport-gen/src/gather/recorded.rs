//! The database part of a report: sums from the counters, the newest rows, who and which hosts, hits. What is read is
//! bounded by the settings, whatever the subject has.
//!
//! What lists name that are shown nowhere is neither named nor counted: editors are taken off all sums but those of months
//! (and of wikis, where they added on several), of which only the rows that were read are; suppressed pages and hosts are
//! taken off as far as their rows were read.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use shared::core::report::{Kind, Rule, Subject};
use shared::core::types::UserId;
use shared::db::Work;
use shared::db::links::host_ip;
use shared::db::links::questions::additions::Of;
use shared::db::links::questions::lookup::{self, Kind as EditorKind};
use shared::db::links::questions::{adders, counts, editors, hosts as of_hosts, stats};
use shared::db::links::since;
use shared::db::{memo, report, report_page};

use super::context::Context;
use super::rows::{self, Read};
use super::shown::Hides;
use super::subject::{Meant, meant};
use super::sums::{Less, Sums};
use super::wikis::Wikis;
use super::{Gathered, Refs, hits, hosts, users};
use crate::model::{Complete, Established, Fates, Model, Server, Totals};

/// Addresses of its servers that a link's report shows, the newest.
const SERVERS: usize = 20;
/// Gaps that a report names, the newest.
const GAPS: usize = 10;
/// Hosts of an editor, the largest, among which those are looked for that are named nowhere.
const HIDDEN_AMONG: u32 = 2_000;
/// The job that reads changes, as its notes are kept.
const READER: &str = crate::RECORDER;
/// Begins the names under which it notes gaps.
const GAP: &str = "gap.";

/// All that is recorded of a subject. `None`: nothing, or nothing that may be shown. `rules` are those
/// that asked for it, and stand before others that hold. Errs as the database does; one that is not there yet has nothing.
pub async fn recorded(cx: &Context<'_>, subject: &Subject, rules: &[Rule]) -> anyhow::Result<Option<Gathered>> {
    let begun = Instant::now();
    let found = cx.db.read_if_there(async |db| read(cx, db, subject).await).await?;
    tracing::debug!(ms = begun.elapsed().as_millis() as u64, "read what is recorded");
    Ok(found.map(|mut gathered| {
        gathered.model.rules = rules.to_vec();
        gathered
    }))
}

async fn read(cx: &Context<'_>, db: &mut Work, subject: &Subject) -> shared::db::Result<Option<Gathered>> {
    let mut wikis = Wikis::new(cx, lookup::wikis(db).await?);
    let hides = Hides::read(db, &[&cx.home, &cx.records]).await?;
    let is_hidden = match subject {
        Subject::Link(key) => hides.key(key),
        other => other.kind().is_editor() && hides.user(&cx.home, None, &other.to_string()),
    };
    if is_hidden || titles(cx, db, subject).await?.iter().any(|title| hides.report(title)) {
        return Ok(None);
    }
    let realm = wikis.realm(&cx.home);
    let mut meant = meant(db, subject, &realm, &hides).await?;
    let mut gone = hides.editors(db, &wikis.realms()).await?;
    if !by_account(db, &wikis, &hides, &mut meant, &mut gone).await? {
        return Ok(None);
    }
    let hits = hits::read(cx, db, subject, &meant, &hides, &mut wikis).await?;
    let of = match subject.kind().is_editor() {
        true => Of::Editors,
        false => Of::Hosts,
    };
    let ids = match of {
        Of::Editors => meant.editor_ids(),
        Of::Hosts => meant.host_ids(),
    };
    let rows = rows::read(cx, db, of, &ids, None, &hides, &mut gone).await?;
    let mut sums = match of {
        Of::Editors => of_these_editors(db, &meant).await?,
        Of::Hosts => of_these_hosts(db, &ids).await?,
    };
    if of == Of::Editors && hides.any_key() {
        let added = of_hosts::of_editors(db, &ids, HIDDEN_AMONG).await?;
        let hidden = added.iter().filter(|host| hides.stored_key(&host.stored_key));
        sums.hosts = sums.hosts.saturating_sub(hidden.count() as u64);
    }
    // Of editors who are meant none is gone.
    let off = match of {
        Of::Editors => HashMap::new(),
        Of::Hosts => take_off(db, &ids, &gone, &mut sums.counts).await?,
    };
    let less = less(&rows, of, &off, &mut sums.counts);
    if rows.shown.is_empty() && sums.counts.additions() == 0 && hits.all == 0 {
        return Ok(None);
    }
    let by_wiki = sums.counts.wikis();
    let mut totals = Totals {
        additions: sums.counts.additions(),
        wikis: by_wiki.len() as u64,
        kinds: sums.counts.kinds(),
        hosts: sums.hosts,
        first: sums.span.map(|span| span.0),
        last: sums.span.map(|span| span.1),
        restored: sums.restored,
        is_cut: meant.is_cut,
    };
    let by_wiki = by_wiki.into_iter().map(|(id, n)| (wikis.place(id), n)).collect();
    let by_month = match of {
        Of::Editors if sums.counts.months.is_empty() => Vec::new(),
        _ => sums.counts.months(),
    };
    let people = users::read(cx, db, subject, &meant, &gone, &less, &hides, &mut wikis).await?;
    for kind in people.vanished {
        // Whose every addition is on what is shown nowhere.
        if let Some((_, editors, _)) = totals.kinds.iter_mut().find(|(of, ..)| *of == kind) {
            *editors = editors.saturating_sub(1);
        }
    }
    let listed = hosts::read(cx, db, subject, &meant, &gone, &hides).await?;
    let rest = rows.rest;
    let (rows, row_refs) = rows::shown(cx, subject, rows, &mut wikis);
    let servers = servers(db, subject, &meant).await?;
    let complete = complete(cx, db, &mut wikis).await?;
    Ok(Some(Gathered {
        refs: Refs {
            hosts: meant.host_ids(),
            editors: meant.editor_ids(),
            wikis: wikis.ids,
            users: people.refs,
            rows: row_refs,
            rest,
            ..Refs::default()
        },
        model: Model {
            subject: subject.clone(),
            wikis: wikis.named,
            totals,
            complete,
            rules: Vec::new(),
            by_wiki,
            by_month,
            users: people.users,
            hosts: listed,
            rows,
            fates: Fates::default(),
            servers,
            entries: Vec::new(),
            unchecked: Vec::new(),
            established: Established::default(),
            earlier: Vec::new(),
            hits: hits.rows,
            all_hits: hits.all,
        },
    }))
}

/// Titles under which the report stands, or would stand, with namespace: on its home and here.
async fn titles(cx: &Context<'_>, db: &mut Work, subject: &Subject) -> shared::db::Result<Vec<String>> {
    let (site, account) = (cx.here.site(), cx.here.account());
    let mut titles = vec![
        site.prefixed(&cx.settings.title(account, subject)),
        site.prefixed(&cx.settings.reduced_title(account, subject)),
    ];
    if let Some(report) = report::get(db, &cx.records, subject).await? {
        let page = report_page::get(db, report.id, &cx.home).await?;
        titles.extend(report.title);
        titles.extend(page.and_then(|page| page.title));
    }
    Ok(titles)
}

/// Drops editors who are shown nowhere from what is meant; false: nobody is left of whom a report was asked for.
async fn by_account(
    db: &mut Work,
    wikis: &Wikis<'_, '_>,
    hides: &Hides,
    meant: &mut Meant,
    gone: &mut BTreeMap<u32, EditorKind>,
) -> shared::db::Result<bool> {
    if meant.editors.is_empty() {
        return Ok(true);
    }
    let places = editors::on_wikis(db, &meant.editor_ids()).await?;
    let pairs: Vec<(u32, u16)> = places.iter().map(|one| (one.editor_id, one.wiki_id)).collect();
    let accounts = lookup::accounts(db, &pairs).await?;
    let mut accounts_of: HashMap<u32, Vec<(u16, UserId)>> = HashMap::new();
    for ((editor, wiki), account) in accounts {
        accounts_of.entry(editor).or_default().push((wiki, account));
    }
    for editor in &meant.editors {
        let accounts = accounts_of.get(&editor.id).into_iter().flatten();
        let mut accounts = accounts.map(|&(wiki, account)| (wikis.key(wiki), Some(account)));
        if accounts.any(|(wiki, account)| hides.user(wiki, account, &editor.name)) {
            gone.insert(editor.id, editor.kind);
        }
    }
    meant.editors.retain(|editor| !gone.contains_key(&editor.id));
    Ok(!meant.editors.is_empty())
}

/// What the counters say.
struct All {
    counts: Sums,
    hosts: u64,
    span: Option<(shared::core::types::Timestamp, shared::core::types::Timestamp)>,
    restored: u64,
}

async fn of_these_hosts(db: &mut Work, ids: &[u32]) -> shared::db::Result<All> {
    let kinds = counts::adders_by_kind(db, ids).await?;
    let span = kinds.iter().map(|kind| (kind.first, kind.last));
    let span = span.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let kinds = kinds.iter().map(|kind| (kind.kind, kind.editors, kind.n)).collect();
    let (on_wikis, months) = (of_hosts::wikis(db, ids).await?, of_hosts::months(db, ids).await?);
    Ok(All {
        counts: Sums::new(kinds, &on_wikis, &months),
        hosts: ids.len() as u64,
        span,
        restored: stats::restored_of_hosts(db, ids).await?,
    })
}

async fn of_these_editors(db: &mut Work, meant: &Meant) -> shared::db::Result<All> {
    let ids = meant.editor_ids();
    let mut kinds: Vec<(EditorKind, u64, u64)> = Vec::new();
    let mut on: BTreeMap<u16, u64> = BTreeMap::new();
    let mut of: HashMap<u32, u64> = HashMap::new();
    for one in editors::on_wikis(db, &ids).await? {
        *on.entry(one.wiki_id).or_default() += one.n;
        *of.entry(one.editor_id).or_default() += one.n;
    }
    for editor in &meant.editors {
        let Some(&n) = of.get(&editor.id) else { continue };
        match kinds.iter_mut().find(|(kind, ..)| *kind == editor.kind) {
            Some((_, editors, sum)) => (*editors, *sum) = (*editors + 1, *sum + n),
            None => kinds.push((editor.kind, 1, n)),
        }
    }
    let all: u64 = of.values().sum();
    let is_busy = all > adders::BUSY;
    let months = match is_busy {
        true => Vec::new(),
        false => editors::months(db, &ids).await?,
    };
    let spans = match is_busy {
        true => editors::spans_of_rows(db, &ids).await?,
        false => editors::spans(db, &ids).await?,
    };
    let span = spans.into_values().reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    let mut counts = Sums::new(kinds, &[], &months);
    counts.wikis = on;
    Ok(All {
        counts,
        hosts: of_hosts::count_of_editors(db, &ids).await?,
        span,
        restored: 0,
    })
}

/// Takes the editors who are shown nowhere off the sums of hosts. Of those who added any: whether all of it was on one
/// wiki.
async fn take_off(
    db: &mut Work,
    ids: &[u32],
    gone: &BTreeMap<u32, EditorKind>,
    counts: &mut Sums,
) -> shared::db::Result<HashMap<u32, bool>> {
    let mut off = HashMap::new();
    let editors: Vec<u32> = gone.keys().copied().collect();
    for (editor, added) in adders::of_hosts(db, ids, &editors).await? {
        let Some(kind) = gone.get(&editor) else { continue };
        let is_one = added.wikis == 1;
        counts.less_editor(*kind, added.n, is_one.then_some(added.wiki_id));
        off.insert(editor, is_one);
    }
    Ok(off)
}

/// Takes rows that are not shown off the sums. Back come those that are to be taken off their editors too.
fn less(rows: &Read, of: Of, off: &HashMap<u32, bool>, counts: &mut Sums) -> Vec<Less> {
    let mut of_others = Vec::new();
    for (less, is_unwrapped) in &rows.left_out {
        // What an archive's link shows was not counted for the editor a second time.
        if of == Of::Editors && *is_unwrapped {
            continue;
        }
        let with_editor = off.get(&less.editor_id);
        counts.less_addition(less, with_editor.is_none(), with_editor != Some(&true));
        if with_editor.is_none() {
            of_others.push(*less);
        }
    }
    of_others
}

async fn servers(db: &mut Work, subject: &Subject, meant: &Meant) -> shared::db::Result<Vec<Server>> {
    if subject.kind() != Kind::Link {
        return Ok(Vec::new());
    }
    let mut by_ip: BTreeMap<std::net::IpAddr, Server> = BTreeMap::new();
    for address in host_ip::of_hosts(db, &meant.host_ids()).await? {
        let server = by_ip.entry(address.ip).or_insert(Server {
            ip: address.ip,
            first: address.first,
            last: address.last,
            hosts: 0,
        });
        server.first = server.first.min(address.first);
        server.last = server.last.max(address.last);
    }
    let mut servers: Vec<Server> = by_ip.into_values().collect();
    servers.sort_by_key(|server| (std::cmp::Reverse(server.last), server.ip));
    servers.truncate(SERVERS);
    for server in &mut servers {
        // A large provider's address says nothing: up to so many are counted.
        let found = host_ip::of_address(db, server.ip, 0, super::subject::BOUND).await?;
        server.hosts = found.len() as u64;
    }
    Ok(servers)
}

/// How far back the numbers go, and the gaps that were noted on the model's wikis. Of a source that is no wiki's own (a
/// stream) a gap is one of all of them.
async fn complete(cx: &Context<'_>, db: &mut Work, wikis: &mut Wikis<'_, '_>) -> shared::db::Result<Complete> {
    let since = since::shown(db).await?;
    let noted = memo::starting_with(db, READER, &cx.records, GAP).await?;
    let mut gaps = Vec::new();
    let of_wiki: HashMap<String, u16> = wikis
        .by_id
        .values()
        .map(|wiki| (gap_name(&wiki.name), wiki.id))
        .collect();
    for (name, memo) in noted {
        let Ok((from, to, false)) = serde_json::from_str(&memo.value) else {
            continue;
        };
        let source = name.rsplit_once('.').map_or(name.as_str(), |(source, _)| source);
        match of_wiki.get(source) {
            Some(id) => gaps.extend(
                wikis
                    .ids
                    .iter()
                    .position(|known| known == id)
                    .map(|wiki| (wiki, from, to)),
            ),
            None => gaps.extend((0..wikis.ids.len()).map(|wiki| (wiki, from, to))),
        }
    }
    gaps.sort_by_key(|&(wiki, from, _)| (std::cmp::Reverse(from), wiki));
    gaps.truncate(GAPS);
    Ok(Complete {
        rows: since.rows,
        counters: since.pairs,
        gaps,
    })
}

/// Begins the names of the gaps of a wiki's recent changes, as coi-report notes them.
fn gap_name(wiki: &str) -> String {
    let source = format!("recentchanges {wiki}");
    format!("{GAP}{}", shared::core::intent::token(READER, &source, "gap"))
}
