//! The commands that people type: what they print, their exit codes, and that they write nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use wikicrew_tests::calls::Calls;
use wikicrew_tests::coop::Coop;
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::run::Job;
use wikicrew_tests::settings::page_around;

/// A file that goes with its value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, text: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("wikicrew-commands-{}-{name}", std::process::id()));
        std::fs::write(&path, text)?;
        Ok(Self(path))
    }

    fn path(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn lines_of_json(text: &str) -> Result<Vec<Value>> {
    text.lines()
        .map(|line| serde_json::from_str(line).with_context(|| line.to_owned()))
        .collect()
}

#[tokio::test]
async fn history_tells_of_the_past_and_explain_of_one_page() -> Result<()> {
    let coop = Coop::new().await?;
    let proxy = FaultProxy::start(&coop.world.wiki.api).await?;
    let ask = async |args: &[&str], code: i32| coop.matchbot().through(&proxy).args(args).run_to(code).await;
    let mia = coop.add_mentor("Mia", &["writing"]).await?;
    let gone = coop.add_mentor("Gone", &["writing", "optout"]).await?;
    let blocked = coop.add_mentor("Blocked", &["general"]).await?;
    coop.world.admin.block(blocked.name()).await?;
    let lea = coop.add_learner("Lea", "writing").await?;
    let nell = coop.add_learner("Nell", "communication").await?;

    // Before the first run: with whom it could be.
    let run = ask(&["explain", &lea.profile], 0).await?;
    assert!(
        run.stdout
            .contains(&format!("It is in {}.", coop.skill("writing")?.request)),
        "{run}"
    );
    assert!(
        run.stdout
            .contains(&format!("Available mentors with the skill: {}.", mia.name())),
        "{run}"
    );
    assert!(
        run.stdout
            .contains(&format!("not {}: takes no new learners", gone.name())),
        "{run}"
    );
    assert!(
        run.stdout.contains("Available mentors with general skills: nobody."),
        "{run}"
    );
    assert!(
        run.stdout.contains(&format!("not {}: is blocked", blocked.name())),
        "{run}"
    );

    coop.matchbot().through(&proxy).run_ok().await?;
    let run = ask(&["explain", &lea.profile], 0).await?;
    assert!(
        run.stdout.contains("was answered")
            && run
                .stdout
                .contains(&format!("It was matched with {} on 20", mia.name())),
        "{run}"
    );
    let run = ask(&["explain", &nell.profile], 0).await?;
    assert!(
        run.stdout.contains("greeted without a match") && run.stdout.contains(coop.maintainer.name()),
        "{run}"
    );
    let run = ask(&["--json", "explain", &nell.profile], 0).await?;
    let told: Value = serde_json::from_str(&run.stdout)?;
    assert!(told["lines"].as_array().is_some_and(|lines| lines.len() > 2), "{run}");

    // Skipped, and why.
    let otto = coop.add_learner("Otto", "writing").await?;
    coop.world.admin.append(&otto.profile, "{{nobots}}", "").await?;
    coop.matchbot().through(&proxy).run_ok().await?;
    let run = ask(&["explain", &otto.profile], 0).await?;
    assert!(
        run.stdout.contains("waits for a person") && run.stdout.contains("It is skipped: "),
        "{run}"
    );
    assert!(
        run.stdout.contains("asks bots to stay away") && run.stdout.contains("What to do: "),
        "{run}"
    );
    for (page, says) in [
        ("Wikipedia:Village pump", "is no profile"),
        ("A|B", ""),
        (&format!("{}/Nobody", coop.main), "does not exist"),
    ] {
        let run = ask(&["explain", page], 1).await?;
        assert!(run.says(says), "{page}: {run}");
    }

    let all = ask(&["history"], 0).await?.stdout;
    assert_eq!(all.lines().count(), 2, "{all}");
    let of_lea = ask(&["history", "--learner", lea.name()], 0).await?.stdout;
    let revid = coop.world.admin.history(&lea.talk).await?[0].revid;
    let category = coop.skill("writing")?.request.replacen("Category:", "", 1);
    let wanted = format!(
        "{} matched with {}  {category}  revision {revid}",
        lea.name(),
        mia.name()
    );
    assert!(
        of_lea.lines().count() == 1 && of_lea.contains(&wanted),
        "{wanted}\n{of_lea}"
    );
    let of_maintainer = ask(&["history", "--mentor", coop.maintainer.name()], 0).await?.stdout;
    assert!(
        of_maintainer.lines().count() == 1 && of_maintainer.contains(&format!("{} no match, named", nell.name())),
        "{of_maintainer}"
    );
    let json = lines_of_json(&ask(&["--json", "history", "--learner", lea.name()], 0).await?.stdout)?;
    assert_eq!(
        (&json[0]["learner"], &json[0]["mentor"], &json[0]["matchmade"]),
        (&json!(lea.name()), &json!(mia.name()), &json!(true))
    );
    assert_eq!((json.len(), json[0]["revid"].as_u64()), (1, Some(revid)));
    assert_eq!(
        ask(&["history", "--learner", gone.name()], 0).await?.stdout,
        "No greetings.\n"
    );
    assert!(
        ask(&["history", "--learner", "Nobody at all"], 1)
            .await?
            .says("there is no user")
    );
    assert_eq!(ask(&["history", "--limit", "1"], 0).await?.stdout.lines().count(), 1);

    // None of it wrote anything.
    let before = coop.world.row_counts().await?;
    proxy.forget();
    ask(&["explain", &lea.profile], 0).await?;
    ask(&["history"], 0).await?;
    assert!(proxy.calls().writes().is_empty(), "{}", proxy.calls().told());
    assert_eq!(coop.world.row_counts().await?, before);
    Ok(())
}

#[tokio::test]
async fn show_settings_tells_what_a_run_would_work_with() -> Result<()> {
    let coop = Coop::new().await?;
    let show = async |args: &[&str], code: i32| coop.matchbot().args(args).args(&["show-settings"]).run_to(code).await;
    let run = show(&[], 0).await?;
    let title = coop.settings_title();
    assert!(
        run.stdout.starts_with(&format!("{title}, revision ")) && run.stdout.contains(": in force"),
        "{run}"
    );
    for skill in &coop.skills {
        let line = format!("{}: {} -> {}", skill.name, skill.request, skill.mentors);
        assert!(run.stdout.contains(&line), "{line} in {run}");
    }
    let json: Value = serde_json::from_str(&show(&["--json"], 0).await?.stdout)?;
    assert_eq!(
        (&json["title"], &json["state"], &json["yaml"]),
        (&json!(title), &json!("in force"), &json!(coop.settings.yaml()))
    );

    coop.save_settings(&coop.settings.clone().set("enabled", false)).await?;
    assert!(show(&[], 0).await?.stdout.contains("off (enabled: false)"));
    coop.save_settings(&coop.settings.clone().set("optuot", 1)).await?;
    let run = show(&[], 1).await?;
    assert!(
        run.stdout.contains(": rejected") && run.stdout.contains("optuot"),
        "{run}"
    );
    coop.world.admin.protect(&title, "all", "infinite", false).await?;
    let run = show(&[], 1).await?;
    assert!(
        run.stdout.contains("not obeyed: ") && run.stdout.contains("is not protected"),
        "{run}"
    );
    assert_eq!(coop.world.row_counts().await?, "");
    Ok(())
}

/// The original's `config.json.sample`, word for word where it matters: five skills for six categories.
fn original_sample() -> String {
    let skills = [
        "best practices",
        "communication",
        "writing",
        "general editing skills",
        "technical editing",
    ];
    let requests = [
        "Best practices",
        "Communication",
        "Writing",
        "Other",
        "Technical editing",
        "Images and media",
    ];
    let mentors = [
        "best practice skills",
        "communication skills",
        "writing skills",
        "general editing skills",
        "technical editing skills",
        "multimedia skills",
    ];
    json!({
        "categories": {
            "general": "Category:Co-op mentors with general editing skills",
            "optout": "Category:Co-op mentor not taking new requests",
            "skillslist": skills,
            "requestcategories": requests.map(|name| format!("Category:Co-op/Requests/{name}")),
            "mentorcategories": mentors.map(|name| format!("Category:Co-op mentors with {name}")),
        },
        "dbinfo": { "dbname": "DATABASENAME", "host": "DATABASEHOST", "username": "DATABASEUSERNAME", "password": "DATABASEPASSWORD" },
        "defaultmentorprofile": "Wikipedia:Co-op/DEFAULT",
        "greetings": {
            "matchtopic": "Welcome to the Co-op! We have a mentor for you.",
            "matchgreeting": "Thank you for your interest in the Co-op. [[User:{0}|{0}]] has listed \"{1}\" in their mentorship profile. Leave them a message on their talk page and see if you want to work together!",
            "nomatchtopic": "Welcome to the Co-op!",
            "nomatchgreeting": "Sorry, we don't have a match for you. [[User:{0}|{0}]] will be in touch with you to find you one.",
            "noflowtemplate": "\n\n=={0}==\nHello, [[User:{1}|{1}]]! {2} ~~~~",
        },
        "login": { "protocol": "https", "site": "test.wikipedia.org", "username": "YOURBOTNAME", "password": "YOURBOTPASSWORD", "useragent": "MatchBot, based on mwclient v0.7.2dev. Run by User:YOURNAME, YOUREMAIL" },
        "pages": { "main": "Wikipedia:Co-op", "talk": "Wikipedia talk:Co-op" },
        "help": "See README",
    })
    .to_string()
}

fn offline(args: &[&str]) -> Job {
    Job::new("matchbot").args(args)
}

/// The built binary fed by a shell.
fn piped(args: &str, file: &Scratch) -> Result<Job> {
    let test = std::env::current_exe()?;
    let folder = test.parent().and_then(Path::parent).context("no target folder")?;
    let script = format!(
        "exec '{}' {args} < '{}'",
        folder.join("matchbot").display(),
        file.path()
    );
    Ok(Job::new("matchbot").program("/bin/sh").args(&["-c", &script]))
}

#[tokio::test]
async fn an_old_configuration_becomes_a_page_that_can_be_checked() -> Result<()> {
    let sample = Scratch::new("sample.json", &original_sample())?;
    let run = offline(&["import-config", &sample.path()]).run_to(1).await?;
    assert!(
        run.stderr
            .contains("skillslist has 5, requestcategories 6, mentorcategories 6"),
        "{run}"
    );
    assert!(
        run.stderr.contains("left out: login") && run.stderr.contains("WIKICREW_BOT_PASSWORD"),
        "{run}"
    );
    assert!(
        run.stderr.contains("left out: dbinfo") && run.stderr.contains("WIKICREW_DATABASE_URL"),
        "{run}"
    );
    for secret in ["YOURBOTPASSWORD", "DATABASEPASSWORD", "DATABASEHOST"] {
        assert!(!run.says(secret), "{secret}: {run}");
    }
    // The page is printed all the same; the check finds the same fault.
    let page = Scratch::new("page.wiki", &run.stdout)?;
    let check = offline(&["check-settings", &page.path()]).run_to(1).await?;
    assert!(
        check.stdout.contains("skillslist has 5") && check.stdout.contains("would be rejected"),
        "{check}"
    );

    let mended = run.stdout.replacen(
        "    - \"technical editing\"\n",
        "    - \"technical editing\"\n    - \"images and media\"\n",
        1,
    );
    let mended = Scratch::new("mended.wiki", &mended)?;
    offline(&["check-settings", &mended.path()]).run_ok().await?;
    let run = piped("check-settings", &mended)?.run_ok().await?;
    assert!(run.stdout.contains("These settings would be accepted."), "{run}");
    let run = piped("import-config -", &sample)?.run_to(1).await?;
    assert!(run.stdout.contains("<pre>"), "{run}");

    let wrong = Scratch::new("wrong.wiki", &page_around("enabled: yes please\ncategoreis: 1\n"))?;
    let run = piped("--json check-settings -", &wrong)?.run_to(1).await?;
    let told: Value = serde_json::from_str(&run.stdout)?;
    assert_eq!(told["accepted"], false);
    let problems = told["problems"].to_string();
    assert!(
        problems.contains("enabled") && problems.contains("categories"),
        "{problems}"
    );
    for missing in ["check-settings", "import-config"] {
        let run = offline(&[missing, "/nowhere/at all"]).run_to(1).await?;
        assert!(run.says("/nowhere/at all"), "{run}");
    }
    let broken = Scratch::new("broken.json", "{ \"categories\": ")?;
    assert!(
        offline(&["import-config", &broken.path()])
            .run_to(1)
            .await?
            .says("is not JSON")
    );
    let example = wikicrew_tests::sandbox::root().join("bins/matchbot/settings.example.wiki");
    offline(&["check-settings", &example.to_string_lossy()])
        .run_ok()
        .await?;
    Ok(())
}

#[tokio::test]
async fn the_classic_log_files_are_written_beside_the_log() -> Result<()> {
    let coop = Coop::new().await?;
    coop.add_mentor("Mia", &["writing"]).await?;
    coop.add_learner("Lea", "writing").await?;
    let folder = std::env::temp_dir().join(format!("wikicrew-logs-{}", coop.world.prefix));
    let logged = |offset: i64| {
        coop.matchbot()
            .args(&["--log-dir", &folder.to_string_lossy()])
            .later(offset)
    };
    logged(0).run_ok().await?;
    logged(300).run_ok().await?;
    coop.save_settings(&coop.settings.clone().set("optuot", 1)).await?;
    logged(600).run_to(78).await?;
    let log = std::fs::read_to_string(folder.join("matchbot.log"))?;
    let lines: Vec<Vec<&str>> = log.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), 3, "{log}");
    assert_eq!(
        (lines[0][0], &lines[0][2..5]),
        ("INFO", ["Edited: True", "Wrote DB: True", "Errors: False"].as_slice())
    );
    assert_eq!(
        &lines[1][2..5],
        ["Edited: False", "Wrote DB: False", "Errors: False"],
        "an idle run"
    );
    assert_eq!(lines[2][4], "Errors: True");
    let time = lines[0][1];
    assert!(
        time.len() == "2015-01-01 01:00:45.650401".len() && time.as_bytes()[19] == b'.',
        "{time}"
    );
    assert!(
        lines[0].contains(&"greeted=1") && lines[0].contains(&"matched=1"),
        "{log}"
    );
    let errors = std::fs::read_to_string(folder.join("matchbot_errors.log"))?;
    assert!(
        errors.lines().count() == 1 && errors.contains(" - ERROR - ") && errors.contains("optuot"),
        "{errors}"
    );
    std::fs::remove_dir_all(&folder)?;

    // As JSON: every line of the log is an object.
    let json = coop.matchbot().args(&["--json"]).later(900).run_ok().await?;
    for line in lines_of_json(&json.stderr)? {
        assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
    }
    Ok(())
}
