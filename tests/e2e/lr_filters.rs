//! The wiki's filters and protections meet reports: where one objects, the report is saved without names and says so;
//! nothing is forced, and a person's request tries the whole again.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;
use wikicrew_tests::calls::Calls;
use wikicrew_tests::links::edit;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::reports::Reports;
use wikicrew_tests::run::{Job, Run};
use wikicrew_tests::sandbox::root;

use crate::seen::{decoded, number};

const HOUR: i64 = 3_600;

/// Runs SQL as root on the English wiki's database and gives what it prints.
async fn sql(statement: &str) -> Result<String> {
    let mut command = Command::new(root().join("scripts/sandbox"));
    command
        .args(["sql", "enwiki", "-N", "-e", statement])
        .stdin(Stdio::null());
    let done = command.output().await.context("running scripts/sandbox sql")?;
    let error = String::from_utf8_lossy(&done.stderr);
    ensure!(done.status.success(), "{statement}: {error}");
    Ok(String::from_utf8(done.stdout)?.trim().to_owned())
}

/// A filter of the English wiki; the API cannot make one.
struct Filter(String);

impl Filter {
    async fn new(pattern: &str, consequence: &str) -> Result<Self> {
        let id = sql(&format!(
            "INSERT INTO abuse_filter (af_pattern, af_actor, af_timestamp, af_comments, af_public_comments, af_actions) \
             VALUES ('{pattern}', 1, '20260101000000', '', 'Known links', '{consequence}'); SELECT LAST_INSERT_ID()"
        ))
        .await?;
        sql(&format!(
            "INSERT INTO abuse_filter_action VALUES ({id}, '{consequence}', 'abusefilter-{consequence}')"
        ))
        .await?;
        Ok(Self(id))
    }

    async fn off(&self) -> Result<()> {
        let id = &self.0;
        sql(&format!("UPDATE abuse_filter SET af_enabled = 0 WHERE af_id = {id}"))
            .await
            .map(drop)
    }
}

/// A job whose requests are seen.
pub fn watched(reports: &Reports, proxy: &FaultProxy) -> Job {
    let hosts = [proxy.url(), &reports.de.api, &reports.world.wiki.api];
    let hosts = hosts.map(|url| url.trim_start_matches("http://").split('/').next().unwrap_or_default());
    let job = reports.job().through(proxy);
    let key = reports.wiki_key(reports.world.wiki);
    job.env("WIKICREW_API_HOSTS", &hosts.join(","))
        .env("WIKICREW_WIKI", &key)
}

/// How often an edit of the page was sent since the last time.
pub fn sent(proxy: &FaultProxy, title: &str) -> usize {
    let calls = proxy.calls();
    let sent = calls
        .writes()
        .iter()
        .filter(|call| call.param("title") == Some(title))
        .count();
    proxy.forget();
    sent
}

/// Text of the status page from *Waiting for a person* on, as a reader sees it.
async fn waiting(reports: &Reports) -> Result<String> {
    let page = reports.status_page().await?;
    let (_, part) = page.split_once("<!-- waiting -->").context("no fourth part")?;
    Ok(reports.bare(&decoded(part.split("\n\n==").next().unwrap_or_default())))
}

pub async fn asked(reports: &Reports, host: &str) -> Result<Run> {
    let run = reports.by_hand(&["link", host, "--output", "page"]).await?;
    ensure!(run.code == 0, "{host}\n{run}");
    Ok(run)
}

/// Nothing of the case is named.
fn names_nothing(text: &str) {
    for name in [
        "shop.example",
        "shop&#46;example",
        "boats",
        "Ann",
        "Rivers",
        "203.0.113",
    ] {
        assert!(!text.contains(name), "{name}\n{text}");
    }
}

#[tokio::test]
async fn a_filter_that_objects_gets_a_report_without_names_until_it_is_gone() -> Result<()> {
    let mut reports = Reports::new().await?;
    let cid = reports.person("Cid").await?;
    let proxy = FaultProxy::start(&reports.world.wiki.api).await?;
    let title = reports.title("link", "shop.example");
    // What the spam blacklist knows stands in a report as text.
    let listed = reports.hosts("listed.example");
    let line = format!("\n\\b{}\\b\n", listed.replace('.', "\\."));
    reports
        .world
        .admin
        .append("MediaWiki:Spam-blacklist", &line, "")
        .await?;
    let filter = Filter::new(
        &format!(
            "user_name == \"{}\" & new_text contains \"{}\"",
            reports.world.bot.name,
            // The whole host is no longer one text on a page.
            reports.hosts("shop.example").trim_end_matches(".example")
        ),
        "disallow",
    )
    .await?;
    let outcome = async {
        reports
            .additions(&[
                ("Ann", "Rivers", "https://shop.example/boats"),
                ("Ann", "Lakes", "https://shop.example/boats"),
                ("Ann", "Seas", "https://shop.example/boats"),
                ("Ann", "Ponds", "https://shop.example/boats"),
                ("203.0.113.7", "Ponds", "https://shop.example/boats"),
                ("Ann", "Rivers", "https://other.example/a"),
            ])
            .await?;
        let run = watched(&reports, &proxy).run_ok().await?;
        assert_eq!(number(&run, "reports")?, 1, "{run}");
        assert_eq!(sent(&proxy, &title), 2, "the whole once, then without names\n{run}");
        let text = reports.bare(&reports.text(&title).await?);
        names_nothing(&text);
        assert!(text.contains("5 additions on 1 wiki"), "{text}");
        assert!(text.contains("A filter of this wiki objected"), "{text}");
        let told = waiting(&reports).await?;
        assert!(
            told.contains("without names") && told.contains("Known links") && !told.contains("shop"),
            "{told}"
        );
        let list = format!("User:{}/LinkReports", reports.world.bot.name);
        let shown = reports.shown(&list).await?;
        assert!(shown.contains("a report without names: open, 5 additions"), "{shown}");
        assert!(!shown.contains("shop"), "{shown}");

        // News: without names from the start.
        reports
            .human(&cid, &title, |human| format!("{human}\n* Seen. ~~~~"))
            .await?;
        reports.later = 25 * HOUR;
        reports
            .additions(&[("Ann", "Oceans", "https://shop.example/boats")])
            .await?;
        let run = watched(&reports, &proxy).later(0).run_ok().await?;
        assert_eq!((number(&run, "reports")?, sent(&proxy, &title)), (1, 1), "{run}");
        let text = reports.bare(&reports.text(&title).await?);
        names_nothing(&text);
        assert!(text.contains("6 additions") && text.contains("* Seen."), "{text}");
        Ok::<_, anyhow::Error>(())
    };
    let outcome = outcome.await;
    filter.off().await?;
    outcome?;

    // A person asks, and nothing objects any more.
    asked(&reports, "shop.example").await?;
    let shown = reports.shown(&title).await?;
    assert!(
        shown.contains("shop.example: 6 additions") && shown.contains("Ann"),
        "{shown}"
    );
    assert!(reports.text(&title).await?.contains("* Seen."));
    let told = waiting(&reports).await?;
    assert!(!told.contains("without names"), "{told}");

    // A link that the spam blacklist refuses is none on a report.
    reports
        .recorded(&[edit(
            "en",
            7,
            &reports.own("Ann"),
            9,
            "",
            &format!("[https://{listed}/x x]"),
        )])
        .await?;
    asked(&reports, "listed.example").await?;
    let title = reports.title("link", "listed.example");
    let shown = reports.shown(&title).await?;
    assert!(
        shown.contains("listed.example: 1 addition on 1 wiki by 1 user"),
        "{shown}"
    );
    assert!(shown.contains("On 1 spam blacklist"), "{shown}");
    Ok(())
}

#[tokio::test]
async fn a_title_that_is_forbidden_names_nothing() -> Result<()> {
    let reports = Reports::new().await?;
    let word = reports.hosts("shop.example");
    let line = format!("\n.*LinkReports.{}.* <casesensitive>\n", word.replace('.', "\\."));
    reports
        .world
        .admin
        .append("MediaWiki:Titleblacklist", &line, "")
        .await?;
    reports
        .additions(&[("Ann", "Rivers", "https://shop.example/boats")])
        .await?;
    let run = asked(&reports, "shop.example").await?;
    assert_eq!(number(&run, "reports")?, 1, "{run}");
    assert_eq!(
        reports.world.admin.text(&reports.title("link", "shop.example")).await?,
        None
    );
    let titles = reports.world.rows("SELECT title, form FROM report_page").await?;
    let [title, form] = titles
        .into_iter()
        .next()
        .and_then(|row| row.try_into().ok())
        .context("no page")?;
    assert_eq!(form, "reduced");
    names_nothing(&reports.bare(&title));
    names_nothing(&reports.bare(&reports.text(&title).await?));
    reports.run().await?;
    let told = waiting(&reports).await?;
    assert!(
        told.contains("without names") && told.contains("titleblacklist"),
        "{told}"
    );
    names_nothing(&told);
    let list = format!("User:{}/LinkReports", reports.world.bot.name);
    let shown = reports.shown(&list).await?;
    assert!(shown.contains("a report without names: open, 1 addition"), "{shown}");
    names_nothing(&shown);
    Ok(())
}

#[tokio::test]
async fn a_warning_is_an_answer() -> Result<()> {
    let reports = Reports::new().await?;
    let proxy = FaultProxy::start(&reports.world.wiki.api).await?;
    let titles = ["shop.example", "stall.example"].map(|host| reports.title("link", host));
    let bot = &reports.world.bot.name;
    // One about a page, whatever it says; and one about what it says.
    let filters = [
        format!("page_prefixedtitle == \"{}\"", titles[0]),
        format!(
            "user_name == \"{bot}\" & new_text contains \"{}\"",
            reports.hosts("stall.example").trim_end_matches(".example")
        ),
    ];
    reports
        .additions(&[
            ("Ann", "Rivers", "https://shop.example/boats"),
            ("Ann", "Rivers", "https://stall.example/boats"),
        ])
        .await?;
    let filters = [
        Filter::new(&filters[0], "warn").await?,
        Filter::new(&filters[1], "warn").await?,
    ];
    let outcome = async {
        for host in ["shop.example", "stall.example"] {
            let host = reports.hosts(host);
            let job = watched(&reports, &proxy).args(&["link", &host, "--output", "page"]);
            let run = job.run_ok().await?;
            assert_eq!((number(&run, "reports")?, number(&run, "later")?), (0, 1), "{run}");
        }
        let calls = proxy.calls();
        proxy.forget();
        for title in &titles {
            // A second edit of the page would be taken for a confirmation.
            let sent = calls
                .writes()
                .iter()
                .filter(|call| call.param("title") == Some(title))
                .count();
            assert_eq!(sent, 1, "{}", calls.told());
            assert_eq!(reports.world.admin.text(title).await?, None);
        }
        for (sends, made) in [(1, 1), (0, 0)] {
            let run = watched(&reports, &proxy).later(HOUR).run_ok().await?;
            assert_eq!(number(&run, "reports")?, made, "{run}");
            let calls = proxy.calls();
            proxy.forget();
            for title in &titles {
                let sent = calls
                    .writes()
                    .iter()
                    .filter(|call| call.param("title") == Some(title))
                    .count();
                assert_eq!(sent, sends, "{run}");
            }
        }
        Ok::<_, anyhow::Error>(())
    };
    let outcome = outcome.await;
    for filter in &filters {
        filter.off().await?;
    }
    outcome?;
    assert_eq!(
        reports.world.admin.text(&titles[0]).await?,
        None,
        "it warned of that too"
    );
    names_nothing(&reports.bare(&reports.text(&titles[1]).await?).replace("stall", "shop"));
    let told = waiting(&reports).await?;
    for says in ["could not be saved", "without names"] {
        let line = told
            .lines()
            .find(|line| line.contains(says))
            .with_context(|| told.clone())?;
        assert!(line.contains("Known links"), "{line}");
    }
    Ok(())
}

#[tokio::test]
async fn a_protected_page_and_one_that_asks_bots_to_stay_away_are_left_alone() -> Result<()> {
    let reports = Reports::new().await?;
    let cid = reports.person("Cid").await?;
    let hosts = ["shop.example", "stall.example"];
    for host in hosts {
        let url = format!("https://{host}/");
        reports.additions(&[("Ann", "Rivers", &url)]).await?;
        asked(&reports, host).await?;
    }
    let [protected, nobots] = hosts.map(|host| reports.title("link", host));
    reports
        .world
        .admin
        .protect(&protected, "sysop", "infinite", false)
        .await?;
    reports
        .human(&cid, &nobots, |human| format!("{human}\n{{{{nobots}}}}"))
        .await?;
    let texts = [reports.text(&protected).await?, reports.text(&nobots).await?];
    for host in hosts {
        let url = format!("https://{host}/more");
        reports.additions(&[("Ann", "Lakes", &url)]).await?;
        let run = asked(&reports, host).await?;
        assert_eq!((number(&run, "reports")?, number(&run, "held")?), (0, 1), "{run}");
    }
    assert_eq!(texts, [reports.text(&protected).await?, reports.text(&nobots).await?]);
    let told = waiting(&reports).await?;
    assert!(told.contains("protected") && told.contains("nobots"), "{told}");

    reports
        .world
        .admin
        .protect(&protected, "all", "infinite", false)
        .await?;
    reports
        .human(&cid, &nobots, |human| human.replace("{{nobots}}", ""))
        .await?;
    for (host, title) in hosts.into_iter().zip([&protected, &nobots]) {
        asked(&reports, host).await?;
        let lines = reports.top_lines(title).await?;
        assert!(lines[0].contains(": 2 additions"), "{lines:?}");
    }
    let told = waiting(&reports).await?;
    assert!(!told.contains("protected") && !told.contains("nobots"), "{told}");
    Ok(())
}
