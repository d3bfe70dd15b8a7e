//! TOML, JSON, JSON lines, CSV and other text, damaged token by token and line by line.

use std::ops::Range;

use crate::numbers::{TEXTS, WRITTEN};
use crate::random::Random;

/// Longest text that is repeated, and deepest nesting.
const MANY: usize = 20_000;

/// A piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Number,
    /// With its quotation marks.
    Quoted,
    Word,
    Mark,
}

/// Damages a text.
pub(crate) fn damage(text: &mut String, random: &mut Random) {
    let tokens = tokens(text);
    if tokens.is_empty() {
        text.push_str(random.word(&WRITTEN));
        return;
    }
    let of = |kind: Kind| -> Vec<Range<usize>> {
        tokens.iter().filter(|token| token.0 == kind).map(|token| token.1.clone()).collect()
    };
    let (_, any) = random.pick(&tokens).clone();
    match random.below(12) {
        0..=2 => number(text, &of(Kind::Number), random),
        3 | 4 => quoted(text, &of(Kind::Quoted), random),
        5 => word(text, &of(Kind::Word), random),
        6 => text.replace_range(any, ""),
        7 => {
            let piece = text[any.clone()].to_owned();
            let times = if random.once_in(16) { random.small(MANY) } else { 1 };
            text.insert_str(any.end, &piece.repeat(times.min((1 << 20) / piece.len())));
        }
        8 => {
            let (_, other) = random.pick(&tokens).clone();
            let (first, second) = if any.start < other.start { (any, other) } else { (other, any) };
            let (a, b) = (text[first.clone()].to_owned(), text[second.clone()].to_owned());
            text.replace_range(second, &a);
            text.replace_range(first, &b);
        }
        9 => nest(text, any, random),
        _ => line(text, random),
    }
}

/// In the place of a number a surprising one, or another of the same text.
fn number(text: &mut String, numbers: &[Range<usize>], random: &mut Random) {
    if numbers.is_empty() {
        return;
    }
    let place = random.pick(numbers).clone();
    let new = if random.once_in(3) {
        text[random.pick(numbers).clone()].to_owned()
    } else {
        random.word(&WRITTEN).to_owned()
    };
    text.replace_range(place, &new);
}

/// In the place of a quoted text a surprising or very long one, another of the same text, or a
/// number. One that holds quoted text is itself damaged, as the metadata of weights are.
fn quoted(text: &mut String, quoted: &[Range<usize>], random: &mut Random) {
    if quoted.is_empty() {
        return;
    }
    let place = random.pick(quoted).clone();
    let old = &text[place.clone()];
    let mut inside = old.get(1..old.len() - 1).unwrap_or_default().to_owned();
    if inside.contains("\\\"") && !random.once_in(4) {
        let mut plain = inside.replace("\\\"", "\"").replace("\\\\", "\\");
        for _ in 0..=random.small(3) {
            damage(&mut plain, random);
        }
        inside = plain.replace('\\', "\\\\").replace('"', "\\\"");
    } else {
        match random.below(8) {
            0 => inside = "A".repeat(random.small(4 * MANY)),
            1 | 2 => {
                let other = random.pick(quoted).clone();
                let other = text[other].to_owned();
                text.replace_range(place, &other);
                return;
            }
            3 => {
                text.replace_range(place, random.word(&WRITTEN));
                return;
            }
            _ => random.word(&TEXTS).clone_into(&mut inside),
        }
    }
    text.replace_range(place, &format!("\"{inside}\""));
}

/// In the place of a word another of the same text, or one with a meaning.
fn word(text: &mut String, words: &[Range<usize>], random: &mut Random) {
    if words.is_empty() {
        return;
    }
    let place = random.pick(words).clone();
    let new = if random.once_in(2) {
        text[random.pick(words).clone()].to_owned()
    } else {
        random.word(&["true", "false", "null", "nan", "inf", "None", "x"]).to_owned()
    };
    text.replace_range(place, &new);
}

/// Brackets around a piece, sometimes very many, sometimes without an end.
fn nest(text: &mut String, piece: Range<usize>, random: &mut Random) {
    let (open, close) = *random.pick(&[("[", "]"), ("{\"a\":", "}"), ("{", "}"), ("(", ")")]);
    let depth = if random.once_in(4) { random.small(MANY) } else { 1 };
    if !random.once_in(4) {
        text.insert_str(piece.end, &close.repeat(depth));
    }
    text.insert_str(piece.start, &open.repeat(depth));
}

/// Removes, repeats or moves a line.
fn line(text: &mut String, random: &mut Random) {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = random.below(lines.len());
    match random.below(3) {
        0 => drop(lines.remove(at)),
        1 => {
            let times = if random.once_in(16) { random.small(MANY) } else { 1 };
            let times = times.min((1 << 20) / lines[at].len().max(1));
            lines.splice(at..at, vec![lines[at]; times]);
        }
        _ => {
            let moved = lines.remove(at);
            lines.insert(random.below(lines.len() + 1), moved);
        }
    }
    *text = lines.concat();
}

/// The pieces of a text without the blanks between them.
fn tokens(text: &str) -> Vec<(Kind, Range<usize>)> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kind, len) = match first {
            '0'..='9' | '-' | '+' | '.' => {
                (Kind::Number, run(rest, |c| c.is_ascii_alphanumeric() || "+-._".contains(c)))
            }
            '"' => (Kind::Quoted, end_of_quoted(rest)),
            c if c.is_alphabetic() || c == '_' => {
                (Kind::Word, run(rest, |c| c.is_alphanumeric() || "_-".contains(c)))
            }
            c => (Kind::Mark, c.len_utf8()),
        };
        let start = text.len() - rest.len();
        if !first.is_whitespace() {
            tokens.push((kind, start..start + len));
        }
        rest = &rest[len..];
    }
    tokens
}

/// Bytes at the beginning that are of one kind.
fn run(text: &str, is_of_it: impl Fn(char) -> bool) -> usize {
    text.find(|c| !is_of_it(c)).unwrap_or(text.len())
}

/// Bytes of the quoted text at the beginning; 1 if it has no end.
fn end_of_quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            '"' if !escaped => return at + 1,
            '\n' => break,
            _ => escaped = letter == '\\' && !escaped,
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_tokens() {
        let text = "a_b = [-1.5e3, \"x\\\"y\"]";
        let found: Vec<_> =
            tokens(text).into_iter().map(|(kind, range)| (kind, &text[range])).collect();
        let expected = [
            (Kind::Word, "a_b"),
            (Kind::Mark, "="),
            (Kind::Mark, "["),
            (Kind::Number, "-1.5e3"),
            (Kind::Mark, ","),
            (Kind::Quoted, "\"x\\\"y\""),
            (Kind::Mark, "]"),
        ];
        assert_eq!(found, expected);
        assert_eq!(tokens("\"open").len(), 2);
    }

    #[test]
    fn quoted_text_inside_quoted_text_is_damaged_and_stays_quoted() {
        let whole = r#"{"vae":"{\"latent\":8}"}"#;
        let mut inside = 0;
        for case in 0..2000 {
            let mut text = whole.to_owned();
            damage(&mut text, &mut Random::new(1, case));
            let begins = text.starts_with("{\"vae\":\"{");
            inside += usize::from(begins && text.ends_with("}\"}") && text != whole);
        }
        assert!(100 < inside, "{inside}");
    }
}
