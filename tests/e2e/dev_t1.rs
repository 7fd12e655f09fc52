//! Temporary.
#[path = "co_same.rs"]
mod co_same;
#[path = "co_kill.rs"]
mod co_kill;
#[path = "co_ingest.rs"]
mod co_ingest;
#[path = "co_stop.rs"]
mod co_stop;
#[tokio::test]
async fn seeds() -> anyhow::Result<()> {
    use wikicrew_tests::links::{Links, hour::{Dice, hour}};
    let links = Links::new().await?;
    for seed in 115..116u64 {
        let lines = hour(seed, 500);
        let mut names: Option<String> = None;
        for (n, batch) in ["3000", "13", "200"].iter().enumerate() {
            let mut other = lines.clone();
            if n == 1 { other.reverse(); }
            if n == 2 { Dice::new(seed).shuffle(&mut other); }
            let file = links.raw_file("x", (other.join("\n") + "\n").as_bytes())?;
            if names.is_some() { links.empty().await?; }
            else if seed > 115 { links.empty().await?; }
            println!("{}", links.job(&["ingest", "--events", &file, "--batch", batch]).run_ok().await?);
            let found = links.named_dump().await?;
            if let Some(names) = &names { co_same::same(names, &found).map_err(|e| e.context(format!("seed {seed} {n}")))?; }
            names = Some(found);
        }
    }
    Ok(())
}
