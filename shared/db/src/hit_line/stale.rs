//! Lines that no longer say what they should though nothing new was found: somebody is to be named nowhere.

use crate::connect::Db;
use crate::error::Result;
use crate::hit::Forget;
use crate::session::{One, Session};
use mysql_async::Value;

/// Rows that one transaction looks at.
const STEP: u64 = 5_000;

/// Lines on the pages of a wiki that are about it, or tell of hits that are, are to be written anew at once. For commands
/// by hand: no index is by name, so all lines are gone through in slices, each a short transaction beside a run that may
/// be at work. How many lines there are that were not so already.
pub async fn make_stale(db: &Db, target: &str, about: Forget<'_>) -> Result<u64> {
    const WHAT: &str = "noting lines to be written anew";
    const OF_HITS: &str = "EXISTS (SELECT 1 FROM hit h FORCE INDEX (by_line) WHERE h.line_key = l.line_key AND ";
    let (filter, values) = match about {
        Forget::User(id, name) => {
            // 0 is no account: every address has it.
            let id = id.filter(|id| id.0 != 0).map(|id| id.0);
            let filter = "(l.user_name = ? OR l.user_id = ?)".to_owned();
            (filter, [Value::from(name), Value::from(id)])
        }
        Forget::Page(title) => {
            let filter = format!("{OF_HITS}(h.title = ? OR (h.subject = 'page' AND h.string = ?)))");
            (filter, [Value::from(title), Value::from(title)])
        }
        Forget::Links(first, end) => {
            let filter = format!("{OF_HITS}h.rhost >= ? AND h.rhost < ?)");
            (filter, [Value::from(first), Value::from(end)])
        }
    };
    let last = db
        .read(async |work| {
            let sql = "SELECT COALESCE(MAX(id), 0) AS value FROM hit_line";
            work.conn().one::<One<u64>>(WHAT, sql, ()).await
        })
        .await?;
    // Handler reads: every line, and for pages and links their hits.
    let sql = format!(
        "UPDATE hit_line l SET l.is_dirty = 1, l.changed_at = NULL WHERE l.id > ? AND l.id <= ? AND l.target = ? \
         AND l.state = 'shown' AND (l.is_dirty = 0 OR l.changed_at IS NOT NULL) AND {filter}"
    );
    let (mut after, mut changed) = (0, 0);
    while after < last.0 {
        let mut place = vec![Value::from(after), Value::from(after + STEP), Value::from(target)];
        place.extend(values.iter().cloned());
        changed += db
            .transaction(WHAT, async |tx| {
                Ok(tx.conn().run(WHAT, &sql, place.clone()).await?.affected)
            })
            .await?;
        after += STEP;
    }
    Ok(changed)
}
