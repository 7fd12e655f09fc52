//! An hour of edits on six wikis of two families, made up from a seed: whatever decides what a link addition is comes up
//! in it, in an order of lines as careless as that of real sources.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::seconds_ago;

/// Host, database and family of each wiki; four shards all get some of them.
const WIKIS: [(&str, &str, &str); 6] = [
    ("en.wikipedia.org", "enwiki", "wikimedia"),
    ("nl.wikipedia.org", "nlwiki", "wikimedia"),
    ("fr.wikipedia.org", "frwiki", "wikimedia"),
    ("alpha.example.org", "alphawiki", "farm"),
    ("gamma.example.org", "gammawiki", "farm"),
    ("delta.example.org", "deltawiki", "farm"),
];

/// Names, and whether they are temporary, bots, new.
const USERS: [(&str, bool, bool, bool); 12] = [
    ("Ann", false, false, false),
    ("Ben", false, false, false),
    ("Carla Ünique", false, false, false),
    ("日本の利用者", false, false, false),
    ("Dora's \"&\" Co", false, false, false),
    ("Linker Bot", false, true, false),
    ("Acme Widgets", false, false, true),
    ("Newcomer", false, false, true),
    ("~2026-12345-6", true, false, false),
    ("203.0.113.77", false, false, false),
    ("2001:DB8:0:0:0:0:0:7", false, false, false),
    ("198.51.100.9", false, false, false),
];

/// What an edit may write, `HOST` being any host and `N` any number.
const LINES: [&str; 14] = [
    "* https://HOST/N",
    "* http://www.HOST/N",
    "* [https://HOST/N name]",
    "* [//HOST/N name]",
    "* {{URL|HOST/N}}",
    "* <ref>{{cite web|url=https://HOST/N?a=b|title=T}}</ref>",
    "* https://web.archive.org/web/20200101000000/https://HOST/N",
    "* https://www.facebook.com/page.N/posts",
    "* ftp://HOST/N",
    "* https://bücher.example/N",
    "* http://http://HOST/N",
    "* <!-- https://HOST/N --> <nowiki>https://HOST/N</nowiki>",
    "* https://HOST/N https://HOST/N",
    "* http://203.0.113.5:8080/N",
];

/// Numbers that look random and are always the same.
pub struct Dice(u64);

impl Dice {
    /// A row of numbers of its own for every seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

/// A page as it is, and as it was.
#[derive(Default)]
struct Page {
    /// Revision and text, oldest first.
    history: Vec<(u64, String)>,
}

/// The lines of a file with about so many edits: the edits in order, what the event stream says of some of them before
/// or after, some of it twice.
pub fn hour(seed: u64, edits: usize) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let mut pages: BTreeMap<(usize, usize), Page> = BTreeMap::new();
    // Each line with the place where it is to stand.
    let mut lines: Vec<(usize, String)> = Vec::new();
    for i in 0..edits {
        let at = i * 100;
        let seconds = (edits - i) as i64 * 6;
        // A flood gets a page of its own: nobody carries its text on.
        let flood = i % 97 == 50;
        let (wiki, page) = (dice.below(WIKIS.len()), if flood { 1_000 + i } else { dice.below(5) });
        let history = &mut pages.entry((wiki, page)).or_default().history;
        let (parent, old) = history.last().cloned().unwrap_or_default();
        let (text, reverted) = match flood {
            true => (flooded(&mut dice, i), None),
            false => changed(&mut dice, &old, history),
        };
        let rev = 1_000 + i as u64;
        let mut edit = Edit {
            wiki: WIKIS[wiki],
            page,
            rev,
            seconds,
            user: dice.below(USERS.len()),
        }
        .line(parent, &old, &text);
        if let Some(hashes) = reverted {
            match dice.below(4) {
                0 => edit["tags"] = json!(["mw-undo"]),
                1 => edit["tags"] = json!(["visualeditor", "mw-rollback"]),
                2 => edit["tags"] = json!(["mw-manual-revert"]),
                _ => {
                    edit["sha1"] = json!(hash(&text).to_uppercase());
                    edit["earlier_sha1"] = json!(hashes);
                }
            }
        }
        if dice.one_in(8) {
            // The source need not know what the database is called.
            edit["database"] = Value::Null;
        }
        history.push((rev, text));
        for _ in 0..=usize::from(dice.one_in(15)) {
            lines.push((at + dice.below(300), edit.to_string()));
        }
        if dice.one_in(3) && wiki < 3 {
            let said = told(&mut dice, &edit, WIKIS[wiki]);
            let framed = if dice.one_in(2) {
                format!("data: {said}")
            } else {
                said.to_string()
            };
            lines.push(((at + dice.below(4_000)).saturating_sub(2_000), framed));
        }
        if dice.one_in(50) {
            let canary = json!({"$schema": "/mediawiki/page/links-change/1.0.0", "meta": {"domain": "canary"}});
            lines.push((at, format!("event: message\ndata: {canary}\n")));
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The next text of a page, and the hashes of what it had before when that is one of them.
fn changed(dice: &mut Dice, old: &str, history: &[(u64, String)]) -> (String, Option<Vec<String>>) {
    let mut lines: Vec<&str> = old.lines().collect();
    if dice.one_in(4) && history.len() > 2 {
        let (_, before) = &history[history.len() - 2 - dice.below((history.len() - 2).min(4))];
        let hashes = history.iter().rev().map(|(_, text)| hash(text)).collect();
        return (before.clone(), Some(hashes));
    }
    let mut added = Vec::new();
    match dice.below(8) {
        0 if !lines.is_empty() => {
            lines.remove(dice.below(lines.len()));
        }
        1 => added.push("Words without any link.".to_owned()),
        _ => {
            for _ in 0..=dice.below(3) {
                let line = LINES[dice.below(LINES.len())];
                let host = format!("h{}.example", dice.below(12));
                let number = dice.below(6).to_string();
                added.push(line.replace("HOST", &host).replace('N', &number));
            }
        }
    }
    let kept = &lines[lines.len().saturating_sub(30)..];
    let kept = kept.iter().map(|line| (*line).to_owned());
    (kept.chain(added).collect::<Vec<_>>().join("\n"), None)
}

/// More than 200 links to one host, or more than 1,000 hosts.
fn flooded(dice: &mut Dice, i: usize) -> String {
    let is_one_host = dice.one_in(2);
    let link = |n: usize| match is_one_host {
        true => format!("https://flood.example/{i}/{n}\n"),
        false => format!("https://f{n}.flood{i}.example/\n"),
    };
    (0..1_001 + dice.below(50)).map(link).collect()
}

fn hash(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    format!("{:031x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

/// Who edits what, where and when.
struct Edit {
    wiki: (&'static str, &'static str, &'static str),
    page: usize,
    rev: u64,
    seconds: i64,
    user: usize,
}

impl Edit {
    fn line(&self, parent: u64, old: &str, text: &str) -> Value {
        let (host, database, realm) = self.wiki;
        let (name, is_temp, is_bot, is_new) = USERS[self.user];
        let is_address = name.contains(':') || name.starts_with(|c: char| c.is_ascii_digit());
        let mut performer = json!({ "user_text": name, "user_is_bot": is_bot });
        if is_address {
            performer["user_id"] = json!(0);
        } else {
            performer["user_id"] = json!(100 + self.user);
            performer["user_is_temp"] = json!(is_temp);
            performer["user_edit_count"] = json!(if is_new { 3 } else { 900 });
            performer["user_registration_dt"] = json!("2015-01-01T00:00:00Z");
        }
        json!({
            "type": "recorded-edit", "wiki": format!("{host}/w"), "database": database, "realm": realm,
            "rev_id": self.rev, "parent_id": parent, "page_id": self.page + 1,
            "page_namespace": i32::from(self.page == 4), "page_title": format!("Page_{}", self.page),
            "dt": seconds_ago(self.seconds), "performer": performer, "tags": [], "content_model": "wikitext",
            "text": text, "parent_text": if parent == 0 { Value::Null } else { json!(old) },
        })
    }
}

/// What the event stream says of an edit: a link of its text, one that only a template shows, or nobody's name.
fn told(dice: &mut Dice, edit: &Value, (host, database, _): (&str, &str, &str)) -> Value {
    let only_template = format!("https://template{}.example/%3Fa", dice.below(5));
    let mut added = vec![json!({"link": "/wiki/Page", "external": false})];
    if dice.one_in(2) {
        added.push(json!({"link": only_template, "external": true}));
    }
    let text = edit["text"].as_str().unwrap_or_default();
    if let Some(own) = text.split_whitespace().find(|word| word.starts_with("https://h")) {
        added.push(json!({"link": own.replace('?', "%3F"), "external": true}));
    }
    let mut performer = edit["performer"].clone();
    if dice.one_in(8) {
        performer = Value::Null;
    } else if dice.one_in(3) {
        performer["user_text"] = json!("Somebody else");
        performer["user_id"] = json!(99);
        performer["user_is_temp"] = json!(false);
    }
    // As an edit to a template: nobody recorded that revision.
    let rev = edit["rev_id"].as_u64().unwrap_or_default() + if dice.one_in(10) { 1_000_000 } else { 0 };
    json!({
        "$schema": "/mediawiki/page/links-change/1.0.0",
        "meta": {"domain": host, "stream": "mediawiki.page-links-change", "dt": edit["dt"]},
        "database": database, "page_id": edit["page_id"], "page_title": edit["page_title"],
        "page_namespace": edit["page_namespace"], "rev_id": rev, "performer": performer, "added_links": added,
    })
}
