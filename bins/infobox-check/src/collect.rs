//! What happened since the checkpoint: the changes in the watched namespaces, which of them concern a page that has a
//! watched box or had one when it was last seen, and the texts before and after, in batches.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use shared::core::change::{Change, EditorKind, LogKind};
use shared::core::types::PageId;
use shared::db::box_page;
use shared::job::Run;
use shared::recent::Position;
use shared::wiki::Phase;
use shared::wiki::{PageNow, PageRef, history, transclusions};

use crate::context::Context;
use crate::settings::Settings;

/// Name of the checkpoint.
pub const SOURCE: &str = "recentchanges";

/// A page with edits to look at.
#[derive(Clone, Debug)]
pub struct Touched {
    /// Its id.
    pub page_id: PageId,
    /// As it is now; `None`: it was deleted since.
    pub now: Option<PageNow>,
    /// Places, in the settings, of the boxes that it transcludes now or did when last seen.
    pub boxes: BTreeSet<usize>,
    /// Its edits, oldest first, those by the bot itself left out.
    pub edits: Vec<Change>,
}

/// What the changes of a batch mean for the pages.
#[derive(Debug, Default)]
pub struct Collected {
    /// Pages that have or had a watched box, or whose edits a list names.
    pub pages: Vec<Touched>,
    /// Pages with their watched boxes as they are now, for the list of transcluding pages.
    pub present: Vec<(usize, PageId, PageNow)>,
    /// Pages that no longer have a box.
    pub gone: Vec<(usize, PageId)>,
    /// Edits in the watched namespaces.
    pub edits: usize,
}

/// Sorts changes by page and finds the pages that matter. `by_list`: whether a list names an edit.
pub async fn sort(
    run: &mut Run<Settings>,
    context: &Context,
    changes: Vec<Change>,
    position: &Position,
    by_list: impl Fn(&Change) -> bool,
) -> anyhow::Result<Collected> {
    let namespaces = &context.namespaces;
    let mut edits: BTreeMap<PageId, Vec<Change>> = BTreeMap::new();
    let mut asked: BTreeSet<PageId> = BTreeSet::new();
    let mut arrived: HashMap<PageId, Change> = HashMap::new();
    let mut count = 0;
    for change in changes {
        let target = change.log.as_ref().and_then(|log| log.target.as_ref());
        let is_watched =
            namespaces.contains(&change.ns) || target.is_some_and(|target| namespaces.contains(&target.ns));
        if !is_watched || change.page_id.0 == 0 {
            continue;
        }
        match &change.log {
            None => {
                count += 1;
                asked.insert(change.page_id);
                let is_own = change.user.as_deref() == Some(run.session.account());
                // Imported revisions are other wikis' edits.
                let is_foreign = change.editor == EditorKind::Foreign;
                if !is_own
                    && !is_foreign
                    && !position.handled.contains_key(&change.revid)
                    && change.timestamp >= position.start
                {
                    edits.entry(change.page_id).or_default().push(change);
                }
            }
            // Another title, or gone, or back: the list of pages has to know.
            Some(log) if matches!(log.kind, LogKind::Move | LogKind::Delete) => {
                asked.insert(change.page_id);
                let is_new = !position.handled.contains_key(&change.revid) && change.timestamp >= position.start;
                let is_arrival = log.kind == LogKind::Move && !namespaces.contains(&change.ns) && change.revid.0 != 0;
                if is_arrival && is_new {
                    arrived.insert(change.page_id, change);
                }
            }
            Some(_) => {}
        }
    }
    let asked: Vec<PageId> = asked.into_iter().collect();
    run.session.count_as(Phase::Learner);
    let now = transclusions(&run.session, &asked, &context.templates).await?;
    let known = known(run, &asked).await?;
    let mut collected = Collected {
        edits: count,
        ..Collected::default()
    };
    for page_id in asked {
        let present = now.get(&page_id).cloned().flatten();
        let mut boxes = known
            .get(&page_id)
            .map(|names| context.places(names))
            .unwrap_or_default();
        let has: BTreeSet<usize> = match &present {
            Some(page) if namespaces.contains(&page.ns) && !page.is_redirect => {
                context.places_of_templates(&page.templates)
            }
            _ => BTreeSet::new(),
        };
        for place in boxes.difference(&has) {
            collected.gone.push((*place, page_id));
        }
        if let Some(page) = &present {
            collected
                .present
                .extend(has.iter().map(|place| (*place, page_id, page.clone())));
        }
        boxes.extend(&has);
        let mut edits = edits.remove(&page_id).unwrap_or_default();
        if let Some(moved) = arrived.remove(&page_id).filter(|_| !has.is_empty()) {
            edits.extend(as_new_page(run, moved).await?);
            edits.sort_by_key(|edit| edit.revid);
        }
        if !edits.is_empty() && (!boxes.is_empty() || edits.iter().any(&by_list)) {
            collected.pages.push(Touched {
                page_id,
                now: present,
                boxes,
                edits,
            });
        }
    }
    Ok(collected)
}

/// A move into the watched namespaces as what it is for the readers there: a new page of its creator, not of the mover.
async fn as_new_page(run: &Run<Settings>, moved: Change) -> anyhow::Result<Option<Change>> {
    let Some(target) = moved.log.and_then(|log| log.target) else {
        return Ok(None);
    };
    let first = history(&run.session, PageRef::Id(moved.page_id), None, 1).await?.pop();
    let first = first.filter(|first| first.user.as_deref() != Some(run.session.account()));
    Ok(first.map(|first| Change {
        ns: target.ns,
        title: target.title,
        user: first.user,
        user_id: first.user_id,
        editor: first.editor,
        tags: Vec::new(),
        is_new: true,
        log: None,
        ..moved
    }))
}

async fn known(run: &Run<Settings>, pages: &[PageId]) -> anyhow::Result<HashMap<PageId, Vec<String>>> {
    let rows = run
        .db
        .read_if_there(async |db| box_page::known(db, &run.wiki, pages).await)
        .await?;
    let mut known: HashMap<PageId, Vec<String>> = HashMap::new();
    for (page_id, name) in rows {
        known.entry(page_id).or_default().push(name);
    }
    Ok(known)
}
