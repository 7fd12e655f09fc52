//! The sandbox as `scripts/sandbox up` left it: addresses, accounts, and the door for making users and pages in batch.
//!
//! Tests never start it and never skip for want of it: without a sandbox they fail with the one command that helps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;

use crate::api::Api;
use crate::http::{self, Message};
use crate::net;

/// What to say when there is none.
const START_IT: &str = "the end-to-end tests need the sandbox: run `scripts/sandbox up`";

/// Both wikis and the database server.
pub struct Sandbox {
    wikis: BTreeMap<String, Wiki>,
    /// `mysql://user:password@127.0.0.1:port`, an account that may create databases under [`Sandbox::db_prefix`].
    pub db_url: String,
    /// What the names of its databases begin with, as on ToolsDB: `s99999__`.
    pub db_prefix: String,
}

/// One wiki of the sandbox.
pub struct Wiki {
    /// `en` or `de`, which is its language too.
    pub name: String,
    /// The address of its `api.php`.
    pub api: String,
    /// What page addresses begin with, for a person who wants to look.
    pub page: String,
    /// A sysop and bureaucrat.
    pub admin: Account,
    ops: Url,
    ops_token: String,
    admin_session: OnceCell<Arc<Api>>,
}

/// An account on a wiki, with its passwords. No `Debug`: they would stand in a failed assertion.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// The user name.
    pub name: String,
    /// Its id on this wiki (0 for the standing accounts, whose ids nobody needs).
    pub id: u64,
    /// The account's own password.
    pub password: String,
    /// Where it has a bot password: the login name (`Name@app`) and the secret.
    pub bot: Option<(String, String)>,
}

impl Sandbox {
    /// The sandbox of this checkout.
    ///
    /// # Panics
    /// When there is none or it does not answer; the message is the command that starts it.
    pub fn get() -> &'static Self {
        static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
        SANDBOX.get_or_init(|| match Self::read() {
            Ok(sandbox) => sandbox,
            Err(error) => panic!("{START_IT} ({error:#})"),
        })
    }

    /// The wiki of that name.
    ///
    /// # Panics
    /// When the sandbox has no such wiki.
    pub fn wiki(&self, name: &str) -> &Wiki {
        self.wikis
            .get(name)
            .unwrap_or_else(|| panic!("the sandbox has no wiki {name:?}; {START_IT}"))
    }

    fn read() -> Result<Self> {
        let file = root().join(".sandbox/sandbox.json");
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let all: Value = serde_json::from_str(&text).with_context(|| format!("in {}", file.display()))?;
        let db = &all["db_parallel"];
        let mut wikis = BTreeMap::new();
        for (name, wiki) in all["wikis"].as_object().context("no \"wikis\" in it")? {
            wikis.insert(
                name.clone(),
                Wiki::read(name, wiki).with_context(|| format!("wiki {name}"))?,
            );
        }
        let sandbox = Self {
            wikis,
            db_url: text_of(db, "url")?,
            db_prefix: text_of(db, "prefix")?,
        };
        let servers = sandbox
            .wikis
            .values()
            .map(|wiki| wiki.api.as_str())
            .chain([sandbox.db_url.as_str()]);
        for address in servers {
            let url = Url::parse(address)?;
            let (host, port) = (url.host_str().unwrap_or_default(), url.port().unwrap_or_default());
            if !net::answers(host, port)? {
                bail!("nothing answers on {host}:{port}");
            }
        }
        Ok(sandbox)
    }
}

/// The workspace: the first folder upward from this crate that holds a sandbox, else the one above it.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = here
        .ancestors()
        .find(|folder| folder.join(".sandbox/sandbox.json").is_file());
    found.or(here.parent()).unwrap_or(here).to_owned()
}

impl Wiki {
    fn read(name: &str, wiki: &Value) -> Result<Self> {
        let admin = &wiki["admin"];
        Ok(Self {
            name: name.into(),
            api: text_of(wiki, "api")?,
            page: text_of(wiki, "page")?,
            admin: Account {
                name: text_of(admin, "name")?,
                id: 0,
                password: text_of(admin, "password")?,
                bot: None,
            },
            ops: Url::parse(&text_of(wiki, "ops")?)?,
            ops_token: text_of(wiki, "ops_token")?,
            admin_session: OnceCell::new(),
        })
    }

    /// A session of Admin; one login serves all tests of a process.
    pub async fn as_admin(&self) -> Result<Arc<Api>> {
        let login = async || {
            Api::login(&self.api, &self.admin.name, &self.admin.password)
                .await
                .map(Arc::new)
        };
        self.admin_session.get_or_try_init(login).await.cloned()
    }

    /// Makes accounts, all in one request; the form of a line stands in `scripts/sandbox help` (`user WIKI -`).
    pub async fn make_accounts(&self, lines: &[Value]) -> Result<Vec<Account>> {
        let mut accounts = Vec::new();
        for done in self.ops("users", lines).await? {
            let bot = match (done["bot_login"].as_str(), done["bot_secret"].as_str()) {
                (Some(login), Some(secret)) => Some((login.to_owned(), secret.to_owned())),
                _ => None,
            };
            accounts.push(Account {
                name: text_of(&done, "name")?,
                id: done["id"].as_u64().context("no id")?,
                password: done["password"].as_str().unwrap_or_default().to_owned(),
                bot,
            });
        }
        Ok(accounts)
    }

    /// Saves pages, all in one request, each in the name of its author and at its time.
    pub async fn load(&self, pages: &[NewPage]) -> Result<Vec<Loaded>> {
        let lines: Vec<Value> = pages.iter().map(|page| page.0.clone()).collect();
        let mut loaded = Vec::new();
        for done in self.ops("load", &lines).await? {
            let revid = done["revid"].as_u64().unwrap_or(0);
            loaded.push(Loaded {
                page_id: done["pageid"].as_u64().context("no pageid")?,
                revid,
            });
        }
        Ok(loaded)
    }

    /// Saves edits of existing pages, oldest first and thousands in a second, as rows of revisions, texts and recent
    /// changes and as nothing else; all in one transaction. The revisions.
    pub async fn bulk(&self, edits: &[BulkEdit]) -> Result<Vec<u64>> {
        let lines: Vec<Value> = edits
            .iter()
            .map(|edit| json!({ "title": edit.title, "user": edit.user, "text": edit.text, "timestamp": edit.at }))
            .collect();
        let done = self.ops("bulk", &[json!({ "edits": lines })]).await?;
        let revids = done.first().and_then(|done| done["revids"].as_array());
        revids
            .context("no revids")?
            .iter()
            .map(|revid| revid.as_u64().context("a revid that is no number"))
            .collect()
    }

    async fn ops(&self, operation: &str, lines: &[Value]) -> Result<Vec<Value>> {
        if lines.is_empty() {
            return Ok(Vec::new());
        }
        let mut request = Message::request("POST", &format!("{}?op={operation}", self.ops.path()));
        request.body = lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>()
            .into_bytes();
        request.set_header("Content-Type", "application/x-ndjson");
        request.set_header("X-Sandbox-Token", self.ops_token.as_str());
        let (host, port) = (self.ops.host_str().unwrap_or_default(), self.ops.port().unwrap_or(80));
        let answer = http::send(host, port, request).await.context(START_IT)?.text()?;
        let mut results = Vec::new();
        for line in answer.lines().filter(|line| !line.trim().is_empty()) {
            let done: Value = serde_json::from_str(line).with_context(|| format!("sandbox {operation}: {line}"))?;
            if let Some(error) = done["error"].as_str() {
                bail!("sandbox {operation}: {error} (asked for: {})", done["input"]);
            }
            results.push(done);
        }
        if results.len() != lines.len() {
            bail!(
                "sandbox {operation}: {} answers to {} lines",
                results.len(),
                lines.len()
            );
        }
        Ok(results)
    }
}

/// A page that [`Wiki::load`] saved.
#[derive(Clone, Copy, Debug)]
pub struct Loaded {
    /// Its page id.
    pub page_id: u64,
    /// Its newest revision (before a protection, which makes another).
    pub revid: u64,
}

/// An edit of an existing page for [`Wiki::bulk`].
#[derive(Clone, Debug)]
pub struct BulkEdit {
    /// Title of the page.
    pub title: String,
    /// Who saves it: a user name, made if unknown.
    pub user: String,
    /// The whole text.
    pub text: String,
    /// When, as `2027-01-31T12:00:00Z`.
    pub at: String,
}

/// A page to be saved: title and text, by Admin and now unless it says otherwise. Nothing is substituted on this way.
#[derive(Clone)]
pub struct NewPage(Value);

impl NewPage {
    /// A page with this wikitext.
    pub fn new(title: &str, text: &str) -> Self {
        Self(json!({ "title": title, "text": text, "user": "Admin", "summary": "" }))
    }

    /// Who saves it: a user name (made if unknown) or an IP address.
    pub fn by(self, user: &str) -> Self {
        self.with("user", json!(user))
    }

    /// The edit summary.
    pub fn summary(self, summary: &str) -> Self {
        self.with("summary", json!(summary))
    }

    /// When: `2020-01-31T12:00:00Z`. Category timestamps follow it.
    pub fn at(self, time: &str) -> Self {
        self.with("timestamp", json!(time))
    }

    /// Protected against editing and moving by all but this group.
    pub fn protected(self, level: &str) -> Self {
        self.with("protect", json!(level))
    }

    /// Any other key of `scripts/sandbox load`.
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.0[key] = value;
        self
    }
}

fn text_of(value: &Value, key: &str) -> Result<String> {
    value[key]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no {key:?} in it"))
}
