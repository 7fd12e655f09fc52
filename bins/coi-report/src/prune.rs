//! `prune`: takes out what is too old. Scheduled once a day; may run beside `ingest`.

use std::process::ExitCode;
use std::time::Duration;

use chrono::TimeDelta;
use shared::args::CommonArgs;
use shared::db::hit;
use shared::db::links::{partitions, prune, since};
use shared::job::Report;
use shared::job::local::{self, Local, NO_WIKI, Name};
use tokio::time::Instant;

use crate::keep::Keep;

/// Name in lock and run record.
const JOB: &str = "coi-report prune";
/// Between two slices, so that others get their turn.
const PAUSE: Duration = Duration::from_millis(200);
/// No slice is begun after this time: shorter than the `timeout` in jobs.yaml. The next run goes on.
const LONGEST: Duration = Duration::from_secs(50 * 60);

/// Names of temporary accounts are kept so long.
const TEMPORARY: TimeDelta = TimeDelta::days(90);

/// Flags of `prune`.
#[derive(clap::Args, Clone, Debug)]
pub struct PruneArgs {
    /// Also moves rows from a time that had no month yet to their months, however long it takes; nothing can be stored
    /// meanwhile
    #[arg(long)]
    whatever_it_takes: bool,
    #[command(flatten)]
    keep: Keep,
}

/// Takes out what is too old. 0: done, or stopped by a signal; 1: no room; 75, 78 as every run.
pub async fn run(given: &PruneArgs, args: &CommonArgs) -> ExitCode {
    let name = Name {
        job: JOB,
        wiki: NO_WIKI,
        shard: "",
        by_hand: false,
    };
    local::run(name, args, async |local| Box::pin(work(given, local)).await).await
}

async fn work(given: &PruneArgs, local: &mut Local) -> anyhow::Result<Report> {
    let (now, keep) = (local.clock.now(), given.keep);
    let Some(fence) = local.fence() else {
        println!(
            "Dry run: a real one removes rows of revisions older than {}.",
            horizon(local, &keep).await?
        );
        return Ok(Report::default());
    };
    let months = match given.whatever_it_takes {
        true => partitions::ensure_whatever_it_takes(&local.db, now, keep.keep_rows_days).await?,
        false => partitions::ensure(&local.db, now, keep.keep_rows_days).await?,
    };
    if months.is_blocked {
        local.errors.push(format!(
            "{} rows or more are from a time that had no month yet and are never removed; `coi-report prune \
             --whatever-it-takes` moves them",
            months.in_last
        ));
    }
    let until = Instant::now() + LONGEST;
    let stop = local.stop.clone();
    let pruned = prune::prune(
        &local.db,
        &fence,
        now,
        &prune::Keep {
            rows_days: keep.keep_rows_days,
            pairs_days: keep.keep_pairs_days,
            ip_days: keep.keep_ip_days,
        },
        local.clock.pause(PAUSE),
        || !stop.is_stopped() && Instant::now() < until,
    )
    .await?;
    // Names that are not kept for good go from hits, too.
    let ips = now - TimeDelta::days(i64::from(keep.keep_ip_days));
    let mut cut = hit::cut_addresses(&local.db, ips).await?;
    cut += hit::forget_temporary(&local.db, now - TEMPORARY).await?;
    if !pruned.is_finished {
        tracing::info!("not everything was looked at; the next run goes on from there");
    }
    for (what, months) in [("dropped", &pruned.dropped), ("rebuilt", &pruned.rebuilt)] {
        if !months.is_empty() {
            tracing::info!("months {what}: {}", months.join(", "));
        }
    }
    match keep.look_at_size(&local.db).await {
        // What was done is told all the same.
        Err(full) if !full.is::<shared::db::Error>() => {
            tracing::error!("{full:#}");
            local.errors.push(format!("{full:#}"));
        }
        looked => looked?,
    }
    Ok(Report {
        counts: format!(
            "months_made={} months_dropped={} months_rebuilt={} restored={} floods={} addresses={} pairs={} \
             host_months={} pages={} hosts={} editors={} hits_cut={cut} finished={}",
            months.made.len(),
            pruned.dropped.len(),
            pruned.rebuilt.len(),
            pruned.restored,
            pruned.floods,
            pruned.addresses.addresses,
            pruned.pairs,
            pruned.host_months,
            pruned.pages,
            pruned.hosts,
            pruned.editors,
            pruned.is_finished
        ),
        rows: (months.made.len() + pruned.dropped.len() + pruned.rebuilt.len()) as u64
            + pruned.restored
            + pruned.floods
            + pruned.addresses.addresses
            + pruned.addresses.rows
            + pruned.pairs
            + pruned.host_months
            + pruned.pages
            + pruned.hosts
            + pruned.editors
            + cut,
    })
}

async fn horizon(local: &Local, keep: &Keep) -> anyhow::Result<String> {
    let known = local.db.read_if_there(async |db| since::get(db).await).await?;
    let horizon = since::horizon(local.clock.now(), keep.keep_rows_days, known.as_ref());
    Ok(horizon.format("%Y-%m-%d").to_string())
}
