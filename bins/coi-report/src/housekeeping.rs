//! What a run leaves behind: which patterns cannot be run here (for the status page), what it was told of accounts (for
//! the runs of a day). And the daily clean-up: hits and entries of lists that are over.

use chrono::TimeDelta;
use serde_json::json;
use shared::core::types::Timestamp;
use shared::db::{hit, list, memo};
use shared::job::Run;
use shared::wiki::wiki_id_of;

use crate::readers::{Readers, Unchecked};
use crate::settings::{Place, Settings, Wikis};

/// Begins the names of the memos of what is not checked; the wiki's key follows, or what else was looked at.
pub const NOT_CHECKED: &str = "not-checked ";
/// Name of the memo of the last clean-up.
const CLEANED: &str = "cleaned";
/// Entries that ended stay so long for whoever asks what was there.
const ENDED: TimeDelta = TimeDelta::days(30);
/// Entries that are told of one wiki.
const TOLD: usize = 50;

/// Stores both, where they changed. What is known of wikis that this run did not open stays as it was, until they are
/// no longer watched.
pub async fn note(run: &Run<Settings>, readers: &Readers) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    readers.accounts().save(&fence).await?;
    let (job, wiki) = (run.editor.job, &run.wiki);
    let known = run
        .db
        .read(async |db| memo::starting_with(db, job, wiki, NOT_CHECKED).await)
        .await?;
    let seen = readers.not_checked();
    for (of, found) in seen {
        let name = format!("{NOT_CHECKED}{of}");
        let was = known.iter().find(|(known, _)| *known == name);
        let (was, is) = (was.map_or("", |(_, memo)| &memo.value), told(found));
        if was != is {
            put(run, &name, &is).await?;
        }
    }
    let watched = watched(run);
    let is_over = |name: &str| {
        let of = name.strip_prefix(NOT_CHECKED).unwrap_or(name);
        !seen.contains_key(of) && watched.as_ref().is_some_and(|keys| !keys.iter().any(|key| key == of))
    };
    for (name, _) in known
        .iter()
        .filter(|(name, memo)| !memo.value.is_empty() && is_over(name))
    {
        put(run, name, "").await?;
    }
    Ok(())
}

/// The same text for the same entries, whatever the order in which they were found; none: nothing.
fn told(found: &[Unchecked]) -> String {
    let mut found: Vec<&Unchecked> = found.iter().collect();
    found.sort_unstable();
    found.dedup();
    let all = found.len();
    found.truncate(TOLD);
    match all {
        0 => String::new(),
        _ => json!({"entries": found, "all": all}).to_string(),
    }
}

/// Keys of the watched wikis; `None`: of all that there are.
fn watched(run: &Run<Settings>) -> Option<Vec<String>> {
    let Wikis::List(list) = &run.accepted.parsed.settings.wikis else {
        return None;
    };
    let key = |place: &Place| match place {
        Place::Here => run.wiki.clone(),
        Place::Api(url) => wiki_id_of(url, &[]).unwrap_or_else(|_| url.clone()),
    };
    Some(list.iter().map(|watched| key(&watched.place)).collect())
}

/// Removes hits that are older than the settings say, and entries that ended long ago; once a day.
pub async fn clean(run: &Run<Settings>) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let now = run.clock.now();
    let (job, wiki, today) = (run.editor.job, &run.wiki, now.date_naive().to_string());
    let known = run.db.read(async |db| memo::get(db, job, wiki, CLEANED).await).await?;
    if known.is_some_and(|memo| memo.value == today) {
        return Ok(());
    }
    let keep = run.accepted.parsed.settings.keep.hits;
    let gone = hit::prune(&run.db, wiki, now - keep).await?;
    run.db
        .fenced(&fence, "removing entries that ended", async |tx| {
            list::expire(tx, now - ENDED).await
        })
        .await?;
    if gone.hits > 0 {
        tracing::info!("removed {} hits older than {} days", gone.hits, keep.num_days());
    }
    put(run, CLEANED, &today).await
}

async fn put(run: &Run<Settings>, name: &str, value: &str) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let now: Timestamp = run.clock.now();
    run.db
        .fenced(&fence, "noting what a run saw", async |tx| {
            memo::set(tx, name, value, now).await
        })
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_checked_is_told_alike_in_every_run() {
        let entry = |n: usize| (format!("blacklist, line {n:02}"), "look-around".to_owned());
        assert_eq!(told(&[]), "");
        let some = told(&[entry(2), entry(1), entry(2)]);
        assert_eq!(
            some,
            r#"{"all":2,"entries":[["blacklist, line 01","look-around"],["blacklist, line 02","look-around"]]}"#
        );
        assert_eq!(told(&[entry(1), entry(2)]), some);
        let many: Vec<Unchecked> = (0..TOLD + 7).map(entry).collect();
        let many: serde_json::Value = serde_json::from_str(&told(&many)).unwrap();
        assert_eq!(many["all"], TOLD + 7);
        assert_eq!(many["entries"].as_array().unwrap().len(), TOLD);
    }
}
