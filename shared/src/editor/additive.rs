//! Additive edits (greetings, log lines): made exactly once whatever dies when. An intent with the whole frozen
//! decision is stored first; its token stands in the edit summary, so that the wiki is the journal; the base revision
//! makes the wiki refuse a second copy; the job's own rows are stored together with `done`.

use chrono::TimeDelta;

use super::{Editor, FRESH, Found, Look, Refused};
use crate::core::types::RevId;
use crate::db::intent::{self, Intent, State};
use crate::db::{Fence, FencedTx, edit_log};
use crate::page::PageState;
use crate::wiki::Phase;
use crate::wiki::raw_edit::{Base, Body, Failed, RawEdit, Saved, raw_edit};

/// An edit whose answer was lost is looked for again after this time at the earliest: until then it may still arrive.
const LOOK_AGAIN: TimeDelta = TimeDelta::minutes(5);

/// What is to be added.
pub struct Additive<'a> {
    /// The stored intent.
    pub intent: &'a Intent,
    /// The page with the addition.
    pub text: &'a str,
    /// What was done, with the token.
    pub summary: &'a str,
    /// What stands on every version of a page that the job alone writes; `None` for pages that others write, too.
    pub marker: Option<&'a str>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Saved now, or found on the wiki from an earlier attempt.
    Done(Found),
    /// Sent less than five minutes ago without an answer: too early to look.
    TooEarly,
    /// Sent once, and the page it was for is gone since: not sent again.
    Gone(String),
    /// Shown only.
    Dry,
}

impl Editor {
    /// Makes the edit, unless an earlier attempt made it. `done` stores the job's own rows, in the transaction that
    /// marks the intent done; it may run several times.
    pub async fn save_additive(
        &mut self,
        look: &Look,
        additive: &Additive<'_>,
        mut done: impl AsyncFnMut(&mut FencedTx<'_>, &Found) -> crate::db::Result<()>,
    ) -> Result<Outcome, Refused> {
        let intent = additive.intent;
        let summary = self.summary(additive.summary);
        if let Some(outcome) = self.settle(intent, look, &mut done).await? {
            return Ok(outcome);
        }
        self.page_gates(look, additive.marker).await?;
        if self.is_dry() {
            show_diff(&look.target, additive.text, &summary);
            return Ok(Outcome::Dry);
        }
        let tag = self.tag().await?;
        if look.read.elapsed() > FRESH {
            return Err(Refused::Conflict);
        }
        let fence = self.fence.clone().ok_or_else(|| Refused::Conflict)?;
        let base = look.base();
        self.mark_sending(&fence, intent, base, look).await?;
        self.session.count_as(Phase::Learner);
        let edit = RawEdit {
            title: &look.target.title,
            body: Body::Text(additive.text),
            base: base.map_or(Base::CreateOnly, Base::Revision),
            summary: &summary,
            bot: true,
            minor: self.common.minor && look.target.ns % 2 == 0,
            tag: tag.as_deref(),
            assert_bot: true,
            start_timestamp: Some(look.at),
            start_before: Some(look.read + FRESH),
        };
        match raw_edit(&self.session, &edit).await {
            Ok(saved) => {
                self.edits += 1;
                let found = Found {
                    revid: saved.revid,
                    page_id: saved.page_id,
                    title: saved.title.clone(),
                    at: saved.new_timestamp,
                };
                self.store_done(intent, &found, None, &mut done).await?;
                Ok(Outcome::Done(found))
            }
            Err(failed) => Err(self.not_saved(intent, failed).await?),
        }
    }

    /// Why an edit was not saved. What is certainly not on the wiki may be sent again at once by the next run.
    pub(super) async fn not_saved(&mut self, intent: &Intent, failed: Failed) -> Result<Refused, Refused> {
        match failed {
            Failed::Unknown(error) => Ok(Refused::Unknown(error.to_string())),
            Failed::NotWritten(error) => {
                self.reopen(intent, &error.to_string()).await?;
                Ok(Refused::Wiki(error))
            }
            Failed::Refused(refusal) => {
                self.reopen(intent, &format!("{}: {}", refusal.code, refusal.info))
                    .await?;
                Ok(self.refusal(refusal))
            }
        }
    }

    /// Finds out what an earlier attempt left, before anything else is decided about the page: saved (then `done` is
    /// stored), too early to tell, or gone. `None`: nothing of it is on the wiki, and it may be sent.
    pub async fn settle(
        &mut self,
        intent: &Intent,
        look: &Look,
        done: &mut impl AsyncFnMut(&mut FencedTx<'_>, &Found) -> crate::db::Result<()>,
    ) -> Result<Option<Outcome>, Refused> {
        let outcome = self.before_sending(intent, look).await?;
        if let Some(Outcome::Done(found)) = &outcome {
            self.store_done(intent, found, None, done).await?;
        }
        Ok(outcome)
    }

    /// Stores that the POST begins now: whatever happens next, the following run knows that it may have arrived.
    pub(super) async fn mark_sending(
        &self,
        fence: &Fence,
        intent: &Intent,
        base: Option<RevId>,
        look: &Look,
    ) -> Result<(), Refused> {
        let (id, at, now) = (intent.id, look.at, self.clock.now());
        let is_ours = self
            .db
            .fenced(fence, "marking an edit as being sent", async |tx| {
                intent::mark_sending(tx, id, base, at, now - LOOK_AGAIN, now).await
            })
            .await?;
        // Another process has the same intent in hand.
        if is_ours {
            Ok(())
        } else {
            Err(Refused::Unknown("another run is sending it".to_owned()))
        }
    }

    /// What an earlier attempt left: found on the wiki, too early to tell, or gone. `None`: nothing, send it.
    async fn before_sending(&self, intent: &Intent, look: &Look) -> Result<Option<Outcome>, Refused> {
        if let Some(found) = self.token_on_wiki(&intent.token) {
            return Ok(Some(Outcome::Done(found)));
        }
        if intent.attempt == 0 {
            return Ok(None);
        }
        // Also when the last attempt was refused: what it met on the page may have been the one before it, come late.
        if let Some(found) = self.earlier_attempt(intent, look).await? {
            return Ok(Some(Outcome::Done(found)));
        }
        let (State::Sending, Some(sent_at)) = (intent.state, intent.sent_at) else {
            return Ok(None);
        };
        if self.clock.now() - sent_at < LOOK_AGAIN {
            return Ok(Some(Outcome::TooEarly));
        }
        // An intent that was decided before there was a page knows no page id.
        let had_page = intent.base_revid.is_some() && intent.page_id.is_some();
        if had_page && look.target.page_id != intent.page_id {
            let what = match look.target.page_id {
                None => "the page was deleted or moved away since",
                Some(_) => "another page stands under its title since",
            };
            return Ok(Some(Outcome::Gone(what.to_owned())));
        }
        if look.target.page_id.is_none() && self.deleted_since(&look.target.title, sent_at).await? {
            return Ok(Some(Outcome::Gone(
                "the page was deleted or moved away since".to_owned(),
            )));
        }
        Ok(None)
    }

    /// Whether the logs tell of a deletion or a move of `title` since `since`.
    pub async fn deleted_since(&self, title: &str, since: crate::core::types::Timestamp) -> Result<bool, Refused> {
        let since = since.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        self.session.count_as(Phase::Safety);
        for kind in ["delete", "move"] {
            let log = [
                ("list", "logevents"),
                ("letype", kind),
                ("letitle", title),
                ("leend", since.as_str()),
                ("leprop", "ids|type"),
                ("lelimit", "10"),
            ];
            let events = self.session.get(&log).await?;
            let events = events["query"]["logevents"]
                .as_array()
                .map(Vec::as_slice)
                .unwrap_or_default();
            if events.iter().any(|event| event["action"] != "restore") {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Marks the intent done, with the job's rows and the line in the edit log, in one transaction.
    pub async fn store_done(
        &mut self,
        intent: &Intent,
        found: &Found,
        post_id: Option<&str>,
        done: &mut impl AsyncFnMut(&mut FencedTx<'_>, &Found) -> crate::db::Result<()>,
    ) -> Result<(), Refused> {
        let Some(fence) = self.fence.clone() else { return Ok(()) };
        let line = log_line(self.session.account(), found, post_id, "additive");
        let (id, now) = (intent.id, self.clock.now());
        self.db
            .fenced(&fence, "storing a saved edit", async |tx| {
                if intent::mark_done(tx, id, line.revid, post_id, now).await? {
                    edit_log::add(tx, &line).await?;
                    done(tx, found).await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }

    /// Nothing was written: the next run may send it at once.
    async fn reopen(&self, intent: &Intent, why: &str) -> Result<(), Refused> {
        let Some(fence) = &self.fence else { return Ok(()) };
        let (id, attempt, now) = (intent.id, intent.attempt + 1, self.clock.now());
        self.db
            .fenced(fence, "marking an edit as not sent", async |tx| {
                intent::reopen(tx, id, attempt, why, now).await
            })
            .await?;
        Ok(())
    }

    /// Remembers a state edit in the edit log and in the counts.
    pub(super) async fn saved(&mut self, saved: &Saved, kind: &'static str) -> Result<(), Refused> {
        if saved.no_change {
            return Ok(());
        }
        self.edits += 1;
        let found = Found {
            revid: saved.revid,
            page_id: saved.page_id,
            title: saved.title.clone(),
            at: saved.new_timestamp,
        };
        if let Some(fence) = &self.fence {
            let line = log_line(self.session.account(), &found, None, kind);
            self.db
                .fenced(fence, "logging a saved edit", async |tx| edit_log::add(tx, &line).await)
                .await?;
        }
        Ok(())
    }
}

pub(super) fn log_line<'a>(
    account: &'a str,
    found: &'a Found,
    post_id: Option<&'a str>,
    kind: &'a str,
) -> edit_log::NewEdit<'a> {
    edit_log::NewEdit {
        account,
        page_id: found.page_id,
        title: &found.title,
        revid: post_id.is_none().then_some(found.revid),
        post_id,
        kind,
        at: found.at,
    }
}

/// Prints what an edit would change, for `--dry-run`.
pub(super) fn show_diff(page: &PageState, text: &str, summary: &str) {
    use crate::core::text::terminal;
    let old = page.text().unwrap_or("");
    println!("--- {}", terminal(&page.title));
    println!("+++ {} | {}", terminal(&page.title), terminal(summary));
    // The wiki stores no line end at the end of a page: its last line is not changed by a line that follows.
    let (old, text) = (format!("{}\n", old.trim_end()), format!("{}\n", text.trim_end()));
    let old = if old == "\n" { String::new() } else { old };
    let diff = similar::TextDiff::from_lines(&old, &text);
    for hunk in diff.unified_diff().context_radius(2).iter_hunks() {
        println!("{}", hunk.header());
        for change in hunk.iter_changes() {
            println!("{}{}", change.tag(), terminal(change.value().trim_end_matches('\n')));
        }
    }
}
