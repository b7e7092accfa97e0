//! Text inside XML, for the formats that are XML.

use std::fmt::Write as _;

use super::terminal::is_deceptive;

/// `text` for attributes and contents of XML 1.0: what has a meaning there becomes a reference, and so does
/// what terminals and readers take for something it is not. Characters that XML cannot hold in any way
/// become escapes as people see them elsewhere (`\u{1b}`).
pub(super) fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\'' => result.push_str("&apos;"),
            _ if !is_in_xml(c) => push(&mut result, format_args!("\\u{{{:x}}}", u32::from(c))),
            _ if is_deceptive(c) => push(&mut result, format_args!("&#x{:x};", u32::from(c))),
            _ => result.push(c),
        }
    }
    result
}

fn push(result: &mut String, text: std::fmt::Arguments<'_>) {
    result.write_fmt(text).expect("invariant: strings take all text");
}

/// The production `Char` of XML 1.0.
fn is_in_xml(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_for_markup_or_is_lost() {
        let text = "<a b=\"c\">&amp;'</a>]]>\n\r\t\u{1b}\0é日🦀\u{202e}\u{85}\u{ffff}";
        insta::assert_snapshot!(
            escaped(text),
            @r"&lt;a b=&quot;c&quot;&gt;&amp;amp;&apos;&lt;/a&gt;]]&gt;&#xa;&#xd;&#x9;\u{1b}\u{0}é日🦀&#x202e;&#x85;\u{ffff}"
        );
        let document = format!("<a b=\"{0}\">{0}</a>", escaped(text));
        let document = roxmltree::Document::parse(&document).expect("it is XML");
        let expected =
            text.replace('\u{1b}', "\\u{1b}").replace('\0', "\\u{0}").replace('\u{ffff}', "\\u{ffff}");
        assert_eq!(document.root_element().attribute("b"), Some(expected.as_str()));
        assert_eq!(document.root_element().text(), Some(expected.as_str()));
    }
}
