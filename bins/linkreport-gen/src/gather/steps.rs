//! All additions of a subject, a part at a time, so that a million of them need no more memory than a report.

use shared::core::report::Subject;
use shared::db::Work;
use shared::db::links::questions::additions::{Of, Place};
use shared::db::links::questions::lookup;

use super::context::Context;
use super::shown::Hides;
use super::wikis::Wikis;
use super::{Gathered, fates, hidden, renamed, rows};
use crate::model::Model;

/// The parts, the newest additions first.
pub struct Steps<'s, 'a> {
    cx: &'s Context<'a>,
    subject: &'s Subject,
    gathered: Gathered,
    is_first: bool,
}

impl<'s, 'a> Steps<'s, 'a> {
    /// From what [`recorded`](super::recorded()) gave.
    pub fn new(cx: &'s Context<'a>, subject: &'s Subject, gathered: Gathered) -> Steps<'s, 'a> {
        Steps {
            cx,
            subject,
            gathered,
            is_first: true,
        }
    }

    /// The model with the rows of the next part, looked at on their wikis (what is hidden is left out); `None` after the
    /// last one. A part may be without rows. What was added again is told within a part. Errs as
    /// [`complete`](super::complete) does.
    pub async fn next(&mut self) -> anyhow::Result<Option<&Model>> {
        if !self.is_first {
            let Some(rest) = self.gathered.refs.rest.take() else {
                return Ok(None);
            };
            self.read(rest).await?;
        }
        self.is_first = false;
        hidden::look(self.cx, &mut self.gathered).await?;
        renamed::look(self.cx, &mut self.gathered).await?;
        fates::look(self.cx, &mut self.gathered).await?;
        Ok(Some(&self.gathered.model))
    }

    async fn read(&mut self, rest: Place) -> anyhow::Result<()> {
        let (cx, subject, refs) = (self.cx, self.subject, &self.gathered.refs);
        let (of, ids) = match subject.kind().is_editor() {
            true => (Of::Editors, refs.editors.as_slice()),
            false => (Of::Hosts, refs.hosts.as_slice()),
        };
        let (named, numbers) = (&self.gathered.model.wikis, &refs.wikis);
        let read = cx.db.read_if_there(async |db: &mut Work| {
            let mut wikis = Wikis::new(cx, lookup::wikis(db).await?);
            let hides = Hides::read(db, &[&cx.home, &cx.records]).await?;
            let mut gone = hides.editors(db, &wikis.realms()).await?;
            let read = rows::read(cx, db, of, ids, Some(rest), &hides, &mut gone).await?;
            // Those that are named already keep their places.
            (wikis.named, wikis.ids) = (named.clone(), numbers.clone());
            let rest = read.rest;
            let (rows, behind) = rows::shown(cx, subject, read, &mut wikis);
            Ok(Some((rows, behind, rest, wikis.named, wikis.ids)))
        });
        let Some((rows, behind, rest, named, numbers)) = read.await? else {
            return Ok(());
        };
        let (model, refs) = (&mut self.gathered.model, &mut self.gathered.refs);
        (model.rows, model.wikis) = (rows, named);
        model.hits.clear();
        (refs.rows, refs.wikis, refs.rest) = (behind, numbers, rest);
        refs.revs.clear();
        Ok(())
    }
}
