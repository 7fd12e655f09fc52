//! Carries commands out: trust is looked at again, the job says what is to be written and what to answer, and both are
//! stored in the transaction that closes the command's intent.

use anyhow::Context as _;

use super::answers::{self, Said};
use super::position::Position;
use super::read::{Frozen, KEY};
use super::{ANSWER_LINES, Answer, Desk};
use crate::core::intent::token;
use crate::core::site::Title;
use crate::core::text::terminal;
use crate::db::intent::{self, Intent, NewIntent};
use crate::job::{Run, ends_run};
use crate::newly::Standing;

/// Commands of one run; what is left waits for the next one.
const PER_RUN: usize = 20;

/// Carries out what waits; in a dry run only says what would be answered to what was `found`. Gives how many it were.
pub(super) async fn carry_out<S>(
    run: &mut Run<S>,
    page: &Title,
    (mut position, found): (Position, Vec<Frozen>),
    desk: &mut impl Desk,
    standing: &mut Standing<'_>,
) -> anyhow::Result<u64> {
    if run.fence().is_none() {
        for command in found {
            let answer = desk.look(&command.request).await?;
            println!("{}", terminal(&command.request.line));
            for line in &answer.lines {
                println!("  {}", terminal(line));
            }
        }
        return Ok(0);
    }
    let mut waiting: Vec<Intent> = run
        .db
        .read(async |db| intent::pending(db, run.editor.job, &run.wiki).await)
        .await?;
    waiting.retain(|intent| intent.key.starts_with(KEY));
    waiting.truncate(PER_RUN);
    let mut commands = Vec::new();
    for intent in waiting {
        let frozen: Frozen = serde_json::from_str(&intent.decision)
            .with_context(|| format!("the stored decision of intent {} cannot be read", intent.id))?;
        commands.push((intent, frozen));
    }
    let people = commands.iter().map(|(_, frozen)| frozen.request.by.id);
    standing.ask(&run.session, people, &mut position.accounts).await?;
    let mut done = 0;
    for (intent, frozen) in commands {
        if !run.goes_on().await? {
            break;
        }
        match one(run, page, &intent, &frozen, desk, standing).await {
            Ok(()) => done += 1,
            Err(error) if ends_run(&error) => return Err(error),
            Err(error) => run.item_error("commands", &error).await,
        }
    }
    Ok(done)
}

async fn one<S, D: Desk>(
    run: &Run<S>,
    page: &Title,
    intent: &Intent,
    frozen: &Frozen,
    desk: &mut D,
    standing: &Standing<'_>,
) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let request = &frozen.request;
    let (lines, note, effect) = if standing.is_trusted(request.by.id) {
        let Answer { lines, effect } = desk.look(request).await?;
        let (lines, more) = cut(lines);
        (lines, more.map(|count| ("more".to_owned(), count)), effect)
    } else {
        // Trusted when it was taken up, and no longer.
        (Vec::new(), Some(("commands-stranger".to_owned(), 1)), None)
    };
    let now = run.clock.now();
    let said = serde_json::to_string(&Said {
        hash: frozen.hash.clone(),
        lines,
        note,
        at: now,
    })?;
    let key = format!("{}{}", answers::KEY, intent.key);
    let token = token(run.editor.job, &run.wiki, &key);
    let title = run.session.site().prefixed(page);
    let desk = &*desk;
    run.db
        .fenced(&fence, "carrying out a command", async |tx| {
            if !intent::mark_done(tx, intent.id, None, None, now).await? {
                return Ok(());
            }
            if let Some(effect) = &effect {
                desk.write(tx, request, effect).await?;
            }
            let new = NewIntent {
                key: &key,
                token: &token,
                decision: &said,
                page_id: Some(frozen.page_id),
                title: &title,
            };
            intent::open(tx, &new, now).await.map(drop)
        })
        .await?;
    Ok(())
}

/// So many lines as the page shows, and how many there are beyond.
pub(super) fn cut(mut lines: Vec<String>) -> (Vec<String>, Option<usize>) {
    lines.retain(|line| !line.trim().is_empty());
    if lines.len() <= ANSWER_LINES {
        return (lines, None);
    }
    let more = lines.len() + 1 - ANSWER_LINES;
    lines.truncate(ANSWER_LINES - 1);
    (lines, Some(more))
}
