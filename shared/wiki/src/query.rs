//! Queries that come in several answers: continued, merged, in batches.
//!
//! With `formatversion=2` pages are a list, so answers cannot simply be laid
//! over one another: pages are matched by id (or title), their lists grow,
//! what is known already stays. Every continuation is bounded.
//! <https://www.mediawiki.org/wiki/API:Continue>

use crate::error::Error;
use crate::http::Params;
use crate::session::{Session, to_params};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Answers of one query, before it is taken for endless.
const MAX_ANSWERS: usize = 10_000;
/// Answers that may be held in memory as one.
const MAX_MERGED: usize = 1_000;

/// A query whose answers are fetched as they are needed. Memory use is one
/// batch: what one step of a generator or one answer of a list holds.
pub struct Continued<'a> {
    session: &'a Session,
    params: Params,
    /// What the next request adds; `None` at the end.
    next: Option<Map<String, Value>>,
    answers: usize,
    max_answers: usize,
}

impl Continued<'_> {
    /// The `query` part of the next complete batch: answers are merged until
    /// the wiki says `batchcomplete`. `None` after the last one.
    ///
    /// Errs as [`Session::get`] does, and with [`Error::TooMuch`] when there
    /// are more answers than any query of ours can have.
    pub async fn next(&mut self) -> Result<Option<Value>, Error> {
        let mut merged = Merged::default();
        while let Some(mut answer) = self.next_answer().await? {
            merged.add(answer["query"].take());
            if answer["batchcomplete"] == true && merged.query.is_some() {
                break;
            }
        }
        Ok(merged.into_query())
    }

    /// The next answer as it came, with all its parts: for what is read piece
    /// by piece. A page may be spread over several. `None` after the last one.
    pub(crate) async fn next_answer(&mut self) -> Result<Option<Value>, Error> {
        let Some(continuation) = &self.next else {
            return Ok(None);
        };
        if self.answers >= self.max_answers {
            return Err(Error::TooMuch {
                what: "a continued query".to_owned(),
                limit: format!("{} answers", self.max_answers),
            });
        }
        let mut params = self.params.clone();
        for (name, value) in continuation {
            params.retain(|(known, _)| known != name);
            params.push((name.clone(), plain(value)));
        }
        let mut answer = self.session.read(params).await?;
        self.answers += 1;
        let next = match answer["continue"].take() {
            Value::Object(next) => Some(next),
            _ => None,
        };
        if next.is_some() && next == self.next {
            return Err(Error::BadReply(
                "the wiki continues a query with the same place again".to_owned(),
            ));
        }
        self.next = next;
        Ok(Some(answer))
    }

    /// Whether the list or property with this parameter (`rccontinue`) has
    /// more to give than what came so far.
    pub(crate) fn goes_on(&self, parameter: &str) -> bool {
        self.next.as_ref().is_some_and(|next| next.contains_key(parameter))
    }
}

impl Session {
    /// Begins a continued query (`action=query`).
    pub fn continued(&self, params: &[(&str, &str)]) -> Continued<'_> {
        Continued {
            session: self,
            params: to_params(params),
            // The first request continues from nowhere.
            next: Some(Map::new()),
            answers: 0,
            max_answers: MAX_ANSWERS,
        }
    }

    /// A whole query: its `query` part as if it had come in one answer. Lists
    /// keep the wiki's order. Pages from a generator come in the order in which
    /// they were first named. An object without members when there was nothing.
    ///
    /// Errs as [`Session::get`] does, and with [`Error::TooMuch`] beyond 1,000
    /// answers; larger ones are read with [`Session::continued`].
    pub async fn query(&self, params: &[(&str, &str)]) -> Result<Value, Error> {
        let mut batches = self.continued(params);
        batches.max_answers = MAX_MERGED;
        let mut merged = Merged::default();
        while let Some(batch) = batches.next().await? {
            merged.add(batch);
        }
        Ok(merged.into_query().unwrap_or_else(|| Value::Object(Map::new())))
    }

    /// All members of a list such as `categorymembers`, in the wiki's order.
    /// Set its limit (`cmlimit=max`) in `params`. Bounds as [`Session::query`].
    pub async fn list(&self, params: &[(&str, &str)], key: &str) -> Result<Vec<Value>, Error> {
        let mut members = Vec::new();
        let mut batches = self.continued(params);
        batches.max_answers = MAX_MERGED;
        while let Some(mut batch) = batches.next().await? {
            if let Value::Array(more) = batch[key].take() {
                members.extend(more);
            }
        }
        Ok(members)
    }

    /// A whole query about any number of titles, ids or users: `values` are
    /// sent as parameter `name`, [`Session::batch_size`] at a time, and the
    /// answers merged. A page that two batches name stands once.
    pub async fn in_batches(
        &self,
        params: &[(&str, &str)],
        name: &str,
        values: &[impl AsRef<str>],
    ) -> Result<Value, Error> {
        let mut merged = Merged::default();
        for batch in values.chunks(self.batch_size()) {
            let joined = join(batch);
            let mut with_values = params.to_vec();
            with_values.push((name, &joined));
            merged.add_distinct(self.query(&with_values).await?);
        }
        Ok(merged.into_query().unwrap_or_else(|| Value::Object(Map::new())))
    }
}

/// Multi-value syntax; with a value that holds `|`, the one by U+001F.
/// <https://www.mediawiki.org/wiki/API:Data_formats#Multivalue_parameters>
pub(crate) fn join(values: &[impl AsRef<str>]) -> String {
    let bar = values.iter().any(|value| value.as_ref().contains('|'));
    let (start, separator) = if bar { ("\u{1f}", "\u{1f}") } else { ("", "|") };
    let all: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
    format!("{start}{}", all.join(separator))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Which page an entry of `pages` is about.
#[derive(PartialEq, Eq, Hash)]
enum PageKey {
    Id(u64),
    Title(i64, String),
}

impl PageKey {
    fn of(page: &Value) -> Option<Self> {
        if let Some(id) = page["pageid"].as_u64().filter(|id| *id > 0) {
            return Some(Self::Id(id));
        }
        // Missing, invalid and special pages have no id.
        let ns = page["ns"].as_i64().unwrap_or(0);
        let title = page["title"].as_str()?;
        Some(Self::Title(ns, title.to_owned()))
    }
}

/// `query` parts laid together.
#[derive(Default)]
struct Merged {
    query: Option<Map<String, Value>>,
    /// Place of each page in `query.pages`.
    pages: HashMap<PageKey, usize>,
}

impl Merged {
    /// Adds the next answer of the same query.
    fn add(&mut self, query: Value) {
        self.merge(query, merge_page);
    }

    /// Adds the answer to another query: a page known already is complete.
    fn add_distinct(&mut self, query: Value) {
        self.merge(query, |_, _| {});
    }

    fn merge(&mut self, query: Value, merge_known: fn(&mut Value, Value)) {
        let Value::Object(query) = query else {
            return;
        };
        let known = self.query.get_or_insert_default();
        for (key, value) in query {
            match (key.as_str(), value) {
                ("pages", Value::Array(more)) => {
                    let Value::Array(pages) = known.entry(key).or_insert_with(|| Value::Array(Vec::new())) else {
                        continue;
                    };
                    for page in more {
                        let place = PageKey::of(&page).map(|key| *self.pages.entry(key).or_insert(pages.len()));
                        match place.and_then(|place| pages.get_mut(place)) {
                            Some(known) => merge_known(known, page),
                            None => pages.push(page),
                        }
                    }
                }
                // These repeat in every answer of one query.
                ("normalized" | "converted" | "redirects" | "interwiki" | "pageids", Value::Array(more)) => {
                    let entry = known.entry(key).or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(list) = entry {
                        for value in more {
                            if !list.contains(&value) {
                                list.push(value);
                            }
                        }
                    }
                }
                (_, value) => merge_into(known, key, value),
            }
        }
    }

    fn into_query(self) -> Option<Value> {
        self.query.map(Value::Object)
    }
}

fn merge_page(known: &mut Value, more: Value) {
    if let (Value::Object(known), Value::Object(more)) = (known, more) {
        for (key, value) in more {
            merge_into(known, key, value);
        }
    }
}

/// Lists grow, objects are merged, anything else stays as it was first said.
fn merge_into(known: &mut Map<String, Value>, key: String, value: Value) {
    match (known.get_mut(&key), value) {
        (None, value) => {
            known.insert(key, value);
        }
        (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
        (Some(Value::Object(known)), Value::Object(more)) => {
            for (key, value) in more {
                merge_into(known, key, value);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[path = "query_tests.rs"]
mod tests;
