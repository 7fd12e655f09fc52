//! What a page's text should be with true marks: pure, so that the run, `page`, `check`, `backtest`, the sweep for stale
//! marks and the edit itself all decide alike.

use std::collections::HashSet;

use shared::core::infobox::{
    Did, Due, Infobox, MarkEdit, Pairing, VerifiedBox, apply_all, due_marks, find, pair_verified, summary_words,
};
use shared::core::types::RevId;
use shared::core::wikitext::{Scan, scan};

use crate::settings::BoxSettings;

/// The verified revision of one page for one box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The revision that the index names.
    pub revid: RevId,
    /// Its boxes, in their order.
    pub boxes: Vec<VerifiedBox>,
}

/// A box that the settings watch, and what the index says about the page at hand.
#[derive(Clone, Copy, Debug)]
pub struct Watched<'a> {
    /// The box.
    pub settings: &'a BoxSettings,
    /// `None`: the index has no line in force for the page.
    pub verified: Option<&'a Verified>,
}

/// A page whose marks are to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The whole text.
    pub text: String,
    /// For the edit summary.
    pub summary: String,
    /// What is done to which mark, for people.
    pub marks: Vec<String>,
    /// Marks that stand there say what is not true; otherwise they are only missing.
    pub contradicts: bool,
}

/// The boxes of a text, and the verified box of each; `None` for one that is not in the verified revision. Errs, in
/// words for people, where it is not clear which is which.
pub fn boxes<'v>(
    text: &str,
    scan: &Scan,
    watched: &Watched<'v>,
) -> Result<Vec<(Infobox, Option<&'v VerifiedBox>)>, String> {
    let found = find(text, scan, &watched.settings.def);
    let places = match watched.verified {
        Some(verified) => of_verified(watched, verified, &found)?,
        None => vec![None; found.len()],
    };
    Ok(found.into_iter().zip(places).collect())
}

/// For each of these boxes the one of the verified revision that it is.
pub fn of_verified<'v>(
    watched: &Watched<'_>,
    verified: &'v Verified,
    found: &[Infobox],
) -> Result<Vec<Option<&'v VerifiedBox>>, String> {
    let mut places = vec![None; found.len()];
    match pair_verified(&watched.settings.def, &verified.boxes, found) {
        Pairing::Pairs(pairs) => {
            for (place, now) in pairs {
                if let (Some(place), Some(now)) = (place, now) {
                    places[now] = verified.boxes.get(place);
                }
            }
            Ok(places)
        }
        Pairing::NotComparable(why) => Err(format!("compared with verified revision {}: {why}", verified.revid)),
    }
}

/// The page with true marks; `None`: they are true already. `without_index`: also take marks away from boxes that no
/// index line is about. Errs with the reason why the page is not to be touched.
pub fn marked(
    text: &str,
    tags: &HashSet<String>,
    watched: &[Watched<'_>],
    without_index: bool,
) -> Result<Option<Marked>, String> {
    let mut present = text.to_owned();
    let mut summaries: Vec<String> = Vec::new();
    let mut marks: Vec<String> = Vec::new();
    let mut contradicts = false;
    for watched in watched.iter().filter(|w| without_index || w.verified.is_some()) {
        let def = &watched.settings.def;
        // The edits for one box name move what follows: the text is scanned anew for the next name.
        let scan = scan(&present, tags).map_err(|why| why.to_string())?;
        let boxes = boxes(&present, &scan, watched)?;
        let revid = watched.verified.map(|verified| verified.revid);
        // A box that the verified revision does not have is left as it is.
        let known = boxes
            .iter()
            .filter(|(_, verified)| verified.is_some() || revid.is_none());
        let due: Vec<(&Infobox, Due)> = known
            .map(|(infobox, verified)| (infobox, due_marks(def, infobox, verified.zip(revid))))
            .collect();
        let pairs: Vec<(&Infobox, &Due)> = due.iter().map(|(infobox, due)| (*infobox, due)).collect();
        if let Some(changed) = apply_all(&present, &scan, tags, def, &pairs).map_err(|why| why.to_string())? {
            summaries.push(summary_words(def, &changed.edits));
            contradicts |= changed.edits.iter().any(|edit| edit.did != Did::Added);
            marks.extend(changed.edits.iter().map(words));
            present = changed.text;
        }
    }
    if present == text {
        return Ok(None);
    }
    Ok(Some(Marked {
        text: present,
        summary: summaries.join("; "),
        marks,
        contradicts,
    }))
}

fn words(edit: &MarkEdit) -> String {
    let did = match edit.did {
        Did::Added => "add",
        Did::Updated => "update",
        Did::Removed => "remove",
    };
    format!("{did} {}", edit.name)
}
