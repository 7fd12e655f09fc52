//! Where reports of a run stand, and how its wiki writes them.

use std::collections::HashSet;

use shared::core::report::{Status, Subject, Words};
use shared::core::site::{Site, Title};
use shared::core::text::plain;
use shared::job::Run;
use shared::messages::Messages;
use shared::settings::below;
use shared::wiki::page_infos;

use crate::page::{Around, CopyOf};
use crate::settings::Settings;
use crate::words::MESSAGES;

/// Where AbuseFilter keeps the domains that it blocks.
const BLOCKED_DOMAINS: &str = "MediaWiki:BlockedExternalDomains.json";
/// Number of the namespace of templates.
const TEMPLATE: i32 = 10;

/// What the pages of a run are made with.
pub struct Place {
    site: Site,
    account: String,
    base: String,
    status_page: String,
    heading: String,
    label: String,
    tags: HashSet<String>,
    has_template: bool,
    blocked_domains: bool,
}

impl Place {
    /// Asks the wiki which of its pages there are: one request. Errs when it does not answer.
    pub async fn new(run: &Run<Settings>) -> anyhow::Result<Place> {
        let settings = &run.accepted.parsed.settings;
        let (site, account) = (run.session.site().clone(), run.session.account().to_owned());
        let template = settings.templates.status.first().map(|name| {
            site.prefixed(&Title {
                ns: TEMPLATE,
                text: name.clone(),
            })
        });
        let asked: Vec<String> = template.into_iter().chain([BLOCKED_DOMAINS.to_owned()]).collect();
        let infos = page_infos(&run.session, &asked).await?;
        let there = |title: &str| infos.iter().any(|info| info.title == title && info.exists());
        let messages = Messages::new(Some(&run.accepted.parsed.common), MESSAGES);
        Ok(Place {
            base: site.prefixed(&settings.base(&account)),
            status_page: site.prefixed(&below(&run.editor.switch.settings, "Status")),
            heading: plain(messages.text("human-heading"), 100).into_string(),
            label: plain(messages.text("human-status"), 100).into_string(),
            tags: site.extension_tags().clone(),
            has_template: asked.len() > 1 && there(&asked[0]),
            blocked_domains: there(BLOCKED_DOMAINS),
            site,
            account,
        })
    }

    /// How a status is read and written.
    pub fn words<'a>(&'a self, settings: &'a Settings) -> Words<'a> {
        Words {
            templates: &settings.templates.status,
            has_template: self.has_template,
            heading: &self.heading,
            label: &self.label,
            tags: &self.tags,
        }
    }

    /// What a page is made with.
    pub fn around<'a>(&'a self, run: &'a Run<Settings>, status: Status, copy_of: Option<CopyOf>) -> Around<'a> {
        Around {
            site: &self.site,
            common: &run.accepted.parsed.common,
            settings: &run.accepted.parsed.settings,
            base: self.base.clone(),
            status_page: self.status_page.clone(),
            copy_of,
            status,
            blocked_domains: self.blocked_domains,
        }
    }

    /// The page below which reports stand, with namespace.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The page of a subject, or the one whose title names nothing.
    pub fn title(&self, settings: &Settings, subject: &Subject, is_reduced: bool) -> Title {
        match is_reduced {
            true => settings.reduced_title(&self.account, subject),
            false => settings.title(&self.account, subject),
        }
    }
}
