//! Where a run begins to read the streams: where its part stood, or where all parts of another division stood, or where
//! the recent changes of a wiki stood that was read from these until now. What comes twice is known by its revision.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use shared::core::intent::token;
use shared::core::types::Timestamp;
use shared::db::{checkpoint, memo};
use shared::recent;
use shared::wiki::{Gap, wiki_id_of};

use super::{Places, SOURCE};
use crate::settings::Place;
use crate::sources::recent::source as source_of;
use crate::sources::stream::Position;
use crate::watch::Watch;

/// No more of the time is made up for when a wiki is read from the streams from now on: they tell of all wikis.
const MADE_UP: TimeDelta = TimeDelta::days(1);
/// Begins the names under which is remembered up to where the recent changes of such a wiki had been read.
const SWITCHED: &str = "switched.";

/// Where reading begins.
pub struct Begin {
    /// The place; `None`: with whatever comes next.
    pub from: Option<Position>,
    /// What no source is read for.
    pub gaps: Vec<Gap>,
    /// What is to be remembered once something was stored.
    switched: Vec<(String, String)>,
}

impl Watch<'_> {
    /// Where this part, whose checkpoint has this name, begins. Errs where the database does.
    pub(super) async fn begins(&self, source: &str, places: &Places) -> anyhow::Result<Begin> {
        let (job, home) = (self.run.editor.job, &self.run.wiki);
        let (known, told) = self
            .run
            .db
            .read_if_there(async |db| {
                let known = checkpoint::all(db, job, home).await?;
                Ok((known, memo::starting_with(db, job, home, SWITCHED).await?))
            })
            .await?;
        let told: BTreeMap<String, String> = told.into_iter().map(|(name, memo)| (name, memo.value)).collect();
        let mut streams = Vec::new();
        let mut others: BTreeMap<String, Timestamp> = BTreeMap::new();
        for (name, checkpoint) in known {
            let Some(bytes) = checkpoint.pos else { continue };
            if name.starts_with(SOURCE) {
                streams.extend(Position::from_bytes(&bytes).map(|position| (name, position)));
            } else if let Ok(position) = recent::Position::from_bytes(&bytes) {
                others.insert(name, position.until);
            }
        }
        let mut begin = Begin {
            from: place_of(&streams, source),
            gaps: Vec::new(),
            switched: Vec::new(),
        };
        let mut untils = Vec::new();
        let wikis: Vec<String> = self.wikis(places).filter(|wiki| self.flags.has(wiki)).collect();
        for wiki in &wikis {
            let source = source_of(wiki);
            let Some(until) = others.get(&source) else { continue };
            let (name, value) = (format!("{SWITCHED}{}", token(job, &source, "")), until.to_rfc3339());
            if told.get(&name) != Some(&value) {
                untils.push(*until);
                begin.switched.push((name, value));
            }
        }
        begin.switch(&untils, wikis.len(), self.run.clock.now());
        Ok(begin)
    }

    /// The keys of the wikis.
    fn wikis<'p>(&'p self, places: &'p Places) -> impl Iterator<Item = String> + 'p {
        let found = places.by_name.values().filter_map(|(place, _)| match place {
            Place::Here => Some(self.run.wiki.clone()),
            Place::Api(url) => wiki_id_of(url, &[]).ok(),
        });
        // The run's own wiki has two names.
        found.collect::<std::collections::BTreeSet<_>>().into_iter()
    }

    /// Remembers that the wikis are read from the streams now.
    pub(super) async fn note_switched(&self, begin: &mut Begin) -> anyhow::Result<()> {
        let switched = std::mem::take(&mut begin.switched);
        let Some(fence) = self.run.fence().filter(|_| !switched.is_empty()) else {
            return Ok(());
        };
        let now = self.run.clock.now();
        self.run
            .db
            .fenced(&fence, "noting a change of the source", async |tx| {
                for (name, value) in &switched {
                    memo::set(tx, name, value, now).await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

impl Begin {
    /// Of `all` wikis some were read up to these times from their recent changes, and are read from the streams now.
    fn switch(&mut self, untils: &[Timestamp], all: usize, now: Timestamp) {
        let Some(oldest) = untils.iter().min().copied() else {
            return;
        };
        let mut at = oldest.max(now - MADE_UP);
        // The other wikis stand where the streams do.
        if let Some(before) = self.from.as_ref().filter(|_| untils.len() < all) {
            at = before.at.map_or(at, |before| before.min(at));
        }
        if oldest < at {
            self.gaps.push(Gap {
                from: oldest,
                to: at,
                filled: false,
            });
        }
        match &self.from {
            Some(before) if before.at == Some(at) => {}
            before => {
                self.from = Some(Position {
                    at: Some(at),
                    alone: before.as_ref().map(|before| before.alone.clone()).unwrap_or_default(),
                    ..Position::default()
                });
            }
        }
    }
}

/// The place up to which everything was read: that of this part, or, where all parts of another division of the work had
/// come further, that of the last of them. Where there is neither, the oldest place of all.
fn place_of(known: &[(String, Position)], own: &str) -> Option<Position> {
    let mut best = known.iter().find(|(name, _)| name == own).map(|(_, position)| position);
    let mut divisions: BTreeMap<usize, Vec<&Position>> = BTreeMap::new();
    for (name, position) in known {
        divisions.entry(parts(name)).or_default().push(position);
    }
    divisions.remove(&parts(own));
    for (parts, positions) in &divisions {
        let oldest = positions.iter().min_by_key(|position| position.at);
        let Some(oldest) = oldest.filter(|oldest| positions.len() == (*parts).max(1) && oldest.at.is_some()) else {
            continue;
        };
        if best.is_none_or(|best| best.at.is_some() && best.at < oldest.at) {
            best = Some(oldest);
        }
    }
    let dated = known
        .iter()
        .map(|(_, position)| position)
        .filter(|one| one.at.is_some());
    best.or_else(|| dated.min_by_key(|position| position.at)).cloned()
}

/// Into how many parts the work was divided by which a checkpoint is; 0: it was not.
fn parts(name: &str) -> usize {
    let parts = name.rsplit_once('/').and_then(|(_, parts)| parts.parse().ok());
    parts.unwrap_or(0)
}

#[cfg(test)]
#[path = "begin_tests.rs"]
mod tests;
