//! What a feed says about hits, and whether it may: the rows are read again, the lists of what is shown nowhere are asked,
//! and every edit is looked at on its wiki, since what people hid since it was found goes nowhere.
//! <https://www.mediawiki.org/wiki/Manual:RevisionDelete>

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::TimeDelta;
use serde_json::{Value, json};
use shared::core::change::Revision;
use shared::core::feed::{Feed, Level, Sink};
use shared::core::types::{RevId, Timestamp};
use shared::db::Work;
use shared::db::hit::{self, NewHit, Place, Row};
use shared::db::links::questions::counts::{Four, four_numbers};
use shared::db::links::questions::lookup;
use shared::feeds::{Ground, Line, Told};

use super::Wikis;
use super::text::{self, Said};
use super::wikis::is_visible;
use crate::settings::Settings;
use crate::show::{self, Hides};

/// Bytes of a line that every IRC server has room for beside what it puts before it (RFC 2812, 2.3: 512 in all).
const IRC_ROOM: usize = 390;
/// It is no longer there.
const GONE: &str = "gone";
/// The wiki hides something of it.
const HIDDEN: &str = "hidden";
/// It is to be named nowhere.
const SUPPRESSED: &str = "suppressed";
/// An edit younger than this that its wiki does not know yet may not have reached the copy of its database that was asked.
/// <https://www.mediawiki.org/wiki/Manual:Maxlag_parameter>
const LAG: TimeDelta = TimeDelta::minutes(5);
/// The feed tells less.
const LEVEL: &str = "level";

/// Makes lines.
pub struct Teller {
    ground: Ground<Settings>,
    wikis: Wikis,
    /// The families of wikis that share accounts, by the keys of their wikis.
    realms: HashMap<String, String>,
}

impl Teller {
    /// Nothing is asked yet.
    pub fn new(ground: Ground<Settings>) -> Teller {
        Teller {
            wikis: Wikis::new(&ground),
            ground,
            realms: HashMap::new(),
        }
    }

    /// The rows with what is decided of them, as far as the database knows.
    async fn rows(&self, level: Level, items: &[u64]) -> anyhow::Result<(Vec<Row>, HashMap<u64, Place>, Decided)> {
        let home = self.ground.wiki.as_str();
        let (rows, places) = self
            .ground
            .db
            .read(async |db| {
                let rows = hit::by_ids(db, home, items).await?;
                let places = hit::places(db, &rows).await?;
                Ok((rows, places))
            })
            .await?;
        let mut decided = Decided::new();
        let mut left = Vec::new();
        for row in rows {
            let place = places.get(&row.id).copied().unwrap_or_default();
            if row.is_hidden() || row.of.user.is_none() {
                decided.insert(row.id, Told::Withheld(HIDDEN));
            } else if !text::is_told(level, place) {
                decided.insert(row.id, Told::Withheld(LEVEL));
            } else {
                left.push(row);
            }
        }
        Ok((left, places, decided))
    }

    /// Looks at the edits of these rows on their wikis; those that may be told of.
    async fn look(&mut self, rows: Vec<Row>, decided: &mut Decided) -> Vec<Looked> {
        let mut by_wiki: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in rows {
            by_wiki.entry(row.of.wiki.clone()).or_default().push(row);
        }
        let mut looked = Vec::new();
        for (wiki, rows) in by_wiki {
            let revs: BTreeSet<RevId> = rows.iter().map(|row| row.of.rev).collect();
            let revs: Vec<RevId> = revs.into_iter().collect();
            let asked = match self.wikis.found(&wiki, &revs).await {
                Ok(found) => self.wikis.address(&wiki).await.map(|address| (found, address)),
                Err(why) => Err(why),
            };
            match asked {
                Ok((found, address)) => {
                    let now = self.ground.clock.now();
                    for row in rows {
                        let revision = match found.get(&row.of.rev) {
                            Some(revision) if is_visible(revision) => revision,
                            Some(_) => {
                                decided.insert(row.id, Told::Withheld(HIDDEN));
                                continue;
                            }
                            None => {
                                decided.insert(row.id, missing(&row, now));
                                continue;
                            }
                        };
                        looked.push(Looked {
                            now: show::as_now(&row.of, revision),
                            diff: diff(&address.index, revision),
                            lang: address.lang.clone(),
                            row,
                        });
                    }
                }
                Err(why) => decided.extend(rows.iter().map(|row| (row.id, Told::NotNow(why.clone())))),
            }
        }
        looked
    }

    /// The four numbers of each row about a link, by its number.
    async fn numbers(&mut self, looked: &[Looked]) -> anyhow::Result<HashMap<u64, Four>> {
        let is_link = |one: &&Looked| one.now.hit.key.is_some();
        let links: Vec<&Looked> = looked.iter().filter(is_link).collect();
        let is_unknown = |one: &&Looked| !self.realms.contains_key(&one.now.wiki);
        if links.iter().any(is_unknown) {
            let wikis = self.ground.db.read_if_there(async |db| lookup::wikis(db).await).await?;
            self.realms = wikis.into_iter().map(|wiki| (wiki.name, wiki.realm)).collect();
        }
        let realms = &self.realms;
        let db = &self.ground.db;
        Ok(db.read_if_there(async |db| numbers(db, realms, &links).await).await?)
    }
}

/// What becomes of items, by their numbers.
type Decided = HashMap<u64, Told>;

/// A hit whose edit was looked at.
struct Looked {
    /// As it is stored.
    row: Row,
    /// With the present names of user and page: those that were given up since are not told any more.
    now: NewHit,
    /// The wiki, as links name it.
    lang: String,
    /// Full address of the diff.
    diff: String,
}

/// What becomes of a hit whose edit the wiki does not know.
fn missing(row: &Row, now: Timestamp) -> Told {
    match now - row.of.ts < LAG {
        true => Told::NotNow(format!("{} does not know revision {} yet", row.of.wiki, row.of.rev)),
        false => Told::Withheld(GONE),
    }
}

async fn numbers(
    db: &mut Work,
    realms: &HashMap<String, String>,
    links: &[&Looked],
) -> shared::db::Result<HashMap<u64, Four>> {
    let keys: BTreeSet<String> = links.iter().filter_map(|one| one.now.hit.key.clone()).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    let hosts = lookup::hosts_by_key(db, &keys).await?;
    let hosts: HashMap<&str, u32> = hosts.iter().map(|host| (host.stored_key.as_str(), host.id)).collect();
    let mut editors: BTreeMap<(&str, &str), Option<u32>> = BTreeMap::new();
    let mut asked: Vec<(u64, (u32, u32))> = Vec::new();
    for one in links {
        let (Some(key), Some(realm)) = (&one.now.hit.key, realms.get(&one.now.wiki)) else {
            continue;
        };
        let mut editor = None;
        for name in names(&one.row.of, &one.now) {
            editor = match editors.get(&(realm.as_str(), name)) {
                Some(known) => *known,
                None => {
                    let stored = lookup::stored_name(name);
                    let found = lookup::editors_named(db, &stored, Some(realm)).await?;
                    let editor = found.first().map(|editor| editor.id);
                    editors.insert((realm, name), editor);
                    editor
                }
            };
            if editor.is_some() {
                break;
            }
        }
        if let (Some(editor), Some(&host)) = (editor, hosts.get(key.as_str())) {
            asked.push((one.row.id, (editor, host)));
        }
    }
    let pairs: Vec<(u32, u32)> = asked.iter().map(|(_, pair)| *pair).collect();
    let fours = four_numbers(db, &pairs).await?;
    Ok(asked.iter().map(|(id, _)| *id).zip(fours).collect())
}

/// The names under which the additions of a hit's user may stand: that of the edit first, since a rename leaves them
/// where they are.
fn names<'a>(stored: &'a NewHit, now: &'a NewHit) -> Vec<&'a str> {
    let users = [stored, now].into_iter().filter_map(|hit| hit.user.as_ref());
    let mut names: Vec<&str> = users.map(|user| user.name.as_str()).collect();
    names.dedup();
    names
}

/// The address of the diff, of a new page that of the revision.
fn diff(index: &str, revision: &Revision) -> String {
    match revision.parent {
        RevId(0) => format!("{index}?oldid={}", revision.revid),
        _ => format!("{index}?diff={}", revision.revid),
    }
}

fn json(feed: &Feed, one: &Looked, said: &Said<'_>, text: &str) -> Value {
    let mut json = show::value(&one.now);
    let Place { recent, all, batch } = said.place;
    json["text"] = json!(text);
    json["feed"] = json!(feed.name);
    json["item"] = json!(one.row.id);
    json["diff"] = json!(said.diff);
    json["numbers"] = json!(
        said.numbers
            .map(|Four { a, b, c, d }| json!({"a": a, "b": b, "c": c, "d": d}))
    );
    json["reports"] = json!({"recent": recent, "total": all, "batch": batch});
    json
}

impl shared::feeds::Teller for Teller {
    async fn tell(&mut self, feed: &Feed, level: Level, items: &[u64]) -> anyhow::Result<Vec<Told>> {
        if level == Level::Silent {
            return Ok(vec![Told::Withheld(LEVEL); items.len()]);
        }
        let (rows, places, mut decided) = self.rows(level, items).await?;
        let looked = self.look(rows, &mut decided).await;
        // After the wikis answered: that may have taken a while.
        let wikis = looked.iter().map(|one| one.now.wiki.as_str());
        let hides = Hides::of(&self.ground.db, &self.ground.wiki, wikis).await?;
        let numbers = self.numbers(&looked).await?;
        let (highlights, room) = match &feed.sink {
            Sink::Irc(irc) => (irc.highlights, Some(IRC_ROOM)),
            Sink::Webhook(_) | Sink::Stdout => (true, None),
        };
        for one in &looked {
            let id = one.row.id;
            let said = Said {
                lang: &one.lang,
                diff: &one.diff,
                place: places.get(&id).copied().unwrap_or_default(),
                numbers: numbers.get(&id).copied(),
                highlights,
                room,
            };
            let told = match text::line(&one.now, &said) {
                _ if hides.hit(&one.row.of) || hides.hit(&one.now) => Told::Withheld(SUPPRESSED),
                Some(text) => Told::Line(Line {
                    json: json(feed, one, &said, &text),
                    text,
                }),
                None => Told::Withheld(HIDDEN),
            };
            decided.insert(id, told);
        }
        let of = |item: &u64| decided.get(item).cloned().unwrap_or(Told::Withheld(GONE));
        Ok(items.iter().map(of).collect())
    }
}

#[cfg(test)]
#[path = "teller_tests.rs"]
mod tests;
