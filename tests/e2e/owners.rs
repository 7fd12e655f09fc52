//! Whose profile it is. Where that is doubtful nobody is guessed, and the settings can say it.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, json};
use tokio::process::Command;
use wikicrew_tests::coop::{Coop, profile_text};
use wikicrew_tests::sandbox::{Account, NewPage, root};

use crate::seen::{ensure_idle, number, waiting};

/// Whose profile it ought to be, and why that is doubtful.
const DOUBTS: [(&str, &str); 5] = [
    ("Address", "the profile was made by an IP address"),
    ("Import", "the profile was imported (imported>"),
    ("Machine", "the profile was made by a bot, "),
    ("Hidden", "the author of the profile's first revision is hidden"),
    ("Namesake", " but is named after "),
];

/// Imports one revision of a page, as admins do from another wiki: its author becomes `imported>…`.
async fn import(title: &str, author: &str) -> Result<()> {
    let xml = format!(
        "<mediawiki xmlns=\"http://www.mediawiki.org/xml/export-0.11/\" version=\"0.11\" xml:lang=\"en\"><page><title>{title}</title>\
         <ns>4</ns><id>1</id><revision><id>1</id><timestamp>2020-01-01T00:00:00Z</timestamp><contributor><username>{author}</username>\
         <id>1</id></contributor><model>wikitext</model><format>text/x-wiki</format><text xml:space=\"preserve\">Hello</text></revision>\
         </page></mediawiki>"
    );
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{author}.xml"));
    tokio::fs::write(&file, xml).await?;
    let sandbox = root().join("scripts/sandbox");
    let done = Command::new(sandbox)
        .args([
            "php",
            "en",
            "importDump",
            "--no-updates",
            "--no-local-users",
            "--username-prefix",
            "imported",
        ])
        .arg(&file)
        .output()
        .await?;
    tokio::fs::remove_file(&file).await?;
    ensure!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    Ok(())
}

/// The owner's words stand on a page that somebody else made.
async fn make(coop: &Coop, owner: &Account, doubt: &str, profile: &str) -> Result<()> {
    let text = profile_text(&[&coop.skill("writing")?.request]);
    let page = NewPage::new(profile, &text).by(&owner.name);
    let first = match doubt {
        "Address" => Some(NewPage::new(profile, "Hello").by("192.0.2.44")),
        "Import" => {
            import(profile, &owner.name).await?;
            None
        }
        "Machine" => {
            coop.world.admin.set_groups(&owner.name, "bot", "").await?;
            None
        }
        "Hidden" => Some(NewPage::new(profile, "My real name is").by(&owner.name)),
        _ => Some(NewPage::new(profile, "A page for you").by(coop.maintainer.name())),
    };
    coop.world
        .load(&first.into_iter().chain([page]).collect::<Vec<_>>())
        .await?;
    if doubt == "Hidden" {
        let suppressor = coop
            .world
            .account("Suppressor", json!({ "groups": ["suppress"] }))
            .await?;
        let first = coop.world.admin.history(profile).await?[0].revid;
        coop.world
            .login(&suppressor)
            .await?
            .hide_revision(first, "user")
            .await?;
    }
    Ok(())
}

#[tokio::test]
async fn nobody_is_guessed_as_the_owner_of_a_profile() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let names = DOUBTS.map(|(name, _)| name);
    let owners = coop.world.people(&names).await?;
    let profiles: Vec<String> = owners
        .iter()
        .map(|owner| format!("{}/{}", coop.main, owner.name))
        .collect();
    for ((owner, profile), (doubt, _)) in owners.iter().zip(&profiles).zip(DOUBTS) {
        make(&coop, owner, doubt, profile)
            .await
            .with_context(|| doubt.to_owned())?;
    }
    // A page that is named after nobody belongs to who made it.
    let maker = coop.world.person("Maker").await?;
    let fancy = format!("{}/A fine garden", coop.main);
    coop.world
        .load(&[NewPage::new(&fancy, &profile_text(&[&coop.skills[0].request])).by(&maker.name)])
        .await?;

    let run = coop.matchbot().run_ok().await?;
    assert_eq!((number(&run, "persons")?, number(&run, "greeted")?), (5, 1), "{run}");
    let text = async |profile: &str| {
        coop.world
            .admin
            .text(&profile.replacen("Wikipedia:", "Wikipedia talk:", 1))
            .await
    };
    let hello = |owner: &Account| format!("Hello, [[User:{0}|{0}]]!", owner.name);
    assert!(text(&fancy).await?.context("a greeting")?.contains(&hello(&maker)));
    let lines = waiting(&coop).await?;
    for (profile, (doubt, reason)) in profiles.iter().zip(DOUBTS) {
        let line = lines
            .iter()
            .find(|line| line.contains(profile))
            .with_context(|| format!("{doubt} in {lines:?}"))?;
        assert!(
            line.contains(reason) && line.contains("name the owner under owners: in the settings"),
            "{doubt}: {line}"
        );
        assert_eq!(text(profile).await?, None, "{doubt}");
    }
    ensure_idle(&coop.matchbot().run_ok().await?)?;

    // Who is a bot no more is somebody; that is seen within a day.
    coop.world.admin.set_groups(&owners[2].name, "", "bot").await?;
    coop.matchbot().later(86_400).run_ok().await?;
    assert!(
        text(&profiles[2])
            .await?
            .context("a greeting")?
            .contains(&hello(&owners[2]))
    );

    // The settings name the owners, one of them wrongly, with names of the wiki's own kind.
    let mut named: Map<String, _> = profiles
        .iter()
        .zip(&owners)
        .map(|(profile, owner)| (profile.clone(), json!(owner.name)))
        .collect();
    named.insert(profiles[0].clone(), json!("Nobody of that name"));
    let settings = coop.settings.clone().set("owners", named.clone());
    coop.save_settings(&settings).await?;
    let run = coop.matchbot().later(86_400).run_ok().await?;
    assert_eq!(number(&run, "greeted")?, 3, "{run}");
    for (owner, profile) in owners.iter().zip(&profiles).skip(1) {
        let text = text(profile)
            .await?
            .with_context(|| format!("{profile} is greeted\n{run}"))?;
        assert!(
            text.contains(&hello(owner)) && text.matches("[[User:").count() == 3,
            "{text}"
        );
    }
    let [line] = &waiting(&coop).await?[..] else {
        panic!("one case is left")
    };
    assert!(
        line.contains("owners: names Nobody of that name, who has no account here"),
        "{line}"
    );

    named.insert(profiles[0].replace(' ', "_"), json!(owners[0].name));
    named.remove(&profiles[0]);
    coop.save_settings(&coop.settings.clone().set("owners", named)).await?;
    coop.matchbot().later(86_400).run_ok().await?;
    assert!(
        text(&profiles[0])
            .await?
            .context("a greeting")?
            .contains(&hello(&owners[0]))
    );
    assert_eq!(waiting(&coop).await?, [] as [&str; 0]);
    let learners = coop
        .world
        .rows("SELECT luid FROM matches ORDER BY luid")
        .await?
        .concat();
    let mut wanted: Vec<String> = owners
        .iter()
        .chain([&maker])
        .map(|owner| owner.id.to_string())
        .collect();
    wanted.sort_by_key(|id| id.parse::<u64>().unwrap_or(0));
    assert_eq!(learners, wanted);
    Ok(())
}
