use super::*;
use chrono::TimeZone;

#[test]
fn rows_are_text_that_nothing_can_break_out_of() {
    let mut values = Values::default();
    let time = chrono::Utc.with_ymd_and_hms(2026, 3, 1, 2, 3, 4).unwrap();
    values.row(|row| {
        row.number(7_u64).bytes(b"a'\\\0\xff").bytes(b"").time(time);
    });
    values.row(|row| {
        row.bytes_opt(None).signed(-1);
    });
    assert_eq!(
        values.slices(),
        ["(7,X'61275C00FF',X'','2026-03-01 02:03:04'),(NULL,-1)"]
    );
}

#[test]
fn slices_are_bounded_by_rows_and_bytes() {
    let mut values = Values::default();
    assert!(values.is_empty());
    for i in 0..2_500_u64 {
        values.row(|row| {
            row.number(i);
        });
    }
    let rows: Vec<usize> = values.slices().iter().map(|slice| slice.matches('(').count()).collect();
    assert_eq!(rows, [1_000, 1_000, 500]);
    let mut values = Values::default();
    for _ in 0..10 {
        values.row(|row| {
            row.bytes(&vec![0; 500_000]);
        });
    }
    assert_eq!(values.slices().len(), 2);
    assert!(values.slices().iter().all(|slice| slice.len() < 2 * BYTES));
}
