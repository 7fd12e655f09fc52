//! `suppress`: names that stand on no page that a job writes, as every job keeps them by hand. The list is in the database
//! only: its names go to no page and no log, and are printed only where a person asks for them with `--private`.

use anyhow::{bail, ensure};
use serde_json::json;

use crate::args::CommonArgs;
use crate::boot::Boot;
use crate::core::link::{Key, PathHosts};
use crate::core::lists::clean_reason;
use crate::core::text::terminal;
use crate::core::types::UserId;
use crate::db::suppress::{self, Entry, What};
use crate::db::{Access, Db, Tx};
use crate::job;
use crate::wiki::{Session, Stop};

/// Longest name, in bytes.
const MAX_NAME: usize = 512;
/// Namespace of users.
const USER: i32 = 2;

/// What is to be shown nowhere. `K`: the kinds of names that the job knows.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Suppress<K: clap::ValueEnum + Send + Sync + 'static> {
    /// From now on it is named nowhere; lines that name it are written anew
    Add {
        /// What it is the name of
        kind: K,
        /// The name of a user, the title of a page …
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
        kind: K,
        /// The name of a user, the title of a page …
        name: String,
    },
    /// Erases it from the database too; the counts stay
    Forget {
        /// What it is the name of
        kind: K,
        /// The name of a user, the title of a page …
        name: String,
    },
    /// How many there are
    List {
        /// Also the names
        #[arg(long)]
        private: bool,
    },
}

/// A name as the wiki, or the list, writes it.
pub struct Named<'a> {
    /// What it is the name of.
    pub what: What,
    /// The name: of a host its key in ASCII, of a page or report the title with namespace.
    pub name: &'a str,
    /// Of a user: the account.
    pub user_id: Option<UserId>,
}

/// What only the job can do about a name.
pub trait Names {
    /// The kinds of names it knows, the words of the command line.
    type Kind: clap::ValueEnum + Copy + Into<What> + Send + Sync + 'static;
    /// Sees to it that the next run writes lines anew that name it.
    fn make_stale(&self, db: &Db, wiki: &str, name: &Named<'_>) -> impl Future<Output = anyhow::Result<()>>;
    /// Erases it from what is recorded; how many rows changed.
    fn forget(&self, db: &Db, wiki: &str, name: &Named<'_>) -> impl Future<Output = anyhow::Result<u64>>;
}

/// Carries out a command; false: there was nothing to take off the list. Errs when wiki or database cannot be reached.
pub async fn run<N: Names>(
    boot: &Boot,
    command: &Suppress<N::Kind>,
    args: &CommonArgs,
    names: &N,
) -> anyhow::Result<bool> {
    let seed = job::seed(args);
    let is_read = args.dry_run || matches!(command, Suppress::List { .. });
    let db = job::database(boot, if is_read { Access::ReadOnly } else { Access::Write }, seed)?;
    if !is_read {
        db.create_database_if_missing().await?;
        db.migrate().await?;
    }
    let done = carry_out(boot, &db, command, args, names).await;
    db.close().await;
    done
}

async fn carry_out<N: Names>(
    boot: &Boot,
    db: &Db,
    command: &Suppress<N::Kind>,
    args: &CommonArgs,
    names: &N,
) -> anyhow::Result<bool> {
    let wiki = job::wiki_config(boot).wiki_id()?;
    if let Suppress::List { private } = command {
        list::<N>(db, &wiki, *private, args.json).await?;
        return Ok(true);
    }
    let session = job::login(boot, job::seed(args), Stop::new()).await?;
    match command {
        Suppress::List { .. } => Ok(true),
        Suppress::Add { kind, name, by, reason } => {
            let by = by.clone().or_else(|| job::environment("USER"));
            let clean = |text: &str| clean_reason(text).map_err(anyhow::Error::msg);
            let what: What = (*kind).into();
            let (name, user_id) = named(&session, what, name).await?;
            let entry = Entry {
                what,
                name,
                user_id,
                by: clean(&by.unwrap_or_default())?.unwrap_or_else(|| "operator".to_owned()),
                since: boot.clock.now(),
                reason: clean(reason)?.unwrap_or_default(),
            };
            let is_new = match args.dry_run {
                true => is_unknown(db, &wiki, &entry).await?,
                false => add(db, &wiki, &entry).await?,
            };
            if !args.dry_run {
                let name = Named {
                    what,
                    name: &entry.name,
                    user_id,
                };
                names.make_stale(db, &wiki, &name).await?;
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
            let what: What = (*kind).into();
            let (name, _) = named(&session, what, name).await?;
            let was_there = match args.dry_run {
                true => db
                    .read_if_there(async |db| suppress::all(db, &wiki).await)
                    .await?
                    .hides(what, &name),
                false => {
                    db.transaction("taking a name off a list", async |tx: &mut Tx<'_>| {
                        suppress::del(tx, &wiki, what, &name).await
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
            let what: What = (*kind).into();
            let (name, user_id) = named(&session, what, name).await?;
            if args.dry_run {
                tell("Dry run, nothing is written.", json!({"rows": 0}), args.json);
                return Ok(true);
            }
            let name = Named {
                what,
                name: &name,
                user_id,
            };
            let rows = names.forget(db, &wiki, &name).await?;
            let said = format!("{rows} rows no longer name it; the next run writes their lines anew.");
            tell(&said, json!({"rows": rows}), args.json);
            Ok(true)
        }
    }
}

/// Whether a name would be a new one.
async fn is_unknown(db: &Db, wiki: &str, entry: &Entry) -> anyhow::Result<bool> {
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
async fn named(session: &Session, what: What, name: &str) -> anyhow::Result<(String, Option<UserId>)> {
    let site = session.site();
    ensure!(
        name.len() <= MAX_NAME,
        "the name is too long: {MAX_NAME} bytes are allowed"
    );
    match what {
        What::Page | What::Report => {
            let title = site.title(name).map_err(anyhow::Error::msg)?;
            return Ok((site.prefixed(&title), None));
        }
        What::Host => {
            let key = Key::from_name(name, &PathHosts::default()).map_err(anyhow::Error::msg)?;
            return Ok((key.ascii(), None));
        }
        What::User => {}
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

/// `1 users and 0 pages`, of the kinds that the job knows.
fn counted(counts: &[(What, usize)]) -> String {
    let parts: Vec<String> = counts.iter().map(|(what, n)| format!("{n} {}s", what.word())).collect();
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

async fn list<N: Names>(db: &Db, wiki: &str, private: bool, is_json: bool) -> anyhow::Result<()> {
    let all = db.read_if_there(async |db| suppress::all(db, wiki).await).await?;
    let entries = all.private_entries();
    let kinds = <N::Kind as clap::ValueEnum>::value_variants();
    let counts: Vec<(What, usize)> = kinds
        .iter()
        .map(|kind| {
            let what: What = (*kind).into();
            (what, entries.iter().filter(|entry| entry.what == what).count())
        })
        .collect();
    let names: Vec<serde_json::Value> = entries
        .iter()
        .filter(|_| private)
        .map(|entry| {
            json!({"what": entry.what.word(), "name": entry.name, "by": entry.by, "since": entry.since, "reason": entry.reason})
        })
        .collect();
    if is_json {
        let mut value = json!({"entries": names});
        for (what, n) in &counts {
            value[format!("{}s", what.word())] = json!(n);
        }
        println!("{value}");
        return Ok(());
    }
    println!("{} are named on no page.", counted(&counts));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_aloud() {
        let some = [(What::User, 1), (What::Page, 0), (What::Host, 7)];
        assert_eq!(counted(&some), "1 users, 0 pages and 7 hosts");
        assert_eq!(counted(&some[..2]), "1 users and 0 pages");
        assert_eq!(counted(&some[..1]), "1 users");
    }
}
