//! The part of a run that has a database: login, settings page, the job's own work, status page.

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::ended::{Ended, error_ending, is_lost, wiki_ending};
use super::lock::Lock;
use super::{Job, Report, Run, login, settings};
use crate::args::CommonArgs;
use crate::boot::Boot;
use crate::core::text::terminal;
use crate::core::types::{Problem, RevId, Timestamp};
use crate::db::settings_rev::{self, Kind};
use crate::db::{Db, Fence, Lease, memo};
use crate::others::Others;
use crate::outcome::Ending;
use crate::settings::{Accepted, Loaded, Verdict};
use crate::status::Pages;
use crate::switch::Halt;
use crate::wiki::{Error, Session, Stop};

/// The wiki's times are whole seconds, and its clock may be a little behind ours: an edit made right after a moment can
/// seem to be older than it.
const SAME_MOMENT: chrono::TimeDelta = chrono::TimeDelta::seconds(5);

/// The part of a run that has a database.
pub(crate) struct Stage<'a, J> {
    pub(crate) job: &'a J,
    pub(crate) boot: &'a Boot,
    pub(crate) args: &'a CommonArgs,
    pub(crate) db: &'a Db,
    pub(crate) fence: Option<Fence>,
    pub(crate) started: Timestamp,
    pub(super) seed: u64,
    pub(super) stop: Stop,
}

impl<J: Job> Stage<'_, J> {
    /// Runs to the end; the lease comes back, to be released last.
    pub(super) async fn go(&mut self, lease: Option<Lease>) -> (Ended, Option<Lease>) {
        let session = match login(self.boot, self.seed, self.stop.clone()).await {
            Ok(session) => session,
            Err(error) => {
                let ending = wiki_ending(&error);
                return (
                    Ended::failed(ending, &anyhow::Error::new(error).context("logging in")),
                    lease,
                );
            }
        };
        let (mut ended, lease) = self.with_session(&session, lease).await;
        ended.requests = session.counts();
        (ended, lease)
    }

    async fn with_session(&mut self, session: &Session, lease: Option<Lease>) -> (Ended, Option<Lease>) {
        let wiki = session.wiki_id();
        let known = self.last_accepted(&wiki).await;
        let known = match known {
            Ok(known) => known,
            Err(error) => return (Ended::failed(Ending::Temporary, &error.into()), lease),
        };
        let loaded = match self.load(session, known).await {
            Ok(loaded) => loaded,
            Err(error) => {
                let ending = wiki_ending(&error);
                return (
                    Ended::failed(ending, &anyhow::Error::new(error).context("reading the settings page")),
                    lease,
                );
            }
        };
        let mut page = Pages::new(self, session, &wiki, &loaded);
        if let Err(error) = page.record(self.boot.clock.now()).await {
            return (Ended::failed(Ending::Temporary, &error), lease);
        }
        let settings_revid = loaded.page.revid().unwrap_or(RevId(0));
        let accepted = match loaded.verdict {
            Verdict::NotTrusted(why) => {
                let mut ended = Ended::failed(Ending::Configuration, &why.into());
                ended.settings = Some(settings_revid);
                return (ended, lease);
            }
            Verdict::Rejected(problems) => {
                for problem in &problems {
                    tracing::error!("{}, revision {settings_revid}: {problem}", self.boot.settings_title);
                }
                let mut ended = Ended::early(Ending::Configuration);
                ended.errors = problems.iter().map(ToString::to_string).collect();
                ended.settings = Some(settings_revid);
                ended.edits = page.save_rejected(&problems).await;
                return (ended, lease);
            }
            Verdict::Accepted(accepted) => *accepted,
        };
        if !accepted.parsed.common.enabled {
            tracing::info!("off since settings revision {} (enabled: false)", accepted.revid);
            let mut ended = Ended::early(Ending::Fine);
            ended.success = true;
            ended.edits = page.save_accepted(&accepted, None).await;
            return (ended, lease);
        }
        for warning in &accepted.parsed.warnings {
            tracing::warn!("{}: {warning}", self.boot.settings_title);
        }
        let mut editor = page.editor(&accepted);
        let limits = async {
            let trial_since = self.trial_since(&accepted).await?;
            anyhow::Ok((trial_since, page.halt_at_start(&accepted).await?))
        };
        match limits.await {
            Ok((trial_since, halt)) => {
                editor.trial_since = trial_since;
                editor.counted_since = page.released();
                if let Some(halt) = halt {
                    tracing::warn!("{}", terminal(&halt.to_string()));
                    let _ = editor.halt(halt);
                }
            }
            Err(error) => return (Ended::failed(Ending::Temporary, &error), lease),
        }
        let mut run = Run {
            args: self.args.clone(),
            session: session.clone(),
            db: self.db.clone(),
            wiki: wiki.clone(),
            accepted,
            editor,
            clock: self.boot.clock,
            started: self.started,
            rng: StdRng::seed_from_u64(self.seed),
            stop: self.stop.clone(),
            others: Others::new(self.boot, self.seed, &self.stop),
            lock: Lock::new(lease),
            until: None,
            errors: Vec::new(),
            ending: Ending::Fine,
        };
        let result = self.job.work(&mut run).await;
        self.after_work(run, result, &mut page).await
    }

    /// Settings page and neighbours, judged; what only the wiki can tell about well-formed settings included.
    async fn load(&self, session: &Session, known: Option<RevId>) -> Result<Loaded<J::Settings>, Error> {
        let mut loaded = settings::<J::Settings>(self.boot, session, known).await?;
        if let Verdict::Accepted(accepted) = &mut loaded.verdict
            && accepted.parsed.common.enabled
        {
            let problems = self.job.check(session, &accepted.parsed.settings).await?;
            let all = accepted.parsed.warnings.drain(..).chain(problems);
            let all: Vec<Problem> = all.collect();
            if all.iter().any(Problem::is_error) {
                loaded.verdict = Verdict::Rejected(all);
            } else {
                accepted.parsed.warnings = all;
            }
        }
        Ok(loaded)
    }

    async fn after_work(
        &self,
        mut run: Run<J::Settings>,
        result: anyhow::Result<Report>,
        page: &mut Pages<'_, J>,
    ) -> (Ended, Option<Lease>) {
        let mut ended = Ended::early(run.ending);
        match result {
            Ok(report) => {
                ended.report = report;
                ended.success = true;
            }
            Err(error) => {
                tracing::warn!("{}", terminal(&format!("{error:#}")));
                run.errors.push(format!("{error:#}"));
                ended.ending = error_ending(&error);
                ended.is_lost = is_lost(&error);
                // A stop that was asked for is no failure.
                ended.success = self.stop.is_stopped();
            }
        }
        match run.editor.halted() {
            Some(Halt::Cap(_)) if page.is_new_halt() => ended.ending = Ending::Item,
            Some(Halt::Account { .. }) => ended.ending = Ending::Configuration,
            _ => {}
        }
        let lost = ended.is_lost;
        let halted = run.editor.halted().cloned();
        let is_refused = halted.as_ref().is_some_and(Halt::is_refusal);
        if !self.stop.is_stopped() && !lost && !is_refused {
            page.take_editor(run.editor);
            page.save_accepted(&run.accepted, halted.as_ref()).await;
            ended.edits = page.edits();
        } else {
            ended.edits = run.editor.edits;
        }
        ended.settings = Some(run.accepted.revid);
        ended.errors = run.errors;
        (ended, run.lock.into_lease())
    }

    async fn last_accepted(&self, wiki: &str) -> Result<Option<RevId>, crate::db::Error> {
        let last = self
            .db
            .read_if_there(async |db| settings_rev::last_accepted(db, J::NAME, wiki, Kind::Settings).await)
            .await?;
        Ok(last.map(|rev| rev.revid))
    }

    /// When the trial that the settings name was first seen: it counts from there, over later saves of the page.
    async fn trial_since(&self, accepted: &Accepted<J::Settings>) -> anyhow::Result<Option<Timestamp>> {
        let (Some(trial), Some(fence)) = (&accepted.parsed.common.trial, &self.fence) else {
            return Ok(None);
        };
        let name = format!("trial {} {}", trial.edits, trial.until);
        let known = self
            .db
            .read(async |db| memo::get(db, J::NAME, &fence.wiki, &name).await)
            .await?;
        if let Some(known) = known {
            return Ok(Some(known.updated - SAME_MOMENT));
        }
        let started = self.started;
        self.db
            .fenced(fence, "noting the start of the trial", async |tx| {
                memo::set(tx, &name, "", started).await
            })
            .await?;
        Ok(Some(started - SAME_MOMENT))
    }
}
