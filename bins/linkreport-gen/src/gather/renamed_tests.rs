use serde_json::json;
use shared::core::report::Subject;
use shared::core::types::UserId;

use super::super::hidden::tests::gathered;
use super::{Renamed, apply, read};
use crate::model::Who;

#[test]
fn names_of_accounts_that_are_shown() {
    let names = read(&json!({"users": [
        {"userid": 1, "name": "Alice"}, {"userid": 2, "missing": true}, {"userid": 3, "name": "Carol", "hidden": true},
    ]}));
    assert_eq!(names.len(), 1);
    assert_eq!(names[&UserId(1)], "Alice");
}

#[test]
fn present_names_stand_everywhere() {
    let mut gathered = gathered();
    gathered.model.subject = Subject::User("Alice".to_owned());
    gathered.refs.editors = vec![1];
    gathered.model.users[2].who = Who::Temporary;
    let renamed = |editor_id: u32, name: Option<&str>| Renamed {
        wiki: 0,
        account: UserId(u64::from(editor_id) + 50),
        editor_id,
        old: "Before".to_owned(),
        name: name.map(str::to_owned),
    };
    apply(
        &mut gathered,
        &[renamed(1, Some("Alicia")), renamed(2, None), renamed(3, Some("Carola"))],
    );
    let alicia = Who::Name("Alicia".to_owned());
    let users: Vec<_> = gathered.model.users.iter().map(|user| user.who.clone()).collect();
    // What is not shown by name stays so.
    assert_eq!(users, [alicia.clone(), Who::Hidden, Who::Temporary]);
    let rows: Vec<_> = gathered.model.rows.iter().map(|row| row.who.clone()).collect();
    assert_eq!(
        rows,
        [
            Who::Name("Carola".to_owned()),
            alicia.clone(),
            Who::Hidden,
            alicia.clone()
        ]
    );
    // Whoever asks for the account next asks by the present name.
    assert_eq!(gathered.refs.users[0].name, "Alicia");
    assert_eq!(
        (gathered.refs.rows[1].name.as_str(), gathered.refs.rows[2].name.as_str()),
        ("Alicia", "Bob")
    );
    assert_eq!(gathered.refs.subject_now, Some(alicia));
}
