//! Reads back what people did to the lines of the last 30 days: struck lines (the rule was wrong: the pair is proposed for
//! the whitelist, and what it put on the monitor list goes), lines that are struck no longer, lines that were taken away.
//! Only pages that changed since the last look are read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use shared::core::intent::token;
use shared::core::types::{RevId, Timestamp};
use shared::db::hit_line::{self, Row};
use shared::db::{hit, list, memo};
use shared::job::Run;
use shared::wiki::{PageRef, Phase, history, page_infos};

use super::PageContext;
use super::text;
use crate::settings::Settings;

/// Days that are read back.
const DAYS: TimeDelta = TimeDelta::days(30);
/// Revisions of a page that one run reads.
const REVISIONS: usize = 50;
/// Hits of a struck line that are looked at for entries that they made.
const HITS: u32 = 100;

/// What people did to the lines of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Anchors of lines that were struck: by whom, where that is known, and when.
    pub struck: BTreeMap<String, (Option<String>, Timestamp)>,
    /// Anchors of lines that are struck no longer.
    pub unstruck: BTreeSet<String>,
}

/// A version of a page.
pub struct Version<'a> {
    /// Its author; `None`: hidden, or the bot, which strikes nothing.
    pub by: Option<&'a str>,
    /// When it was saved.
    pub at: Timestamp,
    /// Anchors of struck lines.
    pub struck: BTreeSet<String>,
}

/// What was done from version to version. `before`: anchors of the lines that were struck before the first of them.
pub fn done<'a>(before: BTreeSet<String>, versions: impl Iterator<Item = Version<'a>>) -> Done {
    let mut now: BTreeMap<String, Option<(Option<String>, Timestamp)>> =
        before.iter().map(|anchor| (anchor.clone(), None)).collect();
    for version in versions {
        now.retain(|anchor, _| version.struck.contains(anchor));
        for anchor in version.struck {
            now.entry(anchor)
                .or_insert_with(|| Some((version.by.map(str::to_owned), version.at)));
        }
    }
    Done {
        unstruck: before.into_iter().filter(|anchor| !now.contains_key(anchor)).collect(),
        struck: now
            .into_iter()
            .filter_map(|(anchor, news)| Some((anchor, news?)))
            .collect(),
    }
}

/// Reads the pages that changed. Says how many lines were struck since.
pub async fn read_back(run: &mut Run<Settings>, context: &PageContext) -> anyhow::Result<u64> {
    if run.fence().is_none() {
        return Ok(0);
    }
    let since = (context.now - DAYS).date_naive();
    let titles = run
        .db
        .read(async |db| hit_line::recent_titles(db, &run.wiki, since).await)
        .await?;
    if titles.is_empty() {
        return Ok(0);
    }
    run.session.count_as(Phase::Safety);
    let infos = page_infos(&run.session, &titles).await?;
    let mut struck = 0;
    for info in infos {
        let Some(revid) = info.revid.filter(|_| !info.is_redirect) else {
            // Deleted or moved away: left alone, and its lines with it.
            continue;
        };
        let key = format!("seen.{}", token("coi-report", "", &info.asked));
        let seen = run
            .db
            .read(async |db| memo::get(db, run.editor.job, &run.wiki, &key).await)
            .await?;
        let seen = seen.and_then(|seen| seen.value.parse().ok()).map(RevId);
        if seen == Some(revid) {
            continue;
        }
        if !run.goes_on().await? {
            break;
        }
        struck += page(run, context, &info.asked, seen, &key).await?;
    }
    Ok(struck)
}

async fn page(
    run: &Run<Settings>,
    context: &PageContext,
    title: &str,
    seen: Option<RevId>,
    key: &str,
) -> anyhow::Result<u64> {
    let Some(fence) = run.fence() else { return Ok(0) };
    let rows = run
        .db
        .read(async |db| hit_line::of_title(db, &run.wiki, title).await)
        .await?;
    run.session.count_as(Phase::Safety);
    let from = |from: Option<RevId>| history(&run.session, PageRef::Title(title), from, REVISIONS);
    let revisions = match from(seen).await {
        // The page was made anew since.
        Err(error) if error.code().is_some_and(|code| code.starts_with("badid")) => from(None).await?,
        other => other?,
    };
    let Some(last) = revisions.last() else { return Ok(0) };
    let tags = run.session.site().extension_tags();
    let account = run.session.account();
    let versions = revisions.iter().filter_map(|revision| {
        Some(Version {
            by: revision.user.as_deref().filter(|user| *user != account),
            at: revision.timestamp,
            struck: text::struck_anchors(revision.text.as_deref()?, tags),
        })
    });
    let before = rows.iter().filter(|row| row.struck_at.is_some());
    let done = done(before.map(|row| row.anchor.clone()).collect(), versions);
    // What is missing is judged by the newest text only.
    let newest = last.text.as_deref().filter(|_| revisions.len() < REVISIONS);
    let is_blank = |text: &str| text.trim().is_empty() || !text.contains(text::MARKER);
    let standing = newest.filter(|text| !is_blank(text)).map(text::anchors);
    let away = |row: &&Row| {
        standing
            .as_ref()
            .is_some_and(|names| !names.contains(row.anchor.as_str()))
    };
    let away: Vec<u64> = rows.iter().filter(away).map(|row| row.id).collect();
    let id_of = |anchor: &String| rows.iter().find(|row| row.anchor == *anchor).map(|row| row.id);
    let struck: Vec<(u64, &(Option<String>, Timestamp))> = done
        .struck
        .iter()
        .filter_map(|(anchor, how)| Some((id_of(anchor)?, how)))
        .collect();
    let unstruck: Vec<u64> = done.unstruck.iter().filter_map(id_of).collect();
    let ids: Vec<u64> = struck.iter().map(|(id, _)| *id).collect();
    let hits = run.db.read(async |db| hit_line::hits_of(db, &ids, HITS).await).await?;
    let made_by: BTreeSet<(&str, RevId)> = hits
        .iter()
        .map(|(_, row): &(u64, hit::Row)| (row.of.wiki.as_str(), row.of.rev))
        .collect();
    let (value, now) = (last.revid.to_string(), context.now);
    let removed = run
        .db
        .fenced(&fence, "noting what people did to lines", async |tx| {
            for (id, (by, at)) in &struck {
                hit_line::mark_struck(tx, &[*id], by.as_deref(), *at).await?;
            }
            hit_line::mark_unstruck(tx, &unstruck).await?;
            hit_line::mark_gone(tx, &away).await?;
            let mut removed = 0;
            for (wiki, rev) in &made_by {
                removed += list::remove_auto_of(tx, wiki, *rev).await?;
            }
            memo::set(tx, key, &value, now).await?;
            Ok(removed)
        })
        .await?;
    if removed > 0 {
        tracing::info!("{removed} entries of the monitor list were made by hits that people struck: removed");
    }
    Ok(struck.len() as u64)
}

#[cfg(test)]
#[path = "struck_tests.rs"]
mod tests;
