use super::*;

pub(super) fn tags() -> HashSet<String> {
    ["ref", "nowiki", "math", "pre"].map(str::to_owned).into()
}

pub(super) fn scanned(text: &str) -> Scan {
    scan(text, &tags()).unwrap()
}

/// Places of a parameter: the template's by its number, the last of that name in it.
pub(super) fn find(text: &str, scan: &Scan, template: usize, name: &str) -> usize {
    let params = &scan.templates[template].params;
    params
        .iter()
        .rposition(|param| param_name(text, scan, param) == name)
        .unwrap_or_else(|| panic!("no {name} in {text:?}"))
}

fn edited(text: &str, make: impl FnOnce(&mut Edits<'_>, &dyn Fn(usize, &str) -> usize)) -> Result<String, EditError> {
    let (scan, tags) = (scanned(text), tags());
    let mut edits = Edits::new(text, &scan, &tags);
    make(&mut edits, &|template, name| find(text, &scan, template, name));
    edits.apply()
}

fn replaced(text: &str, name: &str, value: &str) -> String {
    edited(text, |e, at| {
        e.replace_value(0, at(0, name), value);
    })
    .unwrap()
}

fn first(text: &str) -> String {
    edited(text, |e, _| {
        e.insert(0, "new", "v", Place::First);
    })
    .unwrap()
}

fn before(text: &str, name: &str) -> String {
    edited(text, |e, at| {
        e.insert(0, "new", "v", Place::Before(at(0, name)));
    })
    .unwrap()
}

fn after(text: &str, name: &str) -> String {
    edited(text, |e, at| {
        e.insert(0, "new", "v", Place::After(at(0, name)));
    })
    .unwrap()
}

fn removed(text: &str, names: &[&str]) -> String {
    edited(text, |e, at| {
        for name in names {
            e.remove(0, at(0, name));
        }
    })
    .unwrap()
}

#[test]
fn a_value_gives_way_and_what_is_round_it_stays() {
    for (text, value, wanted) in [
        ("{{a\n| x = 1 <!-- keep -->\n}}", "2", "{{a\n| x = 2 <!-- keep -->\n}}"),
        (
            "{{a|x=  1\t|y=2}}",
            "{{c|correct|??}}",
            "{{a|x=  {{c|correct|??}}\t|y=2}}",
        ),
        (
            "{{a|x=<!-- was 0 -->1<!-- a -->\n<!-- b -->}}",
            "2",
            "{{a|x=<!-- was 0 -->2<!-- a -->\n<!-- b -->}}",
        ),
        // The last duplicate counts, and is what the caller names.
        ("{{a|x=1|x=2}}", "3", "{{a|x=1|x=3}}"),
        ("{{a\n| y = 1\n| x =\n}}", "2", "{{a\n| y = 1\n| x = 2\n}}"),
        ("{{a\n| y = 1\n| x = \n}}", "2", "{{a\n| y = 1\n| x = 2\n}}"),
        ("{{a\n| y   = 1\n| x   =\n}}", "2", "{{a\n| y   = 1\n| x   = 2\n}}"),
        ("{{a\n|y=1\n|x=\n}}", "2", "{{a\n|y=1\n|x=2\n}}"),
        ("{{a\n| x =\n| y =\n}}", "2", "{{a\n| x = 2\n| y =\n}}"),
        ("{{a|x=|y=}}", "2", "{{a|x=2|y=}}"),
        ("{{a| x= | y=3 }}", "2", "{{a| x=2 | y=3 }}"),
        ("{{a| x = | y = 3 }}", "2", "{{a| x = 2 | y = 3 }}"),
        ("{{a| y = 3 | x =}}", "2", "{{a| y = 3 | x = 2}}"),
        ("{{a| y = 3 | x = }}", "2", "{{a| y = 3 | x = 2}}"),
        (
            "{{a\n| y = 3\n| x = <!-- see talk -->\n}}",
            "2",
            "{{a\n| y = 3\n| x = 2 <!-- see talk -->\n}}",
        ),
        (
            "{{a\r\n| x = 1\r\n| y = 3\r\n}}",
            "2",
            "{{a\r\n| x = 2\r\n| y = 3\r\n}}",
        ),
        ("{{a|x=1\n}}", "", "{{a|x=\n}}"),
        ("{{a|x= {{b|{{c}}}} }} {{d}}", "2", "{{a|x= 2 }} {{d}}"),
    ] {
        assert_eq!(replaced(text, "x", value), wanted, "{text:?}");
    }
    assert_eq!(replaced("{{a| p |x=1}}", "1", "q"), "{{a| q |x=1}}");
    assert_eq!(replaced("{{a||x=1}}", "1", "q"), "{{a|q|x=1}}");
}

#[test]
fn a_new_parameter_looks_like_its_neighbours() {
    for (text, wanted) in [
        (
            "{{chembox\n| Name = Acetone\n}}",
            "{{chembox\n| new = v\n| Name = Acetone\n}}",
        ),
        ("{{Drugbox|drug_name=|alt=}}", "{{Drugbox|new=v|drug_name=|alt=}}"),
        ("{{Drugbox}}", "{{Drugbox|new=v}}"),
        ("{{Drugbox }}", "{{Drugbox|new=v }}"),
        ("{{Drugbox\n}}", "{{Drugbox\n| new = v\n}}"),
        ("{{Drugbox <!-- c -->}}", "{{Drugbox <!-- c -->|new=v}}"),
        (
            "{{Drugbox<!-- c -->\n| a = b\n}}",
            "{{Drugbox<!-- c -->\n| new = v\n| a = b\n}}",
        ),
        ("{{Drugbox <!-- c -->|a=b}}", "{{Drugbox <!-- c -->|new=v|a=b}}"),
        (
            "{{chembox|\n Name = x|\n CAS = y\n}}",
            "{{chembox|\n new = v|\n Name = x|\n CAS = y\n}}",
        ),
        ("{{chembox|Name=x\n|CAS=y\n}}", "{{chembox|new=v\n|Name=x\n|CAS=y\n}}"),
        (
            "{{chembox\n  |Name   =x\n  |CASNo  =y\n}}",
            "{{chembox\n  |new    =v\n  |Name   =x\n  |CASNo  =y\n}}",
        ),
        (
            "{{chembox\n| Nam = x\n| CA  = y\n}}",
            "{{chembox\n| new = v\n| Nam = x\n| CA  = y\n}}",
        ),
        (
            "{{chembox\n|   Name = x\n}}",
            "{{chembox\n|   new = v\n|   Name = x\n}}",
        ),
        (
            "{{chembox\r\n| Name = x\r\n}}",
            "{{chembox\r\n| new = v\r\n| Name = x\r\n}}",
        ),
        ("{{chembox\n| Name =\n}}", "{{chembox\n| new = v\n| Name =\n}}"),
        ("{{chembox\n|Name=\n}}", "{{chembox\n|new=v\n|Name=\n}}"),
        ("{{chembox | p | q }}", "{{chembox | new=v | p | q }}"),
        ("{{chembox\n| p\n}}", "{{chembox\n| new = v\n| p\n}}"),
    ] {
        assert_eq!(first(text), wanted, "{text:?}");
    }
    for (text, name, wanted) in [
        ("{{a\n| C=6 | H=8 | O=6\n}}", "H", "{{a\n| C=6 | new=v | H=8 | O=6\n}}"),
        (
            "{{a\n<!-- ids -->\n| x = 1\n}}",
            "x",
            "{{a\n<!-- ids -->\n| new = v\n| x = 1\n}}",
        ),
        (
            "{{a|x = 1|\n y = 2|\n z = 3\n}}",
            "y",
            "{{a|x = 1|\n new = v|\n y = 2|\n z = 3\n}}",
        ),
        ("{{a| p |x=1}}", "x", "{{a| p |new=v |x=1}}"),
        ("{{a|x={{b}}|y=[[c|d]]}}", "y", "{{a|x={{b}}|new=v|y=[[c|d]]}}"),
    ] {
        assert_eq!(before(text, name), wanted, "{text:?}");
    }
    for (text, name, wanted) in [
        ("{{a\n| x = 1\n| y = 2\n}}", "x", "{{a\n| x = 1\n| new = v\n| y = 2\n}}"),
        (
            "{{a\n| x = 1 <!-- c -->\n\n<!-- ids -->\n| y = 2\n}}",
            "x",
            "{{a\n| x = 1 <!-- c -->\n| new = v\n\n<!-- ids -->\n| y = 2\n}}",
        ),
        ("{{a\n| x = 1\n}}", "x", "{{a\n| x = 1\n| new = v\n}}"),
        ("{{a\n| x = 1 }}", "x", "{{a\n| x = 1\n| new = v }}"),
        ("{{a\n| x = 1}}", "x", "{{a\n| x = 1\n| new = v}}"),
        ("{{a\n| x = \n| y = 2}}", "x", "{{a\n| x = \n| new = v\n| y = 2}}"),
        (
            "{{a\n| C=6 | H=8 | O=6\n| y=1\n}}",
            "C",
            "{{a\n| C=6 | new=v | H=8 | O=6\n| y=1\n}}",
        ),
        (
            "{{a\n| C=6 | H=8 | O=6\n| y=1\n}}",
            "O",
            "{{a\n| C=6 | H=8 | O=6 | new=v\n| y=1\n}}",
        ),
        ("{{a|x=1}}", "x", "{{a|x=1|new=v}}"),
        ("{{a|x=|y=}}", "y", "{{a|x=|y=|new=v}}"),
        ("{{a|\n x = 1|\n y = 2\n}}", "x", "{{a|\n x = 1|\n new = v|\n y = 2\n}}"),
        ("{{a|\n x = 1|\n y = 2\n}}", "y", "{{a|\n x = 1|\n y = 2|\n new = v\n}}"),
        ("{{a| p }}", "1", "{{a| p | new=v}}"),
        ("{{a\n| p\n}}", "1", "{{a\n| p\n| new = v\n}}"),
    ] {
        assert_eq!(after(text, name), wanted, "{text:?}");
    }
}

#[test]
fn a_parameter_goes_with_its_line_or_without_a_trace() {
    for (text, names, wanted) in [
        (
            "{{a\n| x = 1\n| y = 2 <!-- c -->\n| z = 3\n}}",
            &["y"][..],
            "{{a\n| x = 1\n| z = 3\n}}",
        ),
        (
            "{{a\n| x = 1\n| y = 2\n<!-- ids -->\n| z = 3\n}}",
            &["y"],
            "{{a\n| x = 1\n<!-- ids -->\n| z = 3\n}}",
        ),
        ("{{a\n| x = 1\n| y = 2\n}}", &["y"], "{{a\n| x = 1\n}}"),
        ("{{a\n| x = 1\n| y = 2}}", &["y"], "{{a\n| x = 1}}"),
        ("{{a\n| x = 1\n| y = 2 }}", &["x", "y"], "{{a\n }}"),
        ("{{a\n| x = 1\n| y = 2\n}}", &["x", "y"], "{{a\n}}"),
        ("{{a|x=1|y=2|z=3}}", &["y"], "{{a|x=1|z=3}}"),
        ("{{a|x=1|y=2|z=3}}", &["x", "z"], "{{a|y=2}}"),
        ("{{a| x = 1 | y = 2 | z = 3 }}", &["z"], "{{a| x = 1 | y = 2 }}"),
        ("{{a| x = 1 | y = 2}}", &["y"], "{{a| x = 1}}"),
        ("{{a\n| C=6 | H=8 | O=6\n}}", &["C"], "{{a\n| H=8 | O=6\n}}"),
        ("{{a\n| C=6 | H=8 | O=6\n}}", &["O"], "{{a\n| C=6 | H=8\n}}"),
        (
            "{{a|\n x = 1|\n y = 2|\n z = 3\n}}",
            &["y"],
            "{{a|\n x = 1|\n z = 3\n}}",
        ),
        ("{{a|\n x = 1|\n y = 2\n}}", &["y"], "{{a|\n x = 1\n}}"),
        ("{{a|\n x = 1|\n y = 2\n}}", &["x"], "{{a|\n y = 2\n}}"),
        ("{{a\r\n| x = 1\r\n| y = 2\r\n}}", &["x"], "{{a\r\n| y = 2\r\n}}"),
        ("{{a| p |x=1}}", &["x"], "{{a| p }}"),
        ("{{a\n| x = 1\n| y = {{b\n | c = 1\n}}\n}}", &["y"], "{{a\n| x = 1\n}}"),
    ] {
        assert_eq!(removed(text, names), wanted, "{text:?}");
    }
}

#[test]
fn several_edits_are_made_at_once() {
    let acetone = "{{chembox\n| Verifiedfields = changed\n| verifiedrevid = 1\n| Name = Acetone\n| Section1={{Chembox Identifiers\n|   CASNo_Ref = {{cascite|changed|??}}\n|   CASNo = 67-64-1\n|   UNII = \n }}\n}}\ntext";
    let text = edited(acetone, |e, at| {
        e.remove(0, at(0, "Verifiedfields"))
            .insert(0, "Watchedfields", "changed", Place::First)
            .replace_value(0, at(0, "verifiedrevid"), "266420980")
            .replace_value(1, at(1, "CASNo_Ref"), "{{cascite|correct|??}}")
            .insert(1, "UNII_Ref", "{{fdacite|correct|FDA}}", Place::Before(at(1, "UNII")));
    });
    let wanted = "{{chembox\n| Watchedfields = changed\n| verifiedrevid = 266420980\n| Name = Acetone\n| Section1={{Chembox Identifiers\n|   CASNo_Ref = {{cascite|correct|??}}\n|   CASNo = 67-64-1\n|   UNII_Ref = {{fdacite|correct|FDA}}\n|   UNII = \n }}\n}}\ntext";
    assert_eq!(text.unwrap(), wanted);
    for text in [
        "{{a |x=1 |y=2}}",
        "{{a\n| x = 1\n| y = 2\n}}",
        "{{a|\n x = 1|\n y = 2}}",
    ] {
        let both = edited(text, |e, at| {
            e.remove(0, at(0, "x"))
                .insert(0, "m", "3", Place::First)
                .insert(0, "n", "4", Place::After(at(0, "x")));
        });
        let both = both.unwrap_or_else(|why| panic!("{text:?}: {why}"));
        let scan = scanned(&both);
        let names: Vec<_> = (scan.templates[0].params.iter())
            .map(|param| param_name(&both, &scan, param))
            .collect();
        assert_eq!(names, ["m", "n", "y"], "{both:?}");
    }
    let order = edited("{{a|x=1}}", |e, _| {
        e.insert(0, "m", "", Place::First)
            .insert(0, "n", "", Place::First)
            .insert(0, "o", "", Place::After(0))
            .replace_value(0, 0, "");
    });
    assert_eq!(order.unwrap(), "{{a|m=|n=|x=|o=}}");
}

#[test]
fn what_would_change_something_else_is_refused() {
    let refused = |text: &str, value: &str| {
        edited(text, |e, at| {
            e.replace_value(0, at(0, "x"), value);
        })
        .unwrap_err()
    };
    for value in [
        "a|b",
        "{{",
        "}}",
        "{{b",
        "b}}",
        "a}",
        "[[b",
        "<!-- b",
        "{|\n|}",
        "~~~~",
        "a\n* b",
        "a\n== b ==",
        "{{{b|",
        "<nowiki>|",
        "-{b",
    ] {
        let why = refused("{{a|x=1|y=2}}", value);
        assert!(
            matches!(why, EditError::Unwritable { line: 1, .. }),
            "{value:?}: {why:?}"
        );
    }
    // Closes what somebody left open before.
    let why = refused("<nowiki> {{a|x=1|y=2}}", "</nowiki>");
    assert!(matches!(why, EditError::Unsafe { line: 1, .. }), "{why:?}");
    let why = refused("\n{{a|x=1}} </ref>", "<ref>");
    assert!(matches!(why, EditError::Unsafe { line: 2, .. }), "{why:?}");
    // A positional value that would get a name, and one whose number would change.
    for text in [
        edited("{{a|p|q}}", |e, _| {
            e.replace_value(0, 0, "n=1");
        }),
        edited("{{a|p|q}}", |e, _| {
            e.remove(0, 0);
        }),
        edited("{{a|x=1}}", |e, _| {
            e.insert(0, "x", "2", Place::First);
        }),
        edited("{{a|p}}", |e, _| {
            e.insert(0, "1", "2", Place::First);
        }),
        edited("{{a|x=1}}", |e, _| {
            e.insert(0, "y", "2", Place::First).insert(0, "y", "2", Place::First);
        }),
        edited("{{a|x=1}}", |e, _| {
            e.replace_value(0, 0, "2").replace_value(0, 0, "3");
        }),
        edited("{{a|x={{b|y=1}}}}", |e, _| {
            e.replace_value(1, 0, "2").replace_value(0, 0, "3");
        }),
        edited("{{a|x=1}}", |e, _| {
            e.insert(0, "y=", "2", Place::First);
        }),
        edited("{{a|x=1}}", |e, _| {
            e.insert(0, "y", "2", Place::Before(1));
        }),
        edited("{{a|x=1}}", |e, _| {
            e.remove(1, 0);
        }),
    ] {
        assert!(text.is_err(), "{text:?}");
    }
    let (foreign, tags) = (scanned("{{a|x=1}} "), tags());
    let why = Edits::new("{{é|x=1}}", &foreign, &tags).apply();
    assert!(matches!(why, Err(EditError::Foreign(_))), "{why:?}");
}
