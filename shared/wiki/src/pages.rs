//! Pages as they are now: what they are, what they transclude, and who transcludes a template.
//! <https://www.mediawiki.org/wiki/API:Info>, <https://www.mediawiki.org/wiki/API:Templates>,
//! <https://www.mediawiki.org/wiki/API:Embeddedin>

use crate::error::Error;
use crate::query::Continued;
use crate::read;
use crate::session::Session;
use serde_json::Value;
use std::collections::HashMap;
use wikicrew_core::types::{PageId, RevId, Timestamp};

/// A page, and which of the asked templates it transcludes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageNow {
    /// Namespace.
    pub ns: i32,
    /// Title as the wiki writes it.
    pub title: String,
    /// Whether it is a redirect.
    pub is_redirect: bool,
    /// Its newest revision.
    pub revid: RevId,
    /// Those of the asked templates that it transcludes, directly or through another page, as full titles in the
    /// wiki's own form. A template that is called by a redirect is named, and so is the redirect.
    pub templates: Vec<String>,
}

/// What these pages transclude of these templates (full titles, such as `Template:Chembox`). Every page that was asked
/// for is in the result; `None`: there is no such page (any more).
///
/// One request for [`Session::batch_size`] pages while there are no more templates than that and the answer fits.
/// The wiki updates what it knows of transclusions a little after an edit: who must be sure looks at the text.
///
/// Errs as [`Session::query`] does.
pub async fn transclusions(
    session: &Session,
    page_ids: &[PageId],
    templates: &[impl AsRef<str>],
) -> Result<HashMap<PageId, Option<PageNow>>, Error> {
    let mut found: HashMap<PageId, Option<PageNow>> = page_ids.iter().map(|id| (*id, None)).collect();
    let ids: Vec<String> = found.keys().map(ToString::to_string).collect();
    let templates: Vec<&str> = templates.iter().map(AsRef::as_ref).collect();
    let mut parts = templates.chunks(session.batch_size());
    // Without templates, the pages themselves are asked for.
    let mut part: &[&str] = parts.next().unwrap_or_default();
    loop {
        let names = part.join("|");
        let params: &[(&str, &str)] = if part.is_empty() {
            &[("prop", "info")]
        } else {
            &[("prop", "info|templates"), ("tltemplates", &names), ("tllimit", "max")]
        };
        let query = session.in_batches(params, "pageids", &ids).await?;
        for page in read::list(&query["pages"]) {
            let Some(slot) = found.get_mut(&read::page_id(page)) else {
                continue;
            };
            let Some(now) = read_now(page) else {
                continue;
            };
            match slot {
                Some(known) => known.templates.extend(now.templates),
                None => *slot = Some(now),
            }
        }
        match parts.next() {
            Some(next) => part = next,
            None => return Ok(found),
        }
    }
}

fn read_now(page: &Value) -> Option<PageNow> {
    let (ns, title) = read::title(page).filter(|_| page["missing"] != true)?;
    let templates = read::list(&page["templates"]).iter();
    Some(PageNow {
        ns,
        title,
        is_redirect: page["redirect"] == true,
        revid: read::revid(page, "lastrevid"),
        templates: templates.filter_map(|template| read::text(template, "title")).collect(),
    })
}

/// A page that transcludes a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its id.
    pub page_id: PageId,
    /// Its namespace.
    pub ns: i32,
    /// Its title as the wiki writes it.
    pub title: String,
}

/// The pages that transclude a template, fetched as they are needed.
pub struct Embedding<'a>(Continued<'a>);

impl Embedding<'_> {
    /// The next of them, up to 500 (5,000 with `apihighlimits`), by page id. `None` after the last ones.
    ///
    /// Errs as [`Continued::next`] does.
    pub async fn next(&mut self) -> Result<Option<Vec<Member>>, Error> {
        let Some(query) = self.0.next().await? else {
            return Ok(None);
        };
        let members = read::list(&query["embeddedin"]).iter().filter_map(|member| {
            let (ns, title) = read::title(member)?;
            let page_id = read::page_id(member);
            Some(Member { page_id, ns, title })
        });
        Ok(Some(members.collect()))
    }
}

/// Begins the list of the pages in these namespaces (empty: all) that transclude `template` (a full title), directly
/// or through another page or a redirect to it. Redirects are not in it.
pub fn embedding<'a>(session: &'a Session, template: &str, namespaces: &[i32]) -> Embedding<'a> {
    let namespaces = read::ids(namespaces);
    let mut params = vec![
        ("list", "embeddedin"),
        ("eititle", template),
        ("eifilterredir", "nonredirects"),
        ("eilimit", "max"),
    ];
    if !namespaces.is_empty() {
        params.push(("einamespace", &namespaces));
    }
    Embedding(session.continued(&params))
}

/// One protection in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Protection {
    /// What is protected: `edit`, `move`, `create`, …
    pub action: String,
    /// The level, which is a group or a right of the wiki: `sysop`, `autoconfirmed`, …
    pub level: String,
    /// When it ends; `None`: never.
    pub expiry: Option<Timestamp>,
    /// The page from which the protection cascades.
    pub source: Option<String>,
}

/// What a title stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PageInfo {
    /// The title as it was asked for.
    pub asked: String,
    /// The title as the wiki writes it.
    pub title: String,
    /// Its namespace.
    pub ns: i32,
    /// Why the wiki takes this for no title of a page of its own; everything below is empty then.
    pub invalid: Option<String>,
    /// `None`: there is no such page.
    pub page_id: Option<PageId>,
    /// Its newest revision; `None` where there is no page.
    pub revid: Option<RevId>,
    /// Bytes of the newest revision.
    pub length: u64,
    /// `wikitext`, `json`, …; where there is no page, the model it would have.
    pub model: String,
    /// Whether it is a redirect. What is said here is about the redirect, not about where it leads.
    pub is_redirect: bool,
    /// Where it leads, one step; `None` for what is no redirect, and for one to another wiki.
    pub redirect_to: Option<String>,
    /// Full titles of the redirects in the template namespace that lead here.
    pub redirects: Vec<String>,
    /// Every protection in force, cascading ones included.
    pub protection: Vec<Protection>,
}

impl PageInfo {
    /// Whether there is such a page.
    pub fn exists(&self) -> bool {
        self.page_id.is_some()
    }
}

/// What these titles stand for, one entry for each, in the order in which they were asked for.
///
/// One request for [`Session::batch_size`] titles, and a second one only where redirects are among them.
/// Errs as [`Session::query`] does, and with [`Error::BadReply`] where the answer leaves a title out.
pub async fn page_infos(session: &Session, titles: &[impl AsRef<str>]) -> Result<Vec<PageInfo>, Error> {
    // The namespace of templates has the same number on every wiki.
    let params = [
        ("prop", "info|redirects"),
        ("inprop", "protection"),
        ("rdnamespace", "10"),
        ("rdprop", "title"),
        ("rdlimit", "max"),
    ];
    let query = session.in_batches(&params, "titles", titles).await?;
    let pages = read::list(&query["pages"]);
    let by_title: HashMap<&str, &Value> = pages
        .iter()
        .filter_map(|page| Some((page["title"].as_str()?, page)))
        .collect();
    let mut spelled = HashMap::new();
    for kind in ["normalized", "converted"] {
        for change in read::list(&query[kind]) {
            if let (Some(from), Some(to)) = (change["from"].as_str(), change["to"].as_str()) {
                spelled.insert(from, to);
            }
        }
    }
    let elsewhere = read::list(&query["interwiki"]);
    let mut infos = Vec::with_capacity(titles.len());
    for asked in titles.iter().map(AsRef::as_ref) {
        let written = follow(&spelled, asked);
        // Where the wiki's list of spellings does not help (it names titles that are not in form C in another way).
        let by_rules = || session.site().title(asked).map(|title| session.site().prefixed(&title));
        let page = match by_title.get(written) {
            Some(page) => Some(page),
            None => by_rules().ok().and_then(|title| by_title.get(title.as_str())),
        };
        infos.push(match page {
            Some(page) => read_info(asked, page),
            None if elsewhere.iter().any(|e| e["title"] == asked || e["title"] == written) => {
                no_page(asked, "it leads to another wiki")
            }
            None => return Err(Error::BadReply("a title that was asked for is left out".to_owned())),
        });
    }
    let redirects: Vec<&str> = infos
        .iter()
        .filter(|i| i.is_redirect)
        .map(|i| i.title.as_str())
        .collect();
    let query = session.in_batches(&[("redirects", "1")], "titles", &redirects).await?;
    for step in read::list(&query["redirects"]) {
        for info in infos.iter_mut().filter(|info| step["from"] == info.title.as_str()) {
            info.redirect_to = read::text(step, "to");
        }
    }
    Ok(infos)
}

/// The wiki's spelling: normalised, then converted between scripts.
fn follow<'a>(spelled: &HashMap<&'a str, &'a str>, asked: &'a str) -> &'a str {
    let once = spelled.get(asked).copied().unwrap_or(asked);
    spelled.get(once).copied().unwrap_or(once)
}

fn no_page(asked: &str, why: &str) -> PageInfo {
    PageInfo {
        asked: asked.to_owned(),
        title: asked.to_owned(),
        ns: 0,
        invalid: Some(why.to_owned()),
        page_id: None,
        revid: None,
        length: 0,
        model: String::new(),
        is_redirect: false,
        redirect_to: None,
        redirects: Vec::new(),
        protection: Vec::new(),
    }
}

fn read_info(asked: &str, page: &Value) -> PageInfo {
    if page["invalid"] == true {
        return no_page(asked, page["invalidreason"].as_str().unwrap_or("it is no title"));
    }
    let Some((ns, title)) = read::title(page).filter(|_| page["special"] != true) else {
        return no_page(asked, "it is a special page");
    };
    let is_there = page["missing"] != true;
    let redirects = read::list(&page["redirects"]).iter();
    let protection = read::list(&page["protection"]).iter().map(|entry| Protection {
        action: read::text(entry, "type").unwrap_or_default(),
        level: read::text(entry, "level").unwrap_or_default(),
        expiry: read::time(&entry["expiry"]),
        source: read::text(entry, "source"),
    });
    PageInfo {
        asked: asked.to_owned(),
        title,
        ns,
        invalid: None,
        page_id: Some(read::page_id(page)).filter(|_| is_there),
        revid: Some(read::revid(page, "lastrevid")).filter(|_| is_there),
        length: read::number(page, "length"),
        model: read::text(page, "contentmodel").unwrap_or_default(),
        is_redirect: page["redirect"] == true,
        redirect_to: None,
        redirects: redirects.filter_map(|redirect| read::text(redirect, "title")).collect(),
        protection: protection.collect(),
    }
}
