//! Links that whoever looks into the matter wants next: reports of what is near, contributions, uses. Written out, since
//! a wiki may have no `LinkSummary` or `UserSummary`; nothing leads off the wikis.

use shared::core::link::{Key, PathHosts};
use shared::core::report::{Kind, Subject};
use shared::core::text::{Wikitext, user};

use super::pen::Pen;
use crate::model::{Model, Who};

/// Users and servers that are named.
const NAMED: usize = 5;

/// The section.
pub fn summaries(pen: &Pen<'_>) -> Wikitext {
    let mut items = Vec::new();
    match &pen.model.subject {
        Subject::Link(key) => {
            items.push(of_link(pen, key));
            items.extend(pen.model.users.iter().take(NAMED).filter_map(|adder| match &adder.who {
                Who::Name(name) => Some(of_user(pen, name, &[adder.wiki])),
                _ => None,
            }));
        }
        Subject::User(name) => items.push(of_user(pen, name, &all_wikis(pen.model))),
        Subject::Ip(ip) => items.push(of_user(pen, &ip.to_string(), &all_wikis(pen.model))),
        Subject::Range(net) => items.push(of_user(pen, &net.to_string(), &all_wikis(pen.model))),
        Subject::Server(_) => {}
    }
    if pen.model.subject.kind() != Kind::Link {
        let hosts = pen.model.hosts.iter().take(NAMED);
        items.extend(hosts.filter_map(|host| match &host.subject {
            Subject::Link(key) => Some(of_link(pen, key)),
            _ => None,
        }));
    }
    if items.is_empty() {
        return Wikitext::new();
    }
    let mut text = pen.heading("heading-summaries");
    text.push(&Pen::list(&items));
    text
}

fn all_wikis(model: &Model) -> Vec<usize> {
    model.by_wiki.iter().map(|(wiki, _)| *wiki).take(NAMED).collect()
}

/// A host: its report, that of its domain, its servers, where it is used now.
fn of_link(pen: &Pen<'_>, key: &Key) -> Wikitext {
    let mut links = vec![];
    let own = Subject::Link(key.clone());
    if own != pen.model.subject {
        links.push(pen.report(&own, pen.label("label-link-report")));
    } else {
        let domain = key
            .registrable()
            .filter(|domain| key.part().is_some() || *domain != key.host());
        let domain = domain.and_then(|domain| Key::from_name(&domain, &PathHosts::default()).ok());
        if let Some(domain) = domain {
            let domain = Subject::Link(domain);
            links.push(pen.say("report-of", &[("link", &pen.report(&domain, &domain.to_string()))]));
        }
        for server in pen.model.servers.iter().take(NAMED) {
            let subject = Subject::Server(server.ip);
            links.push(pen.say("server-of", &[("link", &pen.report(&subject, &subject.to_string()))]));
        }
    }
    links.push(search(pen, key, None));
    let places = pen
        .model
        .by_wiki
        .iter()
        .filter(|(wiki, _)| !pen.is_here(*wiki))
        .take(NAMED);
    if own == pen.model.subject {
        links.extend(places.map(|(wiki, _)| search(pen, key, Some(*wiki))));
    }
    let links = joined(&links);
    pen.say(
        "summary-of",
        &[("what", &pen.quoted(&key.display())), ("links", &links)],
    )
}

/// The pages of a wiki that link to a host now. <https://www.mediawiki.org/wiki/Help:Linksearch>
pub fn search(pen: &Pen<'_>, key: &Key, wiki: Option<usize>) -> Wikitext {
    let host = key.host();
    let part = key.part().map_or(String::new(), |part| format!("/{part}"));
    let page = match key.ip() {
        Some(_) => format!("Special:LinkSearch/{host}"),
        None => format!("Special:LinkSearch/*.{host}{part}"),
    };
    match wiki {
        None => pen.special_here(&page, &pen.words("label-uses")),
        Some(wiki) => {
            let label = pen.say("label-uses-on", &[("wiki", &pen.wiki(wiki))]);
            pen.special(&page, wiki, &label)
        }
    }
}

/// A name: its report, what it did, whether it is blocked.
fn of_user(pen: &Pen<'_>, name: &str, wikis: &[usize]) -> Wikitext {
    let mut links = vec![];
    let subject = Subject::from_name(Kind::User, name, &PathHosts::default()).ok();
    if let Some(subject) = subject.filter(|subject| *subject != pen.model.subject) {
        links.push(pen.report(&subject, pen.label("label-user-report")));
    }
    for wiki in wikis {
        let label = match pen.is_here(*wiki) {
            true => pen.words("label-contributions"),
            false => pen.say("label-contributions-on", &[("wiki", &pen.wiki(*wiki))]),
        };
        links.push(pen.contributions(name, *wiki, &label));
        links.push(pen.special(&format!("Special:BlockList/{name}"), *wiki, &pen.words("label-blocks")));
    }
    if pen.around.site.has_extension("CentralAuth") {
        let page = format!("Special:CentralAuth/{name}");
        if let Some(here) = pen
            .model
            .wikis
            .iter()
            .position(|wiki| wiki.reach == crate::model::Reach::Here)
        {
            links.push(pen.special(&page, here, &pen.words("label-global")));
        }
    }
    pen.say("summary-of", &[("what", &user(name)), ("links", &joined(&links))])
}

fn joined(links: &[Wikitext]) -> Wikitext {
    Wikitext::join(links.iter().filter(|link| !link.is_empty()), " – ")
}
