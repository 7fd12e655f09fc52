use shared::db::links::questions::hosts::Times;
use shared::db::links::questions::lookup::Kind;

use super::{Less, Sums, month_of};

fn sums() -> Sums {
    let times = |of, n| Times { of, n };
    let december = 2025 * 12 + 11;
    Sums::new(
        vec![(Kind::Address, 1, 2), (Kind::Named, 3, 40)],
        &[times(2, 12), times(1, 30)],
        &[times(december, 30), times(december + 3, 12)],
    )
}

#[test]
fn months_without_additions_are_filled_in() {
    assert_eq!(
        sums().months(),
        [(2025, 12, 30), (2026, 1, 0), (2026, 2, 0), (2026, 3, 12)]
    );
    assert_eq!(Sums::default().months(), []);
    assert_eq!(month_of("2026-03-31T23:59:59Z".parse().unwrap()), 2026 * 12 + 2);
}

#[test]
fn who_is_shown_nowhere_is_not_counted() {
    let mut sums = sums();
    assert_eq!((sums.additions(), sums.wikis()), (42, vec![(1, 30), (2, 12)]));
    // An address with all its additions on one wiki: its kind is gone, and the wiki has less.
    sums.less_editor(Kind::Address, 2, Some(2));
    assert_eq!(sums.kinds(), [(Kind::Named, 3, 40)]);
    assert_eq!(sums.wikis(), [(1, 30), (2, 10)]);
    // One of its rows, which was taken off with the editor already: only the month is left.
    let less = Less {
        editor_id: 7,
        kind: Kind::Address,
        wiki_id: 2,
        month: 2025 * 12 + 11,
        times: 2,
    };
    sums.less_addition(&less, false, false);
    assert_eq!((sums.additions(), sums.months()[0]), (40, (2025, 12, 28)));
    assert_eq!(sums.wikis(), [(1, 30), (2, 10)]);
    // An addition to a page that is shown nowhere, by somebody who is.
    let less = Less {
        kind: Kind::Named,
        times: 10,
        ..less
    };
    sums.less_addition(&less, true, true);
    assert_eq!((sums.additions(), sums.wikis()), (30, vec![(1, 30)]));
}
