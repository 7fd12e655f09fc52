use super::*;
use crate::infobox::fixtures::{boxes, chembox};

type Paired = Result<Vec<(Option<usize>, Option<usize>)>, String>;

fn page(found: &[&str]) -> String {
    found
        .iter()
        .map(|fields| format!("{{{{chembox|{fields}}}}}\n"))
        .collect()
}

fn paired_by(def: &BoxDef, old: &[&str], new: &[&str]) -> Paired {
    let (old, new) = (boxes(&page(old), def), boxes(&page(new), def));
    let pairing = pair(def, &old, &new);
    let kept: Vec<VerifiedBox> = old.iter().map(|found| VerifiedBox::of(def, found)).collect();
    assert_eq!(pair_verified(def, &kept, &new), pairing);
    match pairing {
        Pairing::Pairs(pairs) => Ok(pairs),
        Pairing::NotComparable(why) => Err(why),
    }
}

fn paired(old: &[&str], new: &[&str]) -> Paired {
    paired_by(&chembox(), old, new)
}

const A: &str = "CASNo=67-64-1|CASNo1=1";
const B: &str = "CASNo=50-00-0|CASNo1=1";
const A_HOT: &str = "CASNo=67-64-1|CASNo1=1|BoilingPt=57";

#[test]
fn equal_counts_are_paired_by_order() {
    assert_eq!(paired(&[], &[]), Ok(vec![]));
    assert_eq!(paired(&[A], &["CASNo=9"]), Ok(vec![(Some(0), Some(0))]));
    assert_eq!(
        paired(&[A, B], &[B, A]),
        Ok(vec![(Some(0), Some(0)), (Some(1), Some(1))])
    );
}

#[test]
fn boxes_come_and_go() {
    assert_eq!(paired(&[], &[A, B]), Ok(vec![(None, Some(0)), (None, Some(1))]));
    assert_eq!(paired(&[A, B], &[]), Ok(vec![(Some(0), None), (Some(1), None)]));
    assert_eq!(paired(&[A], &[B, A]), Ok(vec![(None, Some(0)), (Some(0), Some(1))]));
    assert_eq!(paired(&[A, B], &[B]), Ok(vec![(Some(1), Some(0)), (Some(0), None)]));
    // Changed, but still more like one than like the other.
    assert_eq!(
        paired(&[A], &["CASNo=67-64-1|CASNo1=2", "CASNo=9"]),
        Ok(vec![(Some(0), Some(0)), (None, Some(1))])
    );
    // References do not matter.
    assert_eq!(
        paired(&["CASNo=1"], &["x=", "CASNo=1<ref>a</ref>"]),
        Ok(vec![(None, Some(0)), (Some(0), Some(1))])
    );
}

#[test]
fn copies_are_told_apart_by_order() {
    assert_eq!(paired(&[A], &[A, A]), Ok(vec![(Some(0), Some(0)), (None, Some(1))]));
    assert_eq!(
        paired(&[A, A, B], &[B, A]),
        Ok(vec![(Some(2), Some(0)), (Some(0), Some(1)), (Some(1), None)])
    );
    // A copy with another boiling point: the one that stayed is the old one.
    assert_eq!(
        paired(&[A_HOT], &[A, A_HOT]),
        Ok(vec![(None, Some(0)), (Some(0), Some(1))])
    );
}

#[test]
fn what_cannot_be_told_is_not_paired() {
    for (old, new, why) in [
        (
            &[A][..],
            &["CASNo=67-64-1|x=1", "CASNo=67-64-1|CASNo3=5"][..],
            "equally like",
        ),
        (&[A], &["CASNo=1", "CASNo=2"], "no values in common"),
        (&[A, B], &["CASNo=1"], "no values in common"),
        (&["x=1"], &["x=1", "x=2"], "no values in common"),
        // Only watched values in common: not enough where fields are verified.
        (&["BoilingPt=5"], &["BoilingPt=5", "BoilingPt=6"], "no values in common"),
    ] {
        let told = paired(old, new).unwrap_err();
        assert!(told.contains(why), "{told}");
    }
    assert!(
        paired(&[A], &["CASNo=1", "CASNo=2"])
            .unwrap_err()
            .starts_with("1 box before, 2 after: ")
    );
    assert!(paired(&[A], &[A; 101]).unwrap_err().contains("more than 100"));
}

#[test]
fn watched_values_decide_where_none_is_verified() {
    let mut def = chembox();
    def.verified.clear();
    assert_eq!(
        paired_by(&def, &["BoilingPt=5"], &["BoilingPt=6", "BoilingPt=5"]),
        Ok(vec![(None, Some(0)), (Some(0), Some(1))])
    );
}
