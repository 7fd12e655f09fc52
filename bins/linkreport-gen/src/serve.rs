//! Serves what asks for reports: fairly (round robin over requesters), each request once, whatever dies in between. Every
//! step is computed anew from what the page says, so a run that was killed leaves nothing to mend.

mod copies;
mod decide;
mod left;
mod one;
mod place;
mod standing;
mod told;
mod turns;
mod write;

use chrono::TimeDelta;
use shared::core::report::{Status, Subject};
use shared::core::text::terminal;
use shared::core::types::Timestamp;
use shared::db::report_ask::{self, Outcome, Reason};
use shared::editor::Refused;
use shared::job::{Run, ends_run};
use shared::wiki::Error;

use crate::asks;
use crate::gather::Context;
use crate::settings::Settings;
use one::Ended;
use place::Place;

pub use copies::copies;
pub use place::Place as Around;
pub use standing::{Before, page, standing};
pub use told::seen;
pub use write::HEAD;

/// Edits that are left for the status page and the lists.
const RESERVE: u64 = 5;
/// So often a request is tried.
const TRIES: u32 = 6;
/// Time to the second try; doubled for each further one.
const PAUSE: TimeDelta = TimeDelta::minutes(10);

/// What a run did for requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Pages that were edited.
    pub pages: u64,
    /// Requests that were answered without an edit.
    pub unchanged: u64,
    /// Requests that wait for another try.
    pub later: u64,
    /// Pages that wait for a person, or were refused.
    pub held: u64,
}

/// Serves what waits, or only this subject. Errs when nothing more may be written, or wiki or database cannot be reached.
pub async fn serve(
    run: &mut Run<Settings>,
    cx: &Context<'_>,
    place: &Place,
    only: Option<&Subject>,
) -> anyhow::Result<Served> {
    let mut served = Served::default();
    let turns = turns::turns(run, only).await?;
    for turn in &turns {
        if run.editor.room().await? <= RESERVE || !run.goes_on().await? {
            break;
        }
        let ended = match one::one(run, cx, place, &turn.turn).await {
            Ok(ended) => ended,
            Err(error) if is_over(&error) => {
                // A report that takes all of a run's time must not be the first of every run.
                if matches!(error.downcast_ref(), Some(Error::Deadline)) {
                    failed(run, turn, "it took longer than a run may take").await?;
                }
                return Err(error);
            }
            Err(error) => {
                let name = format!("{} {}", turn.turn.subject.kind().word(), turn.turn.subject);
                failed(run, turn, &format!("{error:#}")).await?;
                if turn.tries + 1 >= TRIES {
                    run.item_error(&name, &error).await;
                } else {
                    tracing::warn!("{}: {}", terminal(&name), terminal(&format!("{error:#}")));
                }
                served.later += 1;
                continue;
            }
        };
        tracing::info!(
            "{} {}: {ended:?}",
            turn.turn.subject.kind().word(),
            terminal(&turn.turn.subject.to_string())
        );
        match &ended {
            Ended::Saved => served.pages += 1,
            Ended::Held | Ended::Refused(_) => served.held += 1,
            Ended::Later(_) | Ended::Again(_) => served.later += 1,
            Ended::Same | Ended::Left(_) | Ended::Nothing => served.unchanged += 1,
        }
        close(run, turn, &ended).await?;
    }
    Ok(served)
}

/// What ends the whole run, not one report.
fn is_over(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Refused::Halt(_))) || ends_run(error)
}

async fn close(run: &Run<Settings>, turn: &turns::Asked, ended: &Ended) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (ids, now) = (&turn.turn.asks, run.clock.now());
    let outcome = match ended {
        Ended::Saved => Outcome::Saved,
        Ended::Same => Outcome::Unchanged,
        Ended::Left(_) => Outcome::Left,
        Ended::Nothing => Outcome::Nothing,
        Ended::Held => Outcome::Held,
        Ended::Refused(_) => Outcome::Refused,
        Ended::Later(next) => {
            let next = *next;
            run.db
                .fenced(&fence, "noting that a report comes later", async |tx| {
                    report_ask::postpone(tx, ids, next).await
                })
                .await?;
            return Ok(());
        }
        Ended::Again(why) => return failed(run, turn, why).await,
    };
    // Closed after its new additions were noted: they may be enough to open it again.
    let came_again = matches!(ended, Ended::Left(status) if status == Status::Closed.word())
        && turn
            .turn
            .reasons
            .iter()
            .any(|reason| matches!(reason, Reason::Additions | Reason::Rule));
    run.db
        .fenced(&fence, "noting that requests were served", async |tx| {
            report_ask::served(tx, ids, outcome, now).await?;
            if came_again {
                asks::look_again(tx, &turn.turn.subject, now).await?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}

/// Tries again later, each time after twice the pause; after the last try it is given up.
async fn failed(run: &Run<Settings>, turn: &turns::Asked, why: &str) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let (ids, now) = (&turn.turn.asks, run.clock.now());
    let next: Timestamp = now + PAUSE * 2_i32.pow(turn.tries.min(TRIES));
    let is_last = turn.tries + 1 >= TRIES;
    run.db
        .fenced(&fence, "noting that a request failed", async |tx| match is_last {
            true => report_ask::give_up(tx, ids, why, now).await,
            false => report_ask::failed(tx, ids, why, next).await,
        })
        .await?;
    Ok(())
}
