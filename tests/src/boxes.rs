//! A small chemistry project for infobox-check: two boxes with section templates, trackers and categories, an index and
//! a log for each, and articles as a test needs them.
//!
//! All tests share one wiki, so every template, article, category and user has the world's prefix. Tests write the
//! texts of the original bot's documentation (`{{chembox …`); [`Boxes::own`] gives them the prefix and [`Boxes::bare`]
//! takes it away again.

mod bulk;
mod look;
mod names;
mod templates;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::run::{Job, Run};
use crate::sandbox::NewPage;
use crate::settings::Settings;
use crate::world::World;

pub use bulk::BulkEdit;
pub use look::Record;
pub use names::Names;

/// More than the hour for which an edit must have stood before marks are set, in seconds.
pub const SETTLED: i64 = 3_700;

/// What stands on the settings page until it is protected.
const BEFORE_PROTECTION: &str = "Settings of the bot will be here.";
/// What stands on an index page before its lines.
const INDEX: &str = "Revisions whose identifiers were checked.\n";

/// A wiki with boxes: see the module.
pub struct Boxes {
    /// Accounts, database, sessions.
    pub world: World,
    /// `Abcdef Chembox`, with `Abcdef Chembox Identifiers` and `Abcdef Chembox Properties`.
    pub chem: BoxPages,
    /// `Abcdef Drugbox`, flat.
    pub drug: BoxPages,
    /// The settings that [`Boxes::new`] saved; a test changes a copy.
    pub settings: Settings,
    names: Names,
}

/// One box and the pages that belong to it.
#[derive(Clone, Debug)]
pub struct BoxPages {
    /// The template's real name, without namespace.
    pub name: String,
    /// The name of a redirect to it. It does not stand in the settings: the wiki knows it.
    pub alias: String,
    /// The index page, protected.
    pub index: String,
    /// The log page; day pages are below it.
    pub log: String,
    /// Where the template puts pages with `Verifiedfields = changed`.
    pub verified_category: String,
    /// Where the template puts pages with `Watchedfields = changed`.
    pub watched_category: String,
}

impl AsRef<World> for Boxes {
    fn as_ref(&self) -> &World {
        &self.world
    }
}

impl Boxes {
    /// A chemistry project on the English wiki: accepted settings that edit, two empty indexes, no article.
    pub async fn new() -> Result<Self> {
        Self::in_world(World::new().await?).await
    }

    /// The same in a given world.
    pub async fn in_world(world: World) -> Result<Self> {
        let pages = |name: &str, alias: &str, project: &str| BoxPages {
            name: world.own(name),
            alias: world.own(alias),
            index: format!("Wikipedia:{} {project}/Index", world.prefix),
            log: format!("User:{}/{project} log", world.bot.name),
            verified_category: format!(
                "Category:{} {name}es which contain changes to verified fields",
                world.prefix
            ),
            watched_category: format!(
                "Category:{} {name}es which contain changes to watched fields",
                world.prefix
            ),
        };
        let chem = pages("Chembox", "Chemical infobox", "Chemicals");
        let drug = pages("Drugbox", "Infobox drug", "Pharmacology");
        let names = Names::new(&world.prefix);
        let settings = default_settings(&names, &chem, &drug);
        let scene = Self {
            world,
            chem,
            drug,
            settings,
            names,
        };
        scene.save_first_pages().await?;
        Ok(scene)
    }

    /// The same with articles (name, text, author), each verified as it is where its text has a `{{chembox` or
    /// `{{Drugbox`, and a first run, which only stores where the next one begins.
    pub async fn with_articles(articles: &[(&str, &str, &str)]) -> Result<Self> {
        let scene = Self::new().await?;
        for (name, text, author) in articles {
            scene.article(name, text, author).await?;
            let pages = if text.contains("{{Drugbox") {
                &scene.drug
            } else {
                &scene.chem
            };
            scene.verify_in(pages, name).await?;
        }
        scene.run().await?;
        Ok(scene)
    }

    /// Everything that stands before there are articles, in one request.
    async fn save_first_pages(&self) -> Result<()> {
        let mut pages = templates::pages(&self.names, &self.chem, &self.drug);
        for of in [&self.chem, &self.drug] {
            pages.push(NewPage::new(&of.index, INDEX).protected("sysop"));
            let redirect = format!("#REDIRECT [[Template:{}]]", of.name);
            pages.push(NewPage::new(&format!("Template:{}", of.alias), &redirect));
        }
        pages.push(NewPage::new(&self.settings_title(), BEFORE_PROTECTION).protected("sysop"));
        pages.push(NewPage::new(&self.settings_title(), &self.settings.page()).summary("settings"));
        self.world.load(&pages).await
    }

    // ---- names

    /// A text with this world's templates, users and pages in the place of the bare names.
    pub fn own(&self, text: &str) -> String {
        self.names.own(text)
    }

    /// A text of the wiki with bare names, as the test wrote them.
    pub fn bare(&self, text: &str) -> String {
        self.names.bare(text)
    }

    /// The title of an article: `Acetone` is `Abcdef Acetone`.
    pub fn title(&self, name: &str) -> String {
        self.world.own(name)
    }

    /// The path of a box's settings: `boxes.Abcdef Chembox.edit`.
    pub fn key(&self, of: &BoxPages, key: &str) -> String {
        format!("boxes.{}.{key}", of.name)
    }

    // ---- articles

    /// Makes an article, or gives it another text, in the name of this user (made if unknown, bare name); returns the
    /// revision.
    pub async fn article(&self, name: &str, text: &str, user: &str) -> Result<u64> {
        self.edit(name, user, text, "").await
    }

    /// Saves a text as this user; returns the revision (the present one where nothing changed).
    pub async fn edit(&self, name: &str, user: &str, text: &str, summary: &str) -> Result<u64> {
        let page = NewPage::new(&self.title(name), &self.own(text))
            .by(&self.user(user))
            .summary(summary);
        let saved = self.world.wiki.load(&[page]).await?.pop();
        Ok(saved.context("nothing was saved")?.revid)
    }

    /// Replaces the only occurrence of `old` in an article as this user; returns the revision.
    pub async fn replace(&self, name: &str, user: &str, old: &str, new: &str, summary: &str) -> Result<u64> {
        let text = self.text(name).await?;
        let count = text.matches(old).count();
        ensure!(count == 1, "{old:?} stands {count} times in {name}:\n{text}");
        self.edit(name, user, &text.replacen(old, new, 1), summary).await
    }

    /// Gives an article the text it had before its newest edit, as this user. MediaWiki tags it as a manual revert, and
    /// where the Admin does it the newest edit as reverted; with others that waits until somebody has patrolled.
    pub async fn restore(&self, name: &str, user: &str) -> Result<u64> {
        let title = self.title(name);
        let mut history = self.world.admin.history(&title).await?;
        history.pop();
        let before = history.pop().context("there is no revision before the newest")?;
        if user == "Admin" {
            return self.world.admin.edit(&title, &before.text, "restored").await;
        }
        self.edit(name, user, &self.bare(&before.text), "restored").await
    }

    /// A user's full name: the prefix before the bare one; addresses, Admin and the bot stay as they are.
    pub fn user(&self, name: &str) -> String {
        let is_whole = name == "Admin" || name == self.world.bot.name || name.parse::<std::net::IpAddr>().is_ok();
        if is_whole {
            name.to_owned()
        } else {
            self.world.own(name)
        }
    }

    // ---- the index

    /// Puts or replaces the line of a title in an index page, as the Admin; returns the revision of the index page.
    pub async fn index_line(&self, of: &BoxPages, name: &str, revid: u64) -> Result<u64> {
        self.index_lines(of, &[(name, revid)]).await
    }

    /// The same for many titles, in one edit.
    pub async fn index_lines(&self, of: &BoxPages, lines: &[(&str, u64)]) -> Result<u64> {
        let text = self.world.admin.text(&of.index).await?.unwrap_or_default();
        let ends: Vec<String> = lines
            .iter()
            .map(|(name, _)| format!("|{}]]", self.title(name)))
            .collect();
        let kept = text.lines().filter(|line| !ends.iter().any(|end| line.ends_with(end)));
        let mut text: String = kept.map(|line| format!("{line}\n")).collect();
        for (name, revid) in lines {
            text.push_str(&format!("* [[Special:PermanentLink/{revid}|{}]]\n", self.title(name)));
        }
        self.world.admin.edit(&of.index, &text, "checked").await
    }

    /// Indexes the present revision of an article with a chembox; returns that revision.
    pub async fn verify(&self, name: &str) -> Result<u64> {
        self.verify_in(&self.chem, name).await
    }

    /// Indexes the present revision of an article in this box's index; returns that revision.
    pub async fn verify_in(&self, of: &BoxPages, name: &str) -> Result<u64> {
        let revid = self.revid(name).await?;
        self.index_line(of, name, revid).await?;
        Ok(revid)
    }

    // ---- settings

    /// The title of the settings page.
    pub fn settings_title(&self) -> String {
        self.world.settings_title("infobox-check")
    }

    /// The title of the status page.
    pub fn status_title(&self) -> String {
        format!("{}/Status", self.settings_title())
    }

    /// Saves the settings as the Admin does. Returns the revision.
    pub async fn save_settings(&self, settings: &Settings) -> Result<u64> {
        let title = self.settings_title();
        self.world.admin.edit(&title, &settings.page(), "settings").await
    }

    // ---- the job

    /// `infobox-check` in this project. The wiki has a fixed name in the database, so that it is the same wiki through
    /// a proxy and without one.
    pub fn job(&self) -> Job {
        self.world.job("infobox-check").env("WIKICREW_WIKI", &self.wiki_key())
    }

    /// What the wiki is called in the database.
    pub fn wiki_key(&self) -> String {
        format!("{}wiki", self.world.prefix.to_lowercase())
    }

    /// One run, now: reports, but sets no marks for edits of the last hour.
    pub async fn run(&self) -> Result<Run> {
        self.job().run_ok().await
    }

    /// One run that believes to be more than an hour later, so that every edit of before has settled.
    pub async fn run_settled(&self) -> Result<Run> {
        self.job().later(SETTLED).run_ok().await
    }
}

/// Both boxes with the fields of the documented example, edits on.
fn default_settings(names: &Names, chem: &BoxPages, drug: &BoxPages) -> Settings {
    let tracker = |template: &str, source: &str| json!({ "template": names.template(template), "source": source });
    let values = json!({
        "enabled": true,
        "edit": true,
        "boxes": {
            &chem.name: {
                "watched_fields": ["Name", "CASNo", "CASNo1", "CASNo2", "CASNo3", "UNII", "BoilingPt", "MeltingPt"],
                "verified_fields": ["CASNo", "CASNo1", "CASNo2", "CASNo3", "UNII"],
                "index": [&chem.index],
                "log": &chem.log,
                "edit": true,
                "approval": "a test",
                "trackers": { "CASNo": tracker("cascite", "??"), "UNII": tracker("fdacite", "FDA") },
            },
            &drug.name: {
                "watched_fields": ["tradename", "CAS_number", "KEGG"],
                "verified_fields": ["CAS_number", "KEGG"],
                "index": [&drug.index],
                "log": &drug.log,
                "edit": true,
                "approval": "a test",
                "trackers": { "CAS_number": tracker("cascite", "??"), "KEGG": tracker("keggcite", "kegg") },
            },
        },
    });
    Settings::of(values)
}
