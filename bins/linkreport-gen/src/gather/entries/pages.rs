//! The pages on which wikis keep such lists, with their texts: kept in the database, and asked for again when they have
//! not been looked at for a while. A wiki has one request for all of its pages, and one for those that changed.

use std::collections::HashMap;

use chrono::TimeDelta;
use shared::core::types::{RevId, Timestamp};
use shared::db::source_page::{self, Page};
use shared::wiki::{Session, page_infos, revisions};

use super::super::Context;
use crate::NAME;

/// How long a look at a page of the report's own wiki is good.
const FRESH_HERE: TimeDelta = TimeDelta::minutes(10);
/// And of another wiki.
const FRESH: TimeDelta = TimeDelta::hours(24);
/// Longest page that is read, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// The texts of these pages (titles with namespace), in their order; empty where there is no such page. Errs where the
/// wiki does, or the database.
pub async fn texts(cx: &Context<'_>, session: &Session, titles: &[String]) -> anyhow::Result<Vec<String>> {
    let wiki = session.wiki_id();
    let fresh = if wiki == cx.home { FRESH_HERE } else { FRESH };
    let mut known: HashMap<&String, Page> = HashMap::new();
    for title in titles {
        let page = cx
            .db
            .read_if_there(async |db| source_page::get(db, NAME, &wiki, title).await)
            .await?;
        known.extend(page.map(|page| (title, page)));
    }
    let is_fresh = |title: &&String| known.get(title).is_some_and(|page| cx.now - page.checked < fresh);
    let asked: Vec<&String> = titles.iter().filter(|title| !is_fresh(title)).collect();
    let looked_at = changed(session, &wiki, &asked, &known, cx.now).await?;
    if let Some(fence) = cx.fence.as_ref().filter(|_| !looked_at.is_empty()) {
        cx.db
            .fenced(fence, "keeping list pages", async |tx| {
                for page in &looked_at {
                    source_page::put(tx, page).await?;
                }
                Ok(())
            })
            .await?;
    }
    let text = |title: &String| {
        let page = looked_at
            .iter()
            .find(|page| page.title == *title)
            .or_else(|| known.get(title));
        page.map(|page| String::from_utf8_lossy(&page.body).into_owned())
            .unwrap_or_default()
    };
    Ok(titles.iter().map(text).collect())
}

/// The pages as they are now; one that cannot be read stays out, so that what was read before counts.
async fn changed(
    session: &Session,
    wiki: &str,
    asked: &[&String],
    known: &HashMap<&String, Page>,
    now: Timestamp,
) -> anyhow::Result<Vec<Page>> {
    let infos = match asked.is_empty() {
        true => Vec::new(),
        false => page_infos(session, asked).await?,
    };
    let (mut found, mut wanted) = (Vec::new(), Vec::new());
    for (&title, info) in asked.iter().zip(infos) {
        let revid = info.revid.unwrap_or(RevId(0));
        let page = |body| Page {
            wiki: wiki.to_owned(),
            title: title.clone(),
            revid,
            checked: now,
            body,
        };
        match known.get(title) {
            Some(known) if known.revid == revid => found.push(page(known.body.clone())),
            _ if revid.0 == 0 => found.push(page(Vec::new())),
            _ if info.length > LONGEST => {
                tracing::warn!("{wiki}: {title} is longer than {LONGEST} bytes: it is not read")
            }
            _ => wanted.push(page(Vec::new())),
        }
    }
    let ids: Vec<RevId> = wanted.iter().map(|page| page.revid).collect();
    let mut texts = revisions(session, &ids, true).await?;
    for page in wanted {
        let text = texts.remove(&page.revid).and_then(|revision| revision.text);
        found.extend(text.map(|text| Page {
            body: text.into_bytes(),
            ..page
        }));
    }
    Ok(found)
}
