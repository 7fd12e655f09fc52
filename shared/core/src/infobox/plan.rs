//! Which parameters have to be edited so that the marks of a box say what
//! is due.
//!
//! A mark is looked for by its name wherever it lies in the box, never by
//! its neighbours; a new one of a field goes before the field, one of the
//! box to the front, as CheMoBot puts them.
//! <https://en.wikipedia.org/wiki/User:CheMoBot>

use super::def::{BoxDef, Tracker};
use super::due::{Due, Reference};
use super::find::{Infobox, is_blank};
use super::marks::{Did, MarkEdit};
use super::normal::normalise;
use crate::wikitext::{Edits, Place, Scan, param_name, template_name};
use std::collections::BTreeMap;

/// The word of the box-level marks.
const CHANGED: &str = "changed";

/// One edit of a parameter; templates and parameters are places in the scan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Op {
    Replace(usize, usize, String),
    Insert {
        template: usize,
        name: String,
        value: String,
        place: Place,
    },
    Remove(usize, usize),
}

impl Op {
    pub fn add_to(&self, edits: &mut Edits<'_>) {
        match self {
            Op::Replace(template, param, value) => edits.replace_value(*template, *param, value),
            Op::Insert {
                template,
                name,
                value,
                place,
            } => edits.insert(*template, name, value, *place),
            Op::Remove(template, param) => edits.remove(*template, *param),
        };
    }
}

/// The edits for one box, and what they mean for each mark.
pub(super) fn plan(text: &str, scan: &Scan, def: &BoxDef, now: &Infobox, due: &Due) -> (Vec<Op>, Vec<MarkEdit>) {
    let mut marking = Marking {
        text,
        scan,
        def,
        now,
        places: places(text, scan, def, now),
        ops: Vec::new(),
        done: Vec::new(),
    };
    marking.all(due);
    (marking.ops, marking.done)
}

/// Where the marks of a box are, by name, in the order of the page.
type Places = BTreeMap<String, Vec<(usize, usize)>>;

fn places(text: &str, scan: &Scan, def: &BoxDef, now: &Infobox) -> Places {
    let mut places = Places::new();
    for template in now.templates() {
        for (i, param) in scan.templates[template].params.iter().enumerate() {
            let name = param_name(text, scan, param);
            if param.name.is_some() && def.is_mark(&name) {
                places.entry(name).or_default().push((template, i));
            }
        }
    }
    for found in places.values_mut() {
        found.sort_by_key(|(template, param)| scan.templates[*template].params[*param].span.start);
    }
    places
}

/// The marks of one box on their way.
struct Marking<'t> {
    text: &'t str,
    scan: &'t Scan,
    def: &'t BoxDef,
    now: &'t Infobox,
    places: Places,
    ops: Vec<Op>,
    done: Vec<MarkEdit>,
}

impl Marking<'_> {
    fn all(&mut self, due: &Due) {
        let def = self.def;
        let changed = |is: bool| is.then(|| CHANGED.to_owned());
        let flags = match due.verifiedrevid {
            None => [None, None, None],
            Some(revid) => [
                changed(due.verifiedfields),
                changed(due.watchedfields),
                Some(revid.to_string()),
            ],
        };
        let names = [
            &def.marks.verifiedfields,
            &def.marks.watchedfields,
            &def.marks.verifiedrevid,
        ];
        let kept: BTreeMap<usize, usize> = self.leading(&names, &flags);
        for (order, (name, value)) in names.into_iter().zip(&flags).enumerate() {
            match value {
                Some(value) => {
                    let before = kept.range(..order).next_back().map(|(_, param)| *param);
                    let place = before.map_or(Place::First, Place::After);
                    self.flag(name, value, place);
                }
                None => self.drop_flag(name),
            }
        }
        match due.verifiedrevid {
            Some(_) => due
                .references
                .iter()
                .for_each(|(field, due)| self.reference(field, *due)),
            None => self.drop_references(),
        }
    }

    /// Box-level marks that stay where they are, at the very front of the
    /// box: new ones are put among them in the right order.
    fn leading(&self, names: &[&String; 3], flags: &[Option<String>; 3]) -> BTreeMap<usize, usize> {
        let mut kept = BTreeMap::new();
        for (i, param) in self.scan.templates[self.now.template].params.iter().enumerate() {
            let name = param_name(self.text, self.scan, param);
            let Some(order) = names.iter().position(|own| **own == name) else {
                break;
            };
            if flags[order].is_some() && self.keep(&name, self.now.template) == Some((self.now.template, i)) {
                kept.insert(order, i);
            }
        }
        kept
    }

    /// Of several marks with one name the one that counts: the last in the
    /// template where it belongs, else the last of all.
    fn keep(&self, name: &str, home: usize) -> Option<(usize, usize)> {
        let places = self.places.get(name)?;
        let at_home = places.iter().rfind(|(template, _)| *template == home);
        at_home.or(places.last()).copied()
    }

    /// All but one of several marks with one name go; whether there were any.
    fn drop_others(&mut self, name: &str, kept: (usize, usize)) -> bool {
        let places = self.places.get(name).map_or(&[][..], Vec::as_slice);
        for (template, param) in places.iter().filter(|place| **place != kept) {
            self.ops.push(Op::Remove(*template, *param));
        }
        places.len() > 1
    }

    fn value(&self, (template, param): (usize, usize)) -> &str {
        &self.text[self.scan.templates[template].params[param].value.clone()]
    }

    fn note(&mut self, did: Did, name: &str) {
        let name = name.to_owned();
        self.done.push(MarkEdit { did, name });
    }

    fn insert(&mut self, template: usize, name: &str, value: String, place: Place) {
        let name = name.to_owned();
        self.ops.push(Op::Insert {
            template,
            name,
            value,
            place,
        });
    }

    fn flag(&mut self, name: &str, value: &str, place: Place) {
        let Some(kept) = self.keep(name, self.now.template) else {
            self.insert(self.now.template, name, value.to_owned(), place);
            return self.note(Did::Added, name);
        };
        let mut is_edited = self.drop_others(name, kept);
        if normalise(self.value(kept), false) != value {
            self.ops.push(Op::Replace(kept.0, kept.1, value.to_owned()));
            is_edited = true;
        }
        if is_edited {
            self.note(Did::Updated, name);
        }
    }

    /// An empty mark says nothing and stays.
    fn drop_flag(&mut self, name: &str) {
        let places = self.places.get(name).cloned().unwrap_or_default();
        let is_empty = |place: &(usize, usize)| normalise(self.value(*place), false).is_empty();
        if places.iter().all(is_empty) {
            return;
        }
        for (template, param) in places {
            self.ops.push(Op::Remove(template, param));
        }
        self.note(Did::Removed, name);
    }

    fn reference(&mut self, field: &str, due: Reference) {
        let Some(tracker) = self.def.tracker_of(field) else {
            return;
        };
        let name = self.def.marks.reference_of(field);
        let place = self.now.fields.get(field).map(|field| (field.template, field.param));
        let home = place.map_or(self.now.template, |(template, _)| template);
        let Some(kept) = self.keep(&name, home) else {
            if let (Some((template, param)), Reference::Correct | Reference::Changed) = (place, due) {
                self.insert(template, &name, tracker.call(due.word()), Place::Before(param));
                self.note(Did::Added, &name);
            }
            return;
        };
        let is_silent = due == Reference::Missing && normalise(self.value(kept), false).is_empty();
        let mut is_edited = self.drop_others(&name, kept);
        if !is_silent {
            is_edited |= self.set_reference(kept, tracker, due.word());
        }
        if is_edited {
            self.note(Did::Updated, &name);
        }
    }

    /// Of a call of the tracker only the first argument is changed, so that
    /// the source stays; whether there was anything to do.
    fn set_reference(&mut self, (template, param): (usize, usize), tracker: &Tracker, word: &str) -> bool {
        let argument = self
            .call(template, param)
            .filter(|call| tracker.is(&self.name(*call)))
            .and_then(|call| {
                let params = &self.scan.templates[call].params;
                let first = params
                    .iter()
                    .rposition(|one| param_name(self.text, self.scan, one) == "1")?;
                Some((call, first))
            });
        match argument {
            Some(place) if normalise(self.value(place), false) == word => false,
            Some((call, first)) => {
                self.ops.push(Op::Replace(call, first, word.to_owned()));
                true
            }
            None => {
                self.ops.push(Op::Replace(template, param, tracker.call(word)));
                true
            }
        }
    }

    /// The template that is all of a value, if there is one.
    fn call(&self, template: usize, param: usize) -> Option<usize> {
        let value = &self.scan.templates[template].params[param].value;
        let templates = &self.scan.templates;
        let first = templates.partition_point(|one| one.span.start < value.start);
        let span = &templates.get(first).filter(|one| one.span.end <= value.end)?.span;
        let is_all = is_blank(&self.text[value.start..span.start]) && is_blank(&self.text[span.end..value.end]);
        is_all.then_some(first)
    }

    fn name(&self, template: usize) -> String {
        template_name(self.text, self.scan, &self.scan.templates[template])
    }

    /// Marks of fields go when they call a tracker; anything else under such
    /// a name was written by a person.
    fn drop_references(&mut self) {
        let def = self.def;
        let places = std::mem::take(&mut self.places);
        for (name, places) in places.iter().filter(|(name, _)| def.marks.is_reference(name)) {
            let mut is_edited = false;
            for (template, param) in places {
                let name = self.call(*template, *param).map(|call| self.name(call));
                if name.is_some_and(|name| def.trackers.values().any(|tracker| tracker.is(&name))) {
                    self.ops.push(Op::Remove(*template, *param));
                    is_edited = true;
                }
            }
            if is_edited {
                self.note(Did::Removed, name);
            }
        }
    }
}
