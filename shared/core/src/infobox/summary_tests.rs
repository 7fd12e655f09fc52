use super::*;
use crate::infobox::fixtures::drugbox;

fn words(edits: &[(Did, &str)]) -> String {
    let edit = |(did, name): &(Did, &str)| MarkEdit {
        did: *did,
        name: (*name).to_owned(),
    };
    summary_words(&drugbox(), &edits.iter().map(edit).collect::<Vec<_>>())
}

#[test]
fn a_summary_tells_what_was_done() {
    use Did::{Added, Removed, Updated};
    insta::assert_snapshot!(
        [
            words(&[(Added, "verifiedrevid"), (Added, "CAS_number_Ref")]),
            words(&[(Added, "Verifiedfields"), (Updated, "KEGG_Ref")]),
            words(&[(Added, "Watchedfields")]),
            words(&[(Removed, "Verifiedfields"), (Removed, "Watchedfields"), (Updated, "verifiedrevid")]),
            words(&[(Updated, "Verifiedfields"), (Removed, "Watchedfields"), (Removed, "verifiedrevid")]),
            words(&[(Added, "A_Ref"), (Added, "A_Ref"), (Added, "B_Ref"), (Updated, "C_Ref"), (Removed, "D_Ref")]),
        ]
        .join("\n"),
        @r"
    Updating {{Infobox drug}} (added verified revid - added 'CAS_number_Ref')
    Updating {{Infobox drug}} (changed verified fields - updated 'KEGG_Ref')
    Updating {{Infobox drug}} (changed watched fields)
    Updating {{Infobox drug}} (verified and watched fields no longer marked as changed - updated verified revid)
    Updating {{Infobox drug}} (changed verified fields - watched fields no longer marked as changed - removed verified revid)
    Updating {{Infobox drug}} (added 'A_Ref', 'B_Ref' - updated 'C_Ref' - removed 'D_Ref')
    "
    );
}

#[test]
fn a_summary_stays_short_and_plain() {
    let names: Vec<String> = (0..9).map(|i| format!("F{i}_Ref")).collect();
    let edits: Vec<_> = names.iter().map(|name| (Did::Updated, name.as_str())).collect();
    let told = words(&edits);
    assert!(
        told.ends_with("(updated 'F0_Ref', 'F1_Ref', 'F2_Ref', 'F3_Ref', 'F4_Ref' and 4 more)"),
        "{told}"
    );
    let hostile = format!("{}[[User:X]]/*{{{{x_Ref", "é".repeat(10));
    let told = words(&[
        (Did::Removed, &hostile),
        (Did::Removed, &format!("{}_Ref", "x".repeat(5_000))),
    ]);
    assert!(
        !told.contains("[[") && !told.contains("/*") && told.matches("{{").count() == 1,
        "{told}"
    );
    assert!(told.chars().count() < 200, "{told}");
}
