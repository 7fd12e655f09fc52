//! Values, names and titles that want to be markup: on the pages of the log they are text, as on every page of the bot,
//! and nobody is called by them.

use anyhow::{Context, Result};
use serde_json::Value;
use wikicrew_tests::boxes::Boxes;
use wikicrew_tests::proxy::FaultProxy;

use crate::hostile::{expected, words};
use crate::seen::{number, text_of_html};

const DAY: i64 = 24 * 3600;
/// Longest value shown.
const SHOWN: usize = 80;

/// What stands in the fields: each is a value of the box, whatever the wiki makes of it in the article.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "a<nowiki>|CASNo=b}}</nowiki>c",
        "<nowiki>'''x'''</nowiki> '''y''' ''z''",
        "<nowiki>~~~ ~~~~ ~~~~~</nowiki><!-- ~~~~ -->",
        "<nowiki>{{subst:CURRENTYEAR}} {{subst:User:Admin}}</nowiki> {{Delete}} {{!}}",
        "[[Category:X]] [[File:A.png|thumb]] __TOC__ {{DEFAULTSORT:x}}",
        "[[User:Admin]] <nowiki>[[User talk:Admin|]] [[|x]]</nowiki> @Admin",
        "https://example.org?a=b&c=d [https://evil.example x]",
        "//evil.example www.evil.example mailto:a@b.example ISBN 9780306406157 RFC 2616",
        "<script>alert(1)</script><b onclick=x>b</b></bdi></div>",
        "<ref>r</ref><references/> <!-- --> --> &#91;&#91;User:Admin]] &amp;lt;",
        "one\n* two\n== Three ==\n----\n four\n{{{five}}}",
        "\u{202e}67-64-1\u{2066}\u{200f} \u{ad}\u{200b}x\u{85}y\u{feff}",
        "<!--ib:aaaaaaaaaa -->x<!--ib-page 1-->* [[:A]]<nowiki><!--ib-page 2--></nowiki>",
    ]
    .map(str::to_owned)
    .to_vec();
    values.push(format!("\u{1f600}{}", "0123456789abcdef".repeat(4_000)));
    values
}

/// The first two refuse the bot, so that the status page has to name them.
fn article(n: usize, cas: &str) -> String {
    let refuses = if n < 2 { "{{nobots}}" } else { "" };
    format!("{{{{chembox\n| Name = X\n| CASNo = {cas}\n}}}}\nA substance.{refuses}")
}

/// Errs where a page links to anything but this wiki, or to what no link of the bot leads to.
fn ensure_harmless(title: &str, parsed: &Value) {
    for empty in ["externallinks", "images", "iwlinks", "langlinks"] {
        assert_eq!(
            parsed[empty].as_array().map(Vec::len),
            Some(0),
            "{empty} of {title}: {parsed}"
        );
    }
    let categories = parsed["categories"].as_array().map(Vec::len);
    assert_eq!(categories, Some(1), "the one of __NOINDEX__, of {title}: {parsed}");
    let name = |link: &Value| link["title"].as_str().unwrap_or_default().to_owned();
    let links: Vec<String> = parsed["links"].as_array().into_iter().flatten().map(name).collect();
    for link in &links {
        let is_call = link.starts_with("User") && !link.contains("/") && !link.contains("talk:");
        assert!(!is_call && !link.contains("Admin") && link != "A", "{link} on {title}");
    }
    let html = parsed["text"].as_str().unwrap_or_default();
    // The status page has a table of contents; its hostile part is what waits for a person.
    let html = html.split("id=\"Waiting_for_a_person\"").last().unwrap_or(html);
    let html = html.split("id=\"Stop_and_help\"").next().unwrap_or(html);
    // What the bot itself makes bold, and the names it sets apart.
    let html = html.replace("<b>correct → changed</b>", "").replace("<bdi>", "");
    for markup in [
        "<b",
        "<i>",
        "toc",
        "<script",
        "href=\"http",
        "href=\"//",
        "<sup",
        "<hr",
        "mw:File",
    ] {
        assert!(!html.contains(markup), "{markup} on {title}\n{html}");
    }
}

#[tokio::test]
async fn hostile_values_names_and_titles_stay_text_on_every_page_of_the_log() -> Result<()> {
    let scene = Boxes::new().await?;
    let admin = &scene.world.admin;
    let eve = "Eve '''bold''' & co ~ (mb-aaaaaaaaaa)";
    let people = scene.world.people(&["Ben", eve]).await?;
    let values = values();
    let names: Vec<String> = (0..values.len())
        .map(|n| match n {
            0 => "A ''c'' '''b''' & evil.example".to_owned(),
            1 => "Https://evil.example/x".to_owned(),
            2 => "\"Quoted\" (x) ~ * ; : ! --".to_owned(),
            _ => format!("Article {n}"),
        })
        .collect();
    let mut lines = Vec::new();
    for (n, name) in names.iter().enumerate() {
        lines.push((
            name.as_str(),
            scene.article(name, &article(n, &values[n]), "Ben").await?,
        ));
    }
    scene.index_lines(&scene.chem, &lines).await?;
    scene.run().await?;
    // Everybody's value goes to the next article: each is an old, a new, and a verified one.
    for (n, name) in names.iter().enumerate() {
        let next = &values[(n + 1) % values.len()];
        scene
            .edit(name, eve, &article(n, next), "[[User:Admin]] {{subst:x}} ~~~~")
            .await?;
    }
    let proxy = FaultProxy::start(&scene.world.wiki.api).await?;
    let run = scene.job().through(&proxy).run_ok().await?;
    assert_eq!(number(&run, "logged")?, values.len() as u64, "{run}");
    assert!(
        !run.stderr.contains('\u{202e}'),
        "nor does a terminal turn round: {run}"
    );

    let mut titles = scene.log_titles(&scene.chem).await?;
    titles.extend([scene.chem.log.clone(), scene.status_title()]);
    assert_eq!(
        titles.len(),
        4,
        "a day, the list, the front page, the status: {titles:?}"
    );
    let prop = "links|externallinks|templates|categories|images|iwlinks|langlinks|sections|text";
    let mut sources = Vec::new();
    for title in &titles {
        let parsed = admin.parse_page(title, prop).await?;
        ensure_harmless(title, &parsed);
        let is_front = *title == scene.chem.log;
        let templates = parsed["templates"].as_array().map(Vec::len);
        assert_eq!(
            templates,
            Some(usize::from(is_front)),
            "{title}: {}",
            parsed["templates"]
        );
        let html = words(&text_of_html(parsed["text"].as_str().context("no text")?));
        if *title != scene.status_title() {
            for value in &values {
                let read = words(&expected(value, SHOWN));
                assert!(
                    html.contains(&format!("“{read}”")),
                    "“{read}” is not read on {title}\n{html}"
                );
            }
        }
        // What is stored is what was sent: nothing was signed or substituted.
        let stored = admin.text(title).await?.context("no page")?;
        if *title != scene.status_title() {
            let calls = proxy.calls();
            let sent = calls
                .iter()
                .find(|call| call.is_write() && call.param("title") == Some(title));
            let sent = sent.with_context(|| format!("{title} was not sent"))?.param("text");
            assert_eq!(sent.map(str::trim_end), Some(stored.as_str()), "{title}");
        }
        sources.push(stored);
    }
    // The articles are marked, the values stay as they are, and those that refuse are named.
    let run = scene.run_settled().await?;
    assert_eq!(number(&run, "marks")?, values.len() as u64 - 2, "{run}");
    for (n, name) in names.iter().enumerate() {
        let value = format!("| CASNo = {}\n}}}}\nA substance.", values[(n + 1) % values.len()]);
        let text = scene.text(name).await?;
        assert!(text.contains(&value), "the marks left the value alone: {value}\n{text}");
        assert_eq!(
            scene.bot_edits(name).await?.len(),
            usize::from(n >= 2),
            "{name}: {text}"
        );
    }
    let parsed = admin.parse_page(&scene.status_title(), prop).await?;
    ensure_harmless(&scene.status_title(), &parsed);
    let html = text_of_html(parsed["text"].as_str().context("no text")?);
    for name in &names[..2] {
        assert!(html.contains(&format!("{} (", scene.title(name))), "{name}\n{html}");
    }

    // A day later the list is written anew; a second look at the day's page computes the same text.
    scene.job().later(DAY + 3600).run_ok().await?;
    for (title, source) in titles.iter().zip(&sources).filter(|(title, _)| title.contains("/20")) {
        assert_eq!(admin.text(title).await?.as_ref(), Some(source), "{title}");
        assert_eq!(admin.history(title).await?.len(), 1, "{title}");
    }

    let mut sessions = vec![admin.notifications().await?];
    for account in &people {
        sessions.push(scene.world.login(account).await?.notifications().await?);
    }
    for notes in sessions {
        let ours = notes.iter().filter(|note| note.agent == scene.world.bot.name);
        assert_eq!(ours.count(), 0, "{notes:?}");
    }
    Ok(())
}
