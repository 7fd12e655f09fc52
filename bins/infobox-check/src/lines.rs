//! The words of the log: who changed what, how that compares with the verified revision, line by line and page by page.

use std::collections::BTreeSet;

use shared::core::intent::token;
use shared::core::settings::Common;
use shared::core::site::{Site, Title};
use shared::core::text::{Wikitext, contributions_link, diff_link, page_link, plain, revision_link};
use shared::core::types::Timestamp;
use shared::db::field_change::{ChangeRow, Kind, NewChange, Rule, State};
use shared::db::suppress::What;
use shared::job::Run;
use shared::messages::Messages;

use crate::context::Context;
use crate::logpage::{self, Entry};
use crate::settings::Settings;
use crate::words::MESSAGES;

/// Longest value shown, in characters.
pub const VALUE: usize = 80;
/// Longest name of a box or field, and longest reason.
const SHOWN: usize = 200;

/// Everything that lines are made with.
pub struct Words {
    site: Site,
    common: Common,
    wiki: String,
    /// Boxes whose values are not shown.
    discreet: BTreeSet<String>,
    status: Title,
    /// Users and pages that are named nowhere.
    suppressed: shared::db::suppress::Suppressed,
}

impl Words {
    /// From the run.
    pub fn new(run: &Run<Settings>, context: &Context) -> Words {
        let discreet = context.boxes.iter().filter(|one| !one.show_values);
        Words {
            site: run.session.site().clone(),
            common: run.accepted.parsed.common.clone(),
            wiki: run.wiki.clone(),
            discreet: discreet.map(|one| one.def.name.clone()).collect(),
            status: shared::settings::below(&run.editor.switch.settings, "Status"),
            suppressed: context.suppressed.clone(),
        }
    }

    /// The sentences.
    pub fn messages(&self) -> Messages<'_> {
        Messages::new(Some(&self.common), MESSAGES)
    }

    /// A link to the status page.
    pub fn status_link(&self) -> Wikitext {
        page_link(&self.site, &self.status, None)
    }

    /// A page by its title with namespace.
    pub fn page_link(&self, title: &str) -> Wikitext {
        match self.site.title(title) {
            Ok(title) => page_link(&self.site, &title, None),
            Err(_) => plain(title, SHOWN),
        }
    }

    /// The text of a log page: `text` as it is now, with the new lines, and the old ones brought up to date.
    pub fn page(&self, text: Option<&str>, title: &str, new: &[ChangeRow], old: &[ChangeRow]) -> String {
        let mut entries: Vec<(Timestamp, u64, Entry)> = Vec::new();
        for (rows, is_new) in [(new, true), (old, false)] {
            entries.extend(rows.iter().map(|row| (row.change.ts, row.id, self.entry(row, is_new))));
        }
        entries.sort_by_key(|(at, id, _)| std::cmp::Reverse((*at, *id)));
        let entries: Vec<Entry> = entries.into_iter().map(|(_, _, entry)| entry).collect();
        let is_day = |part: &&str| part.len() == 10 && part.starts_with("20");
        let day = title.split('/').find(is_day).unwrap_or(title);
        let intro = self.messages().say(
            "log-intro",
            &[("date", &plain(day, SHOWN)), ("status", &self.status_link())],
        );
        logpage::update(text, &intro, &entries)
    }

    /// The bullet of a row. `is_new`: it is to be added.
    fn entry(&self, row: &ChangeRow, is_new: bool) -> Entry {
        let change = &row.change;
        let hides_page = self.suppressed.hides(What::Page, &change.title);
        let is_hidden = row.user_hidden || row.values_hidden || self.is_suppressed(change);
        Entry {
            anchor: anchor(&self.wiki, row),
            page_id: change.page_id.0,
            page: if hides_page {
                self.messages().say("hidden-line", &[])
            } else {
                self.page_link(&change.title)
            },
            hides_page,
            line: if is_hidden {
                self.messages().say("hidden-line", &[])
            } else {
                self.line(change)
            },
            is_new,
            reverted: row.reverted_by.map(|_| self.messages().say("reverted", &[])),
            is_hidden,
        }
    }

    /// Whether a change is about somebody or something that is named nowhere.
    pub fn is_suppressed(&self, change: &NewChange) -> bool {
        let user = change.user.as_ref();
        self.suppressed.hides(What::Page, &change.title)
            || user.is_some_and(|user| self.suppressed.hides_user(Some(user.id), &user.name))
    }

    /// What happened, as one line.
    pub fn line(&self, change: &NewChange) -> Wikitext {
        let messages = self.messages();
        messages.say(
            "log-line",
            &[
                ("time", &messages.time(change.ts)),
                ("diff", &diff_link(change.revid, "diff")),
                ("user", &self.user(change.user.as_ref().map(|user| user.name.as_str()))),
                ("what", &self.what(change)),
            ],
        )
    }

    /// A user's name, linked to the contributions: no link that notifies.
    pub fn user(&self, name: Option<&str>) -> Wikitext {
        match name {
            Some(name) => contributions_link(name),
            None => self.messages().say("hidden-user", &[]),
        }
    }

    /// Whether the values of a box may stand on a page.
    pub fn shows_values(&self, name: &str) -> bool {
        !self.discreet.contains(name)
    }

    /// A value from the wikitext, cut.
    pub fn value(&self, text: Option<&str>) -> Wikitext {
        match text.map(str::trim) {
            None | Some("") => self.messages().say("empty-value", &[]),
            Some(text) => plain(text, VALUE),
        }
    }

    fn what(&self, change: &NewChange) -> Wikitext {
        let messages = self.messages();
        let name = plain(&change.box_name, SHOWN);
        let why = plain(change.check.as_deref().unwrap_or(""), SHOWN);
        let revision = change.verified_revid.map(|revid| revision_link(revid, ""));
        let of_box = |key: &str| messages.say(key, &[("box", &name)]);
        match (change.rule, change.kind, &revision) {
            (Rule::Blacklist, ..) => self.listed("listed-edit", change),
            (Rule::Monitor, ..) => self.listed("monitored-edit", change),
            (_, Kind::BoxAdded, _) => of_box("box-added"),
            (_, Kind::BoxRemoved, Some(revision)) => {
                messages.say("box-removed-verified", &[("box", &name), ("revision", revision)])
            }
            (_, Kind::BoxRemoved, None) => of_box("box-removed"),
            (_, Kind::NotComparable, _) => messages.say("not-comparable", &[("box", &name), ("why", &why)]),
            _ => self.field(change, &name, &revision.unwrap_or_default()),
        }
    }

    fn listed(&self, key: &str, change: &NewChange) -> Wikitext {
        let mut line = self.messages().say(key, &[]);
        if let Some(fields) = change.new.as_deref().filter(|fields| !fields.is_empty()) {
            line.push(
                &self
                    .messages()
                    .say("listed-fields", &[("fields", &plain(fields, SHOWN))]),
            );
        }
        line
    }

    fn field(&self, change: &NewChange, name: &Wikitext, revision: &Wikitext) -> Wikitext {
        let messages = self.messages();
        let shows = self.shows_values(&change.box_name);
        let key = match (change.kind, shows) {
            (Kind::Formatting, _) => "field-formatting",
            (_, false) => "field-no-values",
            (Kind::Added, _) => "field-added",
            (Kind::Removed, _) => "field-removed",
            _ => "field-changed",
        };
        let mut line = messages.say(
            key,
            &[
                ("box", name),
                ("field", &plain(&change.field, SHOWN)),
                ("old", &self.value(change.old.as_deref())),
                ("new", &self.value(change.new.as_deref())),
            ],
        );
        let key = match (change.state, shows) {
            (State::CorrectChanged, true) => "state-correct-changed",
            (State::CorrectChanged, false) => "state-correct-changed-no-values",
            (State::ChangedCorrect, _) => "state-changed-correct",
            (State::ChangedOther, true) => "state-changed-other",
            (State::ChangedOther, false) => "state-changed-other-no-values",
            _ => "",
        };
        if !key.is_empty() {
            let verified = self.value(change.verified.as_deref());
            line.push(&messages.say(key, &[("verified", &verified), ("revision", revision)]));
        }
        if let Some(why) = change.check.as_deref().filter(|_| shows) {
            line.push(&messages.say("check-failed", &[("why", &plain(why, SHOWN))]));
        }
        line
    }
}

/// The name of a row's bullet: the same for the same change of the same revision, whatever the database says.
pub fn anchor(wiki: &str, row: &ChangeRow) -> String {
    let change = &row.change;
    let key = format!(
        "{}:{:?}:{}:{}:{}",
        change.revid, change.rule, change.box_name, change.ordinal, change.field
    );
    let token = token("infobox-check", wiki, &key);
    token.split_once('-').map_or(token.clone(), |(_, name)| name.to_owned())
}
