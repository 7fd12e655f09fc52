//! The counts at the end of a day's page: lines beyond the most that a day may have, and hidden hits that never stood on
//! it. They are counted in the database, so that a repeated run counts nothing twice.

use chrono::{NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use shared::core::intent::token;
use shared::core::types::Timestamp;
use shared::db::{FencedTx, memo};
use shared::job::Run;

use super::line::Words;
use super::text::Tail;
use crate::settings::Settings;

/// Begins the names under which they are remembered.
const PREFIX: &str = "footer.";
/// Counts alone are written at most once in this time.
const AGAIN: TimeDelta = TimeDelta::hours(1);
/// Counts of older days are not written any more.
const KEPT: TimeDelta = TimeDelta::days(30);

/// What a day's page has to count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footer {
    /// The day.
    pub day: NaiveDate,
    /// The page with the counts, with namespace: the last part of the day.
    pub title: String,
    /// Lines that are not shown.
    pub more: u64,
    /// Hits that are hidden.
    pub hidden: u64,
    /// Both as they were written last, and when.
    pub written: Option<(u64, u64, Timestamp)>,
}

impl Footer {
    /// Of a day whose lines go to `title`.
    pub async fn load(run: &Run<Settings>, day: NaiveDate, title: &str) -> anyhow::Result<Footer> {
        let name = name(day);
        let known = run
            .db
            .read_if_there(async |db| memo::get(db, run.editor.job, &run.wiki, &name).await)
            .await?;
        let known: Option<Footer> = known.and_then(|known| serde_json::from_str(&known.value).ok());
        let mut footer = known.unwrap_or(Footer {
            day,
            title: title.to_owned(),
            more: 0,
            hidden: 0,
            written: None,
        });
        if footer.title != title {
            // The next part of the day: what stands on the one before stays there.
            (footer.title, footer.written) = (title.to_owned(), None);
        }
        Ok(footer)
    }

    /// Stores it, as written at `at` where that is given.
    pub async fn store(&self, tx: &mut FencedTx<'_>, at: Option<Timestamp>, now: Timestamp) -> shared::db::Result<()> {
        let mut stored = self.clone();
        stored.written = at.map(|at| (self.more, self.hidden, at)).or(self.written);
        let value = serde_json::to_string(&stored).unwrap_or_default();
        memo::set(tx, &name(self.day), &value, now).await
    }

    /// The counts for the page. One that people took away does not come back.
    pub fn tails(&self, words: &Words<'_>) -> Vec<Tail> {
        let (more, hidden) = self.written.map_or((0, 0), |(more, hidden, _)| (more, hidden));
        let mut tails = Vec::new();
        if self.hidden > 0 {
            tails.push(words.hidden_tail(self.hidden, hidden == 0));
        }
        if self.more > 0 {
            tails.push(words.more(self.day, self.more, more == 0));
        }
        tails
    }

    fn is_due(&self, now: Timestamp) -> bool {
        let is_young = now.date_naive() - self.day < KEPT;
        match self.written {
            Some((more, hidden, at)) => is_young && (more, hidden) != (self.more, self.hidden) && now - at >= AGAIN,
            None => is_young && (self.more, self.hidden) != (0, 0),
        }
    }
}

/// Counts that their pages do not say yet.
pub async fn due(run: &Run<Settings>, now: Timestamp) -> anyhow::Result<Vec<Footer>> {
    let known = run
        .db
        .read_if_there(async |db| memo::starting_with(db, run.editor.job, &run.wiki, PREFIX).await)
        .await?;
    let footers = known
        .into_iter()
        .filter_map(|(_, known)| serde_json::from_str::<Footer>(&known.value).ok());
    Ok(footers.filter(|footer| footer.is_due(now)).collect())
}

fn name(day: NaiveDate) -> String {
    // The day alone: titles may change with the settings.
    format!("{PREFIX}{}", token("coi-report", "", &day.to_string()))
}
