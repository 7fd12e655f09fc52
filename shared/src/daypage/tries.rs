//! How often an additive edit is tried within a run, and what its refusals mean.

use anyhow::Context as _;

use crate::core::text::terminal;
use crate::db::intent::{self, Intent};
use crate::editor::{CONFLICTS, Refused};
use crate::job::Run;

/// What became of an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried<T> {
    /// The attempt came to an end.
    Done(T),
    /// The page refuses it: a code and the reason, for people.
    Refused {
        /// The API's code, or the editor's own: see [`Refused::Page`].
        code: String,
        /// The reason.
        info: String,
    },
    /// The next run looks again.
    Later,
}

/// Tries an edit of `title` (with namespace) until it does not meet other people's edits any more, at most three times.
/// `attempt` gets the intent as it is stored by then: a try that met a conflict has left its traces. Errs when nothing
/// more may be written.
pub async fn tries<S, T>(
    run: &mut Run<S>,
    of: &Intent,
    title: &str,
    mut attempt: impl AsyncFnMut(&mut Run<S>, &Intent) -> anyhow::Result<T>,
) -> anyhow::Result<Tried<T>> {
    for _ in 0..CONFLICTS {
        let newest = run
            .db
            .read(async |db| intent::get(db, run.editor.job, &run.wiki, &of.key).await)
            .await?;
        let newest = newest.context("an intent that is gone")?;
        match attempt(run, &newest).await {
            Err(error) if matches!(error.downcast_ref(), Some(Refused::Conflict)) => {}
            Err(error) => match error.downcast::<Refused>() {
                Ok(Refused::Page { code, info }) => return Ok(Tried::Refused { code, info }),
                Ok(Refused::Unknown(why)) => {
                    tracing::warn!("{}: {}; the next run looks again", terminal(title), terminal(&why));
                    return Ok(Tried::Later);
                }
                Ok(other) => return Err(other.into()),
                Err(error) => return Err(error),
            },
            Ok(done) => return Ok(Tried::Done(done)),
        }
    }
    tracing::warn!(
        "{} was edited by others again and again; the next run looks again",
        terminal(title)
    );
    Ok(Tried::Later)
}
