//! Numbers in the names of files that look like conditions and are not used as such.

use vae_base::{Note, Remedy};

use crate::foreign::listing::{base, stem};

/// A name taken apart: what stands before each number, and the numbers.
type Parts = (Vec<String>, Vec<f32>);

/// A note on numbers that follow a word in all names, vary, and do not count the files, with the
/// pattern that makes conditions of them; `None` without such numbers.
pub(crate) fn note(names: &[String]) -> Option<Note> {
    let all: Vec<Parts> = names.iter().map(|name| parts(base(stem(name)))).collect();
    let (words, _) = all.first()?;
    if all.iter().any(|(others, _)| others != words) {
        return None;
    }
    let is_condition = |column: usize| {
        let values: Vec<f32> = all.iter().map(|(_, numbers)| numbers[column]).collect();
        !word(&words[column]).is_empty() && is_label(&values)
    };
    let n = words.len().saturating_sub(1);
    let columns: Vec<usize> = (0..n).filter(|column| is_condition(*column)).collect();
    let first = *columns.first()?;
    let field = |column: usize| {
        if columns.contains(&column) { word(&words[column]) } else { "_".into() }
    };
    let mut pattern = String::new();
    for (column, before) in words.iter().enumerate().take(n).skip(first) {
        pattern += before;
        pattern += &["{", &field(column), "}"].concat();
    }
    pattern += &words[n];
    let called: Vec<String> = columns.iter().map(|column| word(&words[*column])).collect();
    Some(
        Note::new(format!(
            "numbers in the names of the files are not used as conditions: {}",
            called.join(", ")
        ))
        .or(Remedy::set("labels", pattern, "uses them"))
        .or(Remedy::set("labels", "none", "says that none are wanted")),
    )
}

/// What stands around the numbers of a name, and the numbers, with decimals if they have any.
fn parts(name: &str) -> Parts {
    let (mut words, mut numbers) = (vec![String::new()], Vec::new());
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if digits == 0 {
            if let Some(word) = words.last_mut() {
                word.push(c);
            }
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let decimals = rest[digits..]
            .strip_prefix('.')
            .map_or(0, |behind| behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len()));
        let end = if decimals == 0 { digits } else { digits + 1 + decimals };
        numbers.push(rest[..end].parse().unwrap_or(f32::NAN));
        words.push(String::new());
        rest = &rest[end..];
    }
    (words, numbers)
}

/// The word directly before a number, as the name of a condition.
fn word(before: &str) -> String {
    let before = before.trim_end_matches(['=', '-', '_', ' ']);
    let start = before
        .rfind(|c: char| !c.is_alphabetic())
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    before[start..].to_owned()
}

/// Whether numbers in names look like a label.
#[expect(clippy::float_cmp, reason = "counts are whole")]
pub(crate) fn is_label(values: &[f32]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.dedup();
    let counts = sorted.windows(2).all(|pair| pair[1] - pair[0] == 1.0);
    1 < sorted.len() && !(counts && sorted.len() == values.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foreign::pattern::Pattern;

    /// The pattern that is offered for names.
    fn offered(names: &[&str]) -> Option<String> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        match note(&names)?.remedies.into_iter().next()? {
            Remedy::Set { value, .. } => Some(value),
            _ => None,
        }
    }

    #[test]
    fn numbers_behind_words_are_offered_with_a_pattern_that_reads_them() {
        for (names, expected, numbers) in [
            (["vf0.25_load-3.npy", "vf0.30_load-7.npy"], "vf{vf}_load-{load}", vec!["0.25", "3"]),
            (["a/00_vf25.png", "b/01_vf40.png"], "vf{vf}", vec!["25"]),
            (
                ["volfrac=0.2,i=0.png", "volfrac=0.5,i=1.png"],
                "volfrac={volfrac},i={_}",
                vec!["0.2"],
            ),
            (["vf10_r1.5x.npy", "vf30_r1.5x.npy"], "vf{vf}_r{_}x", vec!["10"]),
        ] {
            let pattern = offered(&names).unwrap();
            assert!(pattern.ends_with(expected), "{pattern}");
            let pattern: Pattern = pattern.parse().unwrap();
            assert_eq!(pattern.texts(base(stem(names[0]))), Some(numbers));
        }
    }

    #[test]
    fn counts_and_names_of_different_kinds_are_no_conditions() {
        for names in [
            ["design_001.png", "design_002.png"],
            ["a7.png", "b9.png"],
            ["12_30.png", "17_30.png"],
            ["vf30_1.png", "vf30_2.png"],
            ["a.png", "b.png"],
        ] {
            assert_eq!(offered(&names), None, "{names:?}");
        }
    }
}
