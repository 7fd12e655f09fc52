//! `report` and `links`: recorded hits and additions, newest first. Names that are shown nowhere are left out, and on a
//! page or in a channel also what is only recorded; before a channel hears of an edit its wiki is asked what it hides.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use serde_json::{Value, json};
use shared::core::change::Revision;
use shared::core::link::Key;
use shared::core::lists::links::Report;
use shared::core::ranges::ip_range;
use shared::core::text::terminal;
use shared::core::types::{RevId, UserId};
use shared::db::hit::{self, NewHit, Row, Thing, Who};
use shared::db::links::questions::additions::Addition;
use shared::db::{Author, Result, UserKind, Work};

use super::{Answer, Desk};
use crate::show::Hides;
use crate::{links, show};

/// Hits read at once.
const SLICE: u32 = 500;
/// Edits as their wikis have them now.
type Present = HashMap<(String, RevId), Revision>;
/// Hits that are looked at for an answer in a channel.
const SPARE: u32 = 50;
/// Most hits of a day.
const DAY: u32 = 20_000;

/// The edit of a hit.
fn edit(row: &Row) -> (String, RevId) {
    (row.of.wiki.clone(), row.of.rev)
}

impl Desk<'_> {
    pub(super) async fn report(&self, of: &Report) -> anyhow::Result<Answer> {
        let asked = match of {
            Report::User(name) => format!(" of {}", self.shown_name(name)),
            Report::Link(name) => format!(" about {name}"),
            Report::Newest(_) => String::new(),
            Report::Day(day) => format!(" of {day}"),
        };
        let found = self.db.read_if_there(async |db| self.find(of, db).await).await?;
        let before = found.len();
        let is_by_name = matches!(of, Report::User(_));
        let mut rows = self.shown(found, is_by_name).await?;
        let not_shown = before - rows.len();
        match of {
            Report::Day(_) => {}
            Report::Newest(n) => rows.truncate((*n).min(self.most) as usize),
            Report::User(_) | Report::Link(_) => rows.truncate(self.most as usize),
        }
        let json = json!({
            "hits": rows.iter().map(|row| show::value(&row.of)).collect::<Vec<Value>>(), "not_shown": not_shown,
        });
        let mut lines: Vec<String> = rows.iter().map(|row| self.line(row)).collect();
        if not_shown > 0 && !self.on_page {
            lines.push(format!("{not_shown} more are not shown"));
        }
        if rows.is_empty() {
            // The same words whether there are none or they are shown nowhere.
            lines.insert(0, format!("There are no hits{asked} to show."));
            return Ok(Answer {
                ok: false,
                ..Answer::new(lines, json)
            });
        }
        Ok(Answer::new(lines, json))
    }

    /// One line.
    fn line(&self, row: &Row) -> String {
        let mut one = row.of.clone();
        if let Some(user) = one.user.as_mut() {
            user.name = self.shown_name(&user.name);
        }
        show::line(&one)
    }

    /// The hits that were asked for.
    async fn find(&self, of: &Report, db: &mut Work) -> Result<Vec<Row>> {
        let home = self.home;
        // Where few are told, the newest ones may all be hidden by now.
        let most = if self.channel.is_some() { SPARE } else { self.most };
        let rows = match of {
            Report::User(name) => {
                let who = match ip_range(name) {
                    Some((first, last)) => Who::Addresses(first, last),
                    None => Who::Name(name),
                };
                hit::of_user(db, home, None, who, most).await?
            }
            Report::Link(name) => match Key::from_name(name, self.path_hosts) {
                Ok(key) if key.ip().is_some() => {
                    hit::of_string(db, home, None, Thing::Link(key.stored()), most).await?
                }
                Ok(key) => {
                    let (first, end) = key.with_subdomains();
                    hit::of_string(db, home, None, Thing::Links(&first, &end), most).await?
                }
                Err(_) => Vec::new(),
            },
            Report::Newest(_) if self.channel.is_some() => hit::newest(db, home, None, None, most).await?,
            Report::Newest(n) => hit::newest(db, home, None, None, (*n).min(most)).await?,
            Report::Day(day) => self.of_day(db, *day).await?,
        };
        Ok(rows)
    }

    /// All hits of a day, newest first; for a page the newest of them.
    async fn of_day(&self, db: &mut Work, day: NaiveDate) -> Result<Vec<Row>> {
        let most = if self.on_page { self.most } else { DAY };
        let begins = day.and_time(NaiveTime::MIN).and_utc();
        let mut before = Some((begins + TimeDelta::days(1), 0));
        let mut rows: Vec<Row> = Vec::new();
        while let Some(place) = before.take() {
            let some = hit::newest(db, self.home, None, Some(place), SLICE).await?;
            let is_full = some.len() == SLICE as usize;
            rows.extend(some.into_iter().filter(|row| row.of.ts >= begins));
            rows.truncate(most as usize);
            let last = rows.last().filter(|_| is_full && rows.len() < most as usize);
            before = last.map(|row| (row.of.ts, row.id));
        }
        Ok(rows)
    }

    /// Those that may be told of. In a channel with the present names of users: a name that somebody gave up leads nobody
    /// to the new one.
    async fn shown(&self, mut rows: Vec<Row>, is_by_name: bool) -> anyhow::Result<Vec<Row>> {
        if self.on_page {
            rows.retain(|row| row.of.hit.is_shown && row.of.hit.skip.is_none());
        }
        let edits = rows.iter().map(|row| (row.of.wiki.as_str(), row.of.rev));
        let visible = self.visible(edits).await;
        // After the wikis answered: that may have taken a while.
        if !self.is_private {
            let hides = Hides::of(self.db, self.home, rows.iter().map(|row| row.of.wiki.as_str())).await?;
            rows.retain(|row| {
                let revision = visible.as_ref().and_then(|found| found.get(&edit(row)));
                let now = revision.map(|revision| show::as_now(&row.of, revision));
                !hides.hit(&row.of) && now.is_none_or(|now| !hides.hit(&now))
            });
        }
        if let Some(visible) = visible {
            rows.retain_mut(|row| {
                let Some(revision) = visible.get(&edit(row)) else {
                    return false;
                };
                let now = show::as_now(&row.of, revision);
                let name = |hit: &NewHit| hit.user.as_ref().map(|user| user.name.clone());
                let is_account = |user: &Author| user.kind == UserKind::Account;
                let is_renamed = name(&now) != name(&row.of) && now.user.as_ref().is_some_and(is_account);
                row.of = now;
                !(row.is_hidden() || is_renamed && is_by_name)
            });
        }
        Ok(rows)
    }

    /// Of these edits, those that may be told of by the word of their wikis, where they are to be asked; of a wiki that
    /// does not answer none.
    async fn visible<'a>(&self, edits: impl Iterator<Item = (&'a str, RevId)>) -> Option<Present> {
        let mut wikis = self.channel?.wikis.lock().await;
        let mut by_wiki: BTreeMap<&str, BTreeSet<RevId>> = BTreeMap::new();
        for (wiki, rev) in edits {
            by_wiki.entry(wiki).or_default().insert(rev);
        }
        let mut visible = Present::new();
        for (wiki, revs) in by_wiki {
            let revs: Vec<RevId> = revs.into_iter().collect();
            match wikis.visible(wiki, &revs).await {
                Ok(found) => {
                    let found = found.into_iter();
                    visible.extend(found.map(|(rev, revision)| ((wiki.to_owned(), rev), revision)));
                }
                Err(why) => tracing::warn!("{}; nothing is told of its edits", terminal(&why)),
            }
        }
        Some(visible)
    }

    pub(super) async fn links(&self, name: &str) -> anyhow::Result<Answer> {
        let mut found = links::look(self.db, name, self.path_hosts, self.most).await?;
        let visible = self
            .visible(found.rows().map(|one| (one.wiki.as_str(), one.place.rev)))
            .await;
        let hides = Hides::of(self.db, self.home, found.rows().map(|one| one.wiki.as_str())).await?;
        let present = |one: &Addition| visible.as_ref()?.get(&(one.wiki.clone(), one.place.rev));
        found.retain(|one| {
            let title = one.page.as_ref().map(|(_, title)| title.as_str());
            let is_hidden = hides.user(&one.wiki, UserId(0), &one.editor)
                || title.is_some_and(|title| hides.page(&one.wiki, title))
                || Key::from_stored(&one.stored_key).is_some_and(|key| hides.link(&one.wiki, &key))
                || hides.text(&one.wiki, &one.path);
            let is_hidden_now = |now: &Revision| {
                let name = now.user.as_deref().unwrap_or_default();
                hides.user(&one.wiki, now.user_id, name) || hides.page(&one.wiki, &now.title)
            };
            !is_hidden && (visible.is_none() || present(one).is_some_and(|now| !is_hidden_now(now)))
        });
        found.be_present(|one| present(one));
        if self.channel.is_some() {
            found.change_names(|name| self.shown_name(name));
        }
        let (lines, json) = found.in_words(name);
        let ok = !lines.is_empty();
        let lines = match ok {
            true => lines,
            false => vec![format!("Nothing is recorded under `{}`.", self.shown_name(name))],
        };
        Ok(Answer {
            ok,
            ..Answer::new(lines, json)
        })
    }
}
