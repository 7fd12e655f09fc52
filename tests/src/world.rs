//! A test's own corner of the common sandbox: a random prefix, accounts, titles and a database of its own.
//!
//! What concerns the whole wiki (lag, read-only) is done per test with a fault proxy, never with the wiki itself, so
//! tests run side by side. The database goes with the world; pages stay until `scripts/sandbox reset`.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, Row, Value as SqlValue};
use regex::Regex;
use serde_json::{Value, json};
use url::Url;

use crate::api::Api;
use crate::net;
use crate::run::Job;
use crate::sandbox::{Account, NewPage, Sandbox, Wiki};

/// Databases of dead test runs are dropped after so many seconds.
const LEFTOVER: u64 = 3600;

/// One test's corner: see the module.
pub struct World {
    /// The wiki it is on.
    pub wiki: &'static Wiki,
    /// Six random letters, the first a capital: every title and name of this world begins with them.
    pub prefix: String,
    /// The job's account: flag `bot`, a bot password, nothing else.
    pub bot: Account,
    /// A session of the sandbox's Admin.
    pub admin: Arc<Api>,
    database: Database,
}

/// Dropped with its value.
struct Database {
    name: String,
    /// The server's URL, without a database.
    server: String,
}

impl World {
    /// A new corner of the English wiki.
    pub async fn new() -> Result<Self> {
        Self::on("en").await
    }

    /// A new corner of this wiki (`en` or `de`), with an empty database.
    pub async fn on(wiki: &str) -> Result<Self> {
        let sandbox = Sandbox::get();
        let wiki = sandbox.wiki(wiki);
        let prefix = random_prefix();
        let bot = json!({ "name": format!("{prefix} Bot"), "groups": ["bot"], "bot_password": true });
        let bot = wiki.make_accounts(&[bot]).await?.pop().context("no account was made")?;
        let database = Database::create(sandbox, &prefix).await?;
        let admin = wiki.as_admin().await?;
        Ok(Self {
            wiki,
            prefix,
            bot,
            admin,
            database,
        })
    }

    /// A database of its own and nothing on a wiki: for what needs none. Its job has no credentials.
    pub async fn without_wiki() -> Result<Self> {
        let sandbox = Sandbox::get();
        let (wiki, prefix) = (sandbox.wiki("en"), random_prefix());
        let database = Database::create(sandbox, &prefix).await?;
        let bot = Account {
            name: "Nobody".to_owned(),
            id: 0,
            password: String::new(),
            bot: None,
        };
        let admin = wiki.as_admin().await?;
        Ok(Self {
            wiki,
            prefix,
            bot,
            admin,
            database,
        })
    }

    /// The same wiki, accounts and pages with another, empty database: what a lost database looks like.
    pub async fn with_new_database(mut self) -> Result<Self> {
        self.database = Database::create(Sandbox::get(), &random_prefix()).await?;
        Ok(self)
    }

    // ---- names

    /// `name` made this world's own: the prefix before it, inside the namespace if there is one.
    pub fn own(&self, name: &str) -> String {
        match name.split_once(':') {
            Some((namespace, rest)) => format!("{namespace}:{} {rest}", self.prefix),
            None => format!("{} {name}", self.prefix),
        }
    }

    /// The settings page of a job under its default title.
    pub fn settings_title(&self, job: &str) -> String {
        format!("User:{}/{job}/Settings", self.bot.name)
    }

    /// A text in which nothing is left that differs between two runs of the same test in two worlds: the prefix, edit
    /// tokens, revision and page numbers in links, times of signatures and ISO times.
    pub fn scrub(&self, text: &str) -> String {
        const PATTERNS: [(&str, &str); 4] = [
            (r"\((mb|co|lr|ib)-[a-z0-9]{10}\)", "(TOKEN)"),
            (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?Z?", "TIME"),
            (r"\d\d:\d\d, \d\d? \pL+ \d{4} \([A-Z]+\)", "TIME"),
            (r"(Special:(?:Diff|PermanentLink|Permalink)/)\d+", "${1}N"),
        ];
        let mut text = text
            .replace(&self.prefix, "PREFIX")
            .replace(&self.prefix.to_lowercase(), "prefix");
        for (pattern, with) in PATTERNS {
            let pattern = Regex::new(pattern).expect("the patterns are constants that were tried");
            text = pattern.replace_all(&text, with).into_owned();
        }
        text
    }

    // ---- people and pages

    /// Makes accounts with these names (given the prefix), autoconfirmed, without groups.
    pub async fn people(&self, names: &[&str]) -> Result<Vec<Account>> {
        let lines: Vec<Value> = names.iter().map(|name| json!({ "name": self.own(name) })).collect();
        self.wiki.make_accounts(&lines).await
    }

    /// One account as `scripts/sandbox user WIKI -` describes it: `groups`, `bot_password`, `edits`, `age_days`, `new`.
    pub async fn account(&self, name: &str, mut how: Value) -> Result<Account> {
        how["name"] = json!(self.own(name));
        let made = self.wiki.make_accounts(&[how]).await?.pop();
        made.context("no account was made")
    }

    /// One account: see [`World::people`].
    pub async fn person(&self, name: &str) -> Result<Account> {
        self.people(&[name]).await?.pop().context("no account was made")
    }

    /// A session of this account, by its own password.
    pub async fn login(&self, account: &Account) -> Result<Api> {
        Api::login(&self.wiki.api, &account.name, &account.password).await
    }

    /// Saves pages in one go: see [`Wiki::load`].
    pub async fn load(&self, pages: &[NewPage]) -> Result<()> {
        self.wiki.load(pages).await.map(drop)
    }

    // ---- the job

    /// A built binary with this world's environment, ready to run.
    pub fn job(&self, name: &str) -> Job {
        let settings = format!("WIKICREW_{}_SETTINGS", name.to_uppercase().replace('-', "_"));
        let (login, secret) = self.bot.bot.clone().unwrap_or_default();
        Job::new(name)
            .env("WIKICREW_API_URL", &self.wiki.api)
            .env("WIKICREW_ACCOUNT", &self.bot.name)
            .env("WIKICREW_BOT_LOGIN", &login)
            .env("WIKICREW_BOT_PASSWORD", &secret)
            .env("WIKICREW_CONTACT", "operator@example.org")
            .env("WIKICREW_DATABASE_URL", &self.database_url())
            .env(&settings, &self.settings_title(name))
    }

    // ---- the database

    /// The URL of this world's database, as a job gets it.
    pub fn database_url(&self) -> String {
        self.database.url()
    }

    /// The name of this world's database.
    pub fn database_name(&self) -> &str {
        &self.database.name
    }

    /// A connection to this world's database.
    pub async fn db(&self) -> Result<Conn> {
        connect(&self.database_url()).await
    }

    /// Runs SQL that gives no rows.
    pub async fn execute(&self, sql: &str) -> Result<()> {
        let mut conn = self.db().await?;
        conn.query_drop(sql).await.with_context(|| sql.to_owned())?;
        Ok(conn.disconnect().await?)
    }

    /// The rows of a query, every value as the text that the server sends; NULL is `NULL`.
    pub async fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>> {
        let mut conn = self.db().await?;
        let rows: Vec<Row> = conn.query(sql).await.with_context(|| sql.to_owned())?;
        conn.disconnect().await?;
        Ok(rows
            .into_iter()
            .map(|row| row.unwrap().into_iter().map(as_text).collect())
            .collect())
    }

    /// The rows of a query by column, values as [`World::rows`] gives them.
    pub async fn records(&self, sql: &str) -> Result<Vec<BTreeMap<String, String>>> {
        let mut conn = self.db().await?;
        let rows: Vec<Row> = conn.query(sql).await.with_context(|| sql.to_owned())?;
        conn.disconnect().await?;
        let record = |row: Row| {
            let columns = row.columns();
            let names = columns.iter().map(|column| column.name_str().into_owned());
            names.zip(row.unwrap().into_iter().map(as_text)).collect()
        };
        Ok(rows.into_iter().map(record).collect())
    }

    /// The rows of a query as lines, values separated by ` | `: for comparing and for snapshots.
    pub async fn table(&self, sql: &str) -> Result<String> {
        let rows = self.rows(sql).await?;
        Ok(rows.iter().map(|row| row.join(" | ") + "\n").collect())
    }

    /// How many rows a table has (`matches`, or `intent WHERE state='open'`).
    pub async fn count(&self, from: &str) -> Result<u64> {
        let rows = self.rows(&format!("SELECT COUNT(*) FROM {from}")).await?;
        rows[0][0].parse().context("COUNT gave no number")
    }

    /// The number of rows of every table, a line each; empty for an empty database.
    pub async fn row_counts(&self) -> Result<String> {
        let mut told = String::new();
        for table in self.rows("SHOW TABLES").await? {
            let count = self.count(&format!("`{}`", table[0])).await?;
            told.push_str(&format!("{}: {count}\n", table[0]));
        }
        Ok(told)
    }

    /// Returns when no other connection uses this world's database: the server takes a moment to notice that a killed
    /// process is gone, and until then its lock stands.
    pub async fn db_is_idle(&self) -> Result<()> {
        let mut conn = connect(&self.database.server).await?;
        let sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE db = ? AND id <> CONNECTION_ID()";
        for _ in 0..500 {
            let others: Option<u64> = conn.exec_first(sql, (&self.database.name,)).await?;
            if others == Some(0) {
                return Ok(conn.disconnect().await?);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!(
            "connections to {} stayed open for 5 s after the job had ended",
            self.database.name
        )
    }
}

impl AsRef<World> for World {
    fn as_ref(&self) -> &World {
        self
    }
}

impl Database {
    async fn create(sandbox: &Sandbox, word: &str) -> Result<Self> {
        let mut conn = connect(&sandbox.db_url).await?;
        sweep(sandbox, &mut conn).await;
        let now: u64 = conn
            .query_first("SELECT UNIX_TIMESTAMP()")
            .await?
            .context("the server has no time")?;
        let name = format!("{}t_{now}_{}", sandbox.db_prefix, word.to_lowercase());
        conn.query_drop(format!("CREATE DATABASE `{name}` DEFAULT CHARACTER SET utf8mb4"))
            .await?;
        conn.disconnect().await?;
        Ok(Self {
            name,
            server: sandbox.db_url.clone(),
        })
    }

    fn url(&self) -> String {
        // Without this the client would find the server's socket and go round any proxy.
        format!("{}/{}?prefer_socket=false", self.server, self.name)
    }
}

impl Drop for Database {
    /// A drop cannot wait, and a test's runtime may be ending: so a thread with a runtime of its own.
    fn drop(&mut self) {
        let (server, sql) = (self.server.clone(), format!("DROP DATABASE IF EXISTS `{}`", self.name));
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let mut conn = connect(&server).await?;
                conn.query_drop(sql).await?;
                anyhow::Ok(conn.disconnect().await?)
            })
        });
        // What is left over is swept by a later run.
        let _ = dropping.join();
    }
}

/// A value as the text that the server sends; NULL is `NULL`.
fn as_text(value: SqlValue) -> String {
    match value {
        SqlValue::NULL => "NULL".to_owned(),
        SqlValue::Bytes(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        other => other.as_sql(true),
    }
}

/// Opens a database connection, to loopback only.
async fn connect(url: &str) -> Result<Conn> {
    let parsed = Url::parse(url).context("the database URL is no URL")?;
    net::loopback(parsed.host_str().unwrap_or_default())?;
    let mut url = url.to_owned();
    if parsed.query().is_none() {
        url.push_str("?prefer_socket=false");
    }
    let opts = Opts::from_url(&url).context("the database URL")?;
    Conn::new(opts)
        .await
        .context("connecting to the sandbox's database: is it up? `scripts/sandbox up`")
}

/// Drops test databases that dead runs left behind, once per process. A failure only means that they stay.
async fn sweep(sandbox: &Sandbox, conn: &mut Conn) {
    static SWEPT: Mutex<bool> = Mutex::new(false);
    if std::mem::replace(&mut *SWEPT.lock().unwrap_or_else(PoisonError::into_inner), true) {
        return;
    }
    let start = format!("{}t_", sandbox.db_prefix);
    let Ok(Some(now)) = conn.query_first::<u64, _>("SELECT UNIX_TIMESTAMP()").await else {
        return;
    };
    let Ok(names) = conn.query::<String, _>("SHOW DATABASES").await else {
        return;
    };
    for name in names {
        let made = name
            .strip_prefix(&start)
            .and_then(|rest| rest.split('_').next()?.parse::<u64>().ok());
        if made.is_some_and(|made| made + LEFTOVER < now) {
            let _ = conn.query_drop(format!("DROP DATABASE IF EXISTS `{name}`")).await;
        }
    }
}

/// Six letters, the first a capital. Randomness from the standard library's hash seeds: enough to keep worlds apart.
fn random_prefix() -> String {
    let mut number = RandomState::new().build_hasher().finish();
    let mut letters = String::new();
    for first in [b'A', b'a', b'a', b'a', b'a', b'a'] {
        letters.push(char::from(first + (number % 26) as u8));
        number /= 26;
    }
    letters
}
