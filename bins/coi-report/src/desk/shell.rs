//! The commands by hand. Those that keep a list ask the wiki how it writes a name, those about feeds for the settings in
//! force; the others read the database only.

use std::process::ExitCode;

use anyhow::Context as _;
use shared::args::CommonArgs;
use shared::boot::{Boot, LocalBoot};
use shared::core::hit::Config;
use shared::core::link::PathHosts;
use shared::core::lists::links::{self as grammar, Command};
use shared::core::site::Site;
use shared::core::types::Timestamp;
use shared::db::{Access, Db, Timing};
use shared::job;
use shared::manual::offline_site;
use shared::settings::Verdict;
use shared::wiki::{Session, Stop, wiki_id_of};

use super::{Answer, ByHand, Desk, answer};
use crate::settings::{self, Settings};
use crate::{NAME, ended};

/// Most hits of an answer.
const MOST: u32 = 50;

/// A command of the shell, with who gives it and why.
struct Given {
    words: Vec<String>,
    by: String,
    is_private: bool,
}

impl Given {
    fn read(&self, site: &Site, path_hosts: &PathHosts, now: Timestamp) -> anyhow::Result<Command> {
        grammar::parse_words(&self.words, site, path_hosts, now).map_err(anyhow::Error::msg)
    }
}

/// Carries out a command and prints the answer. 0: done, or found; 1: not, or the command was not understood; 75: the
/// database does not answer; 78: configuration.
pub async fn run(by_hand: &ByHand, args: &CommonArgs) -> ExitCode {
    let (given, draft) = match read(by_hand) {
        Ok(read) => read,
        Err(error) => return ended(&Err(error)),
    };
    if let Command::Help(topic) = &draft {
        let mut text = grammar::help(topic.as_deref());
        if topic.is_none() {
            text += "\nThe other subcommands and the flags: `coi-report --help`.";
        }
        return ended(&Ok(Answer::text(&text).print(args.json, false)));
    }
    if draft.changes() || matches!(draft, Command::Search(_) | Command::Feeds(_)) {
        return match job::boot(NAME, args) {
            Ok(boot) => ended(&keep(&given, &boot, args.dry_run || !draft.changes(), args).await),
            Err(code) => code,
        };
    }
    match job::boot_local(args) {
        Ok(boot) => ended(&ask(&given, boot, args).await),
        Err(code) => code,
    }
}

/// The command as far as it can be understood without its wiki: what it is about is read again by the wiki's rules.
fn read(by_hand: &ByHand) -> anyhow::Result<(Given, Command)> {
    let (by, reason) = by_hand.by_and_reason(job::environment)?;
    let mut words = by_hand.words();
    words.extend(reason.into_iter().flat_map(|reason| ["—".to_owned(), reason]));
    let given = Given {
        words,
        by,
        is_private: by_hand.is_private(),
    };
    let draft = given.read(&offline_site()?, &PathHosts::default(), Timestamp::UNIX_EPOCH)?;
    Ok((given, draft))
}

/// What only reads the database. `--settings` names a file here, as for all that asks no wiki.
async fn ask(given: &Given, boot: LocalBoot, args: &CommonArgs) -> anyhow::Result<bool> {
    let home = home(args)?.context("set WIKICREW_API_URL, or --api-url: the wiki whose settings page it is")?;
    let settings = settings::from_file(args)?;
    let now = boot.clock.now();
    let command = given.read(&offline_site()?, &settings.path_hosts, now)?;
    let db = Db::new(boot.database, Access::ReadOnly, Timing::default(), job::seed(args))?;
    let desk = Desk {
        db: &db,
        home: &home,
        path_hosts: &settings.path_hosts,
        config: &settings.config,
        feeds: &settings.feeds,
        channel: None,
        is_private: given.is_private,
        on_page: false,
        most: MOST,
    };
    let said = answer(&desk, &command, &given.by, now).await;
    db.close().await;
    Ok(said?.print(args.json, false))
}

/// What keeps or searches a list.
async fn keep(given: &Given, boot: &Boot, is_read: bool, args: &CommonArgs) -> anyhow::Result<bool> {
    let seed = job::seed(args);
    let db = job::database(boot, if is_read { Access::ReadOnly } else { Access::Write }, seed)?;
    let done = async {
        if !is_read {
            db.create_database_if_missing().await?;
            db.migrate().await?;
        }
        let session = job::login(boot, seed, Stop::new()).await?;
        let accepted = match job::settings::<Settings>(boot, &session, None).await?.verdict {
            Verdict::Accepted(accepted) => Some(accepted.parsed.settings),
            Verdict::Rejected(_) | Verdict::NotTrusted(_) => None,
        };
        if accepted.is_none() {
            tracing::warn!(
                "the settings are not accepted: names are read by the default settings, and no feed is known"
            );
        }
        let said = on_list(given, &db, &session, accepted, boot.clock.now()).await?;
        if let Some(effect) = said.effect.as_ref().filter(|_| !is_read) {
            db.transaction("carrying out a command", async |tx| effect.write(tx).await)
                .await?;
        }
        anyhow::Ok(said)
    };
    let said = done.await;
    db.close().await;
    Ok(said?.print(args.json, args.dry_run))
}

async fn on_list(
    given: &Given,
    db: &Db,
    session: &Session,
    accepted: Option<Settings>,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let (path_hosts, config, feeds) = match accepted {
        Some(settings) => (settings.path_hosts, settings.config, settings.feeds),
        None => (PathHosts::default(), Config::default(), Vec::new()),
    };
    let home = session.wiki_id();
    let desk = Desk {
        db,
        home: &home,
        path_hosts: &path_hosts,
        config: &config,
        feeds: &feeds,
        channel: None,
        is_private: true,
        on_page: false,
        most: MOST,
    };
    answer(&desk, &given.read(session.site(), &path_hosts, now)?, &given.by, now).await
}

/// Key of the wiki that the environment or the command line names; `None` where neither does. Errs on an address that
/// is none.
pub fn home(args: &CommonArgs) -> anyhow::Result<Option<String>> {
    if let Some(key) = job::environment("WIKICREW_WIKI").filter(|key| !key.trim().is_empty()) {
        return Ok(Some(key.trim().to_owned()));
    }
    let url = args.api_url.as_deref();
    url.map(|url| wiki_id_of(url, &[]).context("WIKICREW_API_URL"))
        .transpose()
}
