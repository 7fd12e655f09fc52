//! Two wikis that coi-report watches: the English one, where its settings page is, and the German one. Edits by every
//! kind of user, and what the job made of them, in its tables and on its pages.
//!
//! The wikis are common to all tests and the job reads all of them, so every name and title begins with the world's
//! prefix, and only what has it is looked at.

mod exact;
mod look;
mod texts;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::api::Api;
use crate::run::{Job, Run};
use crate::sandbox::{Account, BulkEdit, NewPage, Sandbox, Wiki};
use crate::settings::Settings;
use crate::sse::bridge::Bridge;
use crate::sse::{EventStreams, LINKS_CHANGE, RECENT_CHANGE};
use crate::world::World;

pub use look::{HitRow, LineRow};
pub use texts::{backlog_text, big_page, many_links};

/// What stands on the settings page until it is protected.
const BEFORE_PROTECTION: &str = "Settings of the bot will be here.";
/// How long a run listens to the event streams, in seconds.
const LISTENS: &str = "2";

/// A world with a settings page of coi-report.
pub struct Coi {
    /// Accounts, database, sessions, on the English wiki.
    pub world: World,
    /// The other wiki.
    pub de: &'static Wiki,
    /// The settings that [`Coi::new`] saved; a test changes a copy.
    pub settings: Settings,
    /// Where the job finds event streams, when the test has some.
    pub streams: Option<EventStreams>,
}

impl AsRef<World> for Coi {
    fn as_ref(&self) -> &World {
        &self.world
    }
}

impl Coi {
    /// Accepted settings that write pages and watch the English wiki. The job has not run yet: the first run starts at
    /// the wiki's present.
    pub async fn new() -> Result<Self> {
        Self::with(json!(["here"])).await
    }

    /// The same, watching both wikis.
    pub async fn with_both() -> Result<Self> {
        let de = Sandbox::get().wiki("de");
        Self::with(json!(["here", { "api": de.api, "prefix": "de", "source": "recentchanges" }])).await
    }

    /// The same, watching the English wiki through event streams that have no event yet.
    pub async fn with_streams() -> Result<Self> {
        let mut coi = Self::with(json!([{ "wiki": "here", "source": "eventstreams" }])).await?;
        coi.streams = Some(EventStreams::start().await?);
        Ok(coi)
    }

    /// The same with any value of `wikis`.
    pub async fn with(wikis: serde_json::Value) -> Result<Self> {
        let world = World::new().await?;
        let values = json!({ "enabled": true, "publish": "pages", "wikis": wikis });
        let coi = Self {
            world,
            de: Sandbox::get().wiki("de"),
            settings: Settings::of(values),
            streams: None,
        };
        let title = coi.settings_title();
        let pages = [
            NewPage::new(&title, BEFORE_PROTECTION).protected("sysop"),
            NewPage::new(&title, &coi.settings.page()).summary("settings"),
        ];
        coi.world.load(&pages).await?;
        Ok(coi)
    }

    // ---- settings and pages of the job

    /// The title of the settings page.
    pub fn settings_title(&self) -> String {
        self.world.settings_title("coi-report")
    }

    /// The title of the status page.
    pub fn status_title(&self) -> String {
        format!("{}/Status", self.settings_title())
    }

    /// The title of the commands page, under its default name.
    pub fn commands_title(&self) -> String {
        format!("User:{}/coi-report/Commands", self.world.bot.name)
    }

    /// The title above all day pages, under its default name.
    pub fn report_title(&self) -> String {
        format!("User:{}/COIReports", self.world.bot.name)
    }

    /// Saves settings as the Admin does, on the protected page. The revision.
    pub async fn save_settings(&self, settings: &Settings) -> Result<u64> {
        let title = self.settings_title();
        self.world.admin.edit(&title, &settings.page(), "settings").await
    }

    // ---- people

    /// A session of a new account with this name (given the prefix): no edits, made now.
    pub async fn newcomer(&self, name: &str) -> Result<Api> {
        let account = self.world.account(name, json!({ "new": true })).await?;
        self.world.login(&account).await
    }

    /// A session of an account with so many edits that was made so many days ago.
    pub async fn regular(&self, name: &str, edits: u64, days: u64) -> Result<Api> {
        let how = json!({ "edits": edits, "age_days": days });
        let account = self.world.account(name, how).await?;
        self.world.login(&account).await
    }

    /// A session of an account that may hide revisions, also from admins.
    pub async fn oversighter(&self) -> Result<Api> {
        let how = json!({ "groups": ["sysop", "suppress"], "edits": 1_000, "age_days": 1_000 });
        let account = self.world.account("Oversighter", how).await?;
        self.world.login(&account).await
    }

    /// A session of an account on the German wiki.
    pub async fn german(&self, name: &str) -> Result<Api> {
        let line = json!({ "name": self.world.own(name) });
        let account = self
            .de
            .make_accounts(&[line])
            .await?
            .pop()
            .context("no account was made")?;
        let Account { name, password, .. } = account;
        Api::login(&self.de.api, &name, &password).await
    }

    /// Gives an account other figures: edits, days since it was made.
    pub async fn age(&self, name: &str, edits: u64, days: u64) -> Result<()> {
        let how = json!({ "edits": edits, "age_days": days });
        self.world.account(name, how).await.map(drop)
    }

    /// A session of nobody: its first edit makes a temporary account, which stays the session's.
    pub fn temporary(&self, wiki: &Wiki) -> Result<Api> {
        Api::anonymous(&wiki.api)
    }

    /// A session from an address, on a wiki that makes no temporary accounts.
    pub fn address(&self, wiki: &Wiki, ip: &str) -> Result<Api> {
        Api::address(&wiki.api, ip)
    }

    /// Who made a revision, as the wiki says.
    pub async fn author(&self, api: &Api, rev: u64) -> Result<String> {
        let id = rev.to_string();
        let asked = [
            ("action", "query"),
            ("revids", id.as_str()),
            ("prop", "revisions"),
            ("rvprop", "user"),
        ];
        let answer = api.get(&asked).await?;
        let user = answer["query"]["pages"][0]["revisions"][0]["user"].as_str();
        user.map(str::to_owned)
            .with_context(|| format!("revision {rev} names nobody"))
    }

    // ---- edits

    /// Saves the whole text of a page of this world in somebody's name; the revision.
    pub async fn edit(&self, by: &Api, name: &str, text: &str) -> Result<u64> {
        by.edit(&self.world.own(name), text, "").await
    }

    /// `count` edits of `pages` pages by 20 accounts, one a second up to so many minutes ago, each adding a sentence, and
    /// every tenth a link to `hostN.example`. The revisions, oldest first.
    ///
    /// Other tests read the same recent changes: choose a time before they began.
    pub async fn backlog(&self, count: usize, pages: usize, minutes_ago: i64) -> Result<Vec<u64>> {
        let title = |n: usize| self.world.own(&format!("Backlog {}", n % pages));
        let first: Vec<NewPage> = (0..pages)
            .map(|n| {
                let at = crate::links::seconds_ago(minutes_ago * 60 + count as i64 + 60);
                NewPage::new(&title(n), "Begin.\n")
                    .by(&self.world.own("Backlogger 0"))
                    .at(&at)
            })
            .collect();
        self.world.load(&first).await?;
        let edits: Vec<BulkEdit> = (0..count)
            .map(|n| BulkEdit {
                title: title(n),
                user: self.world.own(&format!("Backlogger {}", n % 20)),
                text: backlog_text(n, pages),
                at: crate::links::seconds_ago(minutes_ago * 60 + (count - n) as i64),
            })
            .collect();
        self.world.wiki.bulk(&edits).await
    }

    // ---- the job

    /// coi-report in this world. It may read both wikis, asks no name server, and listens to the streams for two
    /// seconds where there are some.
    pub fn job(&self) -> Job {
        let hosts = [&self.world.wiki.api, &self.de.api].map(|api| host_of(api));
        let job = self
            .world
            .job("coi-report")
            .env("WIKICREW_API_HOSTS", &hosts.join(","))
            .env("WIKICREW_DNS", "off");
        match &self.streams {
            Some(streams) => job
                .env("WIKICREW_STREAM_URL", &streams.url())
                .env("WIKICREW_STREAM_SECONDS", LISTENS),
            None => job,
        }
    }

    /// The first run, which looks at no edit but finds where the wikis and streams stand. A stream stands nowhere before
    /// its first event, so there is a test event while it listens.
    pub async fn first_run(&self, job: &Job) -> Result<Run> {
        let running = job.start()?;
        if let Some(streams) = &self.streams {
            for _ in 0..500 {
                if !streams.asked().is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let now = crate::links::seconds_ago(0);
            streams.push_canary(RECENT_CHANGE, &now);
            streams.push_canary(LINKS_CHANGE, &now);
        }
        let run = running.wait().await?;
        ensure!(run.code == 0, "exit code {} instead of 0\n{run}", run.code);
        Ok(run)
    }

    /// Runs it as its schedule does, to the end.
    pub async fn run(&self) -> Result<Run> {
        self.job().run_ok().await
    }

    /// Runs a subcommand to the end.
    pub async fn run_args(&self, args: &[&str]) -> Result<Run> {
        self.job().args(args).run_ok().await
    }

    /// What `explain` tells of a revision of the English wiki.
    pub async fn explain(&self, rev: u64) -> Result<String> {
        let wiki = self.wiki_id(self.world.wiki);
        let run = self.run_args(&["explain", "--wiki", &wiki, &rev.to_string()]).await?;
        ensure!(
            !run.stdout.trim().is_empty(),
            "nothing is told of revision {rev}\n{run}"
        );
        Ok(run.stdout)
    }

    /// The key under which the job knows a wiki that it reaches directly.
    pub fn wiki_id(&self, wiki: &Wiki) -> String {
        let api = wiki.api.trim_start_matches("http://");
        api.trim_end_matches("/api.php").to_owned()
    }

    /// Lets other wikis' events come on both streams, `seconds` from now: an edit without links is known to have none when
    /// the stream of links is clearly past it.
    pub fn streams_go_on(&self, seconds: i64) -> Result<()> {
        let streams = self.streams.as_ref().context("this world has no event streams")?;
        let dt = crate::links::seconds_ago(-seconds);
        let meta = json!({ "domain": "other.example.org", "dt": dt, "id": dt });
        let edit = json!({
            "$schema": "/mediawiki/recentchange/1.0.1", "meta": meta, "id": 1, "type": "edit", "namespace": 0,
            "title": "Elsewhere", "user": "Somebody", "bot": false, "minor": false, "length": { "old": 1, "new": 2 },
            "revision": { "old": 1, "new": 2 }, "server_name": "other.example.org", "server_script_path": "/w",
            "wiki": "otherwiki",
        });
        let links = json!({
            "$schema": "/mediawiki/page/links-change/1.0.0", "meta": meta, "database": "otherwiki", "page_id": 1,
            "page_title": "Elsewhere", "page_namespace": 0, "rev_id": 2,
        });
        // In this order: changes that are far ahead of all links would mean that links are late.
        streams.push_all([(LINKS_CHANGE, links), (RECENT_CHANGE, edit)]);
        Ok(())
    }

    /// Tells the streams of all that this world did on the English wiki since a time, as the wiki itself saw it.
    pub async fn tell_streams(&self, since: &str) -> Result<usize> {
        self.tell_streams_of(&self.world.wiki.api, since).await
    }

    /// The same for a job that knows the wiki by the address of a proxy.
    pub async fn tell_streams_of(&self, api_url: &str, since: &str) -> Result<usize> {
        let streams = self.streams.as_ref().context("this world has no event streams")?;
        let bridge = Bridge {
            api: &self.world.admin,
            domain: host_of(api_url),
            dbname: format!("{}wiki", self.world.wiki.name),
            with_links: true,
        };
        let events = bridge.events(since, |title| title.contains(&self.world.prefix)).await?;
        let count = events.len();
        streams.push_all(events);
        Ok(count)
    }
}

/// Host and port of an `api.php`.
fn host_of(api: &str) -> String {
    let rest = api.split_once("//").map_or(api, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_owned()
}
