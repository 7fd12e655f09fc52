//! Link additions as they might be: 10^5 users, 10^5 hosts, 300 wikis, one host with a tenth of all. The same numbers
//! give the same additions, so that "the same file again" needs no file.

use chrono::Duration;
use wikicrew_core::addition::{EditorName, Flags, Links, RevisionLinks, Row};
use wikicrew_core::change::EditorKind;
use wikicrew_core::types::{PageId, RevId, Timestamp, UserId};

pub const EDITORS: f64 = 1e5;
pub const HOSTS: f64 = 1e5;
pub const WIKIS: f64 = 300.0;
/// The additions are spread over so many days before `now`.
pub const DAYS: i64 = 120;

/// SplitMix64: small, quick, and good enough to draw lots.
pub struct Lots(u64);

impl Lots {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From 0 to 1, without 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number below `n`; the greater the power, the more often a small one.
    pub fn skewed(&mut self, n: f64, power: i32) -> u64 {
        (self.unit().powi(power) * n) as u64
    }
}

/// The stored key of host number `i`; number 0 has a tenth of all additions, and one in eight is a sub-domain of
/// another.
pub fn host(i: u64) -> String {
    const ENDS: [&str; 6] = ["com", "org", "net", "de", "co.uk", "info"];
    let end = ENDS[(i % 6) as usize];
    let end: Vec<&str> = end.rsplit('.').collect();
    match i % 8 {
        7 => format!("{}.example-{}.shop.", end.join("."), i - 6),
        _ => format!("{}.example-{i}.", end.join(".")),
    }
}

/// Whose name number `i` is: one in five an address, one in ten a temporary account.
pub fn editor(i: u64) -> EditorName {
    let (name, kind) = match i % 10 {
        3 | 8 => {
            let n = 0x0A00_0000_u32 + i as u32;
            (std::net::Ipv4Addr::from_bits(n).to_string(), EditorKind::Ip)
        }
        5 => (format!("~2026-{i}-01"), EditorKind::Temporary),
        _ => (format!("Editor number {i}"), EditorKind::Named),
    };
    let user_id = if kind == EditorKind::Ip { 0 } else { i + 1 };
    EditorName {
        name,
        kind,
        user_id: UserId(user_id),
    }
}

pub fn wiki(i: u64) -> String {
    format!("w{i}.example.org/w")
}

/// Revisions, oldest first, until `of` links are reached.
pub struct Revisions {
    lots: Lots,
    rev: u64,
    done: u64,
    of: u64,
    begin: Timestamp,
}

impl Revisions {
    /// `seed` makes other revisions of it, with numbers of their own; they fill the `DAYS` before `now`.
    pub fn new(seed: u64, of: u64, now: Timestamp) -> Self {
        Self {
            lots: Lots::new(seed),
            rev: seed * 1_000_000_000,
            done: 0,
            of,
            begin: now - Duration::days(DAYS),
        }
    }
}

impl Iterator for Revisions {
    /// The wiki's number, which divides them into shards, and the revision.
    type Item = (u64, RevisionLinks);

    fn next(&mut self) -> Option<Self::Item> {
        if self.done >= self.of {
            return None;
        }
        let lots = &mut self.lots;
        self.rev += 1;
        let wiki_no = lots.skewed(WIKIS, 3);
        // As many pages as the wiki is large: a wiki's share of what is drawn by the third power.
        let share = ((wiki_no + 1) as f64 / WIKIS).powf(1.0 / 3.0) - (wiki_no as f64 / WIKIS).powf(1.0 / 3.0);
        let page = 1 + lots.skewed((share * 5e6).max(50.0), 2);
        let editor_no = lots.skewed(EDITORS, 4);
        // Two of three edits add one link; 1.5 on average.
        let links = 1 + u64::from(lots.unit() < 0.33) + u64::from(lots.unit() < 0.12) + u64::from(lots.unit() < 0.05);
        let mut rows: Vec<Row> = (0..links).map(|_| row(lots)).collect();
        rows.sort();
        rows.dedup_by(|a, b| (&a.host, &a.path, a.flags) == (&b.host, &b.path, b.flags));
        let seconds = (DAYS * 86_400) as f64 * (self.done as f64 / self.of as f64);
        self.done += rows.len() as u64;
        let rev = RevisionLinks {
            wiki: wiki(wiki_no),
            dbname: format!("w{wiki_no}"),
            realm: "bench".into(),
            rev: RevId(self.rev),
            ts: self.begin + Duration::seconds(seconds as i64),
            page: PageId(page),
            ns: 0,
            title: format!("Some page of the wiki, number {page}"),
            editor: editor(editor_no),
            is_revert: false,
            links: Links::Rows(rows),
        };
        Some((wiki_no, rev))
    }
}

fn row(lots: &mut Lots) -> Row {
    let host_no = if lots.unit() < 0.1 {
        0
    } else {
        1 + lots.skewed(HOSTS - 1.0, 3)
    };
    // 45 bytes on average: 12 to 85.
    let length = 12 + (lots.unit() * lots.unit() * 140.0).min(70.0) as usize + (lots.unit() * 4.0) as usize;
    let mut path = String::with_capacity(96);
    while path.len() < length {
        path.push('/');
        let word = lots.next();
        path.push_str(&format!("{word:016x}"));
    }
    path.truncate(length);
    Row {
        host: host(host_no),
        path,
        flags: Flags::HTTPS,
        times: 1,
    }
}
