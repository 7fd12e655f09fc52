use super::*;
use crate::infobox::fixtures::{boxes, chembox, drugbox, mark, marked, only, scanned, tags, verified};
use crate::infobox::{Reference, due_marks, normalise, summary_words};
use crate::types::RevId;
use proptest::prelude::*;

const ACETONE: u64 = 266_420_980;

const CLEAN: &str = "{{chembox\n| Name = Acetone\n| Section1={{Chembox Identifiers\n| CASNo = 67-64-1\n }}\n}}\n";

const MARKED: &str = "{{chembox\n| verifiedrevid = 266420980\n| Name = Acetone\n\
                      | Section1={{Chembox Identifiers\n| CASNo_Ref = {{cascite|correct|??}}\n| CASNo = 67-64-1\n }}\n}}\n";

fn did(marked: &Marked) -> Vec<(Did, &str)> {
    marked.edits.iter().map(|edit| (edit.did, edit.name.as_str())).collect()
}

/// Marks `now` by [`CLEAN`]; what was done and the text. `None`: nothing.
fn acetone(now: &str) -> Option<Marked> {
    mark(now, CLEAN, ACETONE, &chembox())
}

#[test]
fn example_1_first_visit() {
    let done = acetone(CLEAN).unwrap();
    assert_eq!(done.text, MARKED);
    assert_eq!(did(&done), [(Did::Added, "verifiedrevid"), (Did::Added, "CASNo_Ref")]);
    assert_eq!(acetone(MARKED), None);
}

#[test]
fn example_2_and_3_a_verified_value_goes_and_comes_back() {
    let now = MARKED.replace("67-64-1", "67-64-7");
    let done = acetone(&now).unwrap();
    assert_eq!(
        done.text,
        now.replace("{{chembox\n", "{{chembox\n| Verifiedfields = changed\n")
            .replace("|correct|", "|changed|")
    );
    assert_eq!(
        did(&done),
        [(Did::Added, "Verifiedfields"), (Did::Updated, "CASNo_Ref")]
    );
    let back = acetone(&done.text.replace("67-64-7", "67-64-1")).unwrap();
    assert_eq!(back.text, MARKED);
    assert_eq!(
        did(&back),
        [(Did::Removed, "Verifiedfields"), (Did::Updated, "CASNo_Ref")]
    );
}

#[test]
fn example_4_only_a_watched_field() {
    let with = |point: &str| {
        MARKED.replace(
            " }}\n}}",
            &format!(" }}}}\n| Section2={{{{Chembox Properties\n| BoilingPt = {point}\n }}}}\n}}}}"),
        )
    };
    assert_eq!(mark(&with("56"), &with("56"), ACETONE, &chembox()), None);
    let done = mark(&with("57"), &with("56"), ACETONE, &chembox()).unwrap();
    assert_eq!(
        done.text,
        with("57").replace("{{chembox\n", "{{chembox\n| Watchedfields = changed\n")
    );
}

#[test]
fn example_5_one_of_two_identifiers() {
    let before = "{{Drugbox\n| verifiedrevid = 400000001\n| CAS_number_Ref = {{cascite|correct|??}}\n\
                  | CAS_number = 103-90-2\n| KEGG_Ref = {{keggcite|correct|kegg}}\n| KEGG = D00999\n}}";
    let after = "{{Drugbox\n| Verifiedfields = changed\n| verifiedrevid = 400000001\n\
                 | CAS_number_Ref = {{cascite|correct|??}}\n| CAS_number = 103-90-2\n\
                 | KEGG_Ref = {{keggcite|changed|kegg}}\n| KEGG = D00999\n}}";
    let right = before.replace("D00999", "D00217");
    let done = mark(before, &right, 400_000_001, &drugbox()).unwrap();
    assert_eq!(done.text, after);
    assert_eq!(
        summary_words(&drugbox(), &done.edits),
        "Updating {{Infobox drug}} (changed verified fields - updated 'KEGG_Ref')"
    );
}

#[test]
fn example_6_numbered_fields_are_marked_one_by_one() {
    let ids = |third: &str| {
        format!("{{{{chembox\n|Section1={{{{Chembox Identifiers\n|CASNo1=67-64-1\n|CASNo3={third}\n}}}}\n}}}}")
    };
    let done = mark(&ids("50-00-1"), &ids("50-00-0"), 7, &chembox()).unwrap();
    assert_eq!(
        done.text,
        "{{chembox\n|Verifiedfields=changed\n|verifiedrevid=7\n|Section1={{Chembox Identifiers\n\
         |CASNo1_Ref={{cascite|correct|??}}\n|CASNo1=67-64-1\n|CASNo3_Ref={{cascite|changed|??}}\n|CASNo3=50-00-1\n}}\n}}"
    );
}

#[test]
fn marks_are_mended_where_they_lie() {
    let with =
        |reference: &str| format!("{{{{chembox|x=1|CASNo=67-64-1|CASNo_Ref={reference}|verifiedrevid={ACETONE}}}}}");
    for (stands, mended) in [
        ("{{cascite|correct|??}}", None),
        ("{{Cascite| correct |CAS}}", None),
        ("{{template:cascite|1=correct}}<!-- c -->", None),
        ("{{cascite|changed|CAS}}", Some("{{cascite|correct|CAS}}")),
        ("{{Cascite|1=changed|2=CAS}}", Some("{{Cascite|1=correct|2=CAS}}")),
        (
            "{{cascite| changed<!-- a --> |??}}",
            Some("{{cascite| correct<!-- a --> |??}}"),
        ),
        ("{{cascite|changed|1=changed}}", Some("{{cascite|changed|1=correct}}")),
        (
            "<!-- a -->{{cascite|changed|x}} <!-- b -->",
            Some("<!-- a -->{{cascite|correct|x}} <!-- b -->"),
        ),
        ("{{cascite}}", Some("{{cascite|correct|??}}")),
        ("{{fdacite|changed|FDA}}", Some("{{cascite|correct|??}}")),
        ("{{cascite|changed|x}} and more", Some("{{cascite|correct|??}}")),
        ("correct", Some("{{cascite|correct|??}}")),
        ("", Some("{{cascite|correct|??}}")),
    ] {
        let done = acetone(&with(stands));
        assert_eq!(
            done.as_ref().map(|done| done.text.clone()),
            mended.map(with),
            "{stands}"
        );
        if let Some(done) = done {
            assert_eq!(did(&done), [(Did::Updated, "CASNo_Ref")]);
        }
    }
    for (now, done) in [
        // At the end, in another section, empty, with another value, several.
        (
            "{{chembox|CASNo=1|Verifiedfields=|Watchedfields=changed|verifiedrevid=1|CASNo_Ref={{cascite|correct|??}}}}",
            "{{chembox|CASNo=1|Verifiedfields=changed|verifiedrevid=266420980|CASNo_Ref={{cascite|changed|??}}}}",
        ),
        (
            "{{chembox|CASNo=1|CASNo_Ref={{cascite|changed}}|Section1={{Chembox X|verifiedrevid=266420980|Verifiedfields=yes}}}}",
            "{{chembox|CASNo=1|CASNo_Ref={{cascite|changed}}|Section1={{Chembox X|verifiedrevid=266420980|Verifiedfields=changed}}}}",
        ),
        (
            "{{chembox|verifiedrevid=5|verifiedrevid=266420980|CASNo_Ref={{cascite|correct}}|CASNo=1|CASNo_Ref={{cascite|changed|a}}|Verifiedfields=changed}}",
            "{{chembox|verifiedrevid=266420980|CASNo=1|CASNo_Ref={{cascite|changed|a}}|Verifiedfields=changed}}",
        ),
        // The mark that counts is the one beside its field.
        (
            "{{chembox|Verifiedfields=changed|verifiedrevid=266420980|Section1={{Chembox X|CASNo=1|CASNo_Ref={{cascite|correct|a}}}}|CASNo_Ref={{cascite|correct|b}}}}",
            "{{chembox|Verifiedfields=changed|verifiedrevid=266420980|Section1={{Chembox X|CASNo=1|CASNo_Ref={{cascite|changed|a}}}}}}",
        ),
    ] {
        assert_eq!(acetone(now).unwrap().text, done);
    }
}

#[test]
fn new_marks_keep_their_order_among_those_at_the_front() {
    let verified_text = "{{chembox|CASNo=1|BoilingPt=5}}";
    let rest = "|CASNo_Ref={{cascite|changed|??}}|CASNo=2|BoilingPt=6}}";
    let all = format!("{{{{chembox|Verifiedfields=changed|Watchedfields=changed|verifiedrevid=9{rest}");
    for front in [
        "",
        "|Verifiedfields=changed",
        "|Watchedfields=changed",
        "|verifiedrevid=9",
        "|Verifiedfields=changed|verifiedrevid=9",
        "|Watchedfields=changed|verifiedrevid=9",
        "|verifiedrevid=8|verifiedrevid=9",
        "|Verifiedfields=changed|Watchedfields=changed",
    ] {
        let done = mark(&format!("{{{{chembox{front}{rest}"), verified_text, 9, &chembox()).unwrap();
        assert_eq!(done.text, all, "{front}");
    }
    // While one goes another comes.
    let now =
        "{{chembox\n| Verifiedfields = changed\n| CASNo_Ref = {{cascite|correct|??}}\n| CASNo = 1\n| BoilingPt = 6\n}}";
    assert_eq!(
        mark(now, verified_text, 9, &chembox()).unwrap().text,
        now.replace(
            "| Verifiedfields = changed\n",
            "| Watchedfields = changed\n| verifiedrevid = 9\n"
        )
    );
}

#[test]
fn only_fields_with_a_value_get_new_marks() {
    let def = chembox();
    for (now, right, expected) in [
        // Not there or empty in both: what stands, stays.
        ("CASNo=|CASNo_Ref={{cascite|changed|x}}|verifiedrevid=9", "x=", None),
        ("CASNo1_Ref=human|verifiedrevid=9", "CASNo1=<ref>a</ref>", None),
        // Gone: the mark that is there says so, none is made.
        (
            "CASNo_Ref={{cascite|correct|x}}|verifiedrevid=9",
            "CASNo=1",
            Some("Verifiedfields=changed|CASNo_Ref={{cascite|changed|x}}|verifiedrevid=9"),
        ),
        (
            "CASNo=|CASNo_Ref=|verifiedrevid=9",
            "CASNo=1",
            Some("Verifiedfields=changed|CASNo=|CASNo_Ref=|verifiedrevid=9"),
        ),
        (
            "CASNo=<!-- none -->|verifiedrevid=9",
            "CASNo=1",
            Some("Verifiedfields=changed|CASNo=<!-- none -->|verifiedrevid=9"),
        ),
        // A field beside which nothing was verified.
        (
            "CASNo3=5|verifiedrevid=9",
            "x=",
            Some("Verifiedfields=changed|CASNo3_Ref={{cascite|changed|??}}|CASNo3=5|verifiedrevid=9"),
        ),
        // References and comments are no difference; duplicates: the last one counts.
        (
            "CASNo=7|CASNo=1<ref>x</ref>|verifiedrevid=9",
            "CASNo= 1",
            Some("CASNo=7|CASNo_Ref={{cascite|correct|??}}|CASNo=1<ref>x</ref>|verifiedrevid=9"),
        ),
    ] {
        let whole = |params: &str| format!("{{{{chembox|{params}}}}}");
        let done = mark(&whole(now), &whole(right), 9, &def);
        assert_eq!(done.map(|done| done.text), expected.map(whole), "{now}");
    }
}

#[test]
fn edits_that_meet_in_one_gap_are_made_one_by_one() {
    for (now, expected) in [
        (
            "{{chembox| verifiedrevid =  | CASNo = 1 }}",
            "{{chembox| verifiedrevid = 9 | CASNo_Ref = {{cascite|correct|??}} | CASNo = 1 }}",
        ),
        (
            "{{chembox| CASNo = 1 | verifiedrevid = 2 |CASNo_Ref = x |verifiedrevid=3 | CASNo_Ref = {{cascite|correct}} | Name = a\n}}",
            "{{chembox| CASNo = 1 |verifiedrevid=9 | CASNo_Ref = {{cascite|correct}} | Name = a\n}}",
        ),
    ] {
        assert_eq!(mark(now, "{{chembox|CASNo=1}}", 9, &chembox()).unwrap().text, expected);
    }
}

#[test]
fn a_field_under_another_name_gets_its_mark_beside_it() {
    let mut def = chembox();
    def.aliases.insert("CAS".to_owned(), "CASNo".to_owned());
    let done = mark("{{chembox|verifiedrevid=9|CAS=2}}", "{{chembox|CASNo=2}}", 9, &def).unwrap();
    assert_eq!(
        done.text,
        "{{chembox|verifiedrevid=9|CASNo_Ref={{cascite|correct|??}}|CAS=2}}"
    );
}

#[test]
fn fields_without_a_tracker_have_no_mark() {
    let mut def = chembox();
    def.trackers.clear();
    let done = mark(
        "{{chembox|CASNo=2|CASNo_Ref={{cascite|correct|??}}}}",
        "{{chembox|CASNo=1}}",
        9,
        &def,
    )
    .unwrap();
    assert_eq!(
        done.text,
        "{{chembox|Verifiedfields=changed|verifiedrevid=9|CASNo=2|CASNo_Ref={{cascite|correct|??}}}}"
    );
}

#[test]
fn without_an_index_line_all_marks_go() {
    let def = chembox();
    let due = due_marks(&def, &only(CLEAN, &def), None);
    assert_eq!(marked(CLEAN, &def, &due), None);
    assert_eq!(marked(MARKED, &def, &due).unwrap().text, CLEAN);
    let stale = "{{chembox|Verifiedfields=changed|Watchedfields=|verifiedrevid=3|CASNo_Ref={{cascite|changed}}|CASNo=1\
                 |Name_Ref={{cite|x}}|Density_Ref=[[x]]|Foo_Ref={{Cascite|correct}}|CASNo1_Ref=}}";
    let done = marked(stale, &def, &due).unwrap();
    assert_eq!(
        done.text,
        "{{chembox|Watchedfields=|CASNo=1|Name_Ref={{cite|x}}|Density_Ref=[[x]]|CASNo1_Ref=}}"
    );
    assert!(done.edits.iter().all(|edit| edit.did == Did::Removed));
    assert_eq!(marked(&done.text, &def, &due), None);
}

#[test]
fn boxes_of_a_page_are_marked_together_and_nothing_else_is() {
    let def = chembox();
    let text = format!(
        "<!-- {CLEAN} --><pre>{CLEAN}</pre> {{{{wrap|{CLEAN}|{}}}}} {{{{chembox|Name=c}}}}\n",
        CLEAN.replace("64-1", "64-7")
    );
    let (page, found) = (scanned(&text), boxes(&text, &def));
    let right = verified(CLEAN, &def);
    let due: Vec<Due> = found[..2]
        .iter()
        .map(|one| due_marks(&def, one, Some((&right, RevId(ACETONE)))))
        .collect();
    let both: Vec<_> = found.iter().zip(&due).collect();
    let done = apply_all(&text, &page, &tags(), &def, &both).unwrap().unwrap();
    let wrong = MARKED
        .replace("64-1", "64-7")
        .replace("{{chembox\n", "{{chembox\n| Verifiedfields = changed\n")
        .replace("|correct|", "|changed|");
    assert_eq!(
        done.text,
        format!("<!-- {CLEAN} --><pre>{CLEAN}</pre> {{{{wrap|{MARKED}|{wrong}}}}} {{{{chembox|Name=c}}}}\n")
    );
    assert_eq!(did(&done).len(), 5);
}

#[test]
fn a_mark_that_is_watched_itself_is_never_touched() {
    let mut def = chembox();
    def.watched.push("CASNo_Ref".to_owned());
    let now = only(CLEAN, &def);
    let due = due_marks(&def, &now, Some((&verified(CLEAN, &def), RevId(ACETONE))));
    let refused = apply(CLEAN, &scanned(CLEAN), &tags(), &def, &now, &due).unwrap_err();
    assert!(
        refused.to_string().contains("the value of a field would change"),
        "{refused}"
    );
}

fn fields() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        5 => "(CASNo|CASNo1|CASNo3|BoilingPt|Name|CAS)",
        3 => "(CASNo_Ref|CASNo1_Ref|CASNo3_Ref|Name_Ref|verifiedrevid|Verifiedfields|Watchedfields)",
    ];
    let value = prop_oneof![
        "(|1|2|changed|correct|67-64-1)",
        "(\\{\\{cascite\\|changed\\|CAS\\}\\}|\\{\\{cascite\\|correct\\}\\}|\\{\\{fdacite\\|correct\\|x\\}\\})",
        "(1<ref>a\\|b</ref>|2<!-- c -->|<!-- \\| -->|1 <nowiki>}}</nowiki>|\\[\\[a\\|b\\]\\]|\\{\\{a\\|b=c\\}\\})",
    ];
    let named = (name, "( |)", value, "( |\n|)")
        .prop_map(|(name, blank, value, end)| format!("{name}{blank}={blank}{value}{end}"));
    prop_oneof![9 => named, 1 => "(pos| pos \n|)"]
}

fn box_text() -> impl Strategy<Value = String> {
    let list = || proptest::collection::vec((fields(), "(\\| |\\|)"), 0..6);
    let joined =
        |fields: Vec<(String, String)>| fields.into_iter().map(|(field, bar)| bar + &field).collect::<String>();
    (list(), list(), list(), "(\n|)", 0..3_usize).prop_map(move |(front, section, back, end, sections)| {
        let section = joined(section);
        let sections: String = (1..=sections)
            .map(|i| format!("|Section{i}={{{{Chembox S{end}{section}}}}}{end}"))
            .collect();
        format!(
            "x {{{{chembox{end}{}{sections}{}{end}}}}} y",
            joined(front),
            joined(back)
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever stands in a box: its values stay, and once is enough.
    #[test]
    fn values_stay_and_marking_again_does_nothing(now in box_text(), right in box_text(), with_index in any::<bool>()) {
        let mut def = chembox();
        def.aliases.insert("CAS".to_owned(), "CASNo".to_owned());
        let right = verified(&right, &def);
        let due = |text: &str| due_marks(&def, &only(text, &def), with_index.then_some((&right, RevId(77))));
        let values = |text: &str| {
            let mut fields = only(text, &def).fields;
            fields.retain(|name, _| !def.is_mark(name) && !name.starts_with("Section"));
            fields.into_iter().map(|(name, field)| (name, field.value)).collect::<Vec<_>>()
        };
        let done = apply(&now, &scanned(&now), &tags(), &def, &only(&now, &def), &due(&now));
        prop_assert!(done.is_ok(), "{:?}", done);
        if let Ok(Some(done)) = done {
            prop_assert_ne!(&done.text, &now);
            prop_assert!(!done.edits.is_empty());
            prop_assert_eq!(values(&done.text), values(&now));
            prop_assert_eq!(due(&done.text), due(&now));
            prop_assert_eq!(marked(&done.text, &def, &due(&done.text)), None, "{}", done.text);
            // What was due is what stands there now.
            let (due, after) = (due(&now), only(&done.text, &def));
            let flag = |name: &str| normalise(after.value(name).unwrap_or_default(), false);
            prop_assert_eq!(flag("verifiedrevid"), due.verifiedrevid.map(|id| id.to_string()).unwrap_or_default());
            prop_assert_eq!(flag("Verifiedfields"), if due.verifiedfields { "changed" } else { "" });
            prop_assert_eq!(flag("Watchedfields"), if due.watchedfields { "changed" } else { "" });
            for (field, reference) in &due.references {
                let said = flag(&format!("{field}_Ref"));
                let may_be_silent = *reference == Reference::Missing && said.is_empty();
                prop_assert!(may_be_silent || said.starts_with(&format!("{{{{cascite|{}", reference.word())), "{} {}", field, said);
            }
        }
    }
}
