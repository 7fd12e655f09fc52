//! Edits, lists and settings that the tests of this module share.

use super::{Config, Edit, Hit, Judge, ListEntry, NotChecked, Outside, UserFacts, Verdict, Watched, WatchedDomain};
use crate::addition::{EditorName, Flags, Links, NewUser, Performer, RevisionFacts, RevisionLinks, Row};
use crate::change::EditorKind;
use crate::link::{Key, PathHosts, Scheme, found};
use crate::lists::List;
use crate::overlap::number;
use crate::site::Site;
use crate::types::{PageId, RevId, Timestamp, UserId};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

pub(super) const WIKI: &str = "en.wikipedia.org/w";

pub(super) fn site() -> Site {
    let ns =
        |id: i32, name: &str| serde_json::json!({"id": id, "case": "first-letter", "name": name, "canonical": name});
    Site::from_siteinfo(&serde_json::json!({
        "general": {"sitename": "Probe", "server": "http://127.0.0.1", "lang": "en", "wikiid": "probe",
                    "generator": "MediaWiki 1.43.0"},
        "namespaces": {"0": ns(0, ""), "2": ns(2, "User"), "3": ns(3, "User talk"), "4": ns(4, "Project")},
    }))
    .unwrap()
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(super) fn now() -> Timestamp {
    at("2026-11-20T10:00:00Z")
}

pub(super) fn key(name: &str) -> Key {
    Key::from_name(name, &PathHosts::default()).unwrap()
}

/// Rows as they are stored of links to these addresses.
pub(super) fn rows(urls: &[&str]) -> Vec<Row> {
    let mut rows: BTreeMap<(String, String, Flags), u16> = BTreeMap::new();
    for found in urls.iter().flat_map(|url| found(url, &PathHosts::default())) {
        let scheme = match found.scheme {
            Scheme::Http => Flags::default(),
            Scheme::Https => Flags::HTTPS,
            Scheme::Relative => Flags::HTTPS.with(Flags::OTHER_SCHEME),
            Scheme::Other => Flags::OTHER_SCHEME,
        };
        let unwrapped = if found.unwrapped {
            Flags::UNWRAPPED
        } else {
            Flags::default()
        };
        let row = (found.key.stored().to_owned(), found.path, scheme.with(unwrapped));
        *rows.entry(row).or_default() += 1;
    }
    let row = |((host, path, flags), times)| Row {
        host,
        path,
        flags,
        times,
    };
    rows.into_iter().map(row).collect()
}

/// An entry from `wl USER STRING`, `bl USER STRING`, `ml PATTERN`, `mu PATTERN` (of users) or `auto DOMAIN`; `*` is
/// everything.
pub(super) fn entry(line: &str) -> ListEntry {
    let mut words = line.split(' ').map(|word| (word != "*").then(|| word.to_owned()));
    let command = words.next().flatten().unwrap();
    let (list, user, string) = match command.as_str() {
        "wl" => (List::White, words.next().unwrap(), words.next().unwrap()),
        "bl" => (List::Black, words.next().unwrap(), words.next().unwrap()),
        "mu" => (List::Monitor, words.next().unwrap(), None),
        _ => (List::Monitor, None, words.next().unwrap()),
    };
    ListEntry {
        list,
        user,
        string,
        by: "Beetstra".to_owned(),
        added: at("2026-01-02T00:00:00Z"),
        reason: "spam".to_owned(),
        expires: None,
        wiki: None,
        auto: (command == "auto").then(|| (WIKI.to_owned(), RevId(5))),
    }
}

/// An edit and all that is known about it.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub user: &'static str,
    pub kind: EditorKind,
    pub is_bot: bool,
    pub edits: Option<u64>,
    pub registered: Option<Timestamp>,
    pub facts: Option<UserFacts>,
    pub tags: Vec<String>,
    pub ns: i32,
    pub title: &'static str,
    pub links: Option<Links>,
    pub is_revert: bool,
    pub config: Config,
    pub entries: Vec<ListEntry>,
    pub watched: Watched,
    pub addresses: HashMap<String, Vec<IpAddr>>,
    pub blocked: HashMap<String, String>,
}

impl Scene {
    /// An account's edit of a page.
    pub fn new(user: &'static str, title: &'static str) -> Scene {
        Scene {
            user,
            kind: match user.parse::<IpAddr>() {
                Ok(_) => EditorKind::Ip,
                Err(_) if user.starts_with('~') => EditorKind::Temporary,
                Err(_) => EditorKind::Named,
            },
            is_bot: false,
            edits: Some(100),
            registered: Some(at("2026-01-01T00:00:00Z")),
            facts: None,
            tags: Vec::new(),
            ns: 0,
            title,
            links: None,
            is_revert: false,
            config: Config::default(),
            entries: Vec::new(),
            watched: Watched::default(),
            addresses: HashMap::new(),
            blocked: HashMap::new(),
        }
    }

    /// An edit that adds links to a page which is like no name.
    pub fn adding(user: &'static str, urls: &[&str]) -> Scene {
        Scene {
            links: Some(Links::Rows(rows(urls))),
            ..Scene::new(user, "Q")
        }
    }

    pub fn with(mut self, lines: &[&str]) -> Scene {
        self.entries.extend(lines.iter().map(|line| entry(line)));
        self
    }

    pub fn noticeboard(mut self, domain: &str, title: &str) -> Scene {
        self.watched.noticeboards.push(watched(domain, title));
        self
    }

    pub fn blocked_domain(mut self, domain: &str, notes: &str) -> Scene {
        self.watched.blocked_domains.push(watched(domain, notes));
        self
    }

    pub fn blocked(mut self, url: &str, line: &str) -> Scene {
        self.blocked.insert(url.to_owned(), line.to_owned());
        self
    }

    pub fn server(mut self, host: &str, address: &str) -> Scene {
        let addresses = self.addresses.entry(key(host).stored().to_owned()).or_default();
        addresses.push(address.parse().unwrap());
        self
    }

    pub fn judge(&self) -> (Judge, Vec<NotChecked>) {
        let (entries, watched) = (self.entries.clone(), self.watched.clone());
        Judge::new(self.config.clone(), entries, watched, PathHosts::default(), now())
    }

    /// Does something with the edit as the rules take it.
    pub fn edit<T>(&self, then: impl FnOnce(&Edit<'_>, &Outside<'_>, &Site) -> T) -> T {
        let site = site();
        let title = site.title_in(self.ns, self.title).unwrap();
        let of = RevisionFacts {
            wiki: WIKI.to_owned(),
            dbname: "enwiki".to_owned(),
            realm: "wikimedia".to_owned(),
            rev: RevId(20),
            page: PageId(3),
            ns: self.ns,
            title: site.prefixed(&title),
            ts: now(),
            performer: Some(Performer {
                name: self.user.to_owned(),
                kind: self.kind,
                user_id: UserId(7),
                is_bot: self.is_bot,
                edits: self.edits,
                registered: self.registered,
            }),
        };
        let links = self.links.clone().map(|links| RevisionLinks {
            wiki: of.wiki.clone(),
            dbname: of.dbname.clone(),
            realm: of.realm.clone(),
            rev: of.rev,
            ts: of.ts,
            page: of.page,
            ns: of.ns,
            title: of.title.clone(),
            editor: EditorName {
                name: self.user.to_owned(),
                kind: self.kind,
                user_id: UserId(7),
            },
            is_revert: self.is_revert,
            links,
        });
        let edit = Edit {
            of: &of,
            tags: &self.tags,
            links: links.as_ref(),
            title: &title,
        };
        let outside = Outside {
            addresses: &self.addresses,
            blocked: &self.blocked,
        };
        then(&edit, &outside, &site)
    }

    /// The verdict, with the story.
    pub fn verdict(&self) -> Verdict {
        let (mut judge, _) = self.judge();
        let judged = self.edit(|edit, outside, site| {
            let judged = judge.judge(edit, outside, site);
            let told = judge.explain(edit, outside, site);
            assert_eq!(judged.needs_user(), told.needs_user());
            let settle = |judged: super::Judged| {
                judged.settle(&self.config.skip, self.facts.as_ref(), NewUser::default(), edit.of.ts)
            };
            (settle(judged), settle(told))
        });
        assert_eq!(judged.0.hits, judged.1.hits, "the story must change nothing");
        assert_eq!(judged.0.story, Vec::<String>::new());
        judged.1
    }

    /// One line for each hit.
    pub fn lines(&self) -> Vec<String> {
        self.verdict().hits.iter().map(line).collect()
    }

    #[track_caller]
    pub fn gives(&self, expected: &[&str]) {
        let verdict = self.verdict();
        let lines: Vec<String> = verdict.hits.iter().map(line).collect();
        assert_eq!(lines, expected, "{:#?}", verdict.story);
    }
}

pub(super) fn watched(domain: &str, source: &str) -> WatchedDomain {
    WatchedDomain {
        key: key(domain),
        source: source.to_owned(),
        wiki: None,
    }
}

/// `RULE STRING W->W [ratio] [=matched] [near] [xTIMES] [hidden] [auto] [new] [(skip)]`.
pub(super) fn line(hit: &Hit) -> String {
    let mut line = format!("{} {} {}->{}", hit.rule.word(), hit.string, hit.words.0, hit.words.1);
    if let Some((_, _, ratio)) = hit.score {
        line += &format!(" {}", number(ratio));
    }
    if let Some(matched) = &hit.matched {
        line += &format!(" ={matched}");
    }
    if let Some(near) = hit.near {
        line += &format!(" near {near:.0}");
    }
    if hit.times != 1 {
        line += &format!(" x{}", hit.times);
    }
    let words = [
        (!hit.is_shown, " hidden"),
        (hit.starts_monitoring, " auto"),
        (hit.is_new, " new"),
    ];
    line.extend(words.into_iter().filter(|(is, _)| *is).map(|(_, word)| word));
    if let Some(skip) = &hit.skip {
        line += &format!(" ({skip})");
    }
    line
}
