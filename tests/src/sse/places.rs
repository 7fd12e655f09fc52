//! Places in streams, and the ids that tell them: a JSON array with the last offset of each topic.

use serde_json::{Value, json};

use super::{CENTRES, Kept, LINKS_CHANGE, RECENT_CHANGE, topic};

/// The last place of each stream.
#[derive(Default)]
pub struct Places(Vec<(&'static str, u64)>);

impl Places {
    /// Takes note of an event that was sent.
    pub fn pass(&mut self, kept: &Kept) {
        match self.0.iter_mut().find(|(stream, _)| *stream == kept.stream) {
            Some((_, offset)) => *offset = kept.offset,
            None => self.0.push((kept.stream, kept.offset)),
        }
    }

    /// A place for every topic of every stream that was asked for: -1 where nothing came.
    pub fn id(&self, streams: &[&'static str]) -> String {
        let mut all = Vec::new();
        for stream in streams {
            let known = self
                .0
                .iter()
                .find(|(known, _)| known == stream)
                .map(|(_, offset)| *offset);
            for centre in CENTRES {
                let offset = match known.filter(|_| centre == CENTRES[0]) {
                    Some(offset) => json!(offset),
                    None => json!(-1),
                };
                all.push(json!({ "topic": topic(centre, stream), "partition": 0, "offset": offset }));
            }
        }
        Value::from(all).to_string()
    }

    /// From an id that a client sent back.
    pub fn read(id: &str) -> Option<Self> {
        let mut places = Self::default();
        for place in serde_json::from_str::<Vec<Value>>(id).ok()? {
            let of = |stream: &&&str| place["topic"] == topic(CENTRES[0], stream).as_str();
            if let (Some(stream), Some(offset)) =
                ([RECENT_CHANGE, LINKS_CHANGE].iter().find(of), place["offset"].as_u64())
            {
                places.0.push((stream, offset));
            }
        }
        Some(places)
    }

    /// Whether an event comes behind this place. A stream without a place gives only what is new.
    pub fn is_before(&self, kept: &Kept) -> bool {
        let known = self.0.iter().find(|(stream, _)| *stream == kept.stream);
        known.is_some_and(|(_, offset)| kept.offset > *offset)
    }
}
