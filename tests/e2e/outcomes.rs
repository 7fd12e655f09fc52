//! The seed's three outcomes as people see them on the wiki and in the table: a mentor of the skill, a general mentor,
//! nobody. Each greeting is one edit that adds one section, makes one row, and is made once.

use anyhow::{Context, Result};
use wikicrew_tests::calls::Calls;
use wikicrew_tests::coop::{Coop, Member};
use wikicrew_tests::look::Revision;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::sandbox::NewPage;
use wikicrew_tests::world::World;

use crate::seen::{edits_of, ensure_idle, number, timeless};

const MATCH: &str = "Welcome to the Co-op! We have a mentor for you.";
const NO_MATCH: &str = "Welcome to the Co-op!";

/// The section that the sample's texts make.
fn section(coop: &Coop, topic: &str, learner: &Member, text: &str) -> String {
    let (bot, learner) = (&coop.world.bot.name, learner.name());
    format!(
        "=={topic}==\nHello, [[User:{learner}|{learner}]]! {text} [[User:{bot}|{bot}]] ([[User talk:{bot}|talk]]) TIME"
    )
}

fn match_text(mentor: &Member, skill: &str) -> String {
    let name = mentor.name();
    format!(
        "Thank you for your interest in the Co-op. [[User:{name}|{name}]] has listed \"{skill}\" in their mentorship profile. \
         Leave them a message on their talk page and see if you want to work together!"
    )
}

fn no_match_text(maintainer: &Member) -> String {
    let name = maintainer.name();
    format!("Sorry, we don't have a match for you. [[User:{name}|{name}]] will be in touch with you to find you one.")
}

/// The greeting, which must be the bot's only edit of the page, its summary and flags as they should be.
async fn the_greeting(coop: &Coop, member: &Member, topic: &str) -> Result<Revision> {
    let [edit] = &edits_of(coop, member).await?[..] else {
        anyhow::bail!("one edit on {}", member.talk)
    };
    let bot = &coop.world.bot.name;
    let suffix = format!("([[User:{bot}/matchbot/Settings/Status|matchbot]], [[User talk:{bot}|talk]])");
    assert_eq!(
        coop.world.scrub(&edit.summary),
        coop.world.scrub(&format!("/* {topic} */ {topic} (TOKEN) {suffix}"))
    );
    let answer = coop
        .world
        .admin
        .get(&[
            ("action", "query"),
            ("list", "recentchanges"),
            ("rctitle", &member.talk),
            ("rcuser", bot),
            ("rcprop", "flags|ids"),
        ])
        .await?;
    let change = &answer["query"]["recentchanges"][0];
    assert_eq!(
        (&change["revid"], &change["bot"], &change["minor"]),
        (&edit.revid.into(), &true.into(), &false.into())
    );
    Ok(edit.clone())
}

/// The only row of `matches`, its eleven columns.
async fn the_row(coop: &Coop) -> Result<Vec<String>> {
    let mut rows = coop.world.rows("SELECT * FROM matches").await?;
    assert_eq!(rows.len(), 1);
    Ok(rows.remove(0)[..11].to_vec())
}

async fn sections(coop: &Coop, title: &str) -> Result<usize> {
    let parsed = coop.world.admin.parse_page(title, "sections").await?;
    parsed["sections"].as_array().map(Vec::len).context("no sections")
}

/// `2020-01-31T12:00:00Z` as the database says it.
fn in_sql(time: &str) -> String {
    time.replace('T', " ").replace('Z', "")
}

#[tokio::test]
async fn a_mentor_of_the_skill_is_named_in_one_new_section() -> Result<()> {
    let coop = Coop::new().await?;
    let (world, admin) = (&coop.world, &coop.world.admin);
    let mentor = coop.add_mentor("Mia", &["writing"]).await?;
    coop.add_mentors(&[("Gil", &["general"]), ("Cem", &["communication"])])
        .await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let before =
        "== Hello ==\nI like ''trains''.  \n: So do I <nowiki>~~~~</nowiki>\n\n\n\n* and <!-- hidden --> boats";
    world
        .load(&[NewPage::new(&learner.talk, before).by(learner.name())])
        .await?;
    let category = &coop.skill("writing")?.request;

    let proxy = FaultProxy::start(&world.wiki.api).await?;
    let run = coop.matchbot().through(&proxy).run_ok().await?;
    let greeting = the_greeting(&coop, &learner, MATCH).await?;
    let added = section(&coop, MATCH, &learner, &match_text(&mentor, "writing"));
    assert_eq!(timeless(&greeting.text), format!("{before}\n\n{added}"));
    assert_eq!(admin.history(&learner.talk).await?.len(), 2);
    assert_eq!(sections(&coop, &learner.talk).await?, 2);
    assert!(run.says("Edited: True Wrote DB: True Errors: False"), "{run}");

    let columns: Vec<String> = world
        .rows("SHOW COLUMNS FROM matches")
        .await?
        .into_iter()
        .map(|c| c[..3].join(" "))
        .collect();
    let wanted = [
        "id int(11) NO",
        "luid int(11) YES",
        "lprofileid int(11) YES",
        "category varchar(75) YES",
        "muid int(11) YES",
        "matchtime datetime YES",
        "cataddtime datetime YES",
        "revid bigint(20) YES",
        "postid varchar(50) YES",
        "matchmade tinyint(1) YES",
        "run_time datetime YES",
    ];
    assert_eq!(columns[..11], wanted);
    let page_id = admin.page_id(&learner.profile).await?.context("the profile")?;
    let params = [
        ("action", "query"),
        ("list", "categorymembers"),
        ("cmtitle", category.as_str()),
        ("cmprop", "timestamp"),
    ];
    let member = admin.get(&params).await?["query"]["categorymembers"][0]["timestamp"].take();
    let row = the_row(&coop).await?;
    let wanted = [
        "1".to_owned(),
        learner.account.id.to_string(),
        page_id.to_string(),
        category.clone(),
        mentor.account.id.to_string(),
        in_sql(&greeting.time),
        in_sql(member.as_str().context("a timestamp")?),
        greeting.revid.to_string(),
        "NULL".to_owned(),
        "1".to_owned(),
    ];
    assert_eq!(row[..10], wanted);
    assert!(
        row[10] >= row[6] && row[10] <= row[5],
        "run_time {} is when the run began",
        row[10]
    );

    // Nothing new: the second run reads, and that is all.
    let counted = world.row_counts().await?.replace("run: 1\n", "run: 2\n");
    proxy.forget();
    let edits = admin.contributions(&world.bot.name).await?;
    let second = coop.matchbot().through(&proxy).run_ok().await?;
    ensure_idle(&second)?;
    assert!(second.says("Edited: False Wrote DB: False Errors: False"), "{second}");
    assert!(proxy.calls().writes().is_empty(), "{}", proxy.calls().told());
    assert_eq!(world.row_counts().await?, counted);
    assert_eq!(admin.contributions(&world.bot.name).await?, edits);
    Ok(())
}

#[tokio::test]
async fn a_general_mentor_is_named_with_the_words_for_general_mentors() -> Result<()> {
    let coop = Coop::new().await?;
    let general = coop.add_mentor("Gil", &["general"]).await?;
    // Somebody who offers another skill is no answer to this one.
    coop.add_mentor("Cem", &["communication"]).await?;
    let words = "{mentor} knows their way around and will help you with {skill}, {learner}.";
    let settings = coop.settings.clone().set("greetings.generalgreeting", words);
    let settings = settings.set(
        "greetings.noflowtemplate",
        "\n\n=={topic}==\nHello, [[User:{learner}|{learner}]]! {text} ~~~~",
    );
    coop.save_settings(&settings).await?;
    let lea = coop.add_learner("Lea", "writing").await?;

    coop.matchbot().run_ok().await?;
    let greeting = the_greeting(&coop, &lea, MATCH).await?;
    let text = format!(
        "{} knows their way around and will help you with writing, {}.",
        general.name(),
        lea.name()
    );
    assert_eq!(
        timeless(&greeting.text),
        section(&coop, MATCH, &lea, &text),
        "a page that did not exist has nothing before it"
    );
    assert_eq!((greeting.parent, sections(&coop, &lea.talk).await?), (0, 1));
    let row = the_row(&coop).await?;
    assert_eq!((&row[4], row[9].as_str()), (&general.account.id.to_string(), "1"));

    // Without words of their own the general mentors get those of a match.
    coop.save_settings(&coop.settings).await?;
    let lee = coop.add_learner("Lee", "writing").await?;
    coop.matchbot().run_ok().await?;
    let greeting = the_greeting(&coop, &lee, MATCH).await?;
    assert_eq!(
        timeless(&greeting.text),
        section(&coop, MATCH, &lee, &match_text(&general, "writing"))
    );
    ensure_idle(&coop.matchbot().run_ok().await?)
}

#[tokio::test]
async fn without_any_mentor_the_maintainer_is_named() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Cem", &["communication"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    coop.matchbot().run_ok().await?;
    let greeting = the_greeting(&coop, &learner, NO_MATCH).await?;
    assert_eq!(
        timeless(&greeting.text),
        section(&coop, NO_MATCH, &learner, &no_match_text(&coop.maintainer))
    );
    let row = the_row(&coop).await?;
    assert_eq!(
        (&row[4], &row[7], row[9].as_str()),
        (
            &coop.maintainer.account.id.to_string(),
            &greeting.revid.to_string(),
            "0"
        )
    );
    ensure_idle(&coop.matchbot().run_ok().await?)?;
    assert_eq!(coop.greetings_of(&learner).await?, 1);
    Ok(())
}

#[tokio::test]
async fn whatever_a_page_ends_with_stays_and_one_blank_line_follows() -> Result<()> {
    let coop = Coop::new().await?;
    let mentor = coop.add_mentor("Mia", &["writing"]).await?;
    let learners = coop
        .add_learners(&[("A", "writing"), ("B", "writing"), ("C", "writing")])
        .await?;
    let texts = ["One line", "Trailing space \n ", "{|\n| a table\n|}"];
    for (learner, text) in learners.iter().zip(texts) {
        coop.world.load(&[NewPage::new(&learner.talk, text)]).await?;
    }
    coop.matchbot().run_ok().await?;
    for learner in &learners {
        let history = coop.world.admin.history(&learner.talk).await?;
        let added = section(&coop, MATCH, learner, &match_text(&mentor, "writing"));
        assert_eq!(timeless(&history[1].text), format!("{}\n\n{added}", history[0].text));
    }
    Ok(())
}

/// What a request category with this many skills and learners costs.
#[tokio::test]
async fn requests_are_counted_and_few() -> Result<()> {
    let coop = Coop::in_world(World::new().await?, &["writing", "communication", "technical editing"]).await?;
    coop.add_mentors(&[("Mia", &["writing"]), ("Max", &["writing"])])
        .await?;
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    let run = async || {
        proxy.forget();
        let run = coop.matchbot().through(&proxy).run_ok().await?;
        let calls = proxy.calls();
        assert_eq!(number(&run, "requests")?, calls.len() as u64, "{run}{}", calls.told());
        let parts: Result<u64> = ["fixed", "learners", "mentors", "safety"]
            .iter()
            .map(|key| number(&run, key))
            .sum();
        assert_eq!(number(&run, "requests")?, parts?, "{run}");
        anyhow::Ok((run, calls))
    };
    let idle = async || {
        let (run, calls) = run().await?;
        assert_eq!(
            calls.len(),
            3 + 1 + 3,
            "login, settings, a list per request category:\n{}",
            calls.told()
        );
        assert_eq!(number(&run, "fixed")?, 7, "{run}");
        anyhow::Ok(())
    };

    run().await?;
    idle().await?;
    let one = coop.add_learner("Lea", "writing").await?;
    let (first, calls) = run().await?;
    assert_eq!(
        (number(&first, "fixed")?, number(&first, "learners")?),
        (7, 3),
        "{first}{}",
        calls.told()
    );
    let creators = |calls: &[wikicrew_tests::calls::Call]| {
        calls.iter().filter(|call| call.param("rvdir") == Some("newer")).count()
    };
    assert_eq!(creators(&calls), 3, "the learner and two mentors");
    assert_eq!(coop.greetings_of(&one).await?, 1);
    idle().await?;

    coop.add_learners(&[("Lee", "writing"), ("Liv", "writing")]).await?;
    let (two, calls) = run().await?;
    assert_eq!(
        (number(&two, "fixed")?, number(&two, "learners")?),
        (7, 6),
        "{two}{}",
        calls.told()
    );
    assert_eq!(creators(&calls), 2, "those of the mentors are remembered");
    idle().await?;
    Ok(())
}
