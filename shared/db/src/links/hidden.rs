//! What a wiki hides goes from the rows too: the addresses of a revision whose text is hidden or whose page is deleted.
//! Hosts and counts stay, so that nothing else is miscounted.

use crate::error::Result;
use crate::session::Session;
use crate::transaction::FencedTx;
use wikicrew_core::types::RevId;

/// Erases what follows the host in the links of these revisions of a wiki (its key). How many rows changed.
pub async fn erase_paths(tx: &mut FencedTx<'_>, wiki: &str, revs: &[RevId]) -> Result<u64> {
    const WHAT: &str = "erasing addresses that a wiki hides";
    // Handler reads: the rows of the revision, by the beginning of the primary key, in each month.
    const ADDED: &str = "UPDATE link_addition SET path = '' \
        WHERE wiki_id = (SELECT wiki_id FROM wiki WHERE name = ?) AND rev_id = ? AND path <> ''";
    const RESTORED: &str = "UPDATE link_restored SET path = '' \
        WHERE wiki_id = (SELECT wiki_id FROM wiki WHERE name = ?) AND rev_id = ? AND path <> ''";
    let mut erased = 0;
    for rev in revs {
        for sql in [ADDED, RESTORED] {
            erased += tx.conn().run(WHAT, sql, (wiki, rev.0)).await?.affected;
        }
    }
    Ok(erased)
}
