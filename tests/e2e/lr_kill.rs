//! linkreport-gen dies in the middle of a run: the next run leaves pages and rows as if nothing had happened. No line
//! stands twice on a report, no request is lost, and what people wrote is theirs.
//!
//! The kill test strikes after every save, and after the commits that do what no commit before did.
//! `WIKICREW_TEST_KILLS=all` strikes after every changing message, and before every save.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, ensure};
use regex::Regex;
use serde_json::{Value, json};
use wikicrew_tests::counter::Moment;
use wikicrew_tests::kill::{Scenario, kill_at_every_message};
use wikicrew_tests::reports::Reports;
use wikicrew_tests::run::Job;
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::world::World;

/// Kills at a time.
const LANES: usize = 3;
/// Rounds that a world is made for: one for each kill.
const ROUNDS: usize = 6;
/// Seconds between two rounds, more than a run and the one after it are apart.
const BETWEEN: i64 = 1_800;
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
        let call = self.reports.hosts(&format!("\n{{{{LinkSummary|{}}}}}", host("asked", &round)));
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
                "SELECT p.revid = {0}, r.page_revid = {0} FROM report r JOIN report_page p ON p.report_id = r.id \
                 WHERE r.title = '{title}'",
                newest.revid
            );
            told.push_str(&format!("\nnewest revision is known: {}", reports.world.table(&row).await?));
        }
        let list = reports.text(&format!("User:{}/LinkReports", reports.world.bot.name)).await?;
        for line in list.lines().filter(|line| line.contains(round)) {
            told.push_str(&format!("{line}\n"));
        }
        for (table, sql) in TABLES {
            let begun = format!("UTC_TIMESTAMP() + INTERVAL {} SECOND", reports.later - BETWEEN / 2);
            let sql = sql.replace("ROUND", round).replace("BEGUN", &begun);
            let rows = reports.world.table(&sql).await.with_context(|| table.to_owned())?;
            told.push_str(&format!("-- {table}\n{rows}"));
        }
        Ok(scrub(&reports.world, &told.replace(round, "rNN")))
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
                rows.push((format!("Ann {round}"), page, format!("https://{}/{path}{n}", host(name, &round))));
            }
        }
    }
    let rows: Vec<_> = rows.iter().map(|(user, page, url)| (user.as_str(), *page, url.as_str())).collect();
    let events = reports.unrecorded(&rows).await?;
    let each = of.iter().map(|(_, count)| count).sum();
    Ok(events.chunks(each).map(<[Value]>::to_vec).collect())
}

/// Rows about a round; `ROUND` is its word, `BEGUN` when it had not begun. Whether a request made an edit or found it made
/// is not known of one whose answer was lost, and not compared.
const TABLES: [(&str, &str); 6] = [
    (
        "report",
        "SELECT subject, kind, title, status, opened_by, rules, is_xwiki, closed_at IS NULL, reopened_at > BEGUN, \
         stale_at > BEGUN, saved_at > BEGUN, newest <= news_at, additions, fades_at FROM report \
         WHERE subject LIKE '%ROUND.' ORDER BY 1",
    ),
    (
        "report_page",
        "SELECT r.subject, p.target, p.title = r.title, p.form, p.state, p.why, p.noted_at, p.saved_at > BEGUN, \
         p.content = r.digest, p.status_shown, p.is_due FROM report_page p JOIN report r ON r.id = p.report_id \
         WHERE r.subject LIKE '%ROUND.' ORDER BY 1",
    ),
    (
        "report_ask",
        "SELECT subject, reason, requester_name, detail, served_at IS NULL, \
         IF(outcome IN ('saved', 'unchanged'), 'done', outcome), error FROM report_ask \
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
    const PATTERNS: [(&str, &str); 5] = [
        (r"\d{4}(?:-|&#45;)\d\d(?:-|&#45;)\d\d", "DAY"),
        (r"\d\d(?::|&#58;)\d\d", "TIME"),
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

/// Worlds that go back to their pool.
type Pool = Arc<Mutex<Vec<Rounds>>>;

struct Stage {
    rounds: Option<Rounds>,
    pool: Pool,
    round: String,
}

impl Stage {
    fn rounds(&self) -> &Rounds {
        self.rounds.as_ref().expect("it is taken in drop only")
    }
}

impl AsRef<World> for Stage {
    fn as_ref(&self) -> &World {
        &self.rounds().reports.world
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let (Some(rounds), Ok(mut pool)) = (self.rounds.take(), self.pool.lock()) {
            pool.push(rounds);
        }
    }
}

#[derive(Default)]
struct Kills {
    pool: Pool,
    made: AtomicUsize,
}

#[expect(clippy::disallowed_methods, reason = "asked for by hand only")]
fn strikes_everywhere() -> bool {
    std::env::var("WIKICREW_TEST_KILLS").is_ok_and(|kills| kills == "all")
}

impl Scenario for Kills {
    type Stage = Stage;

    async fn prepare(&self) -> Result<Stage> {
        let taken = || {
            let mut pool = self.pool.lock().ok()?;
            let with_rounds = pool.iter().position(|rounds| rounds.next < rounds.events.len())?;
            Some(pool.swap_remove(with_rounds))
        };
        let mut rounds = match taken() {
            Some(rounds) => rounds,
            None => {
                self.made.fetch_add(1, Ordering::SeqCst);
                Rounds::new(ROUNDS).await?
            }
        };
        rounds.reports.world.db_is_idle().await?;
        let round = rounds.begin().await?;
        Ok(Stage {
            rounds: Some(rounds),
            pool: self.pool.clone(),
            round,
        })
    }

    fn job(&self, stage: &Stage) -> Job {
        by_any_address(&stage.rounds().reports)
    }

    fn strikes(&self, messages: &[String], k: u64, moment: Moment) -> bool {
        let is_save = line(messages, k).starts_with("http POST action=edit");
        match moment {
            _ if is_set_up(messages, k) => false,
            Moment::BeforeForwarding => is_save && strikes_everywhere(),
            Moment::BeforeAnswer if strikes_everywhere() => is_save || line(messages, k).starts_with("db COMMIT"),
            Moment::BeforeAnswer => is_worth_it(messages, k),
        }
    }

    async fn snapshot(&self, stage: &Stage) -> Result<String> {
        stage.rounds().came_of(&stage.round).await
    }
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

fn line(messages: &[String], k: u64) -> &str {
    messages.get(k as usize - 1).map_or("", String::as_str)
}

/// Whether message k comes before the first one to the wiki.
fn is_set_up(messages: &[String], k: u64) -> bool {
    let first = messages.iter().position(|message| message.starts_with("http"));
    first.is_none_or(|first| k <= first as u64)
}

/// What the transaction did that this message commits.
fn committed(messages: &[String], k: u64) -> Vec<&str> {
    let before = messages[..k as usize - 1].iter().rev();
    let own = before.take_while(|line| !line.starts_with("db START"));
    let changes = own.filter(|line| ["db INSERT", "db UPDATE", "db DELETE"].iter().any(|word| line.starts_with(word)));
    changes.map(|line| line.split(['(', '=']).next().unwrap_or_default()).collect()
}

/// A save, or a commit of what no commit before did.
fn is_worth_it(messages: &[String], k: u64) -> bool {
    let of = line(messages, k);
    if !of.starts_with("db COMMIT") {
        return of.starts_with("http POST action=edit");
    }
    let own = committed(messages, k);
    let earlier: Vec<&str> = (1..k)
        .filter(|k| line(messages, *k).starts_with("db COMMIT"))
        .flat_map(|k| committed(messages, k))
        .collect();
    own.iter().any(|word| !earlier.contains(word))
}

#[tokio::test]
async fn reports_and_requests_are_the_same_wherever_the_run_is_killed() -> Result<()> {
    let kills = Kills::default();
    let stage = kills.prepare().await?;
    let run = kills.job(&stage).run_ok().await?;
    let told = kills.snapshot(&stage).await?;
    println!("{run}\n{told}");
    for must in ["| reopen |", "| stale |", "| summary |", "| rule |", "| additions |"] {
        ensure!(told.contains(must), "no {must} in\n{told}\n{run}");
    }
    for (line, times) in [("Closed report, reopened: ", 1), ("Marked stale: ", 1), ("* Warned.", 1)] {
        assert_eq!(told.matches(line).count(), times, "{line}\n{told}");
    }
    drop(stage);
    let coverage = kill_at_every_message(kills, LANES).await?;
    println!("{coverage}");
    let saves = coverage.messages.iter().filter(|line| line.starts_with("http POST action=edit"));
    assert!(saves.count() >= HOSTS.len() + 1, "five reports and their list: {coverage}");
    assert!(coverage.covered.len() >= 10, "{coverage}");
    Ok(())
}
