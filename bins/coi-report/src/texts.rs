//! Texts of edits, and the links that each of them added. Texts come in slices, so that a chunk of edits of huge pages
//! stays small in memory; what is a parent of one edit and the text of another is fetched once.

mod cache;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use shared::core::addition::{Decision, Performer, RecordedEdit, RevisionFacts, RevisionLinks, Why, decide, realm_of};
use shared::core::change::{Change, EditorKind};
use shared::core::hit::{Edit, UserFacts};
use shared::core::site::{Site, Title};
use shared::core::types::RevId;
use shared::wiki::{Phase, revisions};

use crate::judging::is_judged;
use crate::reader::Reader;
use crate::sources::Seen;
use cache::{Cache, texts_of};

/// Bytes of text that one slice may hold.
const SLICE_BYTES: u64 = 32 * 1024 * 1024;
/// Bytes of text that are held for edits to come.
const CACHE_BYTES: usize = 64 * 1024 * 1024;
/// Tags of edits that bring an older text back: whether the author is new decides about their links.
const REVERT_TAGS: [&str; 3] = ["mw-rollback", "mw-undo", "mw-manual-revert"];

/// An edit with the links that it added.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Revision, page and author.
    pub of: RevisionFacts,
    /// Its tags.
    pub tags: Vec<String>,
    /// The page.
    pub title: Title,
    /// What it added.
    pub links: Option<RevisionLinks>,
    /// Why nothing is known of its links, or not all.
    pub why: Option<Why>,
    /// What the source said of the author.
    pub who: Option<UserFacts>,
}

impl Looked {
    /// As the rules take it.
    pub fn edit(&self) -> Edit<'_> {
        Edit {
            of: &self.of,
            tags: &self.tags,
            links: self.links.as_ref(),
            title: &self.title,
        }
    }
}

/// What came of the edits of a chunk.
#[derive(Debug, Default)]
pub struct Texts {
    /// The edits that can be judged, oldest first.
    pub edits: Vec<Looked>,
    /// Edits that are gone: their page or they themselves were deleted, or they change nothing.
    pub gone: u64,
    /// Edits whose author the wiki hides.
    pub hidden: u64,
}

/// Reads texts and finds links. Errs where the wiki does.
pub async fn look(reader: &Reader, edits: Vec<Seen>) -> anyhow::Result<Texts> {
    let mut texts = Texts::default();
    let mut reverters = HashMap::new();
    let mut cache = Cache::new(&edits);
    let mut rest = edits.as_slice();
    while !rest.is_empty() {
        let (some, later) = rest.split_at(slice(rest, &cache, reader.session.batch_size()));
        rest = later;
        let wanted = some.iter().flat_map(texts_of).map(|(revid, _)| revid);
        let ids: Vec<RevId> = wanted.filter(|revid| cache.get(*revid).is_none()).collect();
        if !ids.is_empty() {
            reader.session.count_as(Phase::Learner);
            let read = revisions(&reader.session, &ids, true).await.context("reading texts")?;
            cache.extend(read);
        }
        let some: Vec<Cow<'_, Seen>> = some.iter().map(|seen| known_better(seen, &cache)).collect();
        ask_reverters(reader, &some, &mut reverters).await?;
        for seen in &some {
            one(reader, seen, &cache, &reverters, &mut texts);
            cache.done(seen);
        }
        cache.shrink(CACHE_BYTES);
    }
    Ok(texts)
}

/// How many of the edits make one slice: as many as one request takes, and as fit into memory.
fn slice(edits: &[Seen], cache: &Cache, batch: usize) -> usize {
    let (mut ids, mut bytes) = (HashSet::new(), 0);
    for (n, seen) in edits.iter().enumerate() {
        for (revid, len) in texts_of(seen) {
            if cache.get(revid).is_none() && ids.insert(revid) {
                bytes += len.unwrap_or(100_000);
            }
        }
        if n > 0 && (ids.len() > batch || bytes > SLICE_BYTES) {
            return n;
        }
    }
    edits.len()
}

/// Adds what is known of the named authors of reverts.
async fn ask_reverters(
    reader: &Reader,
    edits: &[Cow<'_, Seen>],
    known: &mut HashMap<String, UserFacts>,
) -> anyhow::Result<()> {
    let is_revert = |change: &Change| change.tags.iter().any(|tag| REVERT_TAGS.contains(&tag.as_str()));
    let mut names: Vec<&str> = edits
        .iter()
        .filter(|seen| seen.wants_texts && seen.who.is_none())
        .map(|seen| &seen.change)
        .filter(|change| change.editor == EditorKind::Named && is_revert(change))
        .filter_map(|change| change.user.as_deref())
        .filter(|name| !known.contains_key(*name))
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(());
    }
    reader.session.count_as(Phase::Mentor);
    let (site, new_user) = (reader.session.site(), reader.rules.rules().new_user);
    // Who is not new here is new nowhere.
    let is_enough = |name: &str, facts: &UserFacts| {
        let of = edits
            .iter()
            .map(|seen| &seen.change)
            .filter(|of| of.user.as_deref() == Some(name));
        of.map(|change| facts_of(&reader.key, site, change, name, Some(facts)))
            .all(|of| of.performer.is_some_and(|who| !new_user.is_new(&who, of.ts)))
    };
    known.extend(reader.accounts.facts(&reader.session, &names, is_enough).await?);
    Ok(())
}

/// An edit of which no text is read.
pub fn unread(wiki: &str, site: &Site, seen: &Seen) -> Option<Looked> {
    let change = &seen.change;
    let name = change.user.as_deref()?;
    Some(Looked {
        of: facts_of(wiki, site, change, name, seen.who.as_ref()),
        tags: change.tags.clone(),
        title: site.title(&change.title).ok()?,
        links: None,
        why: None,
        who: seen.who.clone(),
    })
}

fn one(reader: &Reader, seen: &Seen, cache: &Cache, reverters: &HashMap<String, UserFacts>, texts: &mut Texts) {
    let site = reader.session.site();
    if !seen.wants_texts {
        match unread(&reader.key, site, seen) {
            Some(looked) => texts.edits.push(looked),
            None => texts.hidden += 1,
        }
        return;
    }
    let Some(revision) = cache.get(seen.change.revid) else {
        texts.gone += 1;
        return;
    };
    // Hidden by now counts, too.
    let Some(name) = seen.change.user.as_deref().filter(|_| !revision.user_hidden()) else {
        texts.hidden += 1;
        return;
    };
    let change = &seen.change;
    let Ok(title) = site.title(&change.title) else {
        texts.gone += 1;
        return;
    };
    let facts = seen.who.as_ref().or_else(|| reverters.get(name));
    let of = facts_of(&reader.key, site, change, name, facts);
    let edit = RecordedEdit {
        of: of.clone(),
        parent: change.parent,
        tags: change.tags.clone(),
        sha1: revision.sha1.clone(),
        earlier_sha1: Vec::new(),
        model: revision.model.clone(),
        text_hidden: revision.text_hidden,
        text: revision.text.clone(),
        parent_text: cache.get(change.parent).and_then(|parent| parent.text.clone()),
        added: None,
    };
    let (links, why) = match decide(Some(&edit), seen.links.as_ref(), &reader.rules.rules()) {
        Decision::Links(links, why) => (Some(*links), why),
        Decision::Nothing(why) => (None, Some(why)),
    };
    let looked = Looked {
        of,
        tags: change.tags.clone(),
        title,
        links,
        why,
        who: seen.who.clone(),
    };
    match is_judged(&looked) {
        true => texts.edits.push(looked),
        false => texts.gone += 1,
    }
}

/// An edit with what only its revision says, where a stream told of it: of tags, and often of accounts, streams say
/// nothing. Recent changes say it all, and of a page that was moved what the revision does not.
fn known_better<'s>(seen: &'s Seen, cache: &Cache) -> Cow<'s, Seen> {
    let is_of_stream = seen.change.page_id.0 == 0 || seen.links.is_some();
    let revision = cache.get(seen.change.revid);
    let Some(revision) = revision.filter(|_| seen.wants_texts && is_of_stream) else {
        return Cow::Borrowed(seen);
    };
    let mut seen = seen.clone();
    let change = &mut seen.change;
    change.page_id = revision.page_id;
    change.timestamp = revision.timestamp;
    change.tags.clone_from(&revision.tags);
    change.sha1.clone_from(&revision.sha1);
    change.user_id = revision.user_id;
    change.editor = revision.editor;
    Cow::Owned(seen)
}

fn facts_of(wiki: &str, site: &Site, change: &Change, name: &str, facts: Option<&UserFacts>) -> RevisionFacts {
    let address = name.parse::<std::net::IpAddr>().ok();
    let address = address.filter(|_| change.editor == EditorKind::Ip);
    RevisionFacts {
        wiki: wiki.to_owned(),
        dbname: site.dbname().to_owned(),
        realm: realm_of(wiki),
        rev: change.revid,
        page: change.page_id,
        ns: change.ns,
        title: change.title.clone(),
        ts: change.timestamp,
        performer: Some(Performer {
            name: address.map_or_else(|| name.to_owned(), |address| address.to_string()),
            kind: change.editor,
            user_id: change.user_id,
            is_bot: change.bot,
            edits: facts.and_then(|facts| facts.edits),
            registered: facts.and_then(|facts| facts.registered),
        }),
    }
}
