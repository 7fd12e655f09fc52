//! Looks at the edits of a run: texts before and after, the verified revision, the lists; what comes out are rows for
//! the database, all of which are stored together with the new checkpoint.

use std::collections::{BTreeMap, HashMap};

use shared::core::change::{Change, EditorKind, Revision};
use shared::core::lists::{Hit, judge};
use shared::core::types::{PageId, RevId, Timestamp};
use shared::db::field_change::NewChange;
use shared::db::open_field::OpenField;
use shared::db::page_mark::PageMark;
use shared::db::suppress;
use shared::db::{Author, UserKind};
use shared::job::Run;

use crate::collect::Touched;
use crate::context::Context;
use crate::decide::{Finding, Levels, What, compare, findings};
use crate::marked::{Verified, Watched};
use crate::present::{Marks, Present, marks, present};
use crate::record::row;
use crate::reverts::is_revert;
use crate::settings::Settings;
use crate::verified;

/// Edits whose texts are held at once.
const AT_ONCE: usize = 250;
/// Bytes of text after edits that are held at once; the texts before come to as much again.
const BYTES_AT_ONCE: u64 = 24 * 1024 * 1024;
/// Of an edit whose length is not told.
const UNKNOWN_LENGTH: u64 = 200_000;

/// What comes out of a batch.
#[derive(Debug, Default)]
pub struct Batch {
    /// Lines.
    pub rows: Vec<NewChange>,
    /// Those that feeds tell: places in `rows`, with the places of the boxes they are about.
    pub for_feeds: Vec<(usize, Vec<usize>)>,
    /// What differs now, by place of the box and page.
    pub open: Vec<(usize, PageId, Vec<OpenField>)>,
    /// The marks, by page and box.
    pub marks: Vec<PageMark>,
    /// Edits that take others back: page and revision.
    pub reverts: Vec<(PageId, RevId)>,
    /// Edits that were compared.
    pub compared: usize,
    /// Edits that could not be, since the page or the revision is gone.
    pub lost: usize,
}

/// Looks at every edit of these pages.
pub async fn look_at(run: &mut Run<Settings>, context: &Context, pages: Vec<Touched>) -> anyhow::Result<Batch> {
    let mut batch = Batch::default();
    for slice in slices(pages) {
        if !run.goes_on().await? {
            // Nothing of a batch counts unless all of it is stored.
            return Err(shared::wiki::Error::Stopped { in_flight: false }.into());
        }
        let with_boxes = slice.iter().filter(|page| !page.boxes.is_empty());
        let ids: Vec<PageId> = with_boxes.clone().map(|page| page.page_id).collect();
        let edits = with_boxes.flat_map(|page| &page.edits);
        let revids: Vec<RevId> = edits
            .flat_map(|edit| [edit.parent, edit.revid])
            .filter(|revid| revid.0 != 0)
            .collect();
        let known = verified::load(run, context, &ids, &revids).await?;
        for page in &slice {
            look_at_page(run, context, page, &known, &mut batch);
        }
    }
    Ok(batch)
}

/// Pages, as many as have together [`AT_ONCE`] edits and [`BYTES_AT_ONCE`] of text; a page with more than that comes in
/// parts, of which only the last one tells what the page says now.
fn slices(pages: Vec<Touched>) -> Vec<Vec<Touched>> {
    let mut slices: Vec<Vec<Touched>> = Vec::new();
    let (mut edits, mut bytes) = (0, 0);
    for page in pages {
        let (now, boxes, page_id) = (page.now, page.boxes, page.page_id);
        let mut rest = page.edits.into_iter().peekable();
        while rest.peek().is_some() {
            if slices.is_empty() || edits == 0 || bytes == 0 {
                slices.push(Vec::new());
                (edits, bytes) = (AT_ONCE, BYTES_AT_ONCE);
            }
            let mut part = Vec::new();
            while edits > 0 && bytes > 0 {
                let Some(edit) = rest.next() else { break };
                edits -= 1;
                bytes = bytes.saturating_sub(edit.new_len.unwrap_or(UNKNOWN_LENGTH).max(1));
                part.push(edit);
            }
            let is_last = rest.peek().is_none();
            if let Some(slice) = slices.last_mut() {
                slice.push(Touched {
                    page_id,
                    now: now.clone().filter(|_| is_last),
                    boxes: boxes.clone(),
                    edits: part,
                });
            }
        }
    }
    slices
}

fn look_at_page(run: &Run<Settings>, context: &Context, page: &Touched, known: &verified::Known, batch: &mut Batch) {
    let boxes: Vec<usize> = page.boxes.iter().copied().collect();
    let verified: Vec<Option<&Verified>> = boxes
        .iter()
        .map(|place| known.verified.get(&(*place, page.page_id)))
        .collect();
    let watched: Vec<Watched<'_>> = boxes
        .iter()
        .zip(&verified)
        .map(|(place, verified)| context.watched(*place, *verified))
        .collect();
    let of_boxes: Vec<u8> = boxes.iter().map(|place| context.level(*place)).collect();
    let levels = Levels {
        boxes: &of_boxes,
        common: context.common_level(),
        // After `quit` the lines wait for `report`; after `quiet` there are none.
        log_is_quiet: context.overrides.is_quiet() && context.overrides.may_write(),
        feeds: context.overrides.most_for_feeds(),
    };
    for edit in &page.edits {
        let hit = hit(run, context, edit);
        if is_revert(&edit.tags) {
            batch.reverts.push((page.page_id, edit.revid));
        }
        let mut compared = Vec::new();
        if !boxes.is_empty() {
            match texts(edit, &known.revisions) {
                Ok(Some((before, after))) => {
                    batch.compared += 1;
                    for (n, watched) in watched.iter().enumerate() {
                        compared.push((n, compare(before, after, &context.tags, watched)));
                    }
                }
                Ok(None) => batch.lost += 1,
                Err(why) => compared.extend((0..boxes.len()).map(|n| (n, vec![What::NotComparable(why.to_owned())]))),
            }
        }
        let found = findings(&compared, &watched, &hit, &levels);
        let log_page = |finding: &Finding| {
            let place = finding
                .watched
                .map_or(boxes.first().copied().unwrap_or(0), |n| boxes[n]);
            run.session.site().prefixed(&context.boxes[place].log)
        };
        for finding in found {
            let name = finding.watched.map_or("", |n| watched[n].settings.def.name.as_str());
            // What a list found is about every box of the page.
            let about = finding.watched.map_or_else(|| boxes.clone(), |n| vec![boxes[n]]);
            let to_feeds = finding.to_feeds;
            let mut row = row(edit, page.page_id, name, log_page(&finding), finding);
            // What is named nowhere makes no line either.
            let is_suppressed = is_suppressed(context, &row);
            row.to_log &= !is_suppressed;
            if to_feeds && !is_suppressed && row.user.is_some() {
                batch.for_feeds.push((batch.rows.len(), about));
            }
            batch.rows.push(row);
        }
    }
    if let Some((edit, text)) = newest(page, &known.revisions) {
        for (place, watched) in boxes.iter().zip(&watched) {
            let at = Moment {
                title: page.now.as_ref().map_or(edit.title.as_str(), |now| now.title.as_str()),
                page_id: page.page_id,
                revid: edit.revid,
                at: edit.timestamp,
                user: author(edit.user.as_deref(), edit.user_id, edit.editor),
                is_own: false,
                is_certain: known.is_certain(*place, page.page_id),
            };
            let unusable = known.unusable.get(&(*place, page.page_id)).map(String::as_str);
            let (open, mark) = now(context, *place, watched, unusable, text, &at);
            batch.open.push((*place, page.page_id, open));
            batch.marks.extend(mark.map(|mark| not_both(&mark)));
        }
    }
}

/// What the lists say about an edit.
fn hit(run: &Run<Settings>, context: &Context, edit: &Change) -> Hit {
    let site = run.session.site();
    match site.title(&edit.title) {
        Ok(title) => judge(&context.entries_at(edit.timestamp), edit.user.as_deref(), &title, site),
        Err(_) => Hit::None,
    }
}

fn is_suppressed(context: &Context, row: &NewChange) -> bool {
    let suppressed = &context.suppressed;
    let user = row.user.as_ref();
    suppressed.hides(suppress::What::Page, &row.title)
        || user.is_some_and(|user| suppressed.hides_user(Some(user.id), &user.name))
}

/// The newest text of a page, if its newest edit was among the texts read.
fn newest<'a>(page: &'a Touched, revisions: &'a HashMap<RevId, Revision>) -> Option<(&'a Change, &'a str)> {
    page.now.as_ref()?;
    let edit = page.edits.last()?;
    Some((edit, revisions.get(&edit.revid)?.text.as_deref()?))
}

/// The texts before and after an edit. `None`: the revision is gone. Errs when it is hidden.
fn texts<'a>(
    edit: &Change,
    revisions: &'a HashMap<RevId, Revision>,
) -> Result<Option<(Option<&'a str>, &'a str)>, &'static str> {
    let Some(new) = revisions.get(&edit.revid) else {
        return Ok(None);
    };
    if new.model != "wikitext" {
        return Err("the page is not wikitext");
    }
    let Some(after) = new.text.as_deref() else {
        return Err("the text of the revision is hidden");
    };
    if edit.parent.0 == 0 {
        return Ok(Some((None, after)));
    }
    match revisions.get(&edit.parent).map(|old| old.text.as_deref()) {
        Some(Some(before)) => Ok(Some((Some(before), after))),
        Some(None) => Err("the text of the revision before is hidden"),
        None => Err("the revision before was deleted"),
    }
}

/// A revision at which a page is looked at.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    /// Title of the page.
    pub title: &'a str,
    /// The page.
    pub page_id: PageId,
    /// The revision.
    pub revid: RevId,
    /// When it was saved.
    pub at: Timestamp,
    /// Who saved it.
    pub user: Option<Author>,
    /// The bot itself saved it: then what people did is older and has settled.
    pub is_own: bool,
    /// Without a line in force it is certain that the index means that: see [`verified::Known::is_certain`].
    pub is_certain: bool,
}

/// What a page says now about one box: what differs, and what is to be done about its marks.
pub fn now(
    context: &Context,
    place: usize,
    watched: &Watched<'_>,
    unusable: Option<&str>,
    text: &str,
    at: &Moment<'_>,
) -> (Vec<OpenField>, Option<PageMark>) {
    let present = present(text, &context.tags, watched);
    let mut open = Vec::new();
    if let (Present::Boxes(boxes), Some(verified)) = (&present, watched.verified) {
        for one in boxes {
            // What is only watched is no work for anybody: people may change it.
            let differing = one.differing.iter().filter(|field| field.is_verified);
            open.extend(differing.map(|field| OpenField {
                page_id: at.page_id,
                ordinal: one.ordinal,
                field: field.field.clone(),
                title: at.title.to_owned(),
                value: field.value.clone(),
                verified_value: field.verified.clone(),
                verified_revid: verified.revid,
                is_verified: field.is_verified,
                since: at.at,
                revid: at.revid,
                user: at.user.clone(),
            }));
        }
    }
    let mut mark = PageMark {
        page_id: at.page_id,
        box_name: watched.settings.def.name.clone(),
        title: at.title.to_owned(),
        revid: Some(at.revid),
        due_at: None,
        reason: None,
        differs: !open.is_empty(),
        stale: None,
        marked_revid: None,
        looked_at: Some(context.now),
    };
    match (&present, unusable) {
        (_, Some(why)) => mark.reason = Some(why.to_owned()),
        (Present::NotHere, _) => {
            mark.reason = Some("the page shows the box without having it in its own text".to_owned());
        }
        (Present::Unclear(why), _) => mark.reason = Some(why.clone()),
        (Present::Boxes(_), None) if watched.settings.index.is_empty() => {}
        (Present::Boxes(_), None) => {
            let without_index = watched.verified.is_none() && at.is_certain;
            match marks(text, &context.tags, watched, without_index) {
                Marks::True => {}
                Marks::Refused(why) => mark.reason = Some(why),
                Marks::Due(due) => {
                    if due.contradicts {
                        mark.stale = Some(due.marks.join(", "));
                    }
                    if watched.verified.is_some() && context.is_edited(place) {
                        let wait = if at.is_own {
                            chrono::TimeDelta::zero()
                        } else {
                            context.settle(place)
                        };
                        mark.due_at = Some(at.at + wait);
                    }
                }
            }
        }
    }
    (open, Some(mark))
}

/// As it is stored: what is due will be true before long, and is not listed as stale.
pub fn not_both(mark: &PageMark) -> PageMark {
    PageMark {
        stale: mark.stale.clone().filter(|_| mark.due_at.is_none()),
        ..mark.clone()
    }
}

/// Who made an edit, as it is stored.
pub fn author(name: Option<&str>, id: shared::core::types::UserId, kind: EditorKind) -> Option<Author> {
    let kind = match kind {
        EditorKind::Named => UserKind::Account,
        EditorKind::Temporary => UserKind::Temporary,
        EditorKind::Ip => UserKind::Address,
        // Without an account here, but shown: as an account whose id nobody knows.
        EditorKind::Foreign => UserKind::Account,
        EditorKind::Hidden => return None,
    };
    Some(Author {
        id,
        name: name?.to_owned(),
        kind,
    })
}

/// By list: whether an edit is named by blacklist or monitor list.
pub fn is_listed(hit: &Hit) -> bool {
    matches!(hit, Hit::Blacklisted(_) | Hit::Monitored(_))
}

/// Rows by the page they are about, for people at a terminal.
pub fn by_page(rows: &[NewChange]) -> BTreeMap<&str, Vec<&NewChange>> {
    let mut pages: BTreeMap<&str, Vec<&NewChange>> = BTreeMap::new();
    for row in rows {
        pages.entry(&row.title).or_default().push(row);
    }
    pages
}
