//! Which text in double brackets can be a page's title.
//! <https://www.mediawiki.org/wiki/Manual:Page_title>

use super::super::steps::visit;
use super::clean::{decoded, percent_decoded};

/// Longest title, in bytes; those of special pages may be longer.
const MAX_TITLE_BYTES: usize = 255;

/// Namespaces whose pages need a name; with nothing behind the colon they are no title.
const NAMESPACES: [&str; 19] = [
    "talk",
    "user",
    "user talk",
    "project",
    "project talk",
    "file",
    "image",
    "file talk",
    "mediawiki",
    "mediawiki talk",
    "template",
    "template talk",
    "help",
    "help talk",
    "category",
    "category talk",
    "special",
    "media",
    "wikipedia",
];

/// What wikis call the namespace of pictures, in lower case.
const PICTURES: [&str; 40] = [
    "file",
    "image",
    "datei",
    "bild",
    "fichier",
    "archivo",
    "imagen",
    "immagine",
    "ficheiro",
    "imagem",
    "bestand",
    "afbeelding",
    "plik",
    "grafika",
    "файл",
    "изображение",
    "зображення",
    "ファイル",
    "画像",
    "文件",
    "档案",
    "檔案",
    "图像",
    "파일",
    "그림",
    "ملف",
    "صورة",
    "fil",
    "tiedosto",
    "kuva",
    "soubor",
    "fájl",
    "kép",
    "dosya",
    "resim",
    "tập tin",
    "berkas",
    "fitxer",
    "imatge",
    "קובץ",
];

/// What a link in double brackets leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// A picture that is shown.
    Picture,
    /// The page goes into a category; nothing is shown.
    Category,
    /// A section of the page itself.
    Section,
    /// A file.
    Media,
    /// Any other page.
    Page,
}

/// Whether a byte may stand in the target of an internal link, as it is written.
pub fn is_title_byte(byte: u8) -> bool {
    !matches!(byte, 0..=0x1F | 0x7F | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'|')
}

/// Whether a title, with or without a section, is one.
pub fn is_valid(title: &str) -> bool {
    target(title).is_some()
}

/// What `written`, the part before the bar, leads to; `None` if it is no title.
pub fn target(written: &str) -> Option<Target> {
    visit(written.len());
    // Most are words alone.
    if written.len() <= MAX_TITLE_BYTES
        && written
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"- (),'".contains(&b))
    {
        return written.bytes().any(|b| b != b' ').then_some(Target::Page);
    }
    let title = percent_decoded(written);
    let title = decoded(&title);
    let title = title.replace(is_blank, " ");
    let title = title.trim_matches(is_blank);
    let (title, is_plain) = match title.strip_prefix(':') {
        Some(title) => (title.trim_matches(is_blank), false),
        None => (title, true),
    };
    if title.starts_with(':') {
        return None;
    }
    let (page, section) = match title.split_once('#') {
        Some((page, section)) => (page.trim_end_matches(is_blank), Some(section)),
        None => (title, None),
    };
    if page.is_empty() {
        return section.map(|_| Target::Section);
    }
    let (space, name) = match page.split_once(':') {
        Some((space, name)) => (space.trim_matches(is_blank).to_lowercase(), name.trim_matches(is_blank)),
        None => (String::new(), page),
    };
    let is_space = NAMESPACES.contains(&space.as_str()) || PICTURES.contains(&space.as_str());
    if is_space && (name.is_empty() || name.starts_with(':')) {
        return None;
    }
    let name = if is_space { name } else { page };
    let is_bad = name.len() > MAX_TITLE_BYTES
        || name
            .chars()
            .any(|c| matches!(c, '<' | '>' | '[' | ']' | '{' | '}' | '|' | '\u{FFFD}') || c.is_ascii_control())
        || name.contains("~~~")
        || has_escape(name)
        || name.split('/').any(|part| part == "." || part == "..");
    if is_bad {
        return None;
    }
    Some(match space.as_str() {
        "media" => Target::Media,
        space if is_plain && PICTURES.contains(&space) => Target::Picture,
        "category" if is_plain => Target::Category,
        "" => Target::Page,
        _ => Target::Page,
    })
}

/// Blanks that count as spaces in a title.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        ' ' | '_' | '\u{A0}' | '\u{1680}' | '\u{180E}' | '\u{2000}'
            ..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// `%41` or `&amp;`: they would name another page once they are decoded again.
fn has_escape(name: &str) -> bool {
    let bytes = name.as_bytes();
    let hex = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_hexdigit);
    if name.match_indices('%').any(|(i, _)| hex(i + 1) && hex(i + 2)) {
        return true;
    }
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || !b.is_ascii();
    let mut rest = bytes;
    while let Some(at) = memchr::memchr(b'&', rest) {
        rest = &rest[at + 1..];
        let word = match rest {
            [b'#', b'x' | b'X', hex @ ..] => 2 + hex.iter().take_while(|b| b.is_ascii_hexdigit()).count(),
            [b'#', number @ ..] => 1 + number.iter().take_while(|b| b.is_ascii_digit()).count(),
            _ => rest.iter().take_while(|b| is_word(b)).count(),
        };
        if word > 0 && rest.get(word) == Some(&b';') && rest[word - 1] != b'#' {
            return true;
        }
        rest = &rest[word..];
    }
    false
}
