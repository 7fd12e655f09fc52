//! What a page says now: which fields differ from the verified revision, and whether its marks are true. Pure, from the
//! newest text; the run, the sweep, `page` and `check` use it alike.

use std::collections::HashSet;

use shared::core::infobox::{Differing, VerifiedBox, differing};
use shared::core::wikitext::scan;

use crate::marked::{Marked, Watched, boxes, marked};

/// One box of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxNow {
    /// Which box of this name it is, from 0.
    pub ordinal: u32,
    /// Fields that differ from the verified revision; empty without one.
    pub differing: Vec<Differing>,
    /// Whether it was compared with a verified revision.
    pub is_verified: bool,
}

/// The boxes of one name on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Present {
    /// They are clear.
    Boxes(Vec<BoxNow>),
    /// The page shows the box without having it in its own text.
    NotHere,
    /// They are not compared and not marked, and why.
    Unclear(String),
}

/// Reads the boxes of one name.
pub fn present(text: &str, tags: &HashSet<String>, watched: &Watched<'_>) -> Present {
    let scan = match scan(text, tags) {
        Ok(scan) => scan,
        Err(why) => return Present::Unclear(why.to_string()),
    };
    let found = match boxes(text, &scan, watched) {
        Ok(found) => found,
        Err(why) => return Present::Unclear(why),
    };
    if found.is_empty() {
        return Present::NotHere;
    }
    let def = &watched.settings.def;
    let now = found.iter().enumerate().map(|(ordinal, (infobox, verified))| BoxNow {
        ordinal: u32::try_from(ordinal).unwrap_or(u32::MAX),
        differing: verified.map_or_else(Vec::new, |verified: &VerifiedBox| differing(def, infobox, verified)),
        is_verified: verified.is_some(),
    });
    Present::Boxes(now.collect())
}

/// What is to be done about the marks of one box name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Marks {
    /// They are true, or there is nothing to mark.
    True,
    /// They are to be changed so.
    Due(Marked),
    /// The page is not touched, and why.
    Refused(String),
}

/// The marks of one box name, as they should be.
pub fn marks(text: &str, tags: &HashSet<String>, watched: &Watched<'_>, without_index: bool) -> Marks {
    match marked(text, tags, std::slice::from_ref(watched), without_index) {
        Ok(None) => Marks::True,
        Ok(Some(marked)) => Marks::Due(marked),
        Err(why) => Marks::Refused(why),
    }
}
