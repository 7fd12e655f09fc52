use crate::infobox::fixtures::{boxes, chembox, drugbox, scanned};

fn value(text: &str, field: &str) -> Option<String> {
    let found = boxes(text, &chembox());
    assert_eq!(found.len(), 1, "{text}");
    found[0].value(field).map(str::to_owned)
}

#[test]
fn fields_are_one_flat_name_space() {
    let text = "intro {{other|CASNo=1}} {{chembox\n| Name = Acetone<!-- c -->\n| Section1 = <!-- ids -->\n {{Chembox Identifiers\n\
                | CASNo<!-- c --> = 67-64-1\n| SMILES = {{tl|a=b|c}}\n}}\n| Section2={{My properties|BoilingPt=56|x}}\n\
                | Section3 = see {{Other|Density=1}}\n| Data={{Other|Density=2}}\n| pos\n}} CASNo=9";
    let found = boxes(text, &chembox());
    assert_eq!(found.len(), 1);
    let fields: Vec<(&str, &str)> = found[0]
        .fields
        .iter()
        .map(|(n, f)| (n.as_str(), f.value.as_str()))
        .collect();
    assert_eq!(
        fields,
        [
            ("1", "pos"),
            ("BoilingPt", "56"),
            ("CASNo", "67-64-1"),
            ("Data", "{{Other|Density=2}}"),
            ("Name", "Acetone<!-- c -->"),
            ("SMILES", "{{tl|a=b|c}}"),
            (
                "Section1",
                "<!-- ids -->\n {{Chembox Identifiers\n| CASNo<!-- c --> = 67-64-1\n| SMILES = {{tl|a=b|c}}\n}}"
            ),
            ("Section2", "{{My properties|BoilingPt=56|x}}"),
            ("Section3", "see {{Other|Density=1}}"),
        ]
    );
    let scan = scanned(text);
    let casno = &found[0].fields["CASNo"];
    let param = &scan.templates[casno.template].params[casno.param];
    assert_eq!(text[param.value.clone()].trim(), "67-64-1");
    assert_eq!(found[0].sections.len(), 2);
}

#[test]
fn sections_are_known_by_name_or_place() {
    for (section, expected) in [
        ("Section1={{Chembox Identifiers|CASNo=1}}", Some("1")),
        ("Anything={{chembox_new Identifiers|CASNo=1}}", Some("1")),
        ("Anything=text {{Template:Chembox Identifiers|CASNo=1}}", Some("1")),
        ("{{Chembox Identifiers|CASNo=1}}", Some("1")),
        ("Section12 = {{Ids|CASNo=1}} <!-- {{x}} -->", Some("1")),
        ("Section={{Ids|CASNo=1}}", None),
        ("SectionA={{Ids|CASNo=1}}", None),
        ("Section1={{Ids|CASNo=1}}{{Ids|CASNo=2}}", None),
        ("Section1={{#if:x|{{Chembox Identifiers|CASNo=1}}}}", None),
        ("Other={{Ids|CASNo=1}}", None),
        ("Other={{Chemboxes Identifiers|CASNo=1}}", None),
        ("Section1={{Chembox A|Section2={{Chembox B|CASNo=1}}}}", Some("1")),
        ("Section1={{Chembox A|{{Other|{{Chembox B|CASNo=1}}}}}}", None),
        // A box in the box is part of it; its fields count where it is a section.
        ("Section1={{chembox|CASNo=1}}", Some("1")),
        ("Other={{chembox|CASNo=1}}", None),
        ("Other={{Navbox|{{chembox|CASNo=1}}}}", None),
    ] {
        let text = format!("{{{{Chembox|{section}}}}}");
        assert_eq!(value(&text, "CASNo").as_deref(), expected, "{text}");
    }
}

#[test]
fn the_last_duplicate_wins_and_names_are_exact() {
    assert_eq!(value("{{chembox|CASNo=1|CASNo=2}}", "CASNo").unwrap(), "2");
    assert_eq!(value("{{chembox|CASNo=1|CASNo=}}", "CASNo").unwrap(), "");
    assert_eq!(
        value("{{chembox|CASNo=1|Section1={{Chembox X|CASNo=2}}}}", "CASNo").unwrap(),
        "2"
    );
    assert_eq!(
        value("{{chembox|Section1={{Chembox X|CASNo=2}}|CASNo=1}}", "CASNo").unwrap(),
        "1"
    );
    assert_eq!(value("{{chembox|casno=1|CASno=2|CAS_No=3}}", "CASNo"), None);
    assert_eq!(
        value("{{chembox\n|\n<!-- a -->\nCASNo\n=\n1\n}}", "CASNo").unwrap(),
        "1"
    );
}

#[test]
fn an_alias_counts_where_the_real_name_is_not_set() {
    let mut def = chembox();
    for alias in ["CAS", "CASnumber"] {
        def.aliases.insert(alias.to_owned(), "CASNo".to_owned());
    }
    for (params, expected) in [
        ("CAS=1", "1"),
        ("CAS=1|CASNo=2", "2"),
        ("CASNo=2|CAS=1", "2"),
        ("CASNo=|CAS=1", "1"),
        ("CASNo=<!-- none -->|CAS=1", "1"),
        ("CASNo=|CAS=", ""),
        ("CAS=1|CASnumber=2", "2"),
        ("CAS=1|CASnumber=", "1"),
        ("CAS=1|CAS=", ""),
    ] {
        let found = boxes(&format!("{{{{chembox|{params}}}}}"), &def);
        assert_eq!(found[0].value("CASNo"), Some(expected), "{params}");
        assert_eq!(found[0].value("CAS"), None);
    }
}

#[test]
fn boxes_are_what_the_wiki_shows() {
    let count = |text: &str| boxes(text, &drugbox()).len();
    assert_eq!(
        count("{{Drugbox}} {{infobox drug|a=1}} {{Template:Drugbox}} {{drugbox\n}}"),
        4
    );
    assert_eq!(count("{{Infobox wrapper|{{drugbox|a=1}}|b={{Drugbox}}}}"), 2);
    assert_eq!(count("{{Drugbox|a={{Drugbox}}}} {{Drugbox}}"), 2);
    assert_eq!(
        count("<!-- {{Drugbox}} --><nowiki>{{Drugbox}}</nowiki><pre>{{Drugbox}}</pre><ref>{{Drugbox}}</ref>"),
        0
    );
    assert_eq!(
        count("<includeonly>{{Drugbox}}</includeonly>{{Drug box}}{{User:Drugbox}}{{Drugbox"),
        0
    );
    assert_eq!(count("{{Drugbox|a={{cite}} {{Infobox drug"), 0);
}

/// Nested to hold itself thousands of times, a page makes no thousand copies.
#[test]
fn deep_nesting_stays_small() {
    let depth = 5_000;
    let text = format!(
        "{{{{chembox|{}{}",
        "Section1={{Chembox A|".repeat(depth),
        "}}".repeat(depth + 1)
    );
    let found = boxes(&text, &chembox());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].sections.len(), 4);
    let copied: usize = found[0].fields.values().map(|field| field.value.len()).sum();
    assert!(copied <= 5 * text.len());
}
