//! What pages are and transclude, on the real wiki.

use crate::sandbox::{account, admin, bot, load, login, unique};
use crate::server::{Reply, Server};
use serde_json::{Value, json};
use wikicrew_core::types::{PageId, RevId};
use wikicrew_wiki::{Session, embedding, page_infos, transclusions};

fn page_id(saved: &Value) -> PageId {
    PageId(saved["pageid"].as_u64().unwrap_or_else(|| panic!("{saved}")))
}

async fn members(session: &Session, template: &str, namespaces: &[i32]) -> Vec<(i32, String)> {
    let mut pages = embedding(session, template, namespaces);
    let mut found = Vec::new();
    while let Some(more) = pages.next().await.unwrap() {
        found.extend(more.into_iter().map(|member| (member.ns, member.title)));
    }
    found
}

#[tokio::test]
async fn transclusions_are_found_through_redirects_and_other_templates() {
    let word = unique();
    let [box_, alias, other, unused] = ["", " alias", " other", " unused"].map(|part| format!("Template:{word}{part}"));
    let wrapper = format!("Template:{word} wrapper");
    let saved = load(&[
        json!({"title": box_, "text": "box"}),
        json!({"title": alias, "text": format!("#REDIRECT [[{box_}]]")}),
        json!({"title": other, "text": "other"}),
        json!({"title": unused, "text": "unused"}),
        json!({"title": wrapper, "text": format!("{{{{{word}}}}}")}),
        json!({"title": format!("{word}/direct"), "text": format!("{{{{{word}}}}} {{{{{word} other}}}}")}),
        json!({"title": format!("{word}/alias"), "text": format!("{{{{{word} alias}}}}")}),
        json!({"title": format!("{word}/wrapped"), "text": format!("{{{{{word} wrapper}}}}")}),
        json!({"title": format!("{word}/none"), "text": format!("<nowiki>{{{{{word}}}}}</nowiki>")}),
        json!({"title": format!("{word}/gone"), "text": format!("{{{{{word}}}}}")}),
        json!({"title": format!("User:{word}"), "text": format!("{{{{{word}}}}}")}),
        json!({"title": format!("{word}/redirect"), "text": format!("#REDIRECT [[{word}/direct]]\n{{{{{word}}}}}")}),
    ]);
    admin(&["action=delete", &format!("title={word}/gone")]);
    let session = bot().await;
    let pages: Vec<PageId> = saved[5..].iter().map(page_id).collect();
    let before = session.counts().total;
    let asked = [&box_, &alias, &other, &unused];
    let found = transclusions(&session, &pages, &asked).await.unwrap();
    assert_eq!(session.counts().total - before, 1);
    assert_eq!(found.len(), pages.len());
    let templates = |i: usize| {
        let mut templates = found[&pages[i]].as_ref().unwrap().templates.clone();
        templates.sort();
        templates
    };
    assert_eq!(templates(0), [box_.clone(), other.clone()]);
    assert_eq!(templates(1), [box_.clone(), alias.clone()]);
    assert_eq!(templates(2), [box_.as_str()]);
    assert!(templates(3).is_empty());
    assert_eq!(found[&pages[4]], None, "deleted");
    assert_eq!(found[&pages[5]].as_ref().unwrap().ns, 2);
    let now = found[&pages[0]].as_ref().unwrap();
    assert_eq!(now.title, format!("{word}/direct"));
    assert_eq!(now.revid, RevId(saved[5]["revid"].as_u64().unwrap()));
    assert!(!now.is_redirect && found[&pages[6]].as_ref().unwrap().is_redirect);

    // More templates than one request may name.
    let session = login(account(&[])).await;
    let mut many: Vec<String> = (0..70).map(|i| format!("Template:{word} no {i}")).collect();
    many.extend([box_.clone(), other.clone()]);
    let again = transclusions(&session, &pages, &many).await.unwrap();
    assert_eq!(again[&pages[0]].as_ref().unwrap().templates, [box_.clone(), other]);
    assert_eq!(again[&pages[4]], None);
    let nothing: [&str; 0] = [];
    let bare = transclusions(&session, &pages, &nothing).await.unwrap();
    assert!(bare[&pages[0]].as_ref().unwrap().templates.is_empty());

    // As a list: no redirects, and only the asked namespaces.
    let articles: Vec<(i32, String)> = ["direct", "alias", "wrapped"]
        .map(|part| (0, format!("{word}/{part}")))
        .into();
    assert_eq!(members(&session, &box_, &[0]).await, articles);
    let everywhere = members(&session, &box_, &[]).await;
    assert_eq!(everywhere.len(), 5, "{everywhere:?}");
    assert!(everywhere.contains(&(2, format!("User:{word}"))) && everywhere.contains(&(10, wrapper)));
    assert!(members(&session, &unused, &[0]).await.is_empty());
}

#[tokio::test]
async fn a_long_list_is_given_answer_by_answer() {
    let page = |i: u64| json!({"pageid": i, "ns": 0, "title": format!("P{i}")});
    let server = Server::start(move |request| {
        (request.get("list") == "embeddedin").then(|| {
            let begin: u64 = request.get("eicontinue").parse().unwrap_or(1);
            let mut answer = json!({"batchcomplete": true, "query": {"embeddedin": [page(begin), page(begin + 1)]}});
            if begin < 5 {
                answer["continue"] = json!({"eicontinue": (begin + 2).to_string(), "continue": "-||"});
            }
            Reply::Json(answer)
        })
    })
    .await;
    let session = server.session().await;
    let mut pages = embedding(&session, "Template:T", &[0, 118]);
    let mut sizes = Vec::new();
    while let Some(more) = pages.next().await.unwrap() {
        sizes.push(more.len());
    }
    assert_eq!(sizes, [2, 2, 2]);
    for request in server.requests(|r| r.get("list") == "embeddedin") {
        assert_eq!(
            (request.get("eititle"), request.get("einamespace")),
            ("Template:T", "0|118")
        );
        assert_eq!(
            (request.get("eifilterredir"), request.get("eilimit")),
            ("nonredirects", "max")
        );
    }
}

#[tokio::test]
async fn titles_are_told_apart() {
    let word = unique();
    let template = format!("Template:{word}");
    let index = format!("Wikipedia:{word}/Index");
    let redirects: Vec<String> = (0..3).map(|i| format!("{template} old {i}")).collect();
    let mut pages: Vec<Value> = redirects
        .iter()
        .map(|title| json!({"title": title, "text": format!("#REDIRECT [[{template}]]")}))
        .collect();
    pages.insert(0, json!({"title": template, "text": "box"}));
    pages.push(json!({"title": index, "text": "* ä", "protect": "sysop"}));
    pages.push(json!({"title": format!("{word} shortcut"), "text": format!("#REDIRECT [[{template}]]")}));
    pages.push(json!({"title": format!("User:{word}/x.json"), "text": "{}"}));
    let saved = load(&pages);
    let session = bot().await;
    let asked = [
        format!("template:{}_{}", word.to_lowercase().replacen('w', "W", 1), ""),
        redirects[1].clone(),
        index.clone(),
        format!("WP:{word}/Index"),
        format!("{word} missing"),
        "A[b".to_owned(),
        "Special:Version".to_owned(),
        format!("User:{word}/x.json"),
        // Not in form C.
        format!("{word} e\u{301}"),
    ];
    let before = session.counts().total;
    let infos = page_infos(&session, &asked).await.unwrap();
    assert_eq!(session.counts().total - before, 2, "one for all, one for the redirect");
    let names: Vec<&str> = infos.iter().map(|info| info.asked.as_str()).collect();
    assert_eq!(names, asked);

    let real = &infos[0];
    assert_eq!((real.title.as_str(), real.ns), (template.as_str(), 10));
    assert_eq!(real.page_id, Some(page_id(&saved[0])));
    assert_eq!(real.revid, Some(RevId(saved[0]["revid"].as_u64().unwrap())));
    assert_eq!((real.length, real.model.as_str()), (3, "wikitext"));
    assert!(real.exists() && !real.is_redirect && real.redirect_to.is_none() && real.protection.is_empty());
    // Not the one from the main namespace.
    assert_eq!(real.redirects, redirects);

    let old = &infos[1];
    assert!(old.exists() && old.is_redirect);
    assert_eq!(old.redirect_to.as_deref(), Some(template.as_str()));
    assert_eq!(
        (old.title.as_str(), old.page_id),
        (redirects[1].as_str(), Some(page_id(&saved[2])))
    );
    assert!(old.redirects.is_empty());

    let protection = &infos[2].protection;
    assert_eq!(protection.len(), 2, "{protection:?}");
    let edit = protection.iter().find(|p| p.action == "edit").unwrap();
    assert_eq!((edit.level.as_str(), edit.expiry, &edit.source), ("sysop", None, &None));
    assert_eq!(
        (infos[3].title.as_str(), infos[3].page_id),
        (index.as_str(), infos[2].page_id)
    );

    assert!(!infos[4].exists() && infos[4].invalid.is_none() && infos[4].revid.is_none());
    assert!(!infos[5].exists() && infos[5].invalid.is_some());
    assert!(!infos[6].exists() && infos[6].invalid.is_some());
    assert_eq!(infos[7].model, "json");
    assert_eq!(infos[8].title, format!("{word} \u{e9}"));
    assert!(page_infos(&session, &["x"; 0]).await.unwrap().is_empty());
}
