use super::*;

#[test]
fn a_look_that_is_not_through_goes_on_the_next_day() {
    let looked = |after, is_done| Looked {
        day: "2026-11-21".to_owned(),
        after,
        is_done,
    };
    let place = Some(("2026-11-01T00:00:00Z".parse().unwrap(), 400));
    let next = |looked: Looked| looked.next_day("2026-11-22".to_owned());
    let goes_on = next(looked(place, false));
    assert_eq!(
        (goes_on.after, goes_on.is_done, &*goes_on.day),
        (place, false, "2026-11-22")
    );
    // One that was through begins anew.
    assert_eq!(next(looked(None, true)).after, None);
    assert_eq!(next(looked(place, true)).after, None);
}
