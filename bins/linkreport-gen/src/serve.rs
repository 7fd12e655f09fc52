//! Serves what asks for reports: fairly (round robin over requesters), each request once, whatever dies in between. Every
//! step is computed anew from what the page says, so a run that was killed leaves nothing to mend.

mod copies;
mod decide;
mod left;
mod listed;
mod one;
mod opening;
mod place;
mod standing;
mod told;
mod tries;
mod turns;
mod write;

use shared::core::report::{Status, Subject};
use shared::db::report_ask::{self, Outcome, Reason};
use shared::editor::Refused;
use shared::job::{Run, ends_run};
use shared::wiki::Error;

use crate::asks;
use crate::gather::Context;
use crate::naming::Naming;
use crate::settings::Settings;
use one::Ended;
use place::Place;

pub use copies::copies;
pub use place::Place as Around;
pub use standing::{Before, page, standing};
pub use told::seen;
pub use write::HEAD;

/// Edits that are left for the lists, unless the settings allow few.
const RESERVE: u32 = 5;
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
    let mut turns = turns::turns(run, only).await?;
    let mut opening = opening::Opening::default();
    let naming = Naming::read(&run.db, &run.wiki).await?;
    for turn in &mut turns {
        if run.editor.room().await? <= reserve(run) || !run.goes_on().await? {
            break;
        }
        let ended = match opening.judge(run, cx, turn).await {
            Ok(None) => one::one(run, cx, place, &turn.turn).await,
            Ok(Some(ended)) => Ok(ended),
            Err(error) => Err(error),
        };
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) if is_over(&error) => {
                // A report that takes all of a run's time must not be the first of every run.
                if matches!(error.downcast_ref(), Some(Error::Deadline)) {
                    failed(run, turn, "it took longer than a run may take").await?;
                }
                return Err(error);
            }
            Err(error) => {
                let (name, shown) = (naming.subject(&turn.turn.subject), naming.error(&error));
                if failed(run, turn, &format!("{error:#}")).await? {
                    run.item_error(&name, &shown).await;
                } else {
                    tracing::warn!("{name}: {shown}");
                }
                served.later += 1;
                continue;
            }
        };
        let (name, how) = (naming.subject(&turn.turn.subject), naming.text(&format!("{ended:?}")));
        tracing::info!("{name}: {how}");
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

/// Edits of a run that are not for reports: never all that it may make.
pub fn reserve(run: &Run<Settings>) -> u64 {
    let common = &run.accepted.parsed.common;
    RESERVE
        .min(common.max_edits_per_run.min(common.max_edits_per_day) / 2)
        .into()
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
        Ended::Again(why) => return failed(run, turn, why).await.map(|_| ()),
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

/// Tries again later, each time after twice the pause; after the last try it is given up, if it may be. Whether one of the
/// requests was tried so often that somebody has to know.
async fn failed(run: &Run<Settings>, turn: &turns::Asked, why: &str) -> anyhow::Result<bool> {
    let now = run.clock.now();
    let failed = tries::failed(&turn.tries, now);
    let Some(fence) = run.fence() else {
        return Ok(failed.is_told);
    };
    run.db
        .fenced(&fence, "noting that a request failed", async |tx| {
            for (next, ids) in &failed.again {
                report_ask::failed(tx, ids, why, *next).await?;
            }
            report_ask::give_up(tx, &failed.given_up, why, now).await
        })
        .await?;
    Ok(failed.is_told)
}
