//! Where coi-report reads edits, from recent changes: the first run, late rows, moves, imports, gaps, a backlog, and
//! two wikis in one run. Every edit is judged once, and none is missed in silence.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wikicrew_tests::calls::{Call, Calls};
use wikicrew_tests::coi::{Coi, backlog_text};
use wikicrew_tests::links::seconds_ago;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::{Job, Run};
use wikicrew_tests::sandbox::{BulkEdit, NewPage};
use wikicrew_tests::settings::Settings;
use wikicrew_tests::world::World;

use crate::ib_sources::{import_page, sandbox};
use crate::seen::{decoded, number};

/// Of the recent changes and of the log behind the proxy only what is about pages whose titles have this word.
pub(crate) fn only(word: &str, proxy: &FaultProxy) {
    let word = word.to_owned();
    let filter = Fault::rewrite(move |answer| {
        for list in ["recentchanges", "logevents"] {
            if let Some(changes) = answer["query"][list].as_array_mut() {
                changes.retain(|change| change["title"].as_str().is_some_and(|title| title.contains(&word)));
            }
        }
    });
    // Both lists come in one answer.
    proxy.rule(When::module("recentchanges"), filter);
}

/// An article about somebody of this name, by that account: a hit of the rule of titles.
pub(crate) fn about_oneself(coi: &Coi, name: &str) -> NewPage {
    let own = coi.world.own(name);
    NewPage::new(&own, "A company.").by(&own)
}

/// The job through a proxy that shows it this world's edits only.
pub(crate) async fn proxied(coi: &Coi) -> Result<(FaultProxy, Job)> {
    let proxy = FaultProxy::start(&coi.world.wiki.api).await?;
    only(&coi.world.prefix, &proxy);
    let job = reaching(&coi.job(), &[proxy.url()]).through(&proxy);
    Ok((proxy, job))
}

/// Host and port of an address.
pub(crate) fn host_of(url: &str) -> &str {
    let rest = url.split_once("//").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

/// The job with leave to speak to the hosts of these addresses only.
pub(crate) fn reaching(job: &Job, urls: &[&str]) -> Job {
    let hosts: Vec<&str> = urls.iter().map(|url| host_of(url)).collect();
    job.clone().env("WIKICREW_API_HOSTS", &hosts.join(","))
}

/// What was read of all wikis: edits, additions, hits.
pub(crate) async fn read_so_far(world: &World) -> Result<String> {
    let sql = "SELECT IFNULL(SUM(edits), 0), IFNULL(SUM(additions), 0), IFNULL(SUM(hits), 0) FROM wiki_edits";
    world.table(sql).await
}

/// Everything in the database that is not about the runs themselves.
async fn rows(world: &World) -> Result<String> {
    let counts = world.row_counts().await?;
    let kept = counts.lines().filter(|line| {
        !["run:", "run_error:", "lease:"]
            .iter()
            .any(|table| line.starts_with(table))
    });
    Ok(kept.map(|line| format!("{line}\n")).collect())
}

#[tokio::test]
async fn nothing_before_the_first_run_a_dry_run_leaves_no_trace_and_late_rows_come_once() -> Result<()> {
    let coi = Coi::new().await?;
    let (proxy, job) = proxied(&coi).await?;
    coi.world.load(&[about_oneself(&coi, "Zeroth")]).await?;
    let dry = job.clone().args(&["--dry-run"]).run_ok().await?;
    assert!(dry.says("the first run") && dry.says("are not looked at"), "{dry}");
    assert_eq!(coi.world.row_counts().await?, "", "{dry}");
    let first = job.run_ok().await?;
    assert!(first.says("edits before are not looked at"), "{first}");
    assert_eq!(
        (number(&first, "first")?, number(&first, "edits_seen")?),
        (1, 0),
        "{first}"
    );

    coi.world.load(&[about_oneself(&coi, "Firstling")]).await?;
    proxy.forget();
    let before = rows(&coi.world).await?;
    for _ in 0..2 {
        let dry = job.clone().args(&["--dry-run", "--json"]).run_ok().await?;
        let shown = coi.printed_hits(&dry);
        assert!(shown.len() == 1 && dry.stdout.contains("Firstling"), "{dry}");
    }
    assert_eq!(rows(&coi.world).await?, before);
    assert!(proxy.calls().writes().is_empty(), "{}", proxy.calls().told());
    let second = job.run_ok().await?;
    let one = "Firstling page-overlap Firstling\n";
    assert_eq!(coi.hits_told().await?, one, "{second}");

    // A row that shows up behind the place that was reached, and what was handled comes again beside it.
    let start =
        "UPDATE checkpoint SET pos = JSON_SET(CONVERT(pos USING utf8mb4), '$.start', '2020-01-01T00:00:00+00:00')";
    coi.world.execute(start).await?;
    coi.world
        .load(&[about_oneself(&coi, "Latecomer").at(&seconds_ago(15))])
        .await?;
    let third = job.run_ok().await?;
    assert_eq!(
        number(&third, "edits_seen")?,
        2,
        "the one before all, which is no more before it: {third}"
    );
    let after = coi.hits_told().await?;
    assert_eq!(after.matches("page-overlap").count(), 3, "{after}{third}");
    let read = read_so_far(&coi.world).await?;
    for later in [0, 300, 86_400] {
        let quiet = job.clone().later(later).run_ok().await?;
        assert_eq!(number(&quiet, "edits_seen")?, 0, "{quiet}");
    }
    assert_eq!((coi.hits_told().await?, read_so_far(&coi.world).await?), (after, read));
    Ok(())
}

/// A namespace in which no other test writes: its number and its name.
const QUIET: (i32, &str) = (9, "MediaWiki talk");
/// Another one.
const BUSY: (i32, &str) = (11, "Template talk");

#[tokio::test]
async fn a_gap_is_told_and_filled_moves_count_for_the_creator_and_imports_for_nobody() -> Result<()> {
    let coi = Coi::new().await?;
    let settings = coi.settings.clone().set("namespaces", json!([QUIET.0]));
    coi.save_settings(&settings).await?;
    let prefix = &coi.world.prefix;
    let title = |name: &str| format!("{}:{prefix} {name}", QUIET.1);
    let ago = |days: i64| seconds_ago(days * 86_400);
    let by_oneself = |name: &str, days: i64| {
        NewPage::new(&title(name), "Text.")
            .by(&coi.world.own(name))
            .at(&ago(days))
    };
    coi.world
        .load(&[by_oneself("Alphaco", 44), by_oneself("Betaco", 42)])
        .await?;
    import_page(prefix, (&title("Elsewhere"), QUIET.0), "Text.", &ago(41)).await?;
    // As if the wiki had dropped them, and the job had not run since then.
    let drop_rows = format!(
        "DELETE FROM recentchanges WHERE rc_namespace = {} AND rc_title LIKE '{prefix}%'",
        QUIET.0
    );
    sandbox(&["sql", "enwiki", "-e", &drop_rows]).await?;
    coi.run().await?;
    let place = json!({ "until": ago(43), "start": ago(50), "handled": [] });
    coi.world
        .execute(&format!("UPDATE checkpoint SET pos = '{place}'"))
        .await?;

    coi.world.load(&[by_oneself("Gammaco", 0)]).await?;
    let run = coi.run().await?;
    assert!(run.says("the wiki offers no recent changes from"), "{run}");
    assert_eq!(number(&run, "gaps")?, 1, "{run}");
    let hits = coi.hits_told().await?;
    let wanted = "Betaco page-overlap MediaWiki talk:Betaco\nGammaco page-overlap MediaWiki talk:Gammaco\n";
    assert_eq!(
        hits, wanted,
        "nobody's before the checkpoint, imports are nobody's edits here: {run}"
    );
    let status = coi.status().await?;
    let told = coi.world.scrub(&decoded(&status));
    assert!(
        told.contains("between TIME (UTC) and TIME (UTC): they were read from the page histories"),
        "{status}"
    );
    let read = read_so_far(&coi.world).await?;
    coi.run().await?;
    assert_eq!((coi.hits_told().await?, read_so_far(&coi.world).await?), (hits, read));

    // From a draft into the articles: a new page there, of who wrote it.
    let draft = format!("User:{prefix} Deltaco/Draft");
    coi.world
        .load(&[NewPage::new(&draft, "Text.").by(&coi.world.own("Deltaco"))])
        .await?;
    assert_eq!(number(&coi.run().await?, "hits")?, 0);
    coi.world.admin.move_page(&draft, &title("Deltaco"), true).await?;
    let run = coi.run().await?;
    let hits = coi.hits_told().await?;
    assert!(
        hits.contains("Deltaco page-overlap MediaWiki talk:Deltaco\n"),
        "{hits}{run}"
    );
    coi.world.admin.move_page(&title("Deltaco"), &draft, true).await?;
    coi.run().await?;
    assert_eq!(coi.hits_told().await?, hits, "out of them it is nobody's");
    Ok(())
}

/// Cookies, passwords, tokens.
fn has_credentials(call: &Call) -> bool {
    call.is_login() || call.header("cookie").is_some() || call.header("authorization").is_some()
}

#[tokio::test]
async fn two_wikis_in_one_run_each_page_its_part_and_one_that_is_down_stops_nobody() -> Result<()> {
    let there = World::on("de").await?;
    let proxy = FaultProxy::start(&there.wiki.api).await?;
    let both = json!(["here", { "api": proxy.url(), "prefix": "de" }]);
    let coi = Coi::with(both).await?;
    only(&coi.world.prefix, &proxy);
    let host = host_of(proxy.url());
    let job = reaching(&coi.job(), &[&coi.world.wiki.api, proxy.url()]);

    // The operator's word: without it the settings are refused, and the variable is named.
    let refused = coi.job().run_to(78).await?;
    assert!(refused.says("WIKICREW_API_HOSTS"), "{refused}");
    let status = decoded(&coi.status().await?);
    assert!(
        status.contains("wikis[2].api") && status.contains("WIKICREW_API_HOSTS"),
        "{status}"
    );
    assert!(proxy.calls().is_empty(), "{}", proxy.calls().told());

    // The other wiki has a settings page of its own, which reads nothing.
    let title = there.settings_title("coi-report");
    let settings = Settings::of(json!({ "enabled": true, "publish": "pages", "wikis": [] }));
    there
        .load(&[
            NewPage::new(&title, "Soon.").protected("sysop"),
            NewPage::new(&title, &settings.page()),
        ])
        .await?;
    let own_run = there
        .job("coi-report")
        .through(&proxy)
        .env("WIKICREW_DATABASE_URL", &coi.world.database_url())
        .env("WIKICREW_DNS", "off");
    own_run.run_ok().await?;
    let first = job.run_ok().await?;
    assert_eq!(number(&first, "first")?, 2, "{first}");

    coi.world.load(&[about_oneself(&coi, "Homeco")]).await?;
    there.load(&[about_oneself(&coi, "Dortco")]).await?;
    proxy.forget();
    let run = job.run_ok().await?;
    assert_eq!(coi.hits_told().await?.lines().count(), 2, "{run}");
    let page = coi.page_lines().await?.join("\n");
    assert!(
        page.contains("Homeco") && page.contains("Dortco"),
        "{page}\n{:?}\n{run}",
        coi.day_pages().await?
    );
    let dort = page.lines().find(|line| line.contains("Dortco")).context("no line")?;
    assert!(dort.contains("[[:de:Dortco") || dort.contains("[[:de:"), "{dort}");
    let bad: Vec<Call> = proxy
        .calls()
        .into_iter()
        .filter(|call| has_credentials(call) || call.is_write())
        .collect();
    assert!(!proxy.calls().is_empty() && bad.is_empty(), "{}", bad.told());

    let run = own_run.run_ok().await?;
    let found = there.admin.contributions(&there.bot.name).await?;
    let day = found
        .iter()
        .map(|(title, _)| title)
        .find(|title| title.contains("COIReports"))
        .with_context(|| format!("no day page: {found:?}\n{run}"))?;
    let text = there.admin.text(day).await?.context("no text")?;
    assert!(text.contains("Dortco") && !text.contains("Homeco"), "{text}");

    // Down: told as an error the first time that day, and the home wiki goes on.
    proxy.refuse().await?;
    coi.world.load(&[about_oneself(&coi, "Secondco")]).await?;
    there.load(&[about_oneself(&coi, "Zweitco")]).await?;
    let down = job.run_to(1).await?;
    assert!(down.says(host), "{down}");
    assert!(coi.hits_told().await?.contains("Secondco"), "{down}");
    assert!(coi.page_lines().await?.join("\n").contains("Secondco"), "{down}");
    job.run_to(0).await?;
    proxy.accept().await?;
    let up = job.run_ok().await?;
    assert_eq!(coi.hits_told().await?.matches("Zweitco page").count(), 1, "{up}");

    // Only where the operator says so the credentials go there, too.
    proxy.forget();
    let with_login = job.env("WIKICREW_LOGIN_HOSTS", host).run().await?;
    assert!(proxy.calls().iter().any(Call::is_login), "{with_login}");
    Ok(())
}

/// Waits until a run has stored its first batch, or is over.
async fn first_batch(coi: &Coi) -> Result<()> {
    for _ in 0..600 {
        if read_so_far(&coi.world).await? != "0 | 0 | 0\n" {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    anyhow::bail!("no batch was stored")
}

/// `WIKICREW_TEST_BACKLOG=5000` for the number that operators care about.
#[expect(clippy::disallowed_methods, reason = "asked for by hand only")]
fn backlog_of() -> usize {
    let asked = std::env::var("WIKICREW_TEST_BACKLOG").ok();
    asked.and_then(|count| count.parse().ok()).unwrap_or(600)
}

fn told(run: &Run, proxy: &FaultProxy, edits: usize, began: Instant) {
    let (calls, seconds) = (proxy.calls(), began.elapsed().as_secs_f64());
    let bytes: usize = calls.iter().map(|call| call.bytes).sum();
    println!(
        "{edits} edits: {} requests ({:.1} per 1,000), {} kB, {seconds:.1} s\n{}",
        calls.len(),
        calls.len() as f64 * 1e3 / edits as f64,
        bytes / 1024,
        run.summary().unwrap_or_default()
    );
}

/// So many edits of 30 pages by 20 accounts, one a second up to some minutes ago; every tenth adds a link.
async fn backlog(coi: &Coi, edits: usize) -> Result<Vec<u64>> {
    const PAGES: usize = 30;
    let title = |n: usize| format!("{}:{} Backlog {}", BUSY.1, coi.world.prefix, n % PAGES);
    let at = |n: usize| seconds_ago(300 + (edits - n) as i64);
    let first: Vec<NewPage> = (0..PAGES)
        .map(|n| NewPage::new(&title(n), "Begin.\n").at(&seconds_ago(90_000)))
        .collect();
    coi.world.load(&first).await?;
    let edit = |n: usize| BulkEdit {
        title: title(n),
        user: coi.world.own(&format!("Writer {}", n % 20)),
        text: backlog_text(n, PAGES),
        at: at(n),
    };
    let all: Vec<BulkEdit> = (0..edits).map(edit).collect();
    coi.world.wiki.bulk(&all).await
}

#[tokio::test]
async fn a_backlog_after_an_outage_is_read_once_in_one_run_or_in_two() -> Result<()> {
    let coi = Coi::new().await?;
    let settings = coi
        .settings
        .clone()
        .set("publish", "off")
        .set("namespaces", json!([BUSY.0]));
    coi.save_settings(&settings).await?;
    let proxy = FaultProxy::start(&coi.world.wiki.api).await?;
    let job = reaching(&coi.job(), &[proxy.url()]).through(&proxy);
    job.run_ok().await?;
    let edits = backlog_of();
    let revs = backlog(&coi, edits).await?;
    let began = seconds_ago(330 + edits as i64);
    let place = json!({ "until": began, "start": began, "handled": [] });
    let outage = format!("UPDATE checkpoint SET pos = '{place}'");
    coi.world.execute(&outage).await?;
    proxy.forget();
    let began = Instant::now();
    let run = job.clone().within(Duration::from_secs(300)).run_ok().await?;
    told(&run, &proxy, edits, began);
    // An earlier backlog of another world may be as young.
    let seen = number(&run, "edits_seen")?;
    ensure!(seen >= edits as u64, "{run}");
    let read = read_so_far(&coi.world).await?;
    assert_eq!(read, format!("{seen} | {} | 0\n", number(&run, "additions")?), "{run}");
    let calls = proxy.calls().len();
    assert!(
        calls as u64 <= 12 + seen * 45 / 1000,
        "{calls} requests\n{}",
        proxy.calls().told()
    );
    let ours = format!(
        "SELECT rev_id FROM link_addition WHERE rev_id BETWEEN {} AND {} ORDER BY 1",
        revs[0],
        revs[edits - 1]
    );
    let stored = coi.world.rows(&ours).await?;
    let wanted: Vec<Vec<String>> = revs.iter().step_by(10).map(|rev| vec![rev.to_string()]).collect();
    assert_eq!(stored, wanted);

    // The same once more in an empty database, stopped after the first batch and run again.
    let Coi {
        world,
        de,
        settings,
        streams,
    } = coi;
    let world = world.with_new_database().await?;
    let coi = Coi {
        world,
        de,
        settings,
        streams,
    };
    let job = reaching(&coi.job(), &[proxy.url()]).through(&proxy);
    job.run_ok().await?;
    coi.world.execute(&outage).await?;
    let running = job.start()?;
    first_batch(&coi).await?;
    running.terminate().await?;
    let stopped = running.wait().await?;
    ensure!(stopped.code == 0, "{stopped}");
    let part = read_so_far(&coi.world).await?;
    assert!(
        part != read && !part.starts_with("0 "),
        "it was stopped between batches: {stopped}"
    );
    job.run_ok().await?;
    assert_eq!(
        (read_so_far(&coi.world).await?, coi.world.rows(&ours).await?),
        (read, stored)
    );
    Ok(())
}
