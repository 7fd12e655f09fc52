//! Revisions by id, in batches, and histories.
//!
//! Texts come as the wiki sends them: an answer holds at most its result size (8 MB by default) and is continued, so
//! [`Revisions`] never holds more than one answer. What the wiki hides is never given, whatever the account may see.
//! <https://www.mediawiki.org/wiki/API:Revisions>

use crate::error::Error;
use crate::query::Continued;
use crate::read;
use crate::session::Session;
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use wikicrew_core::change::Revision;
use wikicrew_core::types::{PageId, RevId};

/// Bytes of text that [`revisions`] and [`history`] hold at most.
const MAX_TEXT: usize = 256 * 1024 * 1024;

/// Revisions that are fetched as they are needed.
pub struct Revisions<'a> {
    session: &'a Session,
    with_text: bool,
    /// Still to ask for, last ones first.
    left: Vec<RevId>,
    current: Option<Continued<'a>>,
}

impl Revisions<'_> {
    /// The next of them, as many as one answer holds, in any order. Empty where an answer brought none. `None` after
    /// the last answer.
    ///
    /// Errs as [`Session::get`] does.
    pub async fn next(&mut self) -> Result<Option<Vec<Revision>>, Error> {
        loop {
            if self.current.is_none() {
                let batch = self.session.batch_size().min(self.left.len());
                if batch == 0 {
                    return Ok(None);
                }
                let batch = self.left.split_off(self.left.len() - batch);
                self.current = Some(self.session.continued(&[
                    ("prop", "revisions"),
                    ("revids", &read::ids(batch)),
                    ("rvprop", props(self.with_text)),
                    ("rvslots", "main"),
                ]));
            }
            let Some(current) = &mut self.current else {
                continue;
            };
            match current.next_answer().await? {
                Some(mut answer) => return Ok(Some(take_revisions(&mut answer)?)),
                None => self.current = None,
            }
        }
    }
}

/// Begins to read these revisions; each id counts once. [`Session::batch_size`] of them go into one request.
///
/// Ids that the wiki does not know and revisions that are deleted are left out without a word. With `with_text` false
/// no texts are sent: whether a revision exists and is hidden comes anyway.
pub fn read_revisions<'a>(session: &'a Session, revids: &[RevId], with_text: bool) -> Revisions<'a> {
    let mut known = HashSet::new();
    let mut left: Vec<RevId> = revids.iter().copied().filter(|id| known.insert(*id)).collect();
    left.retain(|id| id.0 > 0);
    left.reverse();
    Revisions {
        session,
        with_text,
        left,
        current: None,
    }
}

/// All of these revisions at once, as [`read_revisions`] reads them. Give as many as memory allows: a text is at most
/// [`Site::max_article_size`](wikicrew_core::site::Site::max_article_size) long.
///
/// Errs as [`Session::get`] does, and with [`Error::TooMuch`] beyond 256 MiB of text.
pub async fn revisions(
    session: &Session,
    revids: &[RevId],
    with_text: bool,
) -> Result<HashMap<RevId, Revision>, Error> {
    let mut reader = read_revisions(session, revids, with_text);
    let mut found = HashMap::new();
    let mut size = Size::default();
    while let Some(more) = reader.next().await? {
        for revision in more {
            size.add(&revision)?;
            found.insert(revision.revid, revision);
        }
    }
    Ok(found)
}

/// Which page is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageRef<'a> {
    /// By id: it stays the same when the page is moved.
    Id(PageId),
    /// By title; a redirect is not followed.
    Title(&'a str),
}

/// Revisions of one page with their texts, oldest first: those after `from` (without it; `None`: from the first one
/// on), at most `limit`. Where `limit` came back there may be more: go on from the last one. Empty where the page is
/// missing or has nothing newer.
///
/// Errs as [`Session::get`] does (with code `badid_rvstartid` where `from` is gone for good, even from the deleted
/// revisions), and with [`Error::TooMuch`] beyond 256 MiB of text.
pub async fn history(
    session: &Session,
    page: PageRef<'_>,
    from: Option<RevId>,
    limit: usize,
) -> Result<Vec<Revision>, Error> {
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    let id;
    let which = match page {
        PageRef::Id(page) => {
            id = page.to_string();
            ("pageids", id.as_str())
        }
        PageRef::Title(title) => ("titles", title),
    };
    // With `from`, the first one is that one again.
    let wanted = limit.saturating_add(usize::from(from.is_some()));
    let at_once = wanted.min(session.batch_size()).to_string();
    let start = from.map(|revid| revid.to_string());
    let mut params = vec![
        which,
        ("prop", "revisions"),
        ("rvprop", props(true)),
        ("rvslots", "main"),
        ("rvdir", "newer"),
        ("rvlimit", &at_once),
    ];
    if let Some(start) = &start {
        params.push(("rvstartid", start));
    }
    let mut answers = session.continued(&params);
    let mut size = Size::default();
    while let Some(mut answer) = answers.next_answer().await? {
        for revision in take_revisions(&mut answer)? {
            if Some(revision.revid) == from {
                continue;
            }
            size.add(&revision)?;
            found.push(revision);
            if found.len() == limit {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// Text held so far.
#[derive(Default)]
struct Size(usize);

impl Size {
    fn add(&mut self, revision: &Revision) -> Result<(), Error> {
        self.0 += revision.text.as_ref().map_or(0, String::len);
        if self.0 <= MAX_TEXT {
            return Ok(());
        }
        Err(Error::TooMuch {
            what: "the text of revisions read at once".to_owned(),
            limit: format!("{} MiB", MAX_TEXT / 1024 / 1024),
        })
    }
}

fn props(with_text: bool) -> &'static str {
    if with_text {
        "ids|timestamp|user|userid|flags|comment|tags|sha1|size|contentmodel|content"
    } else {
        "ids|timestamp|user|userid|flags|comment|tags|sha1|size|contentmodel"
    }
}

/// The revisions of one answer; their texts are moved, not copied.
fn take_revisions(answer: &mut Value) -> Result<Vec<Revision>, Error> {
    let mut found = Vec::new();
    let Value::Array(pages) = answer["query"]["pages"].take() else {
        return Ok(found);
    };
    for mut page in pages {
        let Value::Array(revisions) = page["revisions"].take() else {
            continue;
        };
        for revision in revisions {
            found.push(read_revision(revision, &page)?);
        }
    }
    Ok(found)
}

/// One revision of a page, as `prop=revisions` and `list=allrevisions` give it.
pub(crate) fn read_revision(mut revision: Value, page: &Value) -> Result<Revision, Error> {
    let revid = read::revid(&revision, "revid");
    let (ns, title) = read::title(page)
        .filter(|_| revid.0 > 0)
        .ok_or_else(|| Error::BadReply("a revision without id or title".to_owned()))?;
    let mut slot = revision["slots"]["main"].take();
    let text_hidden = slot["texthidden"] == true || revision["sha1hidden"] == true;
    let text = match slot["content"].take() {
        Value::String(text) if !text_hidden => Some(text),
        _ => None,
    };
    let editor = read::editor(&revision);
    Ok(Revision {
        revid,
        parent: read::revid(&revision, "parentid"),
        page_id: read::page_id(page),
        ns,
        title,
        user: editor.user,
        user_id: editor.user_id,
        editor: editor.kind,
        timestamp: read::timestamp(&revision, "a revision")?,
        minor: revision["minor"] == true,
        tags: read::tags(&revision),
        comment: read::comment(&revision),
        sha1: read::sha1(&revision),
        size: read::number(&revision, "size"),
        model: read::text(&slot, "contentmodel").unwrap_or_default(),
        text,
        text_hidden,
    })
}
