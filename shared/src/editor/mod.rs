//! The guarded editor: the only code that saves anything on a wiki. Every edit goes through the same gates, in this
//! order: dry run, the operator's switch, scope, caps and trial, pace; then one request reads the page together with
//! settings and stop page, and decides whether the switch still is on, whether people took the page away, and
//! whether `{{bots}}` asks to stay away; then the wiki itself compares the base revision.
//! How an edit is made exactly once is in `additive`; edits that are computed from the page itself in `state`.

mod additive;
mod limits;
mod look;
mod scope;
mod state;
mod tokens;
mod topic;

use std::time::Duration;

pub use additive::{Additive, Outcome};
pub use limits::Counts;
pub use look::Look;
pub use scope::Scope;
pub use state::{Computed, State};
pub use tokens::Found;
pub use topic::Topic;

use crate::boot::{Boot, job_variable};
use crate::clock::Clock;
use crate::core::bots::BotsNames;
use crate::core::settings::Common;
use crate::core::site::Title;
use crate::core::types::{RevId, Timestamp};
use crate::db::{Db, Fence, cap_hold, edit_log};
use crate::switch::{Halt, Switch};
use crate::wiki::{Error, Phase, Session};

/// From reading a page to sending the edit: if more time passes, it is read again.
const FRESH: Duration = Duration::from_secs(20);
/// Default pause between two edits of an account outside content namespaces.
const EDIT_INTERVAL: Duration = Duration::from_secs(5);
/// The same in content namespaces.
const CONTENT_INTERVAL: Duration = Duration::from_secs(10);
/// How often an edit conflict is answered by reading and deciding again.
pub const CONFLICTS: u32 = 3;

/// Why an edit was not made.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nothing more may be written in this run.
    #[error(transparent)]
    Halt(#[from] Halt),
    /// This page is not edited: a code and the reason, for people.
    #[error("{info} ({code})")]
    Page {
        /// The API's code, or one of ours: `scope`, `taken-away`, `not-ours`, `nobots`.
        code: String,
        /// The reason.
        info: String,
    },
    /// Somebody edited in between, or too much time has passed: read and decide again.
    #[error("the page has changed meanwhile")]
    Conflict,
    /// The edit was sent and its answer never came; the next run finds out.
    #[error("the edit was sent, but its answer never came ({0}): the next run looks whether it was saved")]
    Unknown(String),
    /// Nothing was written; the next run tries again.
    #[error(transparent)]
    Wiki(#[from] Error),
    /// The database refused: among others, another run took over.
    #[error(transparent)]
    Db(#[from] crate::db::Error),
}

impl Refused {
    /// Whether the run goes on with the next item.
    pub fn is_page_related(&self) -> bool {
        matches!(self, Refused::Page { .. } | Refused::Conflict | Refused::Unknown(_))
    }
}

/// Everything an edit needs; one per run.
pub struct Editor {
    /// The wiki.
    pub session: Session,
    /// The database; read-only in a dry run.
    pub db: Db,
    /// Name of the job.
    pub job: &'static str,
    /// The pages that hold the switch.
    pub switch: Switch,
    /// The settings revision this run obeys.
    pub obeyed: RevId,
    /// The common settings.
    pub common: Common,
    /// Where this job may write.
    pub scope: Scope,
    /// The run's epoch; `None` in a dry run.
    pub fence: Option<Fence>,
    /// The word by which the operator switched edits off, if he did: `WIKICREW_<JOB>_EDIT=off`, or a command.
    pub operator_off: Option<String>,
    /// The rights of the bot's account on this wiki.
    pub rights: Vec<String>,
    /// When the settings in force were first accepted: trials count from here.
    pub trial_since: Option<Timestamp>,
    /// When a cap was reached that an admin has released: earlier edits count no more.
    pub counted_since: Option<Timestamp>,
    /// The run's clock.
    pub clock: Clock,
    /// Edits saved by this run.
    pub edits: u64,
    pub(crate) bots: Option<BotsNames>,
    pub(crate) halted: Option<Halt>,
    pub(crate) seen_stop: Option<(RevId, Option<Halt>)>,
    pub(crate) tokens: Option<tokens::Tokens>,
    pub(crate) tag_is_usable: Option<bool>,
}

impl Editor {
    /// An editor that may write to the bot's own pages only, as long as nobody widens its scope. Without a `fence` it
    /// is a dry run's and writes nothing.
    pub fn new(
        boot: &Boot,
        session: &Session,
        db: &Db,
        switch: Switch,
        obeyed: RevId,
        common: Common,
        fence: Option<Fence>,
    ) -> Editor {
        Editor {
            session: session.clone(),
            db: db.clone(),
            job: boot.job,
            switch,
            obeyed,
            common,
            scope: Scope::own_pages(session.account()),
            fence,
            operator_off: boot
                .edits_off
                .then(|| format!("{}=off", job_variable(boot.job, "EDIT"))),
            rights: Vec::new(),
            trial_since: None,
            counted_since: None,
            clock: boot.clock,
            edits: 0,
            bots: None,
            halted: None,
            seen_stop: None,
            tokens: None,
            tag_is_usable: None,
        }
    }

    /// Why this run may write no more, if so.
    pub fn halted(&self) -> Option<&Halt> {
        self.halted.as_ref()
    }

    /// Remembers that nothing more may be written in this run, and passes the reason on.
    pub fn halt(&mut self, halt: Halt) -> Refused {
        self.halted.get_or_insert_with(|| halt.clone());
        Refused::Halt(halt)
    }

    /// Whether this is a dry run.
    pub fn is_dry(&self) -> bool {
        self.fence.is_none()
    }

    /// The gates that need no request to the wiki: halted, operator, scope, caps, trial.
    async fn gates(&mut self, target: &Title) -> Result<(), Refused> {
        if let Some(halt) = self.halted.clone() {
            return Err(Refused::Halt(halt));
        }
        if let Some(variable) = self.operator_off.clone() {
            return Err(self.halt(Halt::Operator(variable)));
        }
        self.scope_gate(target)?;
        let counts = self.counts().await?;
        if let Err(halt) = limits::allow(&self.common, counts, self.clock.now()) {
            self.hold(&halt).await?;
            return Err(self.halt(halt));
        }
        Ok(())
    }

    fn scope_gate(&self, target: &Title) -> Result<(), Refused> {
        self.scope
            .check(target, self.session.site())
            .map_err(|info| Refused::Page {
                code: "scope".to_owned(),
                info,
            })
    }

    /// Waits for the account's turn, shared with the other jobs through the database.
    pub async fn wait_for_turn(&self, target: &Title) -> Result<(), Refused> {
        if self.is_dry() || !self.clock.keeps_pauses() {
            return Ok(());
        }
        let interval = match self.common.edit_interval {
            Some(seconds) => Duration::from_secs(u64::from(seconds)),
            None if self.session.site().is_content(target.ns) => CONTENT_INTERVAL,
            None => EDIT_INTERVAL,
        };
        let wait =
            crate::db::pace::take_slot(&self.db, &self.session.wiki_id(), self.session.account(), interval).await?;
        tokio::select! {
            () = tokio::time::sleep(wait) => Ok(()),
            () = self.session.stop_signal().stopped() => Err(Refused::Wiki(Error::Stopped { in_flight: false })),
        }
    }

    /// Edits that this run may still make before a cap stops the job until an admin comes: what is left waits for the
    /// next run instead.
    pub async fn room(&self) -> Result<u64, Refused> {
        let counts = self.counts().await?;
        let left = |cap: u32, made: u64| u64::from(cap).saturating_sub(made);
        let run = left(self.common.max_edits_per_run, counts.run);
        Ok(run.min(left(self.common.max_edits_per_day, counts.day)))
    }

    async fn counts(&self) -> Result<Counts, Refused> {
        let (wiki, account, now) = (
            self.session.wiki_id(),
            self.session.account().to_owned(),
            self.clock.now(),
        );
        let a_day_ago = now - chrono::TimeDelta::hours(24);
        let since = self.counted_since.map_or(a_day_ago, |released| released.max(a_day_ago));
        let job = self.job;
        let day = self
            .db
            .read_if_there(async |db| edit_log::count_of_account(db, &wiki, &account, since).await)
            .await?;
        let trial = match self.trial_since {
            Some(since) => {
                self.db
                    .read_if_there(async |db| edit_log::count_of_job(db, job, &wiki, since).await)
                    .await?
            }
            None => 0,
        };
        Ok(Counts {
            run: self.edits,
            day,
            trial,
        })
    }

    /// Keeps a cap in force until an admin saves the settings page again.
    async fn hold(&self, halt: &Halt) -> Result<(), Refused> {
        if let (Halt::Cap(reason), Some(fence)) = (halt, &self.fence) {
            let (account, obeyed, now) = (self.session.account(), self.obeyed, self.clock.now());
            self.db
                .fenced(fence, "holding the edits at a cap", async |tx| {
                    cap_hold::set(tx, account, obeyed, reason, now).await
                })
                .await?;
        }
        Ok(())
    }

    /// The summary with its suffix: what was done, then where to read about the job and where to talk to it.
    pub fn summary(&self, done: &str) -> String {
        const LONGEST: usize = 480;
        let suffix = match &self.common.summary_suffix {
            Some(suffix) => suffix.clone(),
            None => {
                let talk = self.session.site().namespace_name(3).unwrap_or("User talk");
                format!(
                    "([[{}/Status|{}]], [[{talk}:{}|talk]])",
                    self.switch.titles[0],
                    self.job,
                    self.session.account()
                )
            }
        };
        let room = LONGEST.saturating_sub(suffix.chars().count() + 1);
        let done: String = done.chars().take(room).collect();
        format!("{done} {suffix}")
    }

    /// The change tag of the settings, if this wiki defines it and lets it be used; asked once per run that edits.
    pub(crate) async fn tag(&mut self) -> Result<Option<String>, Error> {
        let Some(tag) = self.common.tag.clone() else {
            return Ok(None);
        };
        let is_usable = match self.tag_is_usable {
            Some(known) => known,
            None => {
                self.session.count_as(Phase::Safety);
                let asked = [("list", "tags"), ("tgprop", "source|active"), ("tglimit", "max")];
                let tags = self.session.list(&asked, "tags").await?;
                self.session.count_as(Phase::Learner);
                let by_hand =
                    |t: &serde_json::Value| t["source"].as_array().is_some_and(|s| s.iter().any(|s| s == "manual"));
                let known = tags
                    .iter()
                    .any(|t| t["name"] == tag.as_str() && t["active"] == true && by_hand(t));
                if !known {
                    tracing::warn!("the change tag `{tag}` is not defined on this wiki: edits go without it");
                }
                known
            }
        };
        self.tag_is_usable = Some(is_usable);
        Ok(is_usable.then_some(tag))
    }

    /// Rights refusals and blocks end the run; everything else that the wiki refuses ends the page.
    fn refusal(&mut self, refusal: crate::wiki::raw_edit::Refusal) -> Refused {
        use crate::wiki::raw_edit::RefusalKind;
        match refusal.kind {
            RefusalKind::EditConflict => Refused::Conflict,
            RefusalKind::Stop => self.halt(Halt::Account {
                code: refusal.code,
                info: refusal.info,
            }),
            RefusalKind::Page => Refused::Page {
                info: refusal.to_string(),
                code: refusal.code,
            },
        }
    }
}
