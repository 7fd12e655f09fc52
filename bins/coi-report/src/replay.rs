//! Recorded events judged without their wikis: by the settings and the lists, and by what the events themselves say of
//! their authors. What only a wiki can tell (its spam blacklist) is not asked.

use std::collections::HashMap;
use std::path::Path;

use shared::core::addition::{Decision, decide};
use shared::core::hit::{Judge, UserFacts, Watched};
use shared::core::site::Site;
use shared::core::types::{RevId, Timestamp};
use shared::db::Db;
use shared::db::hit::NewHit;
use shared::manual::offline_site;
use shared::wiki::Stop;

use crate::ingest::about::{WikiAbout, WikiRules};
use crate::ingest::file::{Events, Next, Told};
use crate::judging::{self, Asked, By};
use crate::readers::entries;
use crate::settings::Settings;
use crate::texts::Looked;

/// The rules of one wiki that is not asked anything.
pub struct Offline {
    /// By what its texts are read.
    pub rules: WikiRules,
    site: Site,
    judge: Judge,
}

impl Offline {
    /// From the settings, the lists of the database and what the file says of the wiki.
    pub async fn new(
        db: &Db,
        settings: &Settings,
        wiki: &str,
        about: Option<&WikiAbout>,
        now: Timestamp,
    ) -> anyhow::Result<Offline> {
        let site = match about.and_then(WikiAbout::site) {
            Some(site) => site,
            None => offline_site()?,
        };
        let entries = entries(db, crate::NAME, wiki, now).await?;
        let (judge, _) = Judge::new(
            settings.config.clone(),
            entries,
            Watched::default(),
            settings.path_hosts.clone(),
            now,
        );
        Ok(Offline {
            rules: WikiRules::new(settings, about)?,
            site,
            judge,
        })
    }

    /// Hits of one edit; `None` where nothing is known of it but links.
    pub fn hits(&mut self, looked: &Looked, by: By<'_>) -> Vec<NewHit> {
        judging::judge_offline(&mut self.judge, &self.site, looked, &Asked::default(), by)
    }

    /// An edit as the rules take it, with what it added; `None` without an author.
    pub fn look(&self, told: &Told, decision: &Decision) -> Option<Looked> {
        let (links, why) = match decision {
            Decision::Links(links, why) => (Some((**links).clone()), *why),
            Decision::Nothing(why) => (None, Some(*why)),
        };
        let of = told.edit.as_ref().map(|edit| &edit.of);
        let of = of.or(told.stream.as_ref().map(|change| &change.of))?;
        let who = of.performer.as_ref()?;
        Some(Looked {
            title: self.site.title(&of.title).ok()?,
            of: of.clone(),
            tags: told.edit.as_ref().map(|edit| edit.tags.clone()).unwrap_or_default(),
            links,
            why,
            who: Some(UserFacts {
                edits: who.edits,
                registered: who.registered,
                ..UserFacts::default()
            }),
        })
    }
}

/// What came of a file.
pub struct Judged {
    /// Edits read.
    pub edits: u64,
    /// There are more than the limit.
    pub is_cut: bool,
    /// The hits.
    pub hits: Vec<NewHit>,
}

/// Judges a file of events. Errs when it cannot be read.
pub async fn judge_file(db: &Db, settings: &Settings, file: &Path, most: usize) -> anyhow::Result<Judged> {
    let stop = Stop::new();
    let mut events = Events::open(file, |_: &str| true, &stop).await?;
    let mut wikis: HashMap<String, Offline> = HashMap::new();
    let mut judged = Judged {
        edits: 0,
        is_cut: false,
        hits: Vec::new(),
    };
    let by = By {
        skip: &settings.config.skip,
        new_user: settings.new_user,
        settings: RevId(0),
    };
    while let Some(next) = events.next(|_: &str| true).await? {
        let Next::Told(told) = next else { continue };
        let of = told.edit.as_ref().map(|edit| &edit.of);
        let Some(of) = of.or(told.stream.as_ref().map(|change| &change.of)) else {
            continue;
        };
        if judged.edits as usize == most {
            judged.is_cut = true;
            break;
        }
        judged.edits += 1;
        if !wikis.contains_key(&of.wiki) {
            let about = events.wikis.get(&of.wiki);
            let made = Offline::new(db, settings, &of.wiki, about, of.ts).await?;
            wikis.insert(of.wiki.clone(), made);
        }
        let Some(wiki) = wikis.get_mut(&of.wiki) else { continue };
        let decision = decide(told.edit.as_ref(), told.stream.as_ref(), &wiki.rules.rules());
        if let Some(looked) = wiki.look(&told, &decision).filter(judging::is_judged) {
            judged.hits.extend(wiki.hits(&looked, by));
        }
    }
    Ok(judged)
}
