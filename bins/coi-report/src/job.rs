//! What makes coi-report a job: its name, its scope, its checks against the wiki, and its lines of the status page.

use shared::args::CommonArgs;
use shared::core::site::Site;
use shared::core::types::{Problem, Timestamp};
use shared::db::Db;
use shared::editor::Scope;
use shared::feeds;
use shared::job::{self, End, Job, Lines, Report, Run};
use shared::messages::Messages;
use shared::others;
use shared::wiki::{Error, Session};

use crate::settings::{Place, Settings, Wikis};
use crate::{Watching, backtest, status_lines};

/// Edits that a draft is tried on at most: anybody may save a draft.
const DRAFT_EDITS: usize = 2_000;

/// The job.
pub struct CoiReport {
    flags: Watching,
}

impl CoiReport {
    /// With the operator's flags.
    pub fn new(flags: Watching) -> CoiReport {
        CoiReport { flags }
    }
}

/// Where the settings let the job write: below its own user page, and where reports or commands were agreed to.
pub fn scope(settings: &Settings, account: &str) -> Scope {
    let mut scope = Scope::own_pages(account);
    if settings.report.approval.is_some() {
        scope = scope.and_below(settings.report_title(account));
    }
    match &settings.commands {
        Some(commands) => commands.widen(scope),
        None => scope,
    }
}

impl Job for CoiReport {
    type Settings = Settings;
    const NAME: &'static str = crate::NAME;
    const PHASES: [&'static str; 4] = ["fixed", "reads", "lookups", "safety"];

    fn shard(&self) -> String {
        self.flags.shard.map(|shard| shard.to_string()).unwrap_or_default()
    }

    fn scope(settings: &Settings, account: &str) -> Scope {
        scope(settings, account)
    }

    async fn warnings(&self, _session: &Session, _settings: &Settings) -> Result<Vec<Problem>, Error> {
        Ok(Vec::new())
    }

    async fn check(&self, session: &Session, settings: &Settings) -> Result<Vec<Problem>, Error> {
        let mut problems = settings.misplaced(session.account(), session.site());
        if let Some(commands) = &settings.commands {
            problems.extend(commands.check(session.account(), Self::NAME, session.site()));
        }
        let hosts = job::environment("WIKICREW_API_HOSTS");
        if let Wikis::List(list) = &settings.wikis {
            for (n, watched) in (1..).zip(list) {
                if let Place::Api(url) = &watched.place
                    && let Err(why) = others::allows(hosts.as_deref(), session.host(), url)
                {
                    problems.push(Problem::error(format!("wikis[{n}].api"), format!("{why:#}")));
                }
            }
        }
        Ok(problems)
    }

    async fn try_draft(&self, run: &mut Run<Settings>, messages: &Messages<'_>) -> anyhow::Result<Option<String>> {
        backtest::draft(run, messages, DRAFT_EDITS).await.map(Some)
    }

    async fn work(&self, run: &mut Run<Settings>) -> anyhow::Result<Report> {
        crate::run::work(run, &self.flags).await
    }

    async fn lines(
        &self,
        db: &Db,
        wiki: &str,
        site: &Site,
        messages: &Messages<'_>,
        now: Timestamp,
    ) -> anyhow::Result<Lines> {
        let mut lines = Lines {
            done: status_lines::done(db, wiki, messages, now).await?,
            waiting: status_lines::waiting(db, wiki, site, messages, now).await?,
        };
        lines
            .done
            .extend(feeds::status::done(db, Self::NAME, wiki, messages, now).await?);
        lines
            .waiting
            .extend(feeds::status::waiting(db, Self::NAME, wiki, messages, now).await?);
        Ok(lines)
    }

    fn log(&self, _args: &CommonArgs, _end: &End<'_>) {}
}
