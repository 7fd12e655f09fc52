use super::*;
use shared::manual::offline_site;

fn row(field: &str, value: &str, why: &str) -> Row {
    Row {
        page: "Category:Drugs".to_owned(),
        ordinal: 1,
        field: field.to_owned(),
        value: value.to_owned(),
        why: why.to_owned(),
    }
}

/// What stands in an article goes into a page, a spreadsheet or a terminal: nothing of it may act there.
#[test]
fn nothing_in_a_result_acts() {
    let value = "=1|}} <b>[[File:X.png]] http://example.org\n|-\n{{delete}}~~~~\u{202e}\u{1b}[2J";
    let rows = [row("CAS No", value, "wrong check digit")];

    let table = as_wikitable(&offline_site().unwrap(), "Chembox", &rows, true).into_string();
    assert_eq!(table.lines().count(), 5, "{table}");
    let cells = table.lines().nth(3).unwrap();
    assert!(cells.starts_with("| [[:Category:Drugs|"), "{cells}");
    let rest = cells.split_once("]] || ").unwrap().1;
    for bad in ["[[", "{{", "~~~", "<b>", "http://", "\u{202e}", "\u{1b}", "|}"] {
        assert!(!rest.contains(bad), "{bad:?} in {rest}");
    }
    assert_eq!(rest.matches('|').count(), 8, "no further cell: {rest}");

    let sheet = as_csv("Chembox", &rows);
    assert_eq!(sheet.lines().count(), 2, "{sheet}");
    assert!(!sheet.contains(['\u{202e}', '\u{1b}']), "{sheet}");
    assert!(
        sheet.lines().nth(1).unwrap().contains("Chembox,1,CAS No,'=1|}}"),
        "{sheet}"
    );

    let text = as_text("Chembox", &rows, 1);
    assert!(
        !text.contains(['\u{202e}', '\u{1b}']) && text.lines().count() == 2,
        "{text}"
    );
}

/// `show_values: no` holds for a table that is made for a page, the verified value included.
#[test]
fn a_table_for_the_wiki_keeps_values_back() {
    let rows = [row(
        "Born",
        "1 May 1970",
        "differs from verified revision 7: “2 May 1970”",
    )];
    let table = as_wikitable(&offline_site().unwrap(), "Person", &rows, false).into_string();
    assert!(!table.contains("1970"), "{table}");
    assert!(table.contains("differs from verified revision 7\n"), "{table}");
}
