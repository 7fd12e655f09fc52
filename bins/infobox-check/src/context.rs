//! What every part of a run needs to know beside the run itself.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::TimeDelta;
use shared::core::lists::{Entry, List};
use shared::core::site::Title;
use shared::core::types::Timestamp;
use shared::db::list;
use shared::db::suppress::{self, Suppressed};
use shared::job::Run;

use crate::marked::{Verified, Watched};
use crate::overrides::Overrides;
use crate::settings::{BoxSettings, Settings, TEMPLATE};
use crate::surroundings::{IndexNow, Surroundings};

/// The context of a run.
pub struct Context {
    /// The watched boxes, with every redirect.
    pub boxes: Vec<BoxSettings>,
    /// The watched namespaces.
    pub namespaces: Vec<i32>,
    /// The wiki's extension tags.
    pub tags: HashSet<String>,
    /// Full titles of the boxes' templates, in the order of `boxes`.
    pub templates: Vec<String>,
    /// The index pages as they are now.
    pub index: BTreeMap<Title, IndexNow>,
    /// Whitelist, blacklist and monitor list.
    pub entries: Vec<Entry>,
    /// What the operator said by hand.
    pub overrides: Overrides,
    /// Users and pages that are named on no page.
    pub suppressed: Suppressed,
    /// Boxes with an index page that shrank: nothing that depends on it is written.
    pub held: BTreeSet<usize>,
    /// The moment on which everything of this run is judged.
    pub now: Timestamp,
    level: u8,
    settle: TimeDelta,
    edit: bool,
}

/// An entry as it is matched; `None` for a list that this job does not know.
pub fn entry(row: list::Row) -> Option<Entry> {
    Some(Entry {
        list: List::of_command(&row.list)?,
        user: row.user,
        page: row.page,
        by: row.by,
        added: row.at,
        reason: row.reason,
        expires: row.expires,
    })
}

impl Context {
    /// Reads lists and overrides.
    pub async fn new(run: &Run<Settings>, surroundings: Surroundings) -> anyhow::Result<Context> {
        let settings = &run.accepted.parsed.settings;
        let site = run.session.site();
        let template = |one: &BoxSettings| {
            site.prefixed(&Title {
                ns: TEMPLATE,
                text: one.def.name.clone(),
            })
        };
        let rows = run
            .db
            .read_if_there(async |db| list::all(db, run.editor.job, &run.wiki).await)
            .await?;
        let now = run.clock.now();
        Ok(Context {
            templates: surroundings.boxes.iter().map(template).collect(),
            boxes: surroundings.boxes,
            namespaces: settings.namespaces.clone(),
            held: BTreeSet::new(),
            tags: site.extension_tags().clone(),
            index: surroundings.index,
            entries: rows
                .into_iter()
                .filter(|row| row.expires.is_none_or(|expires| expires > now))
                .filter_map(entry)
                .collect(),
            suppressed: run
                .db
                .read_if_there(async |db| suppress::all(db, &run.wiki).await)
                .await?,
            overrides: Overrides::load(&run.db, &run.wiki).await?,
            now,
            level: settings.report_level,
            settle: settings.settle,
            edit: settings.edit,
        })
    }

    /// The list entries that count for an edit of this moment: what was put on a list later does not.
    pub fn entries_at(&self, at: Timestamp) -> Cow<'_, [Entry]> {
        if self.entries.iter().all(|entry| entry.added <= at) {
            return Cow::Borrowed(&self.entries);
        }
        // Who is whitelisted now is not reported, whenever the edit was.
        let counts = |entry: &&Entry| entry.list == List::White || entry.added <= at;
        self.entries.iter().filter(counts).cloned().collect()
    }

    /// Places of the boxes with these names.
    pub fn places(&self, names: &[String]) -> BTreeSet<usize> {
        let named = |one: &BoxSettings| names.contains(&one.def.name);
        (0..self.boxes.len())
            .filter(|place| named(&self.boxes[*place]))
            .collect()
    }

    /// Places of the boxes whose templates, by full title, are among these.
    pub fn places_of_templates(&self, titles: &[String]) -> BTreeSet<usize> {
        let has = |place: &usize| titles.contains(&self.templates[*place]);
        (0..self.boxes.len()).filter(has).collect()
    }

    /// The box of this name.
    pub fn by_name(&self, name: &str) -> Option<(usize, &BoxSettings)> {
        self.boxes.iter().enumerate().find(|(_, one)| one.def.name == name)
    }

    /// The report level of a box: the operator's word, else the box's, else that of the settings.
    pub fn level(&self, place: usize) -> u8 {
        let own = self.boxes[place].report_level.unwrap_or(self.level);
        self.overrides.level().unwrap_or(own)
    }

    /// The report level of what no box is about.
    pub fn common_level(&self) -> u8 {
        self.overrides.level().unwrap_or(self.level)
    }

    /// How old the newest edit by anybody else must be before the marks of a box are touched.
    pub fn settle(&self, place: usize) -> TimeDelta {
        self.boxes[place].settle.unwrap_or(self.settle)
    }

    /// Whether articles are edited for this box, by the settings in general and by those of the box. What the operator
    /// has switched off for a time waits.
    pub fn is_edited(&self, place: usize) -> bool {
        self.edit && self.boxes[place].edit
    }

    /// Whether articles may be edited for this box now: by the settings and by the operator.
    pub fn may_mark(&self, place: usize) -> bool {
        self.is_edited(place) && !self.held.contains(&place) && self.overrides.may_edit(&self.boxes[place].def.name)
    }

    /// A box with its verified revision for one page.
    pub fn watched<'a>(&'a self, place: usize, verified: Option<&'a Verified>) -> Watched<'a> {
        Watched {
            settings: &self.boxes[place],
            verified,
        }
    }
}
