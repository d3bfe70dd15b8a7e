//! Patterns of labels in the names of files: `{volume_fraction%}_{iterate}` reads
//! `beam_35_12.jpg`.

use std::fmt;
use std::str::FromStr;

use crate::error::ReadingError;

/// A pattern over the end of a file's name (without its extension), with a field for each label.
///
/// `{name}` is a number; `{name%}` is one in percent, divided by 100; `{name:unit}` has a unit;
/// `{_}` matches anything and is ignored. All other text stands for itself, and any text may
/// precede the pattern: `{a}_{b}` reads 35 and 12 from `beam_35_12`. A pattern with `/` is compared
/// with the path below the folder, with `/` between its parts.
///
/// # Examples
///
/// ```
/// use vae_data::Pattern;
///
/// let pattern: Pattern = "{volume_fraction%}_{load:deg}".parse()?;
/// assert_eq!(pattern.names().collect::<Vec<_>>(), ["volume_fraction", "load"]);
/// assert_eq!(pattern.texts("beam_35_-12"), Some(vec!["35", "-12"]));
/// assert_eq!(pattern.texts("beam"), None);
/// # Ok::<(), vae_data::ReadingError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// What stands before each field, and after the last one.
    literals: Vec<String>,
    fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) percent: bool,
    dropped: bool,
}

impl Pattern {
    /// The names of the labels, from the left.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields().map(|field| field.name.as_str())
    }

    /// What of a path below the folder the pattern is held against: the last part, unless it has a
    /// `/` itself.
    pub(crate) fn part_of<'a>(&self, stem: &'a str) -> &'a str {
        if self.literals.iter().any(|literal| literal.contains('/')) {
            return stem;
        }
        stem.rsplit_once('/').map_or(stem, |(_, name)| name)
    }

    /// The fields that are labels.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.dropped)
    }

    /// The labels in a name as text; `None` if the name does not follow the pattern.
    pub fn texts<'a>(&self, name: &'a str) -> Option<Vec<&'a str>> {
        // From the right, so that numbers and underscores earlier in the name do not matter.
        let last = self.literals.len() - 1;
        let mut rest = name.strip_suffix(self.literals[last].as_str())?;
        let mut texts = Vec::with_capacity(self.fields.len());
        for (field, before) in self.fields.iter().zip(&self.literals).rev() {
            let start = if before.is_empty() {
                // The first field: back to the nearest separator.
                let start = rest.rfind(['_', ' ', '/']).map_or(0, |position| position + 1);
                // A sign, or a hyphen between words?
                match rest[start..].rfind('-') {
                    Some(hyphen) if 0 < hyphen && !is_number(&rest[start..]) => start + hyphen + 1,
                    _ => start,
                }
            } else {
                rest.rfind(before.as_str())? + before.len()
            };
            let text = &rest[start..];
            if text.is_empty() {
                return None;
            }
            if !field.dropped {
                texts.push(text);
            }
            rest = &rest[..start - before.len()];
        }
        texts.reverse();
        Some(texts)
    }

    /// The labels in a name as numbers, percent divided by 100.
    ///
    /// # Errors
    ///
    /// [`ReadingError::LabelPattern`] if the name does not follow the pattern,
    /// [`ReadingError::Label`] if a label is not a number.
    pub(crate) fn numbers(&self, name: &str, file: &str) -> Result<Vec<f32>, ReadingError> {
        let texts = self.texts(name).ok_or_else(|| ReadingError::LabelPattern {
            file: file.into(),
            pattern: self.to_string(),
        })?;
        let number = |(field, text): (&Field, &str)| match text.parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(if field.percent { value / 100.0 } else { value }),
            _ => Err(ReadingError::Label {
                file: file.into(),
                label: field.name.clone(),
                text: text.into(),
            }),
        };
        self.fields().zip(texts).map(number).collect()
    }
}

impl FromStr for Pattern {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        let fail = || ReadingError::Setting {
            text: text.into(),
            wanted: "a pattern with named fields, text between them, such as \
                     {volume_fraction%}_{iterate}",
        };
        let (mut literals, mut fields) = (Vec::new(), Vec::<Field>::new());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (field, after) = after.split_once('}').ok_or_else(fail)?;
            // Two fields side by side could be told apart in many ways.
            if before.contains('}') || (!fields.is_empty() && before.is_empty()) {
                return Err(fail());
            }
            let (name, percent) = match field.strip_suffix('%') {
                Some(name) => (name, true),
                None => (field, false),
            };
            let (name, unit) = name.split_once(':').unwrap_or((name, ""));
            let dropped = name.is_empty() || name == "_";
            if name.contains(['{', '%'])
                || fields.iter().any(|field| !dropped && field.name == name)
            {
                return Err(fail());
            }
            fields.push(Field { name: name.into(), unit: unit.into(), percent, dropped });
            literals.push(before.to_owned());
            rest = after;
        }
        if rest.contains('}') || fields.iter().all(|field| field.dropped) {
            return Err(fail());
        }
        literals.push(rest.to_owned());
        Ok(Self { literals, fields })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (field, before) in self.fields.iter().zip(&self.literals) {
            let (colon, percent) = (
                if field.unit.is_empty() { "" } else { ":" },
                if field.percent { "%" } else { "" },
            );
            write!(f, "{before}{{{}{colon}{}{percent}}}", field.name, field.unit)?;
        }
        f.write_str(&self.literals[self.literals.len() - 1])
    }
}

fn is_number(text: &str) -> bool {
    text.parse::<f32>().is_ok_and(f32::is_finite)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(pattern: &str, name: &str) -> Option<Vec<f32>> {
        pattern.parse::<Pattern>().unwrap().numbers(name, name).ok()
    }

    #[test]
    fn names_are_read_from_the_right() {
        assert_eq!(read("{a}_{b}", "Q4_simp_35_12"), Some(vec![35.0, 12.0]));
        assert_eq!(read("{a}_{b}", "35_12"), Some(vec![35.0, 12.0]));
        assert_eq!(read("{a}_{b}", "x_0.35_-1.5e1"), Some(vec![0.35, -15.0]));
        assert_eq!(read("{a}_{b}", "beam-35_12"), Some(vec![35.0, 12.0]));
        assert_eq!(read("{a}_{b}", "-35_12"), Some(vec![-35.0, 12.0]));
        assert_eq!(read("{v%}_{_}", "beam_50_xyz"), Some(vec![0.5]));
        assert_eq!(read("vf{v}_l{load:deg}", "x_vf0.4_l30"), Some(vec![0.4, 30.0]));
        assert_eq!(read("{v}/{i}", "0.4/12"), Some(vec![0.4, 12.0]));
        assert_eq!(read("v={v}.final", "run_v=3.final"), Some(vec![3.0]));
    }

    #[test]
    fn names_that_do_not_fit_are_told_from_labels_that_are_no_numbers() {
        let pattern: Pattern = "{a}_{b}".parse().unwrap();
        assert!(matches!(pattern.numbers("beam", "f"), Err(ReadingError::LabelPattern { .. })));
        assert!(matches!(pattern.numbers("12", "f"), Err(ReadingError::LabelPattern { .. })));
        for name in ["beam_x_3", "beam_3_x", "beam_inf_3", "a_0p5_3"] {
            assert!(
                matches!(pattern.numbers(name, "f"), Err(ReadingError::Label { .. })),
                "{name}"
            );
        }
    }

    #[test]
    fn patterns_without_a_meaning_are_refused() {
        for text in ["", "abc", "{a}{b}", "{a", "a}", "{_}", "{a}_{a}", "{{a}}", "{_%%}"] {
            assert!(text.parse::<Pattern>().is_err(), "{text:?}");
        }
        for text in ["{a}_{b}", "vf{v%}_{_}_l{load:deg}.x", "{v:mm%}"] {
            assert_eq!(text.parse::<Pattern>().unwrap().to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn any_name_is_read_or_refused(name in "\\PC{0,12}", pattern in "[a{}_:%/x-]{0,10}") {
            if let Ok(pattern) = pattern.parse::<Pattern>() {
                prop_assert_eq!(&pattern.to_string().parse::<Pattern>().unwrap(), &pattern);
                let _ = pattern.texts(&name);
            }
        }
    }
}
