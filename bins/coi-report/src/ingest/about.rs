//! What an events file says of a wiki itself: the site information by which its texts are read, and other names of the
//! link templates. Without such a line English names and the usual extension tags are taken.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use shared::core::addition::{NewUser, Rules};
use shared::core::link::PathHosts;
use shared::core::site::Site;
use shared::core::wikitext::TemplateNames;
use shared::core::wikitext::links::LinkTemplate;
use shared::manual::offline_site;

use crate::settings::{LinkTemplateSetting, Settings};

/// Extension tags that nearly every wiki has, for texts of wikis of which nothing is known.
const USUAL_TAGS: &[&str] = &[
    "pre",
    "nowiki",
    "gallery",
    "indicator",
    "langconvert",
    "ref",
    "references",
    "math",
    "chem",
    "syntaxhighlight",
    "source",
    "poem",
    "score",
    "timeline",
    "hiero",
    "inputbox",
    "imagemap",
    "section",
    "templatedata",
    "templatestyles",
    "graph",
    "mapframe",
    "maplink",
    "categorytree",
    "charinsert",
    "ce",
];

/// A line `{"type": "wiki", …}`.
#[derive(Clone, Deserialize)]
pub struct WikiAbout {
    /// Key of the wiki, as in the edits.
    pub wiki: String,
    /// The `query` part of the answer to `meta=siteinfo` with
    /// `siprop=general|namespaces|namespacealiases|extensiontags|extensions`.
    siteinfo: Option<serde_json::Value>,
    /// By link template: redirects to it.
    #[serde(default)]
    redirects: BTreeMap<String, Vec<String>>,
}

impl WikiAbout {
    /// Takes in what another line says of the same wiki; the same whatever the order of the lines. Of two site
    /// informations the one that is longer, or later in the order of its text, counts.
    pub fn join(&mut self, other: WikiAbout) {
        let rank = |about: &Option<serde_json::Value>| {
            about.as_ref().map(|value| (value.to_string().len(), value.to_string()))
        };
        if rank(&other.siteinfo) > rank(&self.siteinfo) {
            self.siteinfo = other.siteinfo;
        }
        for (template, names) in other.redirects {
            self.redirects.entry(template).or_default().extend(names);
        }
    }

    /// The wiki's site information, where the file has it and it can be used.
    pub fn site(&self) -> Option<Site> {
        Site::from_siteinfo(self.siteinfo.as_ref()?).ok()
    }

    /// Reads a line; `None` when it is about something else. Errs, in words, when it cannot be used.
    pub fn read(line: &str) -> Result<Option<WikiAbout>, String> {
        #[derive(Deserialize)]
        struct Type<'l> {
            #[serde(rename = "type", borrow)]
            kind: Option<std::borrow::Cow<'l, str>>,
        }
        // Nearly every line is an edit: only these are read as a whole.
        if !line.contains("\"siteinfo\"") && !line.contains("\"redirects\"") {
            return Ok(None);
        }
        match serde_json::from_str::<Type<'_>>(line) {
            Ok(Type { kind: Some(kind) }) if kind == "wiki" => {}
            _ => return Ok(None),
        }
        let about: WikiAbout = serde_json::from_str(line).map_err(|error| format!("a line about a wiki: {error}"))?;
        if let Some(siteinfo) = &about.siteinfo {
            Site::from_siteinfo(siteinfo).map_err(|why| format!("siteinfo of {}: {why}", about.wiki))?;
        }
        Ok(Some(about))
    }
}

/// By what the texts of one wiki are read.
pub struct WikiRules {
    tags: HashSet<String>,
    templates: Vec<LinkTemplate>,
    path_hosts: PathHosts,
    new_user: NewUser,
    namespaces: Vec<i32>,
}

impl WikiRules {
    /// From the settings and what is known of the wiki. Errs when its site information cannot be used.
    pub fn new(settings: &Settings, about: Option<&WikiAbout>) -> anyhow::Result<WikiRules> {
        let site = match about.and_then(|about| about.siteinfo.as_ref()) {
            Some(siteinfo) => Site::from_siteinfo(siteinfo).map_err(anyhow::Error::msg)?,
            None => offline_site()?,
        };
        let none = BTreeMap::new();
        let redirects = about.map_or(&none, |about| &about.redirects);
        let namespaces = settings.namespaces.clone().unwrap_or_else(|| site.content_namespaces());
        let mut rules = WikiRules::of_site(settings, &site, &namespaces, redirects);
        if about.is_none_or(|about| about.siteinfo.is_none()) {
            rules.tags = USUAL_TAGS.iter().map(|&tag| tag.to_owned()).collect();
        }
        Ok(rules)
    }

    /// From the settings and what the wiki said of itself. `redirects`: by link template, titles that lead to it.
    pub fn of_site(
        settings: &Settings,
        site: &Site,
        namespaces: &[i32],
        redirects: &BTreeMap<String, Vec<String>>,
    ) -> WikiRules {
        let template = |one: &LinkTemplateSetting| {
            let told = redirects.get(&one.name);
            let redirects = one.redirects.iter().chain(told.into_iter().flatten());
            let names = TemplateNames::new(site, &one.name, redirects.map(String::as_str));
            LinkTemplate::new(names, &one.parameter)
        };
        WikiRules {
            tags: site.extension_tags().clone(),
            templates: settings.link_templates.iter().map(template).collect(),
            path_hosts: settings.path_hosts.clone(),
            new_user: settings.new_user,
            namespaces: namespaces.to_vec(),
        }
    }

    /// For deciding about one revision.
    pub fn rules(&self) -> Rules<'_> {
        Rules {
            extension_tags: &self.tags,
            templates: &self.templates,
            path_hosts: &self.path_hosts,
            new_user: self.new_user,
            namespaces: &self.namespaces,
        }
    }
}
