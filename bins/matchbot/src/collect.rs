//! What matchbot reads: who stands in which category, who owns a profile, how a user is doing. Every request is
//! batched where the API lets it; creators cannot be asked in batches, so they are remembered.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use serde_json::Value;
use shared::core::site::{Site, Title};
use shared::core::types::{PageId, Timestamp, UserId};
use shared::page::timestamp;
use shared::wiki::{Error, Phase, Session};

use crate::decide::{FirstRevision, UserState};

/// Temporary accounts end after this time (`$wgAutoCreateTempUser['expireAfterDays']`, which the API does not tell).
const TEMPORARY_LIFE: TimeDelta = TimeDelta::days(90);

/// A page in a category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Page id.
    pub page_id: PageId,
    /// Title.
    pub title: Title,
    /// When the wiki says that it was put there.
    pub since: Option<Timestamp>,
}

/// All pages of a category (no files, no sub-categories), complete.
pub async fn members(session: &Session, category: &Title) -> Result<Vec<Member>, Error> {
    let site = session.site();
    let list = session
        .list(
            &[
                ("list", "categorymembers"),
                ("cmtitle", &site.prefixed(category)),
                ("cmprop", "ids|title|timestamp"),
                ("cmtype", "page"),
                ("cmlimit", "max"),
            ],
            "categorymembers",
        )
        .await?;
    Ok(list.iter().filter_map(|member| read_member(member, site)).collect())
}

fn read_member(member: &Value, site: &Site) -> Option<Member> {
    Some(Member {
        page_id: PageId(member["pageid"].as_u64()?),
        title: site.title(member["title"].as_str()?).ok()?,
        since: member["timestamp"].as_str().and_then(timestamp),
    })
}

/// Who made the first revision of a page.
pub async fn first_revision(session: &Session, page: PageId) -> Result<Option<FirstRevision>, Error> {
    let answer = session
        .get(&[
            ("action", "query"),
            ("pageids", &page.to_string()),
            ("prop", "revisions"),
            ("rvprop", "ids|user|userid"),
            ("rvdir", "newer"),
            ("rvlimit", "1"),
        ])
        .await?;
    let Some(revision) = answer["query"]["pages"][0]["revisions"].get(0) else {
        return Ok(None);
    };
    Ok(Some(FirstRevision {
        user: revision["user"].as_str().map(str::to_owned),
        user_id: UserId(revision["userid"].as_u64().unwrap_or(0)),
    }))
}

/// Which user lists are asked for.
#[derive(Clone, Copy)]
pub enum Users<'a> {
    /// By local id.
    Ids(&'a BTreeSet<UserId>),
    /// By name.
    Names(&'a BTreeSet<String>),
}

/// Users as they are now, in batches; who does not exist is missing from the result.
pub async fn users(session: &Session, which: Users<'_>, now: Timestamp) -> Result<Vec<UserState>, Error> {
    let (name, values): (&str, Vec<String>) = match which {
        Users::Ids(ids) => ("ususerids", ids.iter().map(ToString::to_string).collect()),
        Users::Names(names) => ("ususers", names.iter().cloned().collect()),
    };
    if values.is_empty() {
        return Ok(Vec::new());
    }
    let answer = session
        .in_batches(
            &[("list", "users"), ("usprop", "blockinfo|groups|registration")],
            name,
            &values,
        )
        .await?;
    let list = answer["users"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(list.iter().filter_map(|user| read_user(user, now)).collect())
}

fn read_user(user: &Value, now: Timestamp) -> Option<UserState> {
    let groups = user["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_in = |name: &str| groups.iter().any(|group| group == name);
    let registered = user["registration"].as_str().and_then(timestamp);
    let too_old = registered.is_some_and(|registered| now - registered > TEMPORARY_LIFE);
    Some(UserState {
        id: UserId(user["userid"].as_u64().filter(|id| *id > 0)?),
        name: user["name"].as_str()?.to_owned(),
        blocked: user.get("blockid").is_some() && user["blockpartial"].as_bool() != Some(true),
        locked: false,
        is_bot: is_in("bot"),
        // Newer wikis say so themselves.
        expired: user["tempexpired"].as_bool().unwrap_or(is_in("temp") && too_old),
    })
}

/// Whether the global account is locked; `false` where the wiki has no central accounts.
pub async fn is_locked(session: &Session, name: &str) -> Result<bool, Error> {
    if !session.site().has_extension("CentralAuth") && !session.site().has_extension("Central Auth") {
        return Ok(false);
    }
    let answer = session
        .get(&[("action", "query"), ("meta", "globaluserinfo"), ("guiuser", name)])
        .await?;
    Ok(answer["query"]["globaluserinfo"]["locked"].as_bool() == Some(true))
}

/// When a user last edited.
pub async fn last_edit(session: &Session, user: UserId) -> Result<Option<Timestamp>, Error> {
    let answer = session
        .get(&[
            ("action", "query"),
            ("list", "usercontribs"),
            ("ucuserids", &user.to_string()),
            ("ucprop", "timestamp"),
            ("uclimit", "1"),
        ])
        .await?;
    Ok(answer["query"]["usercontribs"][0]["timestamp"]
        .as_str()
        .and_then(timestamp))
}

/// How pages look, by title: newest revision id (0 for a page that does not exist), then who may edit or create them.
/// Protection can end, or come and go on a missing page, without any revision.
pub async fn looks(session: &Session, titles: &[String]) -> Result<BTreeMap<String, String>, Error> {
    if titles.is_empty() {
        return Ok(BTreeMap::new());
    }
    session.count_as(Phase::Safety);
    let answer = session
        .in_batches(&[("prop", "info"), ("inprop", "protection")], "titles", titles)
        .await?;
    let pages = answer["pages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let look = |page: &Value| {
        let mut look = page["lastrevid"].as_u64().unwrap_or(0).to_string();
        for protection in page["protection"].as_array().into_iter().flatten() {
            if let (Some(action @ ("edit" | "create")), Some(level)) =
                (protection["type"].as_str(), protection["level"].as_str())
            {
                look += &format!("{}{level}", &action[..1]);
            }
        }
        Some((page["title"].as_str()?.to_owned(), look))
    };
    Ok(pages.iter().filter_map(look).collect())
}

/// Whether the bot's own signature links to its user page: without that link Echo takes the greeting for unsigned and
/// notifies nobody.
pub async fn signature_links(session: &Session) -> Result<bool, Error> {
    let answer = session
        .get(&[
            ("action", "parse"),
            ("title", "Project:Sandbox"),
            ("contentmodel", "wikitext"),
            ("text", "~~~~"),
            ("onlypst", "1"),
        ])
        .await?;
    let signature = answer["parse"]["text"].as_str().unwrap_or_default();
    let site = session.site();
    // Namespace names are compared without regard to case, user names with it.
    let links = signature
        .match_indices("[[")
        .map(|(at, open)| &signature[at + open.len()..]);
    let is_ours = |link: &str| {
        let target = link.split(['|', ']']).next().unwrap_or("");
        let title = site.title(target).ok();
        title.is_some_and(|title| [2, 3].contains(&title.ns) && title.text == session.account())
    };
    Ok(links.into_iter().any(is_ours))
}
