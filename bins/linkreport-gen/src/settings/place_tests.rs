use super::*;
use shared::manual;
use shared::settings::parse;

#[test]
fn reports_stand_below_the_bots_own_page_or_where_it_was_agreed() {
    let site = manual::offline_site().unwrap();
    let told = |yaml: &str, account: &str| {
        let text = format!("<pre>\nenabled: true\n{yaml}\n</pre>");
        let settings = parse::<Settings>(&text, "wikitext", "draft", &site).unwrap().settings;
        let problems = settings.misplaced(account, &site);
        problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
    };
    let base = |base: &str| format!("targets: [{{wiki: here, base: '{base}', approval: y}}]");
    let long = "a".repeat(151);
    for (yaml, account, wanted) in [
        (String::new(), "ExampleBot", ""),
        (base("User:ExampleBot"), "ExampleBot", ""),
        (base("User:ExampleBot/Reports"), "ExampleBot", ""),
        (base("Project:X"), "ExampleBot", ""),
        (
            base("User:Olga/X"),
            "ExampleBot",
            "targets[1].base: `User:Olga/X` is no page of the bot's own",
        ),
        (base("User:ExampleBot2"), "ExampleBot", "is no page of the bot's own"),
        (
            base("User:ExampleBot/linkreport-gen/Settings/X"),
            "ExampleBot",
            "targets[1].base: `User:ExampleBot/linkreport-gen/Settings/X` has another use",
        ),
        (base("User:ExampleBot/linkreport-gen"), "ExampleBot", ""),
        (
            format!("{}\ntitles: {{server: Stop/X}}", base("User:ExampleBot/linkreport-gen")),
            "ExampleBot",
            "titles.server: `User:ExampleBot/linkreport-gen/Stop/X` has another use",
        ),
        (String::new(), long.as_str(), "targets[1].base: "),
        (
            format!("{}\nnoticeboards: [A, 'Project:X/LinkReports/y']", base("Project:X")),
            "ExampleBot",
            "noticeboards[2]: `Project:X/LinkReports/y`, which people write",
        ),
        (
            "watched_pages: ['User:ExampleBot/UserReports']".to_owned(),
            "ExampleBot",
            "watched_pages[1]: ",
        ),
        (
            "poke: {page: 'User:ExampleBot/ServerReports/x'}".to_owned(),
            "ExampleBot",
            "poke.page: ",
        ),
        (
            "shorteners: {page: 'User:ExampleBot/LinkReports/x'}".to_owned(),
            "ExampleBot",
            "shorteners.page: ",
        ),
        (
            "watched_pages: ['User:ExampleBot/Poke']".to_owned(),
            "ExampleBot",
            "poke.page: `User:ExampleBot/Poke` stands in `watched_pages` too",
        ),
    ] {
        let told = told(&yaml, account);
        assert!(
            told.contains(wanted) && told.is_empty() == wanted.is_empty(),
            "{yaml}: {told}"
        );
    }
    assert_eq!(
        Settings::default().poke_page("Bot").map(|page| site.prefixed(&page)),
        Some("User:Bot/Poke".to_owned())
    );
}
