use super::*;
use serde_json::json;

fn of(code: &str) -> Error {
    api_error(&json!({"error": {"code": code, "info": "Why."}}), None).unwrap()
}

#[test]
fn only_the_listed_codes_are_certain_to_have_written_nothing() {
    for code in ["maxlag", "readonly", "ratelimited", "badtoken"] {
        let error = of(code);
        assert!(error.never_written() && error.is_temporary(), "{code}");
        assert!(!error.stops_run(), "{code}");
        assert_eq!(error.code(), Some(code));
        // Beside a result nothing is certain any more.
        for part in ["edit", "flow"] {
            let both = json!({"error": {"code": code, "info": "Why."}, part: {}});
            let error = api_error(&both, None).unwrap();
            assert!(!error.never_written(), "{code} beside {part}");
            assert_eq!(error.code(), Some(code));
        }
    }
    for code in ["internal_api_error_DBQueryError", "editconflict", "blocked", "unknown"] {
        assert!(!of(code).never_written(), "{code}");
    }
}

#[test]
fn transport_is_certain_only_before_sending() {
    let transport = |never_sent| Error::Transport {
        host: "h".to_owned(),
        reason: "r".to_owned(),
        never_sent,
    };
    assert!(transport(true).never_written());
    assert!(!transport(false).never_written());
    let timeout = Error::Timeout {
        host: "h".to_owned(),
        after: Duration::from_secs(30),
    };
    assert!(timeout.is_temporary() && !timeout.never_written());
    assert!(Error::Deadline.never_written());
    assert!(Error::Stopped { in_flight: false }.never_written());
    assert!(!Error::Stopped { in_flight: true }.never_written());
}

#[test]
fn a_status_is_never_certain_and_only_some_are_temporary() {
    for (status, temporary, stops) in [
        (429, true, false),
        (500, true, false),
        (503, true, false),
        (404, false, false),
        (413, false, false),
        (401, false, true),
        (403, false, true),
    ] {
        let error = Error::Status {
            host: "h".to_owned(),
            status,
            retry_after: None,
            start: String::new(),
        };
        assert_eq!(error.is_temporary(), temporary, "{status}");
        assert_eq!(error.stops_run(), stops, "{status}");
        assert!(!error.never_written(), "{status}");
    }
}

#[test]
fn lost_sessions_and_blocks_stop_the_run() {
    for code in [
        "assertuserfailed",
        "assertbotfailed",
        "assertnameduserfailed",
        "mwoauth-invalid-authorization",
    ] {
        assert!(matches!(of(code), Error::LoggedOut { .. }), "{code}");
        assert!(of(code).stops_run() && !of(code).is_temporary());
    }
    for code in ["blocked", "autoblocked", "globalblocking-ipblocked-range"] {
        assert!(matches!(of(code), Error::Blocked { .. }), "{code}");
        assert!(of(code).stops_run());
    }
    // Flow's way to say that Flow is read-only.
    assert!(matches!(of("block"), Error::Api { .. }));
    let blocked = api_error(
        &json!({"error": {"code": "blocked", "info": "You are blocked.", "blockinfo":
            {"blockedby": "Admin", "blockexpiry": "infinite", "blockreason": "too\nfast"}}}),
        None,
    );
    assert_eq!(
        blocked.unwrap().to_string(),
        "blocked (`blocked`): You are blocked. Blocked by Admin until infinite: too fast"
    );
}

#[test]
fn both_error_formats_are_read_and_success_is_none() {
    let list = json!({"errors": [{"code": "maxlag", "text": "Waiting"}]});
    let after = Some(Duration::from_secs(5));
    let error = api_error(&list, after).unwrap();
    assert_eq!(error.to_string(), "the wiki's databases lag (Waiting)");
    assert_eq!(error.retry_after(), after);
    assert!(api_error(&json!({"query": {}}), None).is_none());
    assert!(api_error(&json!({"errors": []}), None).is_none());
    let readonly = json!({"error": {"code": "readonly", "info": "The wiki is in read-only mode.",
        "readonlyreason": "switch-over"}});
    assert_eq!(
        api_error(&readonly, None).unwrap().to_string(),
        "the wiki is read-only: switch-over"
    );
    assert!(matches!(
        api_error(&json!({"error": {"code": 429}}), None),
        Some(Error::BadReply(_))
    ));
}

#[test]
fn what_extensions_add_is_kept() {
    let detail_of = |error: Value| match api_error(&json!({"error": error}), None) {
        Some(Error::Api { detail, .. }) => detail,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        detail_of(json!({"code": "abusefilter-disallowed", "info": "i",
            "abusefilter": {"id": 12, "description": "no greetings", "actions": ["disallow"]}})),
        "filter 12: no greetings"
    );
    assert_eq!(
        detail_of(json!({"code": "spamblacklist", "info": "i",
            "spamblacklist": {"matches": ["a.example", "b.example"]}})),
        "blacklisted: a.example, b.example"
    );
    assert_eq!(
        detail_of(json!({"code": "titleblacklist-forbidden", "info": "i",
            "message": {"key": "k", "params": []}, "line": ".*bad.*"})),
        "line of the title blacklist: .*bad.*"
    );
    assert_eq!(detail_of(json!({"code": "editconflict", "info": "i"})), "");
}

#[test]
fn text_from_outside_is_short_and_on_one_line() {
    let long = format!("a\n b\t{}", "x".repeat(500));
    let clean = safe(&long, 10);
    assert_eq!(clean, "a b xxxxxx…");
    assert_eq!(safe("  short  ", 10), "short");
}
