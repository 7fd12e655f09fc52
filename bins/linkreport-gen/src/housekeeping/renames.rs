//! Users who have another name now: every report that may name them is asked for again, then the database names them so
//! too, and the old name goes. <https://www.mediawiki.org/wiki/Help:Renaming_users>

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shared::core::change::{EditorKind, Revision};
use shared::core::intent::token;
use shared::core::report::{Kind, Subject};
use shared::core::types::{RevId, UserId};
use shared::db::links::questions::lookup::{self, stored_name};
use shared::db::links::rename;
use shared::db::report_ask::{self, NewAsk, Reason};

use super::named;
use crate::NAME;
use crate::gather::Context;

/// Transactions for the renames that are found at once, while something else waits.
const SLICES: u32 = 20;

/// An account with another name than the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// The number in the database.
    pub editor_id: u32,
    /// Number of a wiki that says so.
    pub wiki_id: u16,
    /// The account there.
    pub account: UserId,
    /// As it is recorded.
    pub old: String,
    /// As it is named now.
    pub new: String,
}

/// Asks for the reports and changes the name, where the run may write. What takes long goes on in a later run. Errs as the
/// database does.
pub async fn follow(cx: &Context<'_>, renamed: &[Renamed]) -> anyhow::Result<()> {
    let Some(fence) = &cx.fence else { return Ok(()) };
    let mut slices = 0;
    let mut goes_on = || {
        slices += 1;
        slices <= SLICES
    };
    for one in renamed {
        let names = [one.old.clone()];
        let (home, now) = (cx.records.as_str(), cx.now);
        let reports = cx
            .db
            .read(async |db| named::of_editors(db, home, &[one.editor_id], &names).await)
            .await?;
        let mut subjects: BTreeSet<Subject> = reports.into_iter().map(|report| report.subject).collect();
        if subjects.contains(&Subject::User(one.old.clone())) {
            subjects.extend(Subject::from_key(Kind::User, &one.new));
        }
        // Which names these are is nobody's business later.
        let names = token(NAME, home, &format!("{}\0{}", one.old, one.new));
        let asks = subjects.into_iter().map(|subject| NewAsk {
            home: home.to_owned(),
            subject,
            origin: format!("renamed {names}"),
            requester: None,
            requester_name: None,
            reason: Reason::Rename,
            detail: None,
        });
        let asks: Vec<NewAsk> = asks.collect();
        cx.db
            .fenced(fence, "asking for reports without a former name", async |tx| {
                report_ask::ask(tx, &asks, now).await.map(|_| ())
            })
            .await?;
        let of = (one.editor_id, one.wiki_id, one.account);
        let done = rename::renamed(cx.db, fence, now, of, &one.new, &mut goes_on).await?;
        tracing::info!(editor = one.editor_id, ?done, "an account has another name now");
    }
    Ok(())
}

/// Looks for accounts with new names among the authors of revisions of a wiki (its key) as it tells of them now.
pub async fn look(cx: &Context<'_>, wiki: &str, revisions: &HashMap<RevId, Revision>) -> anyhow::Result<()> {
    // The oldest one of each: it has the name that was given up, where a later one has the new one already.
    let mut oldest: BTreeMap<UserId, &Revision> = BTreeMap::new();
    for revision in revisions.values() {
        // Imported revisions name somebody of another wiki.
        let is_account = revision.editor == EditorKind::Named && revision.user_id.0 > 0;
        if is_account && !revision.user.as_deref().is_none_or(|name| name.contains('>')) {
            let known = oldest.entry(revision.user_id).or_insert(revision);
            if revision.revid < known.revid {
                *known = revision;
            }
        }
    }
    let by_rev: HashMap<RevId, &Revision> = oldest.into_values().map(|one| (one.revid, one)).collect();
    let mut revs: Vec<RevId> = by_rev.keys().copied().collect();
    revs.sort_unstable();
    let stored = cx
        .db
        .read_if_there(async |db| lookup::authors(db, wiki, &revs).await)
        .await?;
    let renamed = stored.into_iter().filter_map(|stored| {
        let now = by_rev.get(&stored.rev)?;
        let new = stored_name(now.user.as_deref()?);
        (new != stored.name).then_some(Renamed {
            editor_id: stored.editor_id,
            wiki_id: stored.wiki_id,
            account: now.user_id,
            old: stored.name,
            new,
        })
    });
    follow(cx, &renamed.collect::<Vec<_>>()).await
}
