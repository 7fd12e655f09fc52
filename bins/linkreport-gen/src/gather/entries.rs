//! Rules that apply to what a report is about: entries of the lists that people keep by commands, lines of the blacklists
//! of the report's wiki and of wikis where it was added, blocked domains, noticeboards, URL shorteners; each with who,
//! when and why, where that is known.

mod blacklists;
mod lists;
mod pages;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::Context as _;
use shared::core::link::{Key, PathHosts};
use shared::core::patterns::Domains;
use shared::core::report::Subject;
use shared::core::spamlist;
use shared::db::list;
use shared::db::list::Row;
use shared::wiki::{Error, Phase, Session, blocked};
use tokio::sync::{Mutex, OnceCell};

use super::fates::tolerate;
use super::shown::Hides;
use super::{Context, Gathered};
use crate::model::{Entry, ListName, Reach, Who, Wiki};
use crate::{NAME, RECORDER};
use blacklists::Blacklists;
use lists::Lists;

/// Users of a link's report whose entries are told.
const USERS: usize = 20;
/// Wikis beside the report's own whose blacklists are looked at.
const WIKIS: usize = 20;
/// Wikis whose blacklists stay in memory; then it begins anew.
const REMEMBERED: usize = 30;
/// Addresses of the report that the lines of blacklists are tried on.
const ADDRESSES: usize = 50;
/// Addresses of which the report's wiki is asked itself.
const ASKED: usize = 3;

/// What was read in this run.
#[derive(Default)]
pub struct Kept {
    lists: OnceCell<Mutex<Lists>>,
    blacklists: Mutex<HashMap<String, Arc<Mutex<Blacklists>>>>,
    others: OnceCell<Others>,
}

/// Domains that pages of the report's wiki name.
#[derive(Default)]
struct Others {
    /// With the titles of the noticeboards.
    noticeboards: Vec<(String, Key)>,
    /// With the title of the page, where they stand on one.
    shorteners: Vec<(Option<String>, Key)>,
}

/// Sets the entries: lists of ours first, then the wikis'. Adds wikis whose blacklists could not be read to those that
/// are unchecked. Of users, addresses and servers only the lists of ours are asked.
///
/// A wiki costs two requests a day; the report's own two every ten minutes, and one to three for each report. Errs as
/// [`super::fates::look`] does.
pub async fn look(cx: &Context<'_>, gathered: &mut Gathered) -> anyhow::Result<()> {
    let here = here(cx, gathered);
    let mut entries = ours(cx, gathered).await?;
    if let Subject::Link(key) = gathered.model.subject.clone() {
        let urls = urls(&key, gathered);
        let by_wiki = gathered
            .model
            .by_wiki
            .iter()
            .map(|(wiki, _)| *wiki)
            .filter(|wiki| *wiki != here);
        let wikis: Vec<usize> = [here].into_iter().chain(by_wiki).collect();
        let has_any = !cx.settings.blacklists.is_empty();
        for (n, wiki) in wikis.into_iter().enumerate().filter(|_| has_any) {
            let found = match n <= WIKIS {
                true => of_wiki(cx, &gathered.model.wikis[wiki].key, &key, &urls, wiki).await?,
                false => None,
            };
            match found {
                Some((found, is_whole)) => {
                    entries.extend(found);
                    if !is_whole {
                        gathered.model.unchecked.push(gathered.model.wikis[wiki].name.clone());
                    }
                }
                None => gathered.model.unchecked.push(gathered.model.wikis[wiki].name.clone()),
            }
        }
        let is_named = |entry: &Entry| {
            let is_here = entry.page.as_ref().is_some_and(|(wiki, _)| *wiki == here);
            entry.list == ListName::SpamBlacklist && is_here
        };
        if !entries.iter().any(is_named) {
            entries.extend(stopped(cx, &urls).await?);
        }
        let others = others(cx).await?;
        entries.extend(others.of(&key, here));
    }
    let hides = cx
        .db
        .read_if_there(async |db| Hides::read(db, &[&cx.home, &cx.records]).await)
        .await?;
    for entry in &mut entries {
        entry.by = entry.by.take().filter(|by| !hides.user(&cx.home, None, by));
    }
    gathered.model.entries = entries;
    Ok(())
}

/// The place of the report's wiki in the model, where it is put if nothing in it points there yet.
fn here(cx: &Context<'_>, gathered: &mut Gathered) -> usize {
    let wikis = &mut gathered.model.wikis;
    if let Some(place) = wikis.iter().position(|wiki| wiki.key == cx.home) {
        return place;
    }
    wikis.push(Wiki {
        key: cx.home.clone(),
        name: cx.here.site().dbname().to_owned(),
        reach: Reach::Here,
    });
    wikis.len() - 1
}

/// Entries of the lists that people keep by commands.
async fn ours(cx: &Context<'_>, gathered: &Gathered) -> anyhow::Result<Vec<Entry>> {
    let read = async || -> anyhow::Result<Mutex<Lists>> {
        let mut rows = Vec::new();
        for job in [RECORDER, NAME] {
            rows.extend(cx.db.read_if_there(async |db| list::all_of_job(db, job).await).await?);
        }
        Ok(Mutex::new(Lists::new(rows, &cx.settings.path_hosts, cx.now)))
    };
    let hides = cx
        .db
        .read_if_there(async |db| Hides::read(db, &[&cx.home, &cx.records]).await)
        .await?;
    let mut lists = cx.entries.lists.get_or_try_init(read).await?.lock().await;
    let model = &gathered.model;
    let texts: BTreeSet<String> = match &model.subject {
        Subject::Link(_) => addresses(gathered).take(ADDRESSES).collect(),
        _ => BTreeSet::new(),
    };
    let texts: Vec<String> = texts.into_iter().collect();
    let wikis: Vec<&str> = model.wikis.iter().map(|wiki| wiki.key.as_str()).collect();
    let is_shown = |user: &str| !hides.user(&cx.home, None, user);
    let told = |rows: Vec<&Row>| -> Vec<Entry> {
        let shown = rows.into_iter().filter(|row| row.user.as_deref().is_none_or(is_shown));
        shown.filter_map(lists::entry).collect()
    };
    let mut entries = told(lists.of(&model.subject, &texts, &wikis));
    if model.subject.kind().is_editor() {
        // It is about nobody else.
        entries.iter_mut().for_each(|entry| entry.of_user = None);
        return Ok(entries);
    }
    let users = model.users.iter().filter_map(|user| match &user.who {
        Who::Name(name) => Some(name),
        Who::Temporary | Who::OldRange(_) | Who::Hidden => None,
    });
    for name in users.take(USERS) {
        for mut entry in told(lists.of(&Subject::User(name.clone()), &[], &wikis)) {
            entry.of_user = Some(name.clone());
            let is_known = |known: &Entry| (known.list, &known.what) == (entry.list, &entry.what);
            if !entries.iter().any(is_known) {
                entries.push(entry);
            }
        }
    }
    Ok(entries)
}

/// The rows' links as `host/path`, each once.
fn addresses(gathered: &Gathered) -> impl Iterator<Item = String> {
    let mut known = BTreeSet::new();
    let rows = gathered.model.rows.iter().zip(&gathered.refs.rows);
    rows.filter(|(_, behind)| !behind.path.is_empty())
        .filter_map(move |(row, behind)| {
            let host = Key::from_stored(&row.stored_key)?.host();
            let address = format!("{host}{}", behind.path);
            known.insert(address.clone()).then_some(address)
        })
}

/// What lines are tried on: the domain as such, and what was added.
fn urls(key: &Key, gathered: &Gathered) -> Vec<String> {
    let whole = [
        format!("https://{}/", key.ascii()),
        format!("https://www.{}/", key.ascii()),
    ];
    let added = addresses(gathered)
        .take(ADDRESSES)
        .map(|address| format!("https://{address}"));
    let mut urls: Vec<String> = whole.into_iter().take(if key.ip().is_some() { 1 } else { 2 }).collect();
    urls.extend(added);
    urls
}

/// Entries of a wiki's own lists, and whether all of its pages could be read; `None`: it could not be asked.
async fn of_wiki(
    cx: &Context<'_>,
    wiki_key: &str,
    key: &Key,
    urls: &[String],
    wiki: usize,
) -> anyhow::Result<Option<(Vec<Entry>, bool)>> {
    let known = cx.entries.blacklists.lock().await.get(wiki_key).cloned();
    let (lists, is_whole) = match known {
        Some(lists) => (lists, true),
        None => {
            let Some(session) = cx.session(wiki_key).await else {
                return Ok(None);
            };
            session.count_as(Phase::Mentor);
            let (lists, unread) = match read(cx, &session).await {
                Ok(read) => read,
                Err(error) => {
                    pass_over(cx, wiki_key, error).await?;
                    return Ok(None);
                }
            };
            let lists = Arc::new(Mutex::new(lists));
            let is_whole = unread.is_empty();
            let mut kept = cx.entries.blacklists.lock().await;
            if kept.len() >= REMEMBERED {
                kept.clear();
            }
            if is_whole {
                kept.insert(wiki_key.to_owned(), Arc::clone(&lists));
            }
            (lists, is_whole)
        }
    };
    let found = lists.lock().await.of(key, urls, wiki);
    Ok(Some((found, is_whole)))
}

/// What of the error is the wiki's own is tolerated as everywhere.
async fn pass_over(cx: &Context<'_>, wiki_key: &str, error: anyhow::Error) -> anyhow::Result<()> {
    match error.downcast::<Error>() {
        Ok(error) => tolerate(cx, wiki_key, error).await,
        Err(error) => Err(error),
    }
}

/// A wiki's lists. Names of these pages are the same on every wiki: those of the settings, in the wiki's own language.
async fn read(cx: &Context<'_>, session: &Session) -> anyhow::Result<(Blacklists, Vec<String>)> {
    let site = session.site();
    let is_read = |title: &String| match title.ends_with(".json") {
        true => site.has_extension("Abuse Filter"),
        false => site.has_extension("SpamBlacklist"),
    };
    let titles: Vec<String> = cx
        .settings
        .blacklists
        .iter()
        .map(|title| site.prefixed(title))
        .filter(is_read)
        .collect();
    let texts = pages::texts(cx, session, &titles).await?;
    let all: Vec<(String, String)> = titles.into_iter().zip(texts).collect();
    Ok(Blacklists::new(&all, &cx.settings.path_hosts))
}

/// What the report's wiki says itself, which also knows the list that is common to a farm.
async fn stopped(cx: &Context<'_>, urls: &[String]) -> anyhow::Result<Option<Entry>> {
    let urls: Vec<&str> = urls.iter().map(String::as_str).take(ASKED).collect();
    cx.here.count_as(Phase::Mentor);
    let found = match blocked::spam_blacklist(cx.here, &urls).await {
        Ok(found) => found,
        Err(error) => {
            tolerate(cx, &cx.home, error).await?;
            return Ok(None);
        }
    };
    let parts: BTreeSet<String> = found.into_values().flatten().collect();
    let parts: Vec<String> = parts.into_iter().collect();
    Ok((!parts.is_empty()).then(|| Entry {
        list: ListName::SpamBlacklist,
        what: parts.join(" "),
        page: None,
        by: None,
        since: None,
        reason: None,
        of_user: None,
    }))
}

/// Noticeboards and shorteners, read once in a run.
async fn others<'a>(cx: &'a Context<'_>) -> anyhow::Result<&'a Others> {
    let read = async || -> anyhow::Result<Others> {
        let (site, settings) = (cx.here.site(), cx.settings);
        let path_hosts = &settings.path_hosts;
        let boards = settings.noticeboards.iter().map(|title| site.prefixed(title));
        let page = settings.shorteners.page.as_ref().map(|title| site.prefixed(title));
        let titles: Vec<String> = boards.chain(page.clone()).collect();
        let mut others = Others::default();
        others
            .shorteners
            .extend(settings.shorteners.keys.iter().map(|key| (None, key.clone())));
        let texts = match pages::texts(cx, cx.here, &titles).await {
            Ok(texts) => texts,
            Err(error) => {
                pass_over(cx, &cx.home, error).await?;
                return Ok(others);
            }
        };
        for (n, (title, text)) in titles.iter().zip(&texts).enumerate() {
            if n == settings.noticeboards.len() {
                let keys = shorteners(text, path_hosts).into_iter();
                others.shorteners.extend(keys.map(|key| (Some(title.clone()), key)));
                break;
            }
            match spamlist::noticeboard(text, site, &settings.templates.link, path_hosts) {
                Ok(keys) => others
                    .noticeboards
                    .extend(keys.into_iter().map(|key| (title.clone(), key))),
                Err(why) => tracing::warn!("{title}: {why}"),
            }
        }
        Ok(others)
    };
    cx.entries
        .others
        .get_or_try_init(read)
        .await
        .context("reading noticeboards and shorteners")
}

impl Others {
    fn of(&self, key: &Key, here: usize) -> Vec<Entry> {
        let entry = |list, title: Option<&String>, named: &Key| Entry {
            list,
            what: named.display(),
            page: title.map(|title| (here, title.clone())),
            by: None,
            since: None,
            reason: None,
            of_user: None,
        };
        let is_meant = |named: &Key| covers(named, key) || covers(key, named);
        let boards = self.noticeboards.iter().filter(|(_, named)| is_meant(named));
        let boards = boards.map(|(title, named)| entry(ListName::Noticeboard, Some(title), named));
        let shorteners = self.shorteners.iter().filter(|(_, named)| covers(named, key));
        let mut shorteners: Vec<Entry> = shorteners
            .map(|(title, named)| entry(ListName::Shortener, title.as_ref(), named))
            .collect();
        // One that stands on the page and in the settings is told once.
        shorteners.sort_by(|a, b| (&a.what, &b.page).cmp(&(&b.what, &a.page)));
        shorteners.dedup_by(|later, first| later.what == first.what);
        boards.chain(shorteners).collect()
    }
}

/// The hosts of a page that has one in each line, as an item of a list or not; what follows `#` is for people.
pub fn shorteners(text: &str, path_hosts: &PathHosts) -> Vec<Key> {
    let lines = text.lines().map(|line| {
        let line = line.trim_start_matches(['*', ':', ' ']);
        line.split('#').next().unwrap_or_default().trim()
    });
    let key = |line: &str| Key::from_name(line, path_hosts).ok();
    let is_one = |key: &Key| key.ip().is_some() || key.registrable().is_some();
    lines
        .filter(|line| !line.is_empty())
        .filter_map(key)
        .filter(is_one)
        .collect()
}

/// Whether an entry that names `named` is about `key`, too.
fn covers(named: &Key, key: &Key) -> bool {
    !Domains::new([(0, named)]).matches(key).is_empty()
}

#[cfg(test)]
#[path = "entries/entries_tests.rs"]
mod tests;
