//! The newest additions of a report, with COIBot's four numbers. Rows that must not be shown are replaced by older ones.

use std::collections::{BTreeMap, HashMap, HashSet};

use shared::core::addition::Flags;
use shared::core::link::Key;
use shared::core::report::Subject;
use shared::core::types::{RevId, Timestamp, UserId};
use shared::db::Work;
use shared::db::links::questions::adders;
use shared::db::links::questions::additions::{Addition, Of, Place, newest};
use shared::db::links::questions::counts::{Four, four_numbers};
use shared::db::links::questions::lookup::{self, Kind as EditorKind};

use super::RowRef;
use super::context::Context;
use super::shown::{Hides, who};
use super::sums::{Less, month_of};
use super::wikis::Wikis;
use crate::model::{Fate, Row, Who};

/// So often older rows are read in place of those that are not shown.
const ROUNDS: usize = 4;

/// Rows that were read.
pub struct Read {
    /// Those that may be shown, newest first, with the account of the editor on the wiki.
    pub shown: Vec<(Addition, Four, Option<UserId>)>,
    /// Those that may not, and whether they are what an archive's link shows.
    pub left_out: Vec<(Less, bool)>,
    /// Where they end, if there may be older ones.
    pub rest: Option<Place>,
}

/// Reads at most as many as are looked at, older than `before`. Editors who turn out to be shown nowhere, by their account, join `gone`.
pub async fn read(
    cx: &Context<'_>,
    db: &mut Work,
    of: Of,
    ids: &[u32],
    before: Option<Place>,
    hides: &Hides,
    gone: &mut BTreeMap<u32, EditorKind>,
) -> shared::db::Result<Read> {
    let limit = cx.settings.show.looked_at;
    let mut shown: Vec<(Addition, Option<UserId>)> = Vec::new();
    let mut left_out = Vec::new();
    let mut rest = before;
    let mut is_end = ids.is_empty();
    for _ in 0..ROUNDS {
        let missing = (limit as usize).saturating_sub(shown.len());
        if is_end || missing == 0 {
            break;
        }
        let more = newest(db, of, ids, rest, missing as u32).await?;
        is_end = more.len() < missing;
        rest = more.last().map(|last| last.place).or(rest);
        let pairs: HashSet<(u32, u16)> = more.iter().map(|one| (one.editor_id, one.place.wiki_id)).collect();
        let accounts = lookup::accounts(db, &pairs.into_iter().collect::<Vec<_>>()).await?;
        for one in more {
            let account = accounts.get(&(one.editor_id, one.place.wiki_id)).copied();
            if hides.user(&one.wiki, account, &one.editor) {
                gone.insert(one.editor_id, one.kind);
            }
            match gone.contains_key(&one.editor_id) || hides.addition(&one) {
                true => left_out.push(less(&one)),
                false => shown.push((one, account)),
            }
        }
    }
    // An account may have been told after rows of the same editor.
    let (shown, late): (Vec<_>, Vec<_>) = shown
        .into_iter()
        .partition(|(one, _)| !gone.contains_key(&one.editor_id));
    left_out.extend(late.iter().map(|(one, _)| less(one)));
    let pairs: Vec<(u32, u32)> = shown.iter().map(|(one, _)| (one.editor_id, one.host_id)).collect();
    let mut fours = four_numbers(db, &pairs).await?;
    less_of_gone(db, &pairs, &mut fours, gone).await?;
    let shown = shown
        .into_iter()
        .zip(fours)
        .map(|((one, account), four)| (one, four, account));
    Ok(Read {
        shown: shown.collect(),
        left_out,
        rest: rest.filter(|_| !is_end),
    })
}

/// Takes what editors added who are shown nowhere off the second numbers.
async fn less_of_gone(
    db: &mut Work,
    pairs: &[(u32, u32)],
    fours: &mut [Four],
    gone: &BTreeMap<u32, EditorKind>,
) -> shared::db::Result<()> {
    let mut known: HashMap<u32, u64> = HashMap::new();
    for (&(_, host), four) in pairs.iter().zip(fours) {
        let less = match known.get(&host) {
            Some(less) => *less,
            None => of_gone(db, host, gone).await?.0,
        };
        known.insert(host, less);
        four.b = four.b.saturating_sub(less).max(four.c);
    }
    Ok(())
}

/// How often editors who are shown nowhere added a host, and how many of them did.
pub async fn of_gone(db: &mut Work, host: u32, gone: &BTreeMap<u32, EditorKind>) -> shared::db::Result<(u64, u64)> {
    if gone.is_empty() {
        return Ok((0, 0));
    }
    let gone: Vec<u32> = gone.keys().copied().collect();
    let added = adders::of_hosts(db, &[host], &gone).await?;
    Ok((added.values().map(|added| added.n).sum(), added.len() as u64))
}

fn less(one: &Addition) -> (Less, bool) {
    let less = Less {
        editor_id: one.editor_id,
        kind: one.kind,
        wiki_id: one.place.wiki_id,
        month: month_of(one.place.ts),
        times: u64::from(one.times),
    };
    (less, one.flags.has(Flags::UNWRAPPED))
}

/// The rows as the model has them, and what is behind them.
pub fn shown(cx: &Context<'_>, subject: &Subject, read: Read, wikis: &mut Wikis<'_, '_>) -> (Vec<Row>, Vec<RowRef>) {
    // Newest first: the first row of an editor tells when that one was active last.
    let mut last: HashMap<u32, Timestamp> = HashMap::new();
    for (one, ..) in &read.shown {
        last.entry(one.editor_id).or_insert(one.place.ts);
    }
    let single = is_single(cx, subject);
    let again = again(read.shown.iter().map(|(one, ..)| one));
    let mut rows = Vec::with_capacity(read.shown.len());
    let mut refs = Vec::with_capacity(read.shown.len());
    for (i, (one, four, account)) in read.shown.into_iter().enumerate() {
        let active = last.get(&one.editor_id).copied().unwrap_or(one.place.ts);
        let (ns, title) = one.page.unzip();
        rows.push(Row {
            number: i + 1,
            ts: one.place.ts,
            wiki: wikis.place(one.place.wiki_id),
            rev: one.place.rev,
            page_id: one.page_id,
            title,
            who: who(one.kind, &one.editor, active, cx.settings, single, cx.now),
            kind: one.kind,
            user_links: four.a,
            link: address(&one.stored_key, &one.path),
            stored_key: one.stored_key,
            times: one.times,
            four,
            fate: Fate::Unknown,
            is_top: false,
            is_again: again.contains(&i),
            by_archive: one.flags.has(Flags::UNWRAPPED),
        });
        refs.push(RowRef {
            place: one.place,
            editor_id: one.editor_id,
            name: one.editor,
            account,
            host_id: one.host_id,
            path: one.path,
            ns,
            flags: one.flags,
        });
    }
    (rows, refs)
}

/// Whether addresses may stand singly: always where the report is about one.
pub fn is_single(cx: &Context<'_>, subject: &Subject) -> bool {
    cx.settings.show.single_addresses || matches!(subject, Subject::Ip(_))
}

/// Places of additions of a link that the same page had got before, in another revision, as far as was read; and of those
/// of which the edit said so itself.
fn again<'r>(rows: impl DoubleEndedIterator<Item = &'r Addition> + ExactSizeIterator) -> HashSet<usize> {
    let mut known: HashMap<(u16, u64, u32, &str), RevId> = HashMap::new();
    let mut again = HashSet::new();
    for (i, one) in rows.enumerate().rev() {
        let link = (one.place.wiki_id, one.page_id.0, one.host_id, one.path.as_str());
        let before = *known.entry(link).or_insert(one.place.rev);
        if before != one.place.rev || one.flags.has(Flags::READDED) {
            again.insert(i);
        }
    }
    again
}

/// A link without scheme, for people: the host as it reads, and what follows it.
fn address(stored_key: &str, path: &str) -> String {
    let shown = Key::from_stored(stored_key).map(|key| key.display());
    let shown = shown.as_deref().unwrap_or(stored_key);
    // The owner's part of the key is a part of the path already.
    format!("{}{path}", shown.split('/').next().unwrap_or_default())
}

/// Whether a name is shown.
pub fn is_named(who: &Who) -> bool {
    matches!(who, Who::Name(_))
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
