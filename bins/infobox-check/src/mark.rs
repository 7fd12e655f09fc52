//! Keeps the marks true: looks at the pages that are due, and edits those whose marks are not as they should be. What a
//! page gets is computed from its newest text, the index and the settings alone, so a run that dies between two edits
//! leaves nothing to repair.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::TimeDelta;
use shared::core::change::Revision;
use shared::core::text::terminal;
use shared::core::types::{PageId, RevId, Timestamp};
use shared::db::open_field::{self, OpenField};
use shared::db::page_mark::{self, PageMark};
use shared::editor::{Computed, Found, Look, Refused, State};
use shared::job::{Run, ends_run};
use shared::wiki::Phase;
use shared::wiki::{PageNow, transclusions};

use crate::batch::{Moment, author, not_both, now};
use crate::context::Context;
use crate::credit::credit;
use crate::marked::{Verified, Watched, marked};
use crate::overrides::Overrides;
use crate::settings::Settings;
use crate::verified;

/// Pages looked at per run because they are due.
const PER_RUN: u32 = 200;
/// Pages whose texts are held at once, with those of their verified revisions: each may have 2 MB.
const AT_ONCE: usize = 50;
/// When a page is tried again that failed.
const AFTER_FAILURE: TimeDelta = TimeDelta::hours(1);
/// Edits left of the caps for logs, lists and the status page.
const RESERVE: u64 = 10;

/// Looks at the pages that are due and edits what has to be edited. Says how many pages got other marks.
pub async fn save(run: &mut Run<Settings>, context: &Context) -> anyhow::Result<u64> {
    let due = run
        .db
        .read_if_there(async |db| page_mark::due(db, &run.wiki, context.now, PER_RUN).await)
        .await?;
    forget_foreign(run, context, &due).await?;
    let pages: BTreeSet<PageId> = due.iter().map(|mark| mark.page_id).collect();
    let pages: Vec<PageId> = pages.into_iter().collect();
    run.session.count_as(Phase::Learner);
    let mut looked = look(run, context, &pages).await?;
    store(run, &mut looked).await?;
    let mut marked = 0;
    for page in looked {
        let is_due = |mark: &&PageMark| mark.due_at.is_some_and(|due| due <= context.now);
        let places: Vec<usize> = page
            .marks
            .iter()
            .filter(is_due)
            .filter_map(|mark| Some(context.by_name(&mark.box_name)?.0))
            .collect();
        if places.is_empty() {
            // Marked by a run that died before it could note its edit.
            if let Some(found) = &page.own_edit {
                run.editor.log_if_forgotten(found).await?;
            }
            continue;
        }
        if !may_edit(run, context).await? || !run.goes_on().await? {
            break;
        }
        match edit(run, context, &page, &places, false).await {
            Ok(done) => marked += u64::from(done),
            Err(error) if ends_run(&error) => return Err(error),
            Err(error) => {
                run.item_error(&page.title, &error).await;
                later(run, context, &page).await?;
            }
        }
    }
    Ok(marked)
}

/// Marks of boxes that the settings no longer name are nobody's to look at.
async fn forget_foreign(run: &Run<Settings>, context: &Context, due: &[PageMark]) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let foreign: Vec<&PageMark> = due
        .iter()
        .filter(|mark| context.by_name(&mark.box_name).is_none())
        .collect();
    if foreign.is_empty() {
        return Ok(());
    }
    run.db
        .fenced(&fence, "forgetting the marks of other boxes", async |tx| {
            for mark in &foreign {
                page_mark::forget(tx, &mark.box_name, &[mark.page_id]).await?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}

/// A page that failed must not stand before all others again and again.
async fn later(run: &Run<Settings>, context: &Context, page: &Looked) -> anyhow::Result<()> {
    let Some(fence) = run.fence() else { return Ok(()) };
    let later = |mark: &PageMark| PageMark {
        due_at: mark.due_at.map(|_| context.now + AFTER_FAILURE),
        ..mark.clone()
    };
    let marks: Vec<PageMark> = page.marks.iter().map(later).collect();
    run.db
        .fenced(&fence, "putting a page's marks off", async |tx| {
            page_mark::put(tx, &marks).await
        })
        .await?;
    Ok(())
}

/// Whether another article may be edited in this run.
pub async fn may_edit(run: &Run<Settings>, context: &Context) -> anyhow::Result<bool> {
    // Very small caps leave something for the marks, too.
    let reserve = RESERVE.min(u64::from(run.accepted.parsed.common.max_edits_per_run) / 2);
    let may = context.overrides.may_write() && run.editor.halted().is_none();
    Ok(may && run.editor.room().await? > reserve)
}

/// A page as it is now, with what is to be known of it.
pub struct Looked {
    /// The page.
    pub page_id: PageId,
    /// Its title.
    pub title: String,
    /// What differs, by place of the box.
    pub open: BTreeMap<usize, Vec<OpenField>>,
    /// The state of its marks, one per box.
    pub marks: Vec<PageMark>,
    /// Its verified revisions, by place of the box.
    pub verified: HashMap<usize, Verified>,
    /// Its newest edit, where that is the bot's.
    own_edit: Option<Found>,
    /// Boxes that it no longer has.
    gone: Vec<usize>,
}

/// Looks at pages as they are now, in batches.
pub async fn look(run: &Run<Settings>, context: &Context, pages: &[PageId]) -> anyhow::Result<Vec<Looked>> {
    let mut looked = Vec::new();
    for pages in pages.chunks(AT_ONCE) {
        let present = transclusions(&run.session, pages, &context.templates).await?;
        let revids: Vec<RevId> = present.values().flatten().map(|page| page.revid).collect();
        let known = verified::load(run, context, pages, &revids).await?;
        for page_id in pages {
            let now = present.get(page_id).and_then(Option::as_ref);
            looked.push(match now {
                Some(now) => one(run, context, *page_id, now, &known),
                None => Looked {
                    page_id: *page_id,
                    title: String::new(),
                    open: BTreeMap::new(),
                    marks: Vec::new(),
                    verified: HashMap::new(),
                    own_edit: None,
                    gone: (0..context.boxes.len()).collect(),
                },
            });
        }
    }
    Ok(looked)
}

fn one(run: &Run<Settings>, context: &Context, page_id: PageId, page: &PageNow, known: &verified::Known) -> Looked {
    let has = context.places_of_templates(&page.templates);
    let mut looked = Looked {
        page_id,
        title: page.title.clone(),
        open: BTreeMap::new(),
        marks: Vec::new(),
        verified: HashMap::new(),
        own_edit: None,
        gone: (0..context.boxes.len()).filter(|place| !has.contains(place)).collect(),
    };
    let revision: Option<&Revision> = known.revisions.get(&page.revid);
    let own = revision.filter(|revision| revision.user.as_deref() == Some(run.session.account()));
    looked.own_edit = own.map(|revision| Found {
        revid: revision.revid,
        page_id,
        title: page.title.clone(),
        at: revision.timestamp,
    });
    for place in has {
        let verified = known.verified.get(&(place, page_id));
        let watched = context.watched(place, verified);
        let unusable = known.unusable.get(&(place, page_id)).map(String::as_str);
        let Some((revision, text)) = revision.and_then(|revision| Some((revision, revision.text.as_deref()?))) else {
            looked.marks.push(unreadable(context, place, page_id, page));
            continue;
        };
        let at = Moment {
            title: &page.title,
            page_id,
            revid: revision.revid,
            at: revision.timestamp,
            user: author(revision.user.as_deref(), revision.user_id, revision.editor),
            is_own: revision.user.as_deref() == Some(run.session.account()),
            is_certain: known.is_certain(place, page_id),
        };
        let (open, mark) = now(context, place, &watched, unusable, text, &at);
        looked.open.insert(place, open);
        looked.marks.extend(mark);
        if let Some(verified) = verified {
            looked.verified.insert(place, verified.clone());
        }
    }
    looked
}

/// A page whose newest text is hidden, or just went: its next edit brings it back.
fn unreadable(context: &Context, place: usize, page_id: PageId, page: &PageNow) -> PageMark {
    PageMark {
        page_id,
        box_name: context.boxes[place].def.name.clone(),
        title: page.title.clone(),
        revid: Some(page.revid),
        due_at: None,
        reason: Some("its newest text cannot be read".to_owned()),
        differs: false,
        stale: None,
        marked_revid: None,
        looked_at: Some(context.now),
    }
}

/// Stores what was seen.
pub async fn store(run: &Run<Settings>, looked: &mut [Looked]) -> anyhow::Result<u64> {
    let Some(fence) = run.fence() else { return Ok(0) };
    let boxes: Vec<String> = run
        .accepted
        .parsed
        .settings
        .boxes
        .iter()
        .map(|one| one.def.name.clone())
        .collect();
    for page in looked.iter_mut() {
        for (place, open) in &mut page.open {
            credit(run, &boxes[*place], open, &[]).await?;
        }
    }
    let mut rows = 0;
    for pages in looked.chunks(100) {
        rows += run
            .db
            .fenced(&fence, "storing what pages say now", async |tx| {
                let mut rows = 0;
                for page in pages {
                    for (place, open) in &page.open {
                        rows += open_field::replace_of_page(tx, &boxes[*place], page.page_id, open).await?;
                    }
                    for place in &page.gone {
                        rows += open_field::replace_of_page(tx, &boxes[*place], page.page_id, &[]).await?;
                        page_mark::forget(tx, &boxes[*place], &[page.page_id]).await?;
                    }
                    let marks: Vec<PageMark> = page.marks.iter().map(not_both).collect();
                    page_mark::put(tx, &marks).await?;
                }
                Ok(rows)
            })
            .await?;
    }
    Ok(rows)
}

/// What became of a page that was to be marked.
enum Fate {
    Marked,
    True,
    NotSettled(Timestamp),
}

/// Edits the marks of one page, computed anew from what it says at that moment. `without_index`: marks that no index line
/// is about go, too. Says whether an edit was made.
pub async fn edit(
    run: &mut Run<Settings>,
    context: &Context,
    page: &Looked,
    places: &[usize],
    without_index: bool,
) -> anyhow::Result<bool> {
    let site = run.session.site();
    let title = site.title(&page.title).map_err(anyhow::Error::msg)?;
    let account = run.session.account().to_owned();
    // The operator may have said `off` or `quit` since the run began.
    let overrides = Overrides::load(&run.db, &run.wiki).await?;
    let may_mark = |place: &usize| context.may_mark(*place) && overrides.may_edit(&context.boxes[*place].def.name);
    let places: Vec<usize> = places.iter().copied().filter(may_mark).collect();
    if places.is_empty() {
        return Ok(false);
    }
    let watched: Vec<Watched<'_>> = places
        .iter()
        .map(|place| context.watched(*place, page.verified.get(place)))
        .collect();
    let settle = places
        .iter()
        .map(|place| context.settle(*place))
        .max()
        .unwrap_or_default();
    let fate = Cell::new(Fate::True);
    let (page_id, clock_now) = (page.page_id, run.clock.now());
    let compute = |look: &Look| -> Result<Option<Computed>, String> {
        fate.set(Fate::True);
        let Some(revision) = look
            .target
            .revision
            .as_ref()
            .filter(|_| look.target.page_id == Some(page_id))
        else {
            // Moved or deleted: the next changes tell.
            return Ok(None);
        };
        if look.target.model != "wikitext" || !context.namespaces.contains(&look.target.ns) {
            return Err("the page is not wikitext in a watched namespace".to_owned());
        }
        let is_own = revision.user.as_deref() == Some(account.as_str());
        if !is_own && clock_now - revision.timestamp < settle {
            // On top of an edit that somebody may still revert, a bot's edit would hide it and take rollback away.
            fate.set(Fate::NotSettled(revision.timestamp + settle));
            return Ok(None);
        }
        let Some(text) = revision.text.as_deref() else {
            return Err("its text is hidden".to_owned());
        };
        let marked = marked(text, &context.tags, &watched, without_index)?;
        Ok(marked.map(|marked| {
            fate.set(Fate::Marked);
            Computed {
                text: marked.text,
                summary: marked.summary,
            }
        }))
    };
    let state = State {
        title: &title,
        marker: None,
        is_status_page: false,
        asked_again: false,
    };
    run.session.count_as(Phase::Safety);
    let saved = run.editor.save_state(&state, compute).await;
    let (reason, due_at, marked_revid) = match saved {
        Ok(Some(revid)) => (None, None, Some(revid)),
        Ok(None) => match fate.into_inner() {
            Fate::NotSettled(until) => (
                Some("somebody edited the page a short while ago".to_owned()),
                Some(until),
                None,
            ),
            Fate::Marked | Fate::True => (None, None, None),
        },
        Err(Refused::Page { code, info }) => {
            tracing::info!(page.title = %page.title, "{}: not marked: {} ({code})", terminal(&page.title), terminal(&info));
            (Some(format!("{info} ({code})")), None, None)
        }
        Err(Refused::Unknown(why)) => (Some(why), Some(context.now), None),
        Err(Refused::Halt(halt)) => {
            tracing::warn!("{}", terminal(&halt.to_string()));
            return Ok(false);
        }
        Err(other) => return Err(other.into()),
    };
    let Some(fence) = run.fence() else { return Ok(false) };
    let marks: Vec<PageMark> = page
        .marks
        .iter()
        .filter(|mark| {
            places
                .iter()
                .any(|place| context.boxes[*place].def.name == mark.box_name)
        })
        .map(|mark| PageMark {
            due_at,
            reason: reason.clone(),
            // What refused the bot stays on the list of what people have to see to, with the reason.
            stale: match (&reason, marked_revid) {
                (_, Some(_)) => None,
                (Some(_), None) => Some(mark.stale.clone().unwrap_or_default()),
                (None, None) => mark.stale.clone(),
            },
            marked_revid,
            revid: marked_revid.or(mark.revid),
            ..mark.clone()
        })
        .map(|mark| not_both(&mark))
        .collect();
    run.db
        .fenced(&fence, "storing the state of marks", async |tx| {
            page_mark::put(tx, &marks).await
        })
        .await?;
    Ok(marked_revid.is_some())
}
