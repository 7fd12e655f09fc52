//! How fast additions are stored, and how large they are.

use crate::synth::Revisions;
use crate::{KEEP_DAYS, Outcome, now, target};
use mysql_async::prelude::Queryable;
use std::num::NonZeroUsize;
use std::time::Instant;
use wikicrew_core::addition::{Links, RevisionLinks};
use wikicrew_db::links::names::Names;
use wikicrew_db::links::store::{BATCH_ROWS, Stored, Window, store};
use wikicrew_db::links::{partitions, since, size};
use wikicrew_db::run::NewRun;
use wikicrew_db::{Db, Lease, Taken};

/// The seed of the first additions; the shards' own come after them.
const FIRST: u64 = 1;
/// Stored in the first process: with one; the last tenth of it counts.
const ONE: f64 = 12_000.0;
const AGAIN: f64 = 20_000.0;
const BYTES: f64 = 380.0;

async fn lease(db: &Db, shard: &str) -> Outcome<Lease> {
    let run = NewRun {
        job: "coi-report",
        wiki: "bench",
        shard,
        version: "0",
    };
    match Lease::take(db, &run, now()).await? {
        Taken::Lease(lease) => Ok(lease),
        Taken::Busy { .. } => Err("another bench is at work".into()),
    }
}

/// Stores revisions in transactions of so many rows; `tell` hears of each.
async fn all(
    db: &Db,
    shard: &str,
    revs: impl Iterator<Item = RevisionLinks>,
    mut tell: impl FnMut(&Stored),
) -> Outcome<Stored> {
    let lease = lease(db, shard).await?;
    let mut names = Names::new(NonZeroUsize::new(100_000).expect("it is not 0"));
    let window = Window::new(since::horizon(now(), KEEP_DAYS, None), now());
    let (mut sum, mut batch, mut rows) = (Stored::default(), Vec::new(), 0);
    let mut revs = revs.peekable();
    while let Some(rev) = revs.next() {
        if let Links::Rows(links) = &rev.links {
            rows += links.len();
        }
        batch.push(rev);
        if rows >= BATCH_ROWS || revs.peek().is_none() {
            sum.add(store(db, lease.fence(), &mut names, &batch, &window).await?);
            tell(&sum);
            batch.clear();
            rows = 0;
        }
    }
    if !sum.refused.is_empty() || sum.too_old > 0 {
        return Err(format!("{} refused, {} too old", sum.refused.len(), sum.too_old).into());
    }
    Ok(sum)
}

/// One process, from an empty database to `n` additions.
pub async fn fill(db: &Db, n: u64) -> Outcome<bool> {
    db.create_database_if_missing().await?;
    db.migrate().await?;
    partitions::ensure(db, now(), KEEP_DAYS).await?;
    let step = (n / 10).max(1);
    let (begin, mut last, mut told, mut speed) = (Instant::now(), Instant::now(), 0, 0.0);
    let revs = Revisions::new(FIRST, n, now()).map(|(_, rev)| rev);
    let sum = all(db, "", revs, |sum| {
        if sum.additions >= told + step {
            speed = (sum.additions - told) as f64 / last.elapsed().as_secs_f64();
            println!("       {:>11} additions: {speed:>7.0}/s", sum.additions);
            (told, last) = (sum.additions, Instant::now());
        }
    })
    .await?;
    let mean = sum.additions as f64 / begin.elapsed().as_secs_f64();
    println!(
        "       {} additions of {} revisions, {mean:.0}/s on average",
        sum.additions, sum.revisions
    );
    Ok(target(
        "one process, the last tenth",
        speed >= ONE,
        &format!("{speed:.0}/s"),
        "12,000/s",
    ))
}

/// One of `of` processes at once: its wikis of `n` further additions. Prints how many it stored; the caller takes the
/// time.
pub async fn shard(db: &Db, n: u64, i: u64, of: u64) -> Outcome<bool> {
    let mine = Revisions::new(FIRST + 1, n, now())
        .filter(|(wiki, _)| wiki % of == i)
        .map(|(_, rev)| rev);
    let begin = Instant::now();
    let sum = all(db, &format!("{i}/{of}"), mine, |_| {}).await?;
    let speed = sum.additions as f64 / begin.elapsed().as_secs_f64();
    println!("       process {i}: {} additions, {speed:.0}/s", sum.additions);
    Ok(true)
}

/// The first `part` of the `n` additions once more: nothing may change.
pub async fn again(db: &Db, n: u64, part: u64) -> Outcome<bool> {
    let mut links = 0;
    let revs = Revisions::new(FIRST, n, now()).map(|(_, rev)| rev).take_while(|rev| {
        if let Links::Rows(rows) = &rev.links {
            links += rows.len() as u64;
        }
        links <= part
    });
    let begin = Instant::now();
    let sum = all(db, "", revs, |_| {}).await?;
    let speed = links.min(part) as f64 / begin.elapsed().as_secs_f64();
    let nothing = sum.rows == 0 && sum.revisions == 0 && sum.raised == 0;
    let same = target("the same again: rows stored", nothing, &sum.rows.to_string(), "0");
    let fast = target("the same again", speed >= AGAIN, &format!("{speed:.0}/s"), "20,000/s");
    Ok(same && fast)
}

/// Bytes per addition, as the job measures its own size; `n` is what is stored in all. `touched_host` is not in the
/// sum: the statistics rules empty it. Files are larger by what the server keeps ready in each of them.
pub async fn sizes(db: &Db, url: &str, n: u64) -> Outcome<bool> {
    const EMPTIED: &str = "touched_host";
    let mut conn = mysql_async::Conn::from_url(url).await?;
    let mut tables = size::measure(&mut db.conn().await?).await?.tables;
    for table in &tables {
        // Its answer is a row that says so.
        conn.query_drop(format!("ANALYZE TABLE {}", table.table)).await?;
    }
    tables = size::measure(&mut db.conn().await?).await?.tables;
    let files: Option<u64> = conn
        .exec_first(
            "SELECT CAST(SUM(FILE_SIZE) AS UNSIGNED) FROM information_schema.INNODB_SYS_TABLESPACES \
             WHERE NAME LIKE CONCAT(?, '/%')",
            (db.database(),),
        )
        .await?;
    conn.disconnect().await?;
    let line = |what: &str, bytes: u64| {
        let each = bytes as f64 / n as f64;
        println!("       {what:<16} {bytes:>14} {each:>12.1} {each:>14.0}");
    };
    println!(
        "       {:<16} {:>14} {:>12} {:>14}",
        "table", "bytes", "per addition", "at 10^9, GB"
    );
    for table in tables.iter().filter(|table| table.bytes > 1_000_000) {
        line(&table.table, table.bytes);
    }
    let total: u64 = tables
        .iter()
        .filter(|table| table.table != EMPTIED)
        .map(|table| table.bytes)
        .sum();
    line("the sum", total);
    line("files", files.unwrap_or_default());
    let each = total as f64 / n as f64;
    Ok(target(
        "bytes per addition, without touched_host",
        each <= BYTES,
        &format!("{each:.0}"),
        "380",
    ))
}
