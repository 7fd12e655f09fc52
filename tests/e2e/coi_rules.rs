//! Every rule of coi-report by edits of accounts, temporary accounts and addresses on a real wiki: what is a hit, what is
//! recorded only, what is none. Names are exact: see `Coi::exact`.

mod cases;

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wikicrew_tests::api::Api;
use wikicrew_tests::coi::{Coi, big_page, many_links};
use wikicrew_tests::nameserver::Dnsmasq;
use wikicrew_tests::run::Run;
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::settings::Settings;

use cases::{COMMANDS, Edit, FIRST, FIRST_HITS, NOWHERE, SECOND, SECOND_HITS};

const DAY: i64 = 24 * 3600;

/// The list of the real extension.
const SPAM_BLACKLIST: &str = "MediaWiki:Spam-blacklist";
/// A line of it that stays.
const OVERRIDDEN: &str = r"\bzebrazebra\.example\b";

struct Scene {
    coi: Coi,
    /// The spam blacklist is common to all tests.
    spam: String,
}

impl Scene {
    async fn new() -> Result<Self> {
        let coi = Coi::new().await?;
        let spam = format!("{}spam.example", coi.world.prefix.to_lowercase());
        let own = |title: &str| coi.world.own(title);
        let accounts = [
            ("Marblehouse", json!({ "new": true })),
            ("Bureauman", json!({ "groups": ["bureaucrat"] })),
            ("Veteran", json!({ "edits": 600, "age_days": 40 })),
            ("Oldhand", json!({ "edits": 400, "age_days": 400 })),
        ];
        let lines: Vec<Value> = accounts
            .into_iter()
            .map(|(name, mut how)| {
                how["name"] = json!(coi.exact(name));
                how
            })
            .collect();
        coi.world.wiki.make_accounts(&lines).await?;
        let domains = json!([{ "domain": "blockedhere.example", "notes": "sells nothing" }]);
        let board = "== Reports ==\n* {{LinkSummary|noticed.example}}\n* see http://www.said.example/page\n";
        let pages = [
            NewPage::new(&own("Project:Noticeboard"), board),
            NewPage::new(&own("MediaWiki:Domains.json"), &domains.to_string()),
        ];
        coi.world.load(&pages).await?;
        let listed = coi.world.admin.text(SPAM_BLACKLIST).await?.unwrap_or_default();
        if !listed.contains(OVERRIDDEN) {
            coi.world
                .admin
                .append(SPAM_BLACKLIST, &format!("\n{OVERRIDDEN}\n"), "")
                .await?;
        }
        let scene = Self { coi, spam };
        scene.coi.save_settings(&scene.settings()).await?;
        Ok(scene)
    }

    fn settings(&self) -> Settings {
        let own = |title: &str| self.coi.world.own(title);
        let settings = self.coi.settings.clone();
        settings
            .set("commands", json!({}))
            .set("noticeboards", json!([own("Project:Noticeboard")]))
            .set("blacklists", json!([SPAM_BLACKLIST, own("MediaWiki:Domains.json")]))
            .set("auto_monitor", json!({ "common_host": 2 }))
            .set("skip", json!({ "groups": ["bureaucrat"], "tags": ["wikicrew-test"] }))
    }

    /// Saves these pages in the names of their authors.
    async fn edit(&self, edits: &[Edit]) -> Result<()> {
        let page = |(user, title, text): &Edit| {
            let is_address = user.parse::<std::net::IpAddr>().is_ok();
            let by = if is_address {
                (*user).to_owned()
            } else {
                self.coi.exact(user)
            };
            let page = NewPage::new(&self.coi.exact(title), text).by(&by);
            match *user {
                "Robotnik" => page.with("bot", json!(true)),
                "Taggedly" => page.with("tags", json!(["wikicrew-test"])),
                _ => page,
            }
        };
        let pages: Vec<NewPage> = edits.iter().map(page).collect();
        self.coi.world.load(&pages).await
    }

    /// Saves a page in a session's name; the revision.
    async fn by(&self, api: &Api, title: &str, text: &str) -> Result<u64> {
        api.edit(&self.coi.exact(title), text, "").await
    }

    /// A session of a new account in these groups.
    async fn account(&self, name: &str, groups: &[&str]) -> Result<Api> {
        let line = json!({ "name": self.coi.exact(name), "groups": groups });
        let made = self.coi.world.wiki.make_accounts(&[line]).await?;
        self.coi.world.login(made.first().context("no account")?).await
    }

    /// Hits as lines, without what differs between two worlds, sorted.
    async fn told(&self) -> Result<BTreeSet<String>> {
        let hits = self.coi.hits().await?;
        Ok(hits.iter().map(|hit| self.without_numbers(&hit.to_string())).collect())
    }
}

impl Scene {
    /// Names of temporary accounts and numbers of lines.
    fn without_numbers(&self, line: &str) -> String {
        let mut line = line.replace(&self.spam, "SPAM");
        if let Some((_, rest)) = line.split_once(' ').filter(|(name, _)| name.starts_with('~')) {
            line = format!("~ {rest}");
        }
        let Some((before, after)) = line.split_once("blacklist, line ") else {
            return line;
        };
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{before}blacklist, line N{after}")
    }

    /// A month of people: what was monitored comes again, a text comes back, a page is moved, another one is flooded.
    async fn second(&self) -> Result<()> {
        let (coi, admin) = (&self.coi, &self.coi.world.admin);
        self.edit(&SECOND).await?;
        let temporary = coi.temporary(coi.world.wiki)?;
        let links = "https://shop.marblehouse.example/ https://whitelisted.example/2";
        self.by(&temporary, "Auto", links).await?;
        self.by(&temporary, "Flood", &many_links(8_000, 500)).await?;
        self.by(&temporary, "Big", &big_page(1_990_000)).await?;
        // somebody brings back what a stranger took out, which is no addition; the stranger does, which is one
        let restorer = self.account("Restorer", &[]).await?;
        for by in [&restorer, &temporary] {
            let blanked = self.by(&temporary, "Veteran", "Nothing.").await?.to_string();
            let undo = [("action", "edit"), ("title", &coi.exact("Veteran")), ("undo", &blanked)];
            by.write(&undo).await?;
        }
        // a draft is no content until it is moved, and then its maker's
        let draft = coi.world.own("User:Drafts/Slate");
        let text = "https://slateworks.example/ https://monitored.example/s";
        coi.world
            .load(&[NewPage::new(&draft, text).by(&coi.exact("Slatework"))])
            .await?;
        admin.move_page(&draft, &coi.exact("Slatework tiles"), true).await?;
        // what adds nothing: a page gets another name, or comes back
        admin
            .move_page(&coi.exact("Bolts"), &coi.exact("Bolts and more"), false)
            .await?;
        admin.delete(&coi.exact("Pumps"), "").await?;
        admin.undelete(&coi.exact("Pumps"), "").await?;
        // gone or hidden before the run
        let hider = coi.oversighter().await?;
        let hushed = self.account("Concealed", &[]).await?;
        let rev = self.by(&hushed, "Concealed", "https://monitored.example/c").await?;
        hider.suppress_revision(rev, "user").await?;
        self.by(&temporary, "Gone", "https://monitored.example/g").await?;
        admin.delete(&coi.exact("Gone"), "").await?;
        let rev = self.by(&temporary, "Cut", "https://monitored.example/cut").await?;
        self.by(&temporary, "Cut", "Nothing.").await?;
        hider.suppress_revision(rev, "content").await
    }

    /// Wiki, revision, rule and string of hits that a run printed.
    fn printed(&self, run: &Run) -> BTreeSet<String> {
        let hits = self.coi.printed_hits(run);
        let told = |hit: &Value| format!("{} {} {}", hit["rev_id"], hit["rule"], hit["string"]);
        hits.iter().map(told).collect()
    }

    /// Entries that the job made itself: domain, whether the revision is known, in how many days it ends.
    async fn auto_entries(&self) -> Result<String> {
        let hits: BTreeSet<String> = self.coi.hits().await?.into_iter().map(|hit| hit.string).collect();
        let sql = "SELECT page, auto_rev > 0, DATEDIFF(expires, NOW()) FROM list_entry \
                   WHERE added_by = 'coi-report' ORDER BY page";
        let mut rows = self.coi.world.rows(sql).await?;
        // Other tests work on the same wiki.
        rows.retain(|row| hits.contains(&row[0]));
        Ok(rows.iter().map(|row| row.join(" | ") + "\n").collect())
    }

    /// The day page has what is to be shown, a line each, and nothing of what is recorded only.
    async fn pages_tell(&self) -> Result<()> {
        let pages = self.coi.day_pages().await?;
        let text: String = pages.into_values().map(|text| self.coi.bare(&decoded(&text))).collect();
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
        let of = |part: &str| -> Vec<&&str> { lines.iter().filter(|line| line.contains(part)).collect() };
        let cookie = of("ChocolateFan|<bdi>");
        assert!(
            cookie.len() == 1 && cookie[0].contains("75% (U→P) & 47.36% (P→U) (ratio: 35.5%)"),
            "{cookie:?}"
        );
        let flood = of("[[:Flood|");
        assert!(flood.len() == 1 && flood[0].len() < 1_000, "{flood:?}");
        let counts = ["[[:Zyxwv|", "[[:Zyxwv too|", "quiet.example"].map(|part| of(part).len());
        assert_eq!(counts, [0, 1, 0], "skipped, not skipped, not shown");
        assert_eq!(of("Sockpuppet 7|<bdi>").len(), 1, "by another rule");
        for name in NOWHERE.iter().chain(&["Annapolis", "Taggedly"]) {
            let told = [format!("[[:{name}|"), format!("Contributions/{name}|")];
            assert!(!told.iter().any(|part| text.contains(part)), "{name}");
        }
        for name in NOWHERE {
            let name = self.coi.exact(name);
            for (table, column) in [("hit", "user_name"), ("hit", "title"), ("hit_line", "user_name")] {
                let rows = format!("{table} WHERE {column} = '{name}'");
                assert_eq!(self.coi.world.count(&rows).await?, 0, "{rows}");
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn each_rule_has_its_hits_and_its_exceptions() -> Result<()> {
    let scene = Scene::new().await?;
    let coi = &scene.coi;
    coi.first_run(&coi.job()).await?;
    let commands = COMMANDS.replace('@', &coi.exact(""));
    coi.world.admin.edit(&coi.commands_title(), &commands, "").await?;
    let elsewhere = format!(
        "INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason) VALUES \
         ('coi-report', 'other.example/w', 'wl', '{}', '', 'Admin', NOW(), 'elsewhere')",
        coi.exact("Otherwiki")
    );
    coi.world.execute(&elsewhere).await?;

    scene.edit(&FIRST).await?;
    let temporary = coi.temporary(coi.world.wiki)?;
    let links = format!("https://www.{0}/x https://fine.{0}/", scene.spam);
    scene.by(&temporary, "Spammed", &links).await?;
    let links = "https://always.example/t https://commonplace.example/2 https://near.example/t";
    scene.by(&temporary, "Always", links).await?;
    let address = coi.address(coi.world.wiki, "203.0.113.40")?;
    let links = "https://cidr.example/desk https://commonplace.example/3";
    scene.by(&address, "Desk", links).await?;
    let spam = scene.spam.replace('.', "\\.");
    for (title, line) in [(SPAM_BLACKLIST, r"\b"), ("MediaWiki:Spam-whitelist", r"\bfine\.")] {
        let line = format!("\n{line}{spam}\\b # a test\n");
        coi.world.admin.append(title, &line, "").await?;
    }
    // Who may override the list is not stopped by it.
    let overrider = scene.account("Quokki", &["bot"]).await?;
    scene
        .by(&overrider, "Overridden", "https://zebrazebra.example/")
        .await?;

    let server = Dnsmasq::start(&[
        "--host-record=near.example,198.41.0.4,2001:500:2::c".into(),
        "--local=/example/".into(),
    ])?;
    let job = coi.job().env("WIKICREW_DNS", &server.address().to_string());
    let run = job.args(&["--json"]).run_ok().await?;
    same(&scene.told().await?, &FIRST_HITS);
    assert_eq!(scene.printed(&run).len(), FIRST_HITS.len(), "{run}");
    let entries = "facebook.com/bluewidget | 1 | 180\nmarblehouse.example | 1 | 180\n";
    assert_eq!(scene.auto_entries().await?, entries);

    coi.save_settings(&scene.settings().set("min_name_length", 3)).await?;
    scene.second().await?;
    let (before, later) = (coi.world.row_counts().await?, coi.job().later(31 * DAY));
    let later = later.args(&["--json"]);
    let dry = later.clone().args(&["--dry-run"]).run_ok().await?;
    assert_eq!(coi.world.row_counts().await?, before, "{dry}");
    let run = later.run_ok().await?;
    assert_eq!(scene.printed(&dry), scene.printed(&run));
    same(&scene.told().await?, &[&FIRST_HITS[..], &SECOND_HITS].concat());
    // A hit makes an entry stay longer; what three others added before is common.
    let entries = "facebook.com/bluewidget | 1 | 180\nmarblehouse.example | 1 | 211\nslateworks.example | 1 | 211\n";
    assert_eq!(scene.auto_entries().await?, entries);
    let (dumped, again) = (coi.hits().await?, later.run_ok().await?);
    assert_eq!((coi.hits().await?, scene.printed(&again).len()), (dumped, 0), "{again}");
    scene.pages_tell().await
}

fn same(found: &BTreeSet<String>, wanted: &[&str]) {
    let wanted: BTreeSet<String> = wanted.iter().map(|hit| (*hit).to_owned()).collect();
    let (more, less): (Vec<_>, Vec<_>) = (found.difference(&wanted).collect(), wanted.difference(found).collect());
    assert!(
        more.is_empty() && less.is_empty(),
        "too many: {more:#?}\nmissing: {less:#?}"
    );
}

/// A text of a page with its numeric character references resolved.
fn decoded(text: &str) -> String {
    let mut parts = text.split("&#");
    let mut told = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once(';').unwrap_or_default();
        told.extend(number.parse().ok().and_then(char::from_u32));
        told.push_str(rest);
    }
    told
}
