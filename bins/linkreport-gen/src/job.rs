//! What makes linkreport-gen a job: its name, its scope, its checks against the wiki, and its lines of the status page.

use shared::args::CommonArgs;
use shared::core::report::Subject;
use shared::core::site::Site;
use shared::core::types::{Problem, Timestamp};
use shared::db::Db;
use shared::editor::Scope;
use shared::job::{self, End, Job, Lines, Report, Run};
use shared::messages::Messages;
use shared::others;
use shared::wiki::{Error, Session};

use crate::settings::{Place, Settings};
use crate::status_lines;

/// The job.
pub struct LinkreportGen {
    only: Option<Subject>,
}

impl LinkreportGen {
    /// A run of the schedule.
    pub fn scheduled() -> LinkreportGen {
        LinkreportGen { only: None }
    }

    /// A run that writes this report and nothing else, because the operator asks for it.
    pub fn only(subject: Subject) -> LinkreportGen {
        LinkreportGen { only: Some(subject) }
    }
}

impl Job for LinkreportGen {
    type Settings = Settings;
    const NAME: &'static str = crate::NAME;
    const PHASES: [&'static str; 4] = ["fixed", "reads", "lookups", "safety"];

    fn scope(settings: &Settings, account: &str) -> Scope {
        let scope = Scope::own_pages(account);
        match settings.here().approval {
            Some(_) => scope.and_below(settings.base(account)),
            None => scope,
        }
    }

    async fn warnings(&self, _session: &Session, _settings: &Settings) -> Result<Vec<Problem>, Error> {
        Ok(Vec::new())
    }

    async fn check(&self, session: &Session, settings: &Settings) -> Result<Vec<Problem>, Error> {
        let mut problems = settings.misplaced(session.account(), session.site());
        let hosts = job::environment("WIKICREW_API_HOSTS");
        for (n, target) in (1..).zip(&settings.targets) {
            if let Place::Api(url) = &target.place
                && let Err(why) = others::allows(hosts.as_deref(), session.host(), url)
            {
                problems.push(Problem::error(format!("targets[{n}].wiki"), format!("{why:#}")));
            }
        }
        Ok(problems)
    }

    async fn work(&self, run: &mut Run<Settings>) -> anyhow::Result<Report> {
        crate::run::work(run, self.only.as_ref()).await
    }

    async fn lines(
        &self,
        db: &Db,
        wiki: &str,
        site: &Site,
        messages: &Messages<'_>,
        now: Timestamp,
    ) -> anyhow::Result<Lines> {
        Ok(Lines {
            done: status_lines::done(db, wiki, messages, now).await?,
            waiting: status_lines::waiting(db, wiki, site, messages, now).await?,
        })
    }

    fn log(&self, _args: &CommonArgs, _end: &End<'_>) {}
}
