//! Gathers what a report says: from the recorded additions first, bounded whatever the subject has, then from the wikis
//! as they are now. What must not be shown (suppressed, hidden or deleted on its wiki, too old a name) is not in the model.

mod accounts;
mod context;
mod earlier;
mod entries;
mod established;
mod fates;
mod hidden;
mod hits;
mod holds;
mod hosts;
mod recorded;
mod renamed;
mod rows;
mod shown;
mod steps;
mod subject;
mod sums;
mod users;
mod wikis;

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use shared::core::addition::Flags;
use shared::core::types::{PageId, RevId, Timestamp, UserId};
use shared::db::links::questions::additions::Place;

pub use context::Context;
pub use recorded::recorded;
pub use steps::Steps;

use crate::model::{Model, Who};

/// A model, and the numbers and names behind it that are for asking only.
#[derive(Clone, Debug, PartialEq)]
pub struct Gathered {
    /// What the report says.
    pub model: Model,
    /// What is behind it; nothing of it is shown.
    pub refs: Refs,
}

/// What is behind a model: the lists have the order and length of those of the model that they are named like.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refs {
    /// Numbers of the hosts that are meant (of a link or server).
    pub hosts: Vec<u32>,
    /// Numbers of the editors that are meant (of a user, address or range).
    pub editors: Vec<u32>,
    /// Numbers of the model's wikis.
    pub wikis: Vec<u16>,
    /// Behind the model's users.
    pub users: Vec<UserRef>,
    /// Behind the model's rows.
    pub rows: Vec<RowRef>,
    /// The revisions of the rows as their wikis tell of them now, by the wiki's place in the model: all of those on wikis
    /// that answered. Filled in by [`complete`], first of all.
    pub revs: HashMap<(usize, RevId), RevNow>,
    /// Where the rows end that were read, if there may be older ones.
    pub rest: Option<Place>,
    /// Wikis (places in the model) that could not be asked: of their rows nothing is known.
    pub unreached: BTreeSet<usize>,
    /// Of a user's report: how the user is named now, where that is another name than the subject's.
    pub subject_now: Option<Who>,
}

/// Behind a user of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRef {
    /// The number.
    pub editor_id: u32,
    /// The name as it is stored, an address in its usual form, and once renames were looked for the present one: for
    /// asking, also where the model does not show it.
    pub name: String,
    /// The account on the wiki that the model has beside the user.
    pub account: Option<UserId>,
}

/// Behind a row of the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRef {
    /// Where it stands in the database.
    pub place: Place,
    /// Who.
    pub editor_id: u32,
    /// The name, as behind a user: for asking, also where the model does not show it.
    pub name: String,
    /// The account on the row's wiki.
    pub account: Option<UserId>,
    /// The host.
    pub host_id: u32,
    /// What followed the host, as stored; empty where it was erased.
    pub path: String,
    /// Namespace of the page, where that is known.
    pub ns: Option<i32>,
    /// What else is known of it.
    pub flags: Flags,
}

/// A revision that everybody may see, and its page, now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevNow {
    /// The page it belongs to now.
    pub page_id: PageId,
    /// Namespace of the page.
    pub ns: i32,
    /// Title of the page with namespace, after moves.
    pub title: String,
    /// The newest revision of the page.
    pub latest: RevId,
    /// Its author as named now.
    pub user: String,
}

impl Gathered {
    /// Takes rows out, with what is behind them, and numbers those that stay anew. Sums stay as they are.
    pub fn retain_rows(&mut self, mut stays: impl FnMut(usize) -> bool) {
        let rows = std::mem::take(&mut self.model.rows);
        let refs = std::mem::take(&mut self.refs.rows);
        for (i, (row, behind)) in rows.into_iter().zip(refs).enumerate() {
            if stays(i) {
                self.model.rows.push(row);
                self.refs.rows.push(behind);
            }
        }
        for (i, row) in self.model.rows.iter_mut().enumerate() {
            row.number = i + 1;
        }
    }

    /// Takes rows out whose edits are older. Sums stay as they are.
    pub fn retain_rows_since(&mut self, since: Timestamp) {
        let stays: Vec<bool> = self.model.rows.iter().map(|row| row.ts >= since).collect();
        self.retain_rows(|i| stays.get(i).copied().unwrap_or(false));
    }

    /// Places of the model's rows, by wiki (its place in the model).
    pub fn rows_by_wiki(&self) -> HashMap<usize, Vec<usize>> {
        let mut by_wiki: HashMap<usize, Vec<usize>> = HashMap::new();
        for (i, row) in self.model.rows.iter().enumerate() {
            by_wiki.entry(row.wiki).or_default().push(i);
        }
        by_wiki
    }
}

/// What the wikis say now. First the rows are looked at: those that a wiki hides, or whose page is gone, leave the model
/// and are counted (`fates.hidden`; those of pages that are gone also in `fates.gone` and `fates.looked_at`, and so the
/// fates of their users); what is left has its [`RevNow`], and pages have their present titles. Users have their present
/// names. Then come fates, accounts, entries, established use, earlier reports and rules; fates are added to, never set.
///
/// Errs where the report's own wiki or the database does; another wiki that does not answer is in `refs.unreached`.
pub async fn complete(cx: &Context<'_>, gathered: &mut Gathered) -> anyhow::Result<()> {
    let begun = Instant::now();
    hidden::look(cx, gathered).await?;
    renamed::look(cx, gathered).await?;
    fates::look(cx, gathered).await?;
    accounts::look(cx, gathered).await?;
    entries::look(cx, gathered).await?;
    established::look(cx, gathered).await?;
    earlier::look(cx, gathered).await?;
    holds::look(cx, gathered).await?;
    tracing::debug!(ms = begun.elapsed().as_millis() as u64, "asked the wikis");
    Ok(())
}
