//! Reads what is new on the watched pages and the poke page, oldest revision first, and stores a request for each summary
//! template that somebody added, in the transaction that moves the page's position on. The first look at a page remembers
//! what stands there and asks for nothing.

use std::collections::{BTreeSet, HashSet};

use anyhow::Context as _;
use shared::core::site::Title;
use shared::core::text::terminal;
use shared::core::types::PageId;
use shared::db::memo;
use shared::db::report_ask::{self, Reason};
use shared::job::{Run, ends_run};
use shared::newly::{Now, Person, Standing, Whose, is_restored, look, made_since};
use shared::wiki::{Error, PageRef, Phase, history, people, revisions};

use super::due::{Page, Sorted, sort, within};
use super::home_key;
use super::items::{Names, Reading};
use super::names::names;
use super::position::{Found, MOST_CALLS, Position};
use crate::naming::Naming;
use crate::settings::{Poke, Settings};

/// Revisions that are read at once, with their texts.
const AT_ONCE: usize = 20;
/// Revisions of one page and run; what is left waits for the next one.
const PER_RUN: usize = 200;
/// Groups of accounts that are not made in a moment.
const OLD: [&str; 2] = ["autoconfirmed", "confirmed"];
/// A requester's requests are counted over this time.
const DAY: chrono::TimeDelta = chrono::TimeDelta::hours(24);

/// What a look at the pages brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Requests that were stored; in a dry run, that would be.
    pub asked: u64,
    /// Requests beyond the bound of their edit or requester.
    pub refused: u64,
    /// Requests on the poke page by people who may not ask there.
    pub strangers: u64,
    /// Calls that name nothing a report can be about.
    pub wrong: u64,
}

/// Looks at the watched pages and the poke page of this run's wiki. What stands there asks for reports of the home,
/// whichever wiki that is. A page that cannot be read is told as an error of the run and stays for the next one. A dry
/// run prints what would be asked for.
///
/// Errs where the run cannot go on: wiki or database do not answer.
pub async fn watched(run: &mut Run<Settings>) -> anyhow::Result<Watched> {
    let names = names(run).await?;
    let settings = run.accepted.parsed.settings.clone();
    let poke = settings.poke_page(run.session.account());
    let pages = settings
        .watched_pages
        .iter()
        .filter(|page| Some(*page) != poke.as_ref());
    let mut pages: Vec<(Title, Option<&Poke>)> = pages.map(|page| (page.clone(), None)).collect();
    pages.extend(poke.map(|page| (page, settings.poke.as_ref())));
    let mut told = Watched::default();
    for (page, poke) in pages {
        if !run.goes_on().await? {
            break;
        }
        match read(run, &page, poke, &names).await {
            Ok(of_page) => {
                told.asked += of_page.asked;
                told.refused += of_page.refused;
                told.strangers += of_page.strangers;
                told.wrong += of_page.wrong;
            }
            Err(error) if ends_run(&error) => return Err(error),
            Err(error) => {
                let title = run.session.site().prefixed(&page);
                run.item_error(&format!("watched page {title}"), &error).await;
            }
        }
    }
    Ok(told)
}

/// Reads one page. `poke`: who may ask there; `None`: everybody.
async fn read(run: &Run<Settings>, page: &Title, poke: Option<&Poke>, names: &Names) -> anyhow::Result<Watched> {
    let title = run.session.site().prefixed(page);
    let stored = Position::load(run, &title).await?;
    let now = look(&run.session, page)
        .await
        .with_context(|| format!("looking at {title}"))?;
    let reading = Reading {
        names,
        tags: run.session.site().extension_tags(),
        path_hosts: &run.accepted.parsed.settings.path_hosts,
    };
    let Some(mut position) = begin(run, stored.as_ref(), &title, &now, &reading).await? else {
        return Ok(Watched::default());
    };
    let mut found = Vec::new();
    if let Some(page_id) = position.page_id
        && position.revid != Some(now.revid)
    {
        if is_restored(&run.session, page, position.at).await? {
            // Which revisions came that way cannot be told.
            tracing::warn!(
                "revisions of {} were imported or restored: what stands there now is remembered and asks for nothing",
                terminal(&title)
            );
            remember(run, &mut position, &now, &reading).await?;
        } else {
            found = new_calls(run, page_id, &mut position, &now, &reading).await?;
        }
    }
    position.at = Some(now.at);
    let page = Page {
        home: &home_key(&run.accepted.parsed.settings, &run.wiki),
        wiki: &run.wiki,
        title: &title,
        page_id: position.page_id.map_or(0, |id| id.0),
        reason: match poke {
            Some(_) => Reason::Poke,
            None => Reason::Summary,
        },
    };
    let sorted = match poke {
        None => {
            let old = old_accounts(run, &found).await?;
            sort(found, &page, |_| true, |person| !old.contains(&person.name))
        }
        Some(poke) => {
            let mut standing = Standing::new(&poke.users, &poke.groups);
            standing
                .ask(&run.session, people(&found), &mut position.accounts)
                .await?;
            let is_trusted = |person: &Person| standing.is_trusted(person.id);
            sort(found, &page, |person| person.is_some_and(is_trusted), |_| false)
        }
    };
    tell(&title, &sorted);
    store(run, &title, stored.as_ref(), &position, &sorted).await
}

fn people(found: &[Found]) -> BTreeSet<u64> {
    let person = |one: &Found| match &one.whose {
        Whose::Person(person) => Some(person.id),
        Whose::Guest(_) | Whose::Nobody(_) => None,
    };
    found.iter().filter_map(person).collect()
}

/// The names of those who ask with accounts that the wiki knows for some time: autoconfirmed ones.
async fn old_accounts(run: &Run<Settings>, found: &[Found]) -> anyhow::Result<HashSet<String>> {
    let name = |one: &Found| match &one.whose {
        Whose::Person(person) => Some(person.name.clone()),
        Whose::Guest(_) | Whose::Nobody(_) => None,
    };
    let names: BTreeSet<String> = found.iter().filter_map(name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    run.session.count_as(Phase::Safety);
    let known = people::local(&run.session, &names).await?;
    let is_old = |group: &String| OLD.contains(&group.as_str());
    let old = known.into_iter().filter(|(_, facts)| facts.groups.iter().any(is_old));
    Ok(old.map(|(name, _)| name).collect())
}

/// The position to read on from; `None`: there is nothing to be read now.
async fn begin(
    run: &Run<Settings>,
    stored: Option<&Position>,
    title: &str,
    now: &Now,
    reading: &Reading<'_>,
) -> anyhow::Result<Option<Position>> {
    let shown = terminal(title);
    let Some(page_id) = now.page_id else {
        // Remembered, so that what somebody writes on a new page counts.
        return Ok(stored.is_none().then(Position::default));
    };
    if now.is_redirect {
        tracing::warn!("the watched page {shown} is a redirect: nothing is read there");
        return Ok(None);
    }
    let Some(mut position) = stored.cloned() else {
        tracing::info!("first look at {shown}: what stands there is remembered and asks for nothing");
        let mut position = Position {
            page_id: Some(page_id),
            ..Position::default()
        };
        remember(run, &mut position, now, reading).await?;
        return Ok(Some(position));
    };
    if position.page_id == Some(page_id) {
        return Ok((position.revid != Some(now.revid)).then_some(position));
    }
    let is_made_here = position.page_id.is_none() && made_since(&run.session, page_id, position.at).await?;
    position.page_id = Some(page_id);
    position.revid = None;
    position.after_hidden = false;
    if !is_made_here {
        tracing::info!("another page stands at {shown} now: what stands there is remembered and asks for nothing");
        remember(run, &mut position, now, reading).await?;
    }
    Ok(Some(position))
}

/// Everything that the page has now was there before.
async fn remember(
    run: &Run<Settings>,
    position: &mut Position,
    now: &Now,
    reading: &Reading<'_>,
) -> anyhow::Result<()> {
    run.session.count_as(Phase::Fixed);
    let revision = revisions(&run.session, &[now.revid], true).await?.remove(&now.revid);
    let text = revision.as_ref().filter(|revision| revision.model == "wikitext");
    position.remember(now.revid, text.and_then(|revision| revision.text.as_deref()), reading);
    Ok(())
}

/// Moves the position over the new revisions; gives the calls that are new in them.
async fn new_calls(
    run: &Run<Settings>,
    page_id: PageId,
    position: &mut Position,
    now: &Now,
    reading: &Reading<'_>,
) -> anyhow::Result<Vec<Found>> {
    run.session.count_as(Phase::Fixed);
    let mut found = Vec::new();
    let mut read = 0;
    while read < PER_RUN {
        let revisions = match history(&run.session, PageRef::Id(page_id), position.revid, AT_ONCE).await {
            Err(Error::Api { code, .. }) if code.contains("rvstartid") || code == "nosuchrevid" => {
                tracing::warn!("the last revision that was read of a watched page is gone: it is looked at anew");
                remember(run, position, now, reading).await?;
                return Ok(found);
            }
            revisions => revisions?,
        };
        read += revisions.len();
        for revision in &revisions {
            found.extend(position.take(revision, reading, run.session.account()));
        }
        if revisions.len() < AT_ONCE {
            break;
        }
    }
    if position.known.len() > MOST_CALLS && position.revid == Some(now.revid) {
        tracing::info!("a watched page has had more than {MOST_CALLS} requests: those that are gone are forgotten");
        remember(run, position, now, reading).await?;
    }
    Ok(found)
}

fn tell(title: &str, sorted: &Sorted) {
    let title = terminal(title);
    for (revid, why) in &sorted.wrong {
        tracing::info!(
            "{title}, revision {revid}: no report can be asked for so: {}",
            terminal(why)
        );
    }
    if sorted.strangers > 0 {
        tracing::info!(
            "{title}: {} requests by people whom the settings (poke) do not name count for nothing",
            sorted.strangers
        );
    }
}

async fn store(
    run: &Run<Settings>,
    title: &str,
    before: Option<&Position>,
    position: &Position,
    sorted: &Sorted,
) -> anyhow::Result<Watched> {
    let mut told = Watched {
        asked: sorted.asks.len() as u64,
        refused: sorted.refused,
        strangers: sorted.strangers,
        wrong: sorted.wrong.len() as u64,
    };
    let Some(fence) = run.fence() else {
        let naming = Naming::read(&run.db, &home_key(&run.accepted.parsed.settings, &run.wiki)).await?;
        for ask in &sorted.asks {
            println!("would ask for a report: {}", naming.subject(&ask.subject));
        }
        return Ok(told);
    };
    if before == Some(position) {
        return Ok(told);
    }
    let (name, json, now) = (Position::name(title), serde_json::to_string(position)?, run.clock.now());
    let home = home_key(&run.accepted.parsed.settings, &run.wiki);
    let most = run.accepted.parsed.settings.limits.per_requester;
    let requesters: BTreeSet<String> = sorted.asks.iter().filter_map(|ask| ask.requester.clone()).collect();
    let requesters: Vec<String> = requesters.into_iter().collect();
    let (asked, refused) = run
        .db
        .fenced(&fence, "storing requests for reports", async |tx| {
            let lately = report_ask::asked_by_since(tx, &home, &requesters, now - DAY).await?;
            let (asks, refused) = within(&sorted.asks, &lately, most);
            let asked = report_ask::ask(tx, &asks, now).await?;
            memo::set(tx, &name, &json, now).await?;
            Ok((asked, refused))
        })
        .await?;
    told.asked = asked;
    told.refused += refused;
    if told.refused > 0 {
        tracing::info!(
            "{}: {} requests are more than an edit or a person may make",
            terminal(title),
            told.refused
        );
    }
    Ok(told)
}
