//! Texts that are made for their size.

/// A page with so many different links, to so many hosts, one to a line.
pub fn many_links(links: usize, hosts: usize) -> String {
    let line = |n: usize| format!("* [https://www.many{}.example/page/{n} number {n}]\n", n % hosts.max(1));
    (0..links).map(line).collect()
}

/// A text of nearly so many bytes: words, and a link in every two hundredth paragraph, so that a wiki can save it in a
/// second.
pub fn big_page(bytes: usize) -> String {
    let words =
        "The river was bridged in 1871, after a long delay, by a company that also built the town hall. ".repeat(5);
    let mut text = String::with_capacity(bytes);
    for n in 0.. {
        let paragraph = match n % 200 {
            0 => format!("{words}[https://www.bridges.example/{n} See there.]\n\n"),
            _ => format!("{words}\n\n"),
        };
        if text.len() + paragraph.len() > bytes {
            break;
        }
        text.push_str(&paragraph);
    }
    text
}

/// The text that the nth edit of a backlog leaves: what the edits of the same page before it wrote, and its own line.
pub fn backlog_text(n: usize, pages: usize) -> String {
    let mut text = String::from("Begin.\n");
    for of in (n % pages.max(1)..=n).step_by(pages.max(1)) {
        match of % 10 {
            0 => text.push_str(&format!("Sentence {of}, see [https://host{of}.example/ here].\n")),
            _ => text.push_str(&format!("Sentence {of}.\n")),
        }
    }
    text
}
