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
const EDITS: [(&str, &str, &str); 5] = [
    ("ChocolateFan", "Chocolate chip cookie", "Sweet."),
    ("AcmeWidgets", "Hinges", "https://www.acmewidgets.example/buy"),
    ("Zxv", "Zyxwv", "Short."),
    ("Quilt", "Hedge", "Green."),
    ("Dormouse", "Dormouse", "https://monitored.example/d"),
];

/// What backtest tells of the draft's hits.
const CHANGES: [&str; 5] = [
    "gone page-overlap Chocolate chip cookie",
    "kept link-overlap acmewidgets.example",
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
            .run_args(&["ml", "add", "link:monitored.example", "--by", "Ops", "--reason", "see the archive"])
            .await?;
        assert_eq!(added.stdout, "monitored.example is on the monitor list now.\n");
        let since = seconds_ago(1);
        let pages: Vec<NewPage> = EDITS
            .iter()
            .map(|(user, title, text)| NewPage::new(&coi.exact(title), text).by(&coi.exact(user)))
            .collect();
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

    /// A page of settings in a file.
    fn draft(&self) -> Result<PathBuf> {
        let settings = self.coi.settings.clone().set("min_name_length", 3);
        let settings = settings.set("score", json!({ "threshold": 40 }));
        let file = std::env::temp_dir().join(format!("wikicrew-draft-{}", self.coi.world.prefix));
        std::fs::write(&file, settings.page())?;
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

#[tokio::test]
async fn the_story_of_an_edit_is_told_hit_or_not() -> Result<()> {
    let scene = Scene::new().await?;
    let coi = &scene.coi;
    for n in 0..5 { eprintln!("{}", scene.story(n).await?); }
    Ok(())
}
