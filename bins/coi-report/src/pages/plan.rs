//! Which lines go to which edit: the best first, as many as a day has room for, no more at once than a page should grow by.

use chrono::NaiveDate;
use shared::daypage::parts;
use shared::db::hit_line;
use shared::job::Run;

use super::PageContext;
use super::facts::{self, Line, Look};
use super::footer::Footer;
use super::save::{GIVE_UP, LONGEST};
use super::text::Says;
use crate::settings::Settings;

/// Bytes of a line beside its words, at least: so that a page that was filled goes on at the next part.
const ANCHOR: usize = 30;

/// The edits that a day needs: the title of its first page, and lines for each. What the day has no room for is counted.
pub async fn planned(
    run: &Run<Settings>,
    context: &PageContext,
    day: NaiveDate,
    lines: &[Line],
) -> anyhow::Result<Vec<(String, Vec<Line>)>> {
    let title = run.session.site().prefixed(&context.words(run).day(day));
    let lines = answering(run, context, lines).await?;
    let mut told = facts::told(run, context, &lines, true, Look::Roughly).await?;
    told.sort_by_key(|told| std::cmp::Reverse(told.entry.rank));
    let room = run
        .accepted
        .parsed
        .settings
        .report
        .max_lines
        .saturating_sub(standing(run, &title).await?);
    if told.len() > room {
        let rest: Vec<u64> = told.drain(room..).map(|told| told.line.id).collect();
        if let Some(fence) = run.fence() {
            let mut footer = Footer::load(run, day, &parts::current(run, &title).await?).await?;
            footer.more += rest.len() as u64;
            let now = context.now;
            run.db
                .fenced(&fence, "counting lines that a day has no room for", async |tx| {
                    hit_line::mark_gone(tx, &rest).await?;
                    footer.store(tx, None, now).await
                })
                .await?;
        }
    }
    let mut edits: Vec<(String, Vec<Line>)> = Vec::new();
    let mut size = LONGEST;
    for told in told {
        if size >= LONGEST {
            edits.push((title.clone(), Vec::new()));
            size = 0;
        }
        size += match &told.entry.says {
            Says::This(words) | Says::Hidden(words) | Says::Off(words) => words.as_str().len() + ANCHOR,
        };
        if let Some((_, lines)) = edits.last_mut() {
            lines.push(told.line);
        }
    }
    Ok(edits)
}

/// The lines about wikis that answer; those about others wait, a week at most.
async fn answering(run: &Run<Settings>, context: &PageContext, lines: &[Line]) -> anyhow::Result<Vec<Line>> {
    let mut answering = Vec::with_capacity(lines.len());
    let mut over = Vec::new();
    for line in lines {
        if context.elsewhere.session(run, &line.wiki).await.is_some() {
            answering.push(line.clone());
        } else if context.now - line.recorded > GIVE_UP {
            over.push(line.id);
        }
    }
    if let Some(fence) = run.fence().filter(|_| !over.is_empty()) {
        run.db
            .fenced(&fence, "giving lines about a silent wiki up", async |tx| {
                hit_line::mark_gone(tx, &over).await
            })
            .await?;
    }
    Ok(answering)
}

/// Lines on all parts of a day.
async fn standing(run: &Run<Settings>, day: &str) -> anyhow::Result<usize> {
    let mut count = 0;
    for part in 1..=parts::count(run, day).await? {
        let title = if part == 1 {
            day.to_owned()
        } else {
            format!("{day}/{part}")
        };
        let rows = run
            .db
            .read_if_there(async |db| hit_line::of_title(db, &run.wiki, &title).await)
            .await?;
        count += rows.len();
    }
    Ok(count)
}
