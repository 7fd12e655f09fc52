//! A file of hand-made cases, each with what MediaWiki makes of it: the tree, or the links.
//!
//! A case is a line `#### name`, the text, a line `#### tree` (or `#### links`) and the tree.
//! The last line break of each belongs to the file. What an editor might
//! lose is written as `\r`, `\0`, `\t`, `\s` (a space at a line's end), `\\`.

/// Begins the lines that part the file.
const MARK: &str = "#### ";

/// The line before the extension tags.
const TAGS: &str = "#### extension tags";

/// The lines before what MediaWiki makes of a text; a file has but one of them.
pub const ANSWERS: [&str; 2] = ["#### tree", "#### links"];

pub struct Golden {
    /// Comments at the head of the file, kept as they are.
    pub head: String,
    /// The extension tags of the wiki that made the trees.
    pub tags: Vec<String>,
    /// The line before each answer.
    pub label: &'static str,
    pub cases: Vec<Case>,
}

#[derive(Default)]
pub struct Case {
    pub name: String,
    pub text: String,
    pub answer: String,
}

/// Reads the file.
pub fn read(file: &str) -> Golden {
    let mut head = String::new();
    let mut tags = String::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut label = ANSWERS[0];
    let mut in_tags = false;
    let mut in_answer = false;
    for line in file.lines() {
        if line == TAGS {
            in_tags = true;
        } else if let Some(answer) = ANSWERS.iter().find(|answer| line == **answer) {
            label = answer;
            in_answer = true;
        } else if let Some(name) = line.strip_prefix(MARK) {
            in_answer = false;
            cases.push(Case {
                name: name.to_owned(),
                ..Case::default()
            });
        } else {
            let to = match cases.last_mut() {
                Some(case) if in_answer => &mut case.answer,
                Some(case) => &mut case.text,
                None if in_tags => &mut tags,
                None => &mut head,
            };
            to.push_str(line);
            to.push('\n');
        }
    }
    for case in &mut cases {
        case.text = plain(&case.text);
        case.answer = plain(&case.answer);
    }
    Golden {
        head,
        tags: tags.split_whitespace().map(str::to_owned).collect(),
        label,
        cases,
    }
}

fn plain(escaped: &str) -> String {
    let mut text = String::new();
    let mut rest = escaped.strip_suffix('\n').unwrap_or(escaped);
    while let Some(slash) = rest.find('\\') {
        text.push_str(&rest[..slash]);
        let code = rest[slash + 1..].chars().next().unwrap_or('\\');
        let mut after = &rest[(slash + 1 + code.len_utf8()).min(rest.len())..];
        text.push(match code {
            'r' => '\r',
            '0' => '\0',
            't' => '\t',
            's' => ' ',
            'u' => {
                let (number, more) = after[1..].split_once('}').expect("\\u{ has its }");
                after = more;
                u32::from_str_radix(number, 16)
                    .ok()
                    .and_then(char::from_u32)
                    .expect("\\u{…} is a character")
            }
            other => other,
        });
        rest = after;
    }
    text + rest
}

/// The file again.
pub fn write(golden: &Golden) -> String {
    let mut file = format!("{}{TAGS}\n{}\n", golden.head, golden.tags.join(" "));
    for case in &golden.cases {
        let Case { name, text, answer } = case;
        let (text, answer) = (escaped(text), escaped(answer));
        let label = golden.label;
        file.push_str(&format!("{MARK}{name}\n{text}\n{label}\n{answer}\n"));
    }
    file
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\r' => escaped.push_str("\\r"),
            '\0' => escaped.push_str("\\0"),
            '\t' => escaped.push_str("\\t"),
            ' ' if matches!(chars.peek(), None | Some('\n')) => escaped.push_str("\\s"),
            '\n' => escaped.push('\n'),
            c if is_invisible(c) => escaped.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c), 0xA0 | 0xAD | 0x200B..=0x200F | 0x2028..=0x202F | 0x2066..=0x2069 | 0x3000 | 0xFEFF)
}
