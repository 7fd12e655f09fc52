//! Texts of edits, and the links that each of them added. Texts come in slices, so that a chunk of edits of huge pages
//! stays small in memory; what is a parent of one edit and the text of another is fetched once.

use std::collections::{HashMap, HashSet};

use anyhow::Context as _;
use shared::core::addition::{Decision, Performer, RecordedEdit, RevisionFacts, RevisionLinks, Why, decide, realm_of};
use shared::core::change::{Change, EditorKind, Revision};
use shared::core::hit::{Edit, UserFacts};
use shared::core::site::{Site, Title};
use shared::core::types::RevId;
use shared::wiki::{Phase, people, revisions};

use crate::judging::is_judged;
use crate::reader::Reader;
use crate::sources::Seen;

/// Bytes of text that one slice may hold.
const SLICE_BYTES: u64 = 32 * 1024 * 1024;
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
    let reverters = reverters(reader, &edits).await?;
    let mut cache: HashMap<RevId, Revision> = HashMap::new();
    // How many edits that are still to come need a revision.
    let mut needed: HashMap<RevId, u32> = HashMap::new();
    for change in edits.iter().filter(|seen| seen.wants_texts).map(|seen| &seen.change) {
        for revid in [change.revid, change.parent] {
            *needed.entry(revid).or_default() += 1;
        }
    }
    let mut rest = edits.as_slice();
    while !rest.is_empty() {
        let (some, later) = rest.split_at(slice(rest, &cache, reader.session.batch_size()));
        rest = later;
        let wanted = some.iter().filter(|seen| seen.wants_texts);
        let ids: Vec<RevId> = wanted
            .flat_map(|seen| [seen.change.revid, seen.change.parent])
            .filter(|revid| revid.0 != 0 && !cache.contains_key(revid))
            .collect();
        if !ids.is_empty() {
            reader.session.count_as(Phase::Learner);
            let read = revisions(&reader.session, &ids, true).await.context("reading texts")?;
            cache.extend(read);
        }
        for seen in some {
            one(reader, seen, &cache, &reverters, &mut texts);
            if seen.wants_texts {
                for revid in [seen.change.revid, seen.change.parent] {
                    let left = needed.get_mut(&revid).map_or(0, |left| {
                        *left = left.saturating_sub(1);
                        *left
                    });
                    if left == 0 {
                        cache.remove(&revid);
                    }
                }
            }
        }
    }
    Ok(texts)
}

/// How many of the edits make one slice: as many as one request takes, and as fit into memory.
fn slice(edits: &[Seen], cache: &HashMap<RevId, Revision>, batch: usize) -> usize {
    let (mut ids, mut bytes) = (HashSet::new(), 0);
    for (n, seen) in edits.iter().enumerate() {
        if seen.wants_texts {
            for (revid, len) in [
                (seen.change.revid, seen.change.new_len),
                (seen.change.parent, seen.change.old_len),
            ] {
                if revid.0 != 0 && !cache.contains_key(&revid) && ids.insert(revid) {
                    bytes += len.unwrap_or(100_000);
                }
            }
        }
        if n > 0 && (ids.len() > batch || bytes > SLICE_BYTES) {
            return n;
        }
    }
    edits.len()
}

/// What is known of the named authors of reverts.
async fn reverters(reader: &Reader, edits: &[Seen]) -> anyhow::Result<HashMap<String, UserFacts>> {
    let is_revert = |change: &Change| change.tags.iter().any(|tag| REVERT_TAGS.contains(&tag.as_str()));
    let mut names: Vec<&str> = edits
        .iter()
        .filter(|seen| seen.wants_texts && seen.who.is_none())
        .map(|seen| &seen.change)
        .filter(|change| change.editor == EditorKind::Named && is_revert(change))
        .filter_map(|change| change.user.as_deref())
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    reader.session.count_as(Phase::Mentor);
    people::facts(&reader.session, &names)
        .await
        .context("asking for accounts")
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

fn one(
    reader: &Reader,
    seen: &Seen,
    cache: &HashMap<RevId, Revision>,
    reverters: &HashMap<String, UserFacts>,
    texts: &mut Texts,
) {
    let site = reader.session.site();
    if !seen.wants_texts {
        match unread(&reader.key, site, seen) {
            Some(looked) => texts.edits.push(looked),
            None => texts.hidden += 1,
        }
        return;
    }
    let Some(revision) = cache.get(&seen.change.revid) else {
        texts.gone += 1;
        return;
    };
    // Hidden by now counts, too.
    let Some(name) = seen.change.user.as_deref().filter(|_| !revision.user_hidden()) else {
        texts.hidden += 1;
        return;
    };
    let change = &known_better(&seen.change, revision);
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
        parent_text: cache.get(&change.parent).and_then(|parent| parent.text.clone()),
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
        who: seen.who.clone().or_else(|| reverters.get(name).cloned()),
    };
    match is_judged(&looked) {
        true => texts.edits.push(looked),
        false => texts.gone += 1,
    }
}

/// A change with what only the revision says, where a stream told of it.
fn known_better(change: &Change, revision: &Revision) -> Change {
    let mut change = change.clone();
    if change.page_id.0 == 0 {
        change.page_id = revision.page_id;
        change.timestamp = revision.timestamp;
        change.tags.clone_from(&revision.tags);
        change.user_id = revision.user_id;
        change.editor = revision.editor;
    }
    change
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
