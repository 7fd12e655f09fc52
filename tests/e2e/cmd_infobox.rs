//! Commands from a wiki page: carried out once and answered once, for trusted users alone, whatever is quoted, restored,
//! imported, moved or killed. With infobox-check, whose lists show what was carried out.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tokio::process::Command;
use wikicrew_tests::boxes::Boxes;
use wikicrew_tests::counter::Moment;
use wikicrew_tests::kill::{Scenario, kill_at_every_message};
use wikicrew_tests::links::seconds_ago;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::run::Job;
use wikicrew_tests::sandbox::{NewPage, root};
use wikicrew_tests::world::World;

const DAY: i64 = 24 * 3600;

/// A project whose settings name a commands page, and a trusted user beside the admins.
struct Page {
    scene: Boxes,
    title: String,
}

impl Page {
    /// With this text on the page (none: there is no page), and a first run behind it.
    async fn new(text: &str) -> Result<Self> {
        let scene = Boxes::new().await?;
        let settings = scene.settings.clone().set("commands.users", json!([scene.user("Tru")]));
        scene.save_settings(&settings).await?;
        let title = format!("User:{}/infobox-check/Commands", scene.world.bot.name);
        let page = Self { scene, title };
        if !text.is_empty() {
            let first = NewPage::new(&page.title, &page.scene.own(text));
            page.scene.world.load(&[first]).await?;
        }
        page.scene.run().await?;
        Ok(page)
    }

    /// Lines at the end of the page, as the Admin saves them.
    async fn add(&self, lines: &str) -> Result<u64> {
        self.scene
            .world
            .admin
            .append(&self.title, &self.scene.own(lines), "")
            .await
    }

    /// The same as this user, made if unknown.
    async fn add_by(&self, user: &str, lines: &str) -> Result<()> {
        let text = format!("{}{}", self.whole().await?, self.scene.own(lines));
        self.scene
            .world
            .load(&[NewPage::new(&self.title, &text).by(&self.scene.user(user))])
            .await
    }

    async fn whole(&self) -> Result<String> {
        self.scene.world.admin.text(&self.title).await?.context("no page")
    }

    /// The page as it is read: bare names, no times, entities resolved, the bot's signature short.
    async fn shown(&self) -> Result<String> {
        let text = self
            .scene
            .bare(&self.whole().await?)
            .replace("&#45;", "-")
            .replace("&#58;", ":");
        let text = text
            .replace("&#60;", "<")
            .replace("&#62;", ">")
            .replace("&#96;", "`")
            .replace("&#42;", "*");
        let text = self.scene.world.scrub(&text);
        Ok(text.replace(
            &format!("({}, TIME)", self.scene.bare(&self.scene.world.bot.name)),
            "(bot)",
        ))
    }

    /// What is on the lists, and by whom.
    async fn listed(&self) -> Result<String> {
        let sql = "SELECT list, user_name, page, added_by, reason FROM list_entry ORDER BY 1, 2, 3";
        Ok(self.scene.bare(&self.scene.world.table(sql).await?))
    }

    async fn edits(&self) -> Result<usize> {
        let history = self.scene.world.admin.history(&self.title).await?;
        Ok(history
            .iter()
            .filter(|edit| edit.user == self.scene.world.bot.name)
            .count())
    }
}

#[tokio::test]
async fn a_trusted_line_is_carried_out_and_answered_once_and_nobody_is_notified() -> Result<()> {
    let page = Page::new("* wl add Old *\n").await?;
    let scene = &page.scene;
    assert_eq!(
        page.listed().await?,
        "",
        "what stood there before the first run is not carried out"
    );
    let people = scene.world.people(&["Alice", "Sven"]).await?;
    page.add(
        "\n== New ==\n* wl add Alice * — knows [[User:Alice]] and http://example.org/x {{delete}}\n\
         <nowiki>\n* bl add N Water\n</nowiki>\n<pre>\n* bl add P Water\n</pre>\n<!--\n* bl add C Water\n-->\n\
         {{x|\n* bl add T Water\n}}\n** bl add Deep Water\n* We talk here.\n* wl ad Bob *\n* wl search user Alice",
    )
    .await?;
    page.add_by("Sven", "\n* bl add Bob Water\n* off").await?;
    page.add_by("Tru", "\n* ml add Water — by name").await?;
    page.add_by("192.0.2.7", "\n* ml add Fire").await?;
    let dry = scene.job().args(&["--dry-run"]).run_ok().await?;
    assert!(dry.stdout.contains("is on the whitelist now."), "{dry}");
    assert_eq!((page.listed().await?, page.edits().await?), (String::new(), 0), "{dry}");

    let run = scene.run().await?;
    assert!(run.stderr.contains("commands=4"), "{run}");
    assert_eq!(
        page.listed().await?,
        "ml |  | Water | Tru | by name\nwl | Alice |  | Admin | knows [[User:Alice]] and http://example.org/x {{delete}}\n"
    );
    let shown = page.shown().await?;
    for wanted in [
        "{{delete}}\n*: Alice <-> * is on the whitelist now. (bot)\n<nowiki>",
        "* wl ad Bob *\n*: `wl` knows no `ad` (did you mean `add`&#63;). It is written: ",
        "* wl search user Alice\n*: Alice <-> *: added TIME UTC by Admin (knows ",
        "* bl add Bob Water\n* off\n* ml add Water — by name\n*: Water is on the monitor list now. (bot)\n* ml add Fire\n*: Not carried out (3): only users and groups that the settings page names give commands here. (bot)",
    ] {
        assert!(shown.contains(wanted), "{wanted}\n\n{shown}");
    }
    assert_eq!((shown.matches("\n*: ").count(), page.edits().await?), (5, 1), "{shown}");
    let history = scene.world.admin.history(&page.title).await?;
    let summary = &history.last().context("no edit")?.summary;
    assert!(summary.starts_with("Answered 5 commands (ib-"), "{summary}");
    let links = scene
        .world
        .admin
        .parse_page(&page.title, "externallinks|templates")
        .await?;
    assert_eq!(
        links["externallinks"],
        json!(["http://example.org/x"]),
        "the Admin's own, once"
    );

    // Nothing is done twice; a stranger is told once a day.
    scene.run().await?;
    page.add_by("Sven", "\n* bl add Cem Water").await?;
    scene.run().await?;
    assert_eq!(page.edits().await?, 1);
    page.add_by("Sven", "\n* bl add Dan Water").await?;
    scene.job().later(DAY + 60).run_ok().await?;
    let later = page.shown().await?;
    assert!(
        later.contains("* bl add Cem Water\n* bl add Dan Water\n*: Not carried out (1)"),
        "{later}"
    );
    assert_eq!(page.edits().await?, 2);
    for account in people {
        let told = scene.world.login(&account).await?.notifications().await?;
        assert!(told.iter().all(|note| note.agent != scene.world.bot.name), "{told:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_line_that_comes_back_is_no_new_command() -> Result<()> {
    let page = Page::new("").await?;
    let (scene, admin) = (&page.scene, page.scene.world.admin.clone());
    page.add("* wl add Alice *").await?;
    scene.run().await?;
    assert_eq!(
        page.listed().await?,
        "wl | Alice |  | Admin | \n",
        "a page made since the first look"
    );
    let answered = page.whole().await?;
    page.add("\n* wl del Alice *").await?;
    scene.run().await?;
    assert_eq!(page.listed().await?, "");

    // Blanked and restored; taken away and put back by hand, by somebody trusted, with a line more.
    let whole = page.whole().await?;
    let blank = NewPage::new(&page.title, "Nothing.").by(&scene.user("Van"));
    scene.world.load(&[blank]).await?;
    admin.edit(&page.title, &whole, "restored").await?;
    let history = admin.history(&page.title).await?;
    let tags = &history.last().context("no edit")?.tags;
    assert!(tags.contains(&"mw-manual-revert".to_owned()), "{tags:?}");
    admin.edit(&page.title, "Nothing.", "").await?;
    let again = scene.own("Once more.\n* wl add Ben *");
    admin.edit(&page.title, &format!("{answered}\n{again}"), "").await?;
    scene.run().await?;
    assert_eq!(page.listed().await?, "wl | Ben |  | Admin | \n");

    // Deleted and restored: the lines were there, though no run had seen them.
    page.add("\n* wl del Ben *\n* wl add Cem *").await?;
    admin.delete(&page.title, "").await?;
    scene.run().await?;
    admin.undelete(&page.title, "").await?;
    scene.run().await?;
    assert_eq!(
        page.listed().await?,
        "wl | Ben |  | Admin | \n",
        "restored lines are no commands"
    );
    // What was restored in the second of a look counts as restored after it.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    // A page of somebody that is moved to the place.
    let (moved, other) = (format!("{} moved", page.title), format!("{} other", page.title));
    admin.edit(&other, &scene.own("* wl add Dan *"), "").await?;
    admin.move_page(&page.title, &moved, true).await?;
    admin.move_page(&other, &page.title, true).await?;
    scene.run().await?;
    page.add("\n* wl add Eve *").await?;
    scene.run().await?;
    let listed = page.listed().await?;
    assert_eq!(
        listed, "wl | Ben |  | Admin | \nwl | Eve |  | Admin | \n",
        "from then on it is the page"
    );
    Ok(())
}

#[tokio::test]
async fn hidden_imported_demoted_blocked_and_too_many() -> Result<()> {
    let page = Page::new("Commands.\n").await?;
    let (scene, world) = (&page.scene, &page.scene.world);
    let suppressor = world
        .account("Suppressor", json!({ "groups": ["suppress", "sysop"] }))
        .await?;
    let suppressor = world.login(&suppressor).await?;
    for name in ["Demoted", "Blocked", "Partly"] {
        world.account(name, json!({ "groups": ["sysop"] })).await?;
    }
    page.add_by("Demoted", "\n* wl add D *").await?;
    world.admin.set_groups(&world.own("Demoted"), "", "sysop").await?;
    page.add_by("Blocked", "\n* wl add B *").await?;
    world.admin.block(&world.own("Blocked")).await?;
    page.add_by("Partly", "\n* wl add P *").await?;
    world.admin.block_from(&world.own("Partly"), "Main Page").await?;
    import(&page.title, &format!("{}\n* wl add I *", page.whole().await?), "Admin").await?;
    let name = page.add("\n* wl add H1 *").await?;
    let text = page.add("\n* wl add H2 *").await?;
    page.add("\nAnd so on.").await?;
    suppressor.hide_revision(name, "user").await?;
    suppressor.hide_revision(text, "content").await?;
    scene.run().await?;
    assert_eq!(page.listed().await?, "wl | P |  | Partly | \n");
    let shown = page.shown().await?;
    assert!(shown.contains("* wl add B *\n*: Not carried out (2)"), "{shown}");
    assert_eq!(shown.matches("\n*: ").count(), 2, "{shown}");

    let many: String = (0..30).map(|n| format!("\n* ml add Page {n}")).collect();
    page.add_by("Tru", &many).await?;
    scene.run().await?;
    assert_eq!(world.count("list_entry WHERE list = 'ml'").await?, 20);
    let shown = page.shown().await?;
    assert!(
        shown.contains("* ml add Page 29\n*: Not carried out (10): at most 25 commands"),
        "{shown}"
    );
    assert_eq!(shown.matches("monitor list now.").count(), 20);

    // More lines of strangers than anybody would answer.
    let edits = page.edits().await?;
    let many: String = (0..21).map(|n| format!("\n* ml add Other {n}")).collect();
    page.add_by("Stranger", &many).await?;
    scene.run().await?;
    assert_eq!(
        (page.edits().await?, world.count("list_entry WHERE list = 'ml'").await?),
        (edits, 20)
    );

    // `quit` holds for answers, too, until `report`; the answers come then.
    page.add_by("Partly", "\n* quit").await?;
    scene.run().await?;
    assert_eq!(page.edits().await?, edits);
    page.add_by("Partly", "\n* report — enough").await?;
    scene.run().await?;
    let shown = page.shown().await?;
    assert!(
        shown.contains(
            "* quit\n*: Nothing is written on the wiki any more until `report`. (bot)\n* report — enough\n*: Changes"
        ),
        "{shown}"
    );
    Ok(())
}

/// Imports a revision as from another wiki, one second after the newest: its author becomes `imported>…`.
async fn import(title: &str, text: &str, author: &str) -> Result<()> {
    let time = seconds_ago(-1);
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let xml = format!(
        "<mediawiki xmlns=\"http://www.mediawiki.org/xml/export-0.11/\" version=\"0.11\" xml:lang=\"en\"><page><title>{title}</title>\
         <ns>2</ns><id>1</id><revision><id>1</id><timestamp>{}</timestamp><contributor><username>{author}</username>\
         <id>1</id></contributor><model>wikitext</model><format>text/x-wiki</format><text xml:space=\"preserve\">{text}</text>\
         </revision></page></mediawiki>",
        time
    );
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}.xml", title.replace(['/', ':', ' '], "_")));
    tokio::fs::write(&file, xml).await?;
    let how = [
        "php",
        "en",
        "importDump",
        "--no-local-users",
        "--username-prefix",
        "imported",
    ];
    let done = Command::new(root().join("scripts/sandbox"))
        .args(how)
        .arg(&file)
        .output()
        .await?;
    tokio::fs::remove_file(&file).await?;
    ensure!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    Ok(())
}

/// Commands of which the second depends on the first; killed where something can be left behind.
struct Killed;

impl AsRef<World> for Page {
    fn as_ref(&self) -> &World {
        &self.scene.world
    }
}

impl Scenario for Killed {
    type Stage = Page;

    async fn prepare(&self) -> Result<Page> {
        let page = Page::new("Commands.\n").await?;
        page.add("\n* wl add Alice *\n* wl del Alice *\n* bl add Bob Water — twice\n* wl search user Alice")
            .await?;
        Ok(page)
    }

    fn job(&self, stage: &Page) -> Job {
        stage.scene.job().args(&["--seed", "7"])
    }

    fn arrange(&self, stage: &Page, http: &FaultProxy) {
        let ours = format!("{} ", stage.scene.world.prefix);
        let only_ours = Fault::rewrite(move |answer| {
            if let Some(changes) = answer["query"]["recentchanges"].as_array_mut() {
                changes.retain(|change| change["title"].as_str().is_some_and(|title| title.starts_with(&ours)));
            }
        });
        http.rule(When::module("recentchanges"), only_ours);
    }

    /// After the commits that take the commands up and carry out the first, and on both sides of the edit.
    fn strikes(&self, messages: &[String], k: u64, moment: Moment) -> bool {
        let at = |from: usize, what: &str| {
            let found = messages[from..].iter().position(|line| line.contains(what));
            found.map(|n| from + n)
        };
        let places = || {
            let taken = at(at(0, "INSERT INTO intent")?, "db COMMIT")?;
            let carried = at(taken + 1, "db COMMIT")?;
            Some([taken, carried, at(carried, "summary=Answered")?])
        };
        let (Some(places), place) = (places(), k as usize - 1) else {
            return false;
        };
        match moment {
            Moment::BeforeAnswer => places.contains(&place),
            Moment::BeforeForwarding => place == places[2],
        }
    }

    async fn snapshot(&self, stage: &Page) -> Result<String> {
        let intents = "SELECT state, COUNT(*), COUNT(DISTINCT revid) FROM intent GROUP BY 1";
        Ok(format!(
            "{}\n{}\n{} edits\n{}",
            stage.shown().await?,
            stage.listed().await?,
            stage.edits().await?,
            stage.scene.world.table(intents).await?
        ))
    }
}

#[tokio::test]
async fn killed_anywhere_each_command_is_carried_out_and_answered_once() -> Result<()> {
    let coverage = kill_at_every_message(Killed, 3).await?;
    let struck: BTreeSet<u64> = coverage.covered.iter().map(|(k, _)| *k).collect();
    assert_eq!((struck.len(), coverage.covered.len()), (3, 4), "{coverage}");
    Ok(())
}
