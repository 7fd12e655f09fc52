//! The day pages: what was found on a UTC day, one line per user, string and day. Lines are added exactly once; what people
//! do with them (comments, strikes, moves, removals) stays, and strikes are read back. Nobody is notified, nothing on them
//! is an external link, and what a wiki hides goes from them.

mod attempt;
mod elsewhere;
mod facts;
mod footer;
mod forgotten;
mod hidden;
mod line;
mod plan;
mod publish;
mod save;
mod strike;
mod struck;
mod text;
mod titles;
mod update;

use std::collections::HashMap;
use std::sync::Arc;

use shared::core::site::{Site, Title};
use shared::core::types::Timestamp;
use shared::db::suppress::{self, Suppressed};
use shared::job::Run;
use shared::wiki::Session;
use tokio::sync::Mutex;

use crate::settings::Settings;
use line::Words;

pub use elsewhere::Elsewhere;
pub use hidden::{clean, hides};
pub use publish::note_off;
pub use save::save;
pub use struck::read_back;

/// What the pages of a run are made with.
pub struct PageContext {
    /// The moment on which everything of this run is judged.
    pub now: Timestamp,
    /// The page whose sub-pages are the days.
    pub report: Title,
    /// The status page.
    pub status: Title,
    elsewhere: Elsewhere,
    site: Site,
    suppressed: Mutex<HashMap<String, Arc<Suppressed>>>,
}

impl PageContext {
    /// From the run and the sessions on other wikis that are `open`, by key: others are opened where a revision has to be
    /// looked at. Errs when the wiki does not answer.
    pub async fn new(run: &Run<Settings>, open: HashMap<String, Session>) -> anyhow::Result<PageContext> {
        Ok(PageContext {
            now: run.clock.now(),
            report: run.accepted.parsed.settings.report_title(run.session.account()),
            status: shared::settings::below(&run.editor.switch.settings, "Status"),
            elsewhere: Elsewhere::new(run, open).await?,
            site: run.session.site().clone(),
            suppressed: Mutex::default(),
        })
    }

    /// What lines are made with.
    fn words<'a>(&'a self, run: &'a Run<Settings>) -> Words<'a> {
        Words {
            site: &self.site,
            wiki: &run.wiki,
            common: &run.accepted.parsed.common,
            report: &self.report,
            status: &self.status,
            elsewhere: &self.elsewhere,
        }
    }

    /// What is named nowhere on the pages, of the wiki of an edit.
    async fn suppressed(&self, run: &Run<Settings>, wiki: &str) -> anyhow::Result<Arc<Suppressed>> {
        let mut known = self.suppressed.lock().await;
        if let Some(found) = known.get(wiki) {
            return Ok(found.clone());
        }
        let found = run.db.read_if_there(async |db| suppress::all(db, wiki).await).await?;
        let found = Arc::new(found);
        known.insert(wiki.to_owned(), found.clone());
        Ok(found)
    }
}
