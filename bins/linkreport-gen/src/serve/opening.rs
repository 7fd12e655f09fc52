//! Before a report that only rules ask for is made: whether additions by those whose additions count meet a rule. The
//! rules look at counts of the database alone, which say nothing of who is passed over.

use shared::core::report::Subject;
use shared::db::report;
use shared::db::report_ask::Reason;
use shared::job::Run;

use super::one::Ended;
use super::turns::Asked;
use crate::asks::{Judge, Judged};
use crate::gather::Context;
use crate::settings::Settings;

/// What openings are judged by; read when the first of a run is.
#[derive(Default)]
pub struct Opening {
    judge: Option<Judge>,
}

impl Opening {
    /// What becomes of a request of rules for a new report; `None`: it is served, for the rules that are left. Errs as
    /// the database does, and where a wiki ends the run.
    pub async fn judge(
        &mut self,
        run: &Run<Settings>,
        cx: &Context<'_>,
        asked: &mut Asked,
    ) -> anyhow::Result<Option<Ended>> {
        let Subject::Link(key) = &asked.turn.subject else {
            return Ok(None);
        };
        let is_by_rules = asked.turn.reasons.iter().all(|reason| *reason == Reason::Rule);
        if !is_by_rules || is_there(run, &asked.turn.subject).await? {
            return Ok(None);
        }
        let judge = match self.judge.take() {
            Some(judge) => judge,
            None => Judge::new(run).await?,
        };
        let judged = judge.opening(cx, key).await;
        self.judge = Some(judge);
        Ok(match judged? {
            Judged::AsAsked => None,
            Judged::Rules(rules) => {
                asked.turn.rules = rules;
                None
            }
            Judged::Nothing => Some(Ended::Left("the rules pass over who added it".to_owned())),
        })
    }
}

/// Whether there is a report.
async fn is_there(run: &Run<Settings>, subject: &Subject) -> anyhow::Result<bool> {
    let wiki = run.wiki.as_str();
    let found = run
        .db
        .read_if_there(async |db| report::get(db, wiki, subject).await)
        .await?;
    Ok(found.is_some())
}
