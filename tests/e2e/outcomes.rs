//! probe
use anyhow::Result;
use wikicrew_tests::coop::Coop;
use wikicrew_tests::calls::Calls;
use wikicrew_tests::proxy::FaultProxy;

#[tokio::test]
async fn probe() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    coop.add_learner("Lea", "writing").await?;
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    println!("{}", coop.matchbot().through(&proxy).run_ok().await?);
    println!("{}", proxy.calls().told());
    proxy.forget();
    coop.add_learner("Lee", "writing").await?;
    println!("{}", coop.matchbot().through(&proxy).run_ok().await?);
    println!("{}", proxy.calls().told());
    proxy.forget();
    coop.add_learners(&[("Lu", "writing"), ("Li", "writing")]).await?;
    println!("{}", coop.matchbot().through(&proxy).run_ok().await?);
    println!("{}", proxy.calls().told());
    Ok(())
}
