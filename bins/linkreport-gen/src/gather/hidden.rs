//! Before recorded additions and hits are shown, their revisions are looked at on their wikis: where user, text or summary
//! is hidden, or the page is gone, only a count is shown, and what was recorded is erased. Of a wiki that cannot be asked
//! only a count is shown too. What is seen on the way (present titles and names, the newest revision of the page) is kept
//! for who asks next.
//! <https://www.mediawiki.org/wiki/Manual:RevisionDelete>

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;
use shared::core::report::Subject;
use shared::core::types::{PageId, RevId};
use shared::db::hit::{self, Hide};
use shared::db::links;
use shared::wiki::{Error, Phase, Session};

use super::context::Context;
use super::rows::is_named;
use super::shown::Hides;
use super::{Gathered, RevNow};
use crate::model::{Adder, Fates, Who};

/// Revisions that one transaction erases.
const AT_ONCE: usize = 100;

/// What a wiki says of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// Everybody may see it.
    Seen(RevNow),
    /// Not all of it.
    Hidden(Hide),
    /// It is gone with its page.
    PageGone,
}

/// Looks at the revisions of all rows and hits, one request for each batch of a wiki's. Errs where the report's own wiki or
/// the database does.
pub async fn look(cx: &Context<'_>, gathered: &mut Gathered) -> anyhow::Result<()> {
    let mut revs: BTreeMap<usize, BTreeMap<RevId, Option<PageId>>> = BTreeMap::new();
    for row in &gathered.model.rows {
        revs.entry(row.wiki).or_default().insert(row.rev, Some(row.page_id));
    }
    for hit in &gathered.model.hits {
        revs.entry(hit.wiki).or_default().entry(hit.rev).or_default();
    }
    let hides = cx
        .db
        .read_if_there(async |db| Hides::read(db, &[&cx.home, &cx.records]).await)
        .await?;
    for (wiki, revs) in revs {
        let Some(key) = gathered.model.wikis.get(wiki).map(|wiki| wiki.key.clone()) else {
            continue;
        };
        let Some(session) = cx.session(&key).await else {
            unasked(gathered, wiki);
            continue;
        };
        session.count_as(Phase::Safety);
        let verdicts = match verdicts(&session, &revs).await {
            Ok(verdicts) => verdicts,
            Err(error) if key == cx.home || error.stops_run() => return Err(error.into()),
            Err(error) => {
                cx.give_up(&key, &error).await;
                unasked(gathered, wiki);
                continue;
            }
        };
        erase(cx, &key, &verdicts).await?;
        apply(gathered, wiki, &verdicts, |title| hides.page(&key, title));
    }
    Ok(())
}

async fn verdicts(session: &Session, revs: &BTreeMap<RevId, Option<PageId>>) -> Result<HashMap<RevId, Verdict>, Error> {
    let mut found = HashMap::new();
    let all: Vec<RevId> = revs.keys().copied().filter(|rev| rev.0 > 0).collect();
    for batch in all.chunks(session.batch_size()) {
        let query = session
            .query(&[
                ("prop", "revisions|info"),
                ("revids", &joined(batch.iter().map(|rev| rev.0))),
                ("rvprop", "ids|user|comment|sha1"),
            ])
            .await?;
        found.extend(read(&query));
    }
    let missing: Vec<(RevId, Option<PageId>)> = revs.iter().map(|(rev, page)| (*rev, *page)).collect();
    let missing: Vec<_> = missing
        .into_iter()
        .filter(|(rev, _)| !found.contains_key(rev))
        .collect();
    let pages: BTreeSet<u64> = missing.iter().filter_map(|(_, page)| page.map(|page| page.0)).collect();
    let pages: Vec<u64> = pages.into_iter().filter(|page| *page > 0).collect();
    let mut there: HashSet<u64> = HashSet::new();
    for batch in pages.chunks(session.batch_size()) {
        let asked = [("prop", "info"), ("pageids", &joined(batch.iter().copied()))];
        let query = session.query(&asked).await?;
        there.extend(
            list(&query["pages"])
                .filter(|page| page["missing"] != true)
                .filter_map(|page| page["pageid"].as_u64()),
        );
    }
    // A revision that is gone from a page that is there was hidden, whatever way.
    found.extend(missing.into_iter().map(|(rev, page)| match page {
        Some(page) if !there.contains(&page.0) => (rev, Verdict::PageGone),
        _ => (rev, Verdict::Hidden(Hide::All)),
    }));
    Ok(found)
}

fn joined(ids: impl Iterator<Item = u64>) -> String {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    ids.join("|")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The revisions of an answer.
fn read(query: &Value) -> HashMap<RevId, Verdict> {
    let mut found = HashMap::new();
    for page in list(&query["pages"]) {
        for revision in list(&page["revisions"]) {
            let Some(rev) = revision["revid"].as_u64() else {
                continue;
            };
            found.insert(RevId(rev), verdict(page, revision));
        }
    }
    found
}

fn verdict(page: &Value, revision: &Value) -> Verdict {
    let is = |name: &str| revision[name] == true;
    let user = revision["user"].as_str().filter(|_| !is("userhidden"));
    // A suppressed revision hides its text or user too; whoever may see them is not told so by their absence.
    let is_text_hidden = ["texthidden", "sha1hidden", "commenthidden", "suppressed"]
        .into_iter()
        .any(is);
    let now = || {
        Some(RevNow {
            page_id: PageId(page["pageid"].as_u64()?),
            ns: i32::try_from(page["ns"].as_i64()?).ok()?,
            title: page["title"].as_str()?.to_owned(),
            latest: RevId(page["lastrevid"].as_u64()?),
            user: user?.to_owned(),
        })
    };
    match (user, is_text_hidden) {
        (None, true) => Verdict::Hidden(Hide::All),
        (None, false) => Verdict::Hidden(Hide::User),
        (Some(_), true) => Verdict::Hidden(Hide::Text),
        (Some(_), false) => now().map_or(Verdict::Hidden(Hide::All), Verdict::Seen),
    }
}

/// Erases what is hidden from the database, where the run may write: paths and, of hits, names and things.
async fn erase(cx: &Context<'_>, wiki: &str, verdicts: &HashMap<RevId, Verdict>) -> anyhow::Result<()> {
    let Some(fence) = &cx.fence else { return Ok(()) };
    let mut hidden: Vec<(RevId, Hide)> = Vec::new();
    for (rev, verdict) in verdicts {
        match verdict {
            Verdict::Seen(_) => {}
            Verdict::Hidden(what) => hidden.push((*rev, *what)),
            Verdict::PageGone => hidden.push((*rev, Hide::All)),
        }
    }
    hidden.sort_by_key(|(rev, _)| *rev);
    for some in hidden.chunks(AT_ONCE) {
        let what = "erasing what a wiki hides";
        let all: Vec<RevId> = some.iter().map(|(rev, _)| *rev).collect();
        cx.db
            .fenced(fence, what, async |tx| {
                for kind in [Hide::User, Hide::Text, Hide::All] {
                    let of_kind = some.iter().filter(|(_, of)| *of == kind);
                    let revs: Vec<RevId> = of_kind.map(|(rev, _)| *rev).collect();
                    if !revs.is_empty() {
                        hit::hide(tx, wiki, &revs, kind).await?;
                    }
                }
                links::hidden::erase_paths(tx, wiki, &all).await
            })
            .await?;
    }
    Ok(())
}

/// Takes out of the model what is hidden on this wiki (its place), counted, and gives the rest present titles and names.
/// `is_suppressed`: of titles.
fn apply(
    gathered: &mut Gathered,
    wiki: usize,
    verdicts: &HashMap<RevId, Verdict>,
    is_suppressed: impl Fn(&str) -> bool,
) {
    let mut stays = vec![true; gathered.model.rows.len()];
    // Editors of what is hidden: that they added this is a part of it.
    let mut unnamed: HashSet<u32> = HashSet::new();
    for (i, row) in gathered
        .model
        .rows
        .iter_mut()
        .enumerate()
        .filter(|(_, row)| row.wiki == wiki)
    {
        let Some(behind) = gathered.refs.rows.get_mut(i) else {
            continue;
        };
        let editor = behind.editor_id;
        match verdicts.get(&row.rev) {
            Some(Verdict::Seen(now)) if is_suppressed(&now.title) => stays[i] = false,
            Some(Verdict::Seen(now)) => {
                row.page_id = now.page_id;
                row.title = Some(now.title.clone());
                row.is_top = now.latest == row.rev;
                behind.ns = Some(now.ns);
                follow(&mut row.who, &now.user);
                gathered.refs.revs.insert((wiki, row.rev), now.clone());
            }
            verdict => {
                stays[i] = false;
                let is_gone = verdict == Some(&Verdict::PageGone);
                let times = u64::from(row.times);
                let count = |fates: &mut Fates| {
                    fates.hidden += times;
                    fates.gone += if is_gone { times } else { 0 };
                    fates.looked_at += if is_gone { times } else { 0 };
                };
                count(&mut gathered.model.fates);
                if let Some(user) = user_of(&mut gathered.model.users, &gathered.refs.users, editor) {
                    count(&mut user.fates);
                }
                unnamed.insert(editor);
            }
        }
    }
    gathered.retain_rows(|i| stays.get(i).copied().unwrap_or(false));
    unname(gathered, unnamed);
    let hits = std::mem::take(&mut gathered.model.hits);
    let hits = hits.into_iter().filter_map(|mut hit| {
        if hit.wiki != wiki {
            return Some(hit);
        }
        let Some(Verdict::Seen(now)) = verdicts.get(&hit.rev) else {
            return None;
        };
        if is_suppressed(&now.title) {
            return None;
        }
        if hit.string == hit.title {
            hit.string = Some(now.title.clone());
        }
        hit.title = Some(now.title.clone());
        follow(&mut hit.who, &now.user);
        Some(hit)
    });
    gathered.model.hits = hits.collect();
}

/// Takes the names of editors out of the table. Whoever has additions that everybody may see is named; else the table would
/// tell what is hidden.
fn unname(gathered: &mut Gathered, mut editors: HashSet<u32>) {
    for row in &gathered.refs.rows {
        editors.remove(&row.editor_id);
    }
    for editor in editors {
        if let Some(user) = user_of(&mut gathered.model.users, &gathered.refs.users, editor) {
            user.who = Who::Hidden;
        }
    }
}

/// Takes out of the model what is on a wiki (its place) that could not be asked: what it hides cannot be told from the rest.
/// The additions are counted as not known, and who is known from there only is not named.
fn unasked(gathered: &mut Gathered, wiki: usize) {
    gathered.refs.unreached.insert(wiki);
    let mut unnamed: HashSet<u32> = HashSet::new();
    let mut stays = vec![true; gathered.model.rows.len()];
    for (i, (row, behind)) in gathered.model.rows.iter().zip(&gathered.refs.rows).enumerate() {
        if row.wiki != wiki {
            continue;
        }
        stays[i] = false;
        let count = |fates: &mut Fates| {
            fates.unknown += u64::from(row.times);
            fates.looked_at += u64::from(row.times);
        };
        count(&mut gathered.model.fates);
        if let Some(user) = user_of(&mut gathered.model.users, &gathered.refs.users, behind.editor_id) {
            count(&mut user.fates);
        }
        unnamed.insert(behind.editor_id);
    }
    gathered.retain_rows(|i| stays.get(i).copied().unwrap_or(false));
    gathered.model.hits.retain(|hit| hit.wiki != wiki);
    let users = gathered.model.users.iter().zip(&gathered.refs.users);
    let only_there = users.filter(|(user, _)| user.wiki == wiki && user.wikis == 1);
    unnamed.extend(only_there.map(|(_, behind)| behind.editor_id));
    // A report about one account or address names it in its title; without a name it would say nothing at all.
    if matches!(gathered.model.subject, Subject::User(_) | Subject::Ip(_)) {
        unnamed.retain(|editor| !gathered.refs.editors.contains(editor));
    }
    unname(gathered, unnamed);
}

/// The author's present name, where a name is shown.
fn follow(who: &mut Who, name: &str) {
    // Imported revisions name an author of another wiki.
    if is_named(who) && !name.contains('>') {
        *who = Who::Name(name.to_owned());
    }
}

/// The user of the table who is this editor.
fn user_of<'u>(users: &'u mut [Adder], refs: &[super::UserRef], editor_id: u32) -> Option<&'u mut Adder> {
    let place = refs.iter().position(|user| user.editor_id == editor_id)?;
    users.get_mut(place)
}

#[cfg(test)]
#[path = "hidden_tests.rs"]
pub mod tests;
