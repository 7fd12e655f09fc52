use super::*;
use clap::Parser;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    fields: FieldsArgs,
}

const TEXT: &str = "é\n{{chembox <!-- a|b -->\n| Name = Acetone <!-- c -->\n| Section1 = {{Chembox Identifiers\n| CAS<!-- = -->No = 67-64-1\u{1b}[31m\n| 2 }}\n}} <math>{{x}}</math> {{other| {{#if:|y}} |=\n}}";

fn scanned(tags: &str) -> (Scan, HashSet<String>) {
    let tags: HashSet<String> = tags.split(',').map(str::to_owned).collect();
    (scan(TEXT, &tags).unwrap(), tags)
}

#[test]
fn every_template_and_parameter_is_told_with_its_place() {
    let (scan, _) = scanned(USUAL_TAGS);
    let all = as_json(TEXT, &scan, &choose(TEXT, &scan, None));
    let names: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["chembox", "Chembox Identifiers", "other", "#if:"]);
    let parents: Vec<_> = all.as_array().unwrap().iter().map(|t| t["parent"].as_u64()).collect();
    assert_eq!(parents, [None, Some(0), None, Some(2)]);
    let told = |t: usize, p: usize| {
        let p = &all[t]["params"][p];
        let part = |a: &str, b: &str| &TEXT[p[a].as_u64().unwrap() as usize..p[b].as_u64().unwrap() as usize];
        assert_eq!(part("value_start", "value_end"), p["value"].as_str().unwrap());
        assert!(TEXT[..p["start"].as_u64().unwrap() as usize].ends_with('|'));
        assert!(part("start", "end").contains(p["value"].as_str().unwrap()));
        (
            p["name"].as_str().unwrap().to_owned(),
            p["value"].as_str().unwrap().to_owned(),
            p["positional"] == true,
        )
    };
    let is = |name: &str, value: &str, positional| (name.to_owned(), value.to_owned(), positional);
    assert_eq!(told(0, 0), is("Name", "Acetone <!-- c -->", false));
    assert_eq!(told(1, 0), is("CASNo", "67-64-1\u{1b}[31m", false));
    assert_eq!(told(1, 1), is("1", " 2 ", true));
    assert_eq!(told(2, 0), is("1", " {{#if:|y}} ", true));
    assert_eq!(told(2, 1), is("", "", false));
    assert_eq!(&TEXT[all[0]["start"].as_u64().unwrap() as usize..][..10], "{{chembox ");
    // Without the tag, its inside is a template too.
    let (scan, _) = scanned("ref");
    assert_eq!(scan.templates.len(), 5);
}

#[test]
fn people_read_safe_lines() {
    let (scan, _) = scanned(USUAL_TAGS);
    let out = for_people(TEXT, &scan, &choose(TEXT, &scan, None));
    assert_eq!(
        out,
        "2:1 {{chembox}}\n  Name = Acetone <!-- c -->\n  Section1 = {{Chembox Identifiers | CAS<!-- = -->No = 67-64-1⟨U+001B⟩[31m | 2 }}\n\n\
         4:14 {{Chembox Identifiers}} in {{chembox}}\n  CASNo = 67-64-1⟨U+001B⟩[31m\n  1 :  2\n\n\
         7:23 {{other}}\n  1 :  {{#if:|y}}\n   =\n\n7:32 {{#if:}} in {{other}}\n  1 : y\n"
    );
    assert_eq!(for_people("x", &Scan::default(), &[]), "No templates.\n");
}

#[test]
fn one_box_comes_with_what_is_inside() {
    let (scan, _) = scanned(USUAL_TAGS);
    let of = |name: &str| {
        let names = names(&offline_site().unwrap(), name, &[]).unwrap();
        as_json(TEXT, &scan, &choose(TEXT, &scan, Some(&names)))
    };
    let inside = of("Template:Chembox_Identifiers");
    assert_eq!(inside.as_array().unwrap().len(), 1);
    assert_eq!(inside[0]["parent"], Value::Null);
    let other = of("other");
    assert_eq!((other.as_array().unwrap().len(), &other[1]["parent"]), (2, &json!(0)));
    assert!(names(&offline_site().unwrap(), "a|b", &[]).is_err());
}

#[test]
fn the_flags_fit_together() {
    let parse =
        |line: &str| Line::try_parse_from(["fields"].into_iter().chain(line.split_whitespace())).map(|l| l.fields);
    let plain = parse("").unwrap();
    assert_eq!((plain.file.to_str(), plain.page), (Some("-"), None));
    assert!(plain.tags.iter().any(|tag| tag == "syntaxhighlight") && plain.tags.iter().all(|tag| !tag.contains(' ')));
    assert_eq!(parse("--file x --tags ref,math").unwrap().tags, ["ref", "math"]);
    assert_eq!(parse("--page X --revid 7 --box Y").unwrap().revid, Some(7));
    for wrong in [
        "--revid 7",
        "--page X --file y",
        "--page X --tags ref",
        "--revid x --page X",
    ] {
        assert!(parse(wrong).is_err(), "{wrong}");
    }
}
