//! Reports by linkreport-gen: people who add links on both wikis, what coi-report recorded of it, runs of the job at
//! other times, and what people do on report pages.
//!
//! The wikis are common to all tests: every name, title and host gets the world's prefix by itself. Texts say
//! `shop.example` and `Ann`; on the wiki that is `abcdef-shop.example` and `Abcdef Ann`.

mod added;
mod figures;
mod look;

use std::net::IpAddr;
use std::path::PathBuf;

use anyhow::{Context, Result};
use regex::Regex;
use serde_json::{Value, json};

use crate::api::Api;
use crate::run::{Job, Run};
use crate::sandbox::{Account, NewPage, Sandbox, Wiki};
use crate::settings::Settings;
use crate::world::World;

pub use added::{Added, Made};
pub use figures::{Fate, Figures, Row, Rows, percent};
pub use look::{AskRow, ReportRow};

/// What stands on the settings page until it is protected.
const BEFORE_PROTECTION: &str = "Settings of the bot will be here.";
/// The line between the bot's part and people's begins with it.
const MARKER: &str = "<!-- wikicrew-report-end";

/// A world with a settings page of linkreport-gen.
pub struct Reports {
    /// Accounts, database, sessions, on the English wiki.
    pub world: World,
    /// The other wiki.
    pub de: &'static Wiki,
    /// The settings that were saved; a test changes a copy.
    pub settings: Settings,
    /// So many seconds later than now the jobs run, and edits are said to be made.
    pub later: i64,
    /// The bot's account on the other wiki, where copies stand.
    copier: Option<Account>,
    folder: PathBuf,
}

impl AsRef<World> for Reports {
    fn as_ref(&self) -> &World {
        &self.world
    }
}

impl Drop for Reports {
    fn drop(&mut self) {
        // What is left over is in the system's folder for that.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Reports {
    /// Accepted settings that write pages. The job has not run yet.
    pub async fn new() -> Result<Self> {
        Self::with(json!({})).await
    }

    /// The same with more settings, by key.
    pub async fn with(values: Value) -> Result<Self> {
        let world = World::new().await?;
        let mut settings = Settings::of(json!({ "enabled": true, "publish": "pages" }));
        for (key, value) in values.as_object().context("settings are an object")? {
            settings = settings.set(key, value.clone());
        }
        let folder = std::env::temp_dir().join(format!("wikicrew-reports-{}", world.database_name()));
        std::fs::create_dir_all(&folder)?;
        let reports = Self {
            world,
            de: Sandbox::get().wiki("de"),
            settings,
            later: 0,
            copier: None,
            folder,
        };
        let pages = accepted(&reports.settings_title(), &reports.settings);
        reports.world.load(&pages).await?;
        Ok(reports)
    }

    /// Reports at home on the English wiki, with copies on the German one, where the bot has a settings page too.
    pub async fn with_copy() -> Result<Self> {
        Self::with_copy_and(json!({})).await
    }

    /// The same with more settings on both wikis, by key.
    pub async fn with_copy_and(values: Value) -> Result<Self> {
        let sandbox = Sandbox::get();
        let (en, de) = (sandbox.wiki("en"), sandbox.wiki("de"));
        let (mut here, mut there) = (values.clone(), values);
        here["targets"] = json!([{ "wiki": "here", "home": true }, { "wiki": de.api }]);
        there["targets"] = json!([{ "wiki": en.api, "home": true }, { "wiki": "here" }]);
        let mut reports = Self::with(here).await?;
        let bot = json!({ "name": reports.world.bot.name, "groups": ["bot"], "bot_password": true });
        reports.copier = de.make_accounts(&[bot]).await?.pop();
        let mut settings = Settings::of(json!({ "enabled": true, "publish": "pages" }));
        for (key, value) in there.as_object().context("settings are an object")? {
            settings = settings.set(key, value.clone());
        }
        let title = format!("Benutzer:{}/linkreport-gen/Settings", reports.world.bot.name);
        de.load(&accepted(&title, &settings)).await?;
        Ok(reports)
    }

    // ---- names

    /// A name or title of this world; an address and the name of a temporary account stay as they are.
    pub fn own(&self, name: &str) -> String {
        match name.starts_with('~') || name.parse::<IpAddr>().is_ok() || name.starts_with(&self.world.prefix) {
            true => name.to_owned(),
            false => self.world.own(name),
        }
    }

    /// A text in which every host below `example` is one of this world: `www.shop.example` is
    /// `www.abcdef-shop.example`. What is one already stays.
    pub fn hosts(&self, text: &str) -> String {
        let word = self.host_word();
        let host = Regex::new(r"([a-z0-9][a-z0-9-]*)\.example\b").expect("a constant that was tried");
        let own = |found: &regex::Captures<'_>| match found[1].starts_with(&word) {
            true => found[0].to_owned(),
            false => format!("{word}{}", &found[0]),
        };
        host.replace_all(text, own).into_owned()
    }

    /// A text without the world's prefix in names, titles and hosts.
    pub fn bare(&self, text: &str) -> String {
        text.replace(&format!("{} ", self.world.prefix), "")
            .replace(&format!("{}_", self.world.prefix), "")
            .replace(&self.host_word(), "")
    }

    fn host_word(&self) -> String {
        format!("{}-", self.world.prefix.to_lowercase())
    }

    /// The key under which the jobs know a wiki.
    pub fn wiki_key(&self, wiki: &Wiki) -> String {
        let api = wiki.api.trim_start_matches("http://");
        api.trim_end_matches("/api.php").to_owned()
    }

    /// The title of the settings page.
    pub fn settings_title(&self) -> String {
        self.world.settings_title("linkreport-gen")
    }

    /// The title of the status page.
    pub fn status_title(&self) -> String {
        format!("{}/Status", self.settings_title())
    }

    /// The title of a report under its default name, of a subject whose name a title can hold: `title("link",
    /// "shop.example")`, `title("user", "Ann")`, `title("ip", "192.0.2.1")`, `range`, `server`.
    pub fn title(&self, kind: &str, name: &str) -> String {
        let (folder, name) = match kind {
            "link" => ("LinkReports", self.hosts(name)),
            "user" => ("UserReports", self.own(name)),
            "ip" => ("UserReports", name.to_owned()),
            "range" => ("RangeReports", name.to_owned()),
            _ => ("ServerReports", name.to_owned()),
        };
        format!("User:{}/{folder}/{name}", self.world.bot.name)
    }

    /// The same of the copy on the German wiki.
    pub fn copy_title(&self, kind: &str, name: &str) -> String {
        self.title(kind, name).replacen("User:", "Benutzer:", 1)
    }

    // ---- the jobs

    /// Saves settings as the Admin does, on the protected page. The revision.
    pub async fn save_settings(&self, settings: &Settings) -> Result<u64> {
        let title = self.settings_title();
        self.world.admin.edit(&title, &settings.page(), "settings").await
    }

    /// linkreport-gen in this world, so much later as the world is. It may ask both wikis.
    pub fn job(&self) -> Job {
        self.reaching(self.world.job("linkreport-gen"))
    }

    /// The same on the German wiki, where it writes copies; in a world with one.
    pub fn copy_job(&self) -> Result<Job> {
        let bot = self.copier.as_ref().context("this world has no copies")?;
        let (login, secret) = bot.bot.clone().context("the bot has no password there")?;
        let title = format!("Benutzer:{}/linkreport-gen/Settings", bot.name);
        Ok(self
            .job()
            .env("WIKICREW_API_URL", &self.de.api)
            .env("WIKICREW_BOT_LOGIN", &login)
            .env("WIKICREW_BOT_PASSWORD", &secret)
            .env("WIKICREW_LINKREPORT_GEN_SETTINGS", &title))
    }

    /// A scheduled run, to its end.
    pub async fn run(&self) -> Result<Run> {
        self.job().run_ok().await
    }

    /// A scheduled run on the German wiki, to its end.
    pub async fn run_copies(&self) -> Result<Run> {
        self.copy_job()?.run_ok().await
    }

    /// A subcommand, to its end; names of hosts and `User:` names in it get the prefix: `["link", "shop.example",
    /// "--output", "json"]`, `["user", "User:Ann"]`. Any exit code is fine.
    pub async fn by_hand(&self, args: &[&str]) -> Result<Run> {
        let own = |arg: &&str| match arg.strip_prefix("User:") {
            Some(name) => self.own(name),
            None => self.hosts(arg),
        };
        let args: Vec<String> = args.iter().map(own).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        self.job().args(&args).run().await
    }

    /// What `--output json` tells of a subject: `json("link", "shop.example")`, `json("user", "User:Ann")`.
    pub async fn json(&self, kind: &str, name: &str) -> Result<Value> {
        let run = self.by_hand(&[kind, name, "--output", "json"]).await?;
        serde_json::from_str(&run.stdout).with_context(|| format!("no JSON\n{run}"))
    }

    /// coi-report over the same database, with these arguments, without a settings page: `ingest`, `suppress`, `prune`.
    /// Lists are kept with `["ml", "add", …]` and so on once [`Reports::with_recorder`] was called.
    pub fn recorder(&self, args: &[&str]) -> Job {
        self.reaching(self.world.job("coi-report"))
            .env("WIKICREW_DNS", "off")
            .args(args)
    }

    /// Makes a settings page of coi-report, by which it reads the recent changes of this wiki and writes no page, and lets
    /// it find where they stand. Later runs of [`Reports::recorder`] without arguments record additions and hits.
    pub async fn with_recorder(&self, values: Value) -> Result<()> {
        let mut settings = Settings::of(json!({ "enabled": true, "publish": "off", "wikis": ["here"] }));
        for (key, value) in values.as_object().context("settings are an object")? {
            settings = settings.set(key, value.clone());
        }
        let pages = accepted(&self.world.settings_title("coi-report"), &settings);
        self.world.load(&pages).await?;
        self.recorder(&[]).run_ok().await.map(drop)
    }

    fn reaching(&self, job: Job) -> Job {
        let hosts = [&self.world.wiki.api, &self.de.api].map(|api| host_of(api));
        job.env("WIKICREW_API_HOSTS", &hosts.join(",")).later(self.later)
    }

    // ---- people on report pages

    /// A session of an autoconfirmed account of this world.
    pub async fn person(&self, name: &str) -> Result<Api> {
        let account = self.world.person(name).await?;
        self.world.login(&account).await
    }

    /// Somebody changes people's part of a report and nothing above it. The revision.
    pub async fn human(&self, by: &Api, title: &str, change: impl FnOnce(&str) -> String) -> Result<u64> {
        let text = self.text(title).await?;
        let (bot, human) = Self::parts(&text)?;
        by.edit(title, &format!("{bot}{}", change(human)), "looked at").await
    }

    /// Somebody sets the status word of a report. The revision.
    pub async fn status(&self, by: &Api, title: &str, word: &str) -> Result<u64> {
        let written = Regex::new(r"(\{\{LinkStatus\||'''Status:''' )[a-z]+").expect("a constant that was tried");
        let with = format!("${{1}}{word}");
        let changed = |human: &str| written.replace(human, with.as_str()).into_owned();
        self.human(by, title, changed).await
    }

    /// The bot's part of a report's text with the marker line, and people's part. Errs without exactly one marker.
    pub fn parts(text: &str) -> Result<(&str, &str)> {
        let line = format!("\n{MARKER}");
        let at = text.find(&line).context("there is no marker line")? + 1;
        anyhow::ensure!(text.matches(&line).count() == 1, "there are several marker lines");
        let end = text[at..].find('\n').map_or(text.len(), |n| at + n + 1);
        Ok(text.split_at(end))
    }
}

/// A page of settings that Admins protected before it said anything.
fn accepted(title: &str, settings: &Settings) -> [NewPage; 2] {
    [
        NewPage::new(title, BEFORE_PROTECTION).protected("sysop"),
        NewPage::new(title, &settings.page()).summary("settings"),
    ]
}

/// Host and port of an `api.php`.
fn host_of(api: &str) -> String {
    let rest = api.split_once("//").map_or(api, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_owned()
}
