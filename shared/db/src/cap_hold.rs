//! A cap that was reached holds the writing of a job until an admin saves the
//! settings page again. The row stays: edits from before `since`
//! then count no more.

use crate::error::Result;
use crate::session::{Fields, FromFields, Session, at};
use crate::transaction::FencedTx;
use mysql_async::params;
use wikicrew_core::types::{RevId, Timestamp};

/// Why and since when nothing is written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CapHold {
    /// The settings revision under which the cap was reached; a newer accepted
    /// one ends the hold.
    pub settings_revid: RevId,
    /// In words for the status page.
    pub reason: String,
    /// When it was reached.
    pub since: Timestamp,
}

impl FromFields for CapHold {
    fn from_fields(f: &mut Fields) -> Result<Self> {
        Ok(Self {
            settings_revid: RevId(f.get("settings_revid")?),
            reason: f.get("reason")?,
            since: f.time("since")?,
        })
    }
}

/// Holds the writing. A hold under the same settings revision stays as it is.
pub async fn set(
    tx: &mut FencedTx<'_>,
    account: &str,
    settings_revid: RevId,
    reason: &str,
    now: Timestamp,
) -> Result<()> {
    // `since` and `reason` look at the old revision, so it is assigned last.
    const SQL: &str = "INSERT INTO cap_hold (job, wiki, account, settings_revid, reason, since) \
        VALUES (:job, :wiki, :account, :revid, :reason, :now) \
        ON DUPLICATE KEY UPDATE \
        since = IF(settings_revid = VALUES(settings_revid), since, VALUES(since)), \
        reason = IF(settings_revid = VALUES(settings_revid), reason, VALUES(reason)), \
        settings_revid = VALUES(settings_revid)";
    let (conn, fence) = tx.parts();
    conn.run(
        "holding the edits at a cap",
        SQL,
        params! {
            "job" => &fence.job, "wiki" => &fence.wiki, "account" => account,
            "revid" => settings_revid.0, "reason" => reason, "now" => at(now),
        },
    )
    .await?;
    Ok(())
}

/// The hold, if there is one.
pub async fn get(session: &mut impl Session, job: &str, wiki: &str, account: &str) -> Result<Option<CapHold>> {
    const SQL: &str = "SELECT settings_revid, reason, since FROM cap_hold \
        WHERE job = :job AND wiki = :wiki AND account = :account";
    session
        .conn()
        .first(
            "asking whether a cap holds the edits",
            SQL,
            params! { "job" => job, "wiki" => wiki, "account" => account },
        )
        .await
}
