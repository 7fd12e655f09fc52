//! Pages that are not greeted on: each reason stands on the status page with what a person can do, nothing is edited,
//! and when the cause or the request is gone the case is too.

use anyhow::{Context, Result, bail};
use wikicrew_tests::api::Api;
use wikicrew_tests::coop::{Coop, Member, profile_text};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, When};
use wikicrew_tests::sandbox::NewPage;

use crate::seen::{edits_of, ensure_idle, line_about, number, waiting};

/// Learner, the reason as the status page says it, the advice.
const TROUBLES: [(&str, &str, &str); 12] = [
    (
        "Redirect",
        "the profile is a redirect",
        "put the category on the page it points to",
    ),
    ("Script", "the profile has content model javascript", "match by hand"),
    (
        "Moved",
        "the talk page is a redirect",
        "turn the redirect into a talk page",
    ),
    ("Data", "the talk page has content model json", "match by hand"),
    (
        "Protected",
        "the talk page is protected (level sysop)",
        "lower the protection",
    ),
    (
        "Salted",
        "the talk page is protected (level sysop)",
        "lower the protection",
    ),
    (
        "Comment",
        "ends inside a comment that begins in line 3",
        "close the comment or tag",
    ),
    (
        "Nowiki",
        "ends inside a tag <nowiki> that begins in line 1",
        "close the comment or tag",
    ),
    ("Shy", "asks bots to stay away: {{nobots}}", "match by hand"),
    ("Choosy", "asks bots to stay away: {{bots|deny=", "match by hand"),
    ("Roundabout", "asks bots to stay away: {{", "match by hand"),
    ("Blocked", "the learner is blocked", "remove the category"),
];

async fn spoil(coop: &Coop, member: &Member, trouble: &str) -> Result<()> {
    let (admin, request) = (&coop.world.admin, profile_text(&[&coop.skills[0].request]));
    let (profile, talk) = (member.profile.as_str(), member.talk.as_str());
    let page = match trouble {
        "Redirect" => NewPage::new(profile, &format!("#REDIRECT [[{}]]\n{request}", coop.main)),
        "Script" => NewPage::new(profile, &request).with("model", "javascript".into()),
        "Moved" => NewPage::new(talk, &format!("#REDIRECT [[{}]]", coop.talk)),
        "Data" => NewPage::new(talk, "{}").with("model", "json".into()),
        "Protected" => NewPage::new(talk, "Hello").protected("sysop"),
        "Salted" => return create_protection(admin, talk, "sysop").await,
        "Comment" => NewPage::new(talk, "Hello\n\nand <!-- later"),
        "Nowiki" => NewPage::new(talk, "Hello <nowiki> and bye"),
        "Shy" => NewPage::new(profile, &format!("{request}{{{{nobots}}}}")),
        "Choosy" => NewPage::new(talk, &format!("{{{{bots|deny=SomeBot, {}}}}}", coop.world.bot.name)),
        "Roundabout" => NewPage::new(talk, &format!("Hello {{{{{}|deny=all}}}}", coop.world.own("keep out"))),
        "Blocked" => return admin.block(member.name()).await,
        _ => bail!("no way to spoil {trouble}"),
    };
    coop.world.load(&[page]).await
}

async fn mend(coop: &Coop, member: &Member, trouble: &str) -> Result<()> {
    let (admin, request) = (&coop.world.admin, profile_text(&[&coop.skills[0].request]));
    let page = match trouble {
        "Redirect" | "Shy" => NewPage::new(&member.profile, &request),
        "Script" => NewPage::new(&member.profile, &format!("{request}.")).with("model", "wikitext".into()),
        "Protected" => return admin.protect(&member.talk, "all", "infinite", false).await,
        "Salted" => return create_protection(admin, &member.talk, "all").await,
        "Comment" => return admin.append(&member.talk, " -->", "").await.map(drop),
        "Nowiki" => return admin.append(&member.talk, "</nowiki>", "").await.map(drop),
        "Blocked" => return admin.unblock(member.name()).await,
        _ => NewPage::new(&member.talk, "Hello.").with("model", "wikitext".into()),
    };
    coop.world.load(&[page]).await
}

async fn create_protection(admin: &Api, title: &str, level: &str) -> Result<()> {
    let level = format!("create={level}");
    let params = [
        ("action", "protect"),
        ("title", title),
        ("protections", level.as_str()),
        ("expiry", "infinite"),
    ];
    admin.write(&params).await.map(drop)
}

#[tokio::test]
async fn every_trouble_waits_for_a_person_and_is_looked_at_again_when_mended() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let template = NewPage::new(
        &format!("Template:{}", coop.world.own("keep out")),
        "#REDIRECT [[Template:Bots]]",
    );
    coop.world.load(&[template]).await?;
    let names: Vec<(&str, &str)> = TROUBLES.iter().map(|(name, ..)| (*name, "writing")).collect();
    let learners = coop.add_learners(&names).await?;
    for (learner, (trouble, ..)) in learners.iter().zip(TROUBLES) {
        spoil(&coop, learner, trouble)
            .await
            .with_context(|| trouble.to_owned())?;
    }

    let run = coop.matchbot().run_ok().await?;
    assert_eq!((number(&run, "persons")?, number(&run, "greeted")?), (12, 0), "{run}");
    for (learner, (trouble, reason, advice)) in learners.iter().zip(TROUBLES) {
        let line = line_about(&coop, learner)
            .await?
            .with_context(|| format!("{trouble} is not on the status page\n{run}"))?;
        assert!(line.contains(reason) && line.contains(advice), "{trouble}: {line}");
        assert!(line.contains("Requests/Writing"), "the skill: {line}");
        assert_eq!(edits_of(&coop, learner).await?, [], "{trouble}");
    }
    assert_eq!(coop.world.count("matches").await?, 0);
    ensure_idle(&coop.matchbot().run_ok().await?).context("nothing has changed")?;
    assert_eq!(waiting(&coop).await?.len(), 12);

    // Two take their requests back, the others are mended.
    let withdraw = ["Moved", "Comment"];
    for (learner, (trouble, ..)) in learners.iter().zip(TROUBLES) {
        if withdraw.contains(&trouble) {
            coop.world.admin.edit(&learner.profile, "No, thank you.", "").await?;
        } else {
            mend(&coop, learner, trouble)
                .await
                .with_context(|| trouble.to_owned())?;
        }
    }
    let run = coop.matchbot().run_ok().await?;
    for (learner, (trouble, ..)) in learners.iter().zip(TROUBLES) {
        let greetings = usize::from(!withdraw.contains(&trouble));
        assert_eq!(edits_of(&coop, learner).await?.len(), greetings, "{trouble}\n{run}");
    }
    assert_eq!(waiting(&coop).await?, [] as [&str; 0], "nobody waits any more");
    ensure_idle(&coop.matchbot().run_ok().await?)
}

#[tokio::test]
async fn a_request_taken_back_at_the_last_moment_is_not_greeted() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let learners = coop.add_learners(&[("Lea", "writing"), ("Lee", "writing")]).await?;
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    // The list of the waiting was read; the page is about to be.
    for (learner, deleted) in learners.iter().zip([false, true]) {
        let (admin, profile) = (coop.world.admin.clone(), learner.profile.clone());
        let look = When::module("categories").containing(&learner.talk);
        let withdrawn = proxy.rule(
            look.nth(1),
            Fault::before(move |_| {
                let (admin, profile) = (admin.clone(), profile.clone());
                async move {
                    let done = match deleted {
                        true => admin.delete(&profile, "").await,
                        false => admin.edit(&profile, "Never mind.", "").await.map(drop),
                    };
                    done.unwrap();
                }
            }),
        );
        assert_eq!(withdrawn.times(), 0);
    }
    let run = coop.matchbot().through(&proxy).run_ok().await?;
    assert_eq!(
        (
            number(&run, "withdrawn")?,
            number(&run, "greeted")?,
            number(&run, "persons")?
        ),
        (2, 0, 0),
        "{run}"
    );
    assert_eq!(
        waiting(&coop).await?,
        [] as [&str; 0],
        "that is nothing to bother people with"
    );
    proxy.heal();
    ensure_idle(&coop.matchbot().through(&proxy).run_ok().await?)?;

    coop.world
        .admin
        .edit(&learners[0].profile, &profile_text(&[&coop.skills[0].request]), "again")
        .await?;
    coop.matchbot().through(&proxy).run_ok().await?;
    assert_eq!(coop.greetings_of(&learners[0]).await?, 1, "asked again, greeted");
    Ok(())
}

#[tokio::test]
async fn what_is_no_profile_is_passed_over_in_silence() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let text = profile_text(&[&coop.skill("writing")?.request]);
    let excluded = format!("{}/Help desk", coop.main);
    let titles = [
        coop.main.clone(),
        excluded.clone(),
        format!("{}eration/Somebody", coop.main),
        format!("{}/A talk page", coop.talk),
        coop.world.own("An article"),
        format!("User:{}/Drafts", coop.maintainer.name()),
        format!("{}/Sub", coop.skills[0].request),
        coop.world.own("File:Photo.png"),
        format!("Template:{}", coop.main.replace(':', " ")),
    ];
    let pages: Vec<NewPage> = titles.iter().map(|title| NewPage::new(title, &text)).collect();
    coop.world.load(&pages).await?;
    // The setting may name it by an alias and with underscores.
    let alias = excluded.replace("Wikipedia:", "WP:").replace(' ', "_");
    coop.save_settings(&coop.settings.clone().set("pages.exclude", vec![alias]))
        .await?;
    let learner = coop.add_learner("Lea", "writing").await?;

    let run = coop.matchbot().run_ok().await?;
    assert_eq!((number(&run, "waiting")?, number(&run, "greeted")?), (1, 1), "{run}");
    assert_eq!(coop.greetings_of(&learner).await?, 1);
    assert_eq!(coop.world.count("request").await?, 1);
    let edited: Vec<String> = coop
        .world
        .admin
        .contributions(&coop.world.bot.name)
        .await?
        .into_iter()
        .map(|(title, _)| title)
        .collect();
    assert_eq!(edited, [coop.status_title(), learner.talk.clone()]);
    assert_eq!(waiting(&coop).await?, [] as [&str; 0]);

    // What is excluded no longer is a profile like any other.
    coop.save_settings(&coop.settings).await?;
    coop.matchbot().run_ok().await?;
    let talk = format!("{}/Help desk", coop.talk);
    assert_eq!(coop.world.admin.history(&talk).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn what_the_wiki_refuses_is_not_forced() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let learners = coop
        .add_learners(&[("Lea", "writing"), ("Lee", "writing"), ("Liv", "writing")])
        .await?;
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    coop.world.load(&[NewPage::new(&learners[2].talk, "Hello")]).await?;
    let talk = learners[2].talk.clone();
    let hidden = Fault::rewrite(move |answer| {
        for page in answer["query"]["pages"].as_array_mut().into_iter().flatten() {
            if page["title"] == talk.as_str() {
                page["revisions"][0]["slots"]["main"] = serde_json::json!({ "texthidden": true });
            }
        }
    });
    proxy.rule(When::module("categories").containing(&learners[2].talk), hidden);
    let filter = Fault::ApiError(
        "abusefilter-disallowed".into(),
        "This action has been automatically identified as harmful.".into(),
    );
    let refused = proxy.rule(When::edit_of(&learners[0].talk), filter);

    coop.matchbot().through(&proxy).run_ok().await?;
    let line = line_about(&coop, &learners[0])
        .await?
        .context("it waits for a person")?;
    assert!(
        line.contains("refused the edit (abusefilter-disallowed)") && line.contains("look at the filter"),
        "{line}"
    );
    assert_eq!(
        coop.greetings_of(&learners[1]).await?,
        1,
        "the other learner is greeted"
    );
    let line = line_about(&coop, &learners[2])
        .await?
        .context("what cannot be read is not edited")?;
    assert!(
        line.contains("the newest text of ") && line.contains(" is hidden"),
        "{line}"
    );
    ensure_idle(&coop.matchbot().through(&proxy).run_ok().await?)?;
    assert_eq!(refused.times(), 1, "tried once");

    proxy.heal();
    coop.matchbot().through(&proxy).later(86_400).run_ok().await?;
    assert_eq!(
        coop.greetings_of(&learners[0]).await?,
        1,
        "a day later it is tried once more"
    );
    Ok(())
}

#[tokio::test]
async fn one_learners_failure_is_tried_for_a_week_and_stops_nobody() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    let [bad, good] = &coop.add_learners(&[("Bad", "writing"), ("Good", "writing")]).await?[..] else {
        panic!("two")
    };
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    let broken = Fault::ApiError("somethingbroken".into(), "This page cannot be read.".into());
    let failed = proxy.rule(When::module("categories").containing(&bad.talk), broken);
    let run = async |hours: i64, code: i32| coop.matchbot().through(&proxy).later(hours * 3600).run_to(code).await;

    let first = run(0, 1).await?;
    assert_eq!(
        (number(&first, "failed")?, coop.greetings_of(good).await?),
        (1, 1),
        "{first}"
    );
    assert!(first.summary()?.contains("Errors: True"), "{first}");
    // Each run for a day, then once a day; the exit code calls a person once a day.
    run(1, 0).await?;
    run(23, 0).await?;
    assert_eq!(failed.times(), 3);
    run(26, 0).await?;
    run(30, 0).await?;
    assert_eq!(failed.times(), 4, "tried at 26 hours, and not at 30");
    run(52, 1).await?;
    assert_eq!((failed.times(), waiting(&coop).await?.len()), (5, 0));
    let last = run(8 * 24, 1).await?;
    let line = line_about(&coop, bad)
        .await?
        .with_context(|| format!("given up\n{last}"))?;
    assert!(
        line.contains("it failed for a week: ") && line.contains("This page cannot be read"),
        "{line}"
    );
    run(9 * 24, 0).await?;
    assert_eq!(failed.times(), 6, "given up");

    proxy.heal();
    coop.world.admin.append(&bad.profile, "Hello?", "").await?;
    run(9 * 24, 0).await?;
    assert_eq!(
        coop.greetings_of(bad).await?,
        1,
        "looked at again when the page changed"
    );
    Ok(())
}

#[tokio::test]
async fn without_mentor_and_maintainer_the_learner_waits() -> Result<()> {
    let coop = Coop::new().await?;
    let learner = coop.add_learner("Lea", "writing").await?;
    let profile = format!("{}/Whoever looks after this", coop.main);
    coop.world
        .load(&[NewPage::new(&profile, "I look after the Co-op.").by("192.0.2.3")])
        .await?;
    let settings = coop.settings.clone().set("defaultmentorprofile", profile.clone());
    coop.save_settings(&settings).await?;
    coop.matchbot().run_ok().await?;
    let line = line_about(&coop, &learner).await?.context("it waits")?;
    assert!(
        line.contains("no mentor is available and the maintainer is not known"),
        "{line}"
    );
    assert!(line.contains("mend defaultmentorprofile in the settings"), "{line}");
    assert_eq!(coop.greetings_of(&learner).await?, 0);

    let owners = serde_json::json!({ profile: coop.maintainer.name() });
    coop.save_settings(&settings.set("owners", owners)).await?;
    coop.matchbot().later(86_400).run_ok().await?;
    assert_eq!(coop.greetings_of(&learner).await?, 1, "a day later at the latest");
    Ok(())
}
