//! Keeps what was logged true: lines of edits that were reverted say so, and what the wiki hides since is erased from the
//! database and goes from the pages.

use std::collections::HashMap;

use chrono::TimeDelta;
use shared::core::change::Revision;
use shared::core::types::RevId;
use shared::daypage::taken;
use shared::db::field_change::{self, ChangeRow, Erase};
use shared::db::memo;
use shared::editor::{Computed, Look, Refused, State};
use shared::job::Run;
use shared::wiki::{Phase, revisions};

use crate::context::Context;
use crate::lines::Words;
use crate::logpage::MARKER;
use crate::settings::Settings;

/// Lines that are looked at again for reverts and hidden parts, newest first.
const AGAIN: usize = 500;
/// Lines younger than this are kept free of what the wiki hides.
const KEPT_CLEAN: TimeDelta = TimeDelta::days(30);
/// Edits looked at together for that.
const AT_ONCE: u32 = 500;
/// Name under which it is remembered when that was done.
const HIDDEN: &str = "hidden";
/// Log pages brought up to date per run.
const PER_CLEANING: u32 = 20;

/// Whether the values before or after an edit are hidden: the old one is that of the revision before.
pub fn hides_values(found: &HashMap<RevId, Revision>, revision: &Revision, parent: Option<RevId>) -> bool {
    let before = parent.map(|parent| found.get(&parent));
    revision.text_hidden || before.is_some_and(|before| before.is_none_or(|before| before.text_hidden))
}

/// Looks at the edits again before they are shown: reverted since, hidden since, or gone.
pub async fn refreshed(
    run: &Run<Settings>,
    mut new: Vec<ChangeRow>,
    mut old: Vec<ChangeRow>,
) -> anyhow::Result<(Vec<ChangeRow>, Vec<ChangeRow>)> {
    let open = |row: &&ChangeRow| !(row.user_hidden && row.values_hidden);
    // New lines all, with the revisions that the old values are from; of the others the newest.
    let mut edits: Vec<(RevId, Option<RevId>)> = new.iter().map(|row| (row.change.revid, row.change.parent)).collect();
    let mut others: Vec<_> = old
        .iter()
        .filter(open)
        .map(|row| (row.change.revid, row.change.parent))
        .collect();
    others.sort_by_key(|(revid, _)| std::cmp::Reverse(*revid));
    others.dedup();
    edits.extend(others.into_iter().take(AGAIN));
    edits.sort();
    edits.dedup();
    let asked: Vec<RevId> = edits
        .iter()
        .flat_map(|(revid, parent)| [Some(*revid), *parent])
        .flatten()
        .collect();
    run.session.count_as(Phase::Safety);
    let found = revisions(&run.session, &asked, false).await?;
    let mut hidden: [Vec<RevId>; 3] = Default::default();
    let mut reverted = Vec::new();
    for (revid, parent) in &edits {
        let Some(revision) = found.get(revid) else {
            hidden[2].push(*revid);
            continue;
        };
        match (revision.user_hidden(), hides_values(&found, revision, *parent)) {
            (true, true) => hidden[2].push(*revid),
            (true, false) => hidden[0].push(*revid),
            (false, true) => hidden[1].push(*revid),
            (false, false) => {}
        }
        if revision.tags.iter().any(|tag| tag == "mw-reverted") {
            reverted.push(*revid);
        }
    }
    let Some(fence) = run.fence() else {
        return Ok((new, old));
    };
    if reverted.is_empty() && hidden.iter().all(Vec::is_empty) {
        return Ok((new, old));
    }
    let [users, values, both] = &hidden;
    run.db
        .fenced(&fence, "noting what was reverted or hidden", async |tx| {
            // Which edit reverted is not told by the tag.
            field_change::mark_reverted(tx, &reverted, RevId(0)).await?;
            field_change::erase(tx, users, Erase::User).await?;
            field_change::erase(tx, values, Erase::Values).await?;
            field_change::erase(tx, both, Erase::Both).await
        })
        .await?;
    for row in new.iter_mut().chain(&mut old) {
        let revid = row.change.revid;
        if reverted.contains(&revid) && row.reverted_by.is_none() {
            row.reverted_by = Some(RevId(0));
        }
        if users.contains(&revid) || both.contains(&revid) {
            (row.user_hidden, row.change.user) = (true, None);
        }
        if values.contains(&revid) || both.contains(&revid) {
            row.values_hidden = true;
            (row.change.old, row.change.new, row.change.verified, row.change.check) = (None, None, None, None);
        }
    }
    Ok((new, old))
}

/// Log pages on which a line no longer says what it should, though nothing new is to be logged: brought up to date.
pub async fn clean(run: &mut Run<Settings>, context: &Context) -> anyhow::Result<()> {
    if run.fence().is_none() || !context.overrides.may_write() {
        return Ok(());
    }
    let titles = run
        .db
        .read(async |db| field_change::stale_log_titles(db, &run.wiki, PER_CLEANING).await)
        .await?;
    for shown in titles {
        if !run.goes_on().await? {
            break;
        }
        let Ok(title) = run.session.site().title(&shown) else {
            continue;
        };
        if taken::is_left_alone(run, context.now, &shown).await? {
            continue;
        }
        let rows = run
            .db
            .read(async |db| field_change::of_log_title(db, &run.wiki, &shown).await)
            .await?;
        let words = Words::new(run, context);
        let state = State {
            title: &title,
            marker: Some(MARKER),
            is_status_page: false,
            asked_again: false,
        };
        let computed = |look: &Look| {
            Ok(look.target.page_id.map(|_| Computed {
                text: words.page(look.target.text(), &shown, &[], &rows),
                summary: "Marked what was reverted or hidden since".to_owned(),
            }))
        };
        match run.editor.save_state(&state, computed).await {
            Ok(_) => {}
            Err(Refused::Page { code, info }) => {
                taken::note(run, context.now, &shown, &format!("{info} ({code})")).await?;
                continue;
            }
            Err(other) => return Err(other.into()),
        }
        let Some(fence) = run.fence() else { break };
        run.db
            .fenced(&fence, "noting that a log page is up to date", async |tx| {
                field_change::log_is_fresh(tx, &shown).await
            })
            .await?;
    }
    Ok(())
}

/// Lines of the last 30 days are looked at once a day: what the wiki hid since is erased, and goes from the pages.
pub async fn look_for_hidden(run: &mut Run<Settings>, context: &Context) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let last = run
        .db
        .read(async |db| memo::get(db, run.editor.job, &run.wiki, HIDDEN).await)
        .await?;
    // A round that a run could not end goes on in the next one.
    let place = last
        .as_ref()
        .and_then(|last| chrono::DateTime::parse_from_rfc3339(&last.value).ok());
    if place.is_none() && last.is_some_and(|last| context.now - last.updated < TimeDelta::hours(24)) {
        return Ok(());
    }
    let since = place.map_or(context.now - KEPT_CLEAN, |place| place.to_utc());
    let mut after = None;
    let mut erased = 0;
    loop {
        let edits = run
            .db
            .read(async |db| field_change::since(db, &run.wiki, since, after, AT_ONCE).await)
            .await?;
        let Some(last) = edits.last().copied() else { break };
        after = Some(last);
        let open = edits.iter().filter(|edit| !(edit.user_hidden && edit.values_hidden));
        let revids: Vec<RevId> = open
            .flat_map(|edit| [Some(edit.revid), edit.parent])
            .flatten()
            .collect();
        run.session.count_as(Phase::Safety);
        let found = revisions(&run.session, &revids, false).await?;
        let [mut users, mut values, mut both] = [Vec::new(), Vec::new(), Vec::new()];
        for edit in &edits {
            match found.get(&edit.revid) {
                None => both.push(edit.revid),
                Some(revision) => {
                    if revision.user_hidden() {
                        users.push(edit.revid);
                    }
                    if hides_values(&found, revision, edit.parent) {
                        values.push(edit.revid);
                    }
                }
            }
        }
        erased += run
            .db
            .fenced(&fence, "erasing what was hidden", async |tx| {
                let mut rows = field_change::erase(tx, &users, Erase::User).await?.rows;
                rows += field_change::erase(tx, &values, Erase::Values).await?.rows;
                rows += field_change::erase(tx, &both, Erase::Both).await?.rows;
                Ok(rows)
            })
            .await?;
        let (place, now) = (last.ts.to_rfc3339(), context.now);
        run.db
            .fenced(&fence, "noting how far hidden edits were looked for", async |tx| {
                memo::set(tx, HIDDEN, &place, now).await
            })
            .await?;
        if !run.goes_on().await? {
            return Ok(());
        }
    }
    if erased > 0 {
        tracing::info!("{erased} lines were about something that is hidden now: erased");
    }
    let now = context.now;
    run.db
        .fenced(&fence, "noting when hidden edits were looked for", async |tx| {
            memo::set(tx, HIDDEN, "", now).await
        })
        .await?;
    clean(run, context).await
}
