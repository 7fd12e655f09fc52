//! `links`: the recorded additions of a user, an address, a range, a domain or a host, newest first, each with COIBot's
//! four numbers. Names that are shown nowhere are left out.

use std::net::{IpAddr, Ipv6Addr};
use std::process::ExitCode;

use shared::args::CommonArgs;
use shared::core::change::Revision;
use shared::core::link::{Key, PathHosts, found};
use shared::core::ranges::ip_range;
use shared::db::links::questions::additions::{Addition, Of, newest};
use shared::db::links::questions::counts::{Four, four_numbers};
use shared::db::links::questions::lookup::{self, Editor};
use shared::db::links::since;
use shared::db::suppress::What;
use shared::db::{Access, Db, Timing, Work};
use shared::job;

use crate::ended;
use crate::hidden::{By, Hidden};
use crate::settings;

mod print;

pub use print::Output;

/// Begins what is said about the additions of one editor.
const ADDED_BY: &str = "added by ";
/// No host whose paths tell owners apart.
const NO_HOSTS: [&str; 0] = [];
/// Hosts of one domain, or addresses of one range, that are looked at.
const MOST: u32 = 1_000;

/// Flags of `links`.
#[derive(clap::Args, Clone, Debug)]
pub struct LinksArgs {
    /// A user name, an address, a range (192.0.2.0/24), a domain, or a host with its owner (facebook.com/some.page)
    name: String,
    /// Take it for a user name only
    #[arg(long, conflicts_with = "host")]
    user: bool,
    /// Take it for a domain or host only
    #[arg(long)]
    host: bool,
    /// Of a domain: only itself, without its sub-domains
    #[arg(long)]
    exact: bool,
    /// Most additions
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = Output::Text)]
    output: Output,
    /// Also what is shown nowhere else (`suppress`)
    #[arg(long)]
    private: bool,
}

/// Prints the additions. 0: there are some; 1: there are none; 75: the database does not answer; 78: configuration.
pub async fn run(links: &LinksArgs, args: &CommonArgs) -> ExitCode {
    let boot = match job::boot_local(args) {
        Ok(boot) => boot,
        Err(code) => return code,
    };
    let result = async {
        let path_hosts = settings::from_file(args)?.path_hosts;
        let db = Db::new(boot.database, Access::ReadOnly, Timing::default(), job::seed(args))?;
        let found = db.read_if_there(async |db| find(links, &path_hosts, db).await).await;
        db.close().await;
        let output = if args.json { Output::Json } else { links.output };
        let found = found?;
        print::print(&links.name, &found, output)?;
        Ok(!found.is_empty())
    };
    ended(&result.await)
}

/// The additions under a name, without what is shown nowhere, and without a word about how much that is.
pub async fn look(db: &Db, name: &str, path_hosts: &PathHosts, limit: u32) -> anyhow::Result<Found> {
    let links = LinksArgs {
        name: name.to_owned(),
        user: false,
        host: false,
        exact: false,
        limit,
        output: Output::Text,
        private: false,
    };
    let mut found = db.read_if_there(async |db| find(&links, path_hosts, db).await).await?;
    found.retain(|_| true);
    Ok(found)
}

/// What is known under a name.
#[derive(Default)]
pub struct Found {
    /// As an editor.
    pub by_editor: Option<List>,
    /// As a host.
    pub by_host: Option<List>,
    /// Of an address: the range under which older additions stand.
    pub range: Option<String>,
    /// How far back it goes.
    pub since: since::Shown,
}

impl Found {
    fn is_empty(&self) -> bool {
        [&self.by_editor, &self.by_host]
            .into_iter()
            .flatten()
            .all(|list| list.rows.is_empty())
    }

    /// The additions.
    pub fn rows(&self) -> impl Iterator<Item = &Addition> {
        let lists = [&self.by_editor, &self.by_host].into_iter().flatten();
        lists.flat_map(|list| &list.rows).map(|(one, _)| one)
    }

    /// Keeps these additions; nothing tells that there were others.
    pub fn retain(&mut self, keeps: impl Fn(&Addition) -> bool) {
        for list in [&mut self.by_editor, &mut self.by_host] {
            if let Some(list) = list {
                list.rows.retain(|(one, _)| keeps(one));
                list.hidden = 0;
            }
            list.take_if(|list| list.rows.is_empty());
        }
    }

    /// Gives additions the present names of their pages and of those who made them. Under a name that was given up there
    /// are none: it leads nobody to the new one.
    pub fn be_present<'a>(&mut self, present: impl Fn(&Addition) -> Option<&'a Revision>) {
        for list in [&mut self.by_editor, &mut self.by_host].into_iter().flatten() {
            for (one, _) in &mut list.rows {
                if let Some(now) = present(one) {
                    one.page = Some((now.ns, now.title.clone()));
                }
            }
        }
        let renamed = |one: &Addition| {
            let name = present(one).and_then(|now| now.user.clone());
            name.filter(|name| one.kind == lookup::Kind::Named && *name != one.editor)
        };
        if let Some(list) = &mut self.by_editor {
            list.rows.retain(|(one, _)| renamed(one).is_none());
        }
        self.by_editor.take_if(|list| list.rows.is_empty());
        for (one, _) in self.by_host.iter_mut().flat_map(|list| &mut list.rows) {
            if let Some(name) = renamed(one) {
                one.editor = name;
            }
        }
    }

    /// Shows the names of editors otherwise.
    pub fn change_names(&mut self, shown: impl Fn(&str) -> String) {
        for list in [&mut self.by_editor, &mut self.by_host].into_iter().flatten() {
            for (one, _) in &mut list.rows {
                let name = shown(&one.editor);
                let (begins, begin) = (format!("{ADDED_BY}{} (", one.editor), format!("{ADDED_BY}{name} ("));
                if let Some(rest) = list.about.strip_prefix(&begins) {
                    list.about = begin + rest;
                }
                one.editor = name;
            }
        }
    }

    /// In lines for people, none when there are none, and for programs.
    pub fn in_words(&self, name: &str) -> (Vec<String>, serde_json::Value) {
        print::both(name, self)
    }
}

/// Additions of one subject.
#[derive(Default)]
pub struct List {
    /// What it is, in words.
    pub about: String,
    /// Newest first, each with its four numbers.
    pub rows: Vec<(Addition, Four)>,
    /// Rows that are not shown.
    pub hidden: usize,
}

async fn find(links: &LinksArgs, path_hosts: &PathHosts, db: &mut Work) -> shared::db::Result<Found> {
    let mut found = Found {
        since: since::shown(db).await?,
        ..Found::default()
    };
    if !links.host {
        let editors = editors(db, &links.name).await?;
        if !editors.is_empty() {
            let ids: Vec<u32> = editors.iter().map(|editor| editor.id).collect();
            let mut list = list(links, db, Of::Editors, &ids).await?;
            list.about = about_editors(&editors);
            found.by_editor = Some(list);
        }
        if let Ok(ip) = links.name.trim().parse() {
            let range = range_of(ip);
            let is_used = !lookup::editors_named(db, &range, None).await?.is_empty();
            found.range = is_used.then_some(range);
        }
    }
    if !links.user
        && let Ok(key) = Key::from_name(&links.name, path_hosts)
    {
        let hosts = hosts(db, &key, links.exact).await?;
        if !hosts.is_empty() {
            let mut list = list(links, db, Of::Hosts, &hosts).await?;
            list.about = about_hosts(&key, hosts.len());
            found.by_host = Some(list);
        }
    }
    Ok(found)
}

async fn editors(db: &mut Work, name: &str) -> shared::db::Result<Vec<Editor>> {
    match ip_range(name) {
        Some((first, last)) => lookup::editors_in_range(db, first, last, MOST).await,
        None => lookup::editors_named(db, &lookup::stored_name(name), None).await,
    }
}

/// What an address becomes a part of when it is old.
fn range_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// The numbers of a host and, unless `exact`, of everything below it.
async fn hosts(db: &mut Work, key: &Key, exact: bool) -> shared::db::Result<Vec<u32>> {
    let found = if exact || key.ip().is_some() {
        lookup::hosts_by_key(db, &[key.stored().to_owned()]).await?
    } else {
        let (from, to) = key.with_subdomains();
        lookup::hosts_between(db, &from, &to, MOST).await?
    };
    Ok(found.into_iter().map(|host| host.id).collect())
}

fn about_editors(editors: &[Editor]) -> String {
    match editors {
        [one] => format!("{ADDED_BY}{} ({})", one.name, one.realm),
        many if many.len() == MOST as usize => format!("added by the first {MOST} addresses of this range, not all"),
        many => format!("added by {} editors of this name or range", many.len()),
    }
}

fn about_hosts(key: &Key, hosts: usize) -> String {
    match hosts {
        n if n == MOST as usize => format!("additions of the first {n} hosts of {}, not all", key.display()),
        1 => format!("additions of {}", key.display()),
        n => format!("additions of {} and below, {n} hosts", key.display()),
    }
}

async fn list(links: &LinksArgs, db: &mut Work, of: Of, ids: &[u32]) -> shared::db::Result<List> {
    let additions = newest(db, of, ids, None, links.limit).await?;
    let before = additions.len();
    let additions = match links.private {
        true => additions,
        false => shown(db, additions).await?,
    };
    let pairs: Vec<(u32, u32)> = additions.iter().map(|one| (one.editor_id, one.host_id)).collect();
    let numbers = four_numbers(db, &pairs).await?;
    Ok(List {
        about: String::new(),
        hidden: before - additions.len(),
        rows: additions.into_iter().zip(numbers).collect(),
    })
}

/// Without what the lists of names that are shown nowhere name, on the wiki of each addition.
async fn shown(db: &mut Work, additions: Vec<Addition>) -> shared::db::Result<Vec<Addition>> {
    let edits: Vec<By<'_>> = additions.iter().map(by).collect();
    let hidden = Hidden::of(db, &edits).await?;
    let is_shown = |one: &Addition| {
        let title = one.page.as_ref().map(|(_, title)| title.as_str());
        !hidden.hides_user(by(one))
            && !hosts_of(one).any(|host| hidden.hides(&one.wiki, What::Host, &host))
            && !title.is_some_and(|title| hidden.hides(&one.wiki, What::Page, title))
    };
    Ok(additions.into_iter().filter(is_shown).collect())
}

/// Everything by which a host can be named that an addition shows: itself, the domains above it, and what an archive's
/// link shows.
fn hosts_of(one: &Addition) -> impl Iterator<Item = String> {
    let own = Key::from_stored(&one.stored_key);
    let address = own.as_ref().map(|key| format!("http://{}{}", key.host(), one.path));
    let shown = address.map(|address| found(&address, &PathHosts::new(NO_HOSTS).unwrap_or_default()));
    let shown = shown.into_iter().flatten().map(|found| found.key);
    own.into_iter().chain(shown).flat_map(|key| {
        let host = key.host();
        let above: Vec<String> = host
            .match_indices('.')
            .map(|(dot, _)| host[dot + 1..].to_owned())
            .collect();
        [key.ascii(), host].into_iter().chain(above)
    })
}

fn by(one: &Addition) -> By<'_> {
    By {
        wiki: &one.wiki,
        wiki_id: one.place.wiki_id,
        editor_id: one.editor_id,
        editor: &one.editor,
    }
}
