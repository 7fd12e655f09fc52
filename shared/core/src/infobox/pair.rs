//! Which box of one revision is which box of another.
//!
//! Where that cannot be told for certain nothing is paired: a wrong pair
//! would put wrong marks into an article.

use super::change::VerifiedBox;
use super::def::BoxDef;
use super::find::Infobox;
use super::normal::normalise;
use std::cmp::Reverse;

/// Most boxes of one kind that are told apart by their values.
const MAX_BOXES: usize = 100;

/// The boxes of two revisions, side by side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pairing {
    /// Places in the old and the new list; `None` where a box was added or
    /// removed. Every box is in exactly one pair. In the order of the new
    /// revision; removed boxes come last.
    Pairs(Vec<(Option<usize>, Option<usize>)>),
    /// It cannot be told, with the reason, in words for people.
    NotComparable(String),
}

/// Pairs the boxes of one kind of two revisions: by order when there are as
/// many in both, else by the largest number of equal values of verified
/// fields (of watched ones where no field is verified); boxes that are alike
/// in every watched field are paired by order; what is left over on one side
/// was added or removed.
pub fn pair(def: &BoxDef, old: &[Infobox], new: &[Infobox]) -> Pairing {
    let read = |found: &Infobox| Values::of(def, |field| found.value(field));
    by_values(def, old.iter().map(read), new.iter().map(read))
}

/// The same for the boxes of the verified revision and those of the page now.
pub fn pair_verified(def: &BoxDef, verified: &[VerifiedBox], now: &[Infobox]) -> Pairing {
    by_values(
        def,
        verified.iter().map(|one| Values::of(def, |field| one.value(field))),
        now.iter().map(|one| Values::of(def, |field| one.value(field))),
    )
}

/// What decides between boxes: values of the watched fields, normalised.
#[derive(PartialEq, Eq)]
struct Values {
    verified: Vec<String>,
    watched: Vec<String>,
}

impl Values {
    fn of<'a>(def: &BoxDef, value: impl Fn(&str) -> Option<&'a str>) -> Self {
        let (verified, watched): (Vec<&str>, Vec<&str>) = def.fields().partition(|field| def.is_verified(field));
        let read = |fields: Vec<&str>, verified| {
            let one = |field: &str| normalise(value(field).unwrap_or_default(), verified);
            fields.into_iter().map(one).collect()
        };
        Self {
            verified: read(verified, true),
            watched: read(watched, false),
        }
    }

    /// How many verified values are equal, then how many others; empty ones
    /// say nothing.
    fn likeness(&self, other: &Self) -> (usize, usize) {
        let equal = |a: &[String], b: &[String]| a.iter().zip(b).filter(|(a, b)| !a.is_empty() && a == b).count();
        (
            equal(&self.verified, &other.verified),
            equal(&self.watched, &other.watched),
        )
    }
}

fn by_values(
    def: &BoxDef,
    old: impl ExactSizeIterator<Item = Values>,
    new: impl ExactSizeIterator<Item = Values>,
) -> Pairing {
    let (olds, news) = (old.len(), new.len());
    if olds == news {
        return Pairing::Pairs((0..olds).map(|i| (Some(i), Some(i))).collect());
    }
    if olds == 0 {
        return Pairing::Pairs((0..news).map(|i| (None, Some(i))).collect());
    }
    if news == 0 {
        return Pairing::Pairs((0..olds).map(|i| (Some(i), None)).collect());
    }
    let counts = format!("{olds} {} before, {news} after", boxes(olds));
    if olds.max(news) > MAX_BOXES {
        return Pairing::NotComparable(format!("{counts}: more than {MAX_BOXES} are not told apart"));
    }
    let old: Vec<Values> = old.collect();
    let new: Vec<Values> = new.collect();
    let mut candidates = Vec::new();
    for (i, before) in old.iter().enumerate() {
        for (j, after) in new.iter().enumerate() {
            let likeness = before.likeness(after);
            // Without a verified field in common two boxes are strangers.
            if likeness.0 > 0 || (def.verified.is_empty() && likeness.1 > 0) {
                candidates.push((likeness, i, j));
            }
        }
    }
    candidates.sort_by_key(|(likeness, i, j)| (Reverse(*likeness), *i, *j));

    let mut partner_of_old = vec![None; olds];
    let mut partner_of_new = vec![None; news];
    for (place, &(likeness, i, j)) in candidates.iter().enumerate() {
        if partner_of_old[i].is_some() || partner_of_new[j].is_some() {
            continue;
        }
        let is_rival = |&&(other, k, l): &&((usize, usize), usize, usize)| {
            other == likeness
                && ((k == i && partner_of_new[l].is_none() && new[l] != new[j])
                    || (l == j && partner_of_old[k].is_none() && old[k] != old[i]))
        };
        if candidates[place + 1..].iter().any(|rival| is_rival(&rival)) {
            return Pairing::NotComparable(format!("{counts}: two of them are equally like another"));
        }
        partner_of_old[i] = Some(j);
        partner_of_new[j] = Some(i);
    }
    let is_rest = |partners: &[Option<usize>]| partners.iter().any(Option::is_none);
    if is_rest(&partner_of_old) && is_rest(&partner_of_new) {
        return Pairing::NotComparable(format!("{counts}: no values in common tell which is which"));
    }
    let mut pairs: Vec<_> = partner_of_new.iter().enumerate().map(|(j, i)| (*i, Some(j))).collect();
    let removed = partner_of_old.iter().enumerate().filter(|(_, j)| j.is_none());
    pairs.extend(removed.map(|(i, _)| (Some(i), None)));
    Pairing::Pairs(pairs)
}

fn boxes(count: usize) -> &'static str {
    if count == 1 { "box" } else { "boxes" }
}

#[cfg(test)]
#[path = "pair_tests.rs"]
mod tests;
