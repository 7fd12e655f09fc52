//! The kill test: a job is killed at every message it sends, and the next run must put everything right.
//!
//! State outside a process changes only at its connections, so there are as many crash points as messages. For every
//! message k the scenario runs twice: killed by SIGKILL before k is forwarded, and after k was carried out and before
//! its answer; then once more to the end, ten minutes later by its clock. What the scenario calls its snapshot (page
//! histories, rows, counters) must be that of the undisturbed run.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::counter::{MessageCounter, Moment};
use crate::dbproxy::DbProxy;
use crate::proxy::FaultProxy;
use crate::run::Job;
use crate::world::World;

/// How much later the run after a kill believes to be, in seconds: more than the 5 minutes after which an edit of
/// unknown outcome may be looked at again.
const LATER: i64 = 600;

/// What is killed and how it is judged.
pub trait Scenario: Send + Sync + 'static {
    /// A world with everything in it that the run will find.
    type Stage: AsRef<World> + Send + Sync;

    /// Makes a fresh stage; called once per kill.
    fn prepare(&self) -> impl Future<Output = Result<Self::Stage>> + Send;

    /// The run that is killed. It must do the same in the same order each time: fix its seed.
    fn job(&self, stage: &Self::Stage) -> Job;

    /// Rules for the proxy before the wiki, in every run: to keep out what other tests do at the same time.
    fn arrange(&self, _stage: &Self::Stage, _http: &FaultProxy) {}

    /// Whether to kill at this moment of message `messages[k - 1]` of the undisturbed run; everywhere, unless a scenario
    /// has reasons.
    fn strikes(&self, _messages: &[String], _k: u64, _moment: Moment) -> bool {
        true
    }

    /// What must be as if nothing had happened, as text; [`World::scrub`] takes out what differs between worlds. Run
    /// records do not belong into it: there is one more after a kill.
    fn snapshot(&self, stage: &Self::Stage) -> impl Future<Output = Result<String>> + Send;
}

/// What a kill test has covered.
pub struct Coverage {
    /// The messages of the undisturbed run, in order.
    pub messages: Vec<String>,
    /// The messages at which the job was killed, each with its moment; all of them ended well.
    pub covered: Vec<(u64, Moment)>,
}

/// The list of covered k, a line per message.
impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} messages, {} kills survived:",
            self.messages.len(),
            self.covered.len()
        )?;
        for (k, message) in (1..).zip(&self.messages) {
            let at = |moment| {
                if self.covered.contains(&(k, moment)) { '+' } else { '-' }
            };
            let (before, after) = (at(Moment::BeforeForwarding), at(Moment::BeforeAnswer));
            writeln!(f, "{k:4} before {before} after {after}  {message}")?;
        }
        Ok(())
    }
}

/// Kills the scenario's job at every message, `lanes` kills at a time, and compares. Errs with every difference found.
pub async fn kill_at_every_message(scenario: impl Scenario, lanes: usize) -> Result<Coverage> {
    let (messages, expected) = undisturbed(&scenario).await.context("the undisturbed run")?;
    let (scenario, expected, lanes) = (Arc::new(scenario), Arc::new(expected), Arc::new(Semaphore::new(lanes)));
    let mut kills = JoinSet::new();
    for k in 1..=messages.len() as u64 {
        for moment in [Moment::BeforeForwarding, Moment::BeforeAnswer] {
            if !scenario.strikes(&messages, k, moment) {
                continue;
            }
            let (scenario, expected, lanes) = (scenario.clone(), expected.clone(), lanes.clone());
            let message = messages[k as usize - 1].clone();
            kills.spawn(async move {
                let lane = lanes.acquire_owned().await;
                let result = kill_at(&*scenario, k, moment, &message, &expected).await;
                drop(lane);
                (k, moment, result)
            });
        }
    }
    let (mut covered, mut failures) = (Vec::new(), Vec::new());
    while let Some(kill) = kills.join_next().await {
        let (k, moment, result) = kill.context("a kill panicked")?;
        match result {
            Ok(()) => covered.push((k, moment)),
            Err(error) => {
                let message = messages.get(k as usize - 1).map_or("", String::as_str);
                failures.push((k, format!("killed at message {k} ({message}), {moment:?}: {error:#}")));
            }
        }
    }
    covered.sort_by_key(|(k, moment)| (*k, *moment == Moment::BeforeAnswer));
    let coverage = Coverage { messages, covered };
    if failures.is_empty() {
        return Ok(coverage);
    }
    failures.sort();
    let told: Vec<String> = failures.into_iter().map(|(_, text)| text).collect();
    bail!("{} kills did harm\n\n{}\n\n{coverage}", told.len(), told.join("\n\n"));
}

/// The run without a kill, and its snapshot; a second run must change nothing of it.
async fn undisturbed<S: Scenario>(scenario: &S) -> Result<(Vec<String>, String)> {
    let stage = scenario.prepare().await?;
    let counter = MessageCounter::new();
    let (http, db) = proxies(stage.as_ref(), &counter).await?;
    scenario.arrange(&stage, &http);
    scenario.job(&stage).through(&http).over(&db).run_ok().await?;
    let (messages, first) = (counter.lines(), scenario.snapshot(&stage).await?);
    let again = scenario.job(&stage).through(&http).over(&db).later(LATER);
    again.run_ok().await?;
    let second = scenario.snapshot(&stage).await?;
    compare(&first, &second).context("a second run changed what the first one had left")?;
    Ok((messages, first))
}

/// One kill, the run after it, and the comparison.
pub async fn kill_at<S: Scenario>(scenario: &S, k: u64, moment: Moment, message: &str, expected: &str) -> Result<()> {
    let stage = scenario.prepare().await.context("preparing")?;
    let counter = MessageCounter::new();
    let (http, db) = proxies(stage.as_ref(), &counter).await?;
    scenario.arrange(&stage, &http);
    let mut strike = counter.strike(k, moment);
    let mut job = scenario.job(&stage).through(&http).over(&db).start()?;
    let ended = tokio::select! {
        () = strike.reached() => None,
        status = job.ended() => Some(status?),
    };
    if let Some(status) = ended {
        let run = job.wait().await?;
        bail!(
            "the run ended ({status}) before message {k}, after {} messages:\n{run}",
            counter.count()
        );
    }
    let said = job.kill().await?;
    let struck = counter.lines().get(k as usize - 1).cloned().unwrap_or_default();
    // In any case: what is held keeps its transaction, and the world's database could not be dropped.
    strike.release();
    if beginning(&struck) != beginning(message) {
        bail!("message {k} was `{struck}` this time: the scenario does not do the same each time");
    }
    http.settle().await;
    stage.as_ref().db_is_idle().await?;
    // By the same address, after which the wiki is called in the database.
    strike.over();
    let rerun = scenario.job(&stage).through(&http).over(&db).later(LATER);
    let rerun = rerun.run_ok().await.context("the run after the kill")?;
    let found = scenario.snapshot(&stage).await?;
    compare(expected, &found).with_context(|| format!("the killed run had said:\n{said}\nthe run after it:\n{rerun}"))
}

/// What a message does: the words in it that are the same in every world.
fn beginning(message: &str) -> Vec<&str> {
    message
        .split_whitespace()
        .take(4)
        .filter(|word| !word.contains(['=', ':']))
        .collect()
}

async fn proxies(world: &World, counter: &MessageCounter) -> Result<(FaultProxy, DbProxy)> {
    let http = FaultProxy::start_with(&world.wiki.api, 0, counter.clone()).await?;
    let db = DbProxy::start_with(&world.database_url(), 0, counter.clone()).await?;
    Ok((http, db))
}

fn compare(expected: &str, found: &str) -> Result<()> {
    if expected == found {
        return Ok(());
    }
    bail!("the snapshots differ\n--- undisturbed\n{expected}\n--- found\n{found}");
}
