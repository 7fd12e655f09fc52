use super::*;

fn passes(check: &str, value: &str) -> bool {
    Check::parse(check).unwrap().check(value).is_ok()
}

/// Every other digit or letter in the last place, and every swap of two
/// neighbours that the rule can see, is told from the right one.
fn only_last_fits(check: &str, value: &str) {
    let (rest, last) = value.split_at(value.len() - 1);
    let alphabet = if check == "cas" {
        "0123456789"
    } else {
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    };
    let fitting: String = alphabet
        .chars()
        .filter(|c| passes(check, &format!("{rest}{c}")))
        .collect();
    assert_eq!(fitting, last, "{check} {value}");
}

#[test]
fn cas_numbers_are_known_by_their_check_digit() {
    for value in ["67-64-1", "50-00-0", "7732-18-5", "103-90-2", "58-08-2", "1333-74-0"] {
        only_last_fits("cas", value);
    }
    assert_eq!(
        Check::Cas.check("67-64-7"),
        Err("the check digit should be 1, not 7".to_owned())
    );
    assert!(passes(
        "cas",
        " 67-64-1 <!-- checked --><ref name=\"a|b\">x 1</ref><ref name=b />"
    ));
    for value in [
        "",
        "67641",
        "67-64-",
        "6-64-1",
        "67-64-1 (pure)",
        "67–64–1",
        "12345678-18-5",
        "067-64-1",
        "67-64-1-1",
        "٦٧-64-1",
        "67-641",
    ] {
        assert!(!passes("cas", value), "{value}");
    }
}

/// Acetone, caffeine, water, ethanol: from the published InChI keys.
#[test]
fn inchikeys_have_27_characters() {
    for value in [
        "CSCPPACGZOOCGX-UHFFFAOYSA-N",
        "RYYVLZVUVIJVGH-UHFFFAOYSA-N",
        "XLYOFNOQVPJJNP-UHFFFAOYSA-N",
        "LFQSCWFLJHTTHZ-UHFFFAOYSA-N",
    ] {
        assert!(passes("inchikey", value), "{value}");
        assert!(!passes("inchikey", &value.to_lowercase()));
        assert!(!passes("inchikey", &value[1..]));
        assert!(!passes("inchikey", &format!("{value}N")));
        assert!(!passes("inchikey", &value.replace("SA-", "XA-")));
    }
    assert!(!passes("inchikey", "CSCPPACGZOOCGXUHFFFAOYSAN"));
    assert!(!passes("inchikey", ""));
}

/// Paracetamol, aspirin, acetone, caffeine, water, ethanol, glucose: from
/// the FDA's list.
#[test]
fn uniis_are_known_by_their_check_character() {
    for value in [
        "362O9ITL9D",
        "R16CO5Y76E",
        "1364PS73AF",
        "3G6A5W338E",
        "059QF0KO0R",
        "3K9958V90M",
        "IY9XDZ35W2",
    ] {
        only_last_fits("unii", value);
    }
    assert_eq!(
        Check::Unii.check("362O9ITL9A"),
        Err("the check character should be D, not A".to_owned())
    );
    for value in ["", "362o9itl9d", "362O9ITL9", "362O9ITL9DD", "362O9ITL9é"] {
        assert!(!passes("unii", value), "{value}");
    }
}

#[test]
fn a_regex_must_match_the_whole_value_and_stay_small() {
    assert!(passes(r"regex: a|ab", "ab"));
    assert!(passes(r"regex: \d+", "<!-- x -->12<ref>3</ref>"));
    assert!(!passes(r"regex: \d+", "12 x"));
    assert!(!passes(r"regex: (?m)^\d+$", "12 x 4"));
    assert_eq!(Check::parse("regex: D[0-9]{5}"), Check::regex("D[0-9]{5}"));
    assert_ne!(Check::regex("a"), Check::regex("b"));
    for broken in ["regex: (", "regex: a)|(b", r"regex: \w{1000}{1000}", "CAS", "", "luhn"] {
        assert!(Check::parse(broken).is_err(), "{broken}");
    }
}
