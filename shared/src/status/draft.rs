//! The draft of the settings: checked and tried for the status page, never executed.

use std::time::Duration;

use tokio::time::Instant;

use super::{Pages, saved_by};
use crate::db::{Fence, memo};
use crate::feedback::{self, Draft};
use crate::job::Job;
use crate::messages::Messages;
use crate::settings::{Accepted, JobSettings, parse};

/// Name under which it is remembered what a draft would do: its revision, then the words.
const TRIED: &str = "draft";
/// So long may that take.
const LONGEST_TRY: Duration = Duration::from_secs(60);

impl<J: Job> Pages<'_, J> {
    /// Lets the job try a draft that it has not tried yet, and remembers what came out.
    pub(super) async fn test_draft(&mut self, accepted: &Accepted<J::Settings>) -> anyhow::Result<()> {
        let (Some(fence), Some(saved), Some(text)) = (&self.fence, saved_by(&self.draft), self.draft.text()) else {
            return Ok(());
        };
        let Ok(draft) = parse::<J::Settings>(text, &self.draft.model, &self.draft.title, self.session.site()) else {
            return Ok(());
        };
        let tried = self
            .db
            .read(async |db| memo::get(db, J::NAME, self.wiki, TRIED).await)
            .await?;
        if let Some((revid, told)) = tried.as_ref().and_then(|tried| tried.value.split_once(' '))
            && revid == saved.revid.to_string()
        {
            self.tested = Some(told.to_owned()).filter(|told| !told.is_empty());
            return Ok(());
        }
        let with_draft = Accepted {
            parsed: draft,
            revid: accepted.revid,
            saved_by: accepted.saved_by.clone(),
            saved_at: accepted.saved_at,
            written_by: accepted.written_by.clone(),
            trust: accepted.trust.clone(),
        };
        let mut run = crate::job::read_only::<J>(
            self.boot,
            self.session,
            self.db,
            self.args,
            with_draft,
            self.switch.clone(),
            self.rights.clone(),
        );
        let messages = Messages::new(Some(&accepted.parsed.common), J::Settings::MESSAGES);
        // Anybody may save a draft: one that takes too long, or ends the run, is not tried again.
        self.remember(fence, &format!("{} ", saved.revid)).await?;
        run.until = Some(Instant::now() + LONGEST_TRY);
        let told = match self.job.try_draft(&mut run, &messages).await {
            Ok(told) => told,
            Err(_) if run.is_late() => Some(format!(
                "It could not be tried within {} seconds.",
                LONGEST_TRY.as_secs()
            )),
            // What the wiki has against it is told.
            Err(error) => Some(format!("{error:#}")),
        };
        self.remember(fence, &format!("{} {}", saved.revid, told.as_deref().unwrap_or("")))
            .await?;
        self.tested = told;
        Ok(())
    }

    async fn remember(&self, fence: &Fence, value: &str) -> anyhow::Result<()> {
        let now = self.boot.clock.now();
        self.db
            .fenced(fence, "noting what a draft would do", async |tx| {
                memo::set(tx, TRIED, value, now).await
            })
            .await?;
        Ok(())
    }

    /// What is thought of the draft.
    pub(super) fn draft_verdict(&self, in_force: Option<&str>) -> Option<Draft> {
        let saved = saved_by(&self.draft)?;
        let text = self.draft.text()?;
        if text.trim().is_empty() {
            return None;
        }
        let verdict = parse::<J::Settings>(text, &self.draft.model, &self.draft.title, self.session.site());
        Some(Draft {
            saved,
            verdict: verdict.map(|draft| feedback::changed_lines(in_force.unwrap_or(""), &draft.yaml)),
            tested: self.tested.clone(),
        })
    }
}
