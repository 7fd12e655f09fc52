//! The wikis of the database, and which of them a model names: everything else in it points into that list.

use std::collections::{BTreeMap, HashMap};

use shared::core::addition::realm_of;
use shared::db::links::questions::lookup;

use super::context::Context;
use crate::model::Wiki;

/// The wikis of the database, and those that the model names.
pub struct Wikis<'c, 'a> {
    cx: &'c Context<'a>,
    /// All of the database.
    pub by_id: BTreeMap<u16, lookup::Wiki>,
    /// Those of the model, in its order.
    pub named: Vec<Wiki>,
    /// Their numbers.
    pub ids: Vec<u16>,
}

impl<'c, 'a> Wikis<'c, 'a> {
    /// Of all wikis.
    pub fn new(cx: &'c Context<'a>, all: Vec<lookup::Wiki>) -> Wikis<'c, 'a> {
        Wikis {
            cx,
            by_id: all.into_iter().map(|wiki| (wiki.id, wiki)).collect(),
            named: Vec::new(),
            ids: Vec::new(),
        }
    }

    /// The place in the model of a wiki.
    pub fn place(&mut self, id: u16) -> usize {
        if let Some(place) = self.ids.iter().position(|known| *known == id) {
            return place;
        }
        let known = self.by_id.get(&id);
        let key = known.map(|wiki| wiki.name.clone()).unwrap_or_default();
        let dbname = known.map(|wiki| wiki.dbname.clone()).filter(|name| !name.is_empty());
        self.named.push(Wiki {
            name: dbname.unwrap_or_else(|| key.clone()),
            reach: self.cx.reach(&key),
            key,
        });
        self.ids.push(id);
        self.ids.len() - 1
    }

    /// The same by its key; one that added no links has no number (0).
    pub fn place_of(&mut self, key: &str) -> usize {
        if let Some(place) = self.named.iter().position(|wiki| wiki.key == key) {
            return place;
        }
        let id = self.by_id.values().find(|wiki| wiki.name == key).map(|wiki| wiki.id);
        if let Some(id) = id {
            return self.place(id);
        }
        self.named.push(Wiki {
            key: key.to_owned(),
            name: key.to_owned(),
            reach: self.cx.reach(key),
        });
        self.ids.push(0);
        self.ids.len() - 1
    }

    /// Key of a wiki.
    pub fn key(&self, id: u16) -> &str {
        self.by_id.get(&id).map_or("", |wiki| wiki.name.as_str())
    }

    /// The families of all wikis, by their keys.
    pub fn realms(&self) -> HashMap<&str, &str> {
        let all = self.by_id.values();
        all.map(|wiki| (wiki.name.as_str(), wiki.realm.as_str())).collect()
    }

    /// The family of wikis that a wiki (its key) shares accounts with.
    pub fn realm(&self, key: &str) -> String {
        let known = self.by_id.values().find(|wiki| wiki.name == key);
        known.map_or_else(|| realm_of(key), |wiki| wiki.realm.clone())
    }
}
