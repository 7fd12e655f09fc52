//! LiWa3's statistics over new additions: each rule at its edge, what none of them is about, and that no host is missed,
//! whoever dies or stores something while they are looked at.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use wikicrew_tests::counter::Moment;
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::links::held::Held;
use wikicrew_tests::nameserver::Dnsmasq;
use wikicrew_tests::reports::Reports;
use wikicrew_tests::sandbox::NewPage;

use crate::seen::number;

/// Additions as events of wikis that nobody can reach: who, on which page, of which host, how many.
struct Events {
    rev: u64,
    lines: Vec<Value>,
}

impl Events {
    fn new(rev: u64) -> Self {
        Events { rev, lines: Vec::new() }
    }

    /// One edit: `times` links to a host on this page of the wiki `en`, or of the one before a `:`.
    fn add(&mut self, reports: &Reports, who: &str, page: &str, host: &str, times: usize) {
        self.rev += 1;
        let (wiki, page) = page.split_once(':').unwrap_or(("en", page));
        let links: String = (0..times)
            .map(|n| format!("* https://{host}/{}-{n}\n", self.rev))
            .collect();
        let name = reports.own(who);
        let is_address = name.parse::<std::net::IpAddr>().is_ok();
        // Whoever has the same name has the same number.
        let id = name
            .bytes()
            .fold(7_u64, |id, byte| (id * 31 + u64::from(byte)) % 1_000_003);
        let mut event = wikicrew_tests::links::edit(wiki, self.rev, &name, 30, "", &reports.hosts(&links));
        let page_id = page.bytes().fold(1_u64, |id, byte| id * 31 + u64::from(byte));
        event["page_id"] = json!(page_id);
        event["page_title"] = json!(page);
        event["performer"]["user_id"] = json!(if is_address { 0 } else { id });
        self.lines.push(event);
    }
}

/// What rules asked for: subject and words of rules.
async fn asked(reports: &Reports) -> Result<Vec<(String, String)>> {
    let sql = "SELECT subject, detail FROM report_ask WHERE reason = 'rule' ORDER BY subject";
    let rows = reports.world.rows(sql).await?;
    Ok(rows
        .into_iter()
        .map(|row| (reports.bare(&row[0]), row[1].clone()))
        .collect())
}

#[tokio::test]
async fn each_rule_asks_from_its_edge_on() -> Result<()> {
    let reports = Reports::with(json!({ "publish": "off", "common_host": 10 })).await?;
    let board = reports.own("Project:Board");
    let list = reports.own("Project:Shorteners");
    let shortener = reports.hosts("short.example");
    let settings = reports
        .settings
        .clone()
        .set("noticeboards", json!([board]))
        .set("shorteners", json!({ "hosts": [shortener], "page": list }));
    reports.save_settings(&settings).await?;
    let text = reports.hosts("Spam: {{LinkSummary|board.example}} <nowiki>{{LinkSummary|noboard.example}}</nowiki>");
    let hosts = reports.hosts("* brief.example # as said\nNot a host.\n");
    reports
        .world
        .load(&[NewPage::new(&board, &text), NewPage::new(&list, &hosts)])
        .await?;

    let mut events = Events::new(1_000);
    let mut add = |who: &str, page: &str, host: &str, times| events.add(&reports, who, page, host, times);
    // 33 of 50 is 66 %, which is not more; 2 of 3 is.
    for (host, of) in [("even.example", [33, 9, 8]), ("most.example", [4, 1, 1])] {
        add("Ann", "A", host, of[0]);
        add("Bob", "B", host, of[1]);
        add("Cat", "C", host, of[2]);
    }
    // Not enough additions; not enough pages; just enough of both.
    for (host, pages) in [
        ("few.example", "ABCD"),
        ("pages.example", "AABBAB"),
        ("enough.example", "AABBC"),
    ] {
        for page in pages.chars() {
            add("Ann", &page.to_string(), host, 1);
        }
    }
    // Pages of the same name on three wikis are three; and Ann of one wiki is nobody on another.
    for (page, times) in [("A", 8), ("de:A", 1), ("fr:A", 1)] {
        add("Ann", page, "wikis.example", times);
    }
    for page in ["A", "B", "de:A", "de:B", "fr:A"] {
        add("Ann", page, "names.example", 1);
    }
    // Nobody with an account; one with.
    for (host, last) in [("nobody.example", "~2026-7"), ("somebody.example", "Ann")] {
        for (who, page) in [
            ("192.0.2.7", "A"),
            ("192.0.2.7", "B"),
            ("198.51.100.7", "C"),
            ("198.51.100.7", "D"),
            (last, "E"),
        ] {
            add(who, page, host, 1);
        }
    }
    // Addresses in one /24, among others; one of them is a bit away; one address alone is not close to anything.
    for (host, other) in [
        ("close.example", "203.0.113.255"),
        ("away.example", "203.0.114.1"),
        ("alone.example", "203.0.113.1"),
    ] {
        for (who, page) in [
            ("203.0.113.1", "A"),
            ("203.0.113.1", "B"),
            (other, "C"),
            ("Ann", "D"),
            ("Bob", "E"),
            ("Cat", "E"),
        ] {
            add(who, page, host, 1);
        }
    }
    // Of IPv6 the network is twice as long.
    for (host, other) in [
        ("six.example", "2001:db8:1:ffff::1"),
        ("sixaway.example", "2001:db8:101::1"),
    ] {
        for (who, page) in [
            ("2001:db8:1::1", "A"),
            (other, "B"),
            ("Ann", "C"),
            ("Bob", "D"),
            ("Cat", "E"),
        ] {
            add(who, page, host, 1);
        }
    }
    // Three domains of one server by one user; two and a subdomain; three by two users.
    for host in [
        "srv1.example",
        "srv2.example",
        "srv3.example",
        "two1.example",
        "two2.example",
        "www2.two2.example",
        "mix1.example",
    ] {
        add("Ann", "A", host, 1);
    }
    for host in ["mix2.example", "mix3.example", "srv1.example"] {
        add("Bob", "A", host, 1);
    }
    // Lists need one addition; what is below a listed domain is meant, what only ends alike is not.
    for host in [
        "short.example",
        "go.brief.example",
        "shop.board.example",
        "noboard.example",
        "tooshort.example",
    ] {
        add("Ann", "A", host, 1);
    }
    // Eleven adders are too many, ten are not, whatever else holds.
    for (host, adders) in [("common.example", 11), ("rare.example", 10)] {
        for n in 1..adders {
            add(&format!("User {n}"), "B", host, 1);
        }
        add("Ann", "A", host, 90);
        add("Ann", "C", host, 1);
    }
    // Nobody escapes by adding more, as long as few did.
    for (page, times) in [("A", 600), ("B", 600), ("C", 1)] {
        add("Ann", page, "flood.example", times);
    }
    // Several hosts of one domain are one; a host alone is itself.
    for host in ["a.multi.example", "b.multi.example", "sub.single.example"] {
        add("Ann", "A", host, 3);
        add("Ann", "B", host, 1);
        add("Ann", "C", host, 1);
    }
    reports.recorded(&events.lines).await?;
    let server = |hosts: &[&'static str], ip: &'static str| hosts.iter().map(|host| (*host, ip)).collect::<Vec<_>>();
    reports
        .servers(&server(&["srv1.example", "srv2.example", "srv3.example"], "192.0.2.80"))
        .await?;
    reports
        .servers(&server(
            &["two1.example", "two2.example", "www2.two2.example"],
            "192.0.2.81",
        ))
        .await?;
    reports
        .servers(&server(&["mix1.example", "mix2.example", "mix3.example"], "192.0.2.82"))
        .await?;

    // A dry run says the same and takes nothing.
    let dry = reports.job().args(&["--dry-run"]).run_ok().await?;
    assert_eq!(asked(&reports).await?, []);
    let run = reports.run().await?;
    let found = asked(&reports).await?;
    let wanted = [
        ("close", "close-addresses"),
        ("board.shop", "noticeboard"),
        ("brief.go", "shortener"),
        ("enough", "dominance"),
        ("flood", "dominance"),
        ("most", "dominance"),
        ("multi", "dominance"),
        ("nobody", "unnamed-only"),
        ("rare", "dominance"),
        ("short", "shortener"),
        ("single.sub", "dominance"),
        ("six", "close-addresses"),
        ("srv1", "same-server"),
        ("srv2", "same-server"),
        ("srv3", "same-server"),
        ("wikis", "dominance"),
    ];
    let mut wanted = wanted.map(|(host, rules)| (format!("example.{host}."), rules.to_owned()));
    wanted.sort();
    assert_eq!(found, wanted, "{run}");
    assert_eq!(number(&run, "by_rules")?, 16, "{run}");
    for (subject, _) in &found {
        let host: Vec<&str> = subject.trim_end_matches('.').rsplit('.').collect();
        let host = reports.hosts(&host.join("."));
        ensure!(
            dry.says(&format!("would ask for a report: {host} ")) || dry.says(&host),
            "{host}\n{dry}"
        );
    }
    // Once.
    let run = reports.run().await?;
    assert_eq!((number(&run, "hosts")?, asked(&reports).await?.len()), (0, 16), "{run}");

    // From three wikis on it is a cross-wiki report; by `per_day` so many are made, and the rest waits.
    reports
        .save_settings(&settings.set("publish", "pages").set("limits.per_day", 1))
        .await?;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 1, "{run}");
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 0, "{run}");
    let run = reports.job().later(25 * 3_600).run_ok().await?;
    assert_eq!(number(&run, "reports")?, 1, "{run}");
    let by_hand = reports.by_hand(&["xwiki", "wikis.example", "--output", "page"]).await?;
    ensure!(by_hand.code == 0, "{by_hand}");
    let rows = reports.report_rows().await?;
    let wide: Vec<&str> = rows
        .iter()
        .filter(|row| row.is_xwiki)
        .map(|row| row.subject.as_str())
        .collect();
    assert_eq!(wide, ["example.wikis."], "{rows:?}");
    let title = reports.title("link", "wikis.example");
    let categories = reports.categories(&title).await?;
    ensure!(
        categories.iter().any(|name| name.contains("ross-wiki")),
        "{categories:?}"
    );
    let local = rows
        .iter()
        .find(|row| row.subject != "example.wikis.")
        .context("another report")?;
    let host: Vec<&str> = local.subject.trim_end_matches('.').rsplit('.').collect();
    let categories = reports.categories(&reports.title("link", &host.join("."))).await?;
    ensure!(
        !categories.iter().any(|name| name.contains("ross-wiki")),
        "{categories:?}"
    );
    Ok(())
}

#[tokio::test]
async fn no_host_is_missed_when_a_run_dies_or_somebody_stores_meanwhile() -> Result<()> {
    let reports = Reports::with(json!({ "publish": "off" })).await?;
    let proxy = DbProxy::start(&reports.world.database_url()).await?;
    let mut events = Events::new(1_000);
    for page in ["A", "B", "C", "D"] {
        events.add(&reports, "Ann", page, "shop.example", 1);
        events.add(&reports, "Ann", page, "stall.example", 2);
    }
    reports.recorded(&events.lines).await?;

    // Killed after the hosts were taken, before anything was kept.
    let mut held = Held::at(&proxy, "INSERT INTO report_ask", 1);
    let running = reports.job().over(&proxy).start()?;
    held.come().await?;
    running.kill().await?;
    held.release();
    reports.world.db_is_idle().await?;
    assert_eq!(
        (asked(&reports).await?.len(), reports.world.count("touched_host").await?),
        (0, 2)
    );

    // One more addition of the other host comes while the next run looks at them: it waits, and is not lost.
    let proxy = DbProxy::start(&reports.world.database_url()).await?;
    let mut held = Held::at(&proxy, "INSERT INTO report_ask", 1);
    let running = reports.job().over(&proxy).later(600).start()?;
    held.come().await?;
    let mut more = Events::new(2_000);
    more.add(&reports, "Ann", "E", "shop.example", 1);
    let storing = reports.recorded(&more.lines);
    let releasing = async {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        held.release();
        running.wait().await
    };
    let (stored, run) = tokio::join!(storing, releasing);
    stored?;
    let run = run?;
    ensure!(run.code == 0, "{run}");
    assert_eq!(
        asked(&reports).await?,
        [("example.stall.".to_owned(), "dominance".to_owned())],
        "{run}"
    );
    let run = reports.job().later(600).run_ok().await?;
    assert_eq!(number(&run, "hosts")?, 1, "{run}");
    let found: Vec<String> = asked(&reports).await?.into_iter().map(|(subject, _)| subject).collect();
    assert_eq!(found, ["example.shop.", "example.stall."]);

    // Killed when all was kept and nobody had heard of it.
    let mut again = Events::new(3_000);
    for page in ["A", "B", "C", "D", "E"] {
        again.add(&reports, "Ann", page, "market.example", 1);
    }
    reports.recorded(&again.lines).await?;
    let proxy = DbProxy::start(&reports.world.database_url()).await?;
    let (mut come, gate) = committed(&proxy);
    let running = reports.job().over(&proxy).later(1_200).start()?;
    come.recv().await.context("no commit")?;
    running.kill().await?;
    gate.close();
    reports.world.db_is_idle().await?;
    reports.job().later(1_800).run_ok().await?;
    assert_eq!(asked(&reports).await?.len(), 3);
    let sql = "SELECT COUNT(*) FROM report_ask GROUP BY home, kind, subject, origin HAVING COUNT(*) > 1";
    assert_eq!(reports.world.rows(sql).await?.len(), 0);
    Ok(())
}

#[tokio::test]
async fn a_server_that_a_name_server_tells_later_is_judged_then() -> Result<()> {
    let reports = Reports::with(json!({ "publish": "off" })).await?;
    let hosts = ["srv1.example", "srv2.example", "srv3.example"];
    let mut events = Events::new(1_000);
    for host in hosts {
        events.add(&reports, "Ann", "A", host, 1);
    }
    reports.recorded(&events.lines).await?;
    let run = reports.run().await?;
    assert_eq!((number(&run, "hosts")?, asked(&reports).await?.len()), (3, 0), "{run}");

    let records = hosts.map(|host| format!("--host-record={},198.41.0.4", reports.hosts(host)));
    let server = Dnsmasq::start(&records)?;
    let mut other = Events::new(2_000);
    other.add(&reports, "Bob", "A", "other.example", 1);
    let job = reports.recording(&other.lines)?;
    let asked_for = job
        .args(&["--dns"])
        .env("WIKICREW_DNS", &server.address().to_string())
        .run_ok()
        .await?;
    ensure!(reports.world.count("host_ip").await? == 3, "{asked_for}");
    let run = reports.run().await?;
    let wanted = ["srv1", "srv2", "srv3"].map(|host| (format!("example.{host}."), "same-server".to_owned()));
    assert_eq!(asked(&reports).await?, wanted, "{run}");
    Ok(())
}

/// Tells of the commit after requests were stored, whose answer waits until the gate is closed.
fn committed(proxy: &DbProxy) -> (UnboundedReceiver<()>, Arc<Semaphore>) {
    let (sender, come) = unbounded_channel();
    let (stored, gate) = (Arc::new(AtomicBool::new(false)), Arc::new(Semaphore::new(0)));
    let (seen, shut) = (stored.clone(), gate.clone());
    proxy.when_run("INSERT INTO report_ask", Moment::BeforeForwarding, move |_| {
        seen.store(true, Ordering::SeqCst);
        async {}
    });
    proxy.when_run("COMMIT", Moment::BeforeAnswer, move |_| {
        let (is_it, sender, gate) = (stored.load(Ordering::SeqCst), sender.clone(), shut.clone());
        async move {
            if is_it {
                // Errors mean that the test is over, and that the gate was closed.
                let _ = sender.send(());
                let _ = gate.acquire().await;
            }
        }
    });
    (come, gate)
}
