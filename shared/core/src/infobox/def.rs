//! How one infobox is watched: its names, its fields, its marks.
//!
//! Made from a settings page and never changed afterwards. The names of the
//! marks and where they stand are CheMoBot's:
//! <https://en.wikipedia.org/wiki/User:CheMoBot>

use super::check::Check;
use crate::wikitext::TemplateNames;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Stands for the field's name in [`MarkNames::reference`].
const FIELD: &str = "{field}";

/// One watched infobox.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BoxDef {
    /// The template's real name without namespace, such as `Chembox`.
    pub name: String,
    /// The name and those of its redirects.
    pub names: TemplateNames,
    /// Fields whose changes are reported, the verified ones among them.
    pub watched: Vec<String>,
    /// Fields whose value in the verified revision is known to be right.
    pub verified: Vec<String>,
    /// The parameters that the job sets.
    pub marks: MarkNames,
    /// By field: what its `_Ref` mark calls. Fields without one have no such mark.
    pub trackers: BTreeMap<String, Tracker>,
    /// By field: what makes a value plausible.
    pub checks: BTreeMap<String, Check>,
    /// Other names of a field, each with the field it is a name of.
    pub aliases: BTreeMap<String, String>,
}

/// Names of the parameters that the job sets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkNames {
    /// Holds the id of the verified revision.
    pub verifiedrevid: String,
    /// `changed` when a verified field differs, else not there.
    pub verifiedfields: String,
    /// `changed` when a field that is only watched differs, else not there.
    pub watchedfields: String,
    /// The mark of one field, with `{field}` for the field's name.
    pub reference: String,
}

impl Default for MarkNames {
    /// CheMoBot's names.
    fn default() -> Self {
        Self {
            verifiedrevid: "verifiedrevid".to_owned(),
            verifiedfields: "Verifiedfields".to_owned(),
            watchedfields: "Watchedfields".to_owned(),
            reference: "{field}_Ref".to_owned(),
        }
    }
}

impl MarkNames {
    /// The name of a field's mark.
    pub fn reference_of(&self, field: &str) -> String {
        self.reference.replace(FIELD, field)
    }

    /// Whether a parameter has the name that some field's mark would have.
    pub fn is_reference(&self, name: &str) -> bool {
        let Some((before, after)) = self.reference.split_once(FIELD) else {
            return name == self.reference;
        };
        name.strip_prefix(before)
            .and_then(|rest| rest.strip_suffix(after))
            .is_some_and(|field| !field.is_empty())
    }
}

/// The template that shows whether a field is as verified.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tracker {
    /// Its name without namespace, such as `cascite`.
    pub template: String,
    /// Its second argument, such as `??`; none is written when it is empty.
    pub source: String,
}

impl Tracker {
    /// The value of a new mark, such as `{{cascite|correct|??}}`.
    pub fn call(&self, state: &str) -> String {
        let Tracker { template, source } = self;
        match source.as_str() {
            "" => format!("{{{{{template}|{state}}}}}"),
            // A positional argument with a `=` would be a named one.
            named if named.contains('=') => format!("{{{{{template}|{state}|2={named}}}}}"),
            _ => format!("{{{{{template}|{state}|{source}}}}}"),
        }
    }

    /// Whether a template called `name` is this one; comments must be gone.
    pub(super) fn is(&self, name: &str) -> bool {
        let spaced = |text: &str| text.replace('_', " ").trim().to_owned();
        let (name, own) = (spaced(name), spaced(&self.template));
        let bare = match name.split_once(':') {
            Some((namespace, rest)) if namespace.trim_end().eq_ignore_ascii_case("template") => rest.trim_start(),
            _ => &name,
        };
        let mut letters = (bare.chars(), own.chars());
        let first = (letters.0.next(), letters.1.next());
        let same_first = match first {
            (Some(a), Some(b)) => a == b || a.to_uppercase().eq(b.to_uppercase()),
            _ => false,
        };
        same_first && letters.0.as_str() == letters.1.as_str()
    }
}

impl BoxDef {
    /// Every watched field once, in the order of the settings.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let only_verified = self.verified.iter().filter(|field| !self.watched.contains(field));
        self.watched.iter().chain(only_verified).map(String::as_str)
    }

    /// Whether the verified revision says what the field should be.
    pub fn is_verified(&self, field: &str) -> bool {
        self.verified.iter().any(|verified| verified == field)
    }

    /// What a field's mark calls: `CASNo2` uses that of `CASNo` unless it has
    /// its own.
    pub fn tracker_of(&self, field: &str) -> Option<&Tracker> {
        by_field(&self.trackers, field)
    }

    /// What makes a field's value plausible: `CASNo2` uses the check of
    /// `CASNo` unless it has its own.
    pub fn check_of(&self, field: &str) -> Option<&Check> {
        by_field(&self.checks, field)
    }

    /// A short text that is the same for definitions that read the same
    /// fields from any page: what was read with another one must be read
    /// again.
    pub fn reading_key(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.len().to_be_bytes());
            hash.update(text);
        };
        let mut list = |texts: &mut dyn Iterator<Item = &str>| {
            texts.for_each(&mut add);
            add("");
        };
        list(&mut self.names.all());
        list(&mut self.fields());
        list(&mut self.aliases.iter().flat_map(|(alias, field)| [alias.as_str(), field]));
        hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Whether a parameter is one that the job sets.
    pub fn is_mark(&self, name: &str) -> bool {
        let marks = &self.marks;
        [&marks.verifiedrevid, &marks.verifiedfields, &marks.watchedfields]
            .iter()
            .any(|mark| *mark == name)
            || marks.is_reference(name)
    }
}

fn by_field<'a, T>(map: &'a BTreeMap<String, T>, field: &str) -> Option<&'a T> {
    let stem = field.trim_end_matches(|c: char| c.is_ascii_digit());
    map.get(field).or_else(|| map.get(stem))
}
