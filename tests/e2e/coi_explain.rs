//! What a person asks of coi-report by hand: why an edit is a hit or none, what other settings would find, what was
//! recorded, and what stands on the lists. Names are exact: see `Coi::exact`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::coi::Coi;
use wikicrew_tests::links::seconds_ago;
use wikicrew_tests::run::Run;
use wikicrew_tests::sandbox::NewPage;

/// Who edits which page to which text.
const EDITS: [(&str, &str, &str); 6] = [
    ("ChocolateFan", "Chocolate chip cookie", "Sweet."),
    ("Gravelworks", "Hinges", "https://www.gravelworks.example/buy"),
    ("Zxv", "Zyxwv", "Short."),
    ("Quilt", "Hedge", "Green."),
    ("Dormouse", "Dormouse", "https://monitored.example/d"),
    // in the same second as the others
    ("Robotnik", "Robotnik", "https://monitored.example/r"),
];

/// What backtest tells of the draft's hits.
const CHANGES: [&str; 5] = [
    "gone page-overlap Chocolate chip cookie",
    "kept link-overlap gravelworks.example",
    "kept monitored-link monitored.example",
    "kept page-overlap Dormouse",
    "new page-overlap Zyxwv",
];

struct Scene {
    coi: Coi,
    since: String,
    /// The edits of [`EDITS`].
    revs: Vec<u64>,
}

impl Scene {
    /// With a run that has judged the edits.
    async fn new() -> Result<Self> {
        let coi = Coi::new().await?;
        coi.first_run(&coi.job()).await?;
        let added = coi
            .run_args(&[
                "ml",
                "add",
                "link:monitored.example",
                "--by",
                "Ops",
                "--reason",
                "see the archive",
            ])
            .await?;
        assert_eq!(added.stdout, "monitored.example is on the monitor list now.\n");
        let since = seconds_ago(1);
        let page = |(user, title, text): &(&str, &str, &str)| {
            let page = NewPage::new(&coi.exact(title), text).by(&coi.exact(user));
            page.with("bot", json!(*user == "Robotnik"))
        };
        let pages: Vec<NewPage> = EDITS.iter().map(page).collect();
        let loaded = coi.world.wiki.load(&pages).await?;
        let revs = loaded.iter().map(|page| page.revid).collect();
        coi.run().await?;
        Ok(Self { coi, since, revs })
    }

    /// A revision of the Nth edit as `explain` tells it, without what differs between two worlds.
    async fn story(&self, n: usize) -> Result<String> {
        let told = self.coi.explain(self.revs[n]).await?;
        Ok(self.coi.world.scrub(&self.coi.bare(&told)))
    }

    /// Runs it to an exit code.
    async fn ends(&self, args: &[&str], code: i32) -> Result<Run> {
        self.coi.job().args(args).run_to(code).await
    }

    /// A page of settings in a file, and on the draft page, which anybody may edit.
    async fn draft(&self) -> Result<PathBuf> {
        let settings = self.coi.settings.clone().set("min_name_length", 3);
        let settings = settings.set("score", json!({ "threshold": 40 }));
        let file = std::env::temp_dir().join(format!("wikicrew-draft-{}", self.coi.world.prefix));
        std::fs::write(&file, settings.page())?;
        let title = format!("{}/draft", self.coi.settings_title());
        let page = NewPage::new(&title, &settings.page()).by(&self.coi.exact("Quilt"));
        self.coi.world.load(&[page]).await?;
        Ok(file)
    }

    /// Hits of this world as `backtest --json` printed them, and the last line.
    fn tested(&self, run: &Run) -> Result<(BTreeSet<String>, Value)> {
        let told = |hit: &Value| {
            let [change, rule, string] = ["change", "rule", "string"].map(|key| hit[key].as_str().unwrap_or_default());
            format!("{change} {rule} {}", self.coi.bare(string))
        };
        let hits = self.coi.printed_hits(run).iter().map(told).collect();
        let last = run.stdout.lines().last().context("nothing is printed")?;
        Ok((hits, serde_json::from_str(last)?))
    }
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
}

impl Scene {
    /// Explain: a hit, a skip, none, a list, as JSON, of a wiki that is not watched.
    async fn explains(&self) -> Result<()> {
        let coi = &self.coi;
        let hit = self.story(0).await?;
        has(
            &hit,
            &[
                "Chocolate chip cookie, by ChocolateFan on TIME; judged by settings revision ",
                "\"ChocolateFan\" and \"Chocolate chip cookie\" score 75% (U->P) and 47.36% (P->U), ratio 35.5%, which is \
                 over the limit of 25%.",
                "page-overlap: a hit; it ends the questions about this one.",
                "\nHit: TIME ",
                "\nRecorded TIME by settings revision ",
            ],
        );
        let why = "short: the name has 3 characters that count, 4 are asked for";
        let skip = self.story(2).await?;
        has(
            &skip,
            &[
                "score 90% (U->P) and 60% (P->U), ratio 54%",
                &format!("skipped ({why}): recorded only; the questions go on."),
                &format!("recorded only: {why}"),
                "Hits to record: 1, of them skipped: 1.",
            ],
        );
        let none = self.story(3).await?;
        has(
            &none,
            &[
                "ratio 0%, which is not over the limit of 25%.",
                "It added no links that count.",
                "user-keyword: the blacklist has nothing for this user.",
                "No rule has a hit.\nNothing is recorded of this edit.\n",
            ],
        );
        let listed = self.story(4).await?;
        has(
            &listed,
            &[
                "It added: monitored.example/d",
                "monitored-link: the monitor list has * <-> \"monitored.example\" (added by Ops on ",
                "proximity: not asked: the editor's address is not visible",
            ],
        );
        has(
            &self.story(5).await?,
            &["No rule is asked: the editor is a bot.", "No rule has a hit."],
        );
        let own = NewPage::new(&coi.exact("User:Quilt"), "https://monitored.example/own").by(&coi.exact("Quilt"));
        let own = coi.world.wiki.load(&[own]).await?[0].revid;
        has(
            &coi.explain(own).await?,
            &[
                "Its namespace is not watched: no run looks at it. By the rules it would be:",
                "page-overlap: not asked: it is the user's own page",
                "\nHit: ",
                "Nothing is recorded of this edit.",
            ],
        );
        let rev = self.revs[1].to_string();
        let told = coi.run_args(&["explain", &rev, "--json"]).await?;
        let told: Value = serde_json::from_str(&told.stdout)?;
        assert_eq!(told["links"], json!(["gravelworks.example/buy"]));
        assert_eq!(told["hits"][0]["rule"], "link-overlap");
        assert_eq!(told["hits"][0]["score"]["ratio"], 61.1);
        assert_eq!(told["recorded"], told["hits"]);
        let elsewhere = self.ends(&["explain", "--wiki", "nowhere.example", &rev], 1).await?;
        has(&elsewhere.stderr, &["nowhere.example is none of the watched wikis: "]);
        Ok(())
    }

    /// Nobody is named whom the wiki hides, or the operator; what was deleted is not told of.
    async fn hides(&self) -> Result<()> {
        let coi = &self.coi;
        let hider = coi.oversighter().await?;
        hider.suppress_revision(self.revs[4], "user").await?;
        let hidden = self.coi.explain(self.revs[4]).await?;
        has(
            &hidden,
            &["is not judged: the wiki hides its author: nobody is judged."],
        );
        ensure!(!hidden.contains("Dormouse"), "{hidden}");
        let name = coi.exact("Gravelworks");
        coi.run_args(&["suppress", "add", "user", &name]).await?;
        let rev = self.revs[1].to_string();
        let shut = self.ends(&["explain", &rev], 1).await?;
        has(
            &shut.stderr,
            &["what is known of this edit is suppressed; --private tells it"],
        );
        ensure!(!shut.says("Gravelworks") && !shut.says("gravelworks"), "{shut}");
        let open = coi.run_args(&["explain", &rev, "--private"]).await?;
        has(&open.stdout, &["Gravelworks"]);
        let shut = self.ends(&["report", "link", "gravelworks.example"], 1).await?;
        has(
            &shut.stdout,
            &["There are no hits about gravelworks.example to show.\n"],
        );
        ensure!(!shut.says("Gravelworks"), "{shut}");
        coi.run_args(&["suppress", "del", "user", &name]).await?;
        coi.world.admin.delete(&coi.exact("Hedge"), "").await?;
        let gone = self.ends(&["explain", &self.revs[3].to_string()], 1).await?;
        has(
            &gone.stdout,
            &["the wiki has no such revision, or it was deleted.\n0 hits are recorded of it."],
        );
        Ok(())
    }

    /// The three lists, and what was recorded.
    async fn answers(&self) -> Result<()> {
        let coi = &self.coi;
        let fan = coi.exact("ChocolateFan");
        let dry = coi
            .run_args(&["wl", "add", &fan, "*", "--reason", "asked", "--dry-run"])
            .await?;
        has(
            &dry.stdout,
            &["Dry run, nothing is written. Otherwise:", "is on the whitelist now."],
        );
        let none = coi.run_args(&["wl", "search", "user", &fan]).await?;
        has(&none.stdout, &["is not on the whitelist."]);
        let added = ["wl", "add", &fan, "*", "for", "30d", "everywhere", "—", "asked for it"];
        coi.run_args(&added).await?;
        let found = coi.run_args(&["wl", "search", "user", &fan, "--json"]).await?;
        let found: Value = serde_json::from_str(&found.stdout)?;
        let entry = &found["entries"][0];
        assert_eq!(
            (&entry["user"], &entry["everywhere"], &entry["reason"]),
            (&json!(fan), &json!(true), &json!("asked for it"))
        );
        has(
            &self.story(0).await?,
            &[
                "whitelist: the whitelist has \"ChocolateFan\" <-> * (added by ",
                "no rule is asked.",
                "No rule has a hit.",
                "Recorded TIME",
            ],
        );
        let wrong = self.ends(&["wl", "del", &fan, "*"], 1).await?;
        has(
            &wrong.stdout,
            &["It is there for all wikis: write `everywhere` behind it."],
        );
        coi.run_args(&["wl", "del", &fan, "*", "everywhere"]).await?;
        let wrong = self.ends(&["bl", "add", &fan, "cookie"], 1).await?;
        has(
            &wrong.stderr,
            &["an entry of the blacklist needs a reason, behind a dash"],
        );
        let wrong = self.ends(&["ml", "add", r"look(?=ahead)\.example"], 1).await?;
        has(&wrong.stderr, &["is not checked here: look-around"]);

        let user = coi.run_args(&["report", "user", &fan]).await?;
        has(
            &coi.bare(&user.stdout),
            &["ChocolateFan, revision ", "(ratio: 35.5%) on Chocolate chip cookie"],
        );
        let link = coi
            .run_args(&["report", "link", "gravelworks.example", "--json"])
            .await?;
        let link: Value = serde_json::from_str(&link.stdout)?;
        assert_eq!(link["hits"].as_array().map(Vec::len), Some(1), "{link}");
        assert_eq!(link["hits"][0]["rev_id"], self.revs[1]);
        let nobody = self.ends(&["report", "user", &coi.exact("Quilt")], 1).await?;
        has(&nobody.stdout, &["There are no hits of Quilt"]);
        let wiki = coi.wiki_id(coi.world.wiki);
        let status = coi.run_args(&["status"]).await?;
        has(
            &status.stdout,
            &[
                ", it did its work, ",
                &format!("recentchanges {wiki}: read up to "),
                "whitelist: 0, blacklist: 0, monitor list: ",
                "page-overlap: ",
            ],
        );
        let stats = coi.run_args(&["stats", "--since", "1h"]).await?;
        has(&stats.stdout, &[&wiki, "page-overlap: ", "monitored.example"]);
        Ok(())
    }
}

#[tokio::test]
async fn the_story_of_an_edit_is_told_hit_or_not() -> Result<()> {
    let scene = Scene::new().await?;
    let before = scene.coi.world.row_counts().await?;
    scene.explains().await?;
    scene.backtests().await?;
    assert_eq!(
        scene.coi.world.row_counts().await?,
        before,
        "whoever asks changes nothing"
    );
    scene.answers().await?;
    scene.hides().await
}

impl Scene {
    /// The draft's hits beside those by the settings in force, from the wiki and from a file of recorded events.
    async fn backtests(&self) -> Result<()> {
        let coi = &self.coi;
        let file = self.draft().await?;
        let draft = file.to_string_lossy();
        let wanted: BTreeSet<String> = CHANGES.iter().map(|line| (*line).to_owned()).collect();
        let run = coi
            .run_args(&["backtest", "--since", &self.since, "--settings", "draft", "--json"])
            .await?;
        let (hits, last) = self.tested(&run)?;
        assert_eq!(hits, wanted, "{run}");
        ensure!(last["complete"] == true && last["draft"] == true, "{last}");
        let overlap = &last["rules"]["page-overlap"];
        ensure!(
            overlap["skipped"]["current"].as_u64() > overlap["skipped"]["draft"].as_u64(),
            "{last}"
        );
        let recorded = coi.run_args(&["record", "--since", &self.since]).await?;
        let is_own = |line: &&str| line.contains(&coi.exact("")) || line.contains(r#""type":"wiki""#);
        let lines: Vec<&str> = recorded.stdout.lines().filter(is_own).collect();
        assert_eq!(lines.len(), EDITS.len() + 1, "{recorded}");
        let events = file.with_extension("events");
        std::fs::write(&events, lines.join("\n"))?;
        let events = events.to_string_lossy();
        let of_file = ["backtest", "--events", &events, "--settings", &draft];
        let run = coi.job().args(&of_file).args(&["--json"]).run_ok().await?;
        assert_eq!(self.tested(&run)?.0, wanted, "{run}");
        let run = coi.run_args(&of_file).await?;
        has(
            &coi.bare(&run.stdout),
            &[
                "page-overlap: 2 hits now (0 of them struck by people), 2 by the draft (0): 1 new, 1 gone, 1 kept; recorded \
                 only 1 now, 0 by the draft\n  + ",
                "(ratio: 54%) on Zyxwv\n  - ",
                "(ratio: 35.5%) on Chocolate chip cookie\n    ",
                "\n6 edits; 3 rules with hits.\n",
            ],
        );
        std::fs::remove_file(&*events)?;
        std::fs::remove_file(&file)?;

        // Without a draft: what there is now.
        let run = coi.run_args(&["backtest", "--since", &self.since, "--json"]).await?;
        let current = CHANGES.iter().filter(|line| !line.starts_with("new"));
        let current = current
            .map(|line| line.replace("gone", "current").replace("kept", "current"))
            .collect();
        assert_eq!(self.tested(&run)?.0, current, "{run}");
        Ok(())
    }
}
