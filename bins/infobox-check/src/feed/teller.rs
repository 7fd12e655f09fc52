//! Makes the lines of the feeds out of stored rows. Right before a line goes out its edit is looked at again, on the wiki
//! and in the database: what is hidden, deleted or suppressed by then is withheld, and nothing goes out while the wiki
//! does not answer. <https://www.mediawiki.org/wiki/Manual:RevisionDelete>

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use chrono::TimeDelta;
use shared::core::change::Revision;
use shared::core::feed::{Feed, Level, Sink};
use shared::core::types::{RevId, Timestamp};
use shared::db::field_change::{self, ChangeRow};
use shared::db::suppress::{self, Suppressed, What};
use shared::feeds::{Ground, Line, Told};
use shared::wiki::{Phase, Session, revisions};

use super::words::{Shown, json, text};
use crate::clean::hides_values;
use crate::decide::is_high;
use crate::overrides::Overrides;
use crate::settings::Settings;

/// A revision that the wiki does not know is looked for again while its edit is younger than this: databases that answer
/// lag behind the one that stored it. <https://www.mediawiki.org/wiki/Manual:Maxlag_parameter>
const LAG: TimeDelta = TimeDelta::minutes(5);
/// Revisions that one request names.
const AT_ONCE: usize = 50;
/// Bytes of a line that every IRC server has room for beside what it puts before it (RFC 2812, 2.3: 512 in all).
const IRC_ROOM: usize = 390;

/// Makes lines.
pub struct Teller {
    ground: Ground<Settings>,
    /// Address of the wiki's `index.php`, once it was asked for.
    script: Option<String>,
}

/// What may go out.
#[derive(Clone, Copy)]
struct Open<'a> {
    revision: &'a Revision,
    /// Whether everybody may read the text of the verified revision still.
    shows_verified: bool,
}

/// What the wiki says of some revisions.
struct Looked {
    found: HashMap<RevId, Revision>,
    /// What it was asked for and answered; what is not `found` of it is gone.
    answered: HashSet<RevId>,
    /// Why it did not answer for the others.
    why_not: String,
}

impl Teller {
    /// From the settings in force.
    pub fn new(ground: Ground<Settings>) -> Teller {
        Teller { ground, script: None }
    }

    /// The address of the wiki's `index.php`, as the wiki itself writes it.
    /// <https://www.mediawiki.org/wiki/API:Siteinfo>
    async fn script(&mut self) -> anyhow::Result<String> {
        if let Some(script) = &self.script {
            return Ok(script.clone());
        }
        let asked = [("meta", "siteinfo"), ("siprop", "general")];
        let answer = self.ground.session.get(&asked).await?;
        let text = |key: &str| answer["query"]["general"][key].as_str();
        let (server, script) = text("server")
            .zip(text("script"))
            .context("the wiki tells no address")?;
        let scheme = if server.starts_with("//") { "https:" } else { "" };
        let script = format!("{scheme}{server}{script}");
        Ok(self.script.insert(script).clone())
    }

    fn line(&self, feed: &Feed, row: &ChangeRow, open: Open<'_>, script: &str) -> Line {
        let revision = open.revision;
        let site = self.ground.session.site();
        let change = &row.change;
        let boxes = &self.ground.settings.boxes;
        let shown = Shown {
            item: row.id,
            feed: &feed.name,
            wiki: &self.ground.wiki,
            change,
            // As the wiki names them now.
            title: &revision.title,
            user: revision.user.as_deref().unwrap_or_default(),
            users: site.namespace_name(2).unwrap_or("User"),
            // A box that left the settings may have been one of those.
            shows_values: boxes
                .iter()
                .any(|one| one.def.name == change.box_name && one.show_values),
            shows_verified: open.shows_verified,
            diff: format!("{script}?diff={}", change.revid),
        };
        let (breaks_names, room) = match &feed.sink {
            Sink::Irc(irc) => (!irc.highlights, Some(IRC_ROOM)),
            Sink::Webhook(_) | Sink::Stdout => (false, None),
        };
        let text = text(&shown, breaks_names, room);
        Line {
            json: json(&shown, &text),
            text,
        }
    }
}

impl shared::feeds::Teller for Teller {
    async fn tell(&mut self, feed: &Feed, level: Level, items: &[u64]) -> anyhow::Result<Vec<Told>> {
        let (db, wiki) = (&self.ground.db, self.ground.wiki.as_str());
        let rows = db.read(async |db| field_change::by_ids(db, wiki, items).await).await?;
        let rows: HashMap<u64, ChangeRow> = rows.into_iter().map(|row| (row.id, row)).collect();
        let suppressed = db.read(async |db| suppress::all(db, wiki).await).await?;
        // What was switched for log and feeds together since the line began to wait.
        let level = level.min(Overrides::load(db, wiki).await?.most_for_feeds());
        let open: Vec<Result<&ChangeRow, &'static str>> = items
            .iter()
            .map(|item| {
                let row = rows.get(item).ok_or("the row is gone")?;
                why_withheld(row, level, &suppressed).map_or(Ok(row), Err)
            })
            .collect();
        let edits: Vec<&ChangeRow> = open.iter().filter_map(|row| row.ok()).collect();
        if edits.is_empty() {
            return Ok(open
                .into_iter()
                .map(|row| Told::Withheld(row.err().unwrap_or_default()))
                .collect());
        }
        self.ground.session.count_as(Phase::Safety);
        let script = self.script().await;
        let looked = look(&self.ground.session, &edits).await;
        let now = self.ground.clock.now();
        let told = open.into_iter().map(|row| {
            let row = match row {
                Ok(row) => row,
                Err(why) => return Told::Withheld(why),
            };
            match (looked.judge(row, &suppressed, now), &script) {
                (Ok(open), Ok(script)) => Told::Line(self.line(feed, row, open, script)),
                (Ok(_), Err(why)) => Told::NotNow(format!("{why:#}")),
                (Err(told), _) => told,
            }
        });
        Ok(told.collect())
    }
}

/// Why a row does not go out, by what the database says.
fn why_withheld(row: &ChangeRow, level: Level, suppressed: &Suppressed) -> Option<&'static str> {
    let change = &row.change;
    if row.user_hidden || row.values_hidden {
        return Some("the wiki hides it");
    }
    let Some(user) = &change.user else {
        return Some("the wiki hides it");
    };
    if suppressed.hides(What::Page, &change.title) || suppressed.hides_user(Some(user.id), &user.name) {
        return Some("it is suppressed");
    }
    let is_told = match level {
        Level::Silent => false,
        Level::High => is_high(change),
        Level::All => true,
    };
    (!is_told).then_some("it is below the report level")
}

/// The revision that a verified value is from, if a row has one.
fn verified_in(row: &ChangeRow) -> Option<RevId> {
    row.change.verified_revid.filter(|_| row.change.verified.is_some())
}

/// The revisions that a row is from: the edit, the one before it with the old values, and the verified one.
fn sources(row: &ChangeRow) -> impl Iterator<Item = RevId> {
    [Some(row.change.revid), row.change.parent, verified_in(row)]
        .into_iter()
        .flatten()
}

/// Asks the wiki about the edits, and about all that their values are from. Ends at the first question that is not
/// answered.
async fn look(session: &Session, edits: &[&ChangeRow]) -> Looked {
    let mut looked = Looked {
        found: HashMap::new(),
        answered: HashSet::new(),
        why_not: String::new(),
    };
    let mut revids: Vec<RevId> = edits.iter().flat_map(|row| sources(row)).collect();
    revids.sort_unstable();
    revids.dedup();
    for some in revids.chunks(AT_ONCE) {
        match revisions(session, some, false).await {
            Ok(found) => {
                looked.found.extend(found);
                looked.answered.extend(some);
            }
            Err(error) => {
                looked.why_not = error.to_string();
                break;
            }
        }
    }
    looked
}

impl Looked {
    /// The revision of a row that may go out, by what the wiki says now.
    fn judge(&self, row: &ChangeRow, suppressed: &Suppressed, now: Timestamp) -> Result<Open<'_>, Told> {
        let change = &row.change;
        if sources(row).any(|revid| !self.answered.contains(&revid)) {
            return Err(Told::NotNow(self.why_not.clone()));
        }
        let is_there = |revid: &RevId| self.found.contains_key(revid);
        let is_known = is_there(&change.revid) && change.parent.as_ref().is_none_or(is_there);
        if !is_known && now - change.ts < LAG {
            return Err(Told::NotNow("the wiki does not know the revision yet".to_owned()));
        }
        let Some(revision) = self.found.get(&change.revid) else {
            return Err(Told::Withheld("the revision is gone"));
        };
        let Some(user) = revision.user.as_deref().filter(|_| !revision.user_hidden()) else {
            return Err(Told::Withheld("the wiki hides it"));
        };
        // Whoever hides a summary does it for the whole edit's sake: it is not told of either.
        if revision.comment.is_none() || hides_values(&self.found, revision, change.parent) {
            return Err(Told::Withheld("the wiki hides it"));
        }
        // Renamed or moved since.
        if suppressed.hides(What::Page, &revision.title) || suppressed.hides_user(Some(revision.user_id), user) {
            return Err(Told::Withheld("it is suppressed"));
        }
        let verified = verified_in(row).map(|revid| self.found.get(&revid));
        Ok(Open {
            revision,
            shows_verified: verified.is_none_or(|of| of.is_some_and(|of| !of.text_hidden)),
        })
    }
}

#[cfg(test)]
#[path = "teller_tests.rs"]
mod tests;
