//! Questions about many names at once, in statements of bounded size.

use crate::bulk::SLICE;
use crate::connect::Conn;
use crate::error::Result;
use crate::links::questions::MOST;
use crate::session::{FromFields, list};
use mysql_async::Value;

/// What a statement is asked about: places of one or more values each.
pub(crate) struct Slots {
    width: usize,
    values: Vec<Value>,
}

impl Slots {
    /// One value each: `IN (LIST)` becomes `IN (?, ?, …)`.
    pub(crate) fn of(values: impl Iterator<Item = Value>) -> Self {
        Self {
            width: 1,
            values: values.collect(),
        }
    }

    /// Two values each: `IN (LIST)` becomes `IN ((?, ?), (?, ?), …)`.
    pub(crate) fn pairs(values: impl Iterator<Item = (u32, u32)>) -> Self {
        Self {
            width: 2,
            values: values.flat_map(|(a, b)| [Value::from(a), Value::from(b)]).collect(),
        }
    }
}

/// The rows for all of `slots`, which may be more than one statement takes: `sql` has `(LIST)` where they belong,
/// `before` and `after` are the values of the other places. The order holds within [`SLICE`] slots only.
pub(crate) async fn select<T: FromFields>(
    conn: &mut Conn,
    what: &'static str,
    sql: &str,
    before: &[Value],
    slots: Slots,
    after: &[Value],
) -> Result<Vec<T>> {
    let one = match slots.width {
        1 => "?".to_owned(),
        width => format!("({})", list("?", width)),
    };
    let mut rows = Vec::new();
    for some in slots.values.chunks(SLICE * slots.width) {
        let sql = sql.replace("(LIST)", &format!("({})", list(&one, some.len() / slots.width)));
        let values = [before, some, after].concat();
        rows.extend(conn.rows::<T>(what, &sql, values).await?);
    }
    Ok(rows)
}

/// As [`select`], in one statement, because its sums or its order go over all slots: [`MOST`] of them, those that
/// follow are left out. No slots: no rows.
pub(crate) async fn whole<T: FromFields>(
    conn: &mut Conn,
    what: &'static str,
    sql: &str,
    before: &[Value],
    slots: Slots,
    after: &[Value],
) -> Result<Vec<T>> {
    let some = &slots.values[..slots.values.len().min(MOST * slots.width)];
    if some.is_empty() {
        return Ok(Vec::new());
    }
    let sql = sql.replace("(LIST)", &format!("({})", list("?", some.len())));
    conn.rows(what, &sql, [before, some, after].concat()).await
}
