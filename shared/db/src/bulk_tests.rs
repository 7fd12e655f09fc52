use super::*;

fn row(bytes: usize) -> Vec<Value> {
    vec![Value::from("x".repeat(bytes)), Value::NULL]
}

fn slices(rows: Vec<Vec<Value>>) -> Vec<usize> {
    let all: Vec<Value> = rows.iter().flatten().cloned().collect();
    let mut rows = rows.into_iter().peekable();
    let mut sizes = Vec::new();
    let mut seen = Vec::new();
    while let Some(slice) = next_slice(&mut rows) {
        assert_eq!((slice.width, slice.values.len()), (2, slice.n * 2));
        sizes.push(slice.n);
        seen.extend(slice.values);
    }
    assert!(seen == all, "every row once, in its order");
    sizes
}

#[test]
fn a_statement_is_bounded_by_rows_and_by_bytes() {
    assert_eq!(slices(vec![]), [0; 0]);
    assert_eq!(slices(vec![row(10); SLICE]), [SLICE]);
    assert_eq!(slices(vec![row(10); SLICE + 1]), [SLICE, 1]);
    // A NULL counts 8 bytes: exactly full, and one byte more.
    assert_eq!(slices(vec![row(BYTES / 2 - 8); 5]), [2, 2, 1]);
    assert_eq!(slices(vec![row(BYTES / 2 - 7); 3]), [1, 1, 1]);
    // A row that is larger than the bound goes alone.
    assert_eq!(slices(vec![row(1), row(BYTES * 2), row(1), row(1)]), [1, 1, 2]);
}

#[test]
fn ids_take_their_place_between_the_other_values() {
    let (sql, values) = with_ids(
        "DELETE FROM t WHERE a = ? AND id IN (IDS) AND b = ?",
        &[Value::from("a")],
        &[5, 6],
        &[Value::from("b")],
    );
    assert_eq!(sql, "DELETE FROM t WHERE a = ? AND id IN (?, ?) AND b = ?");
    let expected = [Value::from("a"), Value::from(5), Value::from(6), Value::from("b")];
    assert!(
        values
            .iter()
            .map(|v| v.as_sql(true))
            .eq(expected.iter().map(|v| v.as_sql(true)))
    );
}
