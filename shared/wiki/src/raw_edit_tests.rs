use super::*;
use chrono::{TimeZone, Utc};
use serde_json::json;

fn edit<'a>() -> RawEdit<'a> {
    RawEdit {
        title: "Talk:A",
        body: Body::Text("new"),
        base: Base::Revision(RevId(7)),
        summary: "s (mb-x)",
        bot: false,
        minor: false,
        tag: None,
        assert_bot: false,
        start_timestamp: None,
        start_before: None,
    }
}

fn sent(edit: &RawEdit<'_>) -> String {
    let mut params = edit_params(edit);
    params.sort();
    let pairs: Vec<_> = params.iter().map(|(k, v)| format!("{k}={v}")).collect();
    pairs.join("&")
}

#[test]
fn a_flag_is_present_or_absent() {
    assert_eq!(
        sent(&edit()),
        "action=edit&baserevid=7&md5=22af645d1859cb5ca6da0c484f1f37ea&nocreate=1&notminor=1\
         &summary=s (mb-x)&text=new&title=Talk:A&watchlist=nochange"
    );
    let all = RawEdit {
        body: Body::Append("new"),
        base: Base::CreateOnly,
        bot: true,
        minor: true,
        tag: Some("t"),
        start_timestamp: Some(Utc.with_ymd_and_hms(2026, 1, 2, 3, 4, 5).unwrap()),
        ..edit()
    };
    assert_eq!(
        sent(&all),
        "action=edit&appendtext=new&bot=1&createonly=1&md5=22af645d1859cb5ca6da0c484f1f37ea\
         &minor=1&starttimestamp=2026-01-02T03:04:05Z&summary=s (mb-x)&tags=t&title=Talk:A\
         &watchlist=nochange"
    );
}

#[test]
fn success_needs_a_revision() {
    let answer = json!({"curtimestamp": "2026-01-02T03:04:06Z", "edit": {
        "result": "Success", "pageid": 3, "title": "Talk:A", "contentmodel": "wikitext",
        "oldrevid": 7, "newrevid": 8, "newtimestamp": "2026-01-02T03:04:05Z"}});
    let saved = read_answer(&answer, &edit()).unwrap();
    assert_eq!((saved.revid, saved.old_revid), (RevId(8), RevId(7)));
    assert!(!saved.no_change && !saved.created);

    let mut none = answer.clone();
    none["edit"].as_object_mut().unwrap().remove("newrevid");
    let lost = read_answer(&none, &edit());
    assert!(matches!(lost, Err(Failed::Unknown(Error::BadReply(_)))));

    none["edit"]["nochange"] = json!(true);
    let same = read_answer(&none, &edit()).unwrap();
    assert!(same.no_change);
    assert_eq!(same.revid, RevId(7));
    assert_eq!(same.new_timestamp.to_rfc3339(), "2026-01-02T03:04:06+00:00");
}

#[test]
fn answers_without_a_result_are_unknown() {
    for answer in [json!({}), json!({"edit": {}}), json!({"edit": {"result": "Perhaps"}})] {
        assert!(matches!(read_answer(&answer, &edit()), Err(Failed::Unknown(_))));
    }
}

#[test]
fn failures_without_an_error_are_refusals() {
    for (result, code) in [
        (json!({"captcha": {"type": "image"}}), "captcha"),
        (json!({"spamblacklist": "a.example"}), "spamblacklist"),
        (
            json!({"code": "abusefilter-disallowed", "info": "i"}),
            "abusefilter-disallowed",
        ),
        (json!({}), "hookaborted"),
    ] {
        let mut result = result;
        result["result"] = json!("Failure");
        let Err(Failed::Refused(refusal)) = read_answer(&json!({"edit": result}), &edit()) else {
            panic!("{code} is no refusal");
        };
        assert_eq!(refusal.code, code);
        assert_eq!(refusal.kind, RefusalKind::Page);
    }
}

#[test]
fn an_error_inside_the_wiki_leaves_it_unknown() {
    let of = |value| Failed::from(crate::error::api_error(&value, None).unwrap());
    let internal = json!({"error": {"code": "internal_api_error_DBQueryError", "info": "x"}});
    assert!(matches!(of(internal), Failed::Unknown(_)));
    let both = json!({"error": {"code": "ratelimited", "info": "x"}, "edit": {}});
    assert!(matches!(of(both), Failed::Unknown(_)));
    let conflict = json!({"error": {"code": "editconflict", "info": "x"}});
    assert!(matches!(
        of(conflict),
        Failed::Refused(Refusal {
            kind: RefusalKind::EditConflict,
            ..
        })
    ));
}
