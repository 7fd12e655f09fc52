//! Edits of made-up texts: right or refused, and never a panic.

use super::tests::{find, scanned, tags};
use super::*;
use crate::wikitext::template_name;
use proptest::prelude::*;

const ATOMS: &[&str] = &[
    "{{a|",
    "{{a|x=",
    "}}",
    "{{a",
    "{{",
    "}}",
    "|",
    "|",
    "=",
    "x",
    "y=1",
    " ",
    "\n",
    "\n| ",
    " = ",
    "{{{",
    "}}}",
    "[[",
    "]]",
    "<!-- c -->",
    "<!--",
    "-->",
    "<nowiki>",
    "</nowiki>",
    "<ref>",
    "</ref>",
    "{|",
    "|}",
    "-{",
    "}-",
    "==",
    "\n== h ==\n",
    "é",
    "{{b|x = 1\n| y = 2\n}}",
    "''",
    "<includeonly>",
    "</includeonly>",
    "\r\n",
    "{",
    "}",
    "\t",
];

/// All that the page says, but for white space and comments at the ends of names and named values.
fn facts(text: &str, scan: &Scan) -> Vec<(String, Vec<(String, String)>)> {
    let one = |t: &Template| {
        let params = t.params.iter().map(|param| {
            let value = &text[layout::core(text, scan, &param.value)];
            (param_name(text, scan, param), value.to_owned())
        });
        (template_name(text, scan, t), params.collect())
    };
    scan.templates.iter().map(one).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn an_edit_of_anything_is_right_or_refused(
        atoms in proptest::collection::vec(proptest::sample::select(ATOMS), 1..40),
        picks in proptest::collection::vec((0..3, any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4), 1..4),
        values in proptest::collection::vec(proptest::sample::select(&["v", "", "{{c|correct|??}}", "a|b", "[[k|l]]"]), 4),
    ) {
        let text = atoms.concat();
        let (scan, tags) = (scanned(&text), tags());
        if scan.templates.is_empty() {
            return Ok(());
        }
        let mut edits = Edits::new(&text, &scan, &tags);
        let mut wanted = facts(&text, &scan);
        let mut exact = picks.len() == 1;
        for (n, (kind, template, param, place)) in picks.iter().enumerate() {
            let number = template.index(scan.templates.len());
            let params = scan.templates[number].params.len();
            let param = if params == 0 { 0 } else { param.index(params) };
            let name = format!("n{n}");
            // What lies in other templates' values is compared by the whole's own check only.
            exact &= scan.templates.iter().all(|t| t.parent.is_none());
            let mut unused = facts(&text, &scan);
            // The places are those before all edits, so only of a single one is the outcome written down here.
            let wanted = if n == 0 { &mut wanted } else { &mut unused };
            match kind {
                0 if params > 0 => {
                    edits.replace_value(number, param, values[n]);
                    wanted[number].1[param].1 = values[n].to_owned();
                    exact &= !values[n].contains("{{");
                }
                1 if params > 0 => {
                    edits.remove(number, param);
                    wanted[number].1.remove(param);
                }
                _ => {
                    let (place, at) = match place {
                        1 if params > 0 => (Place::Before(param), param),
                        2 if params > 0 => (Place::After(param), param + 1),
                        _ => (Place::First, 0),
                    };
                    edits.insert(number, &name, values[n], place);
                    wanted[number].1.insert(at, (name, values[n].to_owned()));
                    exact &= !values[n].contains("{{");
                }
            }
        }
        let Ok(result) = edits.apply() else { return Ok(()) };
        let after = scanned(&result);
        if exact {
            prop_assert_eq!(facts(&result, &after), wanted, "{:?} -> {:?}", text, result);
        }
    }

    #[test]
    fn ordinary_boxes_can_be_edited(
        style in 0_usize..5,
        names in proptest::sample::subsequence(vec!["Name", "CASNo", "KEGG_Ref", "IUPAC name", "é"], 1..5),
        values in proptest::collection::vec(proptest::sample::select(&["", "1", "{{c|x|y}}", "a <!-- c -->", "[[k|l]]", "{{d\n| x = 1\n}}"]), 5),
        which in any::<prop::sample::Index>(),
        what in 0..5,
    ) {
        let (bar, equals, end) = [("\n| ", " = ", "\n}}"), ("|", "=", "}}"), (" | ", "=", " }}"), ("|\n ", " = ", "\n}}"), ("\n|", "   =", "}}")][style];
        let params: Vec<String> = names.iter().zip(&values).map(|(n, v)| format!("{bar}{n}{equals}{v}")).collect();
        let text = format!("before {{{{box{}{end} after", params.concat());
        let (scan, tags) = (scanned(&text), tags());
        let mut edits = Edits::new(&text, &scan, &tags);
        let i = which.index(names.len());
        match what {
            0 => edits.replace_value(0, i, "{{cascite|correct|??}}"),
            1 => edits.insert(0, "new", "v", Place::First),
            2 => edits.insert(0, "new", "v", Place::Before(i)),
            3 => edits.insert(0, "new", "v", Place::After(i)),
            _ => edits.remove(0, i),
        };
        let result = edits.apply();
        prop_assert!(result.is_ok(), "{:?}: {:?}", text, result);
        let result = result.unwrap_or_default();
        let after = scanned(&result);
        let now: Vec<_> = after.templates[0].params.iter().map(|p| param_name(&result, &after, p)).collect();
        let mut wanted: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        match what {
            0 => {}
            1 => wanted.insert(0, "new".to_owned()),
            2 => wanted.insert(i, "new".to_owned()),
            3 => wanted.insert(i + 1, "new".to_owned()),
            _ => { wanted.remove(i); }
        }
        prop_assert_eq!(now, wanted);
        // And back: what was added goes without a trace.
        if (1..4).contains(&what) {
            let mut back = Edits::new(&result, &after, &tags);
            back.remove(0, find(&result, &after, 0, "new"));
            prop_assert_eq!(back.apply(), Ok(text));
        }
    }
}
