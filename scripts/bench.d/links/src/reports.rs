//! How long the reads of reports and of the statistics rules take.

use crate::synth::{EDITORS, HOSTS, Lots, editor, host};
use crate::{Outcome, target};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use wikicrew_db::links::questions::additions::{Of, newest};
use wikicrew_db::links::questions::lookup::Host;
use wikicrew_db::links::questions::{adders, counts, hosts, lookup, rules, stats};
use wikicrew_db::{Db, Work};

/// What a link report reads.
async fn link_report(c: &mut Work, host: &Host) -> Outcome<()> {
    let id = [host.id];
    let rows = newest(c, Of::Hosts, &id, None, 250).await?;
    let mut pairs: Vec<(u32, u32)> = rows.iter().map(|row| (row.editor_id, row.host_id)).collect();
    let added = counts::adders(c, &id, 50).await?;
    pairs.extend(added.iter().map(|adder| (adder.editor_id, host.id)));
    counts::four_numbers(c, &pairs).await?;
    // Beside the first ones stand the hosts that they add most otherwise.
    let first: Vec<u32> = added.iter().take(10).map(|adder| adder.editor_id).collect();
    adders::others(c, &first, &id, 3).await?;
    adders::of_hosts(c, &id, &first).await?;
    counts::adders_by_kind(c, &id).await?;
    hosts::wikis(c, &id).await?;
    hosts::months(c, &id).await?;
    stats::restored_of_hosts(c, &id).await?;
    Ok(())
}

/// What a user report reads.
async fn user_report(c: &mut Work, name: &str) -> Outcome<()> {
    let ids: Vec<u32> = lookup::editors_named(c, name, None)
        .await?
        .iter()
        .map(|editor| editor.id)
        .collect();
    let rows = newest(c, Of::Editors, &ids, None, 250).await?;
    let pairs: Vec<(u32, u32)> = rows.iter().map(|row| (row.editor_id, row.host_id)).collect();
    counts::four_numbers(c, &pairs).await?;
    hosts::of_editors(c, &ids, 50).await?;
    hosts::count_of_editors(c, &ids).await?;
    hosts::wikis_of_editors(c, &ids).await?;
    Ok(())
}

async fn find(c: &mut Work, numbers: impl Iterator<Item = u64>) -> Outcome<Vec<Host>> {
    let keys: Vec<String> = numbers.map(host).collect();
    Ok(lookup::hosts_by_key(c, &keys).await?)
}

struct Times(Vec<Duration>);

impl Times {
    fn at(&self, share: f64) -> Duration {
        let last = self.0.len() - 1;
        self.0[(last as f64 * share).ceil() as usize]
    }

    /// Prints them; whether p50 and p99 are within what is wanted, in milliseconds.
    fn check(mut self, what: &str, p50: Option<u64>, p99: u64) -> bool {
        self.0.sort();
        let (a, b, max) = (self.at(0.5), self.at(0.99), self.at(1.0));
        let is = format!("{:.1}/{:.1}/{:.0}", ms(a), ms(b), ms(max));
        let wanted = p50.map_or(String::new(), |p50| format!("p50 {p50} ms, "));
        let reached = b <= Duration::from_millis(p99) && p50.is_none_or(|p50| a <= Duration::from_millis(p50));
        target(what, reached, &is, &format!("{wanted}p99 {p99} ms"))
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

async fn time_links(c: &mut Work, of: &[Host]) -> Outcome<Times> {
    let mut times = Vec::new();
    for host in of {
        let begin = Instant::now();
        link_report(c, host).await?;
        times.push(begin.elapsed());
    }
    Ok(Times(times))
}

/// Everything warm: each kind of report, then the rules.
pub async fn reports(db: &Db) -> Outcome<bool> {
    let mut work = db.conn().await?;
    let c = &mut work;
    let mut lots = Lots::new(99);
    let (n_hosts, n_editors) = (HOSTS, EDITORS);
    let biggest = find(c, std::iter::once(0)).await?;
    let biggest: Vec<Host> = std::iter::repeat_n(biggest[0].clone(), 21).collect();
    let even = find(c, (0..400).map(|_| (lots.unit() * n_hosts) as u64)).await?;
    let active: Vec<u64> = (0..400).map(|_| 1 + lots.skewed(n_hosts - 1.0, 3)).collect();
    let active = find(c, active.into_iter()).await?;
    println!("       link and user reports, database part: p50/p99/max in ms");
    // The first one warms what a restarted server has not read.
    time_links(c, &biggest[..1]).await?;
    time_links(c, &active).await?;
    let mut ok = time_links(c, &biggest).await?.check("the biggest host", None, 500);
    ok &= time_links(c, &even).await?.check("hosts drawn evenly", Some(10), 60);
    ok &= time_links(c, &active)
        .await?
        .check("hosts drawn by activity", None, 300);
    let mut times = Vec::new();
    for _ in 0..21 {
        let begin = Instant::now();
        user_report(c, &editor(0).name).await?;
        times.push(begin.elapsed());
    }
    ok &= Times(times).check("the biggest user", None, 300);
    let mut times = Vec::new();
    for _ in 0..200 {
        let name = editor(lots.skewed(n_editors, 4)).name;
        let begin = Instant::now();
        user_report(c, &name).await?;
        times.push(begin.elapsed());
    }
    ok &= Times(times).check("users drawn by activity", None, 300);
    for (wanted, within) in [(1_000, 300), (10_000, 2_000)] {
        ok &= rules_over(c, &mut lots, wanted, within).await?;
    }
    let rss = std::fs::read_to_string("/proc/self/status")?;
    let rss = rss
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or("0 kB")
        .trim()
        .to_owned();
    let kb: u64 = rss.trim_end_matches(" kB").trim().parse()?;
    ok &= target("memory of this process, at most", kb < 60_000, &rss, "60 MB");
    Ok(ok)
}

/// The statistics rules over so many touched hosts, drawn by activity.
async fn rules_over(c: &mut Work, lots: &mut Lots, wanted: usize, within: u64) -> Outcome<bool> {
    let mut numbers = BTreeSet::new();
    for _ in 0..wanted * 100 {
        numbers.insert(lots.skewed(HOSTS - 1.0, 3) + 1);
        if numbers.len() == wanted {
            break;
        }
    }
    let ids: Vec<u32> = find(c, numbers.into_iter()).await?.iter().map(|host| host.id).collect();
    let mut slowest = Duration::ZERO;
    let mut took = |begin: Instant| slowest = slowest.max(begin.elapsed());
    let all = Instant::now();
    let (mut asked, mut ruled) = (0, 0);
    for some in ids.chunks(500) {
        let begin = Instant::now();
        let found = rules::candidates(c, some, 5, 1_000).await?;
        took(begin);
        let found: Vec<u32> = found.iter().map(|host| host.host_id).collect();
        asked += found.len();
        let mut facts = Vec::new();
        // As many as it asks about in one statement.
        for few in found.chunks(100) {
            let begin = Instant::now();
            facts.extend(rules::facts(c, few).await?);
            took(begin);
        }
        // Pages are counted of those that a rule speaks of only.
        let one = |f: &&rules::Facts| f.top_n * 100 > 66 * f.n || f.unnamed_n == f.n;
        let found: Vec<u32> = facts.iter().filter(one).map(|facts| facts.host_id).collect();
        ruled += found.len();
        let begin = Instant::now();
        rules::pages(c, &found).await?;
        took(begin);
    }
    let time = all.elapsed();
    println!(
        "       {} hosts, {asked} of them with 5 to 1,000 additions, {ruled} by one editor or nobody named",
        ids.len()
    );
    let what = format!("rules over {wanted} touched hosts");
    let fast = target(
        &what,
        ms(time) <= within as f64,
        &format!("{:.0} ms", ms(time)),
        &format!("{within} ms"),
    );
    let each = target(
        "… their slowest statement",
        ms(slowest) <= 500.0,
        &format!("{:.0} ms", ms(slowest)),
        "500 ms",
    );
    Ok(fast && each)
}

/// The first report after the server was started anew.
pub async fn cold(db: &Db) -> Outcome<bool> {
    let mut work = db.conn().await?;
    let c = &mut work;
    let begin = Instant::now();
    let biggest = find(c, std::iter::once(0)).await?;
    link_report(c, &biggest[0]).await?;
    let time = ms(begin.elapsed());
    Ok(target(
        "the biggest host, after a restart of the server",
        time <= 5_000.0,
        &format!("{time:.0} ms"),
        "5 s",
    ))
}
