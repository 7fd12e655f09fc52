//! Tries the world of coi-report without the job.
use anyhow::Result;
use wikicrew_tests::coi::{Coi, big_page, many_links};
use wikicrew_tests::links::seconds_ago;
use wikicrew_tests::sse::bridge::Bridge;

#[tokio::test]
async fn people_edit() -> Result<()> {
    let coi = Coi::with_both().await?;
    let since = seconds_ago(2);
    let de = coi.address(coi.de, "203.0.113.9")?;
    let rev = coi.edit(&de, "Artikel", "https://a.example/x").await?;
    assert_eq!(coi.author(&de, rev).await?, "203.0.113.9");
    let six = coi.address(coi.de, "2001:db8:1::7")?;
    let rev = coi.edit(&six, "Artikel", "https://a.example/xy").await?;
    assert_eq!(coi.author(&de, rev).await?, "2001:DB8:1:0:0:0:0:7");
    let temp = coi.temporary(coi.world.wiki)?;
    let rev = coi.edit(&temp, "Temp", "https://t.example/?a=b%20c").await?;
    let again = coi.edit(&temp, "Temp", "https://t.example/y").await?;
    let name = coi.author(&temp, rev).await?;
    assert!(name.starts_with('~'), "{name}");
    assert_eq!(coi.author(&temp, again).await?, name);
    let new = coi.newcomer("Zxv Corp").await?;
    coi.edit(&new, "Many", &many_links(8_000, 500)).await?;
    let t = std::time::Instant::now();
    coi.edit(&new, "Big", &big_page(1_990_000)).await?;
    eprintln!("2 MB page {:?}", t.elapsed());
    let over = coi.oversighter().await?;
    over.suppress_revision(rev, "user|content").await?;
    let t = std::time::Instant::now();
    let bridge = Bridge { api: &coi.world.admin, domain: "x.example".into(), dbname: "enwiki".into(), with_links: true };
    let events = bridge.events(&since, |title| title.contains(&coi.world.prefix) && !title.contains("Big") && !title.contains("Many")).await?;
    for (s, e) in &events { eprintln!("{s} {}", e.to_string().chars().take(900).collect::<String>()); }
    eprintln!("bridge {:?}", t.elapsed());
    Ok(())
}

#[tokio::test]
async fn backlog() -> Result<()> {
    let coi = Coi::new().await?;
    let t = std::time::Instant::now();
    let revs = coi.backlog(5_000, 50, 300).await?;
    eprintln!("backlog {:?}", t.elapsed());
    assert_eq!(revs.len(), 5_000);
    let text = coi.world.admin.text(&coi.world.own("Backlog 49")).await?.unwrap();
    assert!(text.contains("Sentence 4999."), "{text}");
    let history = coi.world.admin.history(&coi.world.own("Backlog 7")).await?;
    assert_eq!(history.len(), 101);
    let rev = revs[57].to_string();
    let compared = coi.world.admin.get(&[("action", "compare"), ("fromrev", &rev), ("torelative", "prev")]).await?;
    eprintln!("{compared}");
    Ok(())
}
