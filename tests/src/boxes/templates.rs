//! The templates of the project: what readers see of a box, ✓ and ✗ at each identifier, and the categories that the
//! marks put a page into.

use crate::sandbox::NewPage;

use super::{BoxPages, Names};

/// A row of a box, shown when its field has a value; a verified field shows its mark.
fn row(field: &str, label: &str) -> String {
    format!(
        "{{{{#if:{{{{{{{field}|}}}}}}|<tr><th>{label}</th><td>{{{{{{{field}}}}}}} {{{{{{{field}_Ref|}}}}}}</td></tr>}}}}"
    )
}

/// The last row of a box: the mark of the whole, a link to compare with the verified revision, and the categories.
fn footer(of: &BoxPages) -> String {
    let category = |flag: &str, category: &str| format!("{{{{#if:{{{{{{{flag}|}}}}}}|[[{category}]]}}}}");
    format!(
        "{{{{#if:{{{{{{verifiedrevid|}}}}}}|<tr><td colspan=\"2\">{{{{#if:{{{{{{Verifiedfields|}}}}}}|✗|✓}}}} \
         ([[Special:Diff/{{{{{{verifiedrevid}}}}}}/cur|verify]])</td></tr>}}}}</table>{}{}",
        category("Verifiedfields", &of.verified_category),
        category("Watchedfields", &of.watched_category),
    )
}

/// ✓ or ✗ at a value, and the category of changed ones.
fn cite(names: &Names, category: &str) -> String {
    let category = names.template(category);
    format!("{{{{#switch:{{{{{{1|}}}}}}|correct=✓|changed=✗[[Category:{category}]]}}}}")
}

/// All of them, and their categories.
pub(super) fn pages(names: &Names, chem: &BoxPages, drug: &BoxPages) -> Vec<NewPage> {
    let template = |name: &str, text: String| NewPage::new(&format!("Template:{name}"), &text);
    let head = "<table class=\"infobox\"><tr><th colspan=\"2\">{{{Name|{{PAGENAME}}}}}</th></tr>";
    let sections: String = (1..=9).map(|n| format!("{{{{{{Section{n}|}}}}}}")).collect();
    let identifiers = row("CASNo", "CAS Number")
        + &row("CASNo1", "CAS Number 1")
        + &row("CASNo2", "CAS Number 2")
        + &row("CASNo3", "CAS Number 3")
        + &row("UNII", "UNII");
    let properties = row("BoilingPt", "Boiling point") + &row("MeltingPt", "Melting point");
    let drug_rows = row("tradename", "Trade name") + &row("CAS_number", "CAS Number") + &row("KEGG", "KEGG");
    let mut pages = vec![
        template(&chem.name, format!("{head}{sections}{}", footer(chem))),
        template(&format!("{} Identifiers", chem.name), identifiers),
        template(&format!("{} Properties", chem.name), properties),
        template(&drug.name, format!("{head}{drug_rows}{}", footer(drug))),
        template(&names.template("Cascite"), cite(names, "Changed CAS number")),
        template(&names.template("Keggcite"), cite(names, "Changed KEGG identifier")),
        template(&names.template("Fdacite"), cite(names, "Changed FDA identifier")),
    ];
    for category in [
        &chem.verified_category,
        &chem.watched_category,
        &drug.verified_category,
        &drug.watched_category,
    ] {
        pages.push(NewPage::new(category, "To be looked at."));
    }
    pages
}
