//! Which namespaces of a wiki are watched, remembered from when it was asked last: of most wikis that the streams tell
//! of nothing is watched in most batches, and then no session is opened.

use shared::core::types::RevId;
use shared::db::source_page::{self, Page};

use super::Places;
use crate::watch::Watch;

/// They are kept as the texts of list pages are, under this name.
const NAME: &str = "#namespaces";

impl Watch<'_> {
    /// Watched namespaces of a wiki; `None`: only the wiki itself can tell, which was not asked yet.
    pub(super) async fn spaces(
        &self,
        places: &mut Places,
        wiki: &str,
        given: Option<&[i32]>,
    ) -> anyhow::Result<Option<Vec<i32>>> {
        let settings = &self.run.accepted.parsed.settings;
        match given.or(settings.namespaces.as_deref()) {
            Some(given) if !given.is_empty() => return Ok(Some(given.to_vec())),
            _ => {}
        }
        if let Some(known) = places.spaces.get(wiki) {
            return Ok(known.clone());
        }
        let job = self.run.editor.job;
        let known = self
            .run
            .db
            .read_if_there(async |db| source_page::get(db, job, wiki, NAME).await)
            .await?;
        let known: Option<Vec<i32>> = known.and_then(|page| serde_json::from_slice(&page.body).ok());
        places.spaces.insert(wiki.to_owned(), known.clone());
        Ok(known)
    }

    /// Remembers what a wiki that was opened said. Namespaces that the settings name were never asked for.
    pub(super) async fn note_spaces(&self, places: &mut Places, wiki: &str, found: &[i32]) -> anyhow::Result<()> {
        let is_known = |known: &Option<Vec<i32>>| known.as_deref() == Some(found);
        if places.spaces.get(wiki).is_none_or(is_known) {
            return Ok(());
        }
        places.spaces.insert(wiki.to_owned(), Some(found.to_vec()));
        let Some(fence) = self.run.fence() else { return Ok(()) };
        let page = Page {
            wiki: wiki.to_owned(),
            title: NAME.to_owned(),
            revid: RevId(0),
            checked: self.run.clock.now(),
            body: serde_json::to_vec(found)?,
        };
        self.run
            .db
            .fenced(&fence, "keeping the namespaces of a wiki", async |tx| {
                source_page::put(tx, &page).await
            })
            .await?;
        Ok(())
    }
}
