//! State edits: pages computed from what they say now (status pages, lists, marks). They need no
//! intent: whatever became of an edit, the next run reads the page and computes it again.

use super::additive::log_line;
use super::{CONFLICTS, Editor, FRESH, Found, Look, Refused};
use crate::core::site::Title;
use crate::core::types::RevId;
use crate::db::edit_log;
use crate::page::PageState;
use crate::wiki::Phase;
use crate::wiki::raw_edit::{Base, Body, Failed, RawEdit, raw_edit};

/// A page as a function of what stands there now.
pub struct State<'a> {
    /// The page.
    pub title: &'a Title,
    /// What stands on every version of the page that the job wrote; a page without it is not the job's. `None` for
    /// pages that belong to others, such as articles.
    pub marker: Option<&'a str>,
    /// Written even while the job is switched off, stopped or capped: only the status page.
    pub is_status_page: bool,
    /// An admin has asked for the page since it was taken away.
    pub asked_again: bool,
}

/// What is to stand on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// The whole text.
    pub text: String,
    /// What is really done, for the edit summary.
    pub summary: String,
}

impl Editor {
    /// Saves the page that `compute` makes of the present one; `None`: leave it. An error of `compute` is the reason
    /// why the page is not to be edited. Gives the revision that was saved.
    pub async fn save_state(
        &mut self,
        state: &State<'_>,
        mut compute: impl FnMut(&Look) -> Result<Option<Computed>, String>,
    ) -> Result<Option<RevId>, Refused> {
        let mut has_turn = false;
        for _ in 0..CONFLICTS {
            match self.try_state(state, &mut compute, &mut has_turn).await {
                Err(Refused::Conflict) => {}
                outcome => return outcome,
            }
        }
        Err(Refused::Page {
            code: "editconflict".to_owned(),
            info: format!(
                "`{}` was edited by others {CONFLICTS} times in a row",
                self.session.site().prefixed(state.title)
            ),
        })
    }

    /// Logs an edit of ours that `page` shows and that a run could not log any more before it died.
    pub async fn log_forgotten(&self, page: &PageState) -> Result<(), Refused> {
        let (Some(page_id), Some(revision)) = (page.page_id, &page.revision) else {
            return Ok(());
        };
        if revision.user.as_deref() != Some(self.session.account()) {
            return Ok(());
        }
        let found = Found {
            revid: revision.revid,
            page_id,
            title: page.title.clone(),
            at: revision.timestamp,
        };
        self.log_if_forgotten(&found).await
    }

    /// Logs this edit of ours, the newest of its page, unless it is logged.
    pub async fn log_if_forgotten(&self, found: &Found) -> Result<(), Refused> {
        let Some(fence) = &self.fence else { return Ok(()) };
        let logged = self
            .db
            .read(async |db| edit_log::last_on_title(db, &fence.wiki, &found.title).await)
            .await?;
        if logged.is_some_and(|logged| logged.revid == Some(found.revid)) {
            return Ok(());
        }
        let line = log_line(self.session.account(), found, None, "state");
        self.db
            .fenced(fence, "logging an earlier edit", async |tx| {
                edit_log::add(tx, &line).await
            })
            .await?;
        Ok(())
    }

    async fn try_state(
        &mut self,
        state: &State<'_>,
        compute: &mut impl FnMut(&Look) -> Result<Option<Computed>, String>,
        has_turn: &mut bool,
    ) -> Result<Option<RevId>, Refused> {
        let look = if state.is_status_page {
            if let Some(variable) = self.operator_off.clone() {
                return Err(Refused::Halt(crate::switch::Halt::Operator(variable)));
            }
            self.scope_gate(state.title)?;
            self.look_at_status(state.title).await?
        } else {
            self.look(state.title, &[], &[]).await?
        };
        match state.asked_again {
            false => self.page_gates(&look, state.marker).await?,
            // Asked for is what was taken away, not what asks bots to stay away.
            true if !state.is_status_page => self.bots_gate(&look).await?,
            true => {}
        }
        let computed = compute(&look).map_err(|info| Refused::Page {
            code: "refused".to_owned(),
            info,
        })?;
        let Some(Computed { text, summary }) = computed else {
            return Ok(None);
        };
        if look.target.text() == Some(text.trim_end()) {
            self.log_forgotten(&look.target).await?;
            return Ok(None);
        }
        let summary = self.summary(&summary);
        if self.is_dry() {
            super::additive::show_diff(&look.target, &text, &summary);
            return Ok(None);
        }
        if !*has_turn {
            // A turn is taken only for a page that differs. After a long wait it is read again, and the turn kept.
            self.wait_for_turn(state.title).await?;
            *has_turn = true;
        }
        if look.read.elapsed() > FRESH {
            return Err(Refused::Conflict);
        }
        if let Some(fence) = &self.fence {
            crate::db::check_epoch(&mut self.db.conn().await?, fence).await?;
        }
        let tag = self.tag().await?;
        self.session.count_as(Phase::Safety);
        let edit = RawEdit {
            title: &look.target.title,
            body: Body::Text(&text),
            base: look.base().map_or(Base::CreateOnly, Base::Revision),
            summary: &summary,
            bot: true,
            minor: self.common.minor,
            tag: tag.as_deref(),
            assert_bot: true,
            start_timestamp: Some(look.at),
            start_before: Some(look.read + FRESH),
        };
        match raw_edit(&self.session, &edit).await {
            Ok(saved) => {
                self.saved(&saved, "state").await?;
                // The wiki merged our text into a newer one: it was computed from an older page.
                if look
                    .base()
                    .is_some_and(|base| saved.old_revid != base && !saved.no_change)
                {
                    return Err(Refused::Conflict);
                }
                Ok((!saved.no_change).then_some(saved.revid))
            }
            Err(Failed::NotWritten(error)) => Err(Refused::Wiki(error)),
            Err(Failed::Unknown(error)) => Err(Refused::Unknown(error.to_string())),
            Err(Failed::Refused(refusal)) => Err(self.refusal(refusal)),
        }
    }
}
