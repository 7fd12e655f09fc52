//! The keys of one JSON object, taken out one by one; what is wrong is told with the path of its key.
//!
//! `null` is as good as no key. Nothing of a value is repeated in an error: it may be a hidden name, or a megabyte.

use super::record::BadLine;
use crate::types::Timestamp;
use chrono::{DateTime, Datelike, Timelike, Utc};
use serde_json::{Map, Value};

/// An object and the path that leads to it.
pub(super) struct Fields {
    map: Map<String, Value>,
    path: String,
}

impl Fields {
    /// The object that `value` is.
    pub fn of(value: Value, path: String) -> Result<Self, BadLine> {
        match value {
            Value::Object(map) => Ok(Self { map, path }),
            _ => Err(BadLine::new(path, "is no object")),
        }
    }

    /// An error at one of the keys.
    pub fn bad(&self, key: &str, problem: impl Into<String>) -> BadLine {
        BadLine::new(self.path_of(key), problem)
    }

    fn path_of(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| !value.is_null())
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key).filter(|value| !value.is_null())
    }

    /// A key that must be there.
    pub fn need<T>(&mut self, key: &str, get: fn(&mut Self, &str) -> Result<Option<T>, BadLine>) -> Result<T, BadLine> {
        get(self, key)?.ok_or_else(|| self.bad(key, "is missing"))
    }

    /// A string of any length.
    pub fn text(&mut self, key: &str) -> Result<Option<String>, BadLine> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.bad(key, "is no string")),
        }
    }

    /// A string of at most `max` bytes without control characters.
    pub fn short(&mut self, key: &str, max: usize) -> Result<Option<String>, BadLine> {
        let text = self.text(key)?;
        if text.as_ref().is_some_and(|text| text.len() > max) {
            return Err(self.bad(key, format!("is longer than {max} bytes")));
        }
        if text.as_ref().is_some_and(|text| text.chars().any(char::is_control)) {
            return Err(self.bad(key, "holds control characters"));
        }
        Ok(text)
    }

    /// A name or title, with spaces where the source has underscores. An empty one is no name.
    pub fn name(&mut self, key: &str, max: usize) -> Result<Option<String>, BadLine> {
        let name = self.short(key, max)?.map(|name| name.replace('_', " "));
        Ok(name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()))
    }

    /// A whole number from 0 to `u64::MAX`.
    pub fn number(&mut self, key: &str) -> Result<Option<u64>, BadLine> {
        match self.take(key) {
            None => Ok(None),
            Some(value) => value
                .as_u64()
                .map(Some)
                .ok_or_else(|| self.bad(key, "is no whole number")),
        }
    }

    /// A whole number from 0 to `u32::MAX`, which is as much as the database's columns hold.
    pub fn small_number(&mut self, key: &str) -> Result<Option<u64>, BadLine> {
        match self.number(key)? {
            Some(number) if u32::try_from(number).is_err() => Err(self.bad(key, "is more than 32 bits")),
            number => Ok(number),
        }
    }

    /// A whole number, also below zero.
    pub fn namespace(&mut self, key: &str) -> Result<Option<i32>, BadLine> {
        match self.take(key) {
            None => Ok(None),
            Some(value) => {
                let number = value.as_i64().and_then(|number| i32::try_from(number).ok());
                number
                    .map(Some)
                    .ok_or_else(|| self.bad(key, "is no number of a namespace"))
            }
        }
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &str) -> Result<Option<bool>, BadLine> {
        match self.take(key) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(self.bad(key, "is neither true nor false")),
        }
    }

    /// A time by ISO 8601 with its zone, in UTC and whole seconds as the wiki counts them.
    pub fn time(&mut self, key: &str) -> Result<Option<Timestamp>, BadLine> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let time = DateTime::parse_from_rfc3339(&text)
            .ok()
            .map(|time| time.with_timezone(&Utc))
            .and_then(|time| time.with_nanosecond(0))
            .filter(|time| (1970..=9999).contains(&time.year()));
        match time {
            Some(time) => Ok(Some(time)),
            None => Err(self.bad(key, "is no time such as 2026-11-20T10:00:00Z")),
        }
    }

    /// An object inside.
    pub fn object(&mut self, key: &str) -> Result<Option<Self>, BadLine> {
        let path = self.path_of(key);
        self.take(key).map(|value| Self::of(value, path)).transpose()
    }

    /// A list of strings of at most `max` bytes each; empty without the key.
    pub fn texts(&mut self, key: &str, max: usize) -> Result<Vec<String>, BadLine> {
        let one = |(path, value)| match value {
            Value::String(text) if text.len() <= max => Ok(text),
            Value::String(_) => Err(BadLine::new(path, format!("is longer than {max} bytes"))),
            _ => Err(BadLine::new(path, "is no string")),
        };
        self.list(key)?.into_iter().map(one).collect()
    }

    /// A list of objects; empty without the key.
    pub fn objects(&mut self, key: &str) -> Result<Vec<Self>, BadLine> {
        let one = |(path, value)| Self::of(value, path);
        self.list(key)?.into_iter().map(one).collect()
    }

    fn list(&mut self, key: &str) -> Result<Vec<(String, Value)>, BadLine> {
        let path = self.path_of(key);
        match self.take(key) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list
                .into_iter()
                .enumerate()
                .map(|(i, value)| (format!("{path}[{i}]"), value))
                .collect()),
            Some(_) => Err(BadLine::new(path, "is no list")),
        }
    }
}
