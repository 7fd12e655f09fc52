//! Names, titles and addresses on a day page stay text, however hostile: no template, category, image, external link or
//! notification comes of them, and a person without rights can bring the page back.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wikicrew_tests::calls::Calls;
use wikicrew_tests::sandbox::NewPage;

use crate::coi_days::{Days, line_of};
use crate::seen::{number, text_of_html};

/// Ends of user names, as MediaWiki takes them.
fn names() -> [String; 5] {
    [
        "''Ben'' & Co. (co-aaaaaaaaaa)".into(),
        "O'''Hara'' “x” \"y\" –~–".into(),
        "-- ;drop; * 100% & ~~".into(),
        "ISBN 3598215088 RFC 2119 שלום".into(),
        "語".repeat(72),
    ]
}

/// Texts with links, whose hosts are monitored.
fn texts(host: &str) -> Vec<String> {
    [
        "https://HOST/a%5B%5BCategory:Hacked%5D%5D%7B%7Bx%7D%7D",
        "[https://HOST/%7E%7E%7E%7E?~~&~~ ''x'']",
        "https://HOST/''a''|b='''c'''",
        "https://HOST/__NOTOC__&lt;script&gt;&amp;&#91;&#91;",
        "//HOST/nothing [//HOST/relative x]",
        "https://user:secret@HOST/login",
        "https://bücher.HOST/ü?q=é\u{301}",
        "https://HOST/\u{202e}gpj.exe\u{2066}",
        "[ftp://HOST/--%3E<!--co:abcdefghij k 1.0 1 abc--> x] javascript:alert(1)",
        "https://HOST/#REDIRECT_%0A*%0D%0A==x==",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([format!("https://HOST/{}", "long/".repeat(2_000))])
    .enumerate()
    .map(|(n, text)| text.replace("HOST", &format!("n{n}.{host}")))
    .collect()
}

const PROPS: &str = "text|links|templates|categories|images|externallinks|iwlinks|langlinks|sections|properties";

/// Errs if anything that people wrote has become markup on this page; what a reader sees.
async fn read_plainly(days: &Days, title: &str) -> Result<String> {
    let parsed = days.coi.world.admin.parse_page(title, PROPS).await?;
    // The category of pages that ask search engines to stay away is the bot's wish.
    for category in parsed["categories"].as_array().context("no categories")? {
        ensure!(category["category"] == "Noindexed_pages", "{title}: {category}");
    }
    for key in ["images", "externallinks", "iwlinks", "langlinks", "templates"] {
        ensure!(parsed[key] == json!([]), "{title}: {key}: {}", parsed[key]);
    }
    let all = format!("{}{}", parsed["links"], parsed["properties"]);
    for word in ["Hacked", "notoc", "\"index\"", "ISBN\""] {
        ensure!(!all.contains(word), "{title}: {word} in {all}");
    }
    let html = parsed["text"].as_str().context("no text")?;
    for tag in [
        "<script",
        "<b>x",
        "<i>x",
        "<i>a",
        "<i>Ben",
        "href=\"http",
        "href=\"//",
        "mw-magiclink",
        "<h1",
    ] {
        ensure!(!html.contains(tag), "{title}: {tag} in {html}");
    }
    Ok(text_of_html(html))
}

#[tokio::test]
async fn hostile_names_titles_and_links_stay_text_notify_nobody_and_can_be_restored() -> Result<()> {
    // Whatever has the world's prefix overlaps.
    let days = Days::with(&[("score", json!({ "threshold": 1 }))]).await?;
    let (coi, world) = (&days.coi, &days.coi.world);
    let host = format!("{}hostile.example", world.prefix.to_lowercase());
    let listed = format!(
        "INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason) \
         VALUES ('coi-report', '*', 'ml', '', '{host}', 'Admin', NOW(), '{{{{x}}}}~~~~')"
    );
    world.execute(&listed).await?;
    let people = world.people(&["Ann", "Ben"]).await?;
    let mut pages = Vec::new();
    for name in names() {
        pages.push(NewPage::new(&world.own(&name), "Own page.").by(&world.own(&name)));
    }
    for (n, text) in texts(&host).iter().enumerate() {
        pages.push(
            NewPage::new(
                &world.own(&format!("''Links'' & [n] {n}").replace(['[', ']'], "")),
                text,
            )
            .by(&people[n % 2].name),
        );
    }
    world.load(&pages).await?;
    let line = format!("\n\\b{}\\b # a test\n", host.replace('.', "\\."));
    world.admin.append("MediaWiki:Spam-blacklist", &line, "").await?;

    days.http.forget();
    let run = days.run(0).await?;
    assert!(number(&run, "lines")? >= 17, "{run}");
    let calls = days.http.calls();
    for save in calls.writes().into_iter().filter(|call| call.action() == "edit") {
        let (page, sent) = (
            save.param("title").context("a title")?,
            save.param("text").context("a text")?,
        );
        assert_eq!(
            days.text(page).await?,
            sent.trim_end(),
            "{page}: something was substituted"
        );
        let summary = save.param("summary").unwrap_or_default();
        assert!(people.iter().all(|person| !summary.contains(&person.name)), "{summary}");
    }
    let today = days.today().await?;
    let read = read_plainly(&days, &today).await?;
    read_plainly(&days, &coi.status_title()).await?;
    for name in names() {
        assert!(read.contains(&world.own(&name)), "{name} in {read}");
    }
    for part in [
        "/a%5B%5BCategory:Hacked%5D%5D%7B%7Bx%7D%7D",
        "/~~~~?~~&~~",
        "xn--bcher-kva.n6.",
        "/%E2%80%AEgpj.exe%E2%81%A6",
        "/#REDIRECT_%0A*%0D%0A==x==",
        "long/lon…",
    ] {
        assert!(read.contains(part), "{part} in {read}");
    }
    let lower = read.to_lowercase();
    for word in ["conflict of interest", "spam", "suspect", "vandal", "javascript"] {
        assert!(!lower.contains(word), "{word} in {read}");
    }

    // Somebody without rights blanks it, brings it back, and moves a line with a signature.
    let text = days.text(&today).await?;
    let plain = world.login(&world.person("Plain").await?).await?;
    plain.edit(&today, "", "").await?;
    plain.edit(&today, &text, "back").await.context("no link is a link")?;
    let line = line_of(&text, &people[0].name);
    let moved = format!(
        "{}\n== Done ==\n{line} Looked at. ~~~~",
        text.replace(&format!("{line}\n"), "")
    );
    plain.edit(&today, &moved, "").await?;
    for person in &people {
        let told = world.login(person).await?.notifications().await?;
        let about: Vec<_> = told.iter().filter(|note| note.title.contains("COIReports")).collect();
        let by_bot: Vec<_> = told.iter().filter(|note| note.agent == world.bot.name).collect();
        assert!(about.is_empty() && by_bot.is_empty(), "{}: {told:?}", person.name);
    }
    Ok(())
}
