use super::*;
use crate::wikitext::scan;
use proptest::prelude::*;
use serde_json::json;

/// A German wiki that knows the template namespace by three names.
fn site() -> Site {
    let ns = |id: i32, name: &str, canonical: &str| json!({"id": id, "case": "first-letter", "name": name, "canonical": canonical, "content": id == 0});
    Site::from_siteinfo(&json!({
        "general": {"sitename": "Probe", "server": "http://127.0.0.1:8000", "lang": "de",
                    "wikiid": "probewiki", "generator": "MediaWiki 1.43.0"},
        "namespaces": {"0": ns(0, "", ""), "2": ns(2, "Benutzer", "User"), "10": ns(10, "Vorlage", "Template")},
        "namespacealiases": [{"id": 10, "alias": "V"}],
        "extensiontags": ["<nowiki>"], "extensions": [],
    }))
    .unwrap()
}

#[test]
fn a_template_is_known_however_it_is_spelled() {
    let names = TemplateNames::new(
        &site(),
        "Vorlage:Chembox new",
        ["infobox_chemical", "V:Stoff", "Benutzer:X", "a|b"],
    );
    assert_eq!(names.name(), "Chembox new");
    assert_eq!(
        names.all().collect::<Vec<_>>(),
        ["Chembox new", "Infobox chemical", "Stoff"]
    );
    for raw in [
        "Chembox new",
        " chembox_new\n",
        "\nchembox  _ new\t",
        "Template:chembox new",
        "vorlage: Chembox new",
        "V:Chembox_new ",
        "_TEMPLATE_:Chembox new",
        ":Vorlage:Chembox new",
        "Chem<!-- | -->box new<!-- }} -->",
        "\n<!-- box -->\nChembox new",
        "Chembox new#Usage",
        "infobox chemical",
        "Stoff",
    ] {
        assert!(names.is(raw), "{raw:?}");
    }
    for raw in [
        "",
        "Chembox",
        "Chembox New",
        "Chembox new 2",
        "Chembox\nnew",
        ":Chembox new",
        "Benutzer:Chembox new",
        "Benutzer:X",
        "#Chembox new",
        "Chembox new:x",
        "{{Chembox new}}",
        "{{{1|Chembox new}}}",
        "Chembox new{{x}}",
        "Chembox <nowiki/>new",
        "Chembox%20new",
        "[[Chembox new]]",
    ] {
        assert!(!names.is(raw), "{raw:?}");
    }
    assert!(!TemplateNames::new(&site(), "a|b", []).is("a|b"));
    assert_eq!(
        names,
        TemplateNames::new(&site(), "chembox new", ["Stoff", "Infobox chemical"])
    );
    assert_ne!(names, TemplateNames::new(&site(), "chembox new", ["Stoff"]));
}

#[test]
fn names_are_shown_without_comments() {
    let tags = ["nowiki".to_owned()].into();
    for (text, template, params) in [
        ("{{ a <!-- b -->\n| x <!-- = -->y = 1|2 }}", "a", &["x y", "1"][..]),
        (
            "{{a<nowiki><!-- b --></nowiki>|}}",
            "a<nowiki><!-- b --></nowiki>",
            &["1"],
        ),
        ("{{a\n <!-- b --> \nc<!-- d -->|<!-- e -->=}}", "a\nc", &[""]),
        (
            "{{a{{b<!-- c -->}}|{{d|e=f}}<!-- g -->h=1|= }}",
            "a{{b}}",
            &["{{d|e=f}}h", ""],
        ),
    ] {
        let scan = scan(text, &tags).unwrap();
        assert_eq!(template_name(text, &scan, &scan.templates[0]), template);
        let names: Vec<_> = (scan.templates[0].params.iter())
            .map(|p| param_name(text, &scan, p))
            .collect();
        assert_eq!(names, params, "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_name_makes_it_fall(raw in "([{}<>!|:#_ a-cé]|<!--|-->|Vorlage:|Stoff){0,12}") {
        let names = TemplateNames::new(&site(), "Stoff", ["abc"]);
        prop_assert!(!names.is(&raw) || raw.to_lowercase().contains("stoff") || raw.contains("bc") || raw.contains("<!--"));
    }
}
