//! Earlier reports of ours about what is in this one, and pages on which people spoke of it: the noticeboards of the
//! settings and what is below them, found by the wiki's own search.
//! <https://www.mediawiki.org/wiki/API:Search>

use std::collections::BTreeSet;

use shared::core::report::{Kind, Subject};
use shared::core::site::{Site, Title};
use shared::db::links::questions::lookup::Kind as EditorKind;
use shared::db::report::{self, Report};
use shared::db::{Work, report_page};
use shared::wiki::{Error, Phase};

use super::fates::tolerate;
use super::shown::Hides;
use super::{Context, Gathered};
use crate::model::{Earlier, Model, Who};

/// Reports that are named.
const REPORTS: usize = 20;
/// Pages of discussions that are named.
const PAGES: usize = 20;
/// Found pages of a noticeboard's namespace that are looked through.
const FOUND: &str = "50";

/// Sets the earlier reports, those of links first, and then discussions. One request for each noticeboard. Errs as
/// [`super::fates::look`] does.
pub async fn look(cx: &Context<'_>, gathered: &mut Gathered) -> anyhow::Result<()> {
    let hides = cx
        .db
        .read_if_there(async |db| Hides::read(db, &[&cx.home, &cx.records]).await)
        .await?;
    let is_shown = |title: &str| !hides.page(&cx.home, title) && !hides.report(title);
    let mut earlier = Vec::new();
    let asked = Asked::of(&gathered.model);
    let reports = cx.db.read_if_there(async |db| reports(cx, db, &asked).await).await?;
    for (subject, told) in reports {
        if subject != gathered.model.subject && is_shown(&told.title) {
            earlier.push(told);
        }
    }
    earlier.truncate(REPORTS);
    match discussions(cx, &gathered.model.subject).await {
        Ok(titles) => {
            let new = titles.into_iter().filter(|title| is_shown(title)).take(PAGES);
            earlier.extend(new.map(|title| Earlier { title, status: None }));
        }
        Err(error) => tolerate(cx, &cx.home, error).await?,
    }
    gathered.model.earlier = earlier;
    Ok(())
}

/// Reports that have a page on the wiki of this one.
async fn reports(cx: &Context<'_>, db: &mut Work, asked: &Asked) -> shared::db::Result<Vec<(Subject, Earlier)>> {
    let mut found = report::of_hosts_domain(db, &cx.records, &asked.links).await?;
    for (kind, keys) in [(Kind::User, &asked.users), (Kind::Ip, &asked.addresses)] {
        found.extend(report::of_subjects(db, &cx.records, kind, keys).await?);
    }
    let mut told = Vec::new();
    for Report {
        id,
        subject,
        title,
        status,
        ..
    } in found
    {
        let title = match cx.records == cx.home {
            true => title,
            false if told.len() > REPORTS => None,
            // Copies have their own titles.
            false => report_page::get(db, id, &cx.home).await?.and_then(|page| page.title),
        };
        told.extend(title.map(|title| (subject, Earlier { title, status })));
    }
    Ok(told)
}

/// Keys of the subjects that may have reports.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    links: Vec<String>,
    users: Vec<String>,
    addresses: Vec<String>,
}

impl Asked {
    /// The subject with the domains above it and those of its hosts that the report names; the hosts of a user; the users
    /// that are named.
    fn of(model: &Model) -> Asked {
        let hosts = model.hosts.iter().map(|host| &host.subject);
        let links = hosts
            .chain([&model.subject])
            .filter(|subject| subject.kind() == Kind::Link);
        let mut links: BTreeSet<String> = links.map(Subject::key).collect();
        if matches!(model.subject, Subject::Link(_) | Subject::Server(_)) {
            links.extend(model.rows.iter().map(|row| row.stored_key.clone()));
        }
        let mut asked = Asked {
            links: links.into_iter().collect(),
            ..Asked::default()
        };
        for user in &model.users {
            match (&user.who, user.kind) {
                (Who::Name(name), EditorKind::Named | EditorKind::Temporary) => asked.users.push(name.clone()),
                (Who::Name(name), EditorKind::Address) => asked.addresses.push(name.clone()),
                _ => {}
            }
        }
        asked
    }
}

/// Titles of pages that are a noticeboard or below one (or begin as it does: `…/2026`, `… Archive 3`) and name the subject.
async fn discussions(cx: &Context<'_>, subject: &Subject) -> Result<Vec<String>, Error> {
    let site = cx.here.site();
    let has_prefix = site.has_extension("CirrusSearch");
    cx.here.count_as(Phase::Mentor);
    let mut titles: Vec<String> = Vec::new();
    for board in &cx.settings.noticeboards {
        let Some(query) = query(subject, has_prefix.then(|| site.prefixed(board)).as_deref()) else {
            break;
        };
        let namespace = board.ns.to_string();
        let params = [
            ("list", "search"),
            ("srsearch", query.as_str()),
            ("srnamespace", namespace.as_str()),
            // MediaWiki's own search looks at titles only, unless it is told.
            ("srwhat", "text"),
            ("srprop", ""),
            ("srlimit", FOUND),
        ];
        let answer = match cx.here.get(&params).await {
            Ok(answer) => answer,
            // A search that is switched off, or too busy, or does not like this word.
            Err(Error::Api { code, info, .. }) => {
                tracing::warn!("searching {}: {code}: {info}", site.prefixed(board));
                continue;
            }
            Err(error) => return Err(error),
        };
        let found = answer["query"]["search"].as_array().into_iter().flatten();
        for title in found.filter_map(|page| page["title"].as_str()) {
            if is_of(title, board, site) && !titles.iter().any(|known| known == title) {
                titles.push(title.to_owned());
            }
        }
    }
    Ok(titles)
}

/// What is searched for: the name as a phrase, where the wiki's search can, on pages whose titles begin with `prefix`.
fn query(subject: &Subject, prefix: Option<&str>) -> Option<String> {
    let name = match subject {
        Subject::Link(key) => key.ascii(),
        other => other.to_string(),
    };
    let name: String = name.chars().filter(|c| *c != '"' && !c.is_control()).collect();
    let name = name.trim();
    (!name.is_empty()).then(|| match prefix {
        Some(prefix) => format!("\"{name}\" prefix:{prefix}"),
        None => format!("\"{name}\""),
    })
}

fn is_of(title: &str, board: &Title, site: &Site) -> bool {
    let Ok(title) = site.title(title) else {
        return false;
    };
    let more = title.text.strip_prefix(&board.text);
    title.ns == board.ns && more.is_some_and(|more| !more.starts_with(char::is_alphanumeric))
}

#[cfg(test)]
#[path = "earlier_tests.rs"]
mod tests;
