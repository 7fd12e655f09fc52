//! Names that change or fade: users who were renamed or hidden, moved pages, temporary accounts and addresses of long ago.

use anyhow::{Context, Result};

use crate::lr_flow::lines_of_link;
use crate::lr_hidden::{by_hand_only, nowhere, oversighter, write};
use crate::seen::number;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

#[tokio::test]
async fn who_was_renamed_is_named_anew_and_who_is_hidden_is_not_named() -> Result<()> {
    let mut reports = by_hand_only().await?;
    reports.person("Oldname").await?;
    reports.person("Eveline").await?;
    reports
        .additions(&[
            ("Oldname", "One", "https://shop.example/a"),
            ("Oldname", "Two", "https://shop.example/b"),
            ("Eveline", "Two", "https://shop.example/c"),
            ("Oldname", "Three", "https://stall.example/d"),
            ("Ann", "Three", "https://shop.example/e"),
        ])
        .await?;
    let shop = write(&reports, "link", "shop.example").await?;
    let stall = write(&reports, "link", "stall.example").await?;
    let (old, eve) = (
        write(&reports, "user", "User:Oldname").await?,
        write(&reports, "user", "User:Eveline").await?,
    );
    reports
        .world
        .admin
        .rename_user(&reports.own("Oldname"), &reports.own("Freshname"))
        .await?;
    let hider = oversighter(&reports).await?;
    let block = [
        ("action", "block"),
        ("user", &reports.own("Eveline")),
        ("expiry", "infinite"),
        ("hidename", "1"),
        ("reason", "x"),
    ];
    hider.write(&block).await?;
    reports
        .additions(&[("Freshname", "Four", "https://shop.example/f")])
        .await?;
    reports.later = 25 * HOUR;
    let run = reports.run().await?;
    let again = reports.run().await?;
    nowhere(&reports, &["Oldname", "Eveline"])
        .await
        .with_context(|| format!("{run}\n{again}"))?;
    for (title, is_empty) in [
        (&shop, false),
        (&stall, false),
        (&old, true),
        (&eve, true),
        (&reports.title("user", "Freshname"), false),
    ] {
        let text = reports.text(title).await.with_context(|| format!("{run}\n{again}"))?;
        assert_eq!(
            text.contains("Nothing is shown here any more."),
            is_empty,
            "{title}: {text}"
        );
        assert_eq!(text.contains("Freshname"), !is_empty, "{title}: {text}");
    }
    let figures = reports.figures_of_link("shop.example").await?;
    assert_eq!(
        (figures.additions, figures.editors, figures.top_editor),
        (5, 3, 3),
        "{figures:?}"
    );
    let lines = reports.top_lines(&shop).await?;
    assert_eq!(
        lines[1],
        lines_of_link("shop.example", &figures, "none re-added after removal")[1]
    );
    let fresh = reports.top_lines(&reports.title("user", "Freshname")).await?;
    assert!(
        fresh[0].starts_with("Freshname: 4 additions of 2 hosts on 1 wiki"),
        "{fresh:?}"
    );
    assert_eq!(reports.figures_of_editor("Oldname").await?.additions, 0);
    assert_eq!(reports.figures_of_editor("Freshname").await?.additions, 4);
    let names = reports.world.table("SELECT name FROM editor").await?;
    assert!(!names.contains("Oldname"), "{names}");
    let json = reports.bare(&reports.json("link", "shop.example").await?.to_string());
    assert!(!json.contains("Oldname") && !json.contains("Eveline"), "{json}");
    reports.later = 50 * HOUR;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 0, "{run}");

    // A page is named as it is named now.
    let moved = reports.own("One");
    reports
        .world
        .admin
        .move_page(&moved, &reports.own("Elsewhere now"), false)
        .await?;
    write(&reports, "link", "shop.example").await?;
    let shown = reports.shown(&shop).await?;
    assert!(shown.contains("Elsewhere now"), "{shown}");
    Ok(())
}

#[tokio::test]
async fn temporary_accounts_and_addresses_are_named_for_ninety_days() -> Result<()> {
    let mut reports = by_hand_only().await?;
    let passing = reports.temporary(reports.world.wiki).await?;
    reports
        .additions(&[
            (&passing, "One", "https://shop.example/a"),
            ("203.0.113.7", "Two", "https://shop.example/b"),
            ("2001:db8:1:2::5", "Two", "https://shop.example/c"),
            ("Ann", "Two", "https://shop.example/d"),
        ])
        .await?;
    let address = write(&reports, "ip", "203.0.113.7").await?;
    let range = write(&reports, "range", "203.0.113.0/24").await?;
    let account = write(&reports, "user", &format!("User:{passing}")).await?;
    let shop = write(&reports, "link", "shop.example").await?;
    reports.later = 89 * DAY;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 0, "{run}");
    let shown = reports.shown(&shop).await?;
    for name in [passing.as_str(), "203.0.113.7", "2001:db8:1:2:0:0:0:5", "Ann"] {
        assert!(
            shown.contains(name) || shown.contains("2001:db8:1:2::5"),
            "{name}\n{shown}"
        );
    }
    reports.later = 91 * DAY;
    let run = reports.run().await?;
    assert_eq!(number(&run, "reports")?, 4, "{run}");
    nowhere(&reports, &[&passing, "203.0.113.7", "2001:db8:1:2"]).await?;
    let shown = reports.shown(&shop).await?;
    for name in ["temporary account", "203.0.113.0/24", "2001:db8:1::/48", "Ann"] {
        assert!(shown.contains(name), "{name}\n{shown}");
    }
    assert!(reports.shown(&range).await?.contains("203.0.113.0/24"));
    for title in [&address, &account] {
        assert!(
            reports.text(title).await?.contains("Nothing is shown here any more."),
            "{title}"
        );
    }
    let json = reports.json("link", "shop.example").await?.to_string();
    assert!(!json.contains(&passing) && !json.contains("203.0.113.7"), "{json}");
    Ok(())
}
