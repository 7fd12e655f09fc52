//! From edits to hits: what has to be asked elsewhere (does the wiki refuse a URL, where is a server, who is the author)
//! is asked in batches, then the rules decide.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use anyhow::Context as _;
use shared::core::addition::{Links, NewUser, Why};
use shared::core::change::EditorKind;
use shared::core::hit::{Hit, Judge, Judged, Outside, Skip, UserFacts, Verdict, url_of};
use shared::core::link::Key;
use shared::core::site::Site;
use shared::core::types::RevId;
use shared::db::hit::NewHit;
use shared::db::links::host_ip;
use shared::db::links::questions::lookup;
use shared::db::{Author, Db, UserKind};
use shared::wiki::{Phase, blocked, people};

use crate::nearby::Pending;
use crate::reader::Reader;
use crate::texts::Looked;

/// What edits are judged by, besides the reader's rules.
#[derive(Clone, Copy)]
pub struct By<'a> {
    /// Whom the overlap rules pass over.
    pub skip: &'a Skip,
    /// Who is new.
    pub new_user: NewUser,
    /// The settings in force.
    pub settings: RevId,
}

/// What the wikis and the database said about links and authors.
#[derive(Debug, Default)]
pub struct Asked {
    addresses: HashMap<String, Vec<IpAddr>>,
    blocked: HashMap<String, String>,
    people: HashMap<String, UserFacts>,
}

/// What came of some edits of one wiki.
#[derive(Debug, Default)]
pub struct Found {
    /// The hits, those that are only recorded among them.
    pub hits: Vec<NewHit>,
    /// Links by addresses whose servers nobody asked for yet.
    pub pending: Vec<Pending>,
}

/// Asks what the rules have to know of links.
pub async fn ask(reader: &mut Reader, db: &Db, edits: &[Looked]) -> anyhow::Result<Asked> {
    let mut asked = Asked {
        addresses: addresses(db, edits).await?,
        ..Asked::default()
    };
    if reader.has_spam_blacklist {
        let urls: BTreeSet<String> = edits.iter().flat_map(urls).collect();
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        reader.session.count_as(Phase::Mentor);
        let refused = blocked::spam_blacklist(&reader.session, &urls)
            .await
            .context("asking the spam blacklist")?;
        for (url, parts) in refused {
            let entry = reader.blacklist.name(&url).unwrap_or_else(|| parts.join(", "));
            asked.blocked.insert(url, entry);
        }
    }
    Ok(asked)
}

/// The URLs that an edit added; a bot's are judged by no rule.
fn urls(edit: &Looked) -> Vec<String> {
    let is_bot = edit.of.performer.as_ref().is_none_or(|who| who.is_bot);
    match edit.links.as_ref().map(|links| &links.links) {
        Some(Links::Rows(rows)) if !is_bot => rows.iter().map(url_of).collect(),
        _ => Vec::new(),
    }
}

fn is_by_address(edit: &Looked) -> bool {
    let who = edit.of.performer.as_ref();
    who.is_some_and(|who| who.kind == EditorKind::Ip)
}

/// Addresses of the servers of links that addresses added.
async fn addresses(db: &Db, edits: &[Looked]) -> anyhow::Result<HashMap<String, Vec<IpAddr>>> {
    let mut keys = BTreeSet::new();
    for edit in edits.iter().filter(|edit| is_by_address(edit)) {
        if let Some(Links::Rows(rows)) = edit.links.as_ref().map(|links| &links.links) {
            keys.extend(rows.iter().map(|row| row.host.clone()));
        }
    }
    let keys: Vec<String> = keys.into_iter().collect();
    known_addresses(db, &keys).await
}

/// Addresses of the servers of these link keys (stored form), as name servers said; without those nobody asked for.
pub async fn known_addresses(db: &Db, keys: &[String]) -> anyhow::Result<HashMap<String, Vec<IpAddr>>> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let found = db
        .read_if_there(async |db| {
            let hosts = lookup::hosts_by_key(db, keys).await?;
            let ids: Vec<u32> = hosts.iter().map(|host| host.id).collect();
            let addresses = host_ip::of_hosts(db, &ids).await?;
            let mut found: HashMap<String, Vec<IpAddr>> = HashMap::new();
            for host in hosts {
                let of = addresses.iter().filter(|address| address.host_id == host.id);
                let of: Vec<IpAddr> = of.map(|address| address.ip).collect();
                if !of.is_empty() {
                    found.insert(host.stored_key, of);
                }
            }
            Ok(found)
        })
        .await?;
    Ok(found)
}

/// Judges edits. `asked` is filled up with what is asked about authors. Errs where the wiki does.
pub async fn judge(reader: &mut Reader, edits: &[Looked], asked: &mut Asked, by: By<'_>) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let mut waiting: Vec<(&Looked, Judged)> = Vec::new();
    for edit in edits {
        let judged = reader
            .judge
            .judge(&edit.edit(), &asked.outside(), reader.session.site());
        if edit.name().is_some() && needs_user(reader, edit, &judged) {
            waiting.push((edit, judged));
        } else if judged.has_hits() {
            found.take(edit, judged, asked, by);
        } else {
            found.wait_for_address(edit, asked, &[]);
        }
    }
    let names: BTreeSet<&str> = waiting.iter().filter_map(|(edit, _)| edit.name()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    if !names.is_empty() {
        reader.session.count_as(Phase::Mentor);
        let is_enough = |name: &str, facts: &UserFacts| {
            let mut of = waiting.iter().filter(|(edit, _)| edit.name() == Some(name));
            of.all(|(edit, judged)| judged.is_settled(by.skip, facts, by.new_user, edit.of.ts))
        };
        let facts = reader.accounts.facts(&reader.session, &names, is_enough).await?;
        asked.people.extend(facts);
    }
    for (edit, judged) in waiting {
        found.take(edit, judged, asked, by);
    }
    Ok(found)
}

/// Whether the wiki can say of the author what the hits depend on: what a source told are the figures of that wiki alone.
fn needs_user(reader: &Reader, edit: &Looked, judged: &Judged) -> bool {
    judged.needs_user() && (edit.who.is_none() || people::has_global(&reader.session))
}

/// Judges an edit by what is known of it already.
pub fn judge_offline(judge: &mut Judge, site: &Site, edit: &Looked, asked: &Asked, by: By<'_>) -> Vec<NewHit> {
    let judged = judge.judge(&edit.edit(), &asked.outside(), site);
    if !judged.has_hits() {
        return Vec::new();
    }
    let mut found = Found::default();
    found.take(edit, judged, asked, by);
    found.hits
}

/// Whether rules are asked about an edit at all: not about what is no edit of wikitext, or changes nothing.
pub fn is_judged(edit: &Looked) -> bool {
    !matches!(
        edit.why,
        Some(Why::NullEdit | Why::Model | Why::Import | Why::Namespace)
    )
}

/// Judges one edit and tells the whole story.
pub async fn explain(reader: &mut Reader, edit: &Looked, asked: &mut Asked, by: By<'_>) -> anyhow::Result<Verdict> {
    let judged = reader
        .judge
        .explain(&edit.edit(), &asked.outside(), reader.session.site());
    if let Some(name) = edit.name().filter(|_| needs_user(reader, edit, &judged)) {
        let is_enough = |_: &str, facts: &UserFacts| judged.is_settled(by.skip, facts, by.new_user, edit.of.ts);
        let facts = reader.accounts.facts(&reader.session, &[name], is_enough).await?;
        asked.people.extend(facts);
    }
    Ok(judged.settle(by.skip, asked.facts(edit), by.new_user, edit.of.ts))
}

impl Asked {
    fn outside(&self) -> Outside<'_> {
        Outside {
            addresses: &self.addresses,
            blocked: &self.blocked,
        }
    }

    /// How many edits the author had made, where that was asked or told.
    pub fn edits(&self, edit: &Looked) -> Option<u64> {
        self.facts(edit)?.edits
    }

    fn facts<'a>(&'a self, edit: &'a Looked) -> Option<&'a UserFacts> {
        let asked = edit.name().and_then(|name| self.people.get(name));
        asked.or(edit.who.as_ref())
    }
}

impl Looked {
    fn name(&self) -> Option<&str> {
        self.of.performer.as_ref().map(|who| who.name.as_str())
    }
}

impl Found {
    fn take(&mut self, edit: &Looked, judged: Judged, asked: &Asked, by: By<'_>) {
        let facts = asked.facts(edit);
        let verdict = judged.settle(by.skip, facts, by.new_user, edit.of.ts);
        self.wait_for_address(edit, asked, &verdict.hits);
        let hits = verdict.hits.into_iter();
        self.hits
            .extend(hits.filter_map(|hit| new_hit(edit, hit, facts.and_then(|facts| facts.edits), by.settings)));
    }

    /// Links by an address that pages would show no hit of, and of whose servers nothing is known yet. What is recorded
    /// only does not end the questions, so it does not end the wait either.
    fn wait_for_address(&mut self, edit: &Looked, asked: &Asked, hits: &[Hit]) {
        let Some(who) = edit
            .of
            .performer
            .as_ref()
            .filter(|who| !who.is_bot && who.kind == EditorKind::Ip)
        else {
            return;
        };
        let Ok(address) = who.name.parse::<IpAddr>() else {
            return;
        };
        let Some(links) = edit.links.as_ref().filter(|links| !links.is_revert) else {
            return;
        };
        let Links::Rows(rows) = &links.links else { return };
        let keys: BTreeSet<&str> = rows.iter().map(|row| row.host.as_str()).collect();
        for key in keys {
            let ends = |hit: &Hit| hit.key.as_deref() == Some(key) && hit.is_shown && hit.skip.is_none();
            // A host that is an address was compared already.
            let is_known =
                asked.addresses.contains_key(key) || Key::from_stored(key).is_none_or(|key| key.ip().is_some());
            if !is_known && !hits.iter().any(ends) {
                self.pending.push(Pending {
                    wiki: edit.of.wiki.clone(),
                    rev: edit.of.rev,
                    address,
                    key: key.to_owned(),
                });
            }
        }
    }
}

/// A hit as it is stored; `None` without an author.
pub fn new_hit(edit: &Looked, hit: Hit, edits: Option<u64>, settings: RevId) -> Option<NewHit> {
    let who = edit.of.performer.as_ref()?;
    Some(NewHit {
        wiki: edit.of.wiki.clone(),
        rev: edit.of.rev,
        ts: edit.of.ts,
        page: edit.of.page,
        ns: edit.of.ns,
        title: edit.of.title.clone(),
        user: Some(Author {
            id: who.user_id,
            name: who.name.clone(),
            kind: match who.kind {
                EditorKind::Temporary => UserKind::Temporary,
                EditorKind::Ip => UserKind::Address,
                _ => UserKind::Account,
            },
        }),
        hit,
        settings,
        edits: edits.or(who.edits),
    })
}
