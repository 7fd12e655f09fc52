//! `coi-report ingest` and what it is given: floods, hostile names and addresses, broken lines, wrong clocks.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::links::{Links, counted, edit, minutes_ago};
use wikicrew_tests::run::Run;

const DAY: i64 = 86_400;
const LINK: &str = "https://a.example/x";

/// No character that a terminal would take for a command; in what people read no turned direction of writing either.
fn assert_harmless(run: &Run, output: &str) {
    const TURNS: [char; 9] = [
        '\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}',
    ];
    for text in [&run.stdout, &run.stderr] {
        let is_bad = |c: &char| (c.is_control() && *c != '\n') || (output == "text" && TURNS.contains(c));
        let bad = text.chars().find(is_bad);
        assert!(bad.is_none(), "{bad:?} in\n{run}");
    }
}

#[tokio::test]
async fn one_edit_with_thousands_of_links_fills_nothing_and_is_told() -> Result<()> {
    let links = Links::new().await?;
    let one_host: String = (0..8_000).map(|n| format!("https://one.example/{n}\n")).collect();
    let all: String = (0..8_000).map(|n| format!("* [https://h{n}.example/ x]\n")).collect();
    let run = links
        .ingest(&[
            edit("en", 20, "Spammer", 5, "", &one_host),
            edit("en", 30, "Spammer", 4, "", &all),
        ])
        .await?;
    assert_eq!((counted(&run, "rows")?, counted(&run, "floods")?), (1, 1), "{run}");
    let rows = "SELECT rev_id, times, path FROM link_addition";
    assert_eq!(links.world.table(rows).await?, "20 | 8000 | /0\n");
    assert_eq!(
        links.world.table("SELECT rev_id, links, hosts FROM link_flood").await?,
        "30 | 8000 | 8000\n"
    );
    assert_eq!(
        links.world.count("host").await?,
        1,
        "names of 8,000 hosts are not kept either"
    );
    assert_eq!(links.world.table("SELECT n FROM editor_wiki").await?, "8000\n");
    let stats = links.job(&["stats"]).run_ok().await?;
    ensure!(
        stats.says("revision 30  8000 links to 8000 hosts, added by Spammer"),
        "{stats}"
    );
    let found = links.job(&["links", "one.example"]).run_ok().await?;
    ensure!(found.says("one.example/0 x 8000 (8000, 8000, 8000, 1)"), "{found}");
    Ok(())
}

#[tokio::test]
async fn hostile_names_and_addresses_are_stored_or_refused_and_printed_harmlessly() -> Result<()> {
    let links = Links::new().await?;
    let long_name = "Ü".repeat(127) + "x";
    let names = [
        "'; DROP TABLE editor; -- ",
        "{{Evil}}[[x]]<script &amp;",
        "\\' OR 1=1 \\",
        "𝒜𝓁𝒾𝒸𝑒 🧑‍💻",
        "a\u{202e}b\u{2066}c",
        "%s%n%0a NULL",
        &long_name,
    ];
    let long = "a".repeat(100_000);
    let deep = "%25".repeat(30_000);
    let label = "b".repeat(64);
    let texts = [
        format!("https://long.example/{long}?q={long}#🧑‍💻"),
        format!("https://{long}.example/ https://{label}.example/ https://sql.example/';DROP%20TABLE%20host;--"),
        "https://user:pass@host.example:99999/ https://ok.example:65535/ https://[::1]:80/ https://[zz]/".to_owned(),
        "https://markup.example/'''x'''{{y}}~~~~ [https://markup.example/<b> x]".to_owned(),
        "https://ctl.example/a\u{1}b\u{7f}c\u{9b}31m https://nul.example/a\u{0}b https://rtl.example/\u{202e}gpj"
            .to_owned(),
        format!("https://deep.example/{deep} https://𝒜.example/ https://xn--.example/ https://xn--a-ecp.ru/"),
        "https://web.archive.org/web/2020/".repeat(3_000) + "https://inner.example/",
    ];
    let mut lines = Vec::new();
    for (n, (name, text)) in (1..).zip(names.iter().zip(&texts)) {
        let mut line = edit("en", n * 10, name, 5, "", text);
        line["page_title"] = json!(format!("T {name}"));
        lines.push(line);
        // Every name with a link that surely is one.
        lines.push(edit("en", n * 10 + 5, name, 5, "", LINK));
    }
    // The stream encodes addresses once more, so anything may come out of it.
    let mut told = edit("en", 900, "Teller", 5, "", "{{x}}");
    told["added_links"] = json!([
        {"link": "https://esc.example/%1B%5B31m%0A%0D%00%C2%9Bx", "external": true},
        {"link": "https://esc.example/%FF%FE%E2%80%AEx", "external": true},
        {"link": "%00%0A", "external": true}, {"link": "", "external": true}, {"link": "/wiki/%1B", "external": false},
    ]);
    lines.push(told);
    let run = links.ingest(&lines).await?;
    assert_harmless(&run, "text");
    assert_eq!((counted(&run, "refused")?, counted(&run, "bad")?), (0, 0), "{run}");
    let before = links.dump().await?;
    links.ingest(&lines).await?;
    ensure!(links.dump().await? == before, "reading it again changed something");
    assert_eq!(links.world.count("editor").await?, names.len() as u64 + 1);
    for name in names {
        let hex: String = name.trim().bytes().map(|byte| format!("{byte:02X}")).collect();
        let there = links.world.count(&format!("editor WHERE HEX(name) = '{hex}'")).await?;
        assert_eq!(there, 1, "{name}");
        // Nobody can type a name that turns the direction of writing; under the host it is shown all the same.
        for output in ["text", "csv"].into_iter().filter(|_| !name.contains('\u{202e}')) {
            let found = links
                .job(&["links", "--user", name, "--output", output])
                .run_ok()
                .await?;
            assert_harmless(&found, output);
            ensure!(found.says("a.example"), "{name}\n{found}");
        }
    }
    for host in [
        "a.example",
        "long.example",
        "sql.example",
        "markup.example",
        "ctl.example",
        "rtl.example",
        "deep.example",
        "esc.example",
    ] {
        for output in ["text", "csv", "json"] {
            let found = links.job(&["links", host, "--output", output]).run_ok().await?;
            assert_harmless(&found, output);
        }
    }
    assert_harmless(&links.job(&["stats"]).run_ok().await?, "text");
    let longest = links.world.table("SELECT MAX(LENGTH(path)) FROM link_addition").await?;
    assert_eq!(longest, "2000\n", "what is longer is cut");
    Ok(())
}

#[tokio::test]
async fn bad_lines_are_told_by_number_and_everything_else_is_stored() -> Result<()> {
    let links = Links::new().await?;
    let good = |rev: u64| format!("{}\n", edit("en", rev, "Ann", 5, "", LINK)).into_bytes();
    let without = |key: &str| {
        let mut line = edit("en", 500, "Ann", 5, "", LINK);
        line.as_object_mut().map(|line| line.remove(key));
        format!("{line}\n").into_bytes()
    };
    let with = |key: &str, value: Value| {
        let mut line = edit("en", 500, "Ann", 5, "", LINK);
        line[key] = value;
        format!("{line}\n").into_bytes()
    };
    let mut huge = br#"{"type":"recorded-edit","text":""#.to_vec();
    huge.resize(33 * 1024 * 1024, b'a');
    huge.extend_from_slice(b"\"}\n");
    let name = json!({"user_text": "x".repeat(256), "user_id": 5});
    let lines = [
        good(10),                                                            // 1
        b"{\"type\": \"recorded-edit\", \"wiki\": \n".to_vec(),              // 2
        b"{\"type\": \"recorded-edit\", \"text\": \"\xff\xfe\"}\n".to_vec(), // 3
        good(20),
        huge,                           // 5
        without("rev_id"),              // 6
        without("page_id"),             // 7
        with("dt", json!("yesterday")), // 8
        good(30),
        with("performer", name),   // 10
        with("rev_id", json!(-1)), // 11
        b"[1, 2]\n".to_vec(),      // 12
        vec![b'['; 200_000],       // 13, with the next
        b"\n".to_vec(),
        b"\0\0\0\n".to_vec(),                           // 14
        with("page_title", json!("a\u{0}\u{1b}[31mb")), // 15
        b"\r\n\n".to_vec(),                             // 16, 17: nothing in them
        with("wiki", json!("../../etc")),               // 18
        // The last one has no end of line, as a file that is still written.
        good(40).strip_suffix(b"\n").unwrap_or_default().to_vec(), // 19
    ];
    let file = links.raw_file("bad.jsonl", &lines.concat())?;
    let run = links.job(&["ingest", "--events", &file]).run_to(1).await?;
    for number in [2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 18] {
        ensure!(run.says(&format!("line {number}: ")), "no line {number} in\n{run}");
    }
    for why in [
        "`rev_id` is missing",
        "`dt` is no time",
        "`performer.user_text` is longer than 255 bytes",
        "not UTF-8",
    ] {
        ensure!(run.says(why), "no {why} in\n{run}");
    }
    assert_eq!((counted(&run, "bad")?, counted(&run, "stored")?), (13, 4), "{run}");
    ensure!(
        run.says("13 lines cannot be read") && run.says("the others are stored"),
        "{run}"
    );
    ensure!(run.stderr.len() < 20_000, "lines are not repeated: {run}");
    assert_harmless(&run, "text");
    let revs = links.world.table("SELECT rev_id FROM link_addition ORDER BY 1").await?;
    assert_eq!(revs, "10\n20\n30\n40\n");
    let none = links.job(&["ingest", "--events", "/nowhere/x.jsonl"]).run_to(1).await?;
    ensure!(none.says("reading /nowhere/x.jsonl"), "{none}");
    for unfit in ["/tmp", "/dev/null"] {
        let run = links.job(&["ingest", "--events", unfit]).run_to(1).await?;
        let told = format!("reading {unfit}: it is no file, and it has to be read twice");
        ensure!(run.says(&told), "{run}");
    }
    Ok(())
}

#[tokio::test]
async fn old_and_future_revisions_and_wrong_clocks_do_no_harm() -> Result<()> {
    let links = Links::new().await?;
    let at = |rev: u64, hours: i64| {
        let mut line = edit("en", rev, "Ann", 0, "", LINK);
        line["dt"] = json!(minutes_ago(hours * 60));
        line
    };
    let mut ancient = at(10, 0);
    ancient["dt"] = json!("1970-01-01T00:00:00Z");
    let mut far = at(60, 0);
    far["dt"] = json!("9999-12-31T23:59:59Z");
    // Clocks may differ by hours, not by days.
    let lines = [
        ancient,
        at(20, 400 * 24),
        at(30, 24),
        at(35, -12),
        at(40, -48),
        at(50, -700 * 24),
        far,
    ];
    let file = links.file("events.jsonl", &lines)?;
    let job = links.job(&["ingest", "--events", &file]);
    let run = job.run_to(1).await?;
    let told = |run: &Run| -> Result<[u64; 3]> {
        Ok([
            counted(run, "too_old")?,
            counted(run, "stored")?,
            counted(run, "refused")?,
        ])
    };
    assert_eq!(told(&run)?, [2, 2, 3], "{run}");
    for refused in [40, 50, 60] {
        ensure!(run.says(&format!("revision {refused}: ")), "{run}");
    }
    let bytes = links.dump().await?;
    // A clock that is behind.
    let again = job.clone().later(-30 * DAY).run_to(1).await?;
    assert_eq!(counted(&again, "stored")?, 0, "{again}");
    ensure!(links.dump().await? == bytes, "{again}");
    // One that is ahead by less than what is kept: nothing is too old by it that was stored.
    let ahead = job.clone().later(90 * DAY).run_to(1).await?;
    assert_eq!(told(&ahead)?, [2, 1, 2], "{ahead}");
    links.job(&["prune"]).run_ok().await?;
    let revs = links.world.table("SELECT rev_id FROM link_addition ORDER BY 1").await?;
    assert_eq!(revs, "30\n35\n40\n");
    links.job(&["stats"]).run_ok().await?;
    Ok(())
}
