//! Where pages link, which pages link to a host, and what accounts and addresses are barred from, on the sandbox wiki.

use crate::sandbox::{account, admin, bot, load, sql, unique};
use crate::server::{Reply, Server, config};
use serde_json::json;
use std::collections::HashMap;
use wikicrew_core::types::{PageId, RevId};
use wikicrew_wiki::uses::{Linking, Uses, linking, uses};
use wikicrew_wiki::{Session, Stop, people};

async fn ids(session: &Session, titles: &[String]) -> HashMap<String, PageId> {
    let infos = wikicrew_wiki::page_infos(session, titles).await.unwrap();
    let known = infos.into_iter().filter_map(|info| Some((info.title, info.page_id?)));
    known.collect()
}

fn sorted(page: &Option<Linking>) -> Vec<&str> {
    let mut links: Vec<&str> = page.as_ref().unwrap().links.iter().map(String::as_str).collect();
    links.sort_unstable();
    links
}

#[tokio::test]
async fn a_host_is_found_with_what_is_below_it_under_both_schemes_and_nothing_else() {
    let prefix = unique();
    let host = format!("{}.example", prefix.to_lowercase());
    let idn = format!("xn--bcher-kva.{host}");
    let titles: Vec<String> = ["A", "B", "C", "D"].map(|n| format!("{prefix}/{n}")).into();
    let made = load(&[
        json!({"title": titles[0], "text": format!("http://{host}/ https://Shop.{host}:8080/Case?q=1 [//{host}/rel x] \
            https://other{host}/no https://www.{host}.invalid/no")}),
        json!({"title": titles[1], "text": format!("https://web.archive.org/web/2020/http://{host}/old ftp://{host}/f")}),
        json!({"title": titles[2], "text": format!("[https://bücher.{host}/ä ü] http://192.0.2.77/x http://[2001:db8::77]/y")}),
        json!({"title": titles[3], "text": "none"}),
    ]);
    let session = bot().await;
    let id = ids(&session, &titles).await;
    let of = |n: usize| id[&titles[n]];
    sql(&format!("DELETE FROM enwiki.page WHERE page_id = {}", of(3)));
    let all: Vec<PageId> = (0..4).map(of).chain([of(0), PageId(0)]).collect();

    let before = session.counts().total;
    let found = linking(&session, &all, Some(&host), 5).await.unwrap();
    assert_eq!(session.counts().total - before, 1);
    assert_eq!(found.len(), 4);
    let expected = [
        format!("http://{host}/"),
        format!("https://shop.{host}:8080/Case?q=1"),
        format!("https://{host}/rel"),
    ];
    assert_eq!(sorted(&found[&of(0)]), expected);
    let first = found[&of(0)].as_ref().unwrap();
    assert_eq!((first.ns, &first.title, first.is_whole), (0, &titles[0], true));
    assert_eq!(Some(first.revid), made[0]["revid"].as_u64().map(RevId));
    assert!(sorted(&found[&of(1)]).is_empty(), "{found:?}");
    assert_eq!(sorted(&found[&of(2)]).len(), 1, "an IDN below it: {found:?}");
    assert_eq!(found[&of(3)], None, "its page is gone");

    for (asked, link) in [
        (idn.as_str(), format!("https://bücher.{host}/%C3%A4")),
        ("192.0.2.77", "http://192.0.2.77/x".to_owned()),
    ] {
        let found = linking(&session, &[of(2)], Some(asked), 5).await.unwrap();
        assert_eq!(sorted(&found[&of(2)]), [link], "{asked}");
    }
    // Addresses of IPv6 come with everything else.
    let with_v6 = linking(&session, &[of(2)], Some("[2001:db8::77]"), 5).await.unwrap();
    let v6 = "http://[2001:DB8:0:0:0:0:0:77]/y";
    assert!(sorted(&with_v6[&of(2)]).contains(&v6) && sorted(&with_v6[&of(2)]).len() == 3);
    assert_eq!(uses(&session, "[2001:db8::77]", &[], 9, |_| true).await.unwrap(), None);
    let everything = linking(&session, &all, None, 5).await.unwrap();
    let old = [
        format!("ftp://{host}/f"),
        format!("https://web.archive.org/web/2020/http://{host}/old"),
    ];
    assert_eq!(sorted(&everything[&of(1)]), old);
    assert_eq!(sorted(&everything[&of(0)]).len(), 5);
    assert_eq!(sorted(&everything[&of(2)]).len(), 3);
}

#[tokio::test]
async fn links_that_do_not_fit_are_told_and_uses_are_counted_by_page() {
    let prefix = unique();
    let host = format!("{}.example", prefix.to_lowercase());
    let lines = |n: usize| (0..n).map(|i| format!("https://{host}/{i}\n")).collect::<String>();
    let talk = format!("Talk:{prefix}/3");
    let titles: Vec<String> = vec![format!("{prefix}/1"), format!("{prefix}/2"), talk.clone()];
    load(&[
        json!({"title": titles[0], "text": lines(600)}),
        json!({"title": titles[1], "text": lines(3)}),
        json!({"title": talk, "text": lines(1)}),
    ]);
    let session = Session::visit(account(&[]), 1, Stop::new()).await.unwrap();
    let id = ids(&session, &titles).await;
    let all: Vec<PageId> = id.values().copied().collect();
    let cut = linking(&session, &all, Some(&host), 1).await.unwrap();
    assert!(
        cut.values().all(|page| !page.as_ref().unwrap().is_whole),
        "{}",
        cut.len()
    );
    assert_eq!(cut.values().map(|page| sorted(page).len()).sum::<usize>(), 500);
    let before = session.counts().total;
    let whole = linking(&session, &all, Some(&host), 3).await.unwrap();
    assert_eq!(session.counts().total - before, 2);
    assert!(whole.values().all(|page| page.as_ref().unwrap().is_whole));
    assert_eq!(sorted(&whole[&id[&titles[0]]]).len(), 600);

    let counted = async |namespaces: &[i32], most: usize, part: &str| {
        let meant = |url: &str| url.contains(part);
        uses(&session, &host, namespaces, most, meant).await.unwrap().unwrap()
    };
    let told = |pages, more| Uses { pages, more };
    assert_eq!(counted(&[0], 500, "").await, told(2, false));
    assert_eq!(counted(&[], 500, "").await, told(3, false));
    assert_eq!(counted(&[0], 2, "").await, told(2, false));
    assert_eq!(counted(&[0], 1, "").await, told(1, true));
    assert_eq!(counted(&[0], 500, "example/599").await, told(1, false));
}

#[tokio::test]
async fn blocks_of_the_whole_wiki_are_told_from_those_of_some_pages() {
    let names: Vec<String> = (0..3).map(|_| account(&["bot"]).account).collect();
    let token = admin(&["action=query", "meta=tokens"]);
    let token = format!("token={}", token["query"]["tokens"]["csrftoken"].as_str().unwrap());
    let block = |who: &str, more: &[&str]| {
        let who = format!("user={who}");
        let mut params = vec![
            "action=block",
            who.as_str(),
            "expiry=1 hour",
            "reblock=1",
            token.as_str(),
        ];
        params.extend(more);
        let done = admin(&params);
        assert!(done["block"]["id"].is_u64(), "{done}");
    };
    block(&names[0], &[]);
    block(&names[1], &["partial=1", "namespacerestrictions=4", "allowusertalk=1"]);
    let session = Session::visit(account(&[]), 1, Stop::new()).await.unwrap();
    let asked: Vec<&str> = names.iter().map(String::as_str).chain(["192.0.2.1"]).collect();
    let found = people::accounts(&session, &asked).await.unwrap();
    let blocked: Vec<bool> = names.iter().map(|name| found[name].is_blocked).collect();
    assert_eq!(blocked, [true, false, false]);
    assert_eq!(found[&names[0]].facts.groups, ["bot"]);
    assert_eq!(found.len(), 3);

    // A range of its own: blocks of addresses hold for everything that is tested on this wiki.
    let third = u8::from_str_radix(&unique()[1..3].to_lowercase(), 16).unwrap();
    let (inside, outside) = (format!("198.19.{third}.9"), format!("198.18.{third}.9"));
    block(&format!("198.19.{third}.0/24"), &[]);
    block(&outside, &["partial=1", "namespacerestrictions=4", "allowusertalk=1"]);
    let is_blocked = async |address: &str| {
        people::is_address_blocked(&session, address.parse().unwrap())
            .await
            .unwrap()
    };
    assert!(is_blocked(&inside).await);
    assert!(!is_blocked(&outside).await);
    assert!(!is_blocked("2001:db8::1").await);
}

#[tokio::test]
async fn a_locked_account_is_told() {
    let server = Server::start(|request| {
        (request.get("meta") == "globaluserinfo").then(|| {
            Reply::Json(match request.get("guiuser") {
                "Locked" => json!({"query": {"globaluserinfo": {"id": 7, "name": "Locked", "editcount": 3,
                    "registration": "2020-01-01T00:00:00Z", "locked": true, "groups": []}}}),
                _ => json!({"query": {"globaluserinfo": {"id": 8, "name": "Free", "editcount": 4, "groups": ["steward"]}}}),
            })
        })
    })
    .await;
    let session = Session::visit(config(&server.url), 1, Stop::new()).await.unwrap();
    let locked = people::global_account(&session, "Locked").await.unwrap().unwrap();
    assert!(locked.is_locked && locked.facts.is_global && locked.facts.registered.is_some());
    let free = people::global_account(&session, "Free").await.unwrap().unwrap();
    assert!(!free.is_locked);
    assert_eq!(free.facts.groups, ["steward"]);
}
