//! Scratch, removed at once.
use serde_json::json;
use wikicrew_tests::reports::Reports;

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(go())
}
async fn go() -> anyhow::Result<()> {
    let board = format!("Project:Board{}", std::process::id());
    let r = Reports::with(json!({"noticeboards": [board.clone()]})).await?;
    r.additions(&[
        ("Ann", "Page one", "https://shop.example/a"),
        ("Ann", "Page two", "https://www.shop.example/b"),
        ("Bob", "Page three", "https://shop.example/a"),
        ("Bob", "de:Seite", "https://shop.example/c"),
    ]).await?;
    r.removals(&[("Ann", "Page two", "https://www.shop.example/b")]).await?;
    let host = r.hosts("shop.example");
    r.world.admin.edit(&board, &format!("{{{{LinkSummary|{host}}}}} and more"), "x").await?;
    r.world.admin.edit(&format!("{board}/Archive 1"), &format!("They spoke of http://{host} here"), "x").await?;
    r.world.admin.edit(&format!("{board}ers"), &format!("They spoke of http://{host} here"), "x").await?;
    let page = "MediaWiki:BlockedExternalDomains.json";
    println!("{page}");
    let run = r.by_hand(&["link", "shop.example", "--output", "json"]).await?;
    println!("{run}");
    let run = r.by_hand(&["link", "shop.example", "--output", "text"]).await?;
    println!("{}", run.stdout);
    let run = r.by_hand(&["user", "User:Bob", "--output", "text"]).await?;
    println!("{}", run.stdout);
    Ok(())
}
