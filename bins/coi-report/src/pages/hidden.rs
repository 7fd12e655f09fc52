//! What a wiki hides is erased and goes from the pages: revisions are looked at before lines name them, and once a day those
//! of the last 30 days; names of temporary accounts and addresses stay for 90 days. Only the bot's own lines are touched.
//! <https://www.mediawiki.org/wiki/Manual:RevisionDelete>

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use shared::core::change::Revision;
use shared::core::intent::token;
use shared::core::types::RevId;
use shared::db::hit::{self, Hide, Row};
use shared::db::links;
use shared::db::suppress::Suppressed;
use shared::db::{hit_line, memo};
use shared::job::Run;
use shared::wiki::{Error, Phase, Session, revisions};

use super::PageContext;
use super::facts::{self, Line, Look};
use super::text::Says;
use super::update;
use crate::settings::Settings;

/// Lines younger than this are kept free of what the wiki hides.
const KEPT_CLEAN: TimeDelta = TimeDelta::days(30);
/// Pages with names that are no longer shown are looked for up to this age.
const FADED: TimeDelta = TimeDelta::days(97);
/// Name under which it is remembered how far that was done.
const PLACE: &str = "clean";

/// How far the pages are clean.
#[derive(Serialize, Deserialize)]
struct Place {
    /// The last page that was; empty: all were.
    title: String,
    /// A check of the names that are named nowhere.
    names: String,
}

fn names(list: &Suppressed) -> String {
    let entries = list.private_entries().iter();
    let all: Vec<String> = entries
        .map(|entry| format!("{} {}", entry.what.word(), entry.name))
        .collect();
    token("coi-report", "names", &all.join("\n"))
}

/// What a look at the wikis showed.
#[derive(Debug, Default)]
pub struct Looked {
    /// Edits of which something is hidden, or whose page is deleted.
    pub hidden: HashSet<(String, RevId)>,
    /// Wikis that could not be looked at.
    pub unseen: BTreeSet<String>,
}

/// Looks at the edits of hits, on their wikis; what is hidden there is erased from the database.
pub async fn look(
    run: &Run<Settings>,
    context: &PageContext,
    rows: impl Iterator<Item = &Row>,
) -> anyhow::Result<Looked> {
    let mut by_wiki: BTreeMap<&str, BTreeSet<RevId>> = BTreeMap::new();
    for row in rows.filter(|row| !(row.user_hidden && row.text_hidden)) {
        by_wiki.entry(&row.of.wiki).or_default().insert(row.of.rev);
    }
    let mut looked = Looked::default();
    for (wiki, revids) in by_wiki {
        let revids: Vec<RevId> = revids.into_iter().collect();
        match on_wiki(run, context, wiki, &revids).await? {
            Some(hidden) => looked
                .hidden
                .extend(hidden.into_iter().map(|rev| (wiki.to_owned(), rev))),
            None => {
                looked.unseen.insert(wiki.to_owned());
            }
        }
    }
    Ok(looked)
}

/// `None`: the wiki does not answer now.
async fn on_wiki(
    run: &Run<Settings>,
    context: &PageContext,
    wiki: &str,
    revids: &[RevId],
) -> anyhow::Result<Option<Vec<RevId>>> {
    let Some(session) = context.elsewhere.session(run, wiki).await else {
        return Ok(None);
    };
    let found = match found(&session, revids).await {
        Ok(found) => found,
        Err(error) if wiki == run.wiki || error.stops_run() => return Err(error.into()),
        Err(error) => {
            tracing::warn!("{wiki}: {error}; lines about its edits wait");
            return Ok(None);
        }
    };
    let mut kinds: [Vec<RevId>; 3] = Default::default();
    for revid in revids {
        match found.get(revid).map_or(Some(Hide::All), hides) {
            Some(Hide::User) => kinds[0].push(*revid),
            Some(Hide::Text) => kinds[1].push(*revid),
            Some(Hide::All) => kinds[2].push(*revid),
            None => {}
        }
    }
    if let Some(fence) = run.fence().filter(|_| kinds.iter().any(|revids| !revids.is_empty())) {
        let [user, text, all] = &kinds;
        run.db
            .fenced(&fence, "erasing what a wiki hides", async |tx| {
                hit::hide(tx, wiki, user, Hide::User).await?;
                hit::hide(tx, wiki, text, Hide::Text).await?;
                hit::hide(tx, wiki, all, Hide::All).await?;
                for revids in [text, all] {
                    links::hidden::erase_paths(tx, wiki, revids).await?;
                }
                Ok(())
            })
            .await?;
    }
    Ok(Some(kinds.concat()))
}

async fn found(session: &Session, revids: &[RevId]) -> Result<std::collections::HashMap<RevId, Revision>, Error> {
    session.count_as(Phase::Safety);
    revisions(session, revids, false).await
}

/// What a wiki hides of a revision, if anything.
pub fn hides(revision: &Revision) -> Option<Hide> {
    let is_text_hidden = revision.text_hidden || revision.comment.is_none();
    match (revision.user_hidden(), is_text_hidden) {
        (true, true) => Some(Hide::All),
        (true, false) => Some(Hide::User),
        (false, true) => Some(Hide::Text),
        (false, false) => None,
    }
}

/// Once a day: the pages of the last 30 days are freed of what was hidden or is to be named nowhere since, and those
/// older than 90 days of names of temporary accounts and addresses. Goes on in the next run where it had to stop.
pub async fn clean(run: &mut Run<Settings>, context: &PageContext) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    if run.editor.halted().is_some() {
        return Ok(());
    }
    let last = run
        .db
        .read(async |db| memo::get(db, run.editor.job, &run.wiki, PLACE).await)
        .await?;
    // What is to be named nowhere since goes at once.
    let names = names(&*context.suppressed(run, &run.wiki).await?);
    let known = last.and_then(|last| Some((serde_json::from_str::<Place>(&last.value).ok()?, last.updated)));
    let place = match known {
        Some((place, _)) if place.names != names => String::new(),
        Some((place, done)) if place.title.is_empty() && context.now - done < TimeDelta::hours(24) => return Ok(()),
        Some((place, _)) => place.title,
        None => String::new(),
    };
    let since = (context.now - FADED).date_naive();
    let titles = run
        .db
        .read(async |db| hit_line::recent_titles(db, &run.wiki, since).await)
        .await?;
    let note = async |run: &Run<Settings>, title: &str| {
        let now = context.now;
        let place = Place {
            title: title.to_owned(),
            names: names.clone(),
        };
        let value = serde_json::to_string(&place).unwrap_or_default();
        run.db
            .fenced(&fence, "noting how far pages were cleaned", async |tx| {
                memo::set(tx, PLACE, &value, now).await
            })
            .await
    };
    for title in titles.iter().filter(|title| **title > place) {
        if !run.goes_on().await? || run.editor.room().await? <= super::save::RESERVE {
            return Ok(());
        }
        page(run, context, title).await?;
        note(run, title).await?;
    }
    note(run, "").await?;
    Ok(())
}

/// Cleans one page.
async fn page(run: &mut Run<Settings>, context: &PageContext, title: &str) -> anyhow::Result<()> {
    let rows = run
        .db
        .read(async |db| hit_line::of_title(db, &run.wiki, title).await)
        .await?;
    let Some(day) = rows.first().map(|row| row.day) else {
        return Ok(());
    };
    let is_young = day >= (context.now - KEPT_CLEAN).date_naive();
    if !is_young && day > super::line::faded_before(context.now).date_naive() {
        return Ok(());
    }
    let lines: Vec<Line> = rows.iter().map(Line::from).collect();
    // Of older edits nothing is named that could have been hidden since; only names are taken away.
    let look = if is_young { Look::AtWikis } else { Look::AtRows };
    let mut told = facts::told(run, context, &lines, false, look).await?;
    told.retain(|told| told.entry.is_forced || !matches!(told.entry.says, Says::This(_)));
    if told.is_empty() {
        return Ok(());
    }
    let summary = "Took names away that are hidden since or are no longer shown";
    update::page(run, context, title, &told, summary).await?;
    Ok(())
}
