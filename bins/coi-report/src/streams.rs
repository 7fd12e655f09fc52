//! Many wikis from the event streams: one connection for as long as a run listens, from where the last one stored that it
//! was. Edits are looked at on their own wikis; where one does not answer, its edits are parked and the stream goes on.

mod begin;
mod spaces;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use shared::core::text::terminal;
use shared::core::types::RevId;
use shared::db::memo;
use shared::others;
use shared::recent;
use shared::wiki::matrix::sitematrix;
use shared::wiki::{Gap, Session, wiki_id_of};

use crate::again::Unread;
use crate::batch::{Moved, Outcome};
use crate::nearby;
use crate::settings::{Place, WatchedWiki};
use crate::sources::Seen;
use crate::sources::stream::{Position, StreamBatch, StreamEdit, StreamSource, is_by_author};
use crate::watch::{FIRST_RUN, Watch, is_ours};

/// Begins the name of the checkpoint.
const SOURCE: &str = "eventstreams";
/// From so many wikis on, each has few edits in a batch.
const MANY: usize = 20;

/// How the wikis are reached that the streams tell of.
#[derive(Clone, Default)]
pub struct Places {
    /// By the keys that streams use, and by the names of databases.
    by_name: HashMap<String, (Place, Option<Vec<i32>>)>,
    /// Sessions that are open.
    open: HashMap<String, Session>,
    /// Watched namespaces as far as they are known, by the keys of wikis.
    spaces: HashMap<String, Option<Vec<i32>>>,
}

impl Watch<'_> {
    /// Listens to the streams for these wikis; `None`: for all that the sitematrix names.
    pub(crate) async fn streams(&mut self, listed: Option<&[&WatchedWiki]>) -> anyhow::Result<()> {
        let mut places = self.places(listed).await?;
        if places.by_name.is_empty() {
            return Ok(());
        }
        let source = match self.flags.shard {
            Some(shard) => format!("{SOURCE} {shard}"),
            None => SOURCE.to_owned(),
        };
        let stored = recent::stored(self.run, &source).await?;
        let mut begin = self.begins(&source, &places).await?;
        self.note_gaps(&source, &begin.gaps).await?;
        let is_first = begin.from.is_none();
        if is_first {
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
        let mut streams = StreamSource::open(config, wants, begin.from.as_ref(), seconds, 0, stop)
            .context("opening the event streams")?;
        if places.by_name.len() > MANY {
            streams = streams.in_big_batches();
        }
        let mut before = stored;
        let mut sample = Vec::new();
        while let Some(batch) = streams.next().await.context("reading the event streams")? {
            sample.extend(batch.unreadable.iter().cloned());
            let after = batch.resume.as_ref().map(Position::to_bytes);
            self.batch(&mut places, batch, &source, before.as_deref(), after.as_deref())
                .await?;
            if after.is_some() {
                if is_first && before.is_none() {
                    self.note_first().await?;
                }
                self.note_switched(&mut begin).await?;
                before = after;
            }
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
    pub(crate) async fn places(&self, listed: Option<&[&WatchedWiki]>) -> anyhow::Result<Places> {
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

    async fn batch(
        &mut self,
        places: &mut Places,
        batch: StreamBatch,
        source: &str,
        before: Option<&[u8]>,
        after: Option<&[u8]>,
    ) -> anyhow::Result<()> {
        self.note_gaps(source, &batch.gaps).await?;
        let mut by_wiki: BTreeMap<String, Vec<StreamEdit>> = BTreeMap::new();
        for edit in batch.edits {
            by_wiki.entry(edit.dbname.clone()).or_default().push(edit);
        }
        let mut outcomes = Vec::new();
        for edits in by_wiki.into_values() {
            outcomes.extend(self.of_wiki(places, edits).await?);
        }
        let moved = Moved { source, before, after };
        self.store(&outcomes, Some(&moved)).await
    }

    /// Tells of what neither the streams nor anything else offers.
    async fn note_gaps(&mut self, source: &str, gaps: &[Gap]) -> anyhow::Result<()> {
        for gap in gaps {
            tracing::warn!(
                "the streams offer nothing from {} to {}: not looked at",
                gap.from,
                gap.to
            );
        }
        self.gaps(source, gaps).await
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
    async fn of_wiki(&mut self, places: &mut Places, mut edits: Vec<StreamEdit>) -> anyhow::Result<Option<Outcome>> {
        let Some(first) = edits.first() else { return Ok(None) };
        let (name, wiki) = (first.dbname.clone(), first.wiki.clone());
        let (_, given) = places.of(&wiki, &name)?;
        let given = given.clone();
        if let Some(spaces) = self.spaces(places, &wiki, given.as_deref()).await? {
            edits.retain(|edit| spaces.contains(&edit.change.ns));
            if edits.is_empty() {
                return Ok(None);
            }
        }
        let unread: Vec<Unread> = edits
            .iter()
            .map(|edit| Unread {
                rev: edit.change.revid,
                is_bot: edit.change.bot,
            })
            .collect();
        match self.looked(places, &wiki, &name, edits).await {
            Ok(outcome) => Ok(Some(outcome)),
            Err(error) if is_ours(&error) => Err(error),
            Err(error) => {
                places.open.remove(&name);
                tracing::warn!(
                    "{}: {} edits are looked at later: {}",
                    terminal(&wiki),
                    unread.len(),
                    terminal(&format!("{error:#}"))
                );
                self.tally.parked += unread.len() as u64;
                Ok(Some(Outcome {
                    wiki,
                    unread,
                    ..Outcome::default()
                }))
            }
        }
    }

    async fn looked(
        &mut self,
        places: &mut Places,
        wiki: &str,
        name: &str,
        edits: Vec<StreamEdit>,
    ) -> anyhow::Result<Outcome> {
        let (session, namespaces) = self.open(places, wiki, name).await?;
        let namespaces = namespaces.as_deref();
        let found = self.readers.of(&session, namespaces).await?.namespaces.clone();
        self.note_spaces(places, wiki, &found).await?;
        // Edits whose links came late were counted when they were given without.
        let (late, edits): (Vec<_>, Vec<_>) = edits.into_iter().partition(|edit| edit.is_late);
        let (bare, late): (Vec<_>, Vec<_>) = late.into_iter().partition(|edit| edit.is_bare);
        let mut late: Vec<Seen> = late.into_iter().map(seen).collect();
        late.extend(given_before(&session, bare).await?);
        let late = self.watched(&session, namespaces, late).await?;
        let edits = edits.into_iter().map(seen).collect();
        let mut edits = self.watched(&session, namespaces, edits).await?;
        let count = edits.len() as u64;
        let days: Vec<_> = late.iter().map(|edit| edit.change.timestamp.date_naive()).collect();
        edits.extend(late);
        let mut outcome = self.look(&session, namespaces, edits, count).await?;
        for day in days {
            outcome.edits.entry(day).and_modify(|edits| *edits -= 1);
        }
        Ok(outcome)
    }

    /// Of edits of a wiki those in watched namespaces, without the bot's own.
    pub(crate) async fn watched(
        &mut self,
        session: &Session,
        namespaces: Option<&[i32]>,
        mut edits: Vec<Seen>,
    ) -> anyhow::Result<Vec<Seen>> {
        let account = self.run.session.account();
        let watched = &self.readers.of(session, namespaces).await?.namespaces;
        edits.retain(|edit| watched.contains(&edit.change.ns) && edit.change.user.as_deref() != Some(account));
        Ok(edits)
    }

    /// A session for a wiki that the streams name.
    async fn open(&self, places: &mut Places, wiki: &str, name: &str) -> anyhow::Result<(Session, Option<Vec<i32>>)> {
        let (place, namespaces) = places.of(wiki, name)?.clone();
        if let Some(session) = places.open.get(name) {
            return Ok((session.clone(), namespaces));
        }
        let session = self.session(&place).await?;
        places.open.insert(name.to_owned(), session.clone());
        Ok((session, namespaces))
    }

    /// The same, for a wiki by its key.
    pub(crate) async fn place(&self, places: &Places, wiki: &str) -> anyhow::Result<(Session, Option<Vec<i32>>)> {
        let is_it = |place: &Place| match place {
            Place::Here => wiki == self.run.wiki,
            Place::Api(url) => wiki_id_of(url, &[]).is_ok_and(|key| key == wiki),
        };
        let found = places.by_name.values().find(|(place, _)| is_it(place));
        let (place, namespaces) = found.cloned().context("the wiki is not read any more")?;
        Ok((self.session(&place).await?, namespaces))
    }
}

impl Places {
    /// Where a wiki is, and its namespaces where the settings name them.
    fn of(&self, wiki: &str, name: &str) -> anyhow::Result<&(Place, Option<Vec<i32>>)> {
        let found = self.by_name.get(wiki).or_else(|| self.by_name.get(name));
        found.context("a wiki that nobody asked for")
    }
}

/// Edits that a run before gave, with the links that came since: what else is to be known of them the wiki says.
async fn given_before(session: &Session, edits: Vec<StreamEdit>) -> anyhow::Result<Vec<Seen>> {
    let ids: Vec<RevId> = edits.iter().map(|edit| edit.change.revid).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = nearby::seen(session, &ids).await?;
    for edit in edits {
        let same = found.iter_mut().find(|one| one.change.revid == edit.change.revid);
        if let Some(one) = same
            && let Some(links) = edit.links.filter(|links| is_by_author(links, &one.change))
        {
            one.change.bot = edit.change.bot;
            (one.links, one.who) = (Some(links), edit.who);
        }
    }
    // By somebody else: a template brought them.
    found.retain(|one| one.links.is_some());
    Ok(found)
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
