//! What asks for reports: summary templates on watched pages, privileged users on the poke page, LiWa3's statistics rules
//! over new additions, new additions to reports that exist, and the operator by hand. What asks is stored and waits;
//! nothing here writes to a wiki.

mod boards;
mod due;
mod items;
mod judge;
mod names;
mod position;
mod reopen;
mod since;
mod statistics;
mod tripping;
mod watched;
mod white;

use shared::core::report::Subject;
use shared::core::types::Timestamp;
use shared::db::report_ask::{self, NewAsk, Reason};
use shared::db::{Db, Fence};
use shared::wiki::wiki_id_of;

pub use due::requester;
pub use judge::{Judge, Judged};
pub use reopen::look_again;
pub use statistics::{Tally, statistics};
pub use tripping::on_server;
pub use watched::{Watched, watched};

use crate::settings::{Place, Settings};

/// Key of the wiki on which people decide about reports, of settings of the wiki `own`.
pub fn home_key(settings: &Settings, own: &str) -> String {
    match &settings.home().place {
        Place::Here => own.to_owned(),
        // The settings were read: it is an address.
        Place::Api(api) => wiki_id_of(api, &[]).unwrap_or_else(|_| own.to_owned()),
    }
}

/// The operator asks by hand: each time anew. `who` is told beside the request. How many asks are new: 1.
///
/// Errs as the database does.
pub async fn by_hand(
    db: &Db,
    fence: &Fence,
    home: &str,
    subject: &Subject,
    who: &str,
    now: Timestamp,
) -> shared::db::Result<u64> {
    let ask = NewAsk {
        home: home.to_owned(),
        subject: subject.clone(),
        origin: format!("command:{}:{}", fence.run_id, now.timestamp_micros()),
        requester: Some("operator".to_owned()),
        requester_name: Some(who.to_owned()),
        reason: Reason::Command,
        detail: None,
    };
    db.fenced(fence, "asking for a report by hand", async |tx| {
        report_ask::ask(tx, std::slice::from_ref(&ask), now).await
    })
    .await
}
