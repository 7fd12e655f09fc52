//! linkreport-gen dies in the middle of a run: the next run leaves pages and rows as if nothing had happened. No line
//! stands twice on a report, no request is lost, and what people wrote is theirs.
//!
//! A run is killed at the first save or commit of a kind that nothing was struck at yet, after it was carried out and
//! before its answer; so is the next run, until one comes to its end. Before a message is the same moment as after the one
//! that changed something before it. `WIKICREW_TEST_KILLS=all` strikes at each of a kind, the first in a run, the second…

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use regex::Regex;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use wikicrew_tests::calls::Call;
use wikicrew_tests::counter::{MessageCounter, Moment, Strike};
use wikicrew_tests::dbproxy::{DbProxy, Statement};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::reports::Reports;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Job;
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::world::World;

/// Seconds between two rounds, more than all runs of one take.
const BETWEEN: i64 = 3_600;
/// Seconds between a killed run and the next one.
const APART: i64 = 60;
/// Kills after which something is wrong.
const MOST: i64 = 55;
const MARK: &str = "<!-- wikicrew-report-end";
/// What happens to the reports of a round: a person asks for one; a rule does; a closed one is opened again; an open one
/// is rewritten; one is put to rest.
const HOSTS: [&str; 5] = ["asked", "ruled", "shut", "open", "old"];

/// Seconds until two o'clock of the next day: a run may not see another day than the one before it.
#[expect(clippy::disallowed_methods, reason = "the wiki has the real time")]
fn until_two() -> i64 {
    let now = chrono::Utc::now().timestamp();
    (now / 86_400 + 1) * 86_400 + 2 * 3_600 - now
}

/// A world with reports for a number of rounds, of which nothing new was recorded yet.
pub struct Rounds {
    pub reports: Reports,
    /// What is recorded when a round begins.
    events: Vec<Vec<Value>>,
    next: usize,
    base: i64,
}

fn word(round: usize) -> String {
    format!("r{round:02}")
}

fn host(name: &str, round: &str) -> String {
    format!("{name}-{round}.example")
}

impl Rounds {
    pub async fn new(rounds: usize) -> Result<Self> {
        let mut reports = Reports::with(json!({
            "watched_pages": ["Project talk:Nothing"],
            "limits": { "regenerate_every": "1m", "per_run": 50 },
        }))
        .await?;
        let asking = asking(&reports);
        reports.settings = reports.settings.clone().set("watched_pages", json!([asking]));
        reports.save_settings(&reports.settings).await?;
        let names: Vec<String> = (0..rounds).map(|round| format!("Ann {}", word(round))).collect();
        let mut all: Vec<&str> = names.iter().map(String::as_str).collect();
        all.push("Cid");
        reports.world.people(&all).await?;
        reports.world.load(&[NewPage::new(&asking, "Here.")]).await?;
        let base = until_two();
        reports.later = base;
        let first = [("asked", 1), ("shut", 5), ("open", 5), ("old", 5)];
        let events = added(&reports, rounds, "first", &first).await?;
        reports.recorded(&events.concat()).await?;
        reports.run().await?;
        let mut closed = Vec::new();
        for round in 0..rounds {
            let title = reports.title("link", &host("shut", &word(round)));
            let text = reports.text(&title).await?;
            let (bot, human) = Reports::parts(&text)?;
            let text = format!("{bot}{}\n* Warned.", human.replacen("open", "closed", 1));
            closed.push(NewPage::new(&title, &text).by(&reports.own("Cid")));
        }
        reports.world.load(&closed).await?;
        reports.later = base + BETWEEN / 2;
        reports.run().await?;
        let shut = reports.report_rows().await?;
        let shut = shut.iter().filter(|row| row.status == "closed").count();
        ensure!(shut == rounds, "{shut} reports are closed");
        let then = [("ruled", 5), ("shut", 5), ("open", 2)];
        let events = added(&reports, rounds, "then", &then).await?;
        Ok(Self {
            reports,
            events,
            next: 0,
            base,
        })
    }

    /// Everything of the next round is there: what was asked, recorded, and not heard of for long. Its word.
    pub async fn begin(&mut self) -> Result<String> {
        let round = word(self.next);
        let events = self.events.get(self.next).context("no round is left")?;
        self.next += 1;
        self.reports.later = self.base + BETWEEN * self.next as i64;
        self.reports.recorded(events).await?;
        let call = self
            .reports
            .hosts(&format!("\n{{{{LinkSummary|{}}}}}", host("asked", &round)));
        let asking = asking(&self.reports);
        let text = format!("{}{call}", self.reports.text(&asking).await?);
        let page = NewPage::new(&asking, &text).by(&self.reports.own("Cid"));
        self.reports.world.load(&[page]).await?;
        let old = host("old", &round);
        let (name, _) = old.split_once('.').context("a host without domain")?;
        let sql = format!(
            "UPDATE report SET news_at = news_at - INTERVAL 40 DAY, opened_at = opened_at - INTERVAL 40 DAY, \
             newest = newest - INTERVAL 40 DAY WHERE subject LIKE '%{name}.'"
        );
        self.reports.world.execute(&sql).await?;
        for (table, set) in [
            (
                "pair",
                "first_ts = first_ts - INTERVAL 40 DAY, last_ts = last_ts - INTERVAL 40 DAY",
            ),
            ("link_addition", "ts = ts - INTERVAL 40 DAY"),
        ] {
            let sql = format!(
                "UPDATE {table} SET {set} WHERE host_id IN (SELECT host_id FROM host WHERE rhost LIKE '%{name}.')"
            );
            self.reports.world.execute(&sql).await?;
        }
        Ok(round)
    }

    /// What came of a round, without what differs between rounds and worlds.
    pub async fn came_of(&self, round: &str) -> Result<String> {
        let (reports, mut told) = (&self.reports, String::new());
        for name in HOSTS {
            let title = reports.title("link", &host(name, round));
            let history = reports.world.admin.history(&title).await?;
            told.push_str(&format!("== {name}\n"));
            for edit in &history {
                told.push_str(&format!("{}: {}\n", edit.user, edit.summary));
            }
            let newest = history.last().with_context(|| format!("there is no page {title}"))?;
            told.push_str(&newest.text);
            let row = format!(
                "SELECT page_revid = {0} FROM report WHERE title = '{title}'",
                newest.revid
            );
            told.push_str(&format!(
                "\nnewest revision is known: {}",
                reports.world.table(&row).await?
            ));
        }
        let list = reports
            .text(&format!("User:{}/LinkReports", reports.world.bot.name))
            .await?;
        // In the order of saving, which is another one where a run had to begin again.
        let mut lines: Vec<&str> = list.lines().filter(|line| line.contains(round)).collect();
        lines.sort_unstable();
        for line in lines {
            told.push_str(&format!("{line}\n"));
        }
        for (table, sql) in TABLES {
            let begun = format!("UTC_TIMESTAMP() + INTERVAL {} SECOND", reports.later - BETWEEN / 2);
            let sql = sql.replace("ROUND", round).replace("BEGUN", &begun);
            let rows = reports.world.table(&sql).await.with_context(|| table.to_owned())?;
            told.push_str(&format!("-- {table}\n{rows}"));
        }
        // The pages with the links are common to all rounds: only the last one has the newest edits.
        let told = told.replace(round, "rNN").replace(", top edit", "");
        Ok(scrub(&reports.world, &told))
    }
}

/// The page on which people ask.
fn asking(reports: &Reports) -> String {
    reports.own("Project talk:Links")
}

/// Everybody adds links to hosts of their round, on three pages in turn; the events by round.
async fn added(reports: &Reports, rounds: usize, path: &str, of: &[(&str, usize)]) -> Result<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    for round in (0..rounds).map(word) {
        for (name, count) in of {
            for n in 0..*count {
                let page = ["Rivers", "Lakes", "Seas"][n % 3];
                rows.push((
                    format!("Ann {round}"),
                    page,
                    format!("https://{}/{path}{n}", host(name, &round)),
                ));
            }
        }
    }
    let rows: Vec<_> = rows
        .iter()
        .map(|(user, page, url)| (user.as_str(), *page, url.as_str()))
        .collect();
    let events = reports.unrecorded(&rows).await?;
    let each = of.iter().map(|(_, count)| count).sum();
    Ok(events.chunks(each).map(<[Value]>::to_vec).collect())
}

/// Rows about a round; `ROUND` is its word, `BEGUN` when it had not begun. Whether a request made an edit or found it made
/// is not known of one whose answer was lost, and not compared.
const TABLES: [(&str, &str); 6] = [
    (
        "report",
        "SELECT subject, kind, title, status, opened_by, rules, is_xwiki, closed_at IS NULL, reopened_at IS NULL, \
         stale_at IS NULL, saved_at > BEGUN, newest <= news_at, additions, fades_at FROM report \
         WHERE subject LIKE '%ROUND.' ORDER BY 1",
    ),
    (
        "report_page",
        "SELECT r.subject, p.title = r.title, p.form, p.state, p.why, p.noted_at, p.saved_at > BEGUN, \
         p.content = r.digest, p.status_shown, p.is_due FROM report_page p JOIN report r ON r.id = p.report_id \
         WHERE r.subject LIKE '%ROUND.' ORDER BY 1",
    ),
    (
        "report_ask",
        "SELECT subject, reason, requester_name, detail, served_at IS NULL, \
         IF(outcome IN ('saved', 'unchanged'), 'done', outcome) FROM report_ask \
         WHERE subject LIKE '%ROUND.' ORDER BY 1, 2, id",
    ),
    (
        "report_row",
        "SELECT r.subject, COUNT(*) FROM report_row w JOIN report r ON r.id = w.report_id \
         WHERE r.subject LIKE '%ROUND.' GROUP BY 1 ORDER BY 1",
    ),
    (
        "touched_host",
        "SELECT rhost FROM touched_host JOIN host USING (host_id) WHERE rhost LIKE '%ROUND.'",
    ),
    ("memo", "SELECT name, value FROM memo WHERE value LIKE '%ROUND%'"),
];

fn scrub(world: &World, told: &str) -> String {
    const PATTERNS: [(&str, &str); 6] = [
        (r"\d{4}(?:-|&#45;)\d\d(?:-|&#45;)\d\d", "DAY"),
        (r"\d\d(?::|&#58;)\d\d(?:(?::|&#58;)\d\d)?", "TIME"),
        (r"revision \d+", "revision N"),
        (r"(?:TIME|DAY)(?:T| |&#32;)*TIME", "TIME"),
        (r"(?:Diff|diff|oldid|diff=)[/=]\d+", "Diff"),
        (r"MARK.*-->", "MARKER"),
    ];
    let mut text = told.to_owned();
    for (pattern, with) in PATTERNS {
        let pattern = Regex::new(&pattern.replace("MARK", MARK)).expect("the patterns are constants that were tried");
        text = pattern.replace_all(&text, with).into_owned();
    }
    world.scrub(&text)
}

/// The job, for which the wiki is the same by whatever address it speaks to it.
pub fn by_any_address(reports: &Reports) -> Job {
    let key = reports.wiki_key(reports.world.wiki);
    let server = key.split('/').next().unwrap_or_default();
    reports
        .job()
        .env("WIKICREW_WIKI", &key)
        .env("WIKICREW_API_HOSTS", &format!("127.0.0.1,{server}"))
}

/// What the transaction that this COMMIT ends has changed: the beginnings of its statements. Empty: nothing.
pub fn committed(db: &DbProxy, commit: &Statement) -> String {
    let all = db.statements();
    let own = all
        .iter()
        .rev()
        .filter(|one| one.connection == commit.connection && one.is_run);
    let own = own.take_while(|one| !one.sql.starts_with("START"));
    let mut words: Vec<String> = own
        .filter(|one| one.is_write())
        .map(|one| one.sql.split_whitespace().take(3).collect::<Vec<_>>().join(" "))
        .collect();
    words.sort_unstable();
    words.dedup();
    words.join(", ")
}

#[expect(clippy::disallowed_methods, reason = "asked for by hand only")]
fn strikes_everywhere() -> bool {
    std::env::var("WIKICREW_TEST_KILLS").is_ok_and(|kills| kills == "all")
}

/// Decides where to strike, and tells of it.
struct Striker {
    counter: MessageCounter,
    struck: Mutex<Vec<String>>,
    seen: Mutex<HashMap<String, usize>>,
    is_armed: AtomicBool,
    strikes: mpsc::UnboundedSender<Strike>,
}

impl Striker {
    fn look(&self, what: &str, k: u64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = seen.entry(what.to_owned()).and_modify(|n| *n += 1).or_insert(1);
        let what = match strikes_everywhere() {
            true => format!("{what} ({nth})"),
            false => what.to_owned(),
        };
        let mut struck = self.struck.lock().unwrap_or_else(PoisonError::into_inner);
        if !struck.contains(&what) && self.is_armed.swap(false, Ordering::SeqCst) {
            struck.push(what);
            // An error means that the test is over.
            let _ = self.strikes.send(self.counter.strike(k, Moment::BeforeAnswer));
        }
    }

    fn arm(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.is_armed.store(true, Ordering::SeqCst);
    }
}

/// Kills one run after the other, until one comes to its end; where they were struck.
async fn killed_all_the_way(reports: &Reports) -> Result<Vec<String>> {
    let counter = MessageCounter::new();
    let http = FaultProxy::start_with(&reports.world.wiki.api, 0, counter.clone()).await?;
    let db = Arc::new(DbProxy::start_with(&reports.world.database_url(), 0, counter.clone()).await?);
    let (sender, mut strikes) = mpsc::unbounded_channel();
    let striker = Arc::new(Striker {
        counter,
        struck: Mutex::default(),
        seen: Mutex::default(),
        is_armed: AtomicBool::new(false),
        strikes: sender,
    });
    let of = striker.clone();
    let saves = Fault::before(move |call: Call| {
        of.look(
            &format!("save {}", call.param("title").unwrap_or_default()),
            call.number,
        );
        async {}
    });
    http.rule(When::edit(), saves);
    let (of, proxy) = (striker.clone(), Arc::downgrade(&db));
    db.when_run("COMMIT", Moment::BeforeForwarding, move |statement| {
        let what = proxy.upgrade().map(|db| committed(&db, &statement)).unwrap_or_default();
        if !what.is_empty() {
            of.look(&format!("commit {what}"), statement.number);
        }
        async {}
    });
    for n in 0..MOST {
        striker.arm();
        let mut job = by_any_address(reports)
            .later(n * APART)
            .through(&http)
            .over(&db)
            .start()?;
        let strike = tokio::select! {
            strike = strikes.recv() => strike,
            ended = job.ended() => ended.map(|_| None)?,
        };
        let Some(mut strike) = strike else {
            let run = job.wait().await?;
            ensure!(run.code == 0, "{run}");
            return Ok(striker.struck.lock().unwrap_or_else(PoisonError::into_inner).clone());
        };
        let reached = tokio::time::timeout(Duration::from_secs(60), strike.reached()).await;
        job.kill().await?;
        strike.release();
        http.settle().await;
        reports.world.db_is_idle().await?;
        strike.over();
        reached.context("the strike never came")?;
    }
    anyhow::bail!("no run comes to its end: {:?}", striker.struck)
}

/// Errs unless they are the same.
pub fn compare(expected: &str, found: &str) -> Result<()> {
    let (mut before, mut now) = (expected.lines(), found.lines());
    loop {
        match (before.next(), now.next()) {
            (None, None) => return Ok(()),
            (one, other) if one == other => {}
            (one, other) => anyhow::bail!("{one:?}\nis now\n{other:?}\nof\n{found}"),
        }
    }
}

#[tokio::test]
async fn reports_and_requests_are_the_same_wherever_the_run_is_killed() -> Result<()> {
    let mut rounds = Rounds::new(2).await?;
    let round = rounds.begin().await?;
    let run = by_any_address(&rounds.reports).run_ok().await?;
    let told = rounds.came_of(&round).await?;
    for must in ["| reopen |", "| stale |", "| summary |", "| rule |", "| additions |"] {
        ensure!(told.contains(must), "no {must} in\n{told}\n{run}");
    }
    for (line, times) in [
        ("Closed report, reopened: ", 1),
        ("Marked stale: ", 1),
        ("* Warned.", 1),
    ] {
        assert_eq!(told.matches(line).count(), times, "{line}\n{told}");
    }
    by_any_address(&rounds.reports).later(APART).run_ok().await?;
    compare(&told, &rounds.came_of(&round).await?).context("a second run")?;

    let round = rounds.begin().await?;
    let struck = killed_all_the_way(&rounds.reports).await?;
    println!("{} kills survived: {struck:#?}", struck.len());
    let found = rounds.came_of(&round).await?;
    compare(&told, &found).with_context(|| format!("killed at {struck:#?}"))?;
    let saves = struck.iter().filter(|what| what.starts_with("save "));
    assert!(saves.count() > HOSTS.len(), "five reports and their list: {struck:?}");
    for table in ["touched_host", "report_ask", "report_page", "report_row", "memo"] {
        assert!(struck.iter().any(|what| what.contains(table)), "no {table}: {struck:?}");
    }
    Ok(())
}
