use shared::core::link::{Key, PathHosts};

use super::*;
use crate::asks::items::Call;

fn link(name: &str) -> Subject {
    Subject::Link(Key::from_name(name, &PathHosts::default()).unwrap())
}

fn found(revid: u64, host: usize, whose: &Whose) -> Found {
    Found {
        call: Call {
            hash: host.to_string(),
            line: host.to_string(),
            subject: match host {
                0 => Err("\"x\" is no host".to_owned()),
                host => Ok(link(&format!("h{host}.example"))),
            },
        },
        revid: RevId(revid),
        whose: whose.clone(),
    }
}

fn person(name: &str, id: u64) -> Whose {
    Whose::Person(Person {
        name: name.to_owned(),
        id,
    })
}

const PAGE: Page<'_> = Page {
    home: "meta.example/w",
    wiki: "a.example/w",
    title: "Project talk:Spam",
    page_id: 7,
    reason: Reason::Summary,
};

#[test]
fn requests_say_who_asks_where_and_edits_have_a_bound() {
    let ann = person("Ann", 5);
    let mut all: Vec<Found> = (0..30).map(|host| found(11, host, &ann)).collect();
    all.push(found(12, 30, &ann));
    all.push(found(13, 31, &Whose::Guest("192.0.2.1".to_owned())));
    all.push(found(14, 32, &Whose::Nobody("the bot wrote it")));
    let sorted = sort(all, &PAGE, |_| true, |_| false);
    let hosts: Vec<String> = sorted.asks.iter().map(|ask| ask.subject.to_string()).collect();
    let wanted: Vec<String> = (1..=25)
        .chain([30, 31])
        .map(|host| format!("h{host}.example"))
        .collect();
    assert_eq!((hosts, sorted.refused, sorted.strangers), (wanted, 4, 0));
    assert_eq!(sorted.wrong, [(RevId(11), "\"x\" is no host".to_owned())]);
    let ask = &sorted.asks[0];
    assert_eq!(
        (
            &*ask.home,
            &*ask.origin,
            ask.requester.as_deref(),
            ask.requester_name.as_deref(),
            ask.detail.as_deref()
        ),
        (
            "meta.example/w",
            "summary:a.example/w:7:11",
            Some("a.example/w#5"),
            Some("Ann"),
            Some("Project talk:Spam, revision 11")
        )
    );
    assert_eq!(sorted.asks[26].requester.as_deref(), Some("a.example/w!guests"));
}

#[test]
fn on_the_poke_page_strangers_ask_in_vain() {
    let all = vec![
        found(11, 1, &person("Ann", 5)),
        found(12, 2, &person("Eve", 6)),
        found(13, 3, &Whose::Guest("192.0.2.1".to_owned())),
        // What a stranger got wrong is not told, either.
        found(14, 0, &person("Eve", 6)),
    ];
    let sorted = sort(
        all,
        &PAGE,
        |person| person.is_some_and(|person| person.id == 5),
        |_| false,
    );
    assert_eq!((sorted.asks.len(), sorted.strangers, sorted.wrong.len()), (1, 3, 0));
}

#[test]
fn a_requester_has_a_bound_and_others_their_own() {
    let ann = person("Ann", 5);
    let mut all: Vec<Found> = (1..=9).map(|host| found(host as u64, host, &ann)).collect();
    // The same subject again, and somebody else.
    all.push(found(20, 1, &ann));
    all.push(found(21, 1, &person("Ben", 6)));
    let asks = sort(all, &PAGE, |_| true, |_| false).asks;
    let asked = HashMap::from([("a.example/w#5".to_owned(), 15)]);
    let (kept, refused) = within(&asks, &asked, 20);
    let told: Vec<&str> = kept.iter().map(|ask| ask.origin.rsplit(':').next().unwrap()).collect();
    assert_eq!((told, refused), (vec!["1", "2", "3", "4", "5", "20", "21"], 4));
    assert_eq!(within(&asks, &HashMap::new(), 20), (asks.clone(), 0));
}

#[test]
fn guests_and_new_accounts_of_a_wiki_are_one_requester() {
    let guest = |host: usize| found(host as u64, host, &Whose::Guest(format!("2001:db8::{host}")));
    let mut all: Vec<Found> = (1..=9).map(guest).collect();
    all.extend((10..=19).map(|host| found(host as u64, host, &person(&format!("New {host}"), host as u64))));
    all.push(found(20, 20, &person("Ann", 5)));
    let asks = sort(all, &PAGE, |_| true, |person| person.id >= 10).asks;
    assert_eq!(asks[9].requester_name.as_deref(), Some("New 10"));
    let asked = HashMap::from([("a.example/w!guests".to_owned(), 6)]);
    let (kept, refused) = within(&asks, &asked, 20);
    assert_eq!((kept.len(), refused), (15, 5));
    assert_eq!(kept[14].requester.as_deref(), Some("a.example/w#5"));
}
