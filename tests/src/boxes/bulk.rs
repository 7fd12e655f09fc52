//! Hundreds of articles and edits in seconds: saved inside the wiki, several pages at a time, with authors, summaries
//! and recent changes like any other edit.

use anyhow::{Context, Result};
use tokio::task::JoinSet;

use crate::sandbox::{Loaded, NewPage};

use super::{BoxPages, Boxes};

/// Requests at a time; the wiki shares two cores with the test.
const LANES: usize = 3;

/// One edit of a bulk load: the article's name, the user's, the text, with bare names.
#[derive(Clone, Debug)]
pub struct BulkEdit {
    /// Name of the article.
    pub name: String,
    /// Who saves it.
    pub user: String,
    /// The whole text.
    pub text: String,
}

impl Boxes {
    /// Saves all of them, those of one article in their order; returns the revisions in the order given.
    pub async fn bulk(&self, edits: &[BulkEdit]) -> Result<Vec<u64>> {
        let mut users: Vec<&str> = edits.iter().map(|edit| edit.user.as_str()).collect();
        users.sort_unstable();
        users.dedup();
        self.world.people(&users).await?;
        let mut lanes: Vec<Vec<usize>> = vec![Vec::new(); LANES];
        let mut names: Vec<&str> = edits.iter().map(|edit| edit.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        for (n, edit) in edits.iter().enumerate() {
            let page = names.partition_point(|name| *name < edit.name.as_str());
            lanes[page % LANES].push(n);
        }
        let mut loads = JoinSet::new();
        let wiki = self.world.wiki;
        for lane in lanes {
            let page = |n: &usize| {
                let edit = &edits[*n];
                NewPage::new(&self.title(&edit.name), &self.own(&edit.text)).by(&self.user(&edit.user))
            };
            let pages: Vec<NewPage> = lane.iter().map(page).collect();
            loads.spawn(async move { anyhow::Ok((wiki.load(&pages).await?, lane)) });
        }
        let mut revids = vec![0; edits.len()];
        while let Some(load) = loads.join_next().await {
            let (loaded, lane): (Vec<Loaded>, Vec<usize>) = load.context("a load panicked")??;
            for (n, saved) in lane.into_iter().zip(loaded) {
                revids[n] = saved.revid;
            }
        }
        Ok(revids)
    }

    /// Articles `Compound 001` … with the text that `text` makes of a number from 1, by one user, and an index line for
    /// each. Returns their names.
    pub async fn compounds(&self, of: &BoxPages, count: usize, text: impl Fn(usize) -> String) -> Result<Vec<String>> {
        let names: Vec<String> = (1..=count).map(|n| format!("Compound {n:03}")).collect();
        let edit = |(n, name): (usize, &String)| BulkEdit {
            name: name.clone(),
            user: "Maker".into(),
            text: text(n),
        };
        let edits: Vec<BulkEdit> = (1..).zip(&names).map(edit).collect();
        let revids = self.bulk(&edits).await?;
        let lines: Vec<(&str, u64)> = names.iter().map(String::as_str).zip(revids).collect();
        self.index_lines(of, &lines).await?;
        Ok(names)
    }
}
