//! The quick way to a tree: one pass for tokens and one for nodes, for text without a mistake.
//!
//! rnix stays the measure: what is read here has the tree that rnix builds, which debug builds compare, but for
//! `a/(b)` and `1 + !x`, which Nix reads and rnix refuses: there `grammar` has to take the text.
//! It must never guess: whatever is odd, wrong, deep, or a construct that hardly anybody writes is left to
//! rnix and to `grammar`, which know what to say about it.

mod lexer;
mod parser;
mod tree;

use rowan::GreenNode;

use self::lexer::Token;
use self::tree::TreeBuilder;

/// Reads texts one after the other, with the memory and the tokens of those before.
#[derive(Debug, Default)]
pub(super) struct QuickReader {
    tokens: Vec<Token>,
    builder: TreeBuilder,
}

impl QuickReader {
    /// The tree of `text`; `None` where it is not for this reader.
    pub(super) fn read(&mut self, text: &str) -> Option<GreenNode> {
        self.tokens.clear();
        lexer::read(text, &mut self.tokens)?;
        self.builder.begin();
        parser::read(text, &self.tokens, &mut self.builder)
    }
}

#[cfg(test)]
mod tests {
    use rnix::Root;

    use super::super::permissive::may_be_refused;
    use super::*;

    /// Whether `text` was read; what was read is as rnix reads it.
    fn is_read(text: &str) -> bool {
        let Some(green) = QuickReader::default().read(text) else { return false };
        let parsed = Root::parse(text);
        assert_eq!(parsed.errors(), [], "{text:?}");
        assert!(!may_be_refused(&green, text), "{text:?}");
        let tree = rnix::SyntaxNode::new_root(green);
        assert_eq!(format!("{tree:#?}"), format!("{:#?}", parsed.syntax()), "{text:?}");
        true
    }

    #[test]
    fn what_people_write_is_read() {
        for text in [
            "{ config, lib, pkgs, ... }@args: with lib; { imports = [ ./a.nix ../b ]; a.\"b c\".d = mkIf x 1; }",
            "args@{ a ? 1, b, }: /* why */ rec { inherit a; inherit (b) c \"d\"; }\n# the end",
            "let a = x: y: x + y * 2 - -3; in !a.b or c && a ? b.c || a == b -> a // b // c",
            "if a < b then \"x${a \"y\"}$${z}\\\"\" else ''\n  ${''in''} '' + \"\"",
            "assert a; [ 1 1.5 .5e3 1.e-2 <nixpkgs/lib> http://a.b/c?d ~/x /a/b a/b ]",
            "[ /a~/b ./c${d}~/e ./f~/g${h}/i ]",
            "[ ./a/${b}/c.nix ./${a}${b} ../x-${a + \"y\"}.d /a${b} ~/${c}z ./${a} ./b ] ++ ./${ {a = 1;}.a }",
            "a: { }: b@{ ... }: { ${c} = 1; ${\"d\"}.e = { a = { }; }; }",
            "a |> f |> g\n",
            "f <| g <| a b.c (d: e) [ ] ++ [ x ] ++ y",
            "''\r\n  a ''${b} ''' ''\\n $${c} $ ' \r\n''",
            "a<b && a<=b && a>b && a>=b && a!=b",
            "a.b.c.d-e.f' or g.h i",
            "f { a = 1; } rec { } \"x\" ./y",
            "a / b * c",
            "[ a.b or c d ]",
        ] {
            assert!(is_read(text), "{text:?}");
        }
    }

    #[test]
    fn what_nix_reads_and_rnix_refuses_is_read() {
        for (text, plain) in [
            ("a: b: a/(b)", "a: b: a /(b)"),
            ("{ x = 10/(2 + 3); y = a.b/[ ]; }", "{ x = 10 /(2 + 3); y = a.b /[ ]; }"),
            ("1 + !x + y == z", "1 + (!x + y) == z"),
            ("- !a ? b", "- (!a ? b)"),
            ("a/\"b\" + c/''d'' + e/{ } + f/<g>", "a /\"b\" + c /''d'' + e /{ } + f /<g>"),
        ] {
            assert!(!Root::parse(text).errors().is_empty(), "{text:?}");
            let green = QuickReader::default().read(text).expect(text);
            let structure = |node: rnix::SyntaxNode| {
                use rnix::SyntaxKind::{NODE_PAREN, TOKEN_L_PAREN, TOKEN_R_PAREN, TOKEN_WHITESPACE};
                let hidden = [NODE_PAREN, TOKEN_L_PAREN, TOKEN_R_PAREN, TOKEN_WHITESPACE];
                let tokens = node.descendants_with_tokens();
                let shown = tokens.filter(|part| !hidden.contains(&part.kind()));
                shown.map(|part| format!("{:?}", part.kind())).collect::<Vec<_>>()
            };
            let expected = Root::parse(plain);
            assert_eq!(expected.errors(), []);
            assert_eq!(structure(rnix::SyntaxNode::new_root(green)), structure(expected.syntax()));
        }
    }

    #[test]
    fn what_is_odd_is_left_alone() {
        for text in [
            "",
            "# nothing",
            "1 2 )",
            "[ x: x ]",
            "a + b: c",
            "a == b == c",
            "a < b < c",
            "{ a = 1 }",
            "let { body = 1; }",
            "a or b",
            "__curPos",
            "\"open",
            "''open '",
            "/* open",
            "a\u{a0}b",
            "a\u{b}b",
            "{ ''a'' = 1; }",
            "./a/",
            "./a//b",
            "<a//b>",
            "99999999999999999999",
            "1.0e999",
            "$a",
            "a &b",
            "(1",
            "{ a, a b }: 1",
            "x@{ a }@y: 1",
            "a.${b",
            "\"${a\"",
            "{ or = 1; }",
            "1.5e",
            "a;",
            "{ a: 1 }",
            "(a}",
            "let a = 1; a",
        ] {
            assert!(!is_read(text), "{text:?}");
        }
    }

    #[test]
    fn deep_text_is_left_alone() {
        for (opener, middle, closer) in [
            ("(", "1", ")"),
            ("[", "", "]"),
            ("a: ", "a", ""),
            ("a ++ ", "a", ""),
            ("", "a", " + a"),
            ("", "a", " a"),
            ("", "a", ".a"),
            ("{ a.a.a = ", "1", "; }"),
            ("", "a", ".a"),
        ] {
            let build = |times: usize| format!("{}{middle}{}", opener.repeat(times), closer.repeat(times));
            assert!(is_read(&build(50)));
            assert!(!is_read(&build(100_000)));
        }
    }

    #[test]
    fn memory_of_earlier_texts_does_no_harm() {
        let mut reader = QuickReader::default();
        for number in 0..20_000 {
            let text = format!("{{ a{number} = b{number}.c {number}; }}");
            let green = reader.read(&text).expect("nothing in it is odd");
            assert_eq!(green.to_string(), text);
            assert!(reader.read("{ a = [ (").is_none());
        }
    }
}
