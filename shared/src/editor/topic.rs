//! New topics on Flow boards (Structured Discussions). Flow knows neither base revisions nor edit summaries, so a
//! topic whose answer was lost is never sent again: it is reported to people.

use super::{Editor, FRESH, Found, Look, Outcome, Refused};
use crate::core::types::{PageId, RevId};
use crate::db::FencedTx;
use crate::db::intent::{Intent, State};
use crate::wiki::Phase;
use crate::wiki::raw_edit::flow_new_topic;

/// A topic to be posted.
pub struct Topic<'a> {
    /// The stored intent.
    pub intent: &'a Intent,
    /// Its heading.
    pub topic: &'a str,
    /// Its first post, as wikitext.
    pub post: &'a str,
}

impl Editor {
    /// Posts a new topic on the board that was looked at. `done` stores the job's own rows together with the id of
    /// the post's revision.
    pub async fn post_topic(
        &mut self,
        look: &Look,
        topic: &Topic<'_>,
        mut done: impl AsyncFnMut(&mut FencedTx<'_>, &Found, &str) -> crate::db::Result<()>,
    ) -> Result<Outcome, Refused> {
        let intent = topic.intent;
        if intent.state == State::Sending {
            return Ok(Outcome::Gone(
                "Structured Discussions cannot say whether the topic was saved".to_owned(),
            ));
        }
        self.page_gates(look, None).await?;
        if self.is_dry() {
            println!("+++ {} | {}\n{}", look.target.title, topic.topic, topic.post);
            return Ok(Outcome::Dry);
        }
        if look.read.elapsed() > FRESH {
            return Err(Refused::Conflict);
        }
        let fence = self.fence.clone().ok_or(Refused::Conflict)?;
        self.mark_sending(&fence, intent, None, look).await?;
        self.session.count_as(Phase::Learner);
        match flow_new_topic(
            &self.session,
            &look.target.title,
            topic.topic,
            topic.post,
            true,
            Some(look.read + FRESH),
        )
        .await
        {
            Ok(post) => {
                self.edits += 1;
                let found = Found {
                    revid: RevId(0),
                    page_id: look.target.page_id.unwrap_or(PageId(0)),
                    title: look.target.title.clone(),
                    at: self.clock.now(),
                };
                let mut with_post =
                    async |tx: &mut FencedTx<'_>, found: &Found| done(tx, found, &post.post_revision_id).await;
                self.store_done(intent, &found, Some(&post.post_revision_id), &mut with_post)
                    .await?;
                Ok(Outcome::Done(found))
            }
            Err(failed) => Err(self.not_saved(intent, failed).await?),
        }
    }
}
