//! Who else added what a user added.

use shared::core::text::{Wikitext, literal};

use super::pen::Pen;
use super::statistics::named;
use crate::model::HostCount;

/// Hosts that are listed.
const SHOWN: usize = 20;

/// The section; only of a user, address or range.
pub fn others(pen: &Pen<'_>) -> Wikitext {
    if !pen.model.subject.kind().is_editor() {
        return Wikitext::new();
    }
    let mut text = pen.heading("heading-others");
    text.push(&literal("<div id=\"lr-others\"></div>\n"));
    let hosts: Vec<&HostCount> = pen.model.hosts.iter().filter(|host| host.others > 0).collect();
    if hosts.is_empty() {
        text.push(&pen.words("others-none")).push_literal("\n");
        return text;
    }
    let item = |host: &&HostCount| {
        pen.say(
            "others-of-host",
            &[
                ("host", &named(pen, &host.subject)),
                (
                    "users",
                    &pen.counted("other-users-of", host.others, &pen.other_users(host.others)),
                ),
                ("own", &pen.number(host.n)),
                ("all", &pen.number(host.all)),
            ],
        )
    };
    let mut items: Vec<Wikitext> = hosts.iter().take(SHOWN).map(item).collect();
    if hosts.len() > SHOWN {
        items.push(pen.count("hosts-more", (hosts.len() - SHOWN) as u64));
    }
    text.push(&Pen::list(&items));
    text
}
