//! What a run tells the wiki about itself: it remembers every settings, draft and stop revision it saw, and keeps the
//! status page. Failures here never fail the run: they are logged, and the next run writes the page.

mod draft;

use crate::args::CommonArgs;
use crate::boot::Boot;
use crate::core::settings::Common;
use crate::core::text::terminal;
use crate::core::types::{Problem, RevId, Timestamp};
use crate::db::settings_rev::{self, Kind, Seen};
use crate::db::{Db, Fence, cap_hold, edit_log, run as run_record};
use crate::editor::{Computed, Editor, State};
use crate::feedback::{self, InForce, MARKER, SavedBy, Status, Totals};
use crate::job::{Job, Stage, VERSION};
use crate::messages::Messages;
use crate::page::PageState;
use crate::settings::{Accepted, JobSettings, Loaded, Verdict, below, parse};
use crate::switch::{Halt, Switch};
use crate::trust::Trust;
use crate::wiki::Session;

/// The pages around a job's settings.
pub(crate) struct Pages<'a, J: Job> {
    job: &'a J,
    boot: &'a Boot,
    args: &'a CommonArgs,
    session: &'a Session,
    db: &'a Db,
    wiki: &'a str,
    fence: Option<Fence>,
    started: Timestamp,
    page: PageState,
    status: PageState,
    draft: PageState,
    stop: Option<Halt>,
    rights: Vec<String>,
    blocked: Option<String>,
    switch: Switch,
    at: Timestamp,
    verdict: settings_rev::Verdict,
    problems: Vec<Problem>,
    written_by: Option<String>,
    yaml: Option<String>,
    held_before: bool,
    released: Option<Timestamp>,
    editor: Option<Editor>,
    /// What the draft would have done lately.
    tested: Option<String>,
}

impl<'a, J: Job> Pages<'a, J> {
    pub(crate) fn new(stage: &Stage<'a, J>, session: &'a Session, wiki: &'a str, loaded: &Loaded<J::Settings>) -> Self {
        let (verdict, problems, written_by, yaml) = match &loaded.verdict {
            Verdict::Accepted(accepted) => (
                settings_rev::Verdict::Accepted,
                accepted.parsed.warnings.clone(),
                accepted.written_by.clone(),
                Some(accepted.parsed.yaml.clone()),
            ),
            Verdict::Rejected(problems) => (settings_rev::Verdict::Rejected, problems.clone(), None, None),
            Verdict::NotTrusted(why) => (
                settings_rev::Verdict::Untrusted,
                vec![Problem::error("", why.to_string())],
                None,
                None,
            ),
        };
        Pages {
            job: stage.job,
            boot: stage.boot,
            args: stage.args,
            session,
            db: stage.db,
            wiki,
            fence: stage.fence.clone(),
            started: stage.started,
            page: loaded.page.clone(),
            status: loaded.status.clone(),
            draft: loaded.draft.clone(),
            stop: loaded.stop.clone(),
            rights: loaded.rights.clone(),
            blocked: loaded.blocked.clone(),
            switch: loaded.switch.clone(),
            at: loaded.at,
            verdict,
            problems,
            written_by,
            yaml,
            held_before: false,
            released: None,
            editor: None,
            tested: None,
        }
    }

    /// Remembers what was read, revision by revision; an unchanged revision writes nothing.
    pub(crate) async fn record(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let Some(fence) = self.fence.clone() else { return Ok(()) };
        let revid = self.page.revid().unwrap_or(RevId(0));
        let known = self
            .db
            .read(async |db| settings_rev::get(db, J::NAME, self.wiki, Kind::Settings, revid).await)
            .await?;
        if let Some(known) = known.filter(|known| known.verdict == self.verdict) {
            self.written_by = known.text_user.or(self.written_by.take());
            if let Ok(problems) = serde_json::from_str(&known.problems) {
                self.problems = problems;
            }
            return Ok(());
        }
        if let (settings_rev::Verdict::Accepted, Some(text)) = (self.verdict, self.page.text())
            && let Ok(parsed) = parse::<J::Settings>(text, &self.page.model, &self.page.title, self.session.site())
        {
            self.problems
                .extend(self.job.warnings(self.session, &parsed.settings).await?);
        }
        let problems = serde_json::to_string(&self.problems)?;
        let revision = self.page.revision.as_ref();
        let seen = Seen {
            kind: Kind::Settings,
            revid,
            user: revision.and_then(|r| r.user.as_deref()),
            user_id: revision.map(|r| r.user_id),
            text_user: self.written_by.as_deref(),
            saved_at: revision.map(|r| r.timestamp),
            verdict: self.verdict,
            problems: &problems,
            yaml: self.yaml.as_deref(),
            sha: revision.map_or("", |r| r.sha1.as_str()),
        };
        self.db
            .fenced(&fence, "storing a settings revision", async |tx| {
                settings_rev::record(tx, &seen, now).await
            })
            .await?;
        Ok(())
    }

    /// The editor of this run.
    pub(crate) fn editor(&self, accepted: &Accepted<J::Settings>) -> Editor {
        let mut editor = self.editor_with(accepted.parsed.common.clone(), accepted.revid);
        editor.scope = J::scope(&accepted.parsed.settings, self.session.account());
        editor
    }

    fn editor_with(&self, common: Common, obeyed: RevId) -> Editor {
        Editor {
            rights: self.rights.clone(),
            ..Editor::new(
                self.boot,
                self.session,
                self.db,
                self.switch.clone(),
                obeyed,
                common,
                self.fence.clone(),
            )
        }
    }

    /// Why this run may not write from the beginning: operator, stop page, block, dangerous rights, a cap.
    pub(crate) async fn halt_at_start(&mut self, accepted: &Accepted<J::Settings>) -> crate::db::Result<Option<Halt>> {
        if self.boot.edits_off {
            return Ok(Some(Halt::Operator(format!(
                "{}=off",
                crate::boot::job_variable(J::NAME, "EDIT")
            ))));
        }
        if let Some(reason) = &self.blocked {
            return Ok(Some(Halt::Account {
                code: "blocked".to_owned(),
                info: reason.clone(),
            }));
        }
        let may = |right: &str| self.rights.iter().any(|r| r == right);
        if may("checkuser-temporary-account") || may("checkuser-temporary-account-no-preference") {
            return Ok(Some(Halt::Account {
                code: "ip-reveal".to_owned(),
                info: "the bot's account may see the addresses of temporary accounts: take that right away".to_owned(),
            }));
        }
        if !may("bot") {
            return Ok(Some(Halt::Account {
                code: "assertbotfailed".to_owned(),
                info: "the account has no bot flag".to_owned(),
            }));
        }
        if let Some(stop) = &self.stop {
            return Ok(Some(stop.clone()));
        }
        if self.fence.is_none() {
            return Ok(None);
        }
        let account = self.session.account();
        let held = self
            .db
            .read(async |db| cap_hold::get(db, J::NAME, self.wiki, account).await)
            .await?;
        match held {
            Some(held) if held.settings_revid == accepted.revid => {
                self.held_before = true;
                Ok(Some(Halt::Cap(held.reason)))
            }
            // An admin has looked: edits count anew from the moment when the cap was reached.
            Some(held) => {
                self.released = Some(held.since);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// When the cap was reached that an admin has released since.
    pub(crate) fn released(&self) -> Option<Timestamp> {
        self.released
    }

    /// Whether a cap was reached by this very run.
    pub(crate) fn is_new_halt(&self) -> bool {
        !self.held_before
    }

    /// Takes the run's editor back, so that its edits and pace go on counting.
    pub(crate) fn take_editor(&mut self, editor: Editor) {
        self.editor = Some(editor);
    }

    /// Edits saved by the editor that [`Pages::take_editor`] took.
    pub(crate) fn edits(&self) -> u64 {
        self.editor.as_ref().map_or(0, |editor| editor.edits)
    }

    /// The status page of a malformed revision. Says how many edits were made.
    pub(crate) async fn save_rejected(&mut self, problems: &[Problem]) -> u64 {
        let Some(saved) = self.saved_by() else { return 0 };
        let obeyed = saved.revid;
        self.editor = Some(self.editor_with(Common::default(), obeyed));
        self.save(None, InForce::Rejected(saved, problems.to_vec()), None).await
    }

    /// The status page of an accepted revision, on or off.
    pub(crate) async fn save_accepted(&mut self, accepted: &Accepted<J::Settings>, halted: Option<&Halt>) -> u64 {
        let Some(saved) = self.saved_by() else { return 0 };
        let common = accepted.parsed.common.clone();
        if let Err(error) = self.test_draft(accepted).await {
            tracing::warn!("the draft was not tried: {}", terminal(&format!("{error:#}")));
        }
        if self.editor.is_none() {
            self.editor = Some(self.editor(accepted));
        }
        let in_force = if common.enabled {
            InForce::Accepted {
                saved,
                written_by: self.written_by.clone(),
                ends: match accepted.trust {
                    Trust::Protected { ends } => ends,
                    Trust::UserJson => None,
                },
                warnings: self.problems.clone(),
                halted: halted.map(ToString::to_string),
            }
        } else {
            InForce::Off(saved)
        };
        self.save(Some(&common), in_force, Some(&accepted.parsed.yaml)).await
    }

    fn saved_by(&self) -> Option<SavedBy> {
        saved_by(&self.page)
    }

    async fn save(&mut self, common: Option<&Common>, in_force: InForce, yaml: Option<&str>) -> u64 {
        match self.try_save(common, in_force, yaml).await {
            Ok(saved) => u64::from(saved),
            Err(error) => {
                tracing::warn!("the status page was not saved: {}", terminal(&format!("{error:#}")));
                0
            }
        }
    }

    async fn try_save(
        &mut self,
        common: Option<&Common>,
        in_force: InForce,
        yaml: Option<&str>,
    ) -> anyhow::Result<bool> {
        let Some(mut editor) = self.editor.take() else {
            return Ok(false);
        };
        let result = self.compute_and_save(&mut editor, common, in_force, yaml).await;
        self.editor = Some(editor);
        result
    }

    async fn compute_and_save(
        &self,
        editor: &mut Editor,
        common: Option<&Common>,
        in_force: InForce,
        yaml: Option<&str>,
    ) -> anyhow::Result<bool> {
        if self.fence.is_none() {
            return Ok(false);
        }
        editor.log_forgotten(&self.status).await?;
        let now = self.boot.clock.now();
        let messages = Messages::new(common, J::Settings::MESSAGES);
        let lines = self
            .job
            .lines(self.db, self.wiki, self.session.site(), &messages, now)
            .await?;
        let (last_run, totals) = {
            let mut conn = self.db.conn().await?;
            let mut totals = [Totals::default(); 2];
            for (totals, hours) in totals.iter_mut().zip([24, 7 * 24]) {
                let since = now - chrono::TimeDelta::hours(hours);
                let sums = run_record::totals_since(&mut conn, J::NAME, self.wiki, since).await?;
                // Runs are counted with this one; its edits are in the log already, but not yet in its record.
                let edits = edit_log::count_of_job(&mut conn, J::NAME, self.wiki, since).await?;
                *totals = Totals {
                    runs: sums.runs,
                    edits,
                    errors: sums.errors,
                };
            }
            (run_record::last_finished(&mut conn, J::NAME, self.wiki).await?, totals)
        };
        let this_run = self.started;
        // By the distance of the last two starts: the schedule itself is not known here.
        let next_run = last_run.as_ref().map(|last| this_run + (this_run - last.started));
        let page = Status {
            site: self.session.site(),
            messages,
            job: J::NAME,
            bot: self.session.account(),
            version: VERSION,
            settings: &self.switch.settings,
            stop: &self.switch.stop,
            in_force,
            draft: self.draft_verdict(yaml),
            last_run: last_run.and_then(|run| run.finished),
            next_run,
            operator: self.boot.operator.as_deref(),
            newest: self.at,
            totals,
            done: lines.done,
            waiting: lines.waiting,
        }
        .page();
        let saved_at = self.status.revision.as_ref().map(|r| r.timestamp);
        if !feedback::is_due(self.status.text(), saved_at, &page, now) {
            return Ok(false);
        }
        let asked_again = self.asked_again(editor).await?;
        let state = State {
            title: &below(&self.switch.settings, "Status"),
            marker: Some(MARKER),
            is_status_page: true,
            asked_again,
        };
        let computed = Computed {
            text: page,
            summary: "Updated the status of the job".to_owned(),
        };
        Ok(editor
            .save_state(&state, |_| Ok(Some(computed.clone())))
            .await?
            .is_some())
    }

    /// Whether an admin saved the settings again after people had taken the status page away: deleted it, moved it, or
    /// taken our marks off it. Then it comes back.
    async fn asked_again(&self, editor: &Editor) -> anyhow::Result<bool> {
        let Some(settings) = self.page.revision.as_ref() else {
            return Ok(false);
        };
        if self.status.text().is_some_and(|text| text.contains(MARKER)) {
            return Ok(false);
        }
        let title = self.session.site().prefixed(&below(&self.switch.settings, "Status"));
        let ours = self
            .db
            .read(async |db| edit_log::last_on_title(db, self.wiki, &title).await)
            .await?;
        match (ours, &self.status.revision) {
            (None, _) => Ok(false),
            (Some(_), Some(theirs)) => Ok(settings.revid > theirs.revid),
            (Some(ours), None) => {
                Ok(settings.timestamp > ours.at && !editor.deleted_since(&title, settings.timestamp).await?)
            }
        }
    }
}

fn saved_by(page: &PageState) -> Option<SavedBy> {
    let revision = page.revision.as_ref()?;
    Some(SavedBy {
        revid: revision.revid,
        user: revision.user.clone()?,
        at: revision.timestamp,
    })
}
