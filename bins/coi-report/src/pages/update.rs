//! Day pages brought up to date where no line is added: lines with later hits, lines that lose what is hidden, and counts.
//! Computed from what the page says, so nothing has to be remembered of an edit whose answer was lost.

use std::collections::BTreeSet;

use shared::core::text::{Wikitext, terminal};
use shared::core::types::{RevId, Timestamp};
use shared::daypage::taken;
use shared::db::hit_line::{self, Shown};
use shared::editor::{Computed, Look, Refused, State};
use shared::job::Run;

use super::PageContext;
use super::facts::{self, Told};
use super::footer::Footer;
use super::save::Frozen;
use super::text::{self, MARKER};
use crate::settings::Settings;

/// Writes what these lines of a page (title with namespace) say now. Whether the page was edited.
pub async fn page(
    run: &mut Run<Settings>,
    context: &PageContext,
    shown: &str,
    told: &[Told],
    summary: &str,
) -> anyhow::Result<bool> {
    write(run, context, shown, told, None, summary).await
}

/// Writes the counts of a day.
pub async fn footer(run: &mut Run<Settings>, context: &PageContext, footer: &Footer) -> anyhow::Result<bool> {
    let summary = "Counted what is not shown";
    write(run, context, &footer.title, &[], Some(footer), summary).await
}

async fn write(
    run: &mut Run<Settings>,
    context: &PageContext,
    shown: &str,
    told: &[Told],
    footer: Option<&Footer>,
    summary: &str,
) -> anyhow::Result<bool> {
    let Ok(title) = run.session.site().title(shown) else {
        return Ok(false);
    };
    if taken::is_left_alone(run, context.now, shown).await? {
        return Ok(false);
    }
    let state = State {
        title: &title,
        marker: Some(MARKER),
        is_status_page: false,
        asked_again: false,
    };
    let entries: Vec<_> = told.iter().map(|told| told.entry.clone()).collect();
    let tails = footer
        .map(|footer| footer.tails(&context.words(run)))
        .unwrap_or_default();
    let tags = run.session.site().extension_tags().clone();
    // What stands on the page, for the database.
    let mut seen: Option<(BTreeSet<String>, RevId, Timestamp)> = None;
    let saved = run
        .editor
        .save_state(&state, |look| {
            let (Some(page), Some(revid)) = (look.target.text(), look.base()) else {
                return Ok(None);
            };
            let text = text::update(Some(page), &Wikitext::new(), &entries, &tails, &tags);
            let standing = text::anchors(&text).into_iter().map(str::to_owned).collect();
            seen = Some((standing, revid, look.at));
            Ok(Some(Computed {
                text,
                summary: summary.to_owned(),
            }))
        })
        .await;
    let saved = match saved {
        Ok(saved) => saved,
        Err(Refused::Page { code, info }) => {
            taken::note(run, context.now, shown, &format!("{info} ({code})")).await?;
            return Ok(false);
        }
        Err(Refused::Unknown(why)) => {
            tracing::warn!("{why}");
            return Ok(false);
        }
        Err(other) => return Err(other.into()),
    };
    let (Some(fence), Some((standing, base, at))) = (run.fence(), seen) else {
        return Ok(false);
    };
    let (there, away): (Vec<&Told>, Vec<&Told>) = told.iter().partition(|told| standing.contains(&told.line.anchor));
    let there: Vec<Shown> = there.into_iter().map(Told::shown).collect();
    let away: Vec<u64> = away.into_iter().map(|told| told.line.id).collect();
    let (revid, now) = (saved.unwrap_or(base), context.now);
    run.db
        .fenced(&fence, "noting that a day page is up to date", async |tx| {
            hit_line::mark_shown(tx, &there, shown, revid, at).await?;
            hit_line::mark_gone(tx, &away).await?;
            if let Some(footer) = footer {
                footer.store(tx, Some(at), now).await?;
            }
            Ok(())
        })
        .await?;
    Ok(saved.is_some())
}

/// `3 lines`, for summaries.
pub fn many(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// Shows what an edit would bring, in a dry run.
pub async fn dry(run: &mut Run<Settings>, context: &PageContext, frozen: &Frozen) -> anyhow::Result<()> {
    let told = facts::told(run, context, &frozen.lines, true, facts::Look::AtWikis).await?;
    let title = run.session.site().title(&frozen.title).map_err(anyhow::Error::msg)?;
    let state = State {
        title: &title,
        marker: Some(MARKER),
        is_status_page: false,
        asked_again: false,
    };
    let intro = context.words(run).intro(frozen.day);
    let tags = run.session.site().extension_tags().clone();
    let entries: Vec<_> = told.into_iter().map(|told| told.entry).collect();
    let summary = format!("Listed {}", many(entries.len(), "observation"));
    let computed = |look: &Look| {
        let text = text::update(look.target.text(), &intro, &entries, &[], &tags);
        Ok(Some(Computed {
            text,
            summary: summary.clone(),
        }))
    };
    match run.editor.save_state(&state, computed).await {
        Err(Refused::Page { code, info }) => {
            println!("{}: {} ({code})", terminal(&frozen.title), terminal(&info));
            Ok(())
        }
        other => Ok(other.map(|_| ())?),
    }
}
