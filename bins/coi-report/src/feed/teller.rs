//! What a feed says about hits, and whether it may: the rows are read again, the lists of what is shown nowhere are asked,
//! and every edit is looked at on its wiki, since what people hid since it was found goes nowhere.
//! <https://www.mediawiki.org/wiki/Manual:RevisionDelete>

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};
use shared::core::change::Revision;
use shared::core::feed::{Feed, Level, Sink};
use shared::core::types::RevId;
use shared::db::Work;
use shared::db::hit::{self, Place, Row};
use shared::db::links::questions::counts::{Four, four_numbers};
use shared::db::links::questions::lookup;
use shared::feeds::{Ground, Line, Told};

use super::Wikis;
use super::text::{self, Said};
use super::wikis::Address;
use crate::settings::Settings;
use crate::show::{self, Hides};

/// It is no longer there.
const GONE: &str = "gone";
/// The wiki hides something of it.
const HIDDEN: &str = "hidden";
/// It is to be named nowhere.
const SUPPRESSED: &str = "suppressed";
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

    /// Looks at the edits of these rows on their wikis; those that may be told of, with the present name of the user.
    async fn look(&mut self, rows: Vec<Row>, decided: &mut Decided) -> Vec<(Row, Revision, Address)> {
        let mut by_wiki: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for row in rows {
            by_wiki.entry(row.of.wiki.clone()).or_default().push(row);
        }
        let mut looked = Vec::new();
        for (wiki, rows) in by_wiki {
            let revs: BTreeSet<RevId> = rows.iter().map(|row| row.of.rev).collect();
            let revs: Vec<RevId> = revs.into_iter().collect();
            let asked = match self.wikis.visible(&wiki, &revs).await {
                Ok(found) => self.wikis.address(&wiki).await.map(|address| (found, address)),
                Err(why) => Err(why),
            };
            match asked {
                Ok((found, address)) => {
                    for mut row in rows {
                        let Some(revision) = found.get(&row.of.rev) else {
                            decided.insert(row.id, Told::Withheld(HIDDEN));
                            continue;
                        };
                        if let (Some(user), Some(name)) = (&mut row.of.user, &revision.user) {
                            // A name that was given up since is not told any more.
                            user.name.clone_from(name);
                        }
                        looked.push((row, revision.clone(), address.clone()));
                    }
                }
                Err(why) => decided.extend(rows.iter().map(|row| (row.id, Told::NotNow(why.clone())))),
            }
        }
        looked
    }

    /// The four numbers of each row about a link, by its number.
    async fn numbers(&mut self, rows: &[&Row]) -> anyhow::Result<HashMap<u64, Four>> {
        let links: Vec<&Row> = rows.iter().copied().filter(|row| row.of.hit.key.is_some()).collect();
        let is_unknown = |row: &&Row| !self.realms.contains_key(&row.of.wiki);
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

async fn numbers(
    db: &mut Work,
    realms: &HashMap<String, String>,
    rows: &[&Row],
) -> shared::db::Result<HashMap<u64, Four>> {
    let keys: BTreeSet<String> = rows.iter().filter_map(|row| row.of.hit.key.clone()).collect();
    let keys: Vec<String> = keys.into_iter().collect();
    let hosts = lookup::hosts_by_key(db, &keys).await?;
    let hosts: HashMap<&str, u32> = hosts.iter().map(|host| (host.stored_key.as_str(), host.id)).collect();
    let mut editors: BTreeMap<(&str, &str), Option<u32>> = BTreeMap::new();
    let mut asked: Vec<(u64, (u32, u32))> = Vec::new();
    for row in rows {
        let (Some(user), Some(key), Some(realm)) = (&row.of.user, &row.of.hit.key, realms.get(&row.of.wiki)) else {
            continue;
        };
        let editor = match editors.get(&(realm.as_str(), user.name.as_str())) {
            Some(known) => *known,
            None => {
                let name = lookup::stored_name(&user.name);
                let found = lookup::editors_named(db, &name, Some(realm)).await?;
                let editor = found.first().map(|editor| editor.id);
                editors.insert((realm, &user.name), editor);
                editor
            }
        };
        if let (Some(editor), Some(&host)) = (editor, hosts.get(key.as_str())) {
            asked.push((row.id, (editor, host)));
        }
    }
    let pairs: Vec<(u32, u32)> = asked.iter().map(|(_, pair)| *pair).collect();
    let fours = four_numbers(db, &pairs).await?;
    Ok(asked.iter().map(|(id, _)| *id).zip(fours).collect())
}

/// The address of the diff, of a new page that of the revision.
fn diff(index: &str, revision: &Revision) -> String {
    match revision.parent {
        RevId(0) => format!("{index}?oldid={}", revision.revid),
        _ => format!("{index}?diff={}", revision.revid),
    }
}

fn json(feed: &Feed, row: &Row, said: &Said<'_>, text: &str) -> Value {
    let mut json = show::value(&row.of);
    let Place { recent, all, batch } = said.place;
    json["text"] = json!(text);
    json["feed"] = json!(feed.name);
    json["item"] = json!(row.id);
    json["diff"] = json!(said.diff);
    json["numbers"] = json!(
        said.numbers
            .map(|Four { a, b, c, d }| json!({"a": a, "b": b, "c": c, "d": d}))
    );
    json["reports"] = json!({"recent": recent, "total": all, "batch": batch});
    json
}

/// Whether it names something that is to be named nowhere: as user, page, link, or in what it quotes.
fn is_suppressed(hides: &Hides, row: &Row) -> bool {
    let (wiki, hit) = (row.of.wiki.as_str(), &row.of.hit);
    let quoted = [&hit.url, &hit.matched];
    hides.hit(&row.of) || quoted.into_iter().flatten().any(|text| hides.text(wiki, text))
}

impl shared::feeds::Teller for Teller {
    async fn tell(&mut self, feed: &Feed, level: Level, items: &[u64]) -> anyhow::Result<Vec<Told>> {
        if level == Level::Silent {
            return Ok(vec![Told::Withheld(LEVEL); items.len()]);
        }
        let (rows, places, mut decided) = self.rows(level, items).await?;
        let looked = self.look(rows, &mut decided).await;
        // After the wikis answered: that may have taken a while.
        let wikis = looked.iter().map(|(row, ..)| row.of.wiki.as_str());
        let hides = Hides::of(&self.ground.db, &self.ground.wiki, wikis).await?;
        let rows: Vec<&Row> = looked.iter().map(|(row, ..)| row).collect();
        let numbers = self.numbers(&rows).await?;
        let highlights = !matches!(&feed.sink, Sink::Irc(irc) if !irc.highlights);
        for (row, revision, address) in &looked {
            let said = Said {
                lang: &address.lang,
                diff: &diff(&address.index, revision),
                place: places.get(&row.id).copied().unwrap_or_default(),
                numbers: numbers.get(&row.id).copied(),
                highlights,
            };
            let told = match text::line(&row.of, &said) {
                _ if is_suppressed(&hides, row) => Told::Withheld(SUPPRESSED),
                Some(text) => Told::Line(Line {
                    json: json(feed, row, &said, &text),
                    text,
                }),
                None => Told::Withheld(HIDDEN),
            };
            decided.insert(row.id, told);
        }
        let of = |item: &u64| decided.get(item).cloned().unwrap_or(Told::Withheld(GONE));
        Ok(items.iter().map(of).collect())
    }
}
