//! The end of a scheduled run: what waits is sent, unless the continuous job is at work. A dead sink costs a run some
//! seconds and never its success.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use super::center::{Center, Current, end_record, lease_job};
use super::lane::Lane;
use super::operator::Operator;
use super::{FeedJob, Ground};
use crate::core::text::terminal;
use crate::db::feed_line::{self, Queue};
use crate::db::run::NewRun;
use crate::db::{Lease, Taken};
use crate::job::{Run, VERSION, environment};
use crate::switch::Halt;

/// A run sends for so long at most; the rest waits for the next one.
const LONGEST: Duration = Duration::from_secs(60);

/// What is under way then has so long to end.
const GRACE: Duration = Duration::from_secs(20);

/// Sends what waits in the queue of the run's feeds. Never fails the run: troubles stand in the log and on the status page.
pub async fn after_run<J: FeedJob>(run: &mut Run<J::Settings>)
where
    J::Settings: Clone,
{
    // A cap, a trial that is over or the operator's switch are about edits.
    let is_halted = run
        .editor
        .halted()
        .is_some_and(|halt| !matches!(halt, Halt::Cap(_) | Halt::TrialOver(_) | Halt::Operator(_)));
    if run.fence().is_none() || run.stop.is_stopped() || is_halted {
        return;
    }
    if let Err(error) = send::<J>(run).await {
        tracing::warn!("feeds: {}", terminal(&format!("{error:#}")));
    }
}

async fn send<J: FeedJob>(run: &mut Run<J::Settings>) -> anyhow::Result<()>
where
    J::Settings: Clone,
{
    let feeds = J::feeds(&run.accepted.parsed.settings).to_vec();
    let of = Queue {
        job: J::NAME,
        wiki: &run.wiki,
    };
    let names: Vec<&str> = feeds.iter().map(|feed| feed.name.as_str()).collect();
    if !run.db.read(async |db| feed_line::is_due(db, of, &names).await).await? {
        return Ok(());
    }
    let job = lease_job::<J>();
    let new = NewRun {
        job: &job,
        wiki: &run.wiki,
        shard: "",
        version: VERSION,
    };
    let lease = match Lease::take(&run.db, &new, run.clock.now()).await? {
        Taken::Lease(lease) => lease,
        // The continuous job.
        Taken::Busy { .. } => return Ok(()),
    };
    let operator = Operator::new(J::NAME, run.session.account(), run.others.user_agent(), &environment);
    let center = Rc::new(Center::<J>::new(&run.db, &lease, operator, run.clock, &run.stop, false));
    center.set(Some(Rc::new(Current::new(feeds, || Ground::of(run)))));
    let sent = async {
        center.take_over().await?;
        center.clean().await?;
        let until = Instant::now() + LONGEST;
        let local = tokio::task::LocalSet::new();
        for place in center.places() {
            local.spawn_local(Lane::new(center.clone(), place, Some(until)).run());
        }
        // Whatever hangs: the run ends. What was under way is in doubt then.
        if tokio::time::timeout(LONGEST + GRACE, local).await.is_err() {
            tracing::warn!("a sink did not end in time: its line is in doubt");
        }
        anyhow::Ok(())
    };
    let sent = sent.await;
    end_record(&center, sent.is_ok()).await;
    lease.release().await;
    if center.sent() > 0 {
        tracing::info!("{} reports were sent to feeds", center.sent());
    }
    sent
}
