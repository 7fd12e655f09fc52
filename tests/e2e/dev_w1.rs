//! Temporary: commands by hand, to be moved into `main.rs`.
#![allow(dead_code)]

mod ib_byhand;
mod ib_seen;
mod seen;

#[tokio::test]
async fn show_me() -> anyhow::Result<()> {
    use wikicrew_tests::boxes::{Boxes, SETTLED};
    let two = "{{chembox\n| Name = A\u{202e}b\n| Section1={{Chembox Identifiers\n| CASNo = 67-64-1<ref>x</ref>\n }}\n}}\n{{chembox|CASNo=50-00-0}}";
    let scene = Boxes::with_articles(&[("Two", two, "Ann"), ("Plain", "{{chembox|Name=P|Verifiedfields=changed|CASNo=1}}", "Ann")]).await?;
    scene.article("Holder", &format!("{{{{:{}}}}}", scene.title("Two")), "Ann").await?;
    let s = scene.settings.clone().set(&scene.key(&scene.chem, "checks.CASNo"), "cas").set(&scene.key(&scene.chem, "show_values"), false);
    scene.save_settings(&s).await?;
    scene.replace("Two", "Ben", "50-00-0", "50-00-1", "").await?;
    scene.run().await?;
    for args in [vec!["page", "Two"], vec!["check", "Two"], vec!["check", "Plain", "--dry-run"], vec!["page", "Plain"], vec!["page", "Holder"], vec!["page", "Nix"], vec!["check", "Two", "--json", "--dry-run"]] {
        let title = scene.title(args[1]);
        let mut a = args.clone(); a[1] = &title;
        println!("{}", scene.job().args(&a).later(SETTLED).run().await?);
    }
    for more in [vec!["--all"], vec!["--all", "--format", "wikitable"], vec!["--format", "csv"]] {
        let mut a = vec!["audit", scene.chem.name.as_str()]; a.extend(more);
        println!("{}", scene.job().args(&a).run().await?);
    }
    Ok(())
}
