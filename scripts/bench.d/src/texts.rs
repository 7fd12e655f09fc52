//! The texts that are measured: made here, the same in every run.

use std::fmt::Write as _;

/// Size of the large page, in bytes.
const PAGE: usize = 200_000;
/// How many small boxes there are.
const BOXES: usize = 2_000;

const SECTIONS: [&str; 6] = [
    "Identifiers",
    "Properties",
    "Structure",
    "Thermochemistry",
    "Hazards",
    "Related",
];

const WORDS: [&str; 24] = [
    "the",
    "compound",
    "is",
    "a",
    "colourless",
    "liquid",
    "with",
    "sharp",
    "odour",
    "which",
    "boils",
    "at",
    "low",
    "temperature",
    "and",
    "mixes",
    "freely",
    "water",
    "it",
    "was",
    "first",
    "made",
    "by",
    "distillation",
];

/// A page with a nested box of 6 sections of 12 fields, then prose with references, lists and tables.
pub fn page() -> String {
    let mut out = String::with_capacity(PAGE + 2_000);
    chembox(&mut out);
    let mut n = 0;
    while out.len() < PAGE {
        n += 1;
        if n % 6 == 1 {
            let _ = write!(out, "\n== Section {n} ==\n");
        }
        match n % 9 {
            4 => list(&mut out, n),
            8 => table(&mut out, n),
            _ => prose(&mut out, n),
        }
    }
    out
}

/// Small infoboxes, each a text of its own.
pub fn boxes() -> Vec<String> {
    let one = |n: usize| {
        format!(
            "{{{{Infobox drug\n| verifiedrevid = {}\n| drug_name = Substance {n}\n| image = Substance-{n}.svg\n\
             | CAS_number_Ref = {{{{cascite|correct|??}}}}\n| CAS_number = {}-{:02}-{}\n| KEGG_Ref = {{{{keggcite|correct|kegg}}}}\n\
             | KEGG = D{n:05} <!-- checked -->\n| C={} | H={} | O={}\n| licence_US = [[Food and Drug Administration|FDA]]\n}}}}\n",
            400_000_000 + n,
            50 + n,
            n % 100,
            n % 10,
            1 + n % 30,
            1 + n % 50,
            1 + n % 9
        )
    };
    (0..BOXES).map(one).collect()
}

fn chembox(out: &mut String) {
    out.push_str("{{chembox\n| verifiedrevid = 266420980\n| Name = Acetone\n| ImageFile = Acetone-2D-skeletal.svg\n");
    for (i, section) in SECTIONS.iter().enumerate() {
        let _ = writeln!(out, "| Section{} = {{{{Chembox {section}", i + 1);
        for field in 0..12 {
            let _ = match field % 4 {
                0 => writeln!(out, "|   {section}{field}_Ref = {{{{cascite|correct|??}}}}"),
                1 => writeln!(out, "|   {section}{field} = {}-64-{}", 67 + field, field % 10),
                2 => writeln!(
                    out,
                    "|   {section}{field} = [[Ketone|ketones]] and {{{{convert|{field}|C}}}} <!-- note -->"
                ),
                _ => writeln!(
                    out,
                    "|   {section}{field} = 0.{field}91 g/cm<sup>3</sup><ref name=\"r{field}\" />"
                ),
            };
        }
        out.push_str("  }}\n");
    }
    out.push_str("}}\n");
}

fn words(out: &mut String, seed: usize, count: usize) {
    for i in 0..count {
        out.push_str(WORDS[(seed * 7 + i * i + i * 5) % WORDS.len()]);
        out.push(if i + 1 == count { '.' } else { ' ' });
    }
}

fn prose(out: &mut String, n: usize) {
    for sentence in 0..5 {
        words(out, n + sentence, 14 + (n + sentence) % 9);
        match sentence {
            1 => {
                let _ = write!(out, " See [[Compound {n}|compound]] and '''[[Acetone]]'''. ");
            }
            3 => {
                let _ = write!(
                    out,
                    "<ref name=\"n{n}\">{{{{cite journal | last = Author{n} | first = A. | title = On substance {n} | journal = [[Nature (journal)|Nature]] \
                     | volume = {} | pages = {n}–{} | year = {} | doi = 10.1000/{n} | url = https://journal.example/{n}?a=b&c=d}}}}</ref> ",
                    n % 500,
                    n + 9,
                    1900 + n % 120
                );
            }
            _ => out.push(' '),
        }
    }
    out.push_str("\n\n");
    let _ = write!(
        out,
        "{{{{cite web | url = https://site.example/{n} | title = Page {n} | access-date = 2020-01-{:02}}}}}\n\n",
        1 + n % 28
    );
}

fn list(out: &mut String, n: usize) {
    for item in 0..8 {
        out.push_str(if item % 3 == 2 { "** " } else { "* " });
        let _ = write!(out, "[[Item {n}.{item}]]: ");
        words(out, n + item, 9);
        out.push('\n');
    }
    out.push('\n');
}

fn table(out: &mut String, n: usize) {
    out.push_str("{| class=\"wikitable sortable\"\n! Name !! Formula !! Boiling point\n");
    for row in 0..8 {
        let _ = write!(
            out,
            "|-\n| [[Row {n}.{row}]] || C<sub>{row}</sub>H<sub>{}</sub> || style=\"text-align:right\" | {{{{convert|{}|C}}}}\n",
            2 * row + 2,
            20 + row
        );
    }
    out.push_str("|}\n\n");
}
