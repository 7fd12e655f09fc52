//! Values, titles and names in the pages of the log stay text, however hostile: no link, template, category, substitution
//! or notification comes of them, and the wiki stores what the bot sent.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wikicrew_tests::boxes::Boxes;
use wikicrew_tests::calls::Calls;
use wikicrew_tests::proxy::FaultProxy;

use crate::ib_seen::{ensure_logged_once, log_lines};
use crate::seen::{number, text_of_html};

/// Values, each of which ends before the next parameter for MediaWiki's preprocessor.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "{{!}} a {{!}}- b",
        "<nowiki>| }} {{subst:PAGENAME}}</nowiki> }<nowiki/>}",
        "}<!-- -->} [[Category:Hacked]] {{{x}}}",
        "<nowiki>~~~~ and ~~~~~</nowiki>",
        "<nowiki>{{subst:PAGENAME}} {{safesubst:CURRENTYEAR}}</nowiki>",
        "[[Category:Hacked]] [[File:Hacked.png|thumb]]",
        "https://evil.example/a?b=c [https://evil.example x] //evil.example www.evil.example",
        "[[User:USER]] {{User:USER}} @USER",
        "</bdi></li></ul></div><script>alert(1)</script><b onclick=x>",
        "'''''bold''''' ''(reverted)''<!--ib:abcdefghij reverted-->",
        "<!--ib-page 1-->* forged<!--ib:abcdefghij -->",
        "\u{1}\u{7f}a\u{202e}drow\u{2066}x\u{200f}\u{feff}",
        "\u{7f}'\"`UNIQ--nowiki-00000000-QINU`\"'\u{7f}",
        "== Heading ==\n* bullet\n# one\n:::: x\n----",
        "__NOTOC__ __INDEX__ {{DISPLAYTITLE:x}} #REDIRECT [[X]]",
        "&lt;b&gt; &#91;&#91;Hacked&#93;&#93; &nbsp;",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push("[[Hacked]] é\u{301}".repeat(65_536 / 15));
    values
}

fn article(value: &str, field: &str, other: &str) -> String {
    format!("{{{{chembox\n| CASNo = {value}\n| {field} = {other}\n}}}}\nA substance.")
}

/// Errs if anything that people wrote has become markup on this page.
async fn ensure_plain(scene: &Boxes, title: &str) -> Result<String> {
    let props = "text|links|templates|categories|images|externallinks|iwlinks|langlinks|sections|properties";
    let parsed = scene.world.admin.parse_page(title, props).await?;
    // The category of pages that ask search engines to stay away is the bot's wish.
    for category in parsed["categories"].as_array().context("no categories")? {
        ensure!(category["category"] == "Noindexed_pages", "{title}: {category}");
    }
    for key in ["images", "externallinks", "iwlinks", "langlinks"] {
        ensure!(parsed[key] == json!([]), "{title}: {key}: {}", parsed[key]);
    }
    let all = format!("{}{}{}", parsed["links"], parsed["templates"], parsed["properties"]);
    for word in ["Hacked", "displaytitle", "\"index\"", "X\""] {
        ensure!(!all.contains(word), "{title}: {word} in {all}");
    }
    let html = parsed["text"].as_str().context("no text")?;
    for tag in ["<script", "<b ", "onclick=x>", "<h1", "evil.example\"", "<hr"] {
        ensure!(!html.contains(tag), "{title}: {tag} in {html}");
    }
    let found = scene
        .world
        .admin
        .get(&[("action", "query"), ("prop", "extlinks"), ("titles", title)])
        .await?;
    ensure!(found["query"]["pages"][0].get("extlinks").is_none(), "{title}: {found}");
    Ok(html.to_owned())
}

#[tokio::test]
async fn hostile_values_titles_and_names_stay_text_and_notify_nobody() -> Result<()> {
    let scene = Boxes::new().await?;
    let (field, title) = ("''CAS'' & (no) \"x\"", "O'''Hara'' & “Söhne” (–) mailto:x, 100% *");
    let people = scene.world.people(&["Ann", "''Ben'' & Co. (ib-aaaaaaaaaa)"]).await?;
    let hostile = "''Ben'' & Co. (ib-aaaaaaaaaa)";
    let watched = json!(["CASNo", field]);
    let settings = scene
        .settings
        .clone()
        .set(&scene.key(&scene.chem, "watched_fields"), watched)
        .set(&scene.key(&scene.chem, "verified_fields"), json!(["CASNo", field]))
        .set(&scene.key(&scene.chem, "trackers"), json!({}))
        .set(&scene.key(&scene.chem, "checks.CASNo"), "cas");
    scene.save_settings(&settings).await?;
    let revid = scene.article(title, &article("67-64-1", field, "a"), "Ann").await?;
    scene.index_line(&scene.chem, title, revid).await?;
    scene.run().await?;
    let values: Vec<String> = values()
        .iter()
        .map(|value| value.replace("USER", &people[0].name))
        .collect();
    for value in &values {
        scene
            .edit(title, hostile, &article(value, field, "a"), "[[User:Ann]] {{x}}")
            .await?;
    }
    scene
        .edit(
            title,
            "203.0.113.7",
            &article("[[User:Ann]]", field, "]] {{x}} <b>"),
            "",
        )
        .await?;

    let http = FaultProxy::start(&scene.world.wiki.api).await?;
    let run = scene.job().through(&http).later(3_700).run_ok().await?;
    assert_eq!(number(&run, "logged")?, values.len() as u64 + 2, "{run}");
    ensure_logged_once(&scene, values.len() + 2).await?;

    // Every page that the run saved is plain, and stored as it was sent.
    let calls = http.calls();
    let saves: Vec<_> = calls
        .writes()
        .into_iter()
        .filter(|call| call.action() == "edit")
        .collect();
    let mut pages = 0;
    for save in saves {
        let (page, sent) = (
            save.param("title").context("a title")?,
            save.param("text").context("a text")?,
        );
        let stored = scene.world.admin.text(page).await?.context("it was saved")?;
        assert_eq!(stored, sent.trim_end(), "{page}: something was substituted");
        if page != scene.title(title) {
            ensure_plain(&scene, page).await?;
            pages += 1;
        }
        let summary = save.param("summary").unwrap_or_default();
        assert!(!summary.contains("[[User:Ann") && !summary.contains("{{x"), "{summary}");
    }
    assert_eq!(pages, 3, "the day, the front page, Open");
    ensure_plain(&scene, &scene.status_title()).await?;

    // What a reader sees is the value, with names for what cannot be seen, cut where it is too long.
    let day = scene.world.rows("SELECT UTC_DATE()").await?[0][0].clone();
    let html = ensure_plain(&scene, &format!("{}/{day}", scene.chem.log)).await?;
    let read = text_of_html(&html);
    for part in [
        "“{{!}} a {{!}}- b”",
        "“<nowiki>~~~~ and ~~~~~</nowiki>”",
        "<nowiki>{{subst:PAGENAME}} {{safesubst:CURRENTYEAR}}</nowiki>",
        "[[Category:Hacked]] [[File:Hacked.png|thumb]]",
        "https://evil.example/a?b=c [https://evil.example x]",
        "</bdi></li></ul></div><script>alert(1)</script><b onclick=x>",
        "''(reverted)''",
        "⟨U+202E⟩drow⟨U+2066⟩",
        "== Heading == * bullet # one",
        "&lt;b&gt; &#91;&#91;Hacked",
    ] {
        assert!(read.contains(part), "{part} is not in\n{read}");
    }
    assert_eq!(
        html.matches("<li>").count(),
        values.len() + 3,
        "one bullet each, and one for the article: {html}"
    );
    let lines = log_lines(&scene, &scene.chem).await?;
    assert!(lines.iter().all(|line| line.chars().count() < 700), "{lines:#?}");
    // All of it is in the table, up to its bound.
    let stored = scene
        .world
        .rows("SELECT MAX(LENGTH(new_value)), MAX(LENGTH(old_value)) FROM field_change")
        .await?;
    assert_eq!(stored[0], ["10000", "10000"]);

    for person in &people {
        let told = scene.world.login(person).await?.notifications().await?;
        let by_bot: Vec<_> = told.iter().filter(|note| note.agent == scene.world.bot.name).collect();
        assert!(by_bot.is_empty(), "{}: {by_bot:?}", person.name);
    }
    Ok(())
}
