//! The users table: who added a link or the hosts of a server most, or who is behind a user, address or range.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use shared::core::report::Subject;
use shared::core::types::{Timestamp, UserId};
use shared::db::Work;
use shared::db::links::questions::lookup::{self, Kind as EditorKind};
use shared::db::links::questions::{adders, counts, editors};

use super::UserRef;
use super::context::Context;
use super::rows::is_single;
use super::shown::{Hides, who};
use super::subject::Meant;
use super::sums::Less;
use super::wikis::Wikis;
use crate::model::{Adder, Fates};

/// Read in excess, in place of such as are not shown.
const MORE: u32 = 10;
/// Other hosts of a user that are shown.
const HOSTS: usize = 3;
/// Read in excess of these.
const MORE_HOSTS: u32 = 5;

/// The users of a report.
#[derive(Default)]
pub struct People {
    /// As the model has them.
    pub users: Vec<Adder>,
    /// What is behind them.
    pub refs: Vec<UserRef>,
    /// Kinds of those of whom nothing is left that may be shown.
    pub vanished: Vec<EditorKind>,
}

/// Somebody, in numbers.
struct One {
    id: u32,
    name: String,
    kind: EditorKind,
    n: u64,
    wikis: u64,
    wiki_id: u16,
    first: Timestamp,
    last: Timestamp,
}

/// Reads as many as the settings show. `gone` are shown nowhere; `less` are additions of others that are not counted.
#[expect(clippy::too_many_arguments, reason = "everything that was read before")]
pub async fn read(
    cx: &Context<'_>,
    db: &mut Work,
    subject: &Subject,
    meant: &Meant,
    gone: &BTreeMap<u32, EditorKind>,
    less: &[Less],
    hides: &Hides,
    wikis: &mut Wikis<'_, '_>,
) -> shared::db::Result<People> {
    let most = cx.settings.show.users as usize;
    let (hosts, is_editor) = (meant.host_ids(), subject.kind().is_editor());
    let mut found = match is_editor {
        true => who_edits(db, meant, most).await?,
        false => who_added(db, &hosts, most as u32 + gone.len() as u32 + MORE, gone).await?,
    };
    let mut people = People::default();
    for one in less {
        if let Some(of) = found.iter_mut().find(|of| of.id == one.editor_id) {
            of.n = of.n.saturating_sub(one.times);
        }
    }
    found.retain(|one| {
        if one.n == 0 {
            people.vanished.push(one.kind);
        }
        one.n > 0
    });
    found.sort_by_key(|one| (Reverse(one.n), one.id));
    let pairs: Vec<(u32, u16)> = found.iter().map(|one| (one.id, one.wiki_id)).collect();
    let accounts = lookup::accounts(db, &pairs).await?;
    let account = |one: &One| accounts.get(&(one.id, one.wiki_id)).copied();
    found.retain(|one| !hides.user(wikis.key(one.wiki_id), account(one), &one.name));
    found.truncate(most);
    let ids: Vec<u32> = found.iter().map(|one| one.id).collect();
    // Of an editor's report everything is its own.
    let without: &[u32] = if is_editor { &[] } else { &hosts };
    let mut others = adders::others(db, &ids, without, HOSTS as u32 + MORE_HOSTS).await?;
    for one in found {
        let others = others.remove(&one.id).unwrap_or_default();
        let other_hosts = others.hosts.iter().filter(|host| !hides.stored_key(&host.stored_key));
        let other_hosts = other_hosts
            .take(HOSTS)
            .map(|host| (super::hosts::name(&host.stored_key), host.n));
        let account: Option<UserId> = account(&one);
        people.users.push(Adder {
            who: who(
                one.kind,
                &one.name,
                one.last,
                cx.settings,
                is_single(cx, subject),
                cx.now,
            ),
            kind: one.kind,
            wiki: wikis.place(one.wiki_id),
            n: one.n,
            wikis: one.wikis,
            first: one.first,
            last: one.last,
            other_links: if is_editor { 0 } else { others.links },
            other_hosts: other_hosts.collect(),
            fates: Fates::default(),
            account: None,
        });
        people.refs.push(UserRef {
            editor_id: one.id,
            name: one.name,
            account,
        });
    }
    Ok(people)
}

/// Who added these hosts most.
async fn who_added(
    db: &mut Work,
    hosts: &[u32],
    limit: u32,
    gone: &BTreeMap<u32, EditorKind>,
) -> shared::db::Result<Vec<One>> {
    let mut adders = counts::adders(db, hosts, limit).await?;
    adders.retain(|adder| !gone.contains_key(&adder.editor_id));
    let ids: Vec<u32> = adders.iter().map(|adder| adder.editor_id).collect();
    let of = adders::of_hosts(db, hosts, &ids).await?;
    let ones = adders.into_iter().map(|adder| One {
        id: adder.editor_id,
        name: adder.name,
        kind: adder.kind,
        n: adder.n,
        wikis: adder.wikis,
        wiki_id: of.get(&adder.editor_id).map_or(0, |of| of.wiki_id),
        first: adder.first,
        last: adder.last,
    });
    Ok(ones.collect())
}

/// Who of those that are meant added links most.
async fn who_edits(db: &mut Work, meant: &Meant, most: usize) -> shared::db::Result<Vec<One>> {
    let mut sums: HashMap<u32, (u64, u64, u16, u64)> = HashMap::new();
    for on in editors::on_wikis(db, &meant.editor_ids()).await? {
        let (n, wikis, top, of_top) = sums.entry(on.editor_id).or_default();
        *n += on.n;
        *wikis += 1;
        // Of several the lowest number.
        if on.n > *of_top || (on.n == *of_top && on.wiki_id < *top) {
            (*top, *of_top) = (on.wiki_id, on.n);
        }
    }
    let mut busiest: Vec<u32> = sums.keys().copied().collect();
    busiest.sort_by_key(|id| (Reverse(sums.get(id).map(|sum| sum.0)), *id));
    busiest.truncate(most + MORE as usize);
    let is_busy = |id: &u32| sums.get(id).is_some_and(|sum| sum.0 > adders::BUSY);
    let (busy, quiet): (Vec<u32>, Vec<u32>) = busiest.iter().copied().partition(is_busy);
    let mut spans = editors::spans(db, &quiet).await?;
    spans.extend(editors::spans_of_rows(db, &busy).await?);
    let of = |id: &u32| {
        let editor = meant.editors.iter().find(|editor| editor.id == *id)?;
        let (n, wikis, wiki_id, _) = *sums.get(id)?;
        let (first, last) = *spans.get(id)?;
        Some(One {
            id: *id,
            name: editor.name.clone(),
            kind: editor.kind,
            n,
            wikis,
            wiki_id,
            first,
            last,
        })
    };
    Ok(busiest.iter().filter_map(of).collect())
}
