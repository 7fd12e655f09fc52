//! What waits is served: a flood of two hundred requests in turns, each once; what fails later again, and at last not
//! any more.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::links::edit;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::reports::{AskRow, Reports};
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Job;
use wikicrew_tests::sandbox::NewPage;

use crate::seen::{decoded, number};

/// People who ask for as much as they may, and such who ask for two reports each.
const MANY: usize = 9;
const FEW: usize = 9;

/// A world that watches one page of its own, of which the job knows that it stands there.
async fn watching(more: Value) -> Result<(Reports, String, FaultProxy)> {
    let mut reports = Reports::with(json!({ "publish": "off" })).await?;
    let page = reports.own("Project talk:Spam");
    // Nobody but people asks here.
    let mut settings = reports.settings.clone().set("watched_pages", json!([page]));
    settings = settings.set("rules.min_additions", 1_000);
    for (key, value) in more.as_object().context("settings are an object")? {
        settings = settings.set(key, value.clone());
    }
    reports.save_settings(&settings).await?;
    reports.settings = settings;
    reports.world.load(&[NewPage::new(&page, "Begin.\n")]).await?;
    // Through the proxy from the first run on: it is another wiki by that address.
    let proxy = FaultProxy::start(&reports.world.wiki.api).await?;
    through(&reports, &proxy).run_ok().await?;
    Ok((reports, page, proxy))
}

/// The job, that talks to the wiki through this proxy.
pub fn through(reports: &Reports, proxy: &FaultProxy) -> Job {
    let hosts: Vec<&str> = [proxy.url(), &reports.world.wiki.api, &reports.de.api]
        .into_iter()
        .filter_map(|url| url.split('/').nth(2))
        .collect();
    reports.job().through(proxy).env("WIKICREW_API_HOSTS", &hosts.join(","))
}

fn calls(reports: &Reports, hosts: impl Iterator<Item = String>) -> String {
    hosts
        .map(|host| reports.hosts(&format!("* {{{{LinkSummary|{host}.example}}}}\n")))
        .collect()
}

/// How many of the subjects that each requester asked for were served.
fn served(asks: &[AskRow]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for ask in asks.iter().filter(|ask| ask.is_served) {
        *counts.entry(ask.requester.clone()).or_default() += 1;
    }
    counts
}

/// What stands under *Waiting for a person*.
async fn waiting(reports: &Reports) -> Result<Vec<String>> {
    let page = reports.status_page().await?;
    let (_, part) = page
        .split_once("<!-- waiting -->\n")
        .context("the status page has no fourth part")?;
    let part = part.split("\n\n==").next().unwrap_or_default();
    Ok(part.lines().map(|line| reports.bare(&decoded(line))).collect())
}

#[tokio::test]
async fn two_hundred_requests_at_once_are_served_in_turns_each_once() -> Result<()> {
    let (reports, page, proxy) = watching(json!({ "limits.per_run": 50 })).await?;
    // Something is known of what the patient people ask for; of the rest there will be no page.
    let mut events = Vec::new();
    for n in 0..FEW as u64 {
        let text = reports.hosts(&format!("https://few{n}.example/ https://both.example/{n}"));
        events.push(edit("en", 1_000 + n, &reports.own("Eve"), 30, "", &text));
    }
    reports.recorded(&events).await?;
    let mut text = "Begin.\n".to_owned();
    let mut pages = Vec::new();
    let mut ask = |who: String, hosts: Vec<String>| {
        text.push_str(&calls(&reports, hosts.into_iter()));
        pages.push(NewPage::new(&page, &text).by(&reports.own(&who)));
    };
    // Six more than a person may have.
    ask("Many 0".to_owned(), (0..26).map(|n| format!("m0-{n}")).collect());
    for person in 1..MANY {
        ask(
            format!("Many {person}"),
            (0..20).map(|n| format!("m{person}-{n}")).collect(),
        );
    }
    for person in 0..FEW {
        ask(
            format!("Few {person}"),
            vec![format!("few{person}"), format!("m0-{person}")],
        );
    }
    // The same again by somebody else, on the same page, is not new; what two want is one.
    ask("Few 0".to_owned(), vec!["both".to_owned()]);
    reports.world.load(&pages).await?;
    let poke = format!("User:{}/Poke", reports.world.bot.name);
    let both = calls(&reports, std::iter::once("both".to_owned()));
    reports.world.load(&[NewPage::new(&poke, &both).by("Admin")]).await?;

    // Nothing is written while it is off, and nothing is lost.
    let run = through(&reports, &proxy).run_ok().await?;
    let asked = (MANY * 20 + FEW + 1 + 1) as u64;
    // The second word of the Fews is on the page already.
    assert_eq!((number(&run, "asked")?, number(&run, "refused")?), (asked, 6), "{run}");
    assert_eq!(number(&run, "reports")?, 0, "{run}");
    assert_eq!(reports.report_rows().await?, []);
    let subjects = asked - 1;
    let lines = waiting(&reports).await?;
    let told = lines
        .iter()
        .position(|line| line.contains(&format!("{subjects} reports wait to be written")));
    let told = told.with_context(|| format!("{lines:#?}"))?;
    let list = lines.iter().filter(|line| line.contains("a summary template")).count();
    ensure!(
        list == 50 && lines[told..].iter().any(|line| line.contains("140 more are not shown")),
        "{lines:#?}"
    );
    let both = lines
        .iter()
        .find(|line| line.contains("both.example"))
        .with_context(|| format!("{lines:#?}"))?;
    ensure!(
        both.contains("a summary template") && both.contains("asked for by a trusted user"),
        "{both}"
    );
    ensure!(both.contains("Few 0") && both.contains("Admin"), "{both}");
    let printed = through(&reports, &proxy).args(&["requests"]).run_ok().await?;
    ensure!(
        printed.says(&format!("{subjects} subjects wait, by {asked} requests")),
        "{printed}"
    );

    reports
        .save_settings(&reports.settings.clone().set("publish", "pages"))
        .await?;
    let mut before: BTreeMap<String, usize> = BTreeMap::new();
    let mut saved = 0;
    for (n, whole) in [50, 45, 45, 45, 5].into_iter().enumerate() {
        let run = through(&reports, &proxy).run_ok().await?;
        let now = served(&reports.asks().await?);
        let turns = number(&run, "reports")? + number(&run, "unchanged")?;
        assert_eq!(turns, whole, "run {n}\n{run}");
        saved += number(&run, "reports")?;
        let of = |name: &str| now.get(name).copied().unwrap_or(0) - before.get(name).copied().unwrap_or(0);
        for person in 0..MANY {
            let served = of(&format!("Many {person}"));
            ensure!(
                served <= 5 && (n == 4 || served >= 3),
                "run {n}: {served} of Many {person}\n{now:?}"
            );
        }
        if n == 0 {
            let few: Vec<usize> = (0..FEW).map(|person| of(&format!("Few {person}"))).collect();
            assert_eq!(
                few.iter().sum::<usize>(),
                FEW + 1,
                "nobody waits behind a flood: {now:?}"
            );
        }
        before = now;
    }
    assert_eq!(saved, FEW as u64 + 1);
    let asks = reports.asks().await?;
    ensure!(asks.iter().all(|ask| ask.is_served && ask.tries == 0), "{asks:?}");
    let outcomes: BTreeSet<(&str, &str)> = asks
        .iter()
        .filter(|ask| ask.subject == "example.both.")
        .map(|ask| (ask.reason.as_str(), ask.outcome.as_str()))
        .collect();
    assert_eq!(outcomes, BTreeSet::from([("poke", "saved"), ("summary", "saved")]));
    assert_eq!(reports.saves(&reports.title("link", "both.example")).await?, 1);
    let lines = waiting(&reports).await?;
    ensure!(!lines.iter().any(|line| line.contains("reports wait")), "{lines:#?}");
    Ok(())
}

#[tokio::test]
async fn what_fails_is_tried_again_and_given_up_at_last() -> Result<()> {
    let (reports, page, proxy) = watching(json!({ "publish": "pages" })).await?;
    let names = ["good", "bad", "worse"];
    let text: String = names.iter().map(|name| format!("https://{name}.example/ ")).collect();
    reports
        .recorded(&[edit("en", 1_000, &reports.own("Eve"), 30, "", &reports.hosts(&text))])
        .await?;
    let text = calls(&reports, names.into_iter().map(str::to_owned));
    reports
        .world
        .load(&[NewPage::new(&page, &text).by(&reports.own("Ann"))])
        .await?;

    // What the wiki cannot answer of one page.
    let fails = |name: &str| {
        let title = reports.title("link", &format!("{name}.example"));
        let fault = Fault::ApiError("internal_api_error_DBQueryError".into(), "Caught exception".into());
        proxy.rule(When::module("revisions").containing(&title), fault)
    };
    let (bad, worse) = (fails("bad"), fails("worse"));
    let minutes = |minutes: i64| through(&reports, &proxy).later(minutes * 60);
    let run = minutes(0).run_ok().await?;
    assert_eq!((number(&run, "reports")?, number(&run, "later")?), (1, 2), "{run}");
    ensure!(bad.times() > 0 && worse.times() > 0, "no fault came");
    let of = |asks: Vec<AskRow>, name: &str| {
        let subject = format!("example.{name}.");
        asks.into_iter()
            .find(|ask| ask.subject == subject)
            .map(|ask| (ask.is_served, ask.tries, ask.outcome))
    };
    let lines = waiting(&reports).await?;
    ensure!(
        lines
            .iter()
            .any(|line| line.contains("worse.example") && line.contains("failed 1 times")),
        "{lines:#?}"
    );
    let printed = through(&reports, &proxy).args(&["requests"]).run_ok().await?;
    ensure!(
        printed.says("failed 1 times") && printed.says("Caught exception"),
        "{printed}"
    );

    // Not before its time; then the one that is well again is served.
    let run = minutes(5).run_ok().await?;
    assert_eq!((number(&run, "reports")?, number(&run, "later")?), (0, 0), "{run}");
    proxy.heal();
    let worse = fails("worse");
    let run = minutes(11).run_ok().await?;
    assert_eq!((number(&run, "reports")?, number(&run, "later")?), (1, 1), "{run}");
    assert_eq!(of(reports.asks().await?, "bad"), Some((true, 1, "saved".into())));
    // Each pause is twice the one before: 10, 20, 40, 80, 160 minutes.
    for (n, at) in [32, 73, 154].into_iter().enumerate() {
        let run = minutes(at).run_ok().await?;
        assert_eq!(number(&run, "later")?, 1, "try {}\n{run}", n + 3);
    }
    // The last one is an error of the run, which people are told of.
    let run = minutes(315).run().await?;
    ensure!(run.says("Errors: True"), "{run}");
    assert_eq!(
        of(reports.asks().await?, "worse"),
        Some((true, 6, "given-up".into())),
        "{run}"
    );
    ensure!(worse.times() >= 5, "no fault came");
    let run = minutes(400).run_ok().await?;
    assert_eq!(number(&run, "later")?, 0, "{run}");
    // Whoever asks anew is heard.
    proxy.heal();
    let host = reports.hosts("worse.example");
    minutes(401).args(&["link", &host, "--output", "page"]).run_ok().await?;
    assert_eq!(reports.saves(&reports.title("link", "worse.example")).await?, 1);
    Ok(())
}
