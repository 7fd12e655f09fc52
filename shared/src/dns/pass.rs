//! The pass: after a batch is committed, the hosts that need an answer are asked for and each answer is stored on its
//! own, so that a kill loses no more than the question.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::plan::{Plan, plan};
use super::resolver::{AT_ONCE, Resolver};
use crate::clock::Clock;
use crate::db::links::host_ip::{self, Answer, Due};
use crate::db::{Db, Error, Fence};
use crate::wiki::Stop;

/// No question is begun later than this after the start of a pass: a name server that never answers must not hold up
/// the run.
pub const LONGEST: Duration = Duration::from_secs(60);
/// Hosts looked at: more than are asked for, so that a domain with thousands of hosts does not hide all others.
const LOOKED_AT: u32 = 2_000;
/// Answers that needed no question, stored at a time.
const SLICE: usize = 100;

/// What a pass did, in hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    /// Asked for, and the answer stored.
    pub asked: u64,
    /// Addresses stored, of all hosts.
    pub addresses: u64,
    /// With no address that can be stored.
    pub none: u64,
    /// The name server did not answer, or not in time.
    pub failed: u64,
    /// Still waiting: too many, too late, or asked to stop.
    pub left: u64,
}

impl Asked {
    fn count(&mut self, answer: &Answer) {
        match answer {
            Answer::Addresses(ips) => self.addresses += ips.len() as u64,
            Answer::None => self.none += 1,
            Answer::NoAnswer => self.failed += 1,
        }
    }
}

/// Asks for the hosts of `stored_keys` (those of the links a run has just stored, the newest first) that have no fresh
/// answer, and for such that earlier runs left, within the bounds of [`super::PER_DOMAIN`], [`super::PER_RUN`] and
/// [`LONGEST`]. Must not be called inside of a transaction. After `stop` no question is begun and those under way are
/// dropped. Errs where the database does; what was stored by then stays.
pub async fn pass(
    db: &Db,
    fence: &Fence,
    resolver: &Resolver,
    stored_keys: &[String],
    clock: Clock,
    stop: &Stop,
) -> Result<Asked, Error> {
    let until = Instant::now() + LONGEST;
    let now = clock.now();
    let Plan { ask, known, left } = plan(&hosts(db, now, stored_keys).await?);
    let mut result = Asked {
        left,
        ..Asked::default()
    };
    for some in known.chunks(SLICE) {
        store(db, fence, some, clock).await?;
        some.iter().for_each(|(_, answer)| result.count(answer));
    }
    let mut waiting = ask.into_iter();
    let mut asking = JoinSet::new();
    loop {
        while asking.len() < AT_ONCE && !stop.is_stopped() && Instant::now() < until {
            let Some((host_id, host)) = waiting.next() else { break };
            let resolver = resolver.clone();
            asking.spawn(async move { (host_id, resolver.ask(&host).await) });
        }
        let answered = tokio::select! {
            biased;
            () = stop.stopped() => break,
            answered = asking.join_next() => answered,
        };
        match answered {
            None => break,
            Some(Ok(answer)) => {
                store(db, fence, std::slice::from_ref(&answer), clock).await?;
                result.asked += 1;
                result.count(&answer.1);
            }
            // Asked for again in the next run.
            Some(Err(error)) => {
                tracing::warn!(%error, "a question to the name server broke");
                result.left += 1;
            }
        }
    }
    result.left += (waiting.len() + asking.len()) as u64;
    Ok(result)
}

/// The hosts that need an answer: the run's own first, then others.
async fn hosts(db: &Db, now: crate::core::types::Timestamp, stored_keys: &[String]) -> Result<Vec<Due>, Error> {
    db.read(async |work| {
        let mut due = host_ip::due_among(work, now, stored_keys, LOOKED_AT as usize).await?;
        let mut seen: std::collections::HashSet<u32> = due.iter().map(|due| due.host_id).collect();
        let others = host_ip::due(work, now, LOOKED_AT).await?;
        due.extend(others.into_iter().filter(|due| seen.insert(due.host_id)));
        Ok(due)
    })
    .await
}

async fn store(db: &Db, fence: &Fence, answers: &[(u32, Answer)], clock: Clock) -> Result<(), Error> {
    db.fenced(fence, "storing the addresses of hosts", async |tx| {
        for (host_id, answer) in answers {
            host_ip::answered(tx, *host_id, clock.now(), answer).await?;
        }
        Ok(())
    })
    .await
}
