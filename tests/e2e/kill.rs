//! The kill test (protocols §36): wherever a run dies, the next one puts everything right.

use anyhow::Result;
use wikicrew_tests::coop::Coop;
use wikicrew_tests::kill::{Scenario, kill_at_every_message};
use wikicrew_tests::run::Job;
use wikicrew_tests::counter::MessageCounter;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::dbproxy::DbProxy;

#[tokio::test]
async fn count_messages() -> Result<()> {
    let t = std::time::Instant::now();
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    coop.add_learner("Lea", "writing").await?;
    println!("prepare {:?}", t.elapsed());
    let counter = MessageCounter::new();
    let http = FaultProxy::start_with(&coop.world.wiki.api, 0, counter.clone()).await?;
    let db = DbProxy::start_with(&coop.world.database_url(), 0, counter.clone()).await?;
    let run = coop.matchbot().through(&http).over(&db).args(&["--seed", "7"]).run_ok().await?;
    println!("{run}");
    for (n, line) in counter.lines().iter().enumerate() { println!("{:4} {line}", n + 1); }
    let t = std::time::Instant::now();
    let run = coop.matchbot().later(600).run_ok().await?;
    println!("{run} {:?}", t.elapsed());
    println!("{}", coop.world.row_counts().await?);
    for t in ["matches", "request", "intent", "edit_log", "memo", "run", "lease","pace","settings_rev","profile_owner", "run_error"] {
        println!("{t}\n{}", coop.world.table(&format!("SELECT * FROM {t}")).await?);
    }
    println!("{}", coop.world.admin.tell(&[&coop.status_title()]).await?);
    println!("{}", coop.world.scrub(&coop.world.admin.tell(&[&coop.status_title()]).await?));
    Ok(())
}
