//! What pages of the wiki say of hosts: the domains that noticeboards speak of, and the page of URL shorteners. Texts are
//! kept in the database and read again when their revision is another one; a wiki that does not answer leaves what was
//! read before.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chrono::TimeDelta;
use shared::core::link::{Key, PathHosts};
use shared::core::patterns::Domains;
use shared::core::spamlist::noticeboard;
use shared::core::text::terminal;
use shared::core::types::RevId;
use shared::db::source_page::{self, Page};
use shared::job::Run;
use shared::wiki::{Phase, page_infos, revisions};

use crate::settings::Settings;

/// How long a kept text counts without a look at the page's revision.
const FRESH: TimeDelta = TimeDelta::minutes(10);
/// Longest page that is read, in bytes.
const LONGEST: u64 = 2 * 1024 * 1024;
/// Most hosts of the page of shorteners.
const MOST_HOSTS: usize = 5_000;

/// Hosts that a list names; their sub-domains are meant, too.
#[derive(Clone, Debug, Default)]
pub struct Boards {
    shorteners: Domains,
    listed: Domains,
}

impl Boards {
    /// From the keys of both lists.
    pub fn new<'a>(shorteners: impl Iterator<Item = &'a Key>, listed: impl Iterator<Item = &'a Key>) -> Boards {
        Boards {
            shorteners: Domains::new(shorteners.map(|key| (0, key))),
            listed: Domains::new(listed.map(|key| (0, key))),
        }
    }

    /// Whether it leads on to other sites.
    pub fn is_shortener(&self, key: &Key) -> bool {
        !self.shorteners.matches(key).is_empty()
    }

    /// Whether a noticeboard names it.
    pub fn is_listed(&self, key: &Key) -> bool {
        !self.listed.matches(key).is_empty()
    }
}

/// Reads the pages of the settings. Errs where the database does.
pub async fn boards(run: &Run<Settings>) -> anyhow::Result<Boards> {
    let settings = &run.accepted.parsed.settings;
    let site = run.session.site();
    let page = settings.shorteners.page.as_ref().map(|page| site.prefixed(page));
    let boards: Vec<String> = settings.noticeboards.iter().map(|page| site.prefixed(page)).collect();
    let titles: Vec<&String> = boards.iter().chain(&page).collect();
    let texts = texts(run, &titles).await?;
    let mut shorteners = settings.shorteners.keys.clone();
    if let Some(text) = page.and_then(|page| texts.get(&page)) {
        shorteners.extend(hosts(text, &settings.path_hosts));
    }
    let mut listed = Vec::new();
    for (title, text) in boards.iter().filter_map(|title| Some((title, texts.get(title)?))) {
        match noticeboard(text, site, &settings.templates.link, &settings.path_hosts) {
            Ok(keys) => listed.extend(keys),
            Err(why) => tracing::warn!("{}: {why}; it names no domains now", terminal(title)),
        }
    }
    Ok(Boards::new(shorteners.iter(), listed.iter()))
}

/// One host per line, also as a list; behind `#` or a space stands what people say of it. Lines that name none are
/// passed over.
fn hosts(text: &str, path_hosts: &PathHosts) -> Vec<Key> {
    let host = |line: &str| {
        let line = line.trim_start().trim_start_matches(['*', ':', ' ']);
        let word = line.split(['#', ' ', '\t']).next().filter(|word| word.contains('.'))?;
        let key = Key::from_name(word, path_hosts).ok()?;
        (key.ip().is_some() || key.registrable().is_some()).then_some(key)
    };
    text.lines().filter_map(host).take(MOST_HOSTS).collect()
}

/// The texts by title; pages that do not exist have an empty one.
async fn texts(run: &Run<Settings>, titles: &[&String]) -> anyhow::Result<BTreeMap<String, String>> {
    let (job, wiki, now) = (run.editor.job, &run.wiki, run.clock.now());
    let mut pages = BTreeMap::new();
    for title in titles {
        let page = run
            .db
            .read_if_there(async |db| source_page::get(db, job, wiki, title).await)
            .await?;
        pages.insert((*title).clone(), page);
    }
    let is_old = |title: &&&String| {
        let page = pages.get(**title).and_then(Option::as_ref);
        page.is_none_or(|page| now - page.checked >= FRESH)
    };
    let asked: Vec<&String> = titles.iter().filter(is_old).copied().collect();
    let changed = match changed(run, &asked, &pages).await {
        Ok(changed) => changed,
        Err(error) => {
            tracing::warn!("{error:#}; what was read before counts");
            Vec::new()
        }
    };
    if let Some(fence) = run.fence().filter(|_| !changed.is_empty()) {
        run.db
            .fenced(&fence, "keeping pages that name domains", async |tx| {
                for page in &changed {
                    source_page::put(tx, page).await?;
                }
                Ok(())
            })
            .await?;
    }
    pages.extend(changed.into_iter().map(|page| (page.title.clone(), Some(page))));
    let text = |page: Page| String::from_utf8_lossy(&page.body).into_owned();
    Ok(pages
        .into_iter()
        .filter_map(|(title, page)| Some((title, text(page?))))
        .collect())
}

/// Those of the pages that were looked at, as they are to be kept.
async fn changed(
    run: &Run<Settings>,
    asked: &[&String],
    known: &BTreeMap<String, Option<Page>>,
) -> anyhow::Result<Vec<Page>> {
    const WHAT: &str = "reading pages that name domains";
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    run.session.count_as(Phase::Mentor);
    let infos = page_infos(&run.session, asked).await.context(WHAT)?;
    let now = run.clock.now();
    let (mut changed, mut wanted) = (Vec::new(), Vec::new());
    for (title, info) in asked.iter().zip(infos) {
        let revid = info.revid.unwrap_or(RevId(0));
        let known = known.get(*title).and_then(Option::as_ref);
        let page = Page {
            wiki: run.wiki.clone(),
            title: (*title).clone(),
            revid,
            checked: now,
            body: Vec::new(),
        };
        match known {
            Some(known) if known.revid == revid => changed.push(Page {
                checked: now,
                ..known.clone()
            }),
            _ if revid.0 == 0 => changed.push(page),
            _ if info.length > LONGEST => {
                tracing::warn!(
                    "{} is longer than {LONGEST} bytes: what was read before counts",
                    terminal(title)
                );
            }
            _ => wanted.push(page),
        }
    }
    let ids: Vec<RevId> = wanted.iter().map(|page| page.revid).collect();
    let mut texts = revisions(&run.session, &ids, true).await.context(WHAT)?;
    for page in wanted {
        let text = texts.remove(&page.revid).and_then(|revision| revision.text);
        changed.extend(text.map(|text| Page {
            body: text.into_bytes(),
            ..page
        }));
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_shorteners_is_read_line_by_line() {
        let text =
            "Known ones:\n* bit.ly # common\n is.gd seen in May\n# a.example\n:http://www.tiny.example/x\nco.uk\n*";
        let keys = hosts(text, &PathHosts::default());
        let names: Vec<String> = keys.iter().map(Key::display).collect();
        assert_eq!(names, ["bit.ly", "is.gd", "tiny.example"]);
        let boards = Boards::new(keys.iter(), [].into_iter());
        let key = |name: &str| Key::from_name(name, &PathHosts::default()).unwrap();
        assert!(boards.is_shortener(&key("x.bit.ly")) && !boards.is_shortener(&key("rabbit.ly")));
        assert!(!boards.is_listed(&key("bit.ly")));
    }
}
