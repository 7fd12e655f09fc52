//! Boxes and pages that the tests of this module share.

use super::{BoxDef, Check, Due, Infobox, MarkNames, Marked, Tracker, VerifiedBox, apply, due_marks, find};
use crate::site::Site;
use crate::types::RevId;
use crate::wikitext::{Scan, TemplateNames, scan};
use std::collections::{BTreeMap, HashSet};

/// An English wiki with references.
pub(crate) fn site() -> Site {
    let ns =
        |id: i32, name: &str| serde_json::json!({"id": id, "case": "first-letter", "name": name, "canonical": name});
    Site::from_siteinfo(&serde_json::json!({
        "general": {"sitename": "Probe", "server": "http://127.0.0.1", "lang": "en", "wikiid": "probe",
                    "generator": "MediaWiki 1.43.0"},
        "namespaces": {"0": ns(0, ""), "2": ns(2, "User"), "10": ns(10, "Template")},
        "extensiontags": ["<pre>", "<nowiki>", "<ref>"],
    }))
    .unwrap()
}

pub(crate) fn tags() -> HashSet<String> {
    ["pre", "nowiki", "ref"].map(str::to_owned).into()
}

pub(crate) fn scanned(text: &str) -> Scan {
    scan(text, &tags()).unwrap()
}

pub(crate) fn boxes(text: &str, def: &BoxDef) -> Vec<Infobox> {
    find(text, &scanned(text), def)
}

/// The one box of a text.
pub(crate) fn only(text: &str, def: &BoxDef) -> Infobox {
    let mut found = boxes(text, def);
    assert_eq!(found.len(), 1, "{text}");
    found.remove(0)
}

fn def(name: &str, redirects: &[&str], watched: &[&str], verified: &[&str], trackers: &[(&str, &str, &str)]) -> BoxDef {
    let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    let tracker = |(field, template, source): &(&str, &str, &str)| {
        let (template, source) = ((*template).to_owned(), (*source).to_owned());
        ((*field).to_owned(), Tracker { template, source })
    };
    BoxDef {
        name: name.to_owned(),
        names: TemplateNames::new(&site(), name, redirects.iter().copied()),
        watched: owned(watched),
        verified: owned(verified),
        marks: MarkNames::default(),
        trackers: trackers.iter().map(tracker).collect(),
        checks: BTreeMap::from([("CASNo".to_owned(), Check::Cas)]),
        aliases: BTreeMap::new(),
    }
}

/// Watches CAS numbers and the boiling point, verifies the CAS numbers.
pub(crate) fn chembox() -> BoxDef {
    def(
        "Chembox",
        &["Chembox new"],
        &["CASNo", "CASNo1", "CASNo3", "BoilingPt"],
        &["CASNo", "CASNo1", "CASNo3"],
        &[("CASNo", "cascite", "??")],
    )
}

/// Verifies CAS number and KEGG.
pub(crate) fn drugbox() -> BoxDef {
    def(
        "Infobox drug",
        &["Drugbox"],
        &["CAS_number", "KEGG", "tradename"],
        &["CAS_number", "KEGG"],
        &[("CAS_number", "cascite", "??"), ("KEGG", "keggcite", "kegg")],
    )
}

/// The one box of a text as its verified revision.
pub(crate) fn verified(text: &str, def: &BoxDef) -> VerifiedBox {
    VerifiedBox::of(def, &only(text, def))
}

/// Puts the marks of the one box right by `due`.
pub(crate) fn marked(text: &str, def: &BoxDef, due: &Due) -> Option<Marked> {
    apply(text, &scanned(text), &tags(), def, &only(text, def), due).unwrap()
}

/// Marks the one box of `now` by the one of the verified text, and makes sure
/// that doing it again does nothing.
pub(crate) fn mark(now: &str, verified_text: &str, revid: u64, def: &BoxDef) -> Option<Marked> {
    let right = verified(verified_text, def);
    let due = |text: &str| due_marks(def, &only(text, def), Some((&right, RevId(revid))));
    let done = marked(now, def, &due(now))?;
    assert_eq!(
        marked(&done.text, def, &due(&done.text)),
        None,
        "not idempotent: {}",
        done.text
    );
    Some(done)
}
