//! The fault proxy in front of a real wiki.

use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::Result;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tokio::io::{AsyncWriteExt, BufReader};
use wikicrew_tests::api::{Api, code_of};
use wikicrew_tests::calls::Calls;
use wikicrew_tests::http::{self, Message};
use wikicrew_tests::net::{self, Door};
use wikicrew_tests::proxy::FaultProxy;
use wikicrew_tests::rules::{Fault, Gate, When};
use wikicrew_tests::world::World;

/// A world, a proxy before its wiki, and a session of a user through it.
async fn user_behind_proxy() -> Result<(World, FaultProxy, Api)> {
    let world = World::new().await?;
    let proxy = FaultProxy::start(&world.wiki.api).await?;
    let user = world.person("Una").await?;
    let api = Api::login(proxy.url(), &user.name, &user.password).await?;
    proxy.forget();
    Ok((world, proxy, api))
}

#[tokio::test]
async fn a_lost_answer_leaves_the_edit_on_the_page() -> Result<()> {
    let (world, proxy, user) = user_behind_proxy().await?;
    let page = world.own("Page");
    let rule = proxy.rule(When::edit_of(&page).nth(1), Fault::ForwardAndLose);

    let lost = user.append(&page, "greeting", "first").await;

    assert!(lost.is_err(), "the client must not see the answer");
    assert_eq!(world.admin.text(&page).await?.as_deref(), Some("greeting"));
    assert_eq!(rule.times(), 1);
    let calls = proxy.calls();
    let edit = calls.writes()[0];
    assert!(edit.forwarded && edit.status.is_none());
    assert_eq!(
        edit.answer.as_ref().map(|answer| &answer["edit"]["result"]),
        Some(&json!("Success"))
    );
    // The same request a second time goes through: this is the doubled greeting.
    user.append(&page, "greeting", "second").await?;
    assert_eq!(world.admin.text(&page).await?.as_deref(), Some("greetinggreeting"));
    Ok(())
}

#[tokio::test]
async fn a_request_can_be_delivered_after_the_client_has_gone() -> Result<()> {
    let (world, proxy, user) = user_behind_proxy().await?;
    let (first, second) = (world.own("First"), world.own("Second"));
    let gate = Gate::new();
    proxy.rule(When::edit_of(&first), Fault::DeliverLater(gate.clone()));
    proxy.rule(When::edit_of(&second), Fault::Delay(Duration::from_millis(300)));

    assert!(user.edit(&first, "late", "").await.is_err());
    let gone = tokio::time::timeout(Duration::from_millis(50), user.edit(&second, "late", "")).await;
    assert!(gone.is_err(), "the client gave up");
    assert_eq!(world.admin.text(&first).await?, None);
    assert_eq!(world.admin.text(&second).await?, None);
    gate.open();
    proxy.settle().await;

    assert_eq!(world.admin.text(&first).await?.as_deref(), Some("late"));
    assert_eq!(world.admin.text(&second).await?.as_deref(), Some("late"));
    assert!(proxy.calls().writes().iter().all(|call| call.forwarded));
    Ok(())
}

#[tokio::test]
async fn what_is_not_forwarded_changes_nothing() -> Result<()> {
    let (world, proxy, user) = user_behind_proxy().await?;
    let page = world.own("Page");
    let faults = [
        Fault::unavailable(),
        Fault::too_many(),
        Fault::maxlag(),
        Fault::readonly(),
        Fault::ratelimited(),
        Fault::badtoken(),
        Fault::HtmlError(502),
        Fault::Reset,
        Fault::Silence(Duration::from_millis(10)),
    ];
    for (n, fault) in (1..).zip(&faults) {
        proxy.rule(When::edit().nth(n), fault.clone());
    }
    for fault in &faults {
        assert!(user.edit(&page, "text", "").await.is_err(), "{}", fault.name());
    }
    assert_eq!(world.admin.page_id(&page).await?, None);
    assert!(proxy.calls().writes().iter().all(|call| !call.forwarded));

    // After the last rule's turn all is well again.
    user.edit(&page, "text", "").await?;
    assert_eq!(world.admin.text(&page).await?.as_deref(), Some("text"));
    Ok(())
}

#[tokio::test]
async fn api_errors_look_like_those_of_the_wiki() -> Result<()> {
    let (_world, proxy, user) = user_behind_proxy().await?;
    // A genuine lag error, to compare with: a limit below the "no replication" of -1 is exceeded.
    let real = user.get(&[("action", "query"), ("maxlag", "-2")]).await.unwrap_err();
    let real_call = proxy.calls().pop().unwrap();
    proxy.rule(When::any(), Fault::maxlag());
    let fake = user.get(&[("action", "query")]).await.unwrap_err();
    let fake_call = proxy.calls().pop().unwrap();
    assert_eq!((code_of(&real), code_of(&fake)), (Some("maxlag"), Some("maxlag")));
    assert_eq!(real_call.status, fake_call.status);
    for key in ["code", "info", "host", "lag", "type"] {
        let (real, fake) = (
            &real_call.answer.as_ref().unwrap()["error"][key],
            &fake_call.answer.as_ref().unwrap()["error"][key],
        );
        assert!(!real.is_null() && !fake.is_null(), "{key}: {real} {fake}");
    }

    // The newer form of errors, where it is asked for.
    for format in ["plaintext", "raw"] {
        let params = [("action", "query"), ("errorformat", format)];
        let answer = user.get(&params).await?;
        assert_eq!(answer["errors"][0]["code"], "maxlag", "{answer}");
    }
    Ok(())
}

#[tokio::test]
async fn answers_are_cut_rewritten_and_made_up() -> Result<()> {
    let (world, proxy, user) = user_behind_proxy().await?;
    let page = world.own("Page");
    proxy.rule(When::edit(), Fault::TruncatedJson);
    let cut = user.edit(&page, "text", "").await.unwrap_err();
    assert!(format!("{cut:#}").contains("no JSON"), "{cut:#}");
    assert_eq!(world.admin.text(&page).await?.as_deref(), Some("text"));

    proxy.heal();
    proxy.rule(When::edit(), Fault::HtmlError(503).after_forwarding());
    assert!(user.edit(&page, "more text", "").await.is_err());
    assert_eq!(world.admin.text(&page).await?.as_deref(), Some("more text"));

    proxy.heal();
    proxy.rule(
        When::module("info").get(),
        Fault::rewrite(|answer| answer["query"]["pages"][0]["contentmodel"] = json!("flow-board")),
    );
    assert_eq!(user.info(&page).await?["contentmodel"], "flow-board");
    proxy.rule(
        When::action("flow"),
        Fault::Answer(json!({ "flow": { "new-topic": { "status": "ok" } } })),
    );
    let flow = user.post(&[("action", "flow"), ("submodule", "new-topic")]).await?;
    assert_eq!(flow["flow"]["new-topic"]["status"], "ok");
    Ok(())
}

#[tokio::test]
async fn a_hook_edits_the_page_between_read_and_write() -> Result<()> {
    let (world, proxy, user) = user_behind_proxy().await?;
    let page = world.own("Page");
    let base = world.admin.edit(&page, "one\n\ntwo", "").await?.to_string();
    let (wiki, prefix) = (world.wiki, page.clone());
    let rule = proxy.rule(
        When::edit_of(&page).nth(1),
        Fault::before(move |_| {
            let page = prefix.clone();
            async move {
                let admin = wiki.as_admin().await.unwrap();
                admin.edit(&page, "one, changed\n\ntwo", "in between").await.unwrap();
            }
        }),
    );
    let params = [
        ("action", "edit"),
        ("title", page.as_str()),
        ("text", "one\n\nmine"),
        ("baserevid", &base),
    ];
    let conflict = user
        .write(&[params.as_slice(), &[("text", "ONE\n\ntwo")]].concat())
        .await
        .unwrap_err();
    assert_eq!(code_of(&conflict), Some("editconflict"));
    assert_eq!(rule.times(), 1);
    assert_eq!(world.admin.text(&page).await?.as_deref(), Some("one, changed\n\ntwo"));
    Ok(())
}

#[tokio::test]
async fn requests_are_recorded_and_counted() -> Result<()> {
    let (world, proxy, user) = user_behind_proxy().await?;
    let before = proxy.counter().count();
    let (a, b) = (world.own("A"), world.own("B"));
    user.edit(&a, "text", "why").await?;
    let (one, two) = tokio::join!(user.edit(&a, "text 2", ""), user.edit(&b, "text", ""));
    one.and(two)?;
    let calls = proxy.calls();
    assert_eq!(proxy.counter().count() - before, calls.len() as u64);
    assert_eq!(calls.of_module("edit").len(), 3, "{}", calls.told());
    assert_eq!(calls.writes().len(), 3);
    assert_eq!(calls.most_at_once(), 2);
    let first = calls.writes()[0];
    assert_eq!(
        (first.param("title"), first.param("summary")),
        (Some(a.as_str()), Some("why"))
    );
    assert_eq!(first.header("user-agent"), Some("wikicrew-tests (sandbox only)"));
    assert!(first.to_string().starts_with("POST action=edit"), "{first}");
    assert!(
        !calls.told().contains(first.param("token").unwrap()),
        "tokens are not printed"
    );
    Ok(())
}

#[tokio::test]
async fn a_packed_answer_goes_through_packed_and_is_recorded_unpacked() -> Result<()> {
    // The sandbox's wiki sends nothing packed, so here a server that does.
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(br#"{"query":{"answer":"42"}}"#)?;
    let mut packed = Message::answer(200, "application/json", packer.finish()?);
    packed.set_header("Content-Encoding", "gzip");
    let server = Door::open(0, move |stream| {
        let packed = packed.bytes();
        async move {
            let mut stream = BufReader::new(stream);
            http::read(&mut stream).await.unwrap();
            stream.write_all(&packed).await.unwrap();
        }
    })
    .await?;
    let proxy = FaultProxy::start(&format!("http://{}/w/api.php", server.address())).await?;
    proxy.rule(
        When::any().nth(2),
        Fault::rewrite(|answer| answer["query"]["answer"] = json!("43")),
    );
    let port = url::Url::parse(proxy.url())?.port().unwrap();
    let mut request = Message::request("GET", "/w/api.php?action=query&format=json");
    request.set_header("Accept-Encoding", "gzip");

    let answer = http::send("127.0.0.1", port, request.clone()).await?;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert!(answer.text()?.contains("42"));
    let rewritten = http::send("127.0.0.1", port, request).await?;
    assert_eq!(
        (rewritten.header("content-encoding"), rewritten.text()?.contains("43")),
        (None, true)
    );
    let call = &proxy.calls()[0];
    assert_eq!(call.answer.as_ref().unwrap()["query"]["answer"], "42");
    assert_eq!(call.header("accept-encoding"), Some("gzip"));
    Ok(())
}

#[tokio::test]
async fn a_refusing_proxy_refuses_and_comes_back() -> Result<()> {
    let (_world, proxy, user) = user_behind_proxy().await?;
    proxy.refuse().await?;
    let refused = format!("{:#}", user.get(&[("action", "query")]).await.unwrap_err());
    assert!(refused.contains("refused"), "{refused}");
    proxy.accept().await?;
    user.get(&[("action", "query")]).await?;
    Ok(())
}

#[tokio::test]
async fn no_test_can_reach_a_live_wiki() -> Result<()> {
    let start = Instant::now();
    let live = "https://test.wikipedia.org/w/api.php";
    assert!(Api::anonymous(live)?.get(&[("action", "query")]).await.is_err());
    assert!(FaultProxy::start(live).await.is_err());
    assert!(FaultProxy::start("http://test.wikipedia.org/w/api.php").await.is_err());
    assert!(
        wikicrew_tests::dbproxy::DbProxy::start("mysql://u:p@tools.db.svc.wikimedia.cloud/x")
            .await
            .is_err()
    );
    assert!(net::connect("test.wikipedia.org", 443).await.is_err());
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "refused without asking a name server"
    );
    Ok(())
}
