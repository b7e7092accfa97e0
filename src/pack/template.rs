//! Texts with placeholders, `{name}`.

/// A text with placeholders.
#[derive(Debug)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug)]
enum Piece {
    Text(String),
    Placeholder(String),
}

impl Template {
    /// Reads a text in which `{{` and `}}` stand for braces.
    ///
    /// # Errors
    /// A placeholder that is none of `names`.
    pub(super) fn read(text: &str, names: &[String]) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let brace = &rest[at..at + 1];
            rest = &rest[at + 1..];
            if let Some(doubled) = rest.strip_prefix(brace) {
                plain.push_str(brace);
                rest = doubled;
                continue;
            }
            let name = rest.split_once('}').filter(|_| brace == "{").map(|(name, _)| name);
            match name {
                Some(name) if names.iter().any(|known| known == name) => {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    pieces.push(Piece::Placeholder(name.to_owned()));
                    rest = &rest[name.len() + 1..];
                }
                Some(name) => return Err(format!("there is no `{{{name}}}` here")),
                None => return Err("a brace stands for itself only when it is doubled".to_owned()),
            }
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        Ok(Self(pieces))
    }

    /// Whether it is one placeholder and nothing else.
    pub(super) fn is_placeholder(&self) -> bool {
        let is_empty = |piece: &Piece| matches!(piece, Piece::Text(text) if text.is_empty());
        self.0.iter().filter(|piece| !is_empty(piece)).count() == 1
            && self.0.iter().any(|piece| matches!(piece, Piece::Placeholder(_)))
    }

    /// The text with what stands in its places.
    pub(super) fn fill(&self, value: impl Fn(&str) -> String) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Placeholder(name) => value(name),
        });
        pieces.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Template;

    #[test]
    fn placeholders_are_filled_and_braces_doubled() {
        let names = ["path".to_owned()];
        let template = Template::read("`{path}` in {{ }}", &names).expect("it is right");
        assert_eq!(template.fill(|name| name.to_uppercase()), "`PATH` in { }");
        assert_eq!(Template::read("{value}", &names).expect_err("unknown"), "there is no `{value}` here");
        assert!(Template::read("a } b", &names).is_err());
        assert!(Template::read("a { b", &names).is_err());
    }
}
