//! `suppress`: users and pages that stand on no page that the job writes. The list is in the database only: its names go
//! to no page and no log, and are printed only where a person asks for them with `--private`.

use anyhow::{bail, ensure};
use serde_json::json;
use shared::args::CommonArgs;
use shared::boot::Boot;
use shared::core::lists::clean_reason;
use shared::core::text::terminal;
use shared::core::types::UserId;
use shared::db::forget::{self, About};
use shared::db::suppress::{self, Entry, What};
use shared::db::{Access, Db, Tx};
use shared::job;
use shared::wiki::{Session, Stop};

/// Longest name, in bytes.
const MAX_NAME: usize = 512;
/// Namespace of users.
const USER: i32 = 2;

/// What is to be shown nowhere.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Suppress {
    /// From now on, a user or page is named nowhere; lines of the log that do are written anew
    Add {
        /// What it is the name of
        kind: Kind,
        /// The name of the user, or the title of the page
        name: String,
        /// Who asked for it [default: the system's user]
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// Why
        #[arg(long, value_name = "TEXT", default_value = "")]
        reason: String,
    },
    /// It may be named again
    Del {
        /// What it is the name of
        kind: Kind,
        /// The name of the user, or the title of the page
        name: String,
    },
    /// Erases from the database who made edits, or what is recorded about a page; the counts stay
    Forget {
        /// What it is the name of
        kind: Kind,
        /// The name of the user, or the title of the page
        name: String,
    },
    /// How many there are
    List {
        /// Also the names
        #[arg(long)]
        private: bool,
    },
}

/// What a name is the name of.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A user
    User,
    /// A page
    Page,
}

impl Kind {
    fn what(self) -> What {
        match self {
            Kind::User => What::User,
            Kind::Page => What::Page,
        }
    }
}

/// Carries out a command; false: there was nothing to take off the list. Errs when wiki or database cannot be reached.
pub async fn run(boot: &Boot, command: &Suppress, args: &CommonArgs) -> anyhow::Result<bool> {
    let seed = job::seed(args);
    let is_read = args.dry_run || matches!(command, Suppress::List { .. });
    let db = job::database(boot, if is_read { Access::ReadOnly } else { Access::Write }, seed)?;
    if !is_read {
        db.create_database_if_missing().await?;
        db.migrate().await?;
    }
    let done = carry_out(boot, &db, command, args, seed).await;
    db.close().await;
    done
}

async fn carry_out(boot: &Boot, db: &Db, command: &Suppress, args: &CommonArgs, seed: u64) -> anyhow::Result<bool> {
    let wiki = job::wiki_config(boot).wiki_id()?;
    if let Suppress::List { private } = command {
        list(db, &wiki, *private, args.json).await?;
        return Ok(true);
    }
    let session = job::login(boot, seed, Stop::new()).await?;
    match command {
        Suppress::List { .. } => Ok(true),
        Suppress::Add { kind, name, by, reason } => {
            let by = by.clone().or_else(|| job::environment("USER"));
            let clean = |text: &str| clean_reason(text).map_err(anyhow::Error::msg);
            let (name, user_id) = named(&session, *kind, name).await?;
            let entry = Entry {
                what: kind.what(),
                name,
                user_id,
                by: clean(&by.unwrap_or_default())?.unwrap_or_else(|| "operator".to_owned()),
                since: boot.clock.now(),
                reason: clean(reason)?.unwrap_or_default(),
            };
            let is_new = match args.dry_run {
                true => known(db, &wiki, &entry).await?,
                false => add(db, &wiki, &entry).await?,
            };
            if !args.dry_run {
                forget::make_stale(db, &wiki, about(*kind, &entry.name, user_id)).await?;
            }
            let said = match (args.dry_run, is_new) {
                (true, _) => "Dry run, nothing is written.",
                (false, true) => "It is named on no page from the next run on.",
                (false, false) => "It was on the list; who, account and why are new.",
            };
            tell(said, json!({"new": is_new}), args.json);
            Ok(true)
        }
        Suppress::Del { kind, name } => {
            let (name, _) = named(&session, *kind, name).await?;
            let was_there = match args.dry_run {
                true => db
                    .read_if_there(async |db| suppress::all(db, &wiki).await)
                    .await?
                    .hides(kind.what(), &name),
                false => {
                    db.transaction("taking a name off a list", async |tx: &mut Tx<'_>| {
                        suppress::del(tx, &wiki, kind.what(), &name).await
                    })
                    .await?
                }
            };
            let said = match (args.dry_run, was_there) {
                (_, false) => "It is not on the list.",
                (true, true) => "Dry run, nothing is written.",
                (false, true) => "It may be named again from the next run on.",
            };
            tell(said, json!({"was_there": was_there}), args.json);
            Ok(was_there)
        }
        Suppress::Forget { kind, name } => {
            let (name, user_id) = named(&session, *kind, name).await?;
            if args.dry_run {
                tell("Dry run, nothing is written.", json!({"rows": 0}), args.json);
                return Ok(true);
            }
            let rows = forget::forget(db, &wiki, about(*kind, &name, user_id)).await?;
            let said = format!("{rows} rows no longer name it; the next run writes their lines of the log anew.");
            tell(&said, json!({"rows": rows}), args.json);
            Ok(true)
        }
    }
}

fn about(kind: Kind, name: &str, user_id: Option<UserId>) -> About<'_> {
    match kind {
        Kind::User => About::User(user_id, name),
        Kind::Page => About::Page(name),
    }
}

/// Whether a name would be a new one.
async fn known(db: &Db, wiki: &str, entry: &Entry) -> anyhow::Result<bool> {
    let all = db.read_if_there(async |db| suppress::all(db, wiki).await).await?;
    Ok(!all
        .private_entries()
        .iter()
        .any(|one| one.what == entry.what && one.name == entry.name))
}

async fn add(db: &Db, wiki: &str, entry: &Entry) -> anyhow::Result<bool> {
    let added = db.transaction("adding a name to a list", async |tx: &mut Tx<'_>| {
        suppress::add(tx, wiki, entry).await
    });
    Ok(added.await?)
}

fn tell(said: &str, json: serde_json::Value, is_json: bool) {
    if is_json {
        println!("{json}");
    } else {
        println!("{said}");
    }
}

/// The name as the wiki writes it, and the account of a user.
async fn named(session: &Session, kind: Kind, name: &str) -> anyhow::Result<(String, Option<UserId>)> {
    let site = session.site();
    ensure!(
        name.len() <= MAX_NAME,
        "the name is too long: {MAX_NAME} bytes are allowed"
    );
    if kind == Kind::Page {
        let title = site.title(name).map_err(anyhow::Error::msg)?;
        return Ok((site.prefixed(&title), None));
    }
    let title = site.title_in(USER, name).map_err(anyhow::Error::msg)?;
    if title.text.contains('/') {
        bail!("this is no name of a user: it has a slash");
    }
    let asked = [("list", "users"), ("ususers", title.text.as_str())];
    let users = session.list(&asked, "users").await?;
    let user_id = users.first().and_then(|user| user["userid"].as_u64()).map(UserId);
    Ok((title.text, user_id.filter(|id| id.0 != 0)))
}

async fn list(db: &Db, wiki: &str, private: bool, is_json: bool) -> anyhow::Result<()> {
    let all = db.read_if_there(async |db| suppress::all(db, wiki).await).await?;
    let entries = all.private_entries();
    let count = |what: What| entries.iter().filter(|entry| entry.what == what).count();
    let (users, pages) = (count(What::User), count(What::Page));
    let names: Vec<serde_json::Value> = entries
        .iter()
        .filter(|_| private)
        .map(|entry| {
            json!({"what": entry.what.word(), "name": entry.name, "by": entry.by, "since": entry.since, "reason": entry.reason})
        })
        .collect();
    if is_json {
        println!("{}", json!({"users": users, "pages": pages, "entries": names}));
        return Ok(());
    }
    println!("{users} users and {pages} pages are named on no page.");
    for entry in entries.iter().filter(|_| private) {
        let reason = if entry.reason.is_empty() {
            String::new()
        } else {
            format!(" ({})", entry.reason)
        };
        let since = entry.since.format("%Y-%m-%d %H:%M");
        let line = format!(
            "{} {}, since {since} UTC by {}{reason}",
            entry.what.word(),
            entry.name,
            entry.by
        );
        println!("{}", terminal(&line));
    }
    Ok(())
}
