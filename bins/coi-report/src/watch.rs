//! Reads the watched wikis: each from its own checkpoint, chunk after chunk, until it is up to date or the run's time
//! for reading is over. A wiki that does not answer is told and does not keep the others waiting.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::Context as _;
use chrono::{Datelike as _, TimeDelta};
use shared::core::hit::Rule;
use shared::core::text::terminal;
use shared::core::types::{RevId, Timestamp};
use shared::db::hit::{self, NewHit};
use shared::db::links::names::Names;
use shared::db::links::{partitions, since};
use shared::db::{checkpoint, memo};
use shared::job::Run;
use shared::recent::{self, Position};
use shared::wiki::{Error, Gap, Phase, Session};
use tokio::time::Instant;

use crate::batch::{Moved, Outcome, Store};
use crate::judging;
use crate::readers::Readers;
use crate::settings::{Place, Settings, Source, WatchedWiki, Wikis};
use crate::sources::{Chunk, Seen, recent as changes};
use crate::tally::Tally;
use crate::{Watching, feed, texts};

/// After this time of a run no more of a backlog is read: pages want their time, too.
const LONGEST_READING: Duration = Duration::from_secs(6 * 60);
/// Name under which the moment of the first run is remembered.
pub const FIRST_RUN: &str = "first";
/// Names whose numbers are remembered.
const NAMES: NonZeroUsize = NonZeroUsize::new(50_000).expect("it is not zero");

/// The work of reading.
pub struct Watch<'a> {
    /// The run.
    pub run: &'a mut Run<Settings>,
    /// What edits are read and judged with.
    pub readers: &'a mut Readers,
    /// The operator's flags.
    pub flags: &'a Watching,
    /// Counts.
    pub tally: &'a mut Tally,
    names: Names,
    horizon: Timestamp,
    until: Instant,
}

impl<'a> Watch<'a> {
    /// Makes sure of the months of the table. Errs where the database does, and when it is as big as it may get.
    pub async fn new(
        run: &'a mut Run<Settings>,
        readers: &'a mut Readers,
        flags: &'a Watching,
        tally: &'a mut Tally,
    ) -> anyhow::Result<Watch<'a>> {
        let now = run.clock.now();
        let settings = &run.accepted.parsed.settings;
        let days = flags.keep.rows_days(&settings.keep);
        let mut known = None;
        if run.fence().is_some() {
            let months = partitions::ensure(&run.db, now, days).await?;
            if months.is_blocked {
                tracing::warn!(
                    "{} rows or more are from a time that had no month yet; `coi-report prune --whatever-it-takes` \
                     moves them",
                    months.in_last
                );
            }
            known = run.db.read(async |db| since::get(db).await).await?;
            flags.keep.look_at_size(&run.db).await?;
        }
        Ok(Watch {
            horizon: since::horizon(now, days, known.as_ref()),
            names: Names::new(NAMES),
            until: Instant::now() + LONGEST_READING,
            run,
            readers,
            flags,
            tally,
        })
    }

    /// Reads everything that the settings name.
    ///
    /// Gives back why the streams could not be read: what was read elsewhere is to be written before the run ends with
    /// that.
    pub async fn all(&mut self) -> anyhow::Result<Option<anyhow::Error>> {
        self.again().await?;
        let wikis = self.run.accepted.parsed.settings.wikis.clone();
        let Wikis::List(list) = &wikis else {
            return told(self.streams(None).await);
        };
        let (streamed, listed): (Vec<&WatchedWiki>, Vec<&WatchedWiki>) =
            list.iter().partition(|watched| watched.source == Source::EventStreams);
        for watched in listed {
            if !self.goes_on().await? {
                break;
            }
            let name = match &watched.place {
                Place::Here => self.run.wiki.clone(),
                Place::Api(url) => url.clone(),
            };
            match self.one(watched).await {
                Ok(()) => {}
                // The run's own wiki is the one that has to answer.
                Err(error) if watched.place == Place::Here || is_ours(&error) => return Err(error),
                Err(error) => self.run.item_error(&name, &error).await,
            }
        }
        if !streamed.is_empty() && self.goes_on().await? {
            return told(self.streams(Some(&streamed)).await);
        }
        Ok(None)
    }

    pub(crate) async fn goes_on(&mut self) -> anyhow::Result<bool> {
        Ok(Instant::now() < self.until && self.run.goes_on().await?)
    }

    /// The session of a watched wiki.
    pub(crate) async fn session(&self, place: &Place) -> anyhow::Result<Session> {
        match place {
            Place::Here => Ok(self.run.session.clone()),
            Place::Api(url) => self.run.others.open(url).await,
        }
    }

    /// One wiki, from its recent changes.
    async fn one(&mut self, watched: &WatchedWiki) -> anyhow::Result<()> {
        let key = match &watched.place {
            Place::Here => self.run.wiki.clone(),
            Place::Api(url) => shared::wiki::wiki_id_of(url, &[])?,
        };
        if !self.flags.has(&key) {
            return Ok(());
        }
        let session = self.session(&watched.place).await?;
        let namespaces = self
            .readers
            .of(&session, watched.namespaces.as_deref())
            .await?
            .namespaces
            .clone();
        let source = changes::source(&key);
        session.count_as(Phase::Learner);
        let Some((mut position, mut stored)) = recent::position(self.run, &source).await? else {
            return self.begin(&session, &namespaces, &source).await;
        };
        loop {
            let ask = changes::ask(self.run.clock, &namespaces, position.until);
            session.count_as(Phase::Learner);
            let read = changes::read(&session, &ask, &position).await?;
            for (chunk, next) in read.chunks {
                let after = next.to_bytes();
                let before = Some(stored.as_slice());
                self.chunk(&session, watched.namespaces.as_deref(), chunk, &source, before, &after)
                    .await?;
                (stored, position) = (after, next);
                if !self.goes_on().await? {
                    return Ok(());
                }
            }
            // A dry run shows a beginning: it moves nothing, so it would read the same again.
            if !read.has_more || self.run.fence().is_none() {
                return Ok(());
            }
        }
    }

    /// Without a checkpoint the run begins at the wiki's present time, and says so.
    async fn begin(&mut self, session: &Session, namespaces: &[i32], source: &str) -> anyhow::Result<()> {
        let ask = changes::ask(self.run.clock, namespaces, self.run.started);
        let position = changes::beginning(session, &ask).await?;
        tracing::info!(
            "{}: the first run: stored where the wiki stands now ({}); edits before are not looked at (backtest --since \
             reads them)",
            terminal(&session.wiki_id()),
            position.until
        );
        self.tally.first += 1;
        self.store_first(source, &position).await
    }

    async fn store_first(&self, source: &str, position: &Position) -> anyhow::Result<()> {
        let Some(fence) = self.run.fence() else { return Ok(()) };
        let (bytes, until) = (position.to_bytes(), position.until);
        let (job, wiki) = (self.run.editor.job, &self.run.wiki);
        let known = self
            .run
            .db
            .read(async |db| memo::get(db, job, wiki, FIRST_RUN).await)
            .await?;
        // A wiki that is read for the first time is no first run.
        let is_first = known.is_none();
        self.run
            .db
            .fenced(&fence, "storing the first checkpoint", async |tx| {
                checkpoint::begin_with(tx, source, None).await?;
                if is_first {
                    memo::set(tx, FIRST_RUN, &until.to_rfc3339(), until).await?;
                }
                checkpoint::set(tx, source, &bytes, until).await
            })
            .await?;
        Ok(())
    }

    async fn chunk(
        &mut self,
        session: &Session,
        namespaces: Option<&[i32]>,
        chunk: Chunk,
        source: &str,
        before: Option<&[u8]>,
        after: &[u8],
    ) -> anyhow::Result<()> {
        if let Some(gap) = chunk.gap {
            let how = match gap.filled {
                true => "read from the page histories",
                false => "not looked at",
            };
            tracing::warn!(
                "{}: the wiki offers no recent changes from {} to {}: {how}",
                terminal(&session.wiki_id()),
                gap.from,
                gap.to
            );
            self.gaps(source, &[gap]).await?;
        }
        let outcome = self.look(session, namespaces, chunk.edits, chunk.seen).await?;
        let moved = Moved {
            source,
            before,
            after: Some(after),
        };
        self.store(&[outcome], Some(&moved)).await
    }

    /// Counts gaps of a source, and remembers the longest of each day for a week, for the status page.
    pub(crate) async fn gaps(&mut self, source: &str, gaps: &[Gap]) -> anyhow::Result<()> {
        self.tally.gaps += gaps.len() as u64;
        let length = |(from, to, _): &(Timestamp, Timestamp, bool)| *to - *from;
        let all = gaps.iter().map(|gap| (gap.from, gap.to, gap.filled));
        let (Some(longest), Some(fence)) = (all.max_by_key(length), self.run.fence()) else {
            return Ok(());
        };
        let (job, wiki, now) = (self.run.editor.job, &self.run.wiki, self.run.clock.now());
        let name = gap_name(source, now);
        let known = self
            .run
            .db
            .read(async |db| memo::get(db, job, wiki, &name).await)
            .await?;
        // What is older is of the same day of the week before.
        let known = known.filter(|memo| now - memo.updated < TimeDelta::days(2));
        if known
            .is_some_and(|memo| serde_json::from_str(&memo.value).is_ok_and(|known| length(&known) >= length(&longest)))
        {
            return Ok(());
        }
        let value = serde_json::json!([longest.0, longest.1, longest.2]).to_string();
        self.run
            .db
            .fenced(&fence, "noting a gap", async |tx| {
                memo::set(tx, &name, &value, now).await
            })
            .await?;
        Ok(())
    }

    /// Reads texts and judges: what came of some edits of one wiki.
    pub(crate) async fn look(
        &mut self,
        session: &Session,
        namespaces: Option<&[i32]>,
        edits: Vec<Seen>,
        seen: u64,
    ) -> anyhow::Result<Outcome> {
        let by = self.readers.by();
        let reader = self.readers.of(session, namespaces).await?;
        let mut days: BTreeMap<chrono::NaiveDate, u64> = BTreeMap::new();
        for edit in &edits {
            *days.entry(edit.change.timestamp.date_naive()).or_default() += 1;
        }
        let edits = reader.costly(edits);
        let texts = texts::look(reader, edits).await?;
        let mut asked = judging::ask(reader, &self.run.db, &texts.edits).await?;
        let mut found = judging::judge(reader, &texts.edits, &mut asked, by.as_ref()).await?;
        if self.flags.name_server().is_none() {
            // Nobody would ever answer.
            found.pending.clear();
        }
        self.tally.seen += seen;
        self.tally.judged += texts.edits.len() as u64;
        self.tally.gone += texts.gone;
        self.tally.hidden += texts.hidden;
        for edit in &texts.edits {
            if let Some(why) = edit.why.filter(|why| why.is_told()) {
                *self.tally.nothing.entry(why.word()).or_default() += 1;
            }
        }
        self.tally.skipped += found.hits.iter().filter(|hit| hit.hit.skip.is_some()).count() as u64;
        Ok(Outcome {
            wiki: reader.key.clone(),
            edits: days,
            links: texts.edits.into_iter().filter_map(|edit| edit.links).collect(),
            found,
            ..Outcome::default()
        })
    }

    /// Of these hits, those that are recorded already.
    async fn recorded(
        &self,
        hits: impl Iterator<Item = &NewHit>,
    ) -> anyhow::Result<HashSet<(String, RevId, Rule, String)>> {
        let edits: BTreeSet<(&str, RevId)> = hits.map(|hit| (hit.wiki.as_str(), hit.rev)).collect();
        let mut known = HashSet::new();
        for (wiki, rev) in edits {
            let home = &self.run.wiki;
            let rows = self
                .run
                .db
                .read(async |db| hit::of_revision(db, home, wiki, rev).await)
                .await?;
            let of = |row: hit::Row| (row.of.wiki, row.of.rev, row.of.hit.rule, row.of.hit.string);
            known.extend(rows.into_iter().map(of));
        }
        Ok(known)
    }

    /// Stores outcomes and moves the source on; a dry run shows them.
    pub(crate) async fn store(&mut self, outcomes: &[Outcome], moved: Option<&Moved<'_>>) -> anyhow::Result<()> {
        let hits = outcomes.iter().flat_map(|outcome| &outcome.found.hits);
        let Some(fence) = self.run.fence() else {
            self.tally.hits += hits.clone().filter(|hit| hit.hit.skip.is_none()).count() as u64;
            let feeds = &self.run.accepted.parsed.settings.feeds;
            let home = (self.run.wiki.as_str(), self.run.session.host());
            feed::count(home, feeds, hits.clone(), &mut self.tally.feeds);
            return crate::show::hits(self.run, hits).await;
        };
        let known = match self.run.args.json {
            true => self.recorded(hits.clone()).await?,
            false => HashSet::new(),
        };
        let settings = &self.run.accepted.parsed.settings;
        let store = Store {
            db: &self.run.db,
            fence: &fence,
            horizon: self.horizon,
            now: self.run.clock.now(),
            auto_expires: settings.auto_expires,
            common_host: settings.common_host,
            feeds: &settings.feeds,
            home_host: self.run.session.host(),
        };
        let done = store
            .batch(&mut self.names, outcomes, moved)
            .await
            .context("storing a batch of edits")?;
        if self.run.args.json {
            // Who reads them counts on seeing each once.
            let new =
                hits.filter(|hit| !known.contains(&(hit.wiki.clone(), hit.rev, hit.hit.rule, hit.hit.string.clone())));
            crate::show::hits(self.run, new).await?;
        }
        for outcome in outcomes {
            for links in &outcome.links {
                if let shared::core::addition::Links::Rows(rows) = &links.links {
                    self.tally.keys.extend(rows.iter().map(|row| row.host.clone()));
                }
            }
        }
        self.tally.batch(done);
        if self.tally.lists_changed() {
            self.readers.lists_changed();
        }
        Ok(())
    }
}

/// What ends the run at once stays an error.
fn told(result: anyhow::Result<()>) -> anyhow::Result<Option<anyhow::Error>> {
    match result {
        Ok(()) => Ok(None),
        Err(error) if is_ours(&error) => Err(error),
        Err(error) => Ok(Some(error)),
    }
}

/// Under this name the longest gap of a source on a day is remembered; a week later another one.
fn gap_name(source: &str, now: Timestamp) -> String {
    let day = now.weekday().num_days_from_monday();
    format!("gap.{}.{day}", shared::core::intent::token("coi-report", source, "gap"))
}

/// Whether an error is about the database, or the run itself: then no other wiki is read either.
pub(crate) fn is_ours(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let wiki = cause.downcast_ref();
        cause.is::<shared::db::Error>() || matches!(wiki, Some(Error::Deadline | Error::Stopped { .. }))
    })
}
