//! A visit without an account, and what is asked of other wikis: accounts, blacklists, the list of wikis. On the
//! sandbox wiki where it has the extension, else on answers as the extensions give them.

use crate::sandbox::{account, admin, load, sql, unique, wiki};
use crate::server::{Reply, Server, config};
use serde_json::json;
use wikicrew_wiki::raw_edit::{Base, Body, Failed, RawEdit, raw_edit};
use wikicrew_wiki::{Config, Error, Session, Stop, blocked, matrix, people};

/// A visit that was given a password it must not use.
async fn visit(config: Config) -> Session {
    Session::visit(config, 1, Stop::new()).await.unwrap()
}

fn siteinfo(extension: &str) -> Reply {
    Reply::Json(json!({"batchcomplete": true, "query": {
        "general": {"sitename": "W", "server": "http://127.0.0.1", "lang": "en", "wikiid": "w",
            "generator": "MediaWiki 1.43.0"},
        "namespaces": {"0": {"id": 0, "name": "", "case": "first-letter"}},
        "extensions": [{"type": "other", "name": extension}]}}))
}

#[tokio::test]
async fn a_visit_tells_nothing_of_any_account_and_cannot_write() {
    let server = Server::start(|_| None).await;
    let mut given = config(&server.url);
    given.credentials = wikicrew_wiki::Credentials::OAuth2 {
        token: wikicrew_core::types::Secret::new("marked-token"),
    };
    for given in [config(&server.url), given] {
        let session = visit(given).await;
        assert!(session.is_visit() && session.account().is_empty());
        assert_eq!(session.counts().total, 1);
        session.get(&[("list", "users"), ("ususers", "A")]).await.unwrap();
        let edit = RawEdit {
            title: "A",
            body: Body::Append("x"),
            base: Base::CreateOnly,
            summary: "s",
            bot: false,
            minor: false,
            tag: None,
            assert_bot: false,
            start_timestamp: None,
            start_before: None,
        };
        let failed = raw_edit(&session, &edit).await.unwrap_err();
        assert!(
            matches!(failed, Failed::NotWritten(Error::ReadsOnly { .. })),
            "{failed}"
        );
    }
    let all = server.requests(|_| true);
    assert_eq!(all.len(), 4, "nothing but siteinfo and the read");
    for request in all {
        let text = format!("{request:?}").to_lowercase();
        for word in ["assert", "marked", "authorization", "cookie", "token", "\"bot"] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}

#[tokio::test]
async fn accounts_are_told_as_the_wiki_knows_them() {
    let config = account(&["bot"]);
    let session = visit(config.clone()).await;
    assert_eq!(session.site().dbname(), "enwiki");
    let name = config.account.as_str();
    let spelled = name.replace(' ', "_");
    sql(&format!(
        "UPDATE enwiki.user SET user_registration = NULL, user_editcount = 501 WHERE user_name = '{name}'"
    ));
    let missing = unique();
    let names = [
        name,
        &spelled,
        "192.0.2.1",
        "2001:db8::1",
        "",
        "a|b",
        "de>Alice",
        &missing,
    ];
    let facts = people::local(&session, &names).await.unwrap();
    assert_eq!(facts.len(), 2, "{facts:?}");
    assert_eq!(facts[name], facts[&spelled]);
    let of = &facts[name];
    assert_eq!((of.edits, of.registered, of.is_global), (Some(501), None, false));
    assert_eq!(of.groups, ["bot", "autoconfirmed"]);
    let admin = people::local(&session, &["admin"]).await.unwrap();
    assert!(admin["admin"].registered.is_some());
    assert!(!people::has_global(&session));
}

#[tokio::test]
async fn with_central_auth_the_global_figures_count() {
    let server = Server::start(|request| {
        if request.get("meta") == "siteinfo" {
            return Some(siteinfo("CentralAuth"));
        }
        let user = request.get("guiuser");
        Some(Reply::Json(match (request.get("list"), user) {
            ("users", _) => json!({"batchcomplete": true, "query": {"users": [
                {"userid": 4, "name": "Alice", "editcount": 3, "registration": "2026-10-01T00:00:00Z",
                    "groups": ["uploader", "*", "user"]},
                {"userid": 5, "name": "Bob", "editcount": 9, "registration": null, "groups": ["*", "user"]},
                {"userid": 6, "name": "Carol", "editcount": 1, "registration": null, "groups": []},
                {"userid": 7, "name": "Dave", "hidden": true, "editcount": 1, "groups": []},
                {"name": "Eve", "missing": true}]}}),
            (_, "Alice") => json!({"batchcomplete": true, "query": {"globaluserinfo": {"home": "dewiki", "id": 77,
                "registration": "2008-05-01T01:02:03Z", "name": "Alice", "groups": ["global-rollbacker", "uploader"],
                "editcount": 40000}}}),
            (_, "Bob") => json!({"batchcomplete": true, "query": {"globaluserinfo": {"missing": true}}}),
            (_, "Carol") => json!({"error": {"code": "baduser", "info": "Invalid value."}}),
            _ => json!({"error": {"code": "unexpected", "info": user}}),
        }))
    })
    .await;
    let session = visit(config(&server.url)).await;
    assert!(people::has_global(&session));
    let facts = people::local(&session, &["Alice", "Bob", "Carol", "Dave", "Eve"])
        .await
        .unwrap();
    assert_eq!(facts.len(), 3, "{facts:?}");
    assert_eq!((facts["Alice"].edits, facts["Alice"].is_global), (Some(3), false));
    let global = people::global(&session, "Alice").await.unwrap().unwrap();
    assert_eq!(global.groups, ["global-rollbacker", "uploader"]);
    let alice = people::joined(&facts["Alice"], &global);
    assert_eq!((alice.edits, alice.is_global), (Some(40000), true));
    assert_eq!(alice.registered, "2008-05-01T01:02:03Z".parse().ok());
    assert_eq!(alice.groups, ["uploader", "global-rollbacker"]);
    for (name, edits) in [("Bob", 9), ("Carol", 1)] {
        assert_eq!(
            (facts[name].edits, facts[name].is_global),
            (Some(edits), false),
            "{name}"
        );
        assert_eq!(people::global(&session, name).await.unwrap(), None, "{name}");
    }
}

#[tokio::test]
async fn the_wiki_says_which_addresses_its_blacklist_stops() {
    let title = "MediaWiki:Spam-blacklist";
    let (one, two) = (unique().to_lowercase(), unique().to_lowercase());
    let lists = admin(&[
        "action=query",
        "prop=revisions",
        "rvprop=content",
        "rvslots=main",
        &format!("titles={title}"),
    ]);
    let old = lists["query"]["pages"][0]["revisions"][0]["slots"]["main"]["content"].as_str();
    let text = format!("{}\n{one}\\.example\n{two}\\.example\\/bad", old.unwrap_or_default());
    load(&[json!({"title": title, "text": text})]);
    let config = account(&[]);
    let session = visit(config).await;

    let plain: Vec<String> = (0..60).map(|i| format!("https://fine{i}.example/?a|b")).collect();
    let bad = format!("https://www.{one}.example/x|y?q=ä");
    let also = format!("http://{two}.example/bad/page");
    let near = format!("http://{two}.example/good?u={one}.example");
    let mut urls: Vec<&str> = plain.iter().map(String::as_str).collect();
    urls.extend([bad.as_str(), &also, &also, &near]);
    let found = blocked::spam_blacklist(&session, &urls).await.unwrap();
    let mut stopped: Vec<&str> = found.keys().map(String::as_str).collect();
    stopped.sort_unstable();
    let mut expected = [bad.as_str(), &also];
    expected.sort_unstable();
    assert_eq!(stopped, expected, "{found:?}");
    assert_eq!(found[&bad], [format!("{one}.example")]);
    assert_eq!(found[&also], [format!("{two}.example/bad")]);
    // Siteinfo, two batches, and three addresses that hold what matched.
    assert_eq!(session.counts().total, 6);

    let nobody = Server::start(|_| None).await;
    let session = visit(crate::server::config(&nobody.url)).await;
    assert!(blocked::spam_blacklist(&session, &urls).await.unwrap().is_empty());
    assert_eq!(session.counts().total, 1, "a wiki without the extension is not asked");
}

#[tokio::test]
async fn a_list_with_holes_is_a_list() {
    let server = Server::start(|request| {
        if request.get("meta") == "siteinfo" {
            return Some(siteinfo("SpamBlacklist"));
        }
        Some(Reply::Json(
            json!({"spamblacklist": {"result": "blacklisted", "matches": {"0": "a.example", "2": "b.example"}}}),
        ))
    })
    .await;
    let session = visit(config(&server.url)).await;
    let found = blocked::spam_blacklist(&session, &["http://a.example/?b.example"]).await;
    assert_eq!(
        found.unwrap()["http://a.example/?b.example"],
        ["a.example", "b.example"]
    );
}

#[tokio::test]
async fn the_list_of_wikis_is_read_as_the_farm_tells_it() {
    let server = Server::start(|request| {
        request.is("sitematrix").then(|| {
            Reply::Json(json!({"sitematrix": {"count": 5,
                "0": {"site": [{"url": "https://aa.wikipedia.org", "dbname": "aawiki", "closed": true},
                    {"url": "https://aa.wiktionary.org", "dbname": "aawiktionary"}]},
                "10": {"site": [{"url": "https://de.wikipedia.org", "dbname": "dewiki"}]},
                "2": {"site": []},
                "specials": [{"url": "https://board.wikimedia.org", "dbname": "boardwiki", "private": true},
                    {"url": "https://foundation.wikimedia.org", "dbname": "foundationwiki", "fishbowl": true}]}}))
        })
    })
    .await;
    let session = visit(config(&server.url)).await;
    let places = matrix::sitematrix(&session).await.unwrap();
    let names: Vec<_> = places
        .iter()
        .map(|p| (p.dbname.as_str(), p.closed, p.private, p.fishbowl))
        .collect();
    assert_eq!(
        names,
        [
            ("aawiki", true, false, false),
            ("aawiktionary", false, false, false),
            ("dewiki", false, false, false),
            ("boardwiki", false, true, false),
            ("foundationwiki", false, false, true)
        ]
    );
    assert_eq!(places[2].url, "https://de.wikipedia.org");
    assert_eq!(places[2].api_url, "https://de.wikipedia.org/w/api.php");

    let mut real = account(&[]);
    real.api_url = wiki("en")["api"].as_str().unwrap().to_owned();
    let session = visit(real).await;
    let none = matrix::sitematrix(&session).await.unwrap_err();
    assert_eq!(none.code(), Some("badvalue"), "{none}");
    let prefixes = matrix::interwiki(&session).await.unwrap();
    let commons = prefixes.iter().find(|(prefix, _)| prefix == "commons").unwrap();
    assert_eq!(commons.1, "https://commons.wikimedia.org/wiki/$1");
}
