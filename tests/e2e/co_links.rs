//! What `links` and `stats` tell people: who added what, by whatever name it is asked for, with the four numbers counted
//! by hand.

use anyhow::{Context, Result, ensure};
use regex::Regex;
use serde_json::{Value, json};
use wikicrew_tests::dbproxy::DbProxy;
use wikicrew_tests::links::{Links, edit};
use wikicrew_tests::run::{Job, Run};

/// A recorded edit of a new page on one of two wikis with common accounts.
fn of_family(wiki: &str, rev: u64, user: &str, minutes: i64, text: &str) -> Value {
    let mut edit = edit(wiki, rev, user, minutes, "", text);
    edit["realm"] = json!("family");
    edit["parent_id"] = json!(0);
    edit
}

/// What is asked about in all tests. Ann of `en` and `de` is one person; she of `xx` is somebody else.
async fn recorded() -> Result<Links> {
    let links = Links::new().await?;
    let many: String = (0..1_001).map(|n| format!("http://h{n}.example.net/ ")).collect();
    let mut events = [
        of_family(
            "en",
            101,
            "Ann Example",
            60,
            "http://shop.example.com/a http://shop.example.com/a [https://www.example.com/b x]",
        ),
        of_family(
            "de",
            201,
            "Ann Example",
            50,
            "https://example.com/c https://web.archive.org/web/20200102030405/http://shop.example.com/z",
        ),
        of_family(
            "en",
            102,
            "192.0.2.7",
            45,
            "http://shop.example.com/q http://bücher.example/x",
        ),
        of_family(
            "en",
            103,
            "192.0.2.200",
            40,
            "https://www.facebook.com/acme.page/photos",
        ),
        of_family("en", 104, "2001:DB8:0:0:0:0:0:1", 35, "http://example.com/v6"),
        edit("xx", 301, "Ann Example", 30, "", "http://example.com/other"),
        of_family("en", 105, "=HYPERLINK(1)", 25, "http://example.com/a,b;c"),
        of_family("en", 106, "Élan", 20, "http://192.0.2.7:8080/from Élan"),
        of_family("en", 107, "Flo", 15, &many),
        of_family("en", 108, "Gus", 10, &many[..many.len() / 2].replace("net", "org")),
        of_family("en", 109, "Gus", 5, &many[many.len() / 2..].replace("net", "org")),
    ];
    // The account that was once called something else.
    for event in events.iter_mut().filter(|event| event["rev_id"] == 106) {
        event["performer"]["user_id"] = json!(77);
    }
    links.ingest(&events).await?;
    Ok(links)
}

/// What it prints of each addition, without its time.
async fn lines(job: Job) -> Result<Vec<String>> {
    let run = job.run_ok().await?;
    let row = Regex::new(r"(?m)^\d{4}-\d\d-\d\d \d\d:\d\d  (.*)$")?;
    Ok(row.captures_iter(&run.stdout).map(|row| row[1].to_owned()).collect())
}

/// The first line: what was found, without days.
fn about(run: &Run) -> &str {
    run.stdout.split(": rows since").next().unwrap_or_default()
}

const ANN_EN: [&str; 2] = [
    "en.example.org/w  Ann Example  Page 4  revision 101  shop.example.com/a x 2 (5, 4, 3, 2)",
    "en.example.org/w  Ann Example  Page 4  revision 101  example.com/b (5, 5, 2, 2)",
];
const ANN_DE: [&str; 3] = [
    "de.example.org/w  Ann Example  Page 6  revision 201  web.archive.org/web/20200102030405/http://shop.example.com/z \
     (5, 1, 1, 1)",
    "de.example.org/w  Ann Example  Page 6  revision 201  shop.example.com/z (5, 4, 3, 2) [in an archive]",
    "de.example.org/w  Ann Example  Page 6  revision 201  example.com/c (5, 5, 2, 2)",
];
const ANN_XX: &str = "xx.example.org/w  Ann Example  Page 1  revision 301  example.com/other (1, 5, 1, 1)";
const SHOP_IP: &str = "en.example.org/w  192.0.2.7  Page 5  revision 102  shop.example.com/q (2, 4, 1, 1)";
const IDN_IP: &str = "en.example.org/w  192.0.2.7  Page 5  revision 102  bücher.example/x (2, 1, 1, 1)";
const FACE_IP: &str = "en.example.org/w  192.0.2.200  Page 6  revision 103  facebook.com/acme.page/photos (1, 1, 1, 1)";
const V6: &str = "en.example.org/w  2001:db8::1  Page 7  revision 104  example.com/v6 (1, 5, 1, 1)";
const FORMULA: &str = "en.example.org/w  =HYPERLINK(1)  Page 1  revision 105  example.com/a,b;c (1, 5, 1, 1)";
const ELAN: &str = "en.example.org/w  Élan  Page 2  revision 106  192.0.2.7:8080/from (1, 1, 1, 1)";

#[tokio::test]
async fn whoever_and_whatever_is_found_and_what_is_hidden_is_not() -> Result<()> {
    let links = recorded().await?;
    found_under_every_name(&links).await?;
    tables_and_objects_hold_the_same_and_no_formula(&links).await?;
    hidden_names_are_left_out_on_their_wiki(&links).await
}

async fn found_under_every_name(links: &Links) -> Result<()> {
    let ann = [&[ANN_XX], &ANN_DE[..], &ANN_EN[..]].concat();
    let domain = [FORMULA, ANN_XX, V6, SHOP_IP, ANN_DE[1], ANN_DE[2], ANN_EN[0], ANN_EN[1]];
    let exact = [FORMULA, ANN_XX, V6, ANN_DE[2], ANN_EN[1]];
    let shop = [SHOP_IP, ANN_DE[1], ANN_EN[0]];
    for (args, wanted) in [
        (&["ann_Example"][..], &ann[..]),
        (&["Ann Example"], &ann),
        (&["\u{200e}ann__Example\u{200e} ", "--limit", "2"], &ann[..2]),
        (&["élan"], &[ELAN]),
        (&["=HYPERLINK(1)"], &[FORMULA]),
        (&["192.0.2.7", "--user"], &[IDN_IP, SHOP_IP]),
        (&["192.0.2.7", "--host"], &[ELAN]),
        (&["192.0.2.7"], &[IDN_IP, SHOP_IP, ELAN]),
        (&["192.0.2.0/24"], &[FACE_IP, IDN_IP, SHOP_IP]),
        (&["192.0.2.129/25"], &[FACE_IP]),
        (&["2001:db8::/32"], &[V6]),
        (&["2001:DB8:0::1"], &[V6]),
        (&["Example.COM."], &domain),
        (&["https://www.example.com/whatever?x"], &domain),
        (&["example.com", "--limit", "3"], &domain[..3]),
        (&["example.com", "--exact"], &exact),
        (&["www.example.com", "--exact"], &exact),
        (&["shop.example.com"], &shop),
        (&["bücher.example"], &[IDN_IP]),
        (&["BÜCHER.example"], &[IDN_IP]),
        (&["xn--bcher-kva.example"], &[IDN_IP]),
        (&["facebook.com/acme.page"], &[FACE_IP]),
        (&["https://www.facebook.com/acme.page/other?x=1", "--exact"], &[FACE_IP]),
        (&["facebook.com"], &[FACE_IP]),
    ] {
        let found = lines(links.job(&["links"]).args(args)).await?;
        assert_eq!(found, wanted, "{args:?}");
    }

    for wrong in [
        &["--limit", "0"][..],
        &["--limit", "1001"],
        &["--user", "--host"],
        &["--output", "xml"],
    ] {
        links.job(&["links", "Ann"]).args(wrong).run_to(2).await?;
    }

    let run = links.job(&["links", "shop.example.com"]).run_ok().await?;
    assert_eq!(about(&run), "additions of shop.example.com");
    let run = links.job(&["links", "example.com"]).run_ok().await?;
    assert_eq!(about(&run), "additions of example.com and below, 2 hosts");
    let run = links.job(&["links", "example.org"]).run_ok().await?;
    assert_eq!(about(&run), "additions of the first 1000 hosts of example.org, not all");
    let run = links.job(&["links", "=HYPERLINK(1)"]).run_ok().await?;
    assert_eq!(about(&run), "added by =HYPERLINK(1) (family)");

    for name in [
        "Nobody",
        "ANN EXAMPLE",
        "ample.com",
        "localhost",
        "198.51.100.0/24",
        "facebook.com/acme",
        "",
        "\u{1b}[2J",
    ] {
        let run = links.job(&["links", name]).run_to(1).await?;
        ensure!(
            run.stdout.starts_with("Nothing is recorded under `") && !run.says("\u{1b}[2J"),
            "{run}"
        );
    }
    Ok(())
}

/// The rows of a table for spreadsheets, each with its time taken out.
async fn csv(links: &Links, name: &str) -> Result<Vec<String>> {
    let run = links.job(&["links", name, "--output", "csv"]).run_ok().await?;
    let time = Regex::new(r"^[^,]+T[^,]+,")?;
    Ok(run
        .stdout
        .lines()
        .map(|line| time.replace(line, "").into_owned())
        .collect())
}

async fn tables_and_objects_hold_the_same_and_no_formula(links: &Links) -> Result<()> {
    let head = "time,wiki,editor,page,revision,address,times,a,b,c,d,marks";
    let formula = r#"en.example.org/w,'=HYPERLINK(1),Page 1,105,"example.com/a,b;c",1,1,5,1,1,"#;
    assert_eq!(csv(links, "=HYPERLINK(1)").await?, [head, formula]);
    let archived = "de.example.org/w,Ann Example,Page 6,201,shop.example.com/z,1,5,4,3,2,in an archive";
    assert_eq!(csv(links, "shop.example.com").await?[2], archived);

    let run = links
        .job(&["links", "bücher.example", "--output", "json"])
        .run_ok()
        .await?;
    let said: Value = serde_json::from_str(&run.stdout)?;
    let mut addition = said["by_host"]["additions"][0].clone();
    let ts = addition["ts"].take();
    ensure!(
        ts.as_str().is_some_and(|ts| ts.ends_with('Z')) && said["by_editor"].is_null(),
        "{said}"
    );
    let wanted = json!({
        "ts": null, "wiki": "en.example.org/w", "rev_id": 102, "page_id": 5, "title": "Page 5", "editor": "192.0.2.7",
        "key": "xn--bcher-kva.example", "registrable": "xn--bcher-kva.example",
        "address": "xn--bcher-kva.example/x", "times": 1, "marks": [], "numbers": [2, 1, 1, 1],
    });
    assert_eq!(addition, wanted, "programs get the host as it is in addresses");
    let short = links.job(&["links", "bücher.example", "--json"]).run_ok().await?;
    assert_eq!(short.stdout, run.stdout);
    Ok(())
}

async fn hidden_names_are_left_out_on_their_wiki(links: &Links) -> Result<()> {
    let hide = async |wiki: &str, what: &str, name: &str| {
        let sql = format!(
            "INSERT INTO suppress (wiki, what, name, user_id, added_by, since, reason) \
             VALUES ('{wiki}.example.org/w', '{what}', '{name}', NULL, 'Op', '2026-01-01', '')"
        );
        links.world.execute(&sql).await
    };
    let all = async |name: &str| -> Result<(Vec<String>, Vec<String>, String)> {
        let shown = links.job(&["links", name]).run().await?;
        let private = lines(links.job(&["links", name, "--private"])).await?;
        let row = shown.stdout.lines().filter(|line| line.contains("  revision "));
        let last = shown.stdout.lines().last().unwrap_or_default();
        Ok((
            row.map(|line| line[18..].to_owned()).collect(),
            private,
            last.to_owned(),
        ))
    };
    hide("de", "user", "Ann Example").await?;
    let (shown, private, last) = all("Ann Example").await?;
    assert_eq!(shown, [&[ANN_XX], &ANN_EN[..]].concat());
    assert_eq!((private.len(), last.as_str()), (6, "3 more are not shown"));

    hide("en", "host", "shop.example.com").await?;
    hide("en", "host", "facebook.com/acme.page").await?;
    hide("en", "page", "Page 1").await?;
    let (shown, private, last) = all("example.com").await?;
    assert_eq!(shown, [ANN_XX, V6, ANN_EN[1]]);
    assert_eq!((private.len(), last.as_str()), (8, "5 more are not shown"));
    // Not in any other form either.
    for output in ["json", "csv"] {
        let run = links
            .job(&["links", "example.com", "--output", output])
            .run_ok()
            .await?;
        assert!(
            run.says("2001:db8::1") && !run.says("HYPERLINK") && !run.says("shop"),
            "{run}"
        );
    }
    // Who was renamed since is no less hidden.
    hide("en", "user", "Before the rename").await?;
    assert_eq!(all("Élan").await?.0, [ELAN]);
    links
        .world
        .execute("UPDATE suppress SET user_id = 77 WHERE name = 'Before the rename'")
        .await?;
    assert_eq!(all("Élan").await?.0, [""; 0]);
    hide("en", "user", "Flo").await?;
    for args in [&["stats"][..], &["stats", "--json"]] {
        let run = links.job(args).run_ok().await?;
        assert!(run.says("en.example.org/w") && !run.says("Flo"), "{run}");
    }
    // Nothing but hidden rows is nothing.
    let run = links.job(&["links", "facebook.com"]).run_to(1).await?;
    assert!(run.says("1 more are not shown") && !run.says("photos"), "{run}");
    Ok(())
}

#[tokio::test]
async fn the_figures_are_told_and_nothing_is_written() -> Result<()> {
    // Before there is anything.
    let empty = Links::new().await?;
    let run = empty.job(&["links", "Ann"]).run_to(1).await?;
    assert_eq!(run.stdout, "Nothing is recorded under `Ann`.\n", "{run}");
    let run = empty.job(&["stats"]).run_to(1).await?;
    assert!(
        run.stderr.contains("no links are recorded in this database yet"),
        "{run}"
    );
    assert_eq!(empty.world.row_counts().await?, "", "no table was made");
    let url = empty.world.database_url();
    let nowhere = url.replace(
        empty.world.database_name(),
        &format!("{}_no", empty.world.database_name()),
    );
    for args in [&["links", "Ann"][..], &["stats"]] {
        let run = empty.job(args).env("WIKICREW_DATABASE_URL", &nowhere).run_to(1).await?;
        assert!(
            run.stderr.contains("o links are recorded") || run.says("Nothing is recorded"),
            "{run}"
        );
        let run = empty.job(args).without("WIKICREW_DATABASE_URL").run_to(78).await?;
        assert!(run.stderr.contains("WIKICREW_DATABASE_URL"), "{run}");
    }

    // Tables without a row, as another job leaves them, and with months.
    empty.job(&["prune"]).run_ok().await?;
    let run = empty.job(&["stats"]).run_ok().await?;
    assert!(run.stdout.starts_with("Rows since -, counts since -\n"), "{run}");
    let run = empty.job(&["links", "Ann"]).run_to(1).await?;
    assert_eq!(run.stdout, "Nothing is recorded under `Ann`.\n", "{run}");
    empty.world.execute("DELETE FROM link_since").await?;
    empty.job(&["links", "Ann"]).run_to(1).await?;
    empty.job(&["stats"]).run_ok().await?;

    let links = recorded().await?;
    let before = links.dump().await?;
    let proxy = DbProxy::start(&links.world.database_url()).await?;
    let run = links.job(&["stats"]).over(&proxy).run_ok().await?;
    let text = run.stdout.as_str();
    for line in [
        "\nDatabase: 0.00 GB, 0.0 % of 20 GB\n",
        "\nen.example.org/w: 109 of ",
        "\nde.example.org/w: 201 of ",
        "\nxx.example.org/w: 301 of ",
        "  en.example.org/w  revision 107  1001 links to 1001 hosts, added by Flo\n",
    ] {
        ensure!(text.contains(line), "no `{line}` in\n{run}");
    }
    ensure!(
        Regex::new(r"^Rows since \d{4}-\d\d-\d\d, counts since \d{4}")?.is_match(text),
        "{run}"
    );
    let json = links.job(&["stats", "--json"]).run_ok().await?;
    let said: Value = serde_json::from_str(&json.stdout)?;
    let flood = said["floods"][0].as_object().context("no flood")?;
    assert_eq!((&flood["links"], &flood["editor"]), (&json!(1_001), &json!("Flo")));
    assert_eq!(said["wikis"].as_array().map(Vec::len), Some(3), "{said}");

    links.job(&["links", "example.com"]).over(&proxy).run_ok().await?;
    ensure!(
        proxy.statements().len() > 10 && proxy.writes().is_empty(),
        "{:?}",
        proxy.writes()
    );
    ensure!(links.dump().await? == before, "a question changed the tables");
    Ok(())
}
