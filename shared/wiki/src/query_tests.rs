use super::*;
use serde_json::json;

fn merged(answers: &[Value]) -> Value {
    let mut merged = Merged::default();
    for answer in answers {
        merged.add(answer.clone());
    }
    merged.into_query().unwrap()
}

#[test]
fn pages_are_matched_and_their_lists_grow() {
    let first = json!({"pages": [
        {"pageid": 1, "ns": 0, "title": "A", "length": 5, "categories": [{"title": "C:1"}]},
        {"pageid": 2, "ns": 0, "title": "B"}]});
    let second = json!({"pages": [
        {"pageid": 2, "ns": 0, "title": "B", "categories": [{"title": "C:2"}]},
        {"pageid": 1, "ns": 0, "title": "A", "length": 6, "categories": [{"title": "C:3"}],
            "revisions": [{"revid": 9}]}]});
    assert_eq!(
        merged(&[first, second]),
        json!({"pages": [
            {"pageid": 1, "ns": 0, "title": "A", "length": 5,
                "categories": [{"title": "C:1"}, {"title": "C:3"}], "revisions": [{"revid": 9}]},
            {"pageid": 2, "ns": 0, "title": "B", "categories": [{"title": "C:2"}]}]})
    );
}

#[test]
fn missing_and_invalid_pages_are_matched_by_title() {
    let answer = json!({"pages": [
        {"ns": 0, "title": "Gone", "missing": true},
        {"ns": 2, "title": "User:Gone", "missing": true},
        {"title": "[", "invalidreason": "bad", "invalid": true}]});
    assert_eq!(merged(&[answer.clone(), answer.clone()]), answer);
}

#[test]
fn what_repeats_in_every_answer_stands_once_and_lists_are_appended() {
    let answer = json!({
        "normalized": [{"from": "a", "to": "A"}],
        "redirects": [{"from": "A", "to": "B"}],
        "allusers": [{"name": "X"}],
        "general": {"sitename": "S"}});
    assert_eq!(
        merged(&[answer.clone(), answer.clone()]),
        json!({
            "normalized": [{"from": "a", "to": "A"}],
            "redirects": [{"from": "A", "to": "B"}],
            "allusers": [{"name": "X"}, {"name": "X"}],
            "general": {"sitename": "S"}})
    );
}

#[test]
fn a_page_of_two_batches_stands_once() {
    let answer = json!({"pages": [{"pageid": 1, "title": "A", "revisions": [{"revid": 9}]}],
        "users": [{"name": "X"}]});
    let mut both = Merged::default();
    both.add_distinct(answer.clone());
    both.add_distinct(answer.clone());
    assert_eq!(
        both.into_query().unwrap(),
        json!({"pages": answer["pages"], "users": [{"name": "X"}, {"name": "X"}]})
    );
}

#[test]
fn values_with_a_bar_are_joined_otherwise() {
    assert_eq!(join(&["A", "B"]), "A|B");
    assert_eq!(join(&["A|x", "B"]), "\u{1f}A|x\u{1f}B");
    assert_eq!(join(&["A"]), "A");
}
