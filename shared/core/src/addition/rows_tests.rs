use super::*;
use proptest::prelude::*;

fn item(host: &str, path: &str, flags: u8, times: u32) -> Item {
    Item {
        host: host.into(),
        path: path.into(),
        flags: Flags(flags),
        times,
    }
}

fn row(host: &str, path: &str, flags: u8, times: u16) -> Row {
    Row {
        host: host.into(),
        path: path.into(),
        flags: Flags(flags),
        times,
    }
}

fn made(items: Vec<Item>) -> Option<Links> {
    rows(items.into_iter(), Flags::BOT)
}

#[test]
fn the_same_link_is_one_row() {
    let items = vec![
        item("b.", "/", 0, 1),
        item("a.", "/2", 16, 1),
        item("a.", "/1", 0, 2),
        item("a.", "/2", 0, 3),
        item("a.", "/2", 16, 4),
    ];
    let wanted = vec![
        row("a.", "/1", 64, 2),
        row("a.", "/2", 64, 3),
        row("a.", "/2", 80, 5),
        row("b.", "/", 64, 1),
    ];
    assert_eq!(made(items), Some(Links::Rows(wanted)));
    assert_eq!(made(Vec::new()), None);
}

#[test]
fn more_than_200_links_to_a_host_are_one_row() {
    let many = |n: u32| (0..n).rev().map(|i| item("a.", &format!("/{i:05}"), 0, 1));
    let other = || std::iter::once(item("b.", "/", 0, 1));
    let Some(Links::Rows(rows)) = made(many(200).chain(other()).collect()) else {
        panic!("rows are missing");
    };
    assert_eq!(rows.len(), 201);
    let wanted = vec![row("a.", "/00000", 64, 201), row("b.", "/", 64, 1)];
    assert_eq!(made(many(201).chain(other()).collect()), Some(Links::Rows(wanted)));
    let wanted = vec![row("a.", "/00000", 64, u16::MAX)];
    assert_eq!(made(many(70_000).collect()), Some(Links::Rows(wanted)));
    let wanted = vec![row("a.", "/", 64, u16::MAX)];
    assert_eq!(made(vec![item("a.", "/", 0, u32::MAX); 2]), Some(Links::Rows(wanted)));
}

#[test]
fn more_than_1000_rows_are_numbers() {
    let many = |n: u32| (0..n).map(|i| item(&format!("{i}."), "/", 0, 2)).collect();
    let Some(Links::Rows(rows)) = made(many(1_000)) else {
        panic!("rows are missing");
    };
    assert_eq!(rows.len(), MAX_ROWS);
    let wanted = Links::TooMany {
        links: 2_002,
        hosts: 1_001,
    };
    assert_eq!(made(many(1_001)), Some(wanted));
}

proptest! {
    #[test]
    fn rows_are_sorted_and_lose_nothing(
        items in prop::collection::vec((0..4_u8, 0..4_u8, 0..4_u8, 1..80_u32), 1..30),
        by in 0..30_usize,
    ) {
        let items: Vec<Item> = items
            .into_iter()
            .map(|(host, path, flags, times)| item(&format!("{host}."), &format!("/{path}"), flags, times))
            .collect();
        let mut turned = items.clone();
        turned.rotate_left(by % items.len());
        turned.reverse();
        let got = made(items.clone());
        prop_assert_eq!(&got, &made(turned));
        let Some(Links::Rows(rows)) = got else {
            return Err(TestCaseError::fail("no rows"));
        };
        prop_assert!(rows.is_sorted_by(|a, b| (&a.host, &a.path, a.flags) < (&b.host, &b.path, b.flags)));
        let sum: u32 = rows.iter().map(|row| u32::from(row.times)).sum();
        prop_assert_eq!(sum, items.iter().map(|item| item.times).sum::<u32>());
        prop_assert!(rows.iter().all(|row| row.flags.has(Flags::BOT)));
    }
}
