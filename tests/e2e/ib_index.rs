//! Index pages: which lines count, which are only told, and that nobody's damage to them takes marks away.

use anyhow::Result;
use wikicrew_tests::boxes::Boxes;
use wikicrew_tests::sandbox::NewPage;

use crate::ib_chem::{OTHER, TRUE, articles, change, marked, marks, plain};
use crate::ib_seen::{log_lines, status};

/// Saves a page as it is given, as this user.
async fn save(scene: &Boxes, title: &str, user: &str, text: &str) -> Result<u64> {
    let page = NewPage::new(title, text).by(&scene.user(user));
    Ok(scene.world.wiki.load(&[page]).await?[0].revid)
}

/// Stale marks are mended, as many as there are.
fn repair() -> serde_json::Value {
    serde_json::json!({ "enabled": true, "per_day": 100, "approval": "a test" })
}

/// A line of the index.
fn line(scene: &Boxes, name: &str, revid: u64) -> String {
    format!("* [[Special:PermanentLink/{revid}|{}]]\n", scene.title(name))
}

#[tokio::test]
async fn every_accepted_form_of_a_line_counts() -> Result<()> {
    let names = [
        "Acetone",
        "Benzene",
        "Chloroform",
        "Dioxane",
        "Ethanol",
        "Furan",
        "Glycol",
    ];
    let (scene, mut revids) = articles(&names).await?;
    let title = |n: usize| scene.title(names[n]);
    let copy = format!("Wikipedia:{} Verified/Ethanol", scene.world.prefix);
    revids[4] = save(&scene, &copy, "Ann", &scene.own(&plain("Ethanol", TRUE))).await?;
    let index = [
        "== A heading ==\nProse about values and [[Special:Version]].".to_owned(),
        format!(
            "* [[{}]] {{{{oldid|{}|{}}}}} checked twice",
            title(0),
            title(0),
            revids[0]
        ),
        format!("* [{{{{fullurl:{}|oldid={}}}}} {}]", title(1), revids[1], title(1)),
        format!(
            "# [[Special:PermanentLink/{}|{}]]",
            revids[2],
            title(2).replace(' ', "_")
        ),
        format!("{} = {}", title(3), revids[3]),
        format!("{} = {copy}@{}", title(4), revids[4]),
        format!("*{}={}<!-- no doubt -->", title(5), revids[5]),
        format!(
            "<!-- {} = {} --><nowiki>{} = {}</nowiki>",
            title(6),
            revids[6],
            title(6),
            revids[6]
        ),
    ];
    scene.world.admin.edit(&scene.chem.index, &index.join("\n"), "").await?;
    change(&scene, &names).await?;
    let run = scene.run_settled().await?;
    for (n, name) in names[..6].iter().enumerate() {
        assert_eq!(
            scene.text(name).await?,
            marked(name, OTHER, revids[n], false),
            "{}: {run}",
            index[n + 1]
        );
    }
    assert_eq!(
        scene.text("Glycol").await?,
        plain("Glycol", OTHER),
        "a comment is no line"
    );
    let said = status(&scene).await?;
    assert!(!said.contains("looks like a line"), "{said}");
    Ok(())
}

#[tokio::test]
async fn a_line_that_cannot_be_right_is_told_and_the_marks_stay_even_under_repair() -> Result<()> {
    let names = ["Acetone", "Benzene", "Chloroform", "Dioxane"];
    let (scene, revids) = articles(&names).await?;
    let other = scene.article("Ether", &plain("Ether", TRUE), "Ann").await?;
    let mut second = 0;
    for (name, revid) in names.iter().zip(&revids) {
        second = scene.edit(name, "Ann", &marked(name, TRUE, *revid, true), "").await?;
    }
    // The verified revision of the last one is hidden; the others have lines that contradict each other or the wiki.
    let suppressor = serde_json::json!({ "groups": ["suppress", "sysop"] });
    let suppressor = scene
        .world
        .login(&scene.world.account("Suppressor", suppressor).await?)
        .await?;
    suppressor.hide_revision(revids[3], "content").await?;
    let index = [
        line(&scene, "Acetone", revids[0]),
        line(&scene, "Acetone", second),
        line(&scene, "Benzene", other),
        line(&scene, "Chloroform", 4_000_000_000),
        line(&scene, "Dioxane", revids[3]),
        format!("* [[Special:PermanentLink/0|{}]]\n", scene.title("Ether")),
    ];
    scene.world.admin.edit(&scene.chem.index, &index.concat(), "").await?;
    scene
        .save_settings(&scene.settings.clone().set("repair", repair()))
        .await?;
    change(&scene, &names).await?;
    let run = scene.run_settled().await?;
    let said = status(&scene).await?;
    let told = [
        "lines 1 and 2 name different revisions",
        "belongs to Ether, not to Benzene",
        "revision 4000000000 of Chloroform does not exist, or was deleted",
        "looks like a line of the index, but",
    ];
    for words in told {
        assert!(said.contains(words), "{words}: {said}");
    }
    let lines = log_lines(&scene, &scene.chem).await?;
    let lines: Vec<String> = lines.into_iter().filter(|line| line.contains("Ben: ")).collect();
    assert_eq!(lines.len(), 4, "reported without a verdict: {lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("correct")), "{lines:#?}");
    let later = scene.job().later(2 * 86_400).run_ok().await?;
    let last = scene.job().later(2 * 86_400 + 600).run_ok().await?;
    for (name, revid) in names.iter().zip(&revids) {
        let wanted = marked(name, OTHER, *revid, true);
        assert_eq!(
            scene.text(name).await?,
            wanted,
            "{name}: nothing is guessed\n{run}{later}{last}"
        );
    }
    Ok(())
}

/// The index of the chembox becomes an unprotected page of which Mia is the manager, with these lines by her. Stale marks
/// are to be mended, which would take away those without a line.
async fn managed(scene: &Boxes, lines: &str) -> Result<String> {
    let index = format!("Wikipedia:{} open index", scene.world.prefix);
    save(scene, &index, "Sam", "Lines of the index.\n").await?;
    save(scene, &index, "Mia", &format!("Lines of the index.\n{lines}")).await?;
    let settings = scene.settings.clone().set("repair", repair());
    let settings = settings
        .set(&scene.key(&scene.chem, "index"), vec![index.clone()])
        .set(&scene.key(&scene.chem, "managers"), vec![scene.user("Mia")]);
    scene.save_settings(&settings).await?;
    Ok(index)
}

#[tokio::test]
async fn on_an_open_index_page_only_lines_of_managers_count() -> Result<()> {
    let (scene, revids) = articles(&["Acetone", "Benzene"]).await?;
    let (mias, sams) = (line(&scene, "Acetone", revids[0]), line(&scene, "Benzene", revids[1]));
    let index = managed(&scene, &mias).await?;
    let both = format!("Lines of the index.\n{mias}{sams}");
    save(&scene, &index, "Sam", &both).await?;
    scene.run().await?;
    change(&scene, &["Acetone", "Benzene"]).await?;
    let run = scene.run_settled().await?;
    assert_eq!(
        scene.text("Acetone").await?,
        marked("Acetone", OTHER, revids[0], false),
        "{run}"
    );
    assert_eq!(scene.text("Benzene").await?, plain("Benzene", OTHER), "{run}");
    let proposed =
        |name: &str, revid: u64| format!("open index: {name}, revision {revid}, proposed by Sam: not in force");
    let said = status(&scene).await?;
    assert!(
        said.contains(&proposed("Benzene", revids[1])) && !said.contains("Acetone, revision"),
        "{said}"
    );

    // The manager takes it over by changing it: the page is looked at and marked with the next run.
    let taken = both.replace(&sams, &format!("{} = {}\n", scene.title("Benzene"), revids[1]));
    save(&scene, &index, "Mia", &taken).await?;
    let run = scene.run_settled().await?;
    assert_eq!(
        scene.text("Benzene").await?,
        marked("Benzene", OTHER, revids[1], false),
        "{run}"
    );
    assert!(
        !status(&scene).await?.contains("proposed by"),
        "{}",
        status(&scene).await?
    );

    // Somebody else changes her line: now it is a proposal, and the marks stay as they are.
    let own = scene.revid("Acetone").await?;
    save(
        &scene,
        &index,
        "Sam",
        &taken.replace(&revids[0].to_string(), &own.to_string()),
    )
    .await?;
    let run = scene.run_settled().await?;
    let text = marked("Acetone", OTHER, revids[0], false);
    assert_eq!((marks(&run)?, scene.text("Acetone").await?), (0, text), "{run}");
    let said = status(&scene).await?;
    assert!(said.contains(&proposed("Acetone", own)), "{said}");

    // Emptied, and restored by anybody to what she had saved: her lines count again.
    save(&scene, &index, "Eve", "nothing").await?;
    scene.run().await?;
    save(&scene, &index, "Sam", &taken).await?;
    scene.run().await?;
    assert!(
        !status(&scene).await?.contains("proposed by"),
        "{}",
        status(&scene).await?
    );
    scene.replace("Acetone", "Ben", OTHER, TRUE, "").await?;
    let run = scene.run_settled().await?;
    assert_eq!(
        scene.text("Acetone").await?,
        marked("Acetone", TRUE, revids[0], true),
        "{run}"
    );
    Ok(())
}

#[tokio::test]
async fn a_stranger_who_takes_lines_off_an_open_index_takes_no_marks_away() -> Result<()> {
    let (scene, revids) = articles(&["Acetone"]).await?;
    let text = marked("Acetone", TRUE, revids[0], true);
    scene.edit("Acetone", "Ann", &text, "").await?;
    let index = managed(&scene, &line(&scene, "Acetone", revids[0])).await?;
    scene.run().await?;
    save(&scene, &index, "Eve", "nothing").await?;
    let run = scene.run_settled().await?;
    assert_eq!(scene.text("Acetone").await?, text, "{run}");

    // The manager may.
    save(&scene, &index, "Mia", "No line any more.").await?;
    let run = scene.run_settled().await?;
    assert_eq!(scene.text("Acetone").await?, plain("Acetone", TRUE), "{run}");
    Ok(())
}

#[tokio::test]
async fn an_emptied_index_stays_in_use_and_no_mark_goes() -> Result<()> {
    let scene = Boxes::new().await?;
    let names: Vec<String> = (1..=12).map(|n| format!("Compound {n:02}")).collect();
    let mut lines = String::new();
    let mut revids = Vec::new();
    for name in &names {
        let revid = scene.article(name, &plain(name, TRUE), "Ann").await?;
        lines.push_str(&line(&scene, name, revid));
        revids.push(revid);
    }
    let texts = async |from: usize| -> Result<()> {
        for (name, revid) in names.iter().zip(&revids).skip(from) {
            assert_eq!(scene.text(name).await?, marked(name, TRUE, *revid, true));
        }
        Ok(())
    };
    for (name, revid) in names.iter().zip(&revids) {
        scene.edit(name, "Ann", &marked(name, TRUE, *revid, true), "").await?;
    }
    let index = managed(&scene, &lines).await?;
    scene.run().await?;

    save(&scene, &index, "Eve", "nothing").await?;
    scene.replace("Compound 01", "Ben", TRUE, OTHER, "").await?;
    let run = scene.run_settled().await?;
    let said = status(&scene).await?;
    assert!(
        said.contains("open index") && said.contains("came back empty or with less than half"),
        "{said}"
    );
    let told = log_lines(&scene, &scene.chem).await?;
    assert!(
        told[0].contains("correct → changed"),
        "the lines of before are still in force: {told:#?}\n{run}"
    );
    // Reported, but nothing that depends on the index is written into articles.
    assert_eq!(
        scene.text("Compound 01").await?,
        marked("Compound 01", OTHER, revids[0], true),
        "{run}"
    );
    scene.job().later(2 * 86_400).run_ok().await?;
    scene.job().later(2 * 86_400 + 600).run_ok().await?;
    texts(1).await?;

    // Restored, nothing is left to say, and the marks are set.
    save(&scene, &index, "Sam", &format!("Lines of the index.\n{lines}")).await?;
    let run = scene.run_settled().await?;
    assert_eq!(
        scene.text("Compound 01").await?,
        marked("Compound 01", OTHER, revids[0], false),
        "{run}"
    );
    let said = status(&scene).await?;
    assert!(
        !said.contains("less than half") && !said.contains("proposed by"),
        "{said}"
    );
    texts(1).await?;

    // The manager means it: with the operator's word it is so, and now the marks of repaired pages go.
    save(
        &scene,
        &index,
        "Mia",
        &format!("Lines of the index.\n{}", line(&scene, &names[0], revids[0])),
    )
    .await?;
    scene.run_settled().await?;
    texts(1).await?;
    let list = format!("index {index}");
    let accept = scene.job().args(&["--accept-shrink", &list]).later(3 * 86_400);
    accept.run_ok().await?;
    scene.job().later(3 * 86_400 + 600).run_ok().await?;
    assert_eq!(scene.text(&names[11]).await?, plain(&names[11], TRUE));
    Ok(())
}

#[tokio::test]
async fn a_new_line_is_acted_upon_and_a_removed_one_leaves_the_marks() -> Result<()> {
    let (scene, revids) = articles(&["Acetone", "Benzene"]).await?;
    let only = |name: &str, revid: u64| format!("Index.\n{}", line(&scene, name, revid));
    // Both without a line; nobody edits the articles any more.
    scene.world.admin.edit(&scene.chem.index, "Index.", "").await?;
    change(&scene, &["Acetone", "Benzene"]).await?;
    let run = scene.run_settled().await?;
    assert_eq!(marks(&run)?, 0, "{run}");

    scene
        .world
        .admin
        .edit(&scene.chem.index, &only("Acetone", revids[0]), "")
        .await?;
    let run = scene.run_settled().await?;
    assert_eq!(marks(&run)?, 1, "{run}");
    let text = marked("Acetone", OTHER, revids[0], false);
    assert_eq!(scene.text("Acetone").await?, text);

    // A newer revision is verified: the value is correct now, nobody has to edit the article for that.
    let newer = scene.revid("Acetone").await?;
    scene
        .world
        .admin
        .edit(&scene.chem.index, &only("Acetone", newer), "")
        .await?;
    let run = scene.run_settled().await?;
    let text = marked("Acetone", OTHER, newer, true);
    assert_eq!(scene.text("Acetone").await?, text, "{run}");
    let open = scene.world.count("open_field").await?;
    assert_eq!(open, 0, "nothing differs any more");

    scene.world.admin.edit(&scene.chem.index, "Index.", "").await?;
    let run = scene.run_settled().await?;
    assert_eq!((marks(&run)?, scene.text("Acetone").await?), (0, text), "{run}");
    scene.replace("Acetone", "Cem", OTHER, "5-5-5", "").await?;
    scene.run_settled().await?;
    let lines = log_lines(&scene, &scene.chem).await?;
    assert_eq!(
        lines[0],
        format!("Acetone: TIME (diff) Cem: Chembox, CASNo: “{OTHER}” → “5-5-5”")
    );
    Ok(())
}
