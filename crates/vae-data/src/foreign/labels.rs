//! Labels in the names of files: `beam_35_12.jpg` by the pattern `{volume_fraction%}_{iterate}`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use ndarray::{Array2, Axis};

use crate::foreign::reading::{Reading, Setting};
use crate::{DataError, DataSet};

/// A pattern over the end of a file's name (without its extension), with a field for each label.
///
/// `{name}` is a number; `{name%}` is one in percent, divided by 100; `{name:unit}` has a unit;
/// `{_}` is anything, and is dropped. All else stands for itself, and what comes before the pattern
/// is free: `{a}_{b}` reads 35 and 12 from `beam_35_12`. A pattern with `/` is held against the
/// path below the folder, `/` between its parts.
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
/// # Ok::<(), vae_data::DataError>(())
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
    /// [`DataError::LabelPattern`] if the name does not follow the pattern, [`DataError::Label`] if
    /// a label is no number.
    pub(crate) fn numbers(&self, name: &str, file: &str) -> Result<Vec<f32>, DataError> {
        let texts = self.texts(name).ok_or_else(|| DataError::LabelPattern {
            file: file.into(),
            pattern: self.to_string(),
        })?;
        let number = |(field, text): (&Field, &str)| match text.parse::<f32>() {
            Ok(value) if value.is_finite() => Ok(if field.percent { value / 100.0 } else { value }),
            _ => Err(DataError::Label {
                file: file.into(),
                label: field.name.clone(),
                text: text.into(),
            }),
        };
        self.fields().zip(texts).map(number).collect()
    }
}

/// The name of a file without its extension.
pub(crate) fn stem(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && !extension.contains('/') => stem,
        _ => name,
    }
}

/// What the names of files say about the designs in them.
#[derive(Debug, Default)]
pub(crate) struct Labeled {
    fields: Vec<Field>,
    /// One row per design.
    pub(crate) values: Array2<f32>,
    groups: Option<Vec<u32>>,
}

impl Labeled {
    /// Reads labels as asked for. By default that is two numbers at the end of every name, unless
    /// they look like something else: a number that is the same everywhere says nothing, and one
    /// that counts the files is no label.
    pub(crate) fn of(
        names: &[String],
        reading: &Reading,
        notes: &mut Vec<String>,
    ) -> Result<Self, DataError> {
        let (pattern, asked) = match &reading.labels {
            Setting::None => return Ok(Self::none(names.len())),
            Setting::Given(pattern) => (pattern.clone(), true),
            Setting::Auto => ("{a}_{b}".parse()?, false),
        };
        let mut values = Vec::new();
        for name in names {
            match pattern.numbers(pattern.part_of(stem(name)), name) {
                Ok(numbers) => values.extend(numbers),
                Err(error) if asked => return Err(error),
                Err(_) => return Ok(Self::none(names.len())),
            }
        }
        let mut fields: Vec<Field> = pattern.fields().cloned().collect();
        let width = fields.len();
        let mut values = Array2::from_shape_vec((names.len(), width), values)
            .unwrap_or_else(|_| Array2::zeros((names.len(), 0)));
        if !asked {
            let kept: Vec<usize> =
                (0..width).filter(|column| is_label(&values.column(*column).to_vec())).collect();
            values = values.select(Axis(1), &kept);
            fields = kept.into_iter().map(|column| fields[column].clone()).collect();
        }
        if fields.is_empty() {
            return Ok(Self::none(names.len()));
        }
        let listed = fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
        notes.push(format!(
            "conditions {listed} from the names of the files, by the pattern {pattern}{}",
            if asked {
                ""
            } else {
                "; --labels PATTERN gives them names, --labels none leaves them"
            }
        ));
        let groups = groups_of(values.column(0).iter().map(|value| value.to_bits()));
        let n_groups = groups.iter().collect::<BTreeSet<_>>().len();
        let groups = (1 < n_groups && n_groups < names.len()).then_some(groups);
        Ok(Self { fields, values, groups })
    }

    fn none(n: usize) -> Self {
        Self { values: Array2::zeros((n, 0)), ..Self::default() }
    }

    /// Makes conditions and groups of the labels.
    pub(crate) fn put_into(self, mut set: DataSet) -> Result<DataSet, DataError> {
        for (field, values) in self.fields.iter().zip(self.values.columns()) {
            set.put_condition(&field.name, &field.unit, values.to_vec())?;
        }
        if let Some(groups) = self.groups {
            set.groups = groups;
            set.grouped = true;
            set.label_groups = Some(self.fields[0].name.clone());
        }
        Ok(set)
    }
}

/// Whether numbers in names look like a label.
#[expect(clippy::float_cmp, reason = "counts are whole")]
fn is_label(values: &[f32]) -> bool {
    let mut sorted = values.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.dedup();
    let counts = sorted.windows(2).all(|pair| pair[1] - pair[0] == 1.0);
    1 < sorted.len() && !(counts && sorted.len() == values.len())
}

/// Numbers groups by their first occurrence.
pub(crate) fn groups_of<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<u32> {
    let mut known = BTreeMap::new();
    keys.map(|key| {
        let next = known.len() as u32;
        *known.entry(key).or_insert(next)
    })
    .collect()
}

fn is_number(text: &str) -> bool {
    text.parse::<f32>().is_ok_and(f32::is_finite)
}

impl FromStr for Pattern {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let fail = || DataError::Option {
            text: text.into(),
            wanted: "a pattern with named fields, text between them, such as {volume_fraction%}_{iterate}",
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
        assert!(matches!(pattern.numbers("beam", "f"), Err(DataError::LabelPattern { .. })));
        assert!(matches!(pattern.numbers("12", "f"), Err(DataError::LabelPattern { .. })));
        for name in ["beam_x_3", "beam_3_x", "beam_inf_3", "a_0p5_3"] {
            assert!(matches!(pattern.numbers(name, "f"), Err(DataError::Label { .. })), "{name}");
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
