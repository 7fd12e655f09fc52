use super::*;
use shared::core::infobox::{Check, MarkNames};
use shared::core::types::Problem;
use shared::manual::offline_site;
use shared::settings::{Parsed, parse};

fn accept(page: &str) -> Result<Parsed<Settings>, Vec<Problem>> {
    let title = "User:Bot/infobox-check/Settings";
    parse::<Settings>(page, "wikitext", title, &offline_site().unwrap())
}

fn settings(yaml: &str) -> Settings {
    let parsed = accept(&format!("<pre>\n{yaml}\n</pre>")).map_err(|p| format!("{yaml}\n{p:?}"));
    parsed.unwrap().settings
}

fn example() -> String {
    include_str!("../settings.example.wiki").to_owned()
}

/// Every problem of a page, as an admin reads them.
fn problems(page: &str) -> String {
    let problems = accept(page).map_or_else(|problems| problems, |parsed| parsed.warnings);
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A page with nothing that could be left out.
const SMALL: &str =
    "enabled: true\nboxes:\n  Chembox:\n    watched_fields: [CASNo, BoilingPt]\n    log: User:Bot/Chembox\n";

#[test]
fn the_example_works_as_it_is() {
    let parsed = accept(&example()).map_err(|p| format!("{p:#?}")).unwrap();
    assert_eq!(parsed.warnings, Vec::new());
    assert!(parsed.common.enabled);
    let settings = parsed.settings;
    assert!(!settings.edit && settings.boxes.iter().all(|one| !one.edit && one.approval.is_some()));
    let names: Vec<&str> = settings.boxes.iter().map(|one| one.def.name.as_str()).collect();
    assert_eq!(names, ["Chembox", "Infobox drug"]);
    for one in &settings.boxes {
        for field in &one.def.verified {
            assert!(one.def.tracker_of(field).is_some(), "{field} has no tracker");
        }
        assert_eq!(one.def.marks, MarkNames::default());
        assert!(one.show_values);
    }
    let chembox = &settings.boxes[0].def;
    let call = |field| chembox.tracker_of(field).unwrap().call("correct");
    assert_eq!(call("CASNo2"), "{{cascite|correct|??}}");
    assert_eq!(call("StdInChIKey"), "{{stdinchicite|correct|chemspider}}");
    assert_eq!(chembox.checks["DrugBank"], Check::regex("DB[0-9]{5}").unwrap());
    for name in ["drugbox", "Template:Infobox_drug", "infobox drug"] {
        assert_eq!(settings.box_named(name), Some(&settings.boxes[1]), "{name}");
    }
    assert_eq!(settings.box_named("Chembox Identifiers"), None);
}

/// What the lower part of the example says to be defaults is what holds without it.
#[test]
fn the_examples_defaults_are_the_defaults() {
    let page = example();
    let (above, below) = page.split_once("# --- everything below").unwrap();
    let whole = accept(&page).unwrap().settings;
    assert!(below.contains("report_level: 2") && below.contains("settle: 60m"));
    let (boxes, _) = above.split_once("    # --- a box may also").unwrap();
    assert_eq!(accept(&format!("{boxes}</pre>")).unwrap().settings, whole);
    let small = settings(SMALL);
    assert_eq!(small.namespaces, [0]);
    assert_eq!((small.report_level, small.log_page_size), (2, 100_000));
    assert_eq!(small.settle, TimeDelta::minutes(60));
    let repair = Repair {
        enabled: false,
        per_day: 200,
        approval: None,
    };
    assert_eq!(
        (small.edit, small.index_protection, small.repair),
        (false, None, repair)
    );
}

/// What the example only shows is right, too.
#[test]
fn the_examples_feeds_are_feeds() {
    let page = example();
    let (rest, feeds) = page.split_once("# feeds:\n").unwrap();
    let (feeds, end) = feeds.split_once("</pre>").unwrap();
    let feeds: String = feeds
        .lines()
        .map(|line| format!("{}\n", line.strip_prefix("# ").unwrap()))
        .collect();
    let parsed = accept(&format!("{rest}feeds:\n{feeds}</pre>{end}"))
        .map_err(|p| format!("{p:#?}"))
        .unwrap();
    assert_eq!(parsed.warnings, Vec::new());
    let feeds = parsed.settings.feeds;
    let names: Vec<&str> = feeds.iter().map(|feed| feed.name.as_str()).collect();
    assert_eq!(names, ["chem", "hook", "pipe"]);
    // The defaults.
    let all = ["field", "box", "blacklist", "monitor"].map(str::to_owned).to_vec();
    assert_eq!(feeds[0].rules, Some(all));
    assert_eq!((feeds[0].level, feeds[0].max_age), (feeds[2].level, feeds[2].max_age));
    let short = settings(&format!(
        "{SMALL}feeds:\n- {{name: a, sink: {{type: irc, server: irc.libera.chat, channel: '#wikipedia-chem'}}}}\n"
    ));
    assert_eq!(short.feeds[0].sink, feeds[0].sink);
}

#[test]
fn everything_can_be_set() {
    let settings = settings(
        "enabled: true\nedit: true\nnamespaces: [0, help, 4]\nreport_level: 1\nsettle: 2h\nlog_page_size: 10000\n\
         index_protection: extendedconfirmed\nrepair: {enabled: true, per_day: 5000, approval: '[[WP:BRFA/2]]'}\n\
         boxes:\n  Template:infobox_Royalty:\n    redirects: ['template:infobox monarch', Royals]\n    \
         watched_fields: [birth_place, website, ' CAS number ']\n    verified_fields: [birth_place]\n    \
         index: [WT:Index, 'Wikipedia:Royals/Index']\n    log: user:bot/Royals\n    edit: true\n    approval: by word of mouth\n    \
         managers: [Ann, 'User:bob_B.']\n    report_level: 0\n    \
         marks: {verifiedrevid: vr, verifiedfields: vf, watchedfields: wf, reference: 'Ref of <field>'}\n    \
         trackers: {birth_place: {template: 'Template:checked'}}\n    \
         checks: {website: {regex: 'https?://.+'}, birth_place: 'regex: [A-Z].*', CAS number: cas}\n    \
         field_aliases: {born in: birth_place}\n    show_values: no\n    channel: '#royals'\n    \
         index_protection: sysop\n    settle: 0s\n",
    );
    assert_eq!(settings.namespaces, [0, 12, 4]);
    assert_eq!(
        (settings.report_level, settings.log_page_size, settings.edit),
        (1, 10_000, true)
    );
    assert_eq!(
        (settings.settle, settings.index_protection.as_deref()),
        (TimeDelta::hours(2), Some("extendedconfirmed"))
    );
    let approval = Some("[[WP:BRFA/2]]".to_owned());
    assert_eq!(
        settings.repair,
        Repair {
            enabled: true,
            per_day: 5_000,
            approval
        }
    );
    let one = &settings.boxes[0];
    let title = |ns, text: &str| Title {
        ns,
        text: text.to_owned(),
    };
    assert_eq!(one.def.name, "Infobox Royalty");
    assert_eq!(one.redirects, ["Infobox monarch", "Royals"]);
    assert!(one.def.names.is("royals") && one.def.names.is("Infobox Royalty") && !one.def.names.is("Infobox royalty"));
    assert_eq!(one.def.watched, ["birth_place", "website", "CAS number"]);
    assert_eq!(one.def.verified, ["birth_place"]);
    assert_eq!(one.index, [title(0, "WT:Index"), title(4, "Royals/Index")]);
    assert_eq!(one.log, title(2, "Bot/Royals"));
    assert_eq!(one.approval.as_deref(), Some("by word of mouth"));
    assert_eq!(one.managers, ["Ann", "Bob B."]);
    let marks = &one.def.marks;
    assert_eq!(
        [&marks.verifiedrevid, &marks.verifiedfields, &marks.watchedfields],
        ["vr", "vf", "wf"]
    );
    assert_eq!(marks.reference_of("birth_place"), "Ref of birth_place");
    assert_eq!(
        one.def.tracker_of("birth_place").unwrap().call("changed"),
        "{{checked|changed}}"
    );
    assert_eq!(one.def.checks["website"], Check::regex("https?://.+").unwrap());
    assert_eq!(one.def.checks["birth_place"], Check::regex("[A-Z].*").unwrap());
    assert_eq!(one.def.checks["CAS number"], Check::Cas);
    assert_eq!(one.def.aliases["born in"], "birth_place");
    assert_eq!((one.show_values, one.channel.as_deref()), (false, Some("#royals")));
    assert_eq!((one.report_level, one.settle), (Some(0), Some(TimeDelta::zero())));
    assert_eq!(one.index_protection.as_deref(), Some("sysop"));
    // The box's own word counts, that of the settings where it has none; edits take both.
    assert_eq!((settings.report_level_of(one), settings.edits(one)), (0, true));
    let mut other = one.clone();
    (other.report_level, other.edit) = (None, false);
    assert_eq!((settings.report_level_of(&other), settings.edits(&other)), (1, false));
}

/// The job's own approval holds for a box that has none.
#[test]
fn an_approval_above_all_boxes_holds_for_each() {
    let page = SMALL.replace("log: User:Bot/Chembox", "log: Wikipedia:Chem/Log\n    edit: true");
    assert!(problems(&format!("<pre>{page}</pre>")).contains("needs `approval`"));
    let settings = settings(&format!("approval: WP:BRFA\nedit: true\n{page}"));
    assert_eq!(settings.boxes[0].approval.as_deref(), Some("WP:BRFA"));
}

/// A feed may call a box by any of its names.
#[test]
fn feeds_name_boxes_by_their_own_names() {
    let settings = settings(
        "enabled: true\nfeeds:\n- {name: all, sink: stdout}\n- {name: chem, rules: [field, box, blacklist, monitor], \
         boxes: [drug, Chem box, Drugbox], level: 1, sink: stdout}\nboxes:\n  Chem_box:\n    \
         watched_fields: [CASNo]\n    log: User:Bot/A\n    channel: chem\n  Drugbox:\n    redirects: [Drug]\n    \
         watched_fields: [KEGG]\n    log: User:Bot/B\n",
    );
    let named: Vec<(&str, Option<Vec<String>>)> = settings
        .feeds
        .iter()
        .map(|feed| (feed.name.as_str(), feed.boxes.clone()))
        .collect();
    let own = vec!["Chem box".to_owned(), "Drugbox".to_owned()];
    assert_eq!(named, [("all", None), ("chem", Some(own))]);
}

/// What is wrong, line by line: the change to a good page, and all that is said of it.
#[test]
fn every_mistake_is_told_with_its_place_and_its_cure() {
    let good = "enabled: true\nboxes:\n  Chembox:\n    watched_fields: [CASNo, CASNo2, BoilingPt]\n    verified_fields: [CASNo]\n    index: Wikipedia:Chem/Index\n    log: User:Bot/Chembox\n  Drugbox:\n    redirects: [Drug]\n    watched_fields: [KEGG]\n    log: User:Bot/Drugbox\n";
    assert_eq!(problems(good), "");
    let in_box = |line: &str| {
        good.replace(
            "    log: User:Bot/Chembox",
            &format!("    log: User:Bot/Chembox\n    {line}"),
        )
    };
    let top = |line: &str| format!("{line}\n{good}");
    let many = |count: usize, of: &str| (0..count).map(|n| format!("{of}{n}")).collect::<Vec<_>>().join(", ");
    let crowd: String = (0..101)
        .map(|n| format!("  B{n}: {{watched_fields: [a], log: User:Bot/L}}\n"))
        .collect();
    let cases = [
        // boxes
        "enabled: true\n".to_owned(),
        "enabled: true\nboxes:\n".to_owned(),
        "enabled: true\nboxes: [Chembox]\n".to_owned(),
        "enabled: true\nboxes:\n  Chembox:\n".to_owned(),
        format!("enabled: true\nboxes:\n{crowd}"),
        good.replace("  Drugbox:", "  Category:Drugbox:"),
        good.replace("  Drugbox:", "  Drug|box:"),
        good.replace("  Drugbox:", "  template:chembox:"),
        good.replace("[Drug]", "[Chembox]"),
        good.replace("[Drug]", "[drugbox, D, D, 'Help:X']"),
        in_box("redirects: [Drug]"),
        in_box("redirects: [Drugbox]"),
        in_box("watchedfields: [CASNo]"),
        top("index: Wikipedia:X"),
        // fields
        good.replace("[CASNo]", "[CASNo, UNII]"),
        good.replace("    watched_fields: [CASNo, CASNo2, BoilingPt]\n", ""),
        good.replace("[KEGG]", "[]"),
        good.replace("[KEGG]", "[KEGG, ' KEGG']"),
        good.replace("[KEGG]", &format!("['a|b', 'a=b', '{}', '{{{{x}}}}']", "x".repeat(201))),
        good.replace("[KEGG]", &format!("[{}]", many(301, "f"))),
        in_box("field_aliases: {CASNo: BoilingPt, CAS: cas}"),
        // pages
        good.replace("    log: User:Bot/Chembox\n", ""),
        good.replace("    index: Wikipedia:Chem/Index\n", ""),
        good.replace("    verified_fields: [CASNo]\n", ""),
        good.replace("Wikipedia:Chem/Index", "User:Bot/Chembox"),
        good.replace("Wikipedia:Chem/Index", "User:Bot/Drugbox/Index"),
        good.replace("Wikipedia:Chem/Index", "[User:A, user:a, 'A#b']"),
        good.replace("User:Bot/Drugbox", "Log of drugs"),
        good.replace("User:Bot/Drugbox", "User:Bot/Chembox/Open"),
        good.replace("User:Bot/Drugbox", &format!("User:Bot/{}", "x".repeat(227))),
        good.replace("User:Bot/Drugbox", "User talk:Ann"),
        good.replace("User:Bot/Drugbox", "Template:Log"),
        good.replace("User:Bot/Drugbox", "Wikipedia:Drugs/Log"),
        top("namespaces: [0, 4]\napproval: x").replace("User:Bot/Drugbox", "Wikipedia:Drugs/Log"),
        // switches
        in_box("edit: true"),
        in_box("edit: true\n    approval: '[[X]]'"),
        in_box("edit: yes\n    approval: ''"),
        top("edit: true"),
        top("repair: {enabled: true}"),
        top("repair: {enabled: on, per_day: 0, aproval: x, approval: \"a\\nb\"}"),
        in_box("show_values: sometimes\n    report_level: 3\n    channel: two words\n    settle: 8d"),
        in_box("managers: [Ann, ann, 'Help:X', Ann/b]"),
        top("report_level: all\nsettle: 60\nlog_page_size: 9999\nindex_protection: user"),
        top("index_protection: sysop, user"),
        top("namespaces: [0, Article, 99, '4', User, -1, 0]"),
        top("namespaces: []"),
        // feeds
        top("feeds: [{name: a, rules: [fields], boxes: [Chem], sink: stdout}]"),
        top("feeds: [{name: a, sink: stdout}]").replace("Bot/Drugbox", "Bot/Drugbox\n    channel: b"),
        // marks, trackers, checks
        in_box("marks: {verifiedfields: BoilingPt, watchedfields: 'a|b', verifiedrevid: x, refs: y}"),
        in_box("marks: {verifiedfields: x, watchedfields: x, verifiedrevid: CASNo_Ref}"),
        in_box("marks: {reference: '{field}2'}"),
        in_box("marks: {reference: '{feld}_Ref'}"),
        in_box("marks: {reference: '{field}'}"),
        in_box("marks: {reference: '{field}={field}'}"),
        in_box("trackers: {BoilingPt: {template: t, source: s}, CASNo: {source: 'a|b'}, CASNo2: x}"),
        in_box("trackers: {CASNo: {template: 'Help:X', source: '}}'}}"),
        in_box("checks: {UNII: unii, CASNo: CAS, CASNo2: {regex: '('}, BoilingPt: {regexp: x}}"),
        in_box("checks: {CASNo: 'regex: a)(b', CASNo2: {regex: '\\w{1000}{1000}'}, BoilingPt: 5}"),
    ];
    let mut said = String::new();
    for page in cases {
        let lines = |of: &str, other: &str| -> Vec<String> {
            let own = of.lines().filter(|line| !other.contains(line));
            own.take(4)
                .map(|line| line.trim().chars().take(110).collect())
                .collect()
        };
        let mut changed = lines(&page, good);
        if changed.is_empty() {
            changed = lines(good, &page)
                .iter()
                .map(|line| format!("without {line}"))
                .collect();
        }
        let changed = changed.join(" / ");
        let problems = problems(&page);
        assert!(!problems.is_empty(), "accepted: {page}");
        said.push_str(&format!(
            "{}\n    {}\n",
            changed.trim(),
            problems.replace('\n', "\n    ")
        ));
    }
    insta::assert_snapshot!(said);
}

/// The same settings as JSON, which is YAML too, are the same settings.
#[test]
fn the_settings_survive_the_way_through_json() {
    let page = example();
    let yaml = accept(&page).unwrap().yaml;
    let json: serde_json::Value = serde_yaml::from_str(&yaml).unwrap();
    let again = accept(&json.to_string()).map_err(|p| format!("{p:?}")).unwrap();
    assert_eq!(again.settings, accept(&page).unwrap().settings);
}
