//! A small Co-op for matchbot: categories, root pages, a maintainer, and mentors and learners as a test needs them.
//!
//! Profiles are created by their owners, categories and settings by the Admin, as on a real wiki. The default settings
//! are those of the original bot's sample (its greeting texts word for word), with `start_from` in the past, so that
//! a profile saved a moment ago counts as a new request.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::run::Job;
use crate::sandbox::{Account, NewPage};
use crate::settings::{Settings, page_around};
use crate::world::World;

/// What stands on the settings page until it is protected.
const BEFORE_PROTECTION: &str = "Settings of the bot will be here.";

/// A Co-op on one wiki.
pub struct Coop {
    /// Accounts, database, sessions.
    pub world: World,
    /// `Wikipedia:Abcdef Co-op`.
    pub main: String,
    /// `Wikipedia talk:Abcdef Co-op`.
    pub talk: String,
    /// What one can ask for, in the order of the settings.
    pub skills: Vec<Skill>,
    /// The category of general mentors.
    pub general: String,
    /// The category of mentors who want no requests.
    pub optout: String,
    /// The owner of `defaultmentorprofile`.
    pub maintainer: Member,
    /// The settings that [`Coop::new`] saved; a test changes a copy.
    pub settings: Settings,
}

/// A skill with its two categories.
#[derive(Clone)]
pub struct Skill {
    /// `writing`.
    pub name: String,
    /// Where learners put themselves.
    pub request: String,
    /// Where mentors put themselves.
    pub mentors: String,
}

/// Somebody with a profile page.
#[derive(Clone)]
pub struct Member {
    /// Name, id and password.
    pub account: Account,
    /// The profile page.
    pub profile: String,
    /// The profile's talk page, whether or not it exists.
    pub talk: String,
}

impl Member {
    /// The user name.
    pub fn name(&self) -> &str {
        &self.account.name
    }
}

impl AsRef<World> for Coop {
    fn as_ref(&self) -> &World {
        &self.world
    }
}

impl Coop {
    /// A Co-op on the English wiki with the skills `writing` and `communication` and accepted settings.
    pub async fn new() -> Result<Self> {
        Self::in_world(World::new().await?, &["writing", "communication"]).await
    }

    /// The same in a given world, with these skills. Settings are saved and protected.
    pub async fn in_world(world: World, skills: &[&str]) -> Result<Self> {
        let (category, talk) = match world.wiki.name.as_str() {
            "de" => ("Kategorie", "Wikipedia Diskussion"),
            _ => ("Category", "Wikipedia talk"),
        };
        let category = |name: String| format!("{category}:{} Co-op{name}", world.prefix);
        let skill = |name: &&str| Skill {
            name: (*name).to_owned(),
            request: category(format!("/Requests/{}", capitalized(name))),
            mentors: category(format!(" mentors with {name} skills")),
        };
        let skills: Vec<Skill> = skills.iter().map(skill).collect();
        let (general, optout) = (
            category(" mentors with general editing skills".into()),
            category(" mentor not taking new requests".into()),
        );
        let main = format!("Wikipedia:{} Co-op", world.prefix);
        let talk = format!("{talk}:{} Co-op", world.prefix);

        let maintainer = member(&main, &talk, world.person("Maintainer").await?);
        let profile = &maintainer.profile;
        let settings = default_values(&main, &talk, &skills, &general, &optout, profile);
        let coop = Self {
            world,
            main,
            talk,
            skills,
            general,
            optout,
            maintainer,
            settings: Settings::of(settings),
        };
        coop.save_first_pages().await?;
        Ok(coop)
    }

    /// Everything that stands before anybody joins, in one request.
    async fn save_first_pages(&self) -> Result<()> {
        let mut pages = vec![
            NewPage::new(&self.main, "A place where newcomers find mentors."),
            NewPage::new(&self.talk, "Talk here."),
            NewPage::new(&self.maintainer.profile, "I look after the Co-op.").by(self.maintainer.name()),
            NewPage::new(&self.settings_title(), BEFORE_PROTECTION).protected("sysop"),
            NewPage::new(&self.settings_title(), &self.settings.page()).summary("settings"),
        ];
        let of_skills = self.skills.iter().flat_map(|skill| [&skill.request, &skill.mentors]);
        let categories = of_skills.chain([&self.general, &self.optout]);
        pages.extend(categories.map(|title| NewPage::new(title, "Members of the Co-op.")));
        self.world.load(&pages).await
    }

    // ---- people

    /// Adds a mentor. `offers` are skills, `general` or `optout`.
    pub async fn add_mentor(&self, name: &str, offers: &[&str]) -> Result<Member> {
        self.add_mentors(&[(name, offers)])
            .await?
            .pop()
            .context("no mentor was made")
    }

    /// Adds mentors, all in one go.
    pub async fn add_mentors(&self, mentors: &[(&str, &[&str])]) -> Result<Vec<Member>> {
        let mut people = Vec::new();
        for (name, offers) in mentors {
            let categories: Result<Vec<&str>> = offers.iter().map(|offer| self.mentor_category(offer)).collect();
            people.push((*name, categories?));
        }
        self.add_members(&people).await
    }

    /// Adds a learner who asks for one skill, now.
    pub async fn add_learner(&self, name: &str, skill: &str) -> Result<Member> {
        self.add_learners(&[(name, skill)])
            .await?
            .pop()
            .context("no learner was made")
    }

    /// Adds learners, all in one go.
    pub async fn add_learners(&self, learners: &[(&str, &str)]) -> Result<Vec<Member>> {
        let mut people = Vec::new();
        for (name, skill) in learners {
            people.push((*name, vec![self.skill(skill)?.request.as_str()]));
        }
        self.add_members(&people).await
    }

    /// Adds people whose profiles, created by themselves, are in these categories.
    pub async fn add_members(&self, people: &[(&str, Vec<&str>)]) -> Result<Vec<Member>> {
        let names: Vec<&str> = people.iter().map(|(name, _)| *name).collect();
        let accounts = self.world.people(&names).await?;
        let members: Vec<Member> = accounts
            .into_iter()
            .map(|account| member(&self.main, &self.talk, account))
            .collect();
        let profile = |(member, (_, categories)): (&Member, &(&str, Vec<&str>))| {
            NewPage::new(&member.profile, &profile_text(categories)).by(member.name())
        };
        self.world
            .load(&members.iter().zip(people).map(profile).collect::<Vec<_>>())
            .await?;
        Ok(members)
    }

    /// The skill of that name; an error names those there are.
    pub fn skill(&self, name: &str) -> Result<&Skill> {
        let found = self.skills.iter().find(|skill| skill.name == name);
        found.with_context(|| {
            let names: Vec<&str> = self.skills.iter().map(|skill| skill.name.as_str()).collect();
            format!("the Co-op has no skill {name:?}, only {}", names.join(", "))
        })
    }

    fn mentor_category(&self, offer: &str) -> Result<&str> {
        match offer {
            "general" => Ok(&self.general),
            "optout" => Ok(&self.optout),
            skill => Ok(&self.skill(skill)?.mentors),
        }
    }

    // ---- settings

    /// The title of the settings page.
    pub fn settings_title(&self) -> String {
        self.world.settings_title("matchbot")
    }

    /// The title of the status page.
    pub fn status_title(&self) -> String {
        format!("{}/Status", self.settings_title())
    }

    /// Saves the settings as the Admin does, on a protected page (protected first where it is not). Returns the
    /// revision.
    pub async fn save_settings(&self, settings: &Settings) -> Result<u64> {
        self.save_settings_text(&settings.page()).await
    }

    /// The same with any YAML (or what a test calls YAML) in the block.
    pub async fn save_settings_yaml(&self, yaml: &str) -> Result<u64> {
        self.save_settings_text(&page_around(yaml)).await
    }

    /// The same with any text of the page.
    pub async fn save_settings_text(&self, text: &str) -> Result<u64> {
        let (admin, title) = (&self.world.admin, self.settings_title());
        let info = admin.info(&title).await?;
        if info["protection"].as_array().is_none_or(Vec::is_empty) {
            // A text saved while anybody could edit counts for nothing, so the protection comes first.
            if info["missing"].as_bool().unwrap_or_default() {
                admin.edit(&title, BEFORE_PROTECTION, "").await?;
            }
            admin.protect(&title, "sysop", "infinite", false).await?;
        }
        admin.edit(&title, text, "settings").await
    }

    // ---- the job and its traces

    /// `matchbot` in this Co-op.
    pub fn matchbot(&self) -> Job {
        self.world.job("matchbot")
    }

    /// How often the bot has greeted on this member's talk page, by the page's history.
    pub async fn greetings_of(&self, member: &Member) -> Result<usize> {
        let history = self.world.admin.history(&member.talk).await?;
        Ok(history
            .iter()
            .filter(|revision| revision.user == self.world.bot.name)
            .count())
    }
}

/// A profile's text with these categories.
pub fn profile_text(categories: &[&str]) -> String {
    let links: String = categories.iter().map(|category| format!("[[{category}]]\n")).collect();
    format!("Hello, I am new in the Co-op.\n\n{links}")
}

fn member(main: &str, talk: &str, account: Account) -> Member {
    let (profile, talk) = (format!("{main}/{}", account.name), format!("{talk}/{}", account.name));
    Member { account, profile, talk }
}

fn default_values(main: &str, talk: &str, skills: &[Skill], general: &str, optout: &str, maintainer: &str) -> Value {
    let list = |what: fn(&Skill) -> &String| skills.iter().map(what).cloned().collect::<Vec<String>>();
    json!({
        "enabled": true,
        "start_from": "2020-01-01",
        "categories": {
            "general": general,
            "optout": optout,
            "skillslist": list(|skill| &skill.name),
            "requestcategories": list(|skill| &skill.request),
            "mentorcategories": list(|skill| &skill.mentors),
        },
        "defaultmentorprofile": maintainer,
        "pages": { "main": main, "talk": talk },
        "greetings": {
            "matchtopic": "Welcome to the Co-op! We have a mentor for you.",
            "matchgreeting": "Thank you for your interest in the Co-op. [[User:{0}|{0}]] has listed \"{1}\" in their mentorship \
                profile. Leave them a message on their talk page and see if you want to work together!",
            "nomatchtopic": "Welcome to the Co-op!",
            "nomatchgreeting": "Sorry, we don't have a match for you. [[User:{0}|{0}]] will be in touch with you to find you one.",
            "noflowtemplate": "\n\n=={0}==\nHello, [[User:{1}|{1}]]! {2} ~~~~",
        },
    })
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
