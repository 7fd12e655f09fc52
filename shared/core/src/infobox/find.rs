//! The boxes of a page and their fields.
//!
//! A box is the template and its section templates
//! (`{{Chembox | Section1 = {{Chembox Identifiers | …}}}}`), one flat name
//! space. Names of parameters are compared as MediaWiki does: exactly,
//! trimmed, without comments; the last of several with one name wins.
//! <https://www.mediawiki.org/wiki/Help:Templates>

use super::def::BoxDef;
use super::normal::normalise;
use crate::wikitext::{Scan, Template, param_name, template_name};
use std::collections::BTreeMap;

/// How deep section templates are followed into each other. The real ones do
/// not nest; a bound keeps a hostile page from making many copies of itself.
const MAX_DEPTH: usize = 4;

/// Longest source of a name that is looked at, in bytes: titles end at 255,
/// the rest is for comments. Names can hold each other, so without a bound a
/// hostile page would be read as often as it has templates.
const MAX_NAME_BYTES: usize = 4_096;

/// Most words of a box's name that a section's name is compared with.
const MAX_WORDS: usize = 32;

/// One box of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Infobox {
    /// Its place in [`Scan::templates`].
    pub template: usize,
    /// Places of its section templates, in the order of the page.
    pub sections: Vec<usize>,
    /// All its parameters by name, aliases under the name of their field;
    /// positional ones of the box itself by their number.
    pub fields: BTreeMap<String, Field>,
}

/// One field of a box: the parameter that counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// The box or section template, as a place in [`Scan::templates`].
    pub template: usize,
    /// Its place in [`Template::params`].
    pub param: usize,
    /// The value as it stands, trimmed.
    pub value: String,
}

impl Infobox {
    /// The value of a field as it stands, trimmed; `None` when it is not there.
    pub fn value(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(|field| field.value.as_str())
    }

    /// The box and its sections, as places in [`Scan::templates`].
    pub(super) fn templates(&self) -> impl Iterator<Item = usize> {
        std::iter::once(self.template).chain(self.sections.iter().copied())
    }
}

/// The boxes of a page in their order. One inside another of the same kind
/// is part of that. `scan` is that of `text`; what it does not show, such as
/// a box in a comment or in `nowiki`, is no box.
pub fn find(text: &str, scan: &Scan, def: &BoxDef) -> Vec<Infobox> {
    let mut boxes: Vec<Infobox> = Vec::new();
    // By template: the box it belongs to and how deep it lies as a section,
    // if it is one. Parents come before what they hold.
    let mut places: Vec<Option<Place>> = vec![None; scan.templates.len()];
    for (i, template) in scan.templates.iter().enumerate() {
        let around = template.parent.and_then(|parent| places[parent]);
        places[i] = match around {
            None if template.name.len() <= MAX_NAME_BYTES && def.names.is(&text[template.name.clone()]) => {
                boxes.push(Infobox {
                    template: i,
                    sections: Vec::new(),
                    fields: BTreeMap::new(),
                });
                Some(Place {
                    of: boxes.len() - 1,
                    depth: Some(0),
                })
            }
            None => None,
            Some(Place { of, depth }) => {
                let depth = depth
                    .map(|depth| depth + 1)
                    .filter(|depth| *depth <= MAX_DEPTH && is_section(text, scan, template, def));
                if depth.is_some() {
                    boxes[of].sections.push(i);
                }
                Some(Place { of, depth })
            }
        };
    }
    for found in &mut boxes {
        found.fields = fields(text, scan, def, found);
    }
    boxes
}

/// Where a template lies: in which box, and how deep if it is that or one of
/// its sections.
#[derive(Clone, Copy)]
struct Place {
    of: usize,
    depth: Option<usize>,
}

/// Whether a template right inside a box or section is a section: by its
/// name, or as the only thing in a parameter `Section1`.
fn is_section(text: &str, scan: &Scan, template: &Template, def: &BoxDef) -> bool {
    if template.name.len() > MAX_NAME_BYTES {
        return false;
    }
    let name = template_name(text, scan, template).replace('_', " ");
    let extends = |(space, _): (usize, &str)| def.names.is(&name[..space]);
    if name.match_indices(' ').take(MAX_WORDS).any(extends) {
        return true;
    }
    let Some(parent) = template.parent.map(|parent| &scan.templates[parent]) else {
        return false;
    };
    let after = parent
        .params
        .partition_point(|param| param.span.start <= template.span.start);
    let Some(param) = after.checked_sub(1).map(|last| &parent.params[last]) else {
        return false;
    };
    if param.name.as_ref().is_none_or(|name| name.len() > MAX_NAME_BYTES) {
        return false;
    }
    let own = param_name(text, scan, param);
    let is_numbered = own
        .strip_prefix("Section")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    // A parser function is no section, though one may be in it.
    if !is_numbered || name.starts_with('#') {
        return false;
    }
    // What follows first: only the last template of a parameter gets to the
    // second look, so a parameter is not gone over again and again.
    param.value.start <= template.span.start
        && is_blank(&text[template.span.end..param.value.end])
        && is_blank(&text[param.value.start..template.span.start])
}

/// Nothing but white space and comments; ends at the first other character.
pub(super) fn is_blank(mut text: &str) -> bool {
    loop {
        text = text.trim_start();
        match text.strip_prefix("<!--") {
            Some(comment) => match comment.split_once("-->") {
                Some((_, rest)) => text = rest,
                None => return true,
            },
            None => return text.is_empty(),
        }
    }
}

fn fields(text: &str, scan: &Scan, def: &BoxDef, found: &Infobox) -> BTreeMap<String, Field> {
    let mut params: Vec<(usize, usize, String)> = found
        .templates()
        .flat_map(|template| {
            let params = scan.templates[template].params.iter().enumerate();
            // Positional ones of a section are nothing that the box knows by name.
            params
                .filter(move |(_, param)| param.name.is_some() || template == found.template)
                .map(move |(i, param)| (template, i, param_name(text, scan, param)))
        })
        .collect();
    params.sort_by_key(|(template, param, _)| scan.templates[*template].params[*param].span.start);

    let mut fields: BTreeMap<String, Field> = BTreeMap::new();
    let mut by_alias: Vec<(String, Field)> = Vec::new();
    for (template, param, name) in params {
        let value = text[scan.templates[template].params[param].value.clone()].trim();
        let field = Field {
            template,
            param,
            value: value.to_owned(),
        };
        if def.aliases.contains_key(&name) {
            by_alias.retain(|(other, _)| *other != name);
            by_alias.push((name, field));
        } else {
            fields.insert(name, field);
        }
    }
    resolve(def, by_alias, &mut fields);
    fields
}

/// Puts what stands under other names in place of fields that have no value
/// of their own; of several such the last one with a value.
fn resolve(def: &BoxDef, by_alias: Vec<(String, Field)>, fields: &mut BTreeMap<String, Field>) {
    let is_set = |field: &Field| !normalise(&field.value, false).is_empty();
    let mut found: BTreeMap<&str, Field> = BTreeMap::new();
    for (alias, field) in by_alias {
        let Some(real) = def.aliases.get(&alias) else {
            continue;
        };
        if is_set(&field) || !found.contains_key(real.as_str()) {
            found.insert(real, field);
        }
    }
    for (real, field) in found {
        if fields.get(real).is_none_or(|own| !is_set(own) && is_set(&field)) {
            fields.insert(real.to_owned(), field);
        }
    }
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
