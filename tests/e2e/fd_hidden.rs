//! What is hidden, deleted, renamed or to be named nowhere since a hit was found: no feed tells of it, and no answer in a
//! channel. Everything else goes out, also when the wiki could not be asked for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use wikicrew_tests::certificates::Certificates;
use wikicrew_tests::feeds::*;
use wikicrew_tests::ircd::{IrcPerson, Ircd, Kind};
use wikicrew_tests::receiver::Receiver;
use wikicrew_tests::rules::{Fault, When};

const KEY: &str = "a key of the tests of what is hidden";
/// Parts of names, titles and hosts that nobody may hear any more.
const SECRETS: [&str; 7] = [
    "secrettext",
    "secretuser",
    "secretpage",
    "quietuser",
    "quiethost",
    "quiet.monitored",
    "oldname",
];

/// Errs when something secret is told, also by a name that is broken so that it highlights nobody.
fn is_clean(what: &str, text: &str) -> Result<()> {
    let whole = text.replace('\u{200d}', "").to_lowercase();
    for secret in SECRETS {
        ensure!(!whole.contains(secret), "{what} tells {secret}: {text}");
    }
    Ok(())
}

/// Takes the edits of wikis off the air while it is set; pages are read all the same.
fn silence(scene: &CoiFeeds) -> Arc<AtomicBool> {
    let is_down = Arc::new(AtomicBool::new(true));
    let flag = is_down.clone();
    let asked = When::module("revisions").that("by number", move |call| {
        flag.load(Ordering::SeqCst) && call.param("revids").is_some()
    });
    scene.http.rule(asked, Fault::Status(503, None));
    is_down
}

/// What the bot answers somebody, without the nick before it; names are whole.
async fn answer(person: &mut IrcPerson, command: &str) -> Result<String> {
    person.say("#spam", &format!("{COIBOT} {command}")).await?;
    let mut lines = told(person, COIBOT, 1).await.with_context(|| command.to_owned())?;
    lines.extend(all_told(person, COIBOT, Duration::from_millis(150)).await);
    let text = lines.join("\n").replace('\u{200d}', "");
    let bare = text.strip_prefix(&format!("{}: ", person.nick()));
    Ok(bare.map(str::to_owned).unwrap_or(text))
}

/// A new one knows nothing of who has asked how often.
async fn restart(sender: &mut Sender, person: &mut IrcPerson) -> Result<()> {
    sender.stop().await?;
    sender.again(0)?;
    arrives(person, COIBOT).await
}

#[tokio::test]
async fn what_was_hidden_since_it_was_found_is_told_nowhere_and_the_rest_is() -> Result<()> {
    let (ircd, receiver) = (Ircd::start(Kind::Ngircd).await?, Receiver::start().await?);
    let hook = json!({ "type": "webhook", "url": receiver.url() });
    let scene = CoiFeeds::new(json!([feed("spam", irc(&ircd, "#spam")), feed("hook", hook)])).await?;
    let (coi, world) = (&scene.coi, &scene.coi.world);
    let listed = "INSERT INTO list_entry (job, wiki, list, user_name, page, added_by, added_at, reason) \
                  VALUES ('coi-report', '*', 'ml', '', 'monitored.example', 'Admin', NOW(), 'a test')";
    world.execute(listed).await?;
    let revs = scene
        .edit(&[
            ("Openly", "Openly", "A saint."),
            ("Somebody", "Bridges", "https://monitored.example/bridges"),
            ("Oldname", "Lakes", "https://monitored.example/lakes"),
            ("Secrettext", "Secrettext", "A song."),
            ("Secretuser", "Secretuser", "A song."),
            ("Secretpage", "Secretpage", "Not notable."),
            ("Quietuser", "Quietuser", "A company."),
            ("Quiethost", "Hinges", "https://quiethost.example/x"),
            ("Someone", "Rivers", "https://quiet.monitored.example/y"),
        ])
        .await?;
    scene.job().without("WIKICREW_FEED_HOSTS").run_ok().await?;
    assert_eq!(queue_told(&scene).await?, "hook waiting 9, spam waiting 9");

    // Nobody can say what may be told, so nothing is.
    let is_down = silence(&scene);
    let mut ann = ircd.person("Ann").await?;
    ann.join("#spam").await?;
    let authority = Certificates::get().authority();
    let job = scene
        .job()
        .env("WIKICREW_FEED_HOSTS", "127.0.0.1,localhost")
        .env("WIKICREW_WEBHOOK_KEY", KEY)
        .env("SSL_CERT_FILE", &authority.to_string_lossy());
    let mut sender = Sender::start(&job)?;
    arrives(&mut ann, COIBOT).await?;
    while queue(&scene).await?.iter().any(|row| row.tries == 0) {
        ensure!(sender.health().await? == 0, "{}", sender.log());
    }
    silent(&mut ann, COIBOT, Duration::from_millis(100)).await?;
    assert_eq!(receiver.posted().len(), 0);
    assert_eq!(queue_told(&scene).await?, "hook waiting 9, spam waiting 9");
    sender.stop().await?;

    // The newest text of a page cannot be hidden.
    scene.edit(&[("Openly", "Secrettext", "A hymn.")]).await?;
    let hider = coi.oversighter().await?;
    hider.suppress_revision(revs[3], "content").await?;
    hider.hide_revision(revs[4], "user").await?;
    world.admin.delete(&coi.exact("Secretpage"), "not notable").await?;
    world
        .admin
        .rename_user(&coi.exact("Oldname"), &coi.exact("Freshname"))
        .await?;
    for (what, name) in [
        ("user", coi.exact("Quietuser").as_str()),
        ("host", "quiethost.example"),
        ("host", "quiet.monitored.example"),
    ] {
        let args = [
            "suppress",
            "add",
            what,
            name,
            "--by",
            "Olga",
            "--reason",
            "asked by mail",
        ];
        scene.job().args(&args).run_ok().await?;
    }
    is_down.store(false, Ordering::SeqCst);
    // The wiki is asked again after a minute; of an edit that it does not know the younger five may not have arrived.
    sender.again(400)?;
    arrives(&mut ann, COIBOT).await?;
    let lines = told(&mut ann, COIBOT, 3).await?;
    until_queue(&scene, "hook sent 3, hook withheld 6, spam sent 3, spam withheld 6").await?;
    let found: Vec<u64> = lines.iter().map(|line| diff_in(line)).collect::<Result<_>>()?;
    assert_eq!(found, revs[..3]);
    is_clean("the channel", &lines.join("\n"))?;
    assert!(
        lines[2].replace('\u{200d}', "").contains(&coi.exact("Freshname")),
        "{lines:#?}"
    );
    let posted = receiver.posted();
    assert_eq!(posted.len(), 3);
    for one in &posted {
        is_clean("the webhook", &one.checked(KEY)?.to_string())?;
    }
    is_clean("the log", &sender.log())?;

    // Whoever asks for it by name hears what is said of somebody unknown.
    let unknown = coi.exact("Unknown");
    let no_hits = answer(&mut ann, &format!("report user {unknown}")).await?;
    assert!(no_hits.contains("no hits"), "{no_hits}");
    for name in ["Secrettext", "Secretuser", "Secretpage", "Quietuser", "Oldname"] {
        let name = coi.exact(name);
        let said = answer(&mut ann, &format!("report user {name}")).await?;
        assert_eq!(said, no_hits.replace(&unknown, &name));
    }
    restart(&mut sender, &mut ann).await?;
    let no_links = answer(&mut ann, &format!("links {unknown}")).await?;
    for name in ["Quiethost", "Someone", "Oldname"].map(|name| coi.exact(name)) {
        let said = answer(&mut ann, &format!("links {name}")).await?;
        assert_eq!(said, no_links.replace(&unknown, &name));
    }
    let no_hits = answer(&mut ann, "report link unknown.example").await?;
    let said = answer(&mut ann, "report link quiethost.example").await?;
    assert_eq!(said, no_hits.replace("unknown", "quiethost"));
    restart(&mut sender, &mut ann).await?;
    for (command, is_told) in [
        ("report link monitored.example", ["Bridges", "Freshname"]),
        ("links monitored.example", ["/bridges", "/lakes"]),
        ("report 20", ["Openly", "Freshname"]),
    ] {
        let said = answer(&mut ann, command).await?;
        is_clean(command, &said)?;
        for part in is_told {
            assert!(said.contains(part), "{command} does not tell {part}: {said}");
        }
    }
    sender.stop().await?;
    Ok(())
}
