//! One watched wiki: its session, and everything by which its edits are read and judged: namespaces, link templates and
//! its own blacklist pages, beside the judge of the run.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use shared::core::hit::Outside;
use shared::core::site::Site;
use shared::core::spamlist::{self, NamedLines};
use shared::core::types::{RevId, Timestamp};
use shared::db::source_page::{self, Page};
use shared::db::{Db, Fence};
use shared::wiki::{Phase, Session, page_infos, revisions};

use crate::accounts::Accounts;
use crate::ingest::about::WikiRules;
use crate::one_judge::OneJudge;
use crate::settings::Settings;
use crate::sources::Seen;

/// How long cached texts of list pages count without a look at their revisions.
const FRESH: chrono::TimeDelta = chrono::TimeDelta::minutes(10);
/// Longest page of lists that is read, in bytes.
const LONGEST_PAGE: u64 = 2 * 1024 * 1024;

/// A wiki that is read.
pub struct Reader {
    /// Its key in every table.
    pub key: String,
    /// The session.
    pub session: Session,
    /// Watched namespaces, never empty.
    pub namespaces: Vec<i32>,
    /// By what its texts are read.
    pub rules: WikiRules,
    /// The rules, of all wikis.
    pub judge: OneJudge,
    /// What is known of authors.
    pub accounts: Accounts,
    /// Its blacklist pages, to name the entry that the wiki objects to.
    pub blacklist: NamedLines,
    /// Lines of its pages that cannot be run here, with the page and the reason.
    pub not_checked: Vec<(String, String)>,
    /// Whether the wiki can say that it would refuse a URL.
    pub has_spam_blacklist: bool,
}

/// What a reader is made of, besides the wiki itself.
pub struct Made<'a> {
    /// The settings in force.
    pub settings: &'a Settings,
    /// The judge of the run: it is told what this wiki blocks.
    pub judge: &'a OneJudge,
    /// What is known of authors.
    pub accounts: &'a Accounts,
    /// The moment on which everything is judged.
    pub now: Timestamp,
}

impl Reader {
    /// Opens a wiki: reads names of link templates and its list pages, from the database while they are fresh.
    pub async fn open(
        session: Session,
        namespaces: Option<&[i32]>,
        db: &Db,
        job: &'static str,
        fence: Option<&Fence>,
        made: Made<'_>,
    ) -> anyhow::Result<Reader> {
        let settings = made.settings;
        let key = session.wiki_id();
        let site = session.site().clone();
        session.count_as(Phase::Fixed);
        let namespaces = watched(namespaces, settings, &site);
        // Names that everybody uses: on another wiki the same page has them, or has not.
        let mut titles: Vec<String> = Vec::new();
        for title in &settings.blacklists {
            titles.push(site.prefixed(title));
        }
        let templates: Vec<String> = settings.link_templates.iter().map(|one| one.name.clone()).collect();
        let redirects = redirects(&session, db, job, &templates, made.now, fence).await?;
        let rules = WikiRules::of_site(settings, &site, &namespaces, &redirects);
        let pages = pages(&session, db, job, &titles, made.now, fence).await?;
        let mut lines = Vec::new();
        let mut blocked = Vec::new();
        let mut not_checked = Vec::new();
        for page in &pages {
            if page.title.ends_with(".json") {
                match spamlist::blocked_domains(&page.text, &settings.path_hosts) {
                    Ok(found) => blocked.extend(found),
                    Err(why) => not_checked.push((page.title.clone(), why)),
                }
            } else if !page.title.to_lowercase().contains("whitelist") {
                // What is exempt, the wiki knows when it is asked about a URL: only what is blocked is named.
                lines.push((page.title.as_str(), page.text.as_str()));
            }
        }
        let (blacklist, left_out) = NamedLines::new(lines);
        not_checked.extend(left_out.into_iter().map(|line| (line.pattern, line.why)));
        for one in &mut blocked {
            one.wiki = Some(key.clone());
        }
        made.judge.block(&key, blocked);
        Ok(Reader {
            has_spam_blacklist: site.has_extension("SpamBlacklist"),
            key,
            session,
            namespaces,
            rules,
            judge: made.judge.clone(),
            accounts: made.accounts.clone(),
            blacklist,
            not_checked,
        })
    }
}

impl Reader {
    /// Edits of which a stream told that they add no links need no look at their texts, unless a rule has a hit already:
    /// then the wiki is asked, for what the stream does not say, and whether the edit still stands.
    pub fn costly(&mut self, mut edits: Vec<Seen>) -> Vec<Seen> {
        let (addresses, blocked) = (HashMap::new(), HashMap::new());
        let outside = Outside {
            addresses: &addresses,
            blocked: &blocked,
        };
        let site = self.session.site().clone();
        for seen in edits.iter_mut().filter(|seen| !seen.wants_texts) {
            if let Some(looked) = crate::texts::unread(&self.key, &site, seen) {
                seen.wants_texts = self.judge.judge(&looked.edit(), &outside, &site).has_hits();
            }
        }
        edits
    }
}

/// The namespaces of a wiki that are watched, never none: those given, those of the settings, or those of its articles.
pub fn watched(namespaces: Option<&[i32]>, settings: &Settings, site: &Site) -> Vec<i32> {
    match namespaces.or(settings.namespaces.as_deref()) {
        Some(given) if !given.is_empty() => given.to_vec(),
        _ => site.content_namespaces(),
    }
}

/// A page of lists with its text.
pub struct ListPage {
    /// Title with namespace.
    pub title: String,
    /// Its newest text; empty where there is no such page.
    pub text: String,
}

/// The texts of these pages, kept in the database and read again when their revision is another one.
pub async fn pages(
    session: &Session,
    db: &Db,
    job: &'static str,
    titles: &[String],
    now: Timestamp,
    fence: Option<&Fence>,
) -> anyhow::Result<Vec<ListPage>> {
    if titles.is_empty() {
        return Ok(Vec::new());
    }
    let wiki = session.wiki_id();
    let known = db
        .read_if_there(async |db| source_page::all(db, job, &wiki).await)
        .await?;
    let known: BTreeMap<String, Page> = known.into_iter().map(|page| (page.title.clone(), page)).collect();
    let is_fresh = |title: &String| known.get(title).is_some_and(|page| now - page.checked < FRESH);
    let asked: Vec<&String> = titles.iter().filter(|title| !is_fresh(title)).collect();
    let infos = page_infos(session, &asked).await.context("asking for list pages")?;
    let mut changed = Vec::new();
    let mut wanted = Vec::new();
    for (title, info) in asked.into_iter().zip(infos) {
        let revid = info.revid.unwrap_or(RevId(0));
        match known.get(title) {
            Some(page) if page.revid == revid => changed.push(Page {
                checked: now,
                ..page.clone()
            }),
            _ if revid.0 == 0 => changed.push(Page {
                wiki: wiki.clone(),
                title: title.clone(),
                revid,
                checked: now,
                body: Vec::new(),
            }),
            _ if info.length > LONGEST_PAGE => {
                tracing::warn!("{title} is longer than {LONGEST_PAGE} bytes: the text that was read before counts");
            }
            _ => wanted.push((title, revid)),
        }
    }
    let ids: Vec<_> = wanted.iter().map(|(_, revid)| *revid).collect();
    let texts = revisions(session, &ids, true).await.context("reading list pages")?;
    for (title, revid) in wanted {
        let text = texts.get(&revid).and_then(|revision| revision.text.clone());
        changed.extend(text.map(|body| Page {
            wiki: wiki.clone(),
            title: title.clone(),
            revid,
            checked: now,
            body: body.into_bytes(),
        }));
    }
    if !changed.is_empty()
        && let Some(fence) = fence
    {
        db.fenced(fence, "keeping list pages", async |tx| {
            for page in &changed {
                source_page::put(tx, page).await?;
            }
            Ok(())
        })
        .await?;
    }
    let find = |title: &String| {
        let text = changed.iter().find(|page| page.title == *title);
        text.or_else(|| known.get(title))
            .map(|page| String::from_utf8_lossy(&page.body).into_owned())
            .unwrap_or_default()
    };
    Ok(titles
        .iter()
        .map(|title| ListPage {
            title: title.clone(),
            text: find(title),
        })
        .collect())
}

/// Other names of the link templates, by template; kept as the texts of list pages are.
async fn redirects(
    session: &Session,
    db: &Db,
    job: &'static str,
    templates: &[String],
    now: Timestamp,
    fence: Option<&Fence>,
) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    const NAME: &str = "#redirects";
    let wiki = session.wiki_id();
    let known = db
        .read_if_there(async |db| source_page::get(db, job, &wiki, NAME).await)
        .await?;
    if let Some(page) = known.filter(|page| now - page.checked < chrono::TimeDelta::hours(6))
        && let Ok(found) = serde_json::from_slice::<BTreeMap<String, Vec<String>>>(&page.body)
        && templates.iter().all(|template| found.contains_key(template))
    {
        return Ok(found);
    }
    let titles: Vec<String> = templates.iter().map(|name| format!("Template:{name}")).collect();
    let infos = page_infos(session, &titles)
        .await
        .context("asking for link templates")?;
    let found: BTreeMap<String, Vec<String>> = templates
        .iter()
        .zip(infos)
        .map(|(template, info)| (template.clone(), info.redirects))
        .collect();
    if let Some(fence) = fence {
        let page = Page {
            wiki: wiki.clone(),
            title: NAME.to_owned(),
            revid: RevId(0),
            checked: now,
            body: serde_json::to_vec(&found)?,
        };
        db.fenced(fence, "keeping names of link templates", async |tx| {
            source_page::put(tx, &page).await
        })
        .await?;
    }
    Ok(found)
}
