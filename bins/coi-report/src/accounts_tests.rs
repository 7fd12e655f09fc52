//! Who is asked for, how often: on answers as MediaWiki and CentralAuth give them.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use serde_json::{Value, json};
use shared::core::types::Secret;
use shared::db::{Access, DbConfig};
use shared::wiki::{Config, Credentials, Stop};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Questions about local and about global accounts.
#[derive(Default)]
struct Asked {
    local: AtomicUsize,
    global: AtomicUsize,
}

/// What the wiki knows: Newbie is an old hand elsewhere, Local has no global account, Settled is an old hand here.
fn answer(asked: &Asked, request: &str) -> Value {
    if request.contains("globaluserinfo") {
        asked.global.fetch_add(1, Ordering::SeqCst);
        let info = match request.contains("guiuser=Newbie") {
            true => json!({"id": 7, "name": "Newbie", "editcount": 40_000, "registration": "2008-05-01T01:02:03Z",
                "groups": ["steward"]}),
            false => json!({"missing": true}),
        };
        return json!({"batchcomplete": true, "query": {"globaluserinfo": info}});
    }
    if request.contains("ususers=") {
        asked.local.fetch_add(1, Ordering::SeqCst);
        let users = [("Newbie", 3), ("Local", 4), ("Settled", 5_000)].map(|(name, edits)| {
            json!({"userid": edits, "name": name, "editcount": edits, "registration": "2026-01-01T00:00:00Z",
                "groups": []})
        });
        let users: Vec<&Value> = users
            .iter()
            .filter(|user| request.contains(user["name"].as_str().unwrap()))
            .collect();
        return json!({"batchcomplete": true, "query": {"users": users}});
    }
    json!({"batchcomplete": true, "query": {
        "general": {"sitename": "W", "server": "http://127.0.0.1", "lang": "en", "wikiid": "w",
            "generator": "MediaWiki 1.43.0"},
        "namespaces": {"0": {"id": 0, "name": "", "case": "first-letter"}},
        "extensions": [{"type": "other", "name": "CentralAuth"}]}})
}

/// A session on such a wiki.
async fn wiki(asked: &Arc<Asked>) -> Session {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api_url = format!("http://{}/w/api.php", listener.local_addr().unwrap());
    let asked = Arc::clone(asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            let is_whole = |request: &[u8]| {
                let text = String::from_utf8_lossy(request);
                let (head, body) = text.split_once("\r\n\r\n")?;
                let length = head.to_lowercase();
                let length = length
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
                (body.len() >= length.unwrap_or(0)).then_some(())
            };
            while is_whole(&request).is_none() {
                if !matches!(stream.read_buf(&mut request).await, Ok(n) if n > 0) {
                    break;
                }
            }
            let body = answer(&asked, &String::from_utf8_lossy(&request)).to_string();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all((head + &body).as_bytes()).await;
        }
    });
    let config = Config {
        api_url,
        user_agent: "WikicrewTest/1 (https://example.org)".to_owned(),
        account: "Bot".to_owned(),
        credentials: Credentials::OAuth2 {
            token: Secret::new("unused"),
        },
        allowed_hosts: Vec::new(),
        timing: shared::wiki::Timing::default(),
        proxy_from_env: false,
        wiki_key: None,
    };
    Session::visit(config, 1, Stop::new()).await.unwrap()
}

#[tokio::test]
async fn the_global_account_is_asked_for_once_and_only_where_something_depends_on_it() {
    let asked = Arc::new(Asked::default());
    let session = wiki(&asked).await;
    // No database is there, and none is asked: what it knows of the realm was read before.
    let config = DbConfig::from_url("mysql://nobody:x@127.0.0.1:1/nothing").unwrap();
    let db = Db::new(config, Access::ReadOnly, shared::db::Timing::default(), 1).unwrap();
    let now = "2026-11-20T10:00:00Z".parse().unwrap();
    let accounts = Accounts::new(&db, "coi-report", now);
    accounts
        .known()
        .realms
        .insert(realm_of(&session.wiki_id()), Realm::default());
    let is_enough = |_: &str, facts: &UserFacts| facts.edits > Some(500);
    let counts = || [&asked.local, &asked.global].map(|count| count.load(Ordering::SeqCst));

    let facts = accounts
        .facts(&session, &["Settled", "Nobody"], is_enough)
        .await
        .unwrap();
    assert_eq!(facts.len(), 1);
    assert_eq!(
        (facts["Settled"].edits, facts["Settled"].is_global),
        (Some(5_000), false)
    );
    assert_eq!(counts(), [1, 0], "an old hand here is one everywhere");
    for _ in 0..2 {
        let names = ["Newbie", "Local", "Settled", "Nobody"];
        let facts = accounts.clone().facts(&session, &names, is_enough).await.unwrap();
        assert_eq!((facts["Newbie"].edits, facts["Newbie"].is_global), (Some(40_000), true));
        assert_eq!(facts["Newbie"].groups, ["steward"]);
        assert_eq!((facts["Local"].edits, facts["Local"].is_global), (Some(4), false));
        assert_eq!(facts.len(), 3);
        assert_eq!(counts(), [2, 2], "each is asked for once in a run");
    }
    // Where nothing depends on more, local figures stand as they are.
    let facts = accounts.facts(&session, &["Newbie"], |_, _| true).await.unwrap();
    assert_eq!((facts["Newbie"].edits, counts()), (Some(3), [2, 2]));
}

#[test]
fn the_newest_answers_are_kept_and_name_nobody() {
    let at = |seconds: i64| Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap();
    let answer = |n: i64| Answer {
        at: at(n),
        of: (n % 2 == 0).then(|| (Some(7), Some(at(0)), vec!["steward".to_owned()])),
    };
    let all: BTreeMap<String, Answer> = (0..KEPT as i64 + 2)
        .map(|n| (hidden("wikimedia", &format!("Alice {n}")), answer(n)))
        .collect();
    let kept = newest(all);
    assert_eq!(kept.len(), KEPT);
    for (n, is_kept) in [(0, false), (1, false), (2, true), (3, true)] {
        let key = hidden("wikimedia", &format!("Alice {n}"));
        assert_eq!(kept.contains_key(&key), is_kept, "{n}");
    }
    let text = serde_json::to_string(&kept).unwrap();
    assert!(!text.contains("Alice"));
    assert_eq!(serde_json::from_str::<BTreeMap<String, Answer>>(&text).unwrap(), kept);
    let facts = answer(2).facts().unwrap();
    assert_eq!(
        (facts.edits, facts.is_global, facts.groups),
        (Some(7), true, vec!["steward".to_owned()])
    );
    assert_eq!(answer(1).facts(), None);
}
