//! Which of LiWa3's statistics rules hold of a link as its report tells of it, whoever asked for the report. Pages and
//! networks are those of the rows and users that were gathered.

use std::collections::HashSet;

use shared::core::ranges::ip_range;
use shared::core::report::{Added, Facts, Kind, Limits, Rule, tripped};
use shared::core::types::PageId;
use shared::db::links::questions::lookup::Kind as EditorKind;
use shared::db::links::questions::servers;

use super::{Context, Gathered};
use crate::asks::on_server;
use crate::model::ListName;

/// Hosts whose servers are looked at.
const ON_SERVERS: usize = 500;
/// A host that was added more often has no say in what stands on its server.
const MAX_ADDITIONS: u32 = 1_000;

/// Adds the rules that hold to those that asked for the report, which stay the first where they still can hold. Errs as the database does.
pub async fn look(cx: &Context<'_>, gathered: &mut Gathered) -> anyhow::Result<()> {
    if gathered.model.subject.kind() != Kind::Link {
        return Ok(());
    }
    let limits = &cx.settings.rules;
    let hosts = &gathered.refs.hosts[..gathered.refs.hosts.len().min(ON_SERVERS)];
    let on_servers = cx
        .db
        .read_if_there(async |db| servers::by_one_editor(db, hosts, limits.same_server, MAX_ADDITIONS).await)
        .await?;
    let most = on_server(&on_servers, |_| true).into_values().max().unwrap_or(0);
    let facts = facts(gathered, limits, most);
    let holding = tripped(&facts, limits);
    // One that asked held of the additions of its time. How many pages those were on cannot be told any more, where some
    // are gone; what the numbers of the report contradict is not said.
    let without_minimum = Limits {
        min_additions: 1,
        min_pages: 0,
        ..*limits
    };
    let possible = tripped(&facts, &without_minimum);
    let rules = &mut gathered.model.rules;
    rules.retain(|rule| possible.contains(rule));
    let more: Vec<Rule> = holding.into_iter().filter(|rule| !rules.contains(rule)).collect();
    rules.extend(more);
    Ok(())
}

fn facts(gathered: &Gathered, limits: &Limits, on_server: u64) -> Facts {
    let (model, refs) = (&gathered.model, &gathered.refs);
    let of_kinds = |is_one: fn(EditorKind) -> bool| model.totals.kinds.iter().filter(move |(kind, ..)| is_one(*kind));
    let is_on = |list: ListName| model.entries.iter().any(|entry| entry.list == list);
    let pages: HashSet<_> = model.rows.iter().map(|row| (row.wiki, row.page_id)).collect();
    let users = model.users.iter().zip(&refs.users);
    let users = users.map(|(user, behind)| (user.kind, behind.editor_id, behind.name.as_str()));
    let rows = model.rows.iter().zip(&refs.rows);
    let rows = rows.map(|(row, behind)| (row.kind, behind.editor_id, behind.name.as_str()));
    let addresses = users.chain(rows).filter(|(kind, ..)| is_address(*kind));
    let addresses = addresses.map(|(_, editor, name)| Added {
        editor,
        is_unnamed: true,
        address: ip_range(name),
        wiki: 0,
        page: PageId(0),
        times: 1,
    });
    Facts {
        additions: model.totals.additions,
        pages: pages.len() as u64,
        wikis: model.totals.wikis,
        editors: model.totals.editors(),
        top: model.users.first().map_or(0, |user| user.n),
        unnamed: of_kinds(EditorKind::is_unnamed).map(|(_, _, n)| n).sum(),
        addresses: of_kinds(is_address).map(|(_, editors, _)| editors).sum(),
        one_network: Facts::from_rows(&addresses.collect::<Vec<_>>(), limits).one_network,
        on_server,
        is_shortener: is_on(ListName::Shortener),
        is_listed: is_on(ListName::Noticeboard),
    }
}

fn is_address(kind: EditorKind) -> bool {
    matches!(kind, EditorKind::Address | EditorKind::Range)
}
