//! The hits that coi-report recorded about a subject.

use std::collections::{BTreeMap, HashSet};

use shared::core::report::Subject;
use shared::db::hit::{self, Row, Thing, Who as By};
use shared::db::links::questions::lookup::{Kind, stored_name};
use shared::db::{UserKind, Work};

use super::context::Context;
use super::rows::is_single;
use super::shown::{Hides, who};
use super::subject::{Meant, ends};
use super::wikis::Wikis;
use crate::model::{HitRow, MOST_HITS, Who};

/// Hits that are shown.
const SHOWN: usize = 500;
/// Hits that are read, to count them.
const READ: u32 = MOST_HITS as u32;

/// The hits of a report.
#[derive(Default)]
pub struct Hits {
    /// Newest first.
    pub rows: Vec<HitRow>,
    /// All of them, as far as they are counted: 2,000. With those that the wiki hides.
    pub all: u64,
}

/// Reads the hits that are kept under the home of the reports. A name is one of the families of wikis in which it is meant.
pub async fn read(
    cx: &Context<'_>,
    db: &mut Work,
    subject: &Subject,
    meant: &Meant,
    hides: &Hides,
    wikis: &mut Wikis<'_, '_>,
) -> shared::db::Result<Hits> {
    let mut found = match subject {
        Subject::Link(key) => {
            let (from, to) = key.with_subdomains();
            hit::of_string(db, &cx.records, None, Thing::Links(&from, &to), READ).await?
        }
        Subject::User(name) => {
            let name = stored_name(name);
            let mut hits = hit::of_user(db, &cx.records, None, By::Name(&name), READ).await?;
            let mut realms: HashSet<String> = meant.editors.iter().map(|editor| editor.realm.clone()).collect();
            if realms.is_empty() {
                realms.insert(wikis.realm(&cx.home));
            }
            let mut known: BTreeMap<String, bool> = BTreeMap::new();
            hits.retain(|row| {
                let wiki = &row.of.wiki;
                let of = || realms.contains(&wikis.realm(wiki));
                *known.entry(wiki.clone()).or_insert_with(of)
            });
            hits
        }
        Subject::Ip(ip) => hit::of_user(db, &cx.records, None, By::Name(&ip.to_string()), READ).await?,
        Subject::Range(_) => match ends(subject) {
            Some((first, last)) => hit::of_user(db, &cx.records, None, By::Addresses(first, last), READ).await?,
            None => Vec::new(),
        },
        Subject::Server(_) => Vec::new(),
    };
    let is_more = found.len() as u64 >= MOST_HITS;
    found.retain(|row| !hides.hit(row));
    // Of more than were read nobody knows how many are left.
    let all = if is_more { MOST_HITS } else { found.len() as u64 };
    found.retain(|row| !row.is_hidden());
    found.truncate(SHOWN);
    let rows = found.into_iter().map(|row| shown(cx, subject, row, wikis)).collect();
    Ok(Hits { rows, all })
}

fn shown(cx: &Context<'_>, subject: &Subject, row: Row, wikis: &mut Wikis<'_, '_>) -> HitRow {
    let of = row.of;
    let text = |text: String| Some(text).filter(|text| !text.is_empty());
    let who = match of.user {
        Some(user) => who(
            kind(user.kind, &user.name),
            &user.name,
            of.ts,
            cx.settings,
            is_single(cx, subject),
            cx.now,
        ),
        // The name is not kept for ever.
        None if row.kind == Some(UserKind::Temporary) => Who::Temporary,
        None => Who::Hidden,
    };
    let hundredths = |percent: f64| (percent * 100.0).round().max(0.0) as u32;
    HitRow {
        ts: of.ts,
        wiki: wikis.place_of(&of.wiki),
        rev: of.rev,
        title: text(of.title),
        who,
        rule: of.hit.rule.word().to_owned(),
        string: text(of.hit.string),
        matched: of.hit.matched,
        score: of
            .hit
            .score
            .map(|(ut, tu, ratio)| (hundredths(ut), hundredths(tu), hundredths(ratio))),
        skip: of.hit.skip,
    }
}

/// What kind of editor a hit's author is: an address may have been cut to its range.
fn kind(kind: UserKind, name: &str) -> Kind {
    match kind {
        UserKind::Account => Kind::Named,
        UserKind::Temporary => Kind::Temporary,
        UserKind::Address if name.contains('/') => Kind::Range,
        UserKind::Address => Kind::Address,
    }
}
