use super::*;
use shared::manual::offline_site;
use shared::settings::parse;

const PAGE: &str = "enabled: true\nboxes:\n  Drugbox:\n    redirects: [Drug box, Infobox drug]\n    watched_fields: [CAS]\n    \
    verified_fields: [CAS]\n    index: [Wikipedia:Drugs/Index, Wikipedia:Drugs/More]\n    log: Wikipedia:Drugs/Log\n    \
    approval: WP:X\n    trackers: {CAS: {template: cascite}}\n  Chembox:\n    watched_fields: [CAS]\n    verified_fields: [CAS]\n    \
    index: Wikipedia:Chem\n    log: User:Bot/Chem/Log\n";

fn settings() -> Settings {
    settings_of(PAGE)
}

fn settings_of(page: &str) -> Settings {
    parse::<Settings>(
        &format!("<pre>\n{page}</pre>"),
        "wikitext",
        "x",
        &offline_site().unwrap(),
    )
    .unwrap()
    .settings
}

/// What is said when the wiki answers: all is there but what `but` names (missing, or a redirect to).
fn judged(but: &[(&str, Option<&str>)], account: &str) -> String {
    let (settings, site) = (settings(), offline_site().unwrap());
    let mut pages: Vec<PageInfo> = titles(&settings, &site)
        .into_iter()
        .map(|title| PageInfo {
            title,
            exists: true,
            redirect_to: None,
        })
        .collect();
    for title in ["Template:Drug box", "Template:Infobox drug"] {
        set(&mut pages, title, Some("Template:Drugbox"), &site);
    }
    for (title, to) in but {
        set(&mut pages, title, *to, &site);
    }
    let problems = judge_wiki(&settings, &pages, account, &site);
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn set(pages: &mut [PageInfo], title: &str, to: Option<&str>, site: &Site) {
    let title = site.title(title).unwrap();
    let page = pages
        .iter_mut()
        .find(|page| page.title == title)
        .expect("a page that is asked for");
    page.exists = to.is_some();
    page.redirect_to = to.filter(|to| !to.is_empty()).map(|to| site.title(to).unwrap());
}

#[test]
fn all_is_asked_for_once_and_a_good_wiki_gives_no_word() {
    let site = offline_site().unwrap();
    let asked: Vec<String> = titles(&settings(), &site)
        .iter()
        .map(|title| site.prefixed(title))
        .collect();
    assert_eq!(
        asked,
        [
            "User:Bot/Chem/Log",
            "Project:Chem",
            "Project:Drugs",
            "Project:Drugs/Index",
            "Project:Drugs/Log",
            "Project:Drugs/More",
            "Template:Cascite",
            "Template:Chembox",
            "Template:Drug box",
            "Template:Drugbox",
            "Template:Infobox drug",
        ]
    );
    assert_eq!(judged(&[], "Bot"), "");
    // A log is made by the job, and a page that was not answered for is nothing.
    assert_eq!(
        judged(&[("User:Bot/Chem/Log", None), ("Wikipedia:Drugs/Log", None)], "Bot"),
        ""
    );
    assert_eq!(judge_wiki(&settings(), &[], "Bot", &site), []);
}

#[test]
fn each_mistake_is_told_with_its_cure() {
    let drugbox_is_redirect = [
        ("Template:Drugbox", Some("Template:Infobox drug")),
        ("Template:Infobox drug", Some("")),
        ("Template:Drug box", Some("Template:Infobox drug")),
    ];
    let said = [
        judged(&drugbox_is_redirect, "Bot"),
        judged(&[("Template:Chembox", Some("User:Ann/Chembox"))], "Bot"),
        judged(&[("Template:Chembox", None), ("Template:Drug box", None)], "Bot"),
        judged(
            &[
                ("Template:Drug box", Some("")),
                ("Template:Infobox drug", Some("Template:Chembox")),
            ],
            "Bot",
        ),
        judged(
            &[
                ("Wikipedia:Drugs/More", None),
                ("Wikipedia:Chem", Some("Wikipedia:Chemistry")),
            ],
            "Bot",
        ),
        judged(
            &[
                ("Template:Cascite", None),
                ("Wikipedia:Drugs/Log", Some("Wikipedia:Drugs/Log 2")),
            ],
            "Bot",
        ),
        judged(&[("Wikipedia:Drugs", None), ("Wikipedia:Drugs/Log", None)], "Bot 2"),
    ];
    insta::assert_snapshot!(said.join("\n\n"), @r#"
    boxes.Drugbox: `Drugbox` is a redirect: write `Infobox drug`, the real name of the template, and `Drugbox` under `redirects`

    boxes.Chembox: `Chembox` is a redirect to `User:Ann/Chembox`, which is no template

    boxes.Drugbox.redirects[1]: warning: there is no template `Drug box`
    boxes.Chembox: there is no template `Chembox`; look at its spelling

    boxes.Drugbox.redirects[1]: `Drug box` is no redirect to `Drugbox` but a template; give it a box of its own
    boxes.Drugbox.redirects[2]: `Infobox drug` is a redirect to `Template:Chembox`, not to `Drugbox`; take it out

    boxes.Drugbox.index[2]: the index page `Project:Drugs/More` does not exist; make it (an empty one will do) and protect it, or correct the title
    boxes.Chembox.index: `Project:Chem` is a redirect: write `Project:Chemistry`

    boxes.Drugbox.log: `Project:Drugs/Log` is a redirect: write `Project:Drugs/Log 2`
    boxes.Drugbox.trackers.CAS.template: warning: the template `cascite` does not exist

    boxes.Drugbox.log: `Project:Drugs`, the page above the log, does not exist; look at the spelling
    boxes.Chembox.log: `User:Bot/Chem/Log` is a page of another user; write `User:Bot 2/…`, or a page of the project
    "#);
}

#[test]
fn the_jobs_own_pages_are_no_logs() {
    let site = offline_site().unwrap();
    for (log, is_refused) in [
        ("User:Bot/infobox-check/Settings", true),
        ("User:Bot/infobox-check/Settings/Status", true),
        ("User:Bot/infobox-check/Stop", true),
        ("User:Bot/infobox-check/Settings log", false),
        ("User:Bot/infobox-check/Chembox", false),
    ] {
        let settings = settings_of(&PAGE.replace("User:Bot/Chem/Log", log));
        let problems = judge_wiki(&settings, &[], "Bot", &site);
        assert_eq!(problems.len(), usize::from(is_refused), "{log}: {problems:?}");
    }
}
