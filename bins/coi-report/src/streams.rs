//! Many wikis from the event streams: one connection for as long as a run listens, from where the last one stored that it
//! was. Edits are looked at on their own wikis; where one does not answer, its edits are parked and the stream goes on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use shared::core::text::terminal;
use shared::core::types::RevId;
use shared::db::{checkpoint, memo};
use shared::others;
use shared::recent;
use shared::wiki::matrix::sitematrix;
use shared::wiki::{Session, wiki_id_of};

use crate::batch::{Moved, Outcome};
use crate::settings::{Place, WatchedWiki};
use crate::sources::Seen;
use crate::sources::stream::{Position, StreamBatch, StreamEdit, StreamSource};
use crate::watch::{FIRST_RUN, Watch};

/// Begins the name of the checkpoint.
const SOURCE: &str = "eventstreams";

/// How the wikis are reached that the streams tell of.
#[derive(Clone, Default)]
pub struct Places {
    /// By the keys that streams use, and by the names of databases.
    by_name: HashMap<String, (Place, Option<Vec<i32>>)>,
    /// Sessions that are open.
    open: HashMap<String, Session>,
}

impl Watch<'_> {
    /// Listens to the streams for these wikis; `None`: for all that the sitematrix names.
    pub(crate) async fn streams(&mut self, listed: Option<&[&WatchedWiki]>) -> anyhow::Result<()> {
        let mut places = self.places(listed).await?;
        if places.by_name.is_empty() {
            return Ok(());
        }
        self.again(&places).await?;
        let source = match self.flags.shard {
            Some(shard) => format!("{SOURCE} {shard}"),
            None => SOURCE.to_owned(),
        };
        let stored = recent::stored(self.run, &source).await?;
        let from = match stored.as_deref().and_then(Position::from_bytes) {
            Some(position) => Some(position),
            None => self.oldest().await?,
        };
        if from.is_none() {
            self.tally.first += 1;
            tracing::info!("the first run: the streams are read from now on; edits before are not looked at");
        }
        let wanted: HashSet<String> = places.by_name.keys().cloned().collect();
        let shard = self.flags.shard;
        let wants = |wiki: &str, dbname: &str| {
            (wanted.contains(wiki) || wanted.contains(dbname)) && shard.is_none_or(|shard| shard.has(wiki))
        };
        let seconds = Duration::from_secs(self.flags.stream_seconds);
        let config = self.run.others.stream(&self.flags.stream_url);
        let stop = self.run.stop.clone();
        let mut streams = StreamSource::open(config, wants, from.as_ref(), seconds, 0, stop)
            .context("opening the event streams")?;
        let mut before = stored;
        let mut sample = Vec::new();
        while let Some(batch) = streams.next().await.context("reading the event streams")? {
            sample.extend(batch.unreadable.iter().cloned());
            let after = batch.resume.as_ref().map(Position::to_bytes);
            self.batch(&mut places, batch, &source, before.as_deref(), after.as_deref()).await?;
            before = after.or(before);
            if !self.goes_on().await? {
                break;
            }
        }
        let (counts, unreadable) = streams.counts();
        for why in sample.iter().take(5) {
            tracing::warn!("an event cannot be read: {}", terminal(why));
        }
        if unreadable > 0 {
            tracing::warn!("{unreadable} events cannot be read");
        }
        tracing::info!(
            "streams: repeated={} without_edit={} late={} unsure={}",
            counts.repeated,
            counts.without_edit,
            counts.late,
            counts.unsure
        );
        Ok(())
    }

    /// Where the wikis are.
    async fn places(&self, listed: Option<&[&WatchedWiki]>) -> anyhow::Result<Places> {
        let mut places = Places::default();
        let home = self.run.session.site().dbname().to_owned();
        match listed {
            Some(list) => {
                for watched in list {
                    let named = (watched.place.clone(), watched.namespaces.clone());
                    let key = match &watched.place {
                        Place::Here => {
                            places.by_name.insert(home.clone(), named.clone());
                            self.run.wiki.clone()
                        }
                        Place::Api(url) => wiki_id_of(url, &[])?,
                    };
                    places.by_name.insert(key, named);
                }
            }
            None => {
                ensure!(
                    self.run.session.site().has_extension("SiteMatrix"),
                    "`wikis: all` needs the extension SiteMatrix, which this wiki has not"
                );
                let all = sitematrix(&self.run.session).await.context("reading the sitematrix")?;
                let hosts = shared::job::environment("WIKICREW_API_HOSTS");
                let mut beyond = 0_usize;
                for wiki in all.iter().filter(|wiki| !wiki.private && !wiki.closed) {
                    match others::allows(hosts.as_deref(), self.run.session.host(), &wiki.api_url) {
                        Ok(()) => {
                            let place = match wiki.dbname == home {
                                true => Place::Here,
                                false => Place::Api(wiki.api_url.clone()),
                            };
                            places.by_name.insert(wiki.dbname.clone(), (place, None));
                        }
                        Err(_) => beyond += 1,
                    }
                }
                if beyond > 0 {
                    tracing::warn!(
                        "{beyond} wikis of the sitematrix are not read: the operator does not name their hosts in \
                         WIKICREW_API_HOSTS"
                    );
                }
            }
        }
        Ok(places)
    }

    /// After the number of parts changed, every part begins where the one that was furthest behind had been: what comes
    /// twice is recognised by its revision.
    async fn oldest(&self) -> anyhow::Result<Option<Position>> {
        let (job, wiki) = (self.run.editor.job, &self.run.wiki);
        let known = self
            .run
            .db
            .read_if_there(async |db| checkpoint::all(db, job, wiki).await)
            .await?;
        let known = known.iter().filter(|(source, _)| source.starts_with(SOURCE));
        let positions = known.filter_map(|(_, checkpoint)| Position::from_bytes(checkpoint.pos.as_deref()?));
        Ok(positions.min_by_key(|position| position.at))
    }

    async fn batch(
        &mut self,
        places: &mut Places,
        batch: StreamBatch,
        source: &str,
        before: Option<&[u8]>,
        after: Option<&[u8]>,
    ) -> anyhow::Result<()> {
        for gap in &batch.gaps {
            tracing::warn!("the streams offer nothing from {} to {}: not looked at", gap.from, gap.to);
            self.tally.gaps += 1;
        }
        let gap = batch.gaps.first().copied();
        let mut by_wiki: BTreeMap<String, Vec<StreamEdit>> = BTreeMap::new();
        for edit in batch.edits {
            by_wiki.entry(edit.dbname.clone()).or_default().push(edit);
        }
        let mut outcomes = Vec::new();
        for edits in by_wiki.into_values() {
            outcomes.extend(self.of_wiki(places, edits).await?);
        }
        let moved = Moved {
            source,
            before,
            after,
            gap,
        };
        if before.is_none() && after.is_some() {
            self.note_first().await?;
        }
        self.store(&outcomes, Some(&moved)).await
    }

    async fn note_first(&self) -> anyhow::Result<()> {
        let Some(fence) = self.run.fence() else { return Ok(()) };
        let now = self.run.clock.now();
        self.run
            .db
            .fenced(&fence, "noting the first run", async |tx| {
                memo::set(tx, FIRST_RUN, &now.to_rfc3339(), now).await
            })
            .await?;
        Ok(())
    }

    /// Looks at the edits of one wiki, or parks them where it does not answer.
    async fn of_wiki(&mut self, places: &mut Places, edits: Vec<StreamEdit>) -> anyhow::Result<Option<Outcome>> {
        let Some(first) = edits.first() else { return Ok(None) };
        let (name, wiki) = (first.dbname.clone(), first.wiki.clone());
        let ids: Vec<RevId> = edits.iter().map(|edit| edit.change.revid).collect();
        let looked = match self.open(places, &wiki, &name).await {
            Ok((session, namespaces)) => {
                let reader = self.readers.of(&session, namespaces.as_deref()).await;
                match reader.map(|reader| reader.namespaces.clone()) {
                    Ok(watched) => {
                        let account = self.run.session.account().to_owned();
                        let edits: Vec<Seen> = edits
                            .into_iter()
                            .filter(|edit| watched.contains(&edit.change.ns))
                            .filter(|edit| edit.change.user.as_deref() != Some(account.as_str()))
                            .map(seen)
                            .collect();
                        let count = edits.len() as u64;
                        self.look(&session, namespaces.as_deref(), edits, count).await
                    }
                    Err(error) => Err(error),
                }
            }
            Err(error) => Err(error),
        };
        match looked {
            Ok(outcome) => Ok(Some(outcome)),
            Err(error) if error.chain().any(|cause| cause.is::<shared::db::Error>()) => Err(error),
            Err(error) => {
                places.open.remove(&name);
                tracing::warn!(
                    "{}: {} edits are looked at later: {}",
                    terminal(&wiki),
                    ids.len(),
                    terminal(&format!("{error:#}"))
                );
                self.tally.parked += ids.len() as u64;
                Ok(Some(Outcome {
                    wiki,
                    unread: ids,
                    ..Outcome::default()
                }))
            }
        }
    }

    /// A session for a wiki that the streams name.
    async fn open(
        &self,
        places: &mut Places,
        wiki: &str,
        name: &str,
    ) -> anyhow::Result<(Session, Option<Vec<i32>>)> {
        let found = places.by_name.get(wiki).or_else(|| places.by_name.get(name));
        let (place, namespaces) = found.cloned().context("a wiki that nobody asked for")?;
        if let Some(session) = places.open.get(name) {
            return Ok((session.clone(), namespaces));
        }
        let session = self.session(&place).await?;
        places.open.insert(name.to_owned(), session.clone());
        Ok((session, namespaces))
    }

    /// The same, for a wiki by its key.
    pub(crate) async fn place(
        &self,
        places: &Places,
        wiki: &str,
    ) -> anyhow::Result<(Session, Option<Vec<i32>>)> {
        let is_it = |place: &Place| match place {
            Place::Here => wiki == self.run.wiki,
            Place::Api(url) => wiki_id_of(url, &[]).is_ok_and(|key| key == wiki),
        };
        let found = places.by_name.values().find(|(place, _)| is_it(place));
        let (place, namespaces) = found.cloned().context("the wiki is not read any more")?;
        Ok((self.session(&place).await?, namespaces))
    }
}

/// An edit as every source tells it. Texts are read where links came, or may have come.
fn seen(edit: StreamEdit) -> Seen {
    let has_links = edit.links.as_ref().is_some_and(|links| !links.added.is_empty());
    Seen {
        wants_texts: has_links || !edit.knows_links,
        change: edit.change,
        links: edit.links,
        who: edit.who,
    }
}
