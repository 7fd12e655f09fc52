//! From a real wiki into the database: what `record` and `ingest` make of edits is what MediaWiki itself says of them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use url::Url;
use wikicrew_tests::api::Api;
use wikicrew_tests::links::{counted, seconds_ago};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::world::World;

/// Each page with the rows that are to be stored of it: host, path, flags (2 in an archive, 4 by a template, 16 https,
/// 32 other scheme, 64 bot), times. `OWN` is the world's prefix.
const PAGES: [(&str, &str, &[&str]); 9] = [
    (
        "Bare",
        "See http://bare.example/a, (http://bare.example/b_(c)) and HTTPS://www.Bare.example:443/?q=1&amp;r=2; \
         http://bare.example/a! Not www.bare.example/d.",
        &[
            "bare.example /?q=1&r=2 16 1",
            "bare.example /a 0 2",
            "bare.example /b_(c)) 0 1",
        ],
    ),
    (
        "Bracket",
        "[http://bracket.example label] [//relative.example/p it's] [ftp://ftp.example/f] [mailto:a@mail.example m] \
         [nohost] [[http://inside.example]] [[File:None.png|link=https://picture.example/x]]",
        &[
            "bracket.example / 64 1",
            "ftp.example /f 96 1",
            "inside.example / 64 1",
            "picture.example /x 80 1",
            "relative.example /p 112 1",
        ],
    ),
    (
        "Template",
        "{{OWN Cite|url=http://cited.example/x|title=T}}{{OWN Cite|url=\nhttps://cited.example/y\n|title=[[U]]}}",
        &["cited.example /x 0 1", "cited.example /y 16 1"],
    ),
    (
        "Ref",
        "Text.<ref>http://ref.example/r</ref><ref name=\"n\">[https://ref.example/n n]</ref><ref name=\"n\" />\n<references />",
        &["ref.example /n 16 1", "ref.example /r 0 1"],
    ),
    (
        "Hidden",
        "<!-- http://comment.example --><nowiki>http://nowiki.example</nowiki><pre>http://pre.example</pre>\
         <code>http://code.example</code> <syntaxhighlight lang=\"text\">http://source.example</syntaxhighlight>",
        &["code.example / 0 1"],
    ),
    (
        "Website",
        "{{OWN Url2|official.example/start}} {{OWN URL|1= www.second.example }}",
        &["official.example /start 4 1", "second.example / 4 1"],
    ),
    (
        "Archive",
        "http://old.example/p https://web.archive.org/web/20200102030405/http://old.example/p \
         https://web.archive.org/web/2020/https://gone.example/",
        &[
            "gone.example / 18 1",
            "old.example /p 0 1",
            "web.archive.org /web/2020/https://gone.example/ 16 1",
            "web.archive.org /web/20200102030405/http://old.example/p 16 1",
        ],
    ),
    (
        "Idn",
        "http://bücher.example/ä [http://xn--mnchen-3ya.example m] http://192.0.2.80/ip [http://[2001:db8::8]/six s]",
        &[
            "192.0.2.80 /ip 0 1",
            "[2001:db8::8] /six 0 1",
            "xn--bcher-kva.example /%C3%A4 0 1",
            "xn--mnchen-3ya.example / 0 1",
        ],
    ),
    ("Address", "http://ip.example/", &["ip.example / 0 1"]),
];

const SETTINGS: &str = "enabled: true\nlink_templates:\n  OWN URL: 1\n";

/// Rows of a page, newest revision last: `revision: host path flags times`.
async fn stored(world: &World, table: &str, title: &str) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT a.rev_id, rhost, path, flags, times FROM {table} a JOIN host USING (host_id) JOIN page p \
         ON p.wiki_id = a.wiki_id AND p.page_id = a.page_id WHERE p.title = '{title}' ORDER BY a.rev_id"
    );
    let rows = world.rows(&sql).await?;
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| format!("{}: {} {}", row[0], host(&row[1]), row[2..].join(" ")))
        .collect();
    lines.sort();
    Ok(lines)
}

/// From the stored form, `example.shop.`.
fn host(stored: &str) -> String {
    let Some(labels) = stored.strip_suffix('.') else {
        return stored.to_owned();
    };
    labels.rsplit('.').collect::<Vec<_>>().join(".")
}

/// Host and path of a page's links as the wiki knows them.
async fn links_of(api: &Api, title: &str) -> Result<BTreeSet<String>> {
    let asked = [
        ("action", "query"),
        ("titles", title),
        ("prop", "extlinks"),
        ("ellimit", "max"),
    ];
    let answer = api.get(&asked).await?;
    let links = answer["query"]["pages"][0]["extlinks"].as_array().cloned();
    let place = |link: &Value| -> Option<String> {
        let (_, rest) = link["url"].as_str()?.split_once("//")?;
        let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        // Small letters, no usual port, punycode.
        let host = Url::parse(&format!("https://{host}")).ok()?.host_str()?.to_owned();
        Some(format!("{} {path}", host.strip_prefix("www.").unwrap_or(&host)))
    };
    Ok(links.unwrap_or_default().iter().filter_map(place).collect())
}

/// Saves as a person at the wiki does; the revision.
async fn undo(api: &Api, title: &str, rev: u64) -> Result<u64> {
    let asked = [("action", "edit"), ("title", title), ("undo", &rev.to_string())];
    let answer = api.write(&asked).await?;
    answer["edit"]["newrevid"].as_u64().with_context(|| answer.to_string())
}

async fn rollback(api: &Api, title: &str, user: &str) -> Result<u64> {
    let tokens = api
        .get(&[("action", "query"), ("meta", "tokens"), ("type", "rollback")])
        .await?;
    let token = tokens["query"]["tokens"]["rollbacktoken"]
        .as_str()
        .context("no token")?
        .to_owned();
    let asked = [
        ("action", "rollback"),
        ("title", title),
        ("user", user),
        ("token", &token),
    ];
    let answer = api.post(&asked).await?;
    answer["rollback"]["revid"].as_u64().with_context(|| answer.to_string())
}

#[tokio::test]
async fn what_is_recorded_of_a_wiki_is_what_the_wiki_says_itself() -> Result<()> {
    let world = World::new().await?;
    let own = |text: &str| text.replace("OWN", &world.prefix);
    let since = seconds_ago(1);
    let patroller = json!({ "groups": ["sysop", "suppress"], "edits": 100, "age_days": 100 });
    let patroller = world.account("Patroller", patroller).await?;
    let spammer = world.account("Spammer", json!({ "new": true })).await?;
    let (patrol, spam) = (world.login(&patroller).await?, world.login(&spammer).await?);

    let mut pages = vec![
        NewPage::new(&own("Template:OWN URL"), "[http://{{{1}}} site]"),
        NewPage::new(&own("Template:OWN Url2"), &own("#REDIRECT [[Template:OWN URL]]")),
        NewPage::new(&own("Template:OWN Cite"), "[{{{url}}} {{{title}}}]"),
        // Not where links count.
        NewPage::new(&own("User:OWN Cat/Draft"), "http://draft.example"),
    ];
    for (name, text, _) in PAGES {
        let page = NewPage::new(&world.own(name), &own(text));
        pages.push(match name {
            "Bracket" => page.by(&world.own("Bot")).with("bot", json!(true)),
            "Address" => page.by("198.51.100.7"),
            _ => page.by(&world.own("Ann")),
        });
    }
    let (war, lost) = (world.own("War"), world.own("Lost"));
    pages.push(NewPage::new(&war, "Begin.").by(&world.own("Ann")));
    pages.push(NewPage::new(&lost, "http://kept.example/k").by(&world.own("Ann")));
    world.load(&pages).await?;

    // A link comes, is taken out, and its author brings it back: an addition again. A patroller who brings back what
    // was blanked has added nothing.
    let added = spam.edit(&war, "Begin. http://spam.example/buy", "").await?;
    let out = undo(&patrol, &war, added).await?;
    let back = undo(&spam, &war, out).await?;
    spam.edit(&lost, "Nothing here.", "").await?;
    let restored = rollback(&patrol, &lost, &spammer.name).await?;
    // Nobody is guessed.
    let hushed = NewPage::new(&world.own("Hushed"), "http://hushed.example").by(&world.own("Eve"));
    let hushed = world.wiki.load(&[hushed]).await?[0].revid;
    patrol.hide_revision(hushed, "user").await?;
    let temporary = world.own("Temporary");
    let text = "http://temp.example/t";
    Api::anonymous(&world.wiki.api)?.edit(&temporary, text, "").await?;

    let folder = std::env::temp_dir().join(format!("wikicrew-wiki-{}", world.prefix));
    std::fs::create_dir_all(&folder)?;
    let (settings, events) = (folder.join("settings"), folder.join("events"));
    let (settings, events) = (settings.to_string_lossy(), events.to_string_lossy());
    std::fs::write(&*settings, own(SETTINGS))?;
    let record = ["record", "--since", &since, "--settings", &settings];
    let recorded = world.job("coi-report").args(&record).run_ok().await?;
    ensure!(!recorded.says(&world.own("Eve")), "a hidden name is told");
    let few = world
        .job("coi-report")
        .args(&record)
        .args(&["--limit", "2"])
        .run_ok()
        .await?;
    ensure!(
        few.stdout.lines().count() == 3 && few.says("record the rest with --since"),
        "{few}"
    );
    // Other tests work on the same wiki.
    let mine = |line: &&str| line.contains(&world.prefix) || line.contains(r#""type":"wiki""#);
    let mine: String = recorded
        .stdout
        .lines()
        .filter(mine)
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&*events, mine)?;
    let job = world.job("coi-report").without("WIKICREW_API_URL");
    let ingested = job
        .args(&["ingest", "--events", &events, "--settings", &settings])
        .run_ok()
        .await?;
    std::fs::remove_dir_all(&folder)?;
    let counts = [
        "revisions",
        "stored",
        "additions",
        "restored",
        "hidden",
        "no-links",
        "bad",
    ];
    let counts = counts.map(|what| counted(&ingested, what).unwrap_or(99));
    let additions = PAGES.iter().map(|page| page.2.len() as u64).sum::<u64>() + 4;
    assert_eq!(counts, [18, 14, additions, 1, 1, 3, 0], "{ingested}");

    for (name, _, wanted) in PAGES {
        let title = world.own(name);
        let rows = stored(&world, "link_addition", &title).await?;
        let rows: Vec<&str> = rows
            .iter()
            .filter_map(|row| row.split_once(": "))
            .map(|row| row.1)
            .collect();
        assert_eq!(rows, wanted, "{name}");
        // What an archive shows is known to us only; all else the wiki has among its links, and no more.
        let ours = rows.iter().filter_map(|row| {
            let (rest, _) = row.rsplit_once(' ')?;
            let (place, flags) = rest.rsplit_once(' ')?;
            (flags.parse::<u8>().ok()? & 2 == 0).then(|| place.to_owned())
        });
        assert_eq!(
            ours.collect::<BTreeSet<_>>(),
            links_of(&world.admin, &title).await?,
            "{name}"
        );
    }
    let spam_row = "spam.example /buy";
    assert_eq!(
        stored(&world, "link_addition", &war).await?,
        [format!("{added}: {spam_row} 0 1"), format!("{back}: {spam_row} 1 1")]
    );
    assert_eq!(stored(&world, "link_addition", &lost).await?.len(), 1);
    assert_eq!(
        stored(&world, "link_restored", &lost).await?,
        [format!("{restored}: kept.example /k 0 1")]
    );
    assert_eq!(
        stored(&world, "link_addition", &world.own("User:Cat/Draft")).await?,
        [""; 0]
    );
    says_the_same_of_revisions(&world).await
}

/// Author, page and time of every stored row against the API; kinds of authors.
async fn says_the_same_of_revisions(world: &World) -> Result<()> {
    let rows = world
        .rows(&format!(
            "SELECT DISTINCT a.rev_id, e.name, p.page_id, p.title, a.ts, w.name, e.kind FROM link_addition a \
             JOIN editor e USING (editor_id) JOIN wiki w USING (wiki_id) JOIN page p \
             ON p.wiki_id = a.wiki_id AND p.page_id = a.page_id WHERE p.title LIKE '{} %' ORDER BY 1",
            world.prefix
        ))
        .await?;
    let ids: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    let asked = [
        ("action", "query"),
        ("revids", &*ids.join("|")),
        ("prop", "revisions"),
        ("rvprop", "ids|user|timestamp"),
    ];
    let answer = world.admin.get(&asked).await?;
    let mut known = BTreeMap::new();
    for page in answer["query"]["pages"].as_array().context("no pages")? {
        for rev in page["revisions"].as_array().context("no revisions")? {
            let time = rev["timestamp"]
                .as_str()
                .unwrap_or_default()
                .replace('T', " ")
                .replace('Z', "");
            let facts = [&rev["user"], &page["pageid"], &page["title"]].map(|v| v.to_string().replace('"', ""));
            known.insert(rev["revid"].to_string(), [&facts[..], &[time]].concat());
        }
    }
    assert_eq!(rows.len(), PAGES.len() + 4, "each edit that added a link");
    let wiki = world
        .wiki
        .api
        .trim_start_matches("http://")
        .trim_end_matches("/api.php");
    for row in &rows {
        assert_eq!(Some(&row[1..5].to_vec()), known.get(&row[0]), "revision {}", row[0]);
        assert_eq!(row[5], wiki);
        let kind = match row[3].rsplit(' ').next() {
            Some("Temporary") => "2",
            Some("Address") => "3",
            _ => "1",
        };
        assert_eq!(row[6], kind, "{row:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_wiki_that_is_down_and_a_wrong_time_are_told_without_secrets() -> Result<()> {
    let world = World::new().await?;
    let proxy = FaultProxy::start(&world.wiki.api).await?;
    let (_, secret) = world.bot.bot.clone().context("no bot password")?;
    let run = async |args: &[&str], code: i32, text: &str| -> Result<()> {
        let job = world
            .job("coi-report")
            .through(&proxy)
            .args(&["-vv", "record"])
            .args(args);
        let run = job.env("RUST_LOG", "trace").run_to(code).await?;
        let told = run
            .stderr
            .lines()
            .find(|line| line.starts_with("coi-report: ") || line.starts_with("error: "));
        let told = told.with_context(|| format!("no clear line\n{run}"))?;
        ensure!(
            run.stderr.contains(text) && (code == 2 || told.contains(text)),
            "no `{text}` in\n{run}"
        );
        ensure!(
            run.stdout.lines().all(|line| line.starts_with('{')),
            "events and nothing else\n{run}"
        );
        for secret in [&secret, &world.bot.password] {
            ensure!(secret.len() > 8 && !run.says(secret), "a secret is shown\n{run}");
        }
        Ok(())
    };
    run(
        &["--since", "yesterday"],
        1,
        "--since: write a time as in 2027-01-31T12:00:00Z",
    )
    .await?;
    run(&["--since", "2099-01-01T00:00:00Z"], 1, "--since lies in the future").await?;
    run(&[], 2, "--since <TIME>").await?;
    assert!(proxy.calls().is_empty(), "the wiki was not asked");
    let since = seconds_ago(0);
    let now = ["--since", since.as_str()];
    proxy.rule(When::module("recentchanges"), Fault::unavailable());
    run(&now, 1, "503").await?;
    proxy.heal();
    proxy.rule(When::any(), Fault::unavailable());
    run(&now, 1, "503").await?;
    proxy.heal();
    proxy.refuse().await?;
    run(&now, 1, "cannot be reached").await
}
