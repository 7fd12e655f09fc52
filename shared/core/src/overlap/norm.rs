//! The string that is compared: without the characters that titles, names and hosts write at will, in lower case.

/// Longer strings are cut here, in characters after normalising. MediaWiki's names and titles and the hosts of links
/// have at most 255 bytes; the bound is for what a person types, and bounds the work (see `cover`).
pub const MAX_CHARS: usize = 2048;

/// What becomes of an ASCII character that is left out. Not an ASCII code itself.
const LEFT_OUT: u8 = 0xff;

/// Every ASCII character in lower case, or `LEFT_OUT`.
const ASCII: [u8; 128] = {
    let mut table = [0; 128];
    let mut code = 0_u8;
    while code < 128 {
        table[code as usize] = if is_left_out(code as char) {
            LEFT_OUT
        } else {
            code.to_ascii_lowercase()
        };
        code += 1;
    }
    table
};

const fn is_left_out(c: char) -> bool {
    c.is_whitespace() || matches!(c, '.' | '_' | '<' | '>' | '[' | ']' | '*' | '(' | ')')
}

/// Puts the normalised `text` into `out`, whose old content is lost: white space and `. _ < > [ ] * ( )` are left
/// out, the rest is lower-cased character by character; at most [`MAX_CHARS`] characters.
pub(super) fn normalise(text: &str, out: &mut Vec<char>) {
    out.clear();
    for c in text.chars() {
        if c.is_ascii() {
            let lower = ASCII[c as usize];
            if lower != LEFT_OUT {
                out.push(char::from(lower));
            }
        } else if !is_left_out(c) {
            out.extend(c.to_lowercase());
        }
        if out.len() >= MAX_CHARS {
            out.truncate(MAX_CHARS);
            return;
        }
    }
}
