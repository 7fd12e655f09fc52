use super::*;
use crate::page::fixtures::{hostile, hostile_texts, link_report, user_report};

#[test]
fn the_terminal_shows_what_fits_and_nothing_acts() {
    for model in [link_report(), user_report(), hostile(60)] {
        let text = text(&model);
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{line}");
            assert!(!line.contains(['\u{1b}', '\u{202e}', '\r']), "{line}");
        }
    }
    let text = text(&link_report());
    for said in [
        "link example.com\n41 additions of 1 host on 7 wikis by 3 users, 2026-01-02 to 2026-11-01\n",
        "of the newest 41 looked at: 37 removed, 4 still live,",
        "\n  monitor: example\\.com on Project:Lists @ enwiki, since 2026-05-04, by Carol: often added\n",
        "\n     1 2026-11-01 10:11 Ann Lee (40) on Tree @ enwiki, live (40, 41, 38, 2) example.com/page?id=1\n",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
}

#[test]
fn json_has_all_of_the_model() {
    let value = json(&link_report());
    assert_eq!(value["totals"]["additions"], 41);
    assert_eq!(value["rows"].as_array().unwrap().len(), 41);
    assert_eq!(value["rows"][0]["four"], serde_json::json!([40, 41, 38, 2]));
    assert_eq!(value["rows"][40]["wiki"], "de.example.org/w");
    assert_eq!(value["users"][0]["user"]["name"], "Ann Lee");
    assert_eq!(value["entries"][0]["since"], "2026-05-04T00:00:00Z");
    assert_eq!(json(&user_report())["hits"][0]["score"]["ratio"], 30.8);
    // Whatever the model has, a program finds it: no part of the struct is without a key.
    let keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    for part in [
        "subject",
        "wikis",
        "totals",
        "complete",
        "rules",
        "by_wiki",
        "by_month",
        "users",
        "hosts",
        "rows",
        "fates",
        "servers",
        "entries",
        "unchecked",
        "established",
        "earlier",
        "hits",
        "all_hits",
    ] {
        assert!(keys.contains(&part), "{part}");
    }
}

#[test]
fn a_spreadsheet_runs_nothing() {
    let mut model = hostile(hostile_texts().len());
    for (row, text) in model.rows.iter_mut().zip(hostile_texts()) {
        row.link = text;
    }
    let lines = model.rows.iter().map(|row| line(row, &model.wikis[row.wiki].name));
    let table: String = std::iter::once(header()).chain(lines).collect();
    assert_eq!(table.lines().count(), model.rows.len() + 1);
    assert_eq!(table.lines().next().unwrap().split(',').count(), 20);
    for line in table.lines().skip(1) {
        let mut is_quoted = false;
        let fields: Vec<&str> = line
            .split(|c| {
                is_quoted ^= c == '"';
                c == ',' && !is_quoted
            })
            .collect();
        assert_eq!(fields.len(), 20, "{line}");
        for field in fields {
            assert!(
                !field.trim_start_matches('"').starts_with(['=', '+', '-', '@', '\t']),
                "{field}"
            );
        }
    }
    let line = line(&link_report().rows[0], "enwiki");
    assert_eq!(
        line,
        "1,2026-11-01T10:11:12Z,enwiki,999,7,Tree,Ann Lee,account,40,example.com,example.com/page?id=1,1,40,41,38,2,live,\
         yes,no,no\n"
    );
}
