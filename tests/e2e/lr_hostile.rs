//! Names, titles, hosts and addresses on reports stay text, however hostile: no template, category, image, external link
//! or notification comes of them, and a person without rights can bring every page back. Large reports can be saved.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::links;
use wikicrew_tests::reports::Reports;
use wikicrew_tests::sandbox::{BulkEdit, NewPage};

use crate::lr_flow::is_harmless;
use crate::seen::{number, text_of_html};

/// Ends of user names, as MediaWiki takes them.
fn names() -> [String; 6] {
    [
        "''Ben'' & Co. (lr-aaaaaaaaaa)".into(),
        "O'''Hara'' “x” \"y\" –~–".into(),
        "-- ;drop; * 100% & ~~".into(),
        "ISBN 3598215088 RFC 2119 שלום".into(),
        "\u{645}\u{631}\u{62d}\u{628}\u{627} !*;".into(),
        "\u{1f600}".repeat(55),
    ]
}

/// Ends of titles, with their namespaces.
const TITLES: [&str; 6] = [
    "''Links'' & '''more''' ~~ -- =x=",
    "ISBN 3598215088 RFC 2119 =x=",
    "Category:Hacked",
    "Template:Hacked",
    "User:Ann",
    "User talk:Ann",
];

/// What stands behind `https://`, and what a reader is to see of it.
const LINKS: [(&str, &str); 8] = [
    (
        "HOST/a%5B%5BCategory:Hacked%5D%5D%7B%7Bx%7D%7D",
        "HOST/a%5B%5BCategory:Hacked%5D%5D%7B%7Bx%7D%7D",
    ),
    ("HOST/%7E%7E%7E%7E?~~&~~", "HOST/~~~~?~~&~~"),
    // The switch acts, and the address ends there.
    ("HOST/__NOTOC__&lt;script&gt;&amp;", "HOST/ ("),
    ("user:secret@HOST/login", "HOST/login"),
    ("bücher.HOST/ü?q=é\u{301}", ".HOST/%C3%BC"),
    (
        "p\u{430}yp\u{430}l.HOST/\u{202e}gpj.exe\u{2066}",
        ".HOST/%E2%80%AEgpj.exe%E2%81%A6",
    ),
    ("HOST/#REDIRECT_%0A*%0D%0A==x==", "HOST/#REDIRECT_%0A*%0D%0A==x=="),
    ("HOST/--%3E<!--x-->y", "HOST/--%3E"),
];

const PROPS: &str = "text|links|templates|categories|images|externallinks|iwlinks|langlinks|sections|properties";

/// Errs if anything that people wrote has become markup on this page; what a reader sees.
async fn read_plainly(reports: &Reports, title: &str) -> Result<String> {
    let parsed = reports.world.admin.parse_page(title, PROPS).await?;
    for key in ["images", "externallinks", "langlinks", "templates", "iwlinks"] {
        ensure!(parsed[key] == json!([]), "{title}: {key}: {}", parsed[key]);
    }
    for category in parsed["categories"].as_array().context("no categories")? {
        let name = category["category"].as_str().unwrap_or_default();
        let ours = ["Noindexed_pages", "Open_", "Local_", "Cross-wiki_"];
        ensure!(
            ours.iter().any(|begins| name.starts_with(begins)),
            "{title}: {category}"
        );
        ensure!(!name.contains("Hacked"), "{title}: {category}");
    }
    for link in parsed["links"].as_array().context("no links")? {
        let (ns, target) = (
            link["ns"].as_i64().unwrap_or(-9),
            link["title"].as_str().unwrap_or_default(),
        );
        let of_user = ns == 3 || (ns == 2 && !target.contains('/'));
        let is_bots = target.ends_with(&reports.world.bot.name);
        ensure!(!of_user || is_bots, "{title} links to the user page {target}");
    }
    let properties = parsed["properties"].to_string();
    ensure!(
        !properties.contains("notoc") && properties.contains("noindex"),
        "{title}: {properties}"
    );
    let html = parsed["text"].as_str().context("no text")?;
    for tag in [
        "<script",
        "<b>x",
        "<i>x",
        "<i>a",
        "<i>Ben",
        "<i>Links",
        "href=\"http",
        "href=\"//",
        "mw-magiclink",
        "<h1",
        "class=\"error",
    ] {
        ensure!(!html.contains(tag), "{title}: {tag} in {html}");
    }
    let read = text_of_html(html);
    let lower = read.to_lowercase();
    for word in ["conflict of interest", "spammer", "suspect", "vandal"] {
        ensure!(!lower.contains(word), "{title}: {word} in {read}");
    }
    Ok(read)
}

#[tokio::test]
async fn hostile_names_titles_and_hosts_stay_text_notify_nobody_and_can_be_restored() -> Result<()> {
    let reports = Reports::with(json!({ "rules.min_additions": 1000, "rules.same_server": 1000 })).await?;
    let (ann, plain) = (reports.person("Ann").await?, reports.person("Plain").await?);
    let word = format!("{}-", reports.world.prefix.to_lowercase());
    let shop = format!("{word}shop.example");
    let owner = format!("facebook.com/{word}o%27%27%27%7B%7Bx");
    let label = "a".repeat(63);
    let rest = format!(".{word}long.example");
    let long = format!(
        "{label}.{label}.{label}.{}{rest}",
        "b".repeat(253 - 3 * 64 - rest.len())
    );
    assert_eq!(long.len(), 253);
    let mut added: Vec<(String, String, String)> = Vec::new();
    for name in names() {
        added.push((name.clone(), "Rivers".to_owned(), format!("https://{shop}/")));
    }
    for title in TITLES {
        added.push(("Ann".to_owned(), title.to_owned(), format!("https://{shop}/t")));
    }
    for (link, _) in LINKS {
        added.push((
            "Ann".to_owned(),
            "Lakes".to_owned(),
            format!("https://{}", link.replace("HOST", &shop)),
        ));
    }
    added.push((
        "198.51.100.7".to_owned(),
        "Lakes".to_owned(),
        format!("https://{shop}/ip"),
    ));
    added.push((
        "Ann".to_owned(),
        "Lakes".to_owned(),
        format!("https://www.{owner}/posts"),
    ));
    added.push(("Ann".to_owned(), "Lakes".to_owned(), format!("https://{long}/x")));
    let added: Vec<_> = added
        .iter()
        .map(|(user, page, url)| (user.as_str(), page.as_str(), url.as_str()))
        .collect();
    reports.additions(&added).await?;
    reports.servers(&[("shop.example", "192.0.2.80")]).await?;
    let line = format!(
        "\n\\b{}\\b # {{{{x}}}} ~~~ [[Category:Hacked]]\n",
        shop.replace('.', "\\.")
    );
    reports
        .world
        .admin
        .append("MediaWiki:Spam-blacklist", &line, "")
        .await?;

    let mut titles = BTreeSet::new();
    let hostile = format!("User:{}", names()[1]);
    for (kind, name) in [
        ("link", shop.as_str()),
        ("link", &owner),
        ("link", &long),
        ("link", &format!("bücher.{shop}")),
        ("user", "User:Ann"),
        ("user", &hostile),
        ("ip", "198.51.100.7"),
        ("range", "198.51.100.0/24"),
        ("server", "192.0.2.80"),
    ] {
        let run = reports.by_hand(&[kind, name, "--output", "page"]).await?;
        ensure!(run.code == 0 && number(&run, "reports")? == 1, "{kind} {name}\n{run}");
    }
    for name in [format!("{shop}|x"), format!("{shop}]]{{{{x}}}}"), "~~~~".to_owned()] {
        let run = reports.by_hand(&["link", &name, "--output", "page"]).await?;
        assert!(run.code != 0 || number(&run, "edits")? == 0, "{run}");
    }
    reports.run().await?;
    let asked = [
        ("action", "query"),
        ("list", "allpages"),
        ("apnamespace", "2"),
        ("apprefix", &format!("{}/", reports.world.bot.name)),
        ("aplimit", "max"),
    ];
    let answer = reports.world.admin.get(&asked).await?;
    for page in answer["query"]["allpages"].as_array().context("no pages")? {
        titles.insert(page["title"].as_str().unwrap_or_default().to_owned());
    }
    titles.remove(&reports.settings_title());
    // Nine reports, lists of links, users, ranges, servers, and the status page.
    assert!(titles.len() >= 14, "{titles:#?}");
    for title in &titles {
        read_plainly(&reports, title).await?;
        is_harmless(&reports, title).await?;
        for edit in reports.world.admin.history(title).await? {
            assert!(
                !edit.summary.contains("User:") || edit.summary.contains("Settings/Status"),
                "{}",
                edit.summary
            );
        }
    }
    let read = read_plainly(&reports, &reports.title("link", "shop.example")).await?;
    for name in names() {
        assert!(read.contains(&reports.own(&name)), "{name} in {read}");
    }
    for title in TITLES {
        assert!(read.contains(&reports.own(title)), "{title} in {read}");
    }
    for (_, shown) in LINKS {
        let shown = shown.replace("HOST", &shop);
        assert!(read.contains(&shown), "{shown} in {read}");
    }

    // Somebody without rights blanks them and brings them back.
    for title in &titles {
        let text = reports.text(title).await?;
        plain.edit(title, "", "").await?;
        plain
            .edit(title, &text, "back")
            .await
            .with_context(|| format!("{title} can be restored"))?;
        assert_eq!(reports.text(title).await?, text);
    }
    let told = ann.notifications().await?;
    let told: Vec<_> = told
        .iter()
        .filter(|note| note.title.contains(" Bot/") || note.agent.contains(" Bot"))
        .collect();
    assert!(told.is_empty(), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn a_thousand_rows_with_an_edit_of_two_hundred_links_make_a_page_that_can_be_saved() -> Result<()> {
    let show = json!({ "rows": 1000, "looked_at": 1000 });
    let reports = Reports::with(json!({ "rules.min_additions": 10000, "show": show })).await?;
    let id = reports.world.person("Busy").await?.id;
    let (title, user) = (reports.own("Rivers"), reports.own("Busy"));
    let loaded = reports.world.wiki.load(&[NewPage::new(&title, "A page.")]).await?;
    let page_id = loaded.first().context("no page")?.page_id;
    let link = |n: usize| reports.hosts(&format!("https://shop.example/{n}/{}", "ü".repeat(40)));
    let many: String = (0..200).map(|n| format!("* {}\n", link(n))).collect();
    let texts: Vec<String> = (200..1000).map(link).chain([many]).collect();
    let edits = texts.iter().enumerate().map(|(n, text)| BulkEdit {
        title: title.clone(),
        user: user.clone(),
        text: text.clone(),
        at: links::seconds_ago(1_000 - n as i64),
    });
    let revs = reports.world.wiki.bulk(&edits.collect::<Vec<_>>()).await?;
    let events = revs.iter().zip(&texts).enumerate().map(|(n, (rev, text))| {
        let mut event = links::edit("en", *rev, &user, 0, "", text);
        event["dt"] = Value::from(links::seconds_ago(1_000 - n as i64));
        event["wiki"] = Value::from(reports.wiki_key(reports.world.wiki));
        event["page_id"] = Value::from(page_id);
        event["page_title"] = Value::from(title.replace(' ', "_"));
        event["performer"]["user_id"] = Value::from(id);
        event
    });
    reports.recorded(&events.collect::<Vec<_>>()).await?;
    // On a slow machine the wiki answers too late, and the next run sees that it was saved.
    for _ in 0..2 {
        let run = reports.by_hand(&["link", "shop.example", "--output", "page"]).await?;
        ensure!(run.code == 0, "{run}");
    }
    let report = reports.title("link", "shop.example");
    let text = reports.text(&report).await?;
    println!("{} bytes", text.len());
    assert!(text.len() < 1_600_000, "{}", text.len());
    let html = reports.html(&report).await?;
    let rows = (1..=1000).filter(|n| html.contains(&format!("id=\"r{n}\""))).count();
    assert_eq!(rows, 1000);
    assert!(html.contains("200 links"), "the links of one edit are folded");
    is_harmless(&reports, &report).await?;
    let lines = reports.top_lines(&report).await?;
    assert!(lines[0].contains("1,000 additions on 1 wiki by 1 user"), "{lines:?}");
    Ok(())
}
