//! What people write on pages asks for reports: summary templates that are new on a watched page, under every name that
//! the wiki has for them, each once; on the poke page only by those who may. What is shown as an example, brought back or
//! was there before asks for nothing.

use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use wikicrew_tests::api::Api;
use wikicrew_tests::reports::Reports;
use wikicrew_tests::sandbox::NewPage;

use crate::seen::number;

/// A world that watches these pages of it.
async fn watching(pages: &[&str], more: Value) -> Result<Reports> {
    let reports = Reports::with(json!({})).await?;
    let pages: Vec<String> = pages.iter().map(|page| reports.own(page)).collect();
    let own = |name: &str| reports.own(name);
    let mut settings = reports
        .settings
        .clone()
        .set("watched_pages", json!(pages))
        .set("templates.link", json!(["LinkSummary", "Link summary", own("Linked")]));
    for (key, value) in more.as_object().context("settings are an object")? {
        settings = settings.set(key, value.clone());
    }
    reports.save_settings(&settings).await?;
    Ok(reports)
}

/// Kind, subject and requester of everything that was asked for, in its order.
async fn asked(reports: &Reports) -> Result<Vec<String>> {
    let asks = reports.asks().await?;
    let told = asks
        .iter()
        .map(|ask| format!("{} {} by {}", ask.kind, ask.subject, ask.requester));
    Ok(told.collect())
}

async fn undo(api: &Api, title: &str, rev: u64) -> Result<u64> {
    let done = [("action", "edit"), ("title", title), ("undo", &rev.to_string())];
    let answer = api.write(&done).await?;
    answer["edit"]["newrevid"].as_u64().with_context(|| answer.to_string())
}

async fn rollback(api: &Api, title: &str, user: &str) -> Result<()> {
    let tokens = [("action", "query"), ("meta", "tokens"), ("type", "rollback")];
    let token = api.get(&tokens).await?["query"]["tokens"]["rollbacktoken"].clone();
    let token = token.as_str().context("no token")?;
    let done = [
        ("action", "rollback"),
        ("title", title),
        ("user", user),
        ("token", token),
    ];
    api.post(&done).await.map(drop)
}

#[tokio::test]
async fn summary_templates_that_are_new_on_a_watched_page_ask_each_once() -> Result<()> {
    let reports = watching(&["Project talk:Spam", "Talk:Later"], json!({})).await?;
    let (spam, later) = (reports.own("Project talk:Spam"), reports.own("Talk:Later"));
    let (ann, bob) = (reports.person("Ann").await?, reports.person("Bob").await?);
    let own = |text: &str| {
        reports
            .hosts(text)
            .replace("OWN ", &format!("{} ", reports.world.prefix))
    };
    let transcluded = own("{{LinkSummary|transcluded.example}}");
    reports
        .world
        .load(&[
            NewPage::new(&reports.own("Template:Linked"), "Link {{{1}}}"),
            NewPage::new(&reports.own("Template:Ls"), &own("#REDIRECT [[Template:OWN Linked]]")),
            NewPage::new(&reports.own("Project talk:Other"), &transcluded),
            NewPage::new(&spam, &own("{{LinkSummary|before.example}}\n")),
        ])
        .await?;
    reports
        .additions(&[
            ("Eve", "Rivers", "https://shop.example/1"),
            ("Eve", "Lakes", "https://other.example/2"),
            ("192.0.2.9", "Lakes", "https://other.example/3"),
        ])
        .await?;
    let run = reports.run().await?;
    assert_eq!(number(&run, "asked")?, 0, "the first look asks for nothing\n{run}");

    // All kinds and names, some on one line, one of them twice; and what is none.
    let text = own(
        "{{LinkSummary|shop.example}} {{link_summary|1=WWW.other.example}} {{linkSummary|shop.example.}}\n\
         * {{ UserSummary | OWN Eve }}: {{IPSummary|192.0.2.9}}, {{User summary|192.0.2.0/24}}\n\
         * {{OWN Linked|www.third.example}} {{Template:OWN Ls|http://fourth.example/a?b}} {{collapse|{{LinkSummary|fifth.example}}}}\n\
         {{LinkSummary|before.example}} {{:Project talk:OWN Other}} {{subst:void}}\n\
         <nowiki>{{LinkSummary|no.example}}</nowiki> <!-- {{LinkSummary|no.example}} --> <pre>{{LinkSummary|no.example}}</pre>\n\
         {{LinkSummary}} {{LinkSummary|}} {{LinkSummary|{{PAGENAME}}.example}} {{LinkSummaries|no.example}}\n\
         {{LinkSummary|co.uk}} {{IPSummary|nobody}} {{UserSummary|a/b}} {{LinkSummary|[[x]]}} {{LinkSummary|mailto:a@no.example}}\n",
    );
    ann.append(&spam, &text.replace("{{subst:void}}", ""), "").await?;
    // A page that nobody had made is read from its first word on; a guest may ask, too.
    bob.edit(&later, &own("{{LinkSummary|shop.example}}"), "").await?;
    let guest = Api::anonymous(&reports.world.wiki.api)?;
    let revid = guest.append(&later, &own(" {{IPSummary|192.0.2.9}}"), "").await?;
    let guest = reports.world.admin.history(&later).await?;
    let guest = guest
        .iter()
        .find(|edit| edit.revid == revid)
        .context("the guest's edit")?;
    let run = reports.run().await?;
    let wanted = [
        "link example.shop. by Ann",
        "link example.other. by Ann",
        "user Eve by Ann",
        "ip 192.0.2.9 by Ann",
        "range 192.0.2.0/24 by Ann",
        "link example.third. by Ann",
        "link example.fourth. by Ann",
        "link example.fifth. by Ann",
        // It stood there, in another line.
        "link example.before. by Ann",
        "link example.shop. by Bob",
        &format!("ip 192.0.2.9 by {}", guest.user),
    ];
    let (mut found, mut all) = (asked(&reports).await?, wanted.map(str::to_owned));
    found.sort();
    all.sort();
    assert_eq!(found, all, "{run}");
    assert_eq!((number(&run, "asked")?, number(&run, "refused")?), (11, 5), "{run}");
    // Each subject is one report; of what nothing is recorded there is none. One run serves nobody more than five times.
    let served = number(&run, "reports")? + number(&run, "unchanged")?;
    let run = reports.run().await?;
    let rest = number(&run, "reports")? + number(&run, "unchanged")?;
    assert_eq!((served, rest), (7, 2), "{run}");
    let mut pages = Vec::new();
    for (kind, name) in [
        ("link", "shop.example"),
        ("link", "other.example"),
        ("user", "Eve"),
        ("ip", "192.0.2.9"),
    ] {
        let title = reports.title(kind, name);
        pages.push(reports.saves(&title).await?);
        ensure!(reports.top_lines(&title).await?.len() == 3, "{title}");
    }
    assert_eq!(pages, [1, 1, 1, 1]);
    let outcomes = reports.asks().await?;
    assert!(outcomes.iter().all(|ask| ask.is_served), "{outcomes:?}");
    let of = |subject: &str| {
        outcomes
            .iter()
            .find(|ask| ask.subject == subject)
            .map(|ask| ask.outcome.clone())
    };
    assert_eq!(of("example.third.").as_deref(), Some("nothing"), "{outcomes:?}");

    // Nothing of it is new again, and nobody's report is saved again: taken away, put back, undone, rolled back. Who
    // writes it on another line asks.
    let before = reports.text(&spam).await?;
    bob.edit(&spam, "Archived.", "").await?;
    bob.edit(&spam, &before, "").await?;
    bob.append(&spam, &own("\n{{LinkSummary|shop.example}} again"), "")
        .await?;
    let run = reports.run().await?;
    assert_eq!(number(&run, "asked")?, 1, "{run}");
    assert_eq!(asked(&reports).await?.len(), 12);
    for person in [&ann, &bob] {
        assert_eq!(person.notifications().await?, []);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_brought_back_or_too_much_asks_for_nothing() -> Result<()> {
    let pages = [
        "Project talk:Undone",
        "Project talk:Rolled",
        "Project talk:Restored",
        "Project talk:Many",
        "Talk:Moved",
    ];
    let more = json!({ "publish": "off", "limits.per_requester": 12 });
    let reports = watching(&pages, more).await?;
    let [undone, rolled, restored, many, moved] = pages.map(|page| reports.own(page));
    let (ann, bob) = (reports.person("Ann").await?, reports.person("Bob").await?);
    let admin: &Arc<Api> = &reports.world.admin;
    let call = |host: &str| reports.hosts(&format!("{{{{LinkSummary|{host}.example}}}}"));

    // What was there and had been taken away before the job first looked.
    ann.edit(&undone, &call("undone"), "").await?;
    let taken = ann.edit(&undone, "Archived.", "").await?;
    admin.edit(&rolled, &call("rolled"), "").await?;
    bob.edit(&rolled, "Nothing.", "").await?;
    ann.edit(&restored, "Begin.", "").await?;
    ann.edit(&many, "Begin.", "").await?;
    let elsewhere = reports.own("Talk:Elsewhere");
    ann.edit(&elsewhere, &call("moved"), "").await?;
    let run = reports.run().await?;
    assert_eq!(number(&run, "asked")?, 0, "{run}");

    undo(&ann, &undone, taken).await?;
    let name = reports.own("Bob");
    rollback(admin, &rolled, &name).await?;
    ann.append(&restored, &call("restored"), "").await?;
    admin.delete(&restored, "a test").await?;
    admin.undelete(&restored, "a test").await?;
    admin.move_page(&elsewhere, &moved, true).await?;
    // An edit may ask 25 times, a person as often as the settings say, and for one and the same as often as one likes.
    let calls: String = (0..30).map(|n| call(&format!("many{n}"))).collect();
    ann.append(&many, &calls, "").await?;
    // What was restored in the second of a look counts as restored after it.
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let run = reports.run().await?;
    let (found, mut wanted) = (
        asked(&reports).await?,
        (0..12)
            .map(|n| format!("link example.many{n}. by Ann"))
            .collect::<Vec<_>>(),
    );
    // What one look finds is stored by subject.
    wanted.sort();
    assert_eq!(found, wanted, "{run}");
    assert_eq!((number(&run, "asked")?, number(&run, "refused")?), (12, 18), "{run}");

    // Where it was brought back, what is really new counts.
    for page in [&undone, &rolled, &restored, &moved] {
        bob.append(page, &call("new"), "").await?;
    }
    ann.append(&many, &call("extra"), "").await?;
    let run = reports.run().await?;
    assert_eq!((number(&run, "asked")?, number(&run, "refused")?), (4, 1), "{run}");
    let lines = asked(&reports).await?;
    assert_eq!(lines[12..], ["link example.new. by Bob"; 4].map(str::to_owned), "{run}");
    // Four requests for one report, and the bound of a person counts it once.
    let waiting = reports.by_hand(&["requests"]).await?;
    assert!(waiting.says("13 subjects wait, by 16 requests"), "{waiting}");
    Ok(())
}

#[tokio::test]
async fn on_the_poke_page_only_privileged_users_are_served() -> Result<()> {
    let reports = watching(&["Project talk:Spam"], json!({ "poke.groups": ["sysop"] })).await?;
    let own = |name: &str| reports.own(name);
    let settings = reports.settings.clone();
    let settings = settings
        .set("watched_pages", json!([own("Project talk:Spam")]))
        .set("poke", json!({ "users": [own("Named")], "groups": ["sysop"] }));
    reports.save_settings(&settings).await?;
    let poke = format!("User:{}/Poke", reports.world.bot.name);
    let admins = json!({ "groups": ["sysop"] });
    let demoted = reports.world.account("Demoted", admins.clone()).await?;
    let patroller = reports.world.account("Patroller", admins).await?;
    let (named, stranger) = (reports.person("Named").await?, reports.person("Stranger").await?);
    let (demoted, patroller) = (
        reports.world.login(&demoted).await?,
        reports.world.login(&patroller).await?,
    );
    let guest = Api::anonymous(&reports.world.wiki.api)?;
    let call = |host: &str| reports.hosts(&format!("\n{{{{LinkSummary|{host}.example}}}}"));
    named.edit(&poke, "Ask here.", "").await?;
    reports
        .additions(&[
            ("Eve", "Rivers", "https://named.example/"),
            ("Eve", "Lakes", "https://stranger.example/"),
            ("Eve", "Lakes", "https://demoted.example/"),
            ("Eve", "Lakes", "https://guest.example/"),
            ("Eve", "Seas", "https://patroller.example/"),
        ])
        .await?;
    reports.run().await?;

    for (who, host) in [
        (&stranger, "stranger"),
        (&named, "named"),
        (&demoted, "demoted"),
        (&guest, "guest"),
        (&patroller, "patroller"),
    ] {
        who.append(&poke, &call(host), "").await?;
    }
    reports.world.admin.set_groups(&own("Demoted"), "", "sysop").await?;
    let run = reports.run().await?;
    assert_eq!(
        asked(&reports).await?,
        ["link example.named. by Named", "link example.patroller. by Patroller"]
    );
    assert_eq!((number(&run, "asked")?, number(&run, "strangers")?), (2, 3), "{run}");
    assert_eq!(number(&run, "reports")?, 2, "{run}");
    let mut subjects: Vec<String> = reports
        .report_rows()
        .await?
        .into_iter()
        .map(|row| row.subject)
        .collect();
    subjects.sort();
    assert_eq!(subjects, ["example.named.", "example.patroller."]);
    let stood = reports
        .world
        .admin
        .text(&reports.title("link", "stranger.example"))
        .await?;
    assert_eq!(stood, None);

    // Whoever is privileged and moves a stranger's words about has not asked with them.
    let text = reports.text(&poke).await?;
    patroller.edit(&poke, &format!("== Today ==\n{text}"), "").await?;
    let run = reports.run().await?;
    assert_eq!((number(&run, "asked")?, number(&run, "strangers")?), (0, 0), "{run}");
    // Anywhere else a stranger may ask for the same.
    stranger.edit(&own("Project talk:Spam"), &call("stranger"), "").await?;
    let run = reports.run().await?;
    assert_eq!((number(&run, "asked")?, number(&run, "reports")?), (1, 1), "{run}");
    Ok(())
}
