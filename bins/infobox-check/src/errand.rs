//! What an operator lets the job do for one page: `check` and `verify`. An errand is run as a scheduled run is, with its
//! lock, its switches, its guarded editor and its run record; it reads no changes and moves no checkpoint.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use shared::args::CommonArgs;
use shared::core::site::Site;
use shared::core::types::{Problem, Timestamp};
use shared::db::Db;
use shared::editor::Scope;
use shared::job::{self, End, Job, Lines, Report, Run};
use shared::messages::Messages;
use shared::wiki::{Error, Session};

use crate::context::Context;
use crate::job::InfoboxCheck;
use crate::settings::Settings;
use crate::verify::VerifyArgs;
use crate::{check, verify};

/// What is to be done.
pub enum Task {
    /// Look at a page, and mend its marks.
    Check(String),
    /// Write a line of an index page.
    Verify(VerifyArgs),
}

/// What became of it.
pub struct Done {
    /// Whether it is done, or there was nothing to do; otherwise it failed and was told.
    pub ok: bool,
    /// Rows written.
    pub rows: u64,
}

struct Errand {
    job: InfoboxCheck,
    task: Task,
    ok: AtomicBool,
}

/// Runs an errand. 0: done; 1: it failed; 75: another run is at work, or wiki or database do not answer; 78:
/// configuration.
pub async fn run(task: Task, args: &CommonArgs) -> ExitCode {
    let errand = Errand {
        job: InfoboxCheck::default(),
        task,
        ok: AtomicBool::new(false),
    };
    let code = job::run(&errand, args).await;
    // A scheduled run stays silent about what the next one mends: here a person waits for the answer.
    if code == ExitCode::SUCCESS && !errand.ok.load(Ordering::Relaxed) {
        return ExitCode::FAILURE;
    }
    code
}

impl Job for Errand {
    type Settings = Settings;
    const NAME: &'static str = InfoboxCheck::NAME;
    const PHASES: [&'static str; 4] = InfoboxCheck::PHASES;
    const BY_HAND: bool = true;

    fn scope(settings: &Settings, account: &str) -> Scope {
        InfoboxCheck::scope(settings, account)
    }

    async fn warnings(&self, session: &Session, settings: &Settings) -> Result<Vec<Problem>, Error> {
        self.job.warnings(session, settings).await
    }

    async fn check(&self, session: &Session, settings: &Settings) -> Result<Vec<Problem>, Error> {
        self.job.check(session, settings).await
    }

    async fn try_draft(&self, run: &mut Run<Settings>, messages: &Messages<'_>) -> anyhow::Result<Option<String>> {
        self.job.try_draft(run, messages).await
    }

    async fn work(&self, run: &mut Run<Settings>) -> anyhow::Result<Report> {
        let mut context = Context::new(run, self.job.surroundings()).await?;
        let done = match &self.task {
            Task::Check(title) => check::work(run, &mut context, title).await?,
            Task::Verify(args) => verify::work(run, &context, args).await?,
        };
        self.ok.store(done.ok, Ordering::Relaxed);
        Ok(Report {
            counts: String::new(),
            rows: done.rows,
        })
    }

    async fn lines(
        &self,
        db: &Db,
        wiki: &str,
        site: &Site,
        messages: &Messages<'_>,
        now: Timestamp,
    ) -> anyhow::Result<Lines> {
        self.job.lines(db, wiki, site, messages, now).await
    }

    fn log(&self, args: &CommonArgs, end: &End<'_>) {
        self.job.log(args, end);
    }
}
