//! Reports on two wikis: the home, on which people decide, and a copy that follows it in its own language. And reports of
//! wikis that do not answer, and switches: what was asked for waits.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wikicrew_tests::links::edit;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::reports::Reports;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::settings::Settings;

use crate::lr_filters::watched;
use crate::seen::{decoded, number};

const HOUR: i64 = 3_600;

/// Settings of the German wiki, whose home is the English one.
fn german(reports: &Reports) -> Settings {
    Settings::of(json!({
        "enabled": true, "publish": "pages",
        "targets": [{ "wiki": reports.world.wiki.api, "home": true }, { "wiki": "here" }],
        "watched_pages": [format!("Projekt Diskussion:{}", reports.own("Links"))],
        "poke": "off",
        "messages": {
            "status-open": "offen", "status-closed": "erledigt",
            "copy-of": "Eine Kopie. Besprochen wird der Bericht auf {page}; sein Stand: {state}.",
            "copy-held": "Es gibt neue Daten, siehe dort.",
            "report-summary": "Bericht über {additions} Links",
            "heading-others": "Wer diesen Link noch eingefügt hat",
            "heading-waiting": "Wartet auf Menschen",
        },
    }))
}

async fn save_german(reports: &Reports, settings: &Settings) -> Result<()> {
    let title = format!("Benutzer:{}/linkreport-gen/Settings", reports.world.bot.name);
    reports
        .de
        .as_admin()
        .await?
        .edit(&title, &settings.page(), "")
        .await
        .map(drop)
}

/// The status page of the German wiki from *Waiting for a person* on.
async fn german_waiting(reports: &Reports) -> Result<String> {
    let title = format!("Benutzer:{}/linkreport-gen/Settings/Status", reports.world.bot.name);
    let page = reports.copy_text(&title).await?;
    let (_, part) = page.split_once("<!-- waiting -->").context("no fourth part")?;
    Ok(reports.bare(&decoded(part.split("\n\n==").next().unwrap_or_default())))
}

#[tokio::test]
async fn a_copy_tells_all_and_follows_the_home() -> Result<()> {
    let mut reports = Reports::with_copy_and(json!({ "limits": { "regenerate_every": "1m" } })).await?;
    let cid = reports.person("Cid").await?;
    let de = reports.de.as_admin().await?;
    let asking = format!("Projekt Diskussion:{}", reports.own("Links"));
    de.edit(&asking, "Hier.", "").await?;
    let settings = german(&reports);
    save_german(&reports, &settings).await?;
    reports.run_copies().await?;
    reports
        .additions(&[
            ("Ann", "Rivers", "https://shop.example/boats"),
            ("Ann", "Lakes", "https://shop.example/boats"),
            ("Ann", "Seas", "https://shop.example/boats"),
            ("Ann", "Ponds", "https://shop.example/boats"),
            ("Ann", "de:Flüsse", "https://shop.example/boats"),
            ("Ann", "de:Flüsse", "https://stall.example/boats"),
        ])
        .await?;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 1, "{run}");
    let run = reports.run_copies().await?;
    assert_eq!((number(&run, "reports")?, number(&run, "copies")?), (0, 1), "{run}");
    let (title, copy) = (
        reports.title("link", "shop.example"),
        reports.copy_title("link", "shop.example"),
    );
    let text = reports.copy_text(&copy).await?;
    let home = format!("[[:en:{title}|");
    assert!(
        decoded(&text).contains(&home) && text.contains("sein Stand: offen"),
        "{text}"
    );
    let shown = reports.bare(&decoded(&text));
    for says in [
        "shop.example: [[#lr-additions|5]] additions on [[#lr-wikis|2]] wikis",
        "Flüsse",
        "Rivers",
        "Wer diesen Link noch eingefügt hat",
    ] {
        assert!(shown.contains(says), "{says}\n{shown}");
    }
    let (_, below) = Reports::parts(&text)?;
    assert_eq!(below.trim(), "", "people's part is at home");
    let history = de.history(&copy).await?;
    assert!(history[0].summary.starts_with("Bericht über 5 Links"), "{history:?}");

    // What people decide at home is told; what does not change is not saved.
    reports.status(&cid, &title, "closed").await?;
    reports.later = 120;
    reports.run().await?;
    for copies in [1, 0] {
        let run = reports.run_copies().await?;
        assert_eq!(number(&run, "copies")?, copies, "{run}");
    }
    let text = reports.copy_text(&copy).await?;
    assert!(text.contains("sein Stand: erledigt"), "{text}");

    // The German spam project asks; the report is made at home.
    let call = format!("\n* {{{{LinkSummary|{}}}}} ~~~~", reports.hosts("stall.example"));
    de.append(&asking, &call, "").await?;
    let run = reports.run_copies().await?;
    assert_eq!((number(&run, "asked")?, number(&run, "reports")?), (1, 0), "{run}");
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 1, "{run}");
    let run = reports.run_copies().await?;
    assert_eq!(number(&run, "copies")?, 1, "{run}");
    let stall = reports.copy_title("link", "stall.example");
    assert!(reports.copy_text(&stall).await?.contains("sein Stand: offen"));

    // Somebody changes the copy: it is left so, and said, until it is given back.
    let text = reports.copy_text(&stall).await?;
    de.edit(&stall, &text.replacen("Eine Kopie.", "Keine Kopie.", 1), "")
        .await?;
    reports
        .additions(&[("Ann", "Rivers", "https://stall.example/more")])
        .await?;
    reports.later = 240;
    reports.run().await?;
    for times in 0..2 {
        let run = reports.run_copies().await?;
        assert_eq!(number(&run, "copies")?, 0, "{times}: {run}");
    }
    let held = reports.copy_text(&stall).await?;
    assert!(
        held.contains("Keine Kopie.") && !decoded(&held).contains("/more"),
        "{held}"
    );
    assert_eq!(held.matches("Es gibt neue Daten, siehe dort.").count(), 1, "{held}");
    let told = german_waiting(&reports).await?;
    assert!(
        told.contains("LinkReports/stall.example") && told.contains("not rewritten"),
        "{told}"
    );
    de.edit(&stall, &text, "as it was").await?;
    reports.later += 25 * HOUR;
    let run = reports.run_copies().await?;
    assert_eq!(number(&run, "copies")?, 1, "{run}");
    assert!(
        reports
            .bare(&decoded(&reports.copy_text(&stall).await?))
            .contains("stall.example: [[#lr-additions|2]] additions")
    );
    let told = german_waiting(&reports).await?;
    assert!(!told.contains("stall.example"), "{told}");

    // Switched off there, the home goes on.
    save_german(&reports, &settings.set("enabled", false)).await?;
    reports
        .additions(&[("Ann", "Lakes", "https://stall.example/more")])
        .await?;
    reports.later += HOUR;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 1, "{run}");
    let text = reports.copy_text(&stall).await?;
    reports.copy_job()?.run_ok().await?;
    assert_eq!(reports.copy_text(&stall).await?, text);
    Ok(())
}

#[tokio::test]
async fn another_place_needs_an_approval() -> Result<()> {
    let reports = Reports::new().await?;
    let base = reports.own("Project:Spam");
    let target = |approval: Option<&str>| {
        let mut target = json!({ "wiki": "here", "home": true, "base": base });
        if let Some(approval) = approval {
            target["approval"] = json!(approval);
        }
        reports.settings.clone().set("targets", json!([target]))
    };
    reports
        .additions(&[("Ann", "Rivers", "https://shop.example/boats")])
        .await?;
    reports.save_settings(&target(None)).await?;
    let run = reports.by_hand(&["link", "shop.example", "--output", "page"]).await?;
    assert_eq!(run.code, 78, "{run}");
    assert!(run.says("approval"), "{run}");
    assert!(reports.report_rows().await?.is_empty());
    reports
        .save_settings(&target(Some("[[Project talk:Spam#Reports]]")))
        .await?;
    let run = reports.by_hand(&["link", "shop.example", "--output", "page"]).await?;
    assert_eq!(number(&run, "reports")?, 1, "{run}");
    let title = format!("{base}/LinkReports/{}", reports.hosts("shop.example"));
    assert!(reports.text(&title).await?.contains("1 addition"));
    Ok(())
}

/// An edit of the German wiki as it was recorded of another address of it.
async fn of_wiki(reports: &Reports, proxy: &FaultProxy, name: &str) -> Result<String> {
    let key = proxy
        .url()
        .trim_start_matches("http://")
        .trim_end_matches("/api.php")
        .to_owned();
    let page = format!("{name} page");
    let url = reports.hosts("https://shop.example/boats");
    let made = reports.additions(&[("Ann", &format!("de:{page}"), &url)]).await?;
    let mut event = edit(name, made[0].rev, &reports.own("Ann"), 1, "", &format!("[{url} x]"));
    event["wiki"] = json!(key);
    event["page_id"] = json!(made[0].page_id);
    event["page_title"] = json!(made[0].title.replace(' ', "_"));
    reports.recorded(&[event]).await?;
    Ok(key)
}

#[tokio::test]
async fn wikis_that_do_not_answer_are_named_and_the_report_is_made() -> Result<()> {
    let reports = Reports::new().await?;
    let mut proxies = Vec::new();
    for _ in 0..4 {
        proxies.push(FaultProxy::start(&reports.de.api).await?);
    }
    let names = ["down", "html", "dead", "half"];
    let mut keys = Vec::new();
    for (name, proxy) in names.into_iter().zip(&proxies) {
        keys.push(of_wiki(&reports, proxy, name).await?);
    }
    reports
        .additions(&[("Ann", "Rivers", "https://shop.example/boats")])
        .await?;
    let faults = [
        proxies[0].rule(When::any(), Fault::unavailable()),
        proxies[1].rule(When::any(), Fault::HtmlError(200)),
        // It says what it is, and then nothing that could be read.
        proxies[3].rule(When::any().from(2), Fault::TruncatedJson),
    ];
    proxies[2].refuse().await?;
    let hosts: Vec<&str> = keys
        .iter()
        .map(|key| key.split('/').next().unwrap_or_default())
        .collect();
    let own = [&reports.world.wiki.api, &reports.de.api].map(|api| api.split('/').nth(2).unwrap_or_default());
    let allowed = [&hosts[..], &own[..]].concat().join(",");
    let host = reports.hosts("shop.example");
    let job = reports
        .job()
        .env("WIKICREW_API_HOSTS", &allowed)
        .args(&["link", &host, "--output", "page"]);
    let run = job.run_ok().await?;
    assert_eq!(number(&run, "reports")?, 1, "{run}");
    assert!(
        faults.iter().all(|fault| fault.times() > 0),
        "{:?}",
        faults.map(|fault| fault.times())
    );
    let title = reports.title("link", "shop.example");
    let lines = reports.top_lines(&title).await?;
    // The German wiki has the same edits under its own address.
    assert!(lines[0].contains("9 additions on 6 wikis"), "{lines:?}");
    assert!(
        lines[0].contains("5 still live, 4 on wikis that could not be asked"),
        "{lines:?}"
    );
    let shown = reports.shown(&title).await?;
    let unchecked = shown.lines().find(|line| line.starts_with("Could not be checked:"));
    let unchecked = unchecked.with_context(|| shown.clone())?;
    for name in names {
        assert!(unchecked.contains(name), "{name}: {unchecked}");
    }
    assert!(shown.contains("On wikis that could not be asked (4"), "{shown}");
    // As they answer again, so does the report.
    for proxy in &proxies {
        proxy.heal();
    }
    proxies[2].accept().await?;
    job.run_ok().await?;
    let lines = reports.top_lines(&title).await?;
    assert!(lines[0].ends_with("0 removed, 9 still live."), "{lines:?}");
    Ok(())
}

#[tokio::test]
async fn a_home_that_fails_in_the_middle_is_served_later_and_once() -> Result<()> {
    let reports = Reports::new().await?;
    let proxy = FaultProxy::start(&reports.world.wiki.api).await?;
    let faults = [
        ("lags", false, Fault::maxlag()),
        ("is down", false, Fault::unavailable()),
        (
            "logged us out",
            false,
            Fault::ApiError("assertuserfailed".into(), "You are no longer logged in.".into()),
        ),
        ("saved it and is down", true, Fault::unavailable().after_forwarding()),
        ("saved it and said nothing", true, Fault::ForwardAndLose),
    ];
    for (n, (what, is_saved, fault)) in faults.into_iter().enumerate() {
        let host = format!("s{n}.example");
        let url = format!("https://{host}/");
        reports.additions(&[("Ann", "Rivers", &url)]).await?;
        let title = reports.title("link", &host);
        let applied = proxy.rule(When::edit_of(&title), fault);
        let own = reports.hosts(&host);
        let run = watched(&reports, &proxy)
            .args(&["link", &own, "--output", "page"])
            .run()
            .await?;
        proxy.heal();
        assert!(applied.times() > 0, "{what}: {run}");
        assert_eq!(
            reports.world.admin.text(&title).await?.is_some(),
            is_saved,
            "{what}: {run}"
        );
        let asks = reports.asks().await?;
        let ask = asks.last().context("no request")?;
        assert!(!ask.is_served, "{what}: {ask:?}\n{run}");
        println!("{what}: exit {}", run.code);
        let run = watched(&reports, &proxy).later(HOUR).run_ok().await?;
        assert!(reports.asks().await?.iter().all(|ask| ask.is_served), "{what}: {run}");
        assert_eq!(reports.saves(&title).await?, 1, "{what}: {run}");
        let text = reports.text(&title).await?;
        assert_eq!(text.matches("See the report above.").count(), 1, "{what}: {text}");
    }
    assert_eq!(reports.report_rows().await?.len(), 5);
    Ok(())
}

#[tokio::test]
async fn what_was_asked_for_waits_while_the_job_is_switched_off() -> Result<()> {
    let reports = Reports::new().await?;
    let cid = reports.person("Cid").await?;
    let hosts = ["a.example", "b.example", "c.example"];
    for host in hosts {
        let url = format!("https://{host}/");
        let rows = ["Rivers", "Lakes", "Seas", "Ponds", "Oceans"].map(|page| ("Ann", page, url.as_str()));
        reports.additions(&rows).await?;
    }
    let titles = hosts.map(|host| reports.title("link", host));
    let made = async || -> Result<usize> {
        let mut made = 0;
        for title in &titles {
            made += usize::from(reports.world.admin.text(title).await?.is_some());
        }
        Ok(made)
    };
    let stop = format!("User:{}/linkreport-gen/Stop", reports.world.bot.name);
    reports
        .save_settings(&reports.settings.clone().set("enabled", false))
        .await?;
    reports.run().await?;
    reports
        .save_settings(&reports.settings.clone().set("publish", "off"))
        .await?;
    reports.run().await?;
    reports.save_settings(&reports.settings).await?;
    cid.edit(&stop, "Please wait. ~~~~", "").await?;
    reports.job().run().await?;
    let run = reports.job().env("WIKICREW_LINKREPORT_GEN_EDIT", "off").run().await?;
    assert_eq!(made().await?, 0, "{run}");
    let asks = reports.asks().await?;
    assert_eq!(asks.len(), 3, "kept, each once: {asks:?}");
    assert!(asks.iter().all(|ask| !ask.is_served && ask.tries == 0), "{asks:?}");

    // Saved again while the first report is on its way.
    cid.edit(&stop, "run", "").await?;
    let proxy = FaultProxy::start(&reports.world.wiki.api).await?;
    let (admin, settings, page) = (
        reports.world.admin.clone(),
        reports.settings_title(),
        reports.settings.clone().set("max_edits_per_run", 3).page(),
    );
    let titled = titles.clone();
    let first = When::edit().that("a report", move |call| {
        titled.iter().any(|title| call.param("title") == Some(title))
    });
    let saves = Fault::after(move |_| {
        let (admin, settings, page) = (admin.clone(), settings.clone(), page.clone());
        async move { admin.edit(&settings, &page, "").await.map(drop).expect("the admin may") }
    });
    let hook = proxy.rule(first.nth(1), saves);
    let run = watched(&reports, &proxy).run().await?;
    assert_eq!((hook.times(), made().await?), (1, 1), "{run}");
    // The settings allow few edits: what is left waits, and nobody has to release anything.
    for n in [2, 3] {
        let run = reports.run().await?;
        assert!(number(&run, "reports")? <= 2, "{run}");
        ensure!(made().await? >= n.min(3), "{n}\n{run}");
    }
    assert_eq!(made().await?, 3);
    let asks = reports.asks().await?;
    assert!(asks.len() == 3 && asks.iter().all(|ask| ask.is_served), "{asks:?}");
    for title in &titles {
        assert_eq!(reports.saves(title).await?, 1);
    }
    Ok(())
}
