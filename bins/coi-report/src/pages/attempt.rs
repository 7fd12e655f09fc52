//! One attempt to add lines to a page: look, settle what an earlier attempt left, compute, save, remember.

use shared::core::text::terminal;
use shared::core::types::{RevId, Timestamp};
use shared::daypage::{parts, taken};
use shared::db::FencedTx;
use shared::db::hit_line::{self, Shown};
use shared::db::intent::{self, Intent};
use shared::editor::{Additive, Found, Outcome};
use shared::job::Run;
use shared::wiki::Phase;

use super::facts::{self, Line, Look, Told};
use super::footer::Footer;
use super::save::{Frozen, LONGEST, Saved};
use super::text::{self, MARKER, Says};
use super::update::many;
use super::{PageContext, forgotten};
use crate::settings::Settings;

/// A line of which it is not known what it says on the page: it is written anew when the hour is over.
fn unread(line: &Line) -> Shown {
    Shown {
        id: line.id,
        hits: 0,
        recorded: line.recorded,
    }
}

/// Makes the attempt; `old`: lines of the page with later hits, brought up to date beside. Errs with
/// [`shared::editor::Refused`] where the page or the run has to stop.
pub async fn attempt(
    run: &mut Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    frozen: &Frozen,
    old: &[Line],
) -> anyhow::Result<Saved> {
    let site = run.session.site().clone();
    let title = site.title(&frozen.title).map_err(anyhow::Error::msg)?;
    run.editor.wait_for_turn(&title).await?;
    run.session.count_as(Phase::Safety);
    let look = run.editor.look(&title, &[], &[]).await?;
    let unread: Vec<Shown> = frozen.lines.iter().map(unread).collect();
    let mut found_late =
        async |tx: &mut FencedTx<'_>, found: &Found| mark(tx, &unread, &frozen.title, found.revid, found.at).await;
    if let Some(outcome) = run.editor.settle(intent, &look, &mut found_late).await? {
        let is_there = ended(run, context, intent, frozen, outcome).await?;
        return Ok(Saved {
            lines: if is_there { frozen.lines.len() as u64 } else { 0 },
            pages: 0,
        });
    }
    let mut new = facts::told(run, context, &frozen.lines, true, Look::AtWikis).await?;
    if new.len() < frozen.lines.len() {
        // Another edit brings those of the wikis that answer.
        give_up(run, context, intent, &[], "a wiki does not answer").await?;
        return Ok(Saved::default());
    }
    let old = facts::told(run, context, old, false, Look::AtWikis).await?;
    let page = look.target.text();
    let standing = page.map(text::anchors).unwrap_or_default();
    let stands = |told: &Told| standing.contains(told.line.anchor.as_str());
    if new.iter().any(stands) {
        // The lines stand there, but the database forgot: what stands somewhere is not written again.
        if page.is_some_and(|page| page.len() > LONGEST) {
            parts::grown(run, &frozen.title, context.now).await?;
        }
        if !new.iter().all(stands) {
            new = forgotten::elsewhere(run, &frozen.title, new).await?;
        }
    }
    let is_shown = |told: &&Told| stands(told) || matches!(told.entry.says, Says::This(_));
    let (there, dropped): (Vec<&Told>, Vec<&Told>) = new.iter().partition(is_shown);
    let added = there.iter().filter(|told| !stands(told)).count();
    if page.is_none() && there.is_empty() {
        let why = "what it was about is hidden or to be named nowhere";
        give_up(run, context, intent, &ids(frozen), why).await?;
        return Ok(Saved::default());
    }
    let mut footer = Footer::load(run, frozen.day, &frozen.title).await?;
    footer.hidden += dropped.iter().map(|told| told.hidden).sum::<u64>();
    let words = context.words(run);
    let entries: Vec<_> = new.iter().chain(&old).map(|told| told.entry.clone()).collect();
    let text = text::update(
        page,
        &words.intro(frozen.day),
        &entries,
        &footer.tails(&words),
        site.extension_tags(),
    );
    let on_page = text::anchors(&text);
    let (kept, away): (Vec<&Told>, Vec<&Told>) =
        old.iter().partition(|told| on_page.contains(told.line.anchor.as_str()));
    let shown: Vec<Shown> = there.iter().chain(&kept).map(|told| told.shown()).collect();
    let gone: Vec<u64> = dropped.iter().chain(&away).map(|told| told.line.id).collect();
    if page.is_some_and(|page| page == text.trim_end()) {
        note_standing(run, context, intent, frozen, &shown, look.base().unwrap_or(RevId(0))).await?;
        return Ok(Saved::default());
    }
    let now = context.now;
    let mut done = async |tx: &mut FencedTx<'_>, found: &Found| {
        mark(tx, &shown, &frozen.title, found.revid, found.at).await?;
        hit_line::mark_gone(tx, &gone).await?;
        footer.store(tx, Some(found.at), now).await
    };
    let summary = format!("Listed {} ({})", many(added, "observation"), intent.token);
    let additive = Additive {
        intent,
        text: &text,
        summary: &summary,
        marker: Some(MARKER),
    };
    let outcome = run.editor.save_additive(&look, &additive, &mut done).await?;
    if matches!(outcome, Outcome::Done(_)) && text.len() > LONGEST {
        parts::grown(run, &frozen.title, context.now).await?;
    }
    let is_done = ended(run, context, intent, frozen, outcome).await?;
    Ok(Saved {
        lines: if is_done { added as u64 } else { 0 },
        pages: u64::from(is_done),
    })
}

async fn mark(
    tx: &mut FencedTx<'_>,
    shown: &[Shown],
    title: &str,
    revid: RevId,
    at: Timestamp,
) -> shared::db::Result<()> {
    hit_line::mark_shown(tx, shown, title, revid, at).await.map(|_| ())
}

async fn note_standing(
    run: &Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    frozen: &Frozen,
    shown: &[Shown],
    revid: RevId,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (id, now) = (intent.id, context.now);
    run.db
        .fenced(&fence, "noting lines that stand on a page already", async |tx| {
            intent::mark_done(tx, id, Some(revid), None, now).await?;
            mark(tx, shown, &frozen.title, revid, now).await
        })
        .await?;
    Ok(())
}

/// Whether the lines stand.
async fn ended(
    run: &Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    frozen: &Frozen,
    outcome: Outcome,
) -> anyhow::Result<bool> {
    match outcome {
        Outcome::Done(_) => return Ok(true),
        Outcome::TooEarly => tracing::info!(
            "{}: sent less than five minutes ago without an answer",
            terminal(&frozen.title)
        ),
        Outcome::Dry => {}
        Outcome::Gone(what) => gone(run, context, intent, frozen, &what).await?,
    }
    Ok(false)
}

fn ids(frozen: &Frozen) -> Vec<u64> {
    frozen.lines.iter().map(|line| line.id).collect()
}

/// An edit that will not be made, and lines that will never stand on their page.
async fn give_up(
    run: &Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    lines: &[u64],
    why: &str,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (id, now) = (intent.id, context.now);
    run.db
        .fenced(&fence, "giving an edit of a day page up", async |tx| {
            intent::mark_gone(tx, id, why, now).await?;
            hit_line::mark_gone(tx, lines).await?;
            Ok(())
        })
        .await?;
    Ok(())
}

/// Lines that will never stand on their page: recorded as such, and told on the status page.
pub async fn gone(
    run: &Run<Settings>,
    context: &PageContext,
    intent: &Intent,
    frozen: &Frozen,
    why: &str,
) -> anyhow::Result<()> {
    give_up(run, context, intent, &ids(frozen), why).await?;
    taken::note(run, context.now, &frozen.title, why).await
}
