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

/// A run sends for so long at most; the rest waits for the next one.
const LONGEST: Duration = Duration::from_secs(60);

/// Sends what waits in the queue of the run's feeds. Never fails the run: troubles stand in the log and on the status page.
pub async fn after_run<J: FeedJob>(run: &mut Run<J::Settings>)
where
    J::Settings: Clone,
{
    if run.fence().is_none() || run.stop.is_stopped() || run.editor.halted().is_some() {
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
    if feeds.is_empty() || !run.db.read(async |db| feed_line::is_due(db, of).await).await? {
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
    center.set(Some(Current::new(feeds, || Ground::of(run))));
    let sent = async {
        center.take_over().await?;
        center.clean().await?;
        let until = Instant::now() + LONGEST;
        let local = tokio::task::LocalSet::new();
        for place in center.places() {
            local.spawn_local(Lane::new(center.clone(), place, Some(until)).run());
        }
        local.await;
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
