//! All of a model as JSON, with the names of things for their numbers: wikis by key, users by name.

use chrono::SecondsFormat;
use serde_json::{Value, json};
use shared::core::types::Timestamp;

use super::{fate_word, kind_word, list_word, who_words};
use crate::model::{Account, Adder, Entry, Fates, HitRow, Model, Reach, Row, Who, Wiki};

/// The model. Times are ISO 8601 in UTC; what is not known is `null`.
pub fn json(model: &Model) -> Value {
    let totals = &model.totals;
    let key = |wiki: usize| key_of(model, wiki);
    let kind = |(kind, users, additions): &(_, u64, u64)| json!({"kind": kind_word(*kind), "users": users, "additions": additions});
    let gap = |(wiki, from, to): &(usize, Timestamp, Timestamp)| json!({"wiki": key(*wiki), "from": time(*from), "to": time(*to)});
    json!({
        "subject": {
            "kind": model.subject.kind().word(),
            "name": model.subject.to_string(),
            "key": model.subject.key(),
        },
        "wikis": model.wikis.iter().map(wiki).collect::<Vec<_>>(),
        "totals": {
            "additions": totals.additions,
            "wikis": totals.wikis,
            "users": totals.editors(),
            "kinds": totals.kinds.iter().map(kind).collect::<Vec<_>>(),
            "hosts": totals.hosts,
            "first": totals.first.map(time),
            "last": totals.last.map(time),
            "restored": totals.restored,
            "is_cut": totals.is_cut,
        },
        "complete": {
            "rows": model.complete.rows.map(time),
            "counters": model.complete.counters.map(time),
            "gaps": model.complete.gaps.iter().map(gap).collect::<Vec<_>>(),
        },
        "rules": model.rules.iter().map(|rule| rule.word()).collect::<Vec<_>>(),
        "by_wiki": model.by_wiki.iter().map(|(wiki, n)| json!({"wiki": key(*wiki), "additions": n})).collect::<Vec<_>>(),
        "by_month": model.by_month.iter()
            .map(|(year, month, n)| json!({"month": format!("{year:04}-{month:02}"), "additions": n}))
            .collect::<Vec<_>>(),
        "users": model.users.iter().map(|user| adder(model, user)).collect::<Vec<_>>(),
        "hosts": model.hosts.iter().map(|host| json!({
            "host": host.subject.to_string(),
            "key": host.subject.key(),
            "additions": host.n,
            "wikis": host.wikis,
            "additions_by_anybody": host.all,
            "other_users": host.others,
        })).collect::<Vec<_>>(),
        "rows": model.rows.iter().map(|row| addition(model, row)).collect::<Vec<_>>(),
        "fates": fates(&model.fates),
        "servers": model.servers.iter().map(|server| json!({
            "address": server.ip.to_string(),
            "first": time(server.first),
            "last": time(server.last),
            "hosts": server.hosts,
        })).collect::<Vec<_>>(),
        "entries": model.entries.iter().map(|entry| of_entry(model, entry)).collect::<Vec<_>>(),
        "unchecked": model.unchecked,
        "established": {
            "uses_here": model.established.uses_here,
            "more": model.established.more,
            "experienced_users": model.established.by_experienced.0,
            "their_additions": model.established.by_experienced.1,
        },
        "earlier": model.earlier.iter().map(|earlier| json!({
            "title": earlier.title,
            "status": earlier.status.map(|status| status.word()),
        })).collect::<Vec<_>>(),
        "hits": model.hits.iter().map(|hit| of_hit(model, hit)).collect::<Vec<_>>(),
        "all_hits": model.all_hits,
    })
}

fn time(ts: Timestamp) -> String {
    ts.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn key_of(model: &Model, wiki: usize) -> Option<&str> {
    model.wikis.get(wiki).map(|wiki| wiki.key.as_str())
}

fn wiki(wiki: &Wiki) -> Value {
    let prefix = match &wiki.reach {
        Reach::Here => Some(""),
        Reach::Prefix(prefix) => Some(prefix.as_str()),
        Reach::None => None,
    };
    json!({"key": wiki.key, "name": wiki.name, "prefix": prefix})
}

fn name(who: &Who) -> Value {
    let is_named = matches!(who, Who::Name(_) | Who::OldRange(_));
    let why = match who {
        Who::Name(_) => "name",
        Who::OldRange(_) => "range",
        Who::Temporary => "temporary",
        Who::Hidden => "hidden",
    };
    json!({"name": is_named.then(|| who_words(who)), "shown_as": why})
}

fn fates(fates: &Fates) -> Value {
    json!({
        "looked_at": fates.looked_at,
        "live": fates.live,
        "removed": fates.removed,
        "page_gone": fates.gone,
        "unknown": fates.unknown,
        "re_added": fates.again,
        "hidden": fates.hidden,
    })
}

fn adder(model: &Model, adder: &Adder) -> Value {
    let account = |account: &Account| {
        json!({
            "registered": account.registered.map(time),
            "edits": account.edits,
            "is_global": account.is_global,
            "groups": account.groups,
            "is_blocked": account.is_blocked,
            "is_locked": account.is_locked,
        })
    };
    json!({
        "user": name(&adder.who),
        "kind": kind_word(adder.kind),
        "wiki": key_of(model, adder.wiki),
        "additions": adder.n,
        "wikis": adder.wikis,
        "first": time(adder.first),
        "last": time(adder.last),
        "other_links": adder.other_links,
        "other_hosts": adder.other_hosts.iter()
            .map(|(host, n)| json!({"host": host, "additions": n}))
            .collect::<Vec<_>>(),
        "fates": fates(&adder.fates),
        "account": adder.account.as_ref().map(account),
    })
}

fn addition(model: &Model, row: &Row) -> Value {
    json!({
        "number": row.number,
        "time": time(row.ts),
        "wiki": key_of(model, row.wiki),
        "revision": row.rev.0,
        "page_id": row.page_id.0,
        "title": row.title,
        "user": name(&row.who),
        "user_kind": kind_word(row.kind),
        "user_links": row.user_links,
        "key": row.stored_key,
        "link": row.link,
        "times": row.times,
        "four": [row.four.a, row.four.b, row.four.c, row.four.d],
        "fate": fate_word(row.fate),
        "is_top": row.is_top,
        "is_re_added": row.is_again,
        "by_archive": row.by_archive,
    })
}

fn of_entry(model: &Model, entry: &Entry) -> Value {
    let page = entry.page.as_ref();
    json!({
        "list": list_word(entry.list),
        "what": entry.what,
        "wiki": page.and_then(|(wiki, _)| key_of(model, *wiki)),
        "page": page.map(|(_, page)| page),
        "by": entry.by,
        "since": entry.since.map(time),
        "reason": entry.reason,
    })
}

fn of_hit(model: &Model, hit: &HitRow) -> Value {
    let percent = |hundredths: u32| f64::from(hundredths) / 100.0;
    let score = hit
        .score
        .map(|(there, back, ratio)| json!({"there": percent(there), "back": percent(back), "ratio": percent(ratio)}));
    json!({
        "time": time(hit.ts),
        "wiki": key_of(model, hit.wiki),
        "revision": hit.rev.0,
        "title": hit.title,
        "user": name(&hit.who),
        "rule": hit.rule,
        "string": hit.string,
        "matched": hit.matched,
        "score": score,
        "recorded_only": hit.skip,
    })
}
