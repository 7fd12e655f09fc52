//! A parsed block as a tree that keeps the order of keys and double keys, and
//! the place of each part of it.
//!
//! The YAML library tells places only in errors. So a place is found by
//! reading the block once more and failing, on purpose, at the part in
//! question: no second parser that could see it differently.

use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, IgnoredAny, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use std::cell::Cell;
use std::fmt;

/// Bytes and nodes that a block may have once its aliases are put in: far
/// above what the largest page holds without any.
const BUDGET: usize = 1024 * 1024;

/// What [`Spend`] says when the budget is used up.
pub(super) const TOO_LARGE: &str = "the block grows too large once its aliases are put in";

/// What [`locate`] fails with where it wants to be told the place.
const HERE: &str = "wikicrew: this is the place";

/// One value of the block.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    /// A number that is no integer of 64 bits.
    Float(f64),
    Text(String),
    List(Vec<Node>),
    /// Keys in their order; one that is no text is `None`.
    Map(Vec<(Option<String>, Node)>),
    /// A value with a `!tag`.
    Tagged,
}

/// One step on the way from the root to a part of the block.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Step {
    /// The n-th key of a map itself.
    Key(usize),
    /// The value of the n-th key.
    Value(usize),
    /// The n-th entry of a list.
    Item(usize),
}

/// Parses a block. JSON is read as such, since YAML does not know all of its
/// escapes.
pub(super) fn parse(text: &str) -> Result<Node, serde_yaml::Error> {
    let budget = Cell::new(BUDGET);
    if text.trim_start().starts_with('{') {
        let mut json = serde_json::Deserializer::from_str(text);
        if let Ok(node) = Spend(&budget).deserialize(&mut json)
            && json.end().is_ok()
        {
            return Ok(node);
        }
        budget.set(BUDGET);
    }
    Spend(&budget).deserialize(serde_yaml::Deserializer::from_str(text))
}

/// Line and column, from 1, of a part of the block.
pub(super) fn locate(text: &str, steps: &[Step]) -> Option<(usize, usize)> {
    let error = Locate(steps)
        .deserialize(serde_yaml::Deserializer::from_str(text))
        .err()?;
    // Anything else is an error of another part.
    if !error.to_string().contains(HERE) {
        return None;
    }
    let location = error.location()?;
    Some((location.line(), location.column()))
}

/// Line and column, from 1, of the second document of a block.
pub(super) fn locate_second_document(text: &str) -> Option<(usize, usize)> {
    let mut documents = serde_yaml::Deserializer::from_str(text);
    IgnoredAny::deserialize(documents.next()?).ok()?;
    let error = Locate(&[]).deserialize(documents.next()?).err()?;
    let location = error.location()?;
    Some((location.line(), location.column()))
}

/// Builds a [`Node`] and pays for it.
#[derive(Clone, Copy)]
struct Spend<'b>(&'b Cell<usize>);

impl Spend<'_> {
    fn pay<E: Error>(self, bytes: usize) -> Result<(), E> {
        let left = self
            .0
            .get()
            .checked_sub(bytes + 1)
            .ok_or_else(|| E::custom(TOO_LARGE))?;
        self.0.set(left);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Spend<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Spend<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        self.pay(0).map(|()| Node::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        self.visit_unit()
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        self.pay(0).map(|()| Node::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        self.pay(0).map(|()| Node::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            // Out of every range that is asked for.
            Err(_) => self.visit_f64(value as f64),
        }
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Node, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Node, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        self.pay(0).map(|()| Node::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Node, E> {
        self.pay(value.len()).map(|()| Node::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        self.pay(0)?;
        let mut list = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        self.pay(0)?;
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(self)? {
            let key = match key {
                Node::Text(key) => Some(key),
                _ => None,
            };
            entries.push((key, map.next_value_seed(self)?));
        }
        Ok(Node::Map(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<Node, A::Error> {
        self.pay(0)?;
        let (IgnoredAny, rest) = data.variant()?;
        rest.newtype_variant::<IgnoredAny>()?;
        Ok(Node::Tagged)
    }
}

/// Fails at the end of the steps; reads everything else without a word.
struct Locate<'s>(&'s [Step]);

impl<'de> DeserializeSeed<'de> for Locate<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl Locate<'_> {
    fn here<E: Error>(&self) -> Result<(), E> {
        if self.0.is_empty() {
            return Err(E::custom(HERE));
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Locate<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.here()
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.here()
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.here()
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.here()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.here()
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        self.here()
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        self.here()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.here()
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        self.here()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        self.here()?;
        for i in 0.. {
            let found = match self.0 {
                [Step::Item(n), rest @ ..] if *n == i => seq.next_element_seed(Locate(rest))?,
                _ => seq.next_element::<IgnoredAny>()?.map(|_| ()),
            };
            if found.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.here()?;
        for i in 0.. {
            let found = match self.0 {
                [Step::Key(n)] if *n == i => map.next_key_seed(Locate(&[]))?,
                _ => map.next_key::<IgnoredAny>()?.map(|_| ()),
            };
            if found.is_none() {
                break;
            }
            match self.0 {
                [Step::Value(n), rest @ ..] if *n == i => map.next_value_seed(Locate(rest))?,
                _ => map.next_value::<IgnoredAny>().map(|_| ())?,
            }
        }
        Ok(())
    }

    fn visit_enum<A: EnumAccess<'de>>(self, data: A) -> Result<(), A::Error> {
        self.here()?;
        let (IgnoredAny, rest) = data.variant()?;
        rest.newtype_variant::<IgnoredAny>().map(|_| ())
    }
}
