//! Who is notified: the two people of a greeting, the maintainer once a day, and nobody by anything else that the bot
//! saves, whatever names stand in it.

use anyhow::Result;
use wikicrew_tests::coop::{Coop, profile_text};
use wikicrew_tests::look::Notification;
use wikicrew_tests::sandbox::{Account, NewPage};

use crate::seen::{edits_of, line_about, number, timeless};

/// What the bot's edits have told this user, newest first.
async fn told(coop: &Coop, account: &Account) -> Result<Vec<Notification>> {
    let mut all = coop.world.login(account).await?.notifications().await?;
    all.retain(|note| note.agent == coop.world.bot.name);
    Ok(all)
}

fn mention(coop: &Coop, title: &str, revid: u64) -> Notification {
    Notification {
        kind: "mention".into(),
        agent: coop.world.bot.name.clone(),
        title: title.into(),
        revid,
    }
}

#[tokio::test]
async fn a_greeting_notifies_mentor_and_learner_and_nobody_else() -> Result<()> {
    let coop = Coop::new().await?;
    let mentor = coop.add_mentor("Mia", &["writing"]).await?;
    let others = coop
        .add_mentors(&[("Gil", &["general"]), ("Otto", &["writing", "optout"])])
        .await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    // Somebody else began the talk page, and a third one speaks there.
    let people = coop.world.people(&["Starter", "Talker"]).await?;
    coop.world
        .load(&[
            NewPage::new(&learner.talk, "Hello").by(&people[0].name),
            NewPage::new(&learner.talk, &format!("Hello\n\nHi [[User:{}]]!", people[1].name)).by(&people[1].name),
        ])
        .await?;

    coop.matchbot().run_ok().await?;
    let [greeting] = &edits_of(&coop, &learner).await?[..] else {
        panic!("one greeting")
    };
    let wanted = [mention(&coop, &learner.talk, greeting.revid)];
    assert_eq!(told(&coop, &mentor.account).await?, wanted);
    assert_eq!(told(&coop, &learner.account).await?, wanted);
    let bystanders = others
        .iter()
        .map(|member| &member.account)
        .chain(&people)
        .chain([&coop.maintainer.account]);
    for account in bystanders {
        assert_eq!(told(&coop, account).await?, [], "{}", account.name);
    }
    Ok(())
}

#[tokio::test]
async fn without_a_match_learner_and_maintainer_are_notified() -> Result<()> {
    let coop = Coop::new().await?;
    let elsewhere = coop.add_mentor("Cem", &["communication"]).await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    coop.matchbot().run_ok().await?;
    let [greeting] = &edits_of(&coop, &learner).await?[..] else {
        panic!("one greeting")
    };
    for account in [&learner.account, &coop.maintainer.account] {
        assert_eq!(
            told(&coop, account).await?,
            [mention(&coop, &learner.talk, greeting.revid)],
            "{}",
            account.name
        );
    }
    assert_eq!(told(&coop, &elsewhere.account).await?, []);
    Ok(())
}

#[tokio::test]
async fn the_maintainer_is_mentioned_once_a_day_however_many_wait() -> Result<()> {
    let coop = Coop::new().await?;
    let page = |name: &str| {
        NewPage::new(
            &format!("{}/{name}", coop.main),
            &profile_text(&[&coop.skills[0].request]),
        )
    };
    let add = async |names: &[&str]| {
        let pages: Vec<NewPage> = names.iter().map(|name| page(name).by("192.0.2.7")).collect();
        coop.world.load(&pages).await
    };
    add(&["First", "Second"]).await?;
    let run = coop.matchbot().run_ok().await?;
    assert_eq!(number(&run, "persons")?, 2, "{run}");
    let mentions = async || {
        let edits = edits_of(&coop, &coop.maintainer).await?;
        let told = told(&coop, &coop.maintainer.account).await?;
        let newest_first: Vec<_> = edits
            .iter()
            .rev()
            .map(|edit| mention(&coop, &coop.maintainer.talk, edit.revid))
            .collect();
        assert_eq!(
            told, newest_first,
            "each mention is one signed section, and nothing else tells the maintainer"
        );
        anyhow::Ok(edits)
    };
    let edits = mentions().await?;
    assert_eq!(edits.len(), 1);
    let (bot, status) = (&coop.world.bot.name, coop.status_title());
    let name = coop.maintainer.name();
    let start = format!("== Requests that wait for a person ==\n[[User:{name}|{name}]]: ");
    let end = format!("[[{status}]]. [[User:{bot}|{bot}]] ([[User talk:{bot}|talk]]) TIME");
    let text = timeless(&edits[0].text);
    assert!(
        text.starts_with(&start) && text.contains(" 2 more ") && text.ends_with(&end),
        "{text}"
    );

    add(&["Third"]).await?;
    coop.matchbot().run_ok().await?;
    coop.matchbot().run_ok().await?;
    assert_eq!(mentions().await?.len(), 1, "one a day");
    coop.matchbot().later(86_400).run_ok().await?;
    let edits = mentions().await?;
    assert_eq!(edits.len(), 2);
    assert!(
        edits[1].text.contains(" 1 more "),
        "only what is new: {}",
        edits[1].text
    );
    coop.matchbot().later(2 * 86_400).run_ok().await?;
    assert_eq!(mentions().await?.len(), 2, "nothing new, nothing said");
    Ok(())
}

/// The status page in all its states, with the names of people in everything that it can show of theirs.
#[tokio::test]
async fn no_status_page_notifies_anybody() -> Result<()> {
    let coop = Coop::new().await?;
    let [writer, named] = &coop.world.people(&["Writer", "Named"]).await?[..] else {
        panic!("two people")
    };
    let learner = coop.add_learner("Lea", "writing").await?;
    coop.world.admin.block(learner.name()).await?;
    let ping = format!("[[User:{0}|{0}]] [[User:{1}|{1}]] ~~~~", named.name, learner.name());
    let person = coop.world.login(writer).await?;
    let look = async |what: &str, shown: &str| {
        let status = coop.world.admin.text(&coop.status_title()).await?.unwrap_or_default();
        let seen = crate::seen::decoded(&status);
        assert!(seen.contains(shown), "{what}: {shown:?} should be on\n{seen}");
        assert!(
            !status.contains("~~~~") && !status.contains("(UTC) "),
            "{what}: signed\n{status}"
        );
        let parsed = coop
            .world
            .admin
            .parse_page(&coop.status_title(), "links")
            .await?
            .to_string();
        for account in [writer, named, &learner.account] {
            assert!(
                !parsed.contains(&format!("User:{}\"", account.name)),
                "{what} links {}",
                account.name
            );
            assert_eq!(told(&coop, account).await?, [], "{what}: {}", account.name);
        }
        anyhow::Ok(())
    };

    coop.matchbot().run_ok().await?;
    assert!(
        line_about(&coop, &learner).await?.is_some(),
        "the blocked learner's case is on the page"
    );
    look("a case that waits", learner.name()).await?;

    let draft = coop
        .settings
        .clone()
        .set("greetings.matchgreeting", format!("{{0}} {{1}} {ping}"));
    person
        .edit(&format!("{}/draft", coop.settings_title()), &draft.page(), &ping)
        .await?;
    coop.matchbot().run_ok().await?;
    look("a draft", &format!("[[User:{}|", named.name)).await?;

    coop.save_settings_yaml(&format!("enabled: true\n\"{}\": 1\n", ping.replace('~', "-")))
        .await?;
    coop.matchbot().run_to(78).await?;
    look("a rejection", &format!("[[User:{}|", named.name)).await?;

    coop.save_settings(&coop.settings).await?;
    let stop = format!("User:{}/matchbot/Stop", coop.world.bot.name);
    person.edit(&stop, &format!("Stop, says {ping}"), &ping).await?;
    coop.matchbot().run_ok().await?;
    look("a stop", &writer.name).await?;

    let contributions = coop.world.admin.contributions(&coop.world.bot.name).await?;
    assert!(contributions.len() >= 5, "{contributions:?}");
    for (title, summary) in contributions {
        assert!(
            !summary.contains(&named.name) && !summary.contains("[[User:Lea"),
            "{title}: {summary}"
        );
    }
    Ok(())
}
