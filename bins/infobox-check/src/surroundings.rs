//! What the settings refer to on the wiki, asked once per run in one request: the templates with their redirects, and
//! the index pages with their newest revision and protection.

use std::collections::BTreeMap;

use shared::core::site::{Site, Title};
use shared::core::types::{PageId, Problem, RevId};
use shared::core::wikitext::TemplateNames;
use shared::wiki::{Error, Session};
use shared::wiki::{PageInfo, page_infos};

use crate::settings::{BoxSettings, Settings, TEMPLATE, wiki};

/// An index page as it is now.
#[derive(Clone, Debug)]
pub struct IndexNow {
    /// The title as the wiki writes it.
    pub shown: String,
    /// Its id.
    pub page_id: PageId,
    /// Its newest revision.
    pub revid: RevId,
    /// Edit protection levels in force, with the moments at which they end.
    pub levels: Vec<(String, Option<shared::core::types::Timestamp>)>,
}

/// Everything of it.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The boxes of the settings, with the redirects that the wiki knows beside those of the settings.
    pub boxes: Vec<BoxSettings>,
    /// By title as the settings name them.
    pub index: BTreeMap<Title, IndexNow>,
}

/// Asks the wiki; with the problems that the settings have in its light.
pub async fn look(session: &Session, settings: &Settings) -> Result<(Surroundings, Vec<Problem>), Error> {
    let site = session.site();
    let titles = wiki::titles(settings, site);
    let shown: Vec<String> = titles.iter().map(|title| site.prefixed(title)).collect();
    let infos: BTreeMap<Title, PageInfo> = titles.into_iter().zip(page_infos(session, &shown).await?).collect();
    let judged: Vec<wiki::PageInfo> = infos.iter().map(|(title, info)| judged(title, info, site)).collect();
    let problems = wiki::judge_wiki(settings, &judged, session.account(), site);
    let mut boxes = settings.boxes.clone();
    for one in &mut boxes {
        let title = Title {
            ns: TEMPLATE,
            text: one.def.name.clone(),
        };
        let known = infos.get(&title).into_iter().flat_map(|info| &info.redirects);
        let known = known.filter_map(|title| site.title(title).ok()).map(|title| title.text);
        let names: Vec<String> = known.chain(one.redirects.clone()).collect();
        one.def.names = TemplateNames::new(site, &one.def.name, names.iter().map(String::as_str));
    }
    let indexed = settings.boxes.iter().flat_map(|one| &one.index);
    let index = indexed.filter_map(|title| Some((title.clone(), index_now(infos.get(title)?)?)));
    let index = index.collect();
    Ok((Surroundings { boxes, index }, problems))
}

fn judged(title: &Title, info: &PageInfo, site: &Site) -> wiki::PageInfo {
    wiki::PageInfo {
        title: title.clone(),
        exists: info.exists(),
        redirect_to: info.redirect_to.as_ref().and_then(|target| site.title(target).ok()),
    }
}

fn index_now(info: &PageInfo) -> Option<IndexNow> {
    let edit = info.protection.iter().filter(|protection| protection.action == "edit");
    Some(IndexNow {
        shown: info.title.clone(),
        page_id: info.page_id?,
        revid: info.revid?,
        levels: edit
            .map(|protection| (protection.level.clone(), protection.expiry))
            .collect(),
    })
}
