//! Conditions and groups from the names of files.

use std::collections::BTreeSet;

use ndarray::{Array2, ArrayView1, Axis};
use vae_base::{Note, Remedy};

use crate::error::DataError;
use crate::foreign::listing::stem;
use crate::foreign::pattern::Field;
use crate::foreign::reading::Reading;
use crate::foreign::setting::Setting;
use crate::foreign::unused_labels::{self, is_label};
use crate::set::groups::groups_of;
use crate::set::opening::Opening;

/// What the names of files say about the designs in them.
#[derive(Debug, Default)]
pub(crate) struct Labeled {
    fields: Vec<Field>,
    /// One row per design.
    pub(crate) values: Array2<f32>,
    /// The group of each design, and what designs of a group have in common.
    groups: Option<(Vec<u32>, String)>,
    /// Whether nobody said that there are labels.
    guessed: bool,
}

impl Labeled {
    /// Reads labels as asked for. By default that is two numbers at the end of every name, unless
    /// they look like something else: a number that is the same everywhere says nothing, and one
    /// that counts the files is not a label.
    pub(crate) fn of(
        names: &[String],
        reading: &Reading,
        notes: &mut Vec<Note>,
    ) -> Result<Self, DataError> {
        let (pattern, asked) = match &reading.labels {
            Setting::None => return Ok(Self::none(names.len())),
            Setting::Given(pattern) => (pattern.clone(), true),
            Setting::Auto => ("{a}_{b}".parse()?, false),
        };
        // A table of conditions says what the names would.
        let has_table = !reading.conditions.as_os_str().is_empty();
        let unused = || unused_labels::note(names).filter(|_| !has_table);
        let mut values = Vec::new();
        for name in names {
            match pattern.numbers(pattern.part_of(stem(name)), name) {
                Ok(numbers) => values.extend(numbers),
                Err(error) if asked => return Err(error.into()),
                Err(_) => {
                    notes.extend(unused());
                    return Ok(Self::none(names.len()));
                }
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
            notes.extend(unused().filter(|_| !asked));
            return Ok(Self::none(names.len()));
        }
        let listed = fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join(", ");
        let note = Note::new(format!(
            "conditions {listed} from the names of the files, by the pattern {pattern}"
        ));
        notes.push(if asked {
            note
        } else {
            note.or(Remedy::set("labels", "PATTERN", "gives them names")).or(Remedy::set(
                "labels",
                "none",
                "ignores the names",
            ))
        });
        let groups = groups(&fields, &values);
        Ok(Self { fields, values, groups, guessed: !asked })
    }

    fn none(n: usize) -> Self {
        Self { values: Array2::zeros((n, 0)), ..Self::default() }
    }

    /// Makes conditions and groups of the labels.
    pub(crate) fn put_into(self, set: &mut Opening) -> Result<(), DataError> {
        let labels = self.fields.iter().zip(self.values.columns());
        let labels =
            labels.map(|(field, values)| (field.name.clone(), field.unit.clone(), values.to_vec()));
        set.put_conditions(labels.collect())?;
        if self.guessed {
            set.guessed.extend(self.fields.iter().map(|field| field.name.clone()));
        }
        if let Some((groups, labels)) = self.groups {
            set.group(groups);
            set.label_groups = Some(labels);
        }
        Ok(())
    }
}

/// Designs that belong together, and what they have in common: all labels, if most designs share
/// theirs with others, as the iterates of one problem do; else the first, if some share it.
fn groups(fields: &[Field], values: &Array2<f32>) -> Option<(Vec<u32>, String)> {
    let n = values.nrows();
    let by = |columns: usize| {
        let key = |row: ArrayView1<'_, f32>| {
            row.iter().take(columns).map(|value| value.to_bits()).collect::<Vec<_>>()
        };
        let groups = groups_of(values.rows().into_iter().map(key));
        let number = groups.iter().collect::<BTreeSet<_>>().len();
        let names: Vec<&str> = fields.iter().take(columns).map(|field| &*field.name).collect();
        (number, (groups, names.join(", ")))
    };
    let (number, all) = by(fields.len());
    if 1 < number && number <= n / 2 {
        return Some(all);
    }
    let (number, first) = by(1);
    (1 < number && number < n).then_some(first)
}

/// Drops guessed labels that are another condition once more, such as a volume in percent beside
/// the volume.
pub(crate) fn drop_followers(set: &mut Opening) {
    /// Values that are rounded, in percent or measured follow their origin this closely.
    const FOLLOWS: f64 = 0.995;
    let names: Vec<String> =
        set.parts.conditions.iter().map(|condition| condition.name.clone()).collect();
    let is_guessed = |position: usize| set.guessed.contains(&names[position]);
    let mut kept: Vec<usize> = (0..names.len()).filter(|i| !is_guessed(*i)).collect();
    let mut dropped = Vec::new();
    for label in (0..names.len()).filter(|i| is_guessed(*i)) {
        let column = |position: usize| set.parts.values.column(position);
        let origin =
            kept.iter().find(|other| FOLLOWS < correlation(column(label), column(**other)).abs());
        match origin {
            Some(origin) => dropped.push((names[label].clone(), names[*origin].clone())),
            None => kept.push(label),
        }
    }
    if dropped.is_empty() {
        return;
    }
    kept.sort_unstable();
    set.keep_conditions(&kept);
    for (label, origin) in dropped {
        set.note(
            Note::new(format!(
                "the numbers {label} in the names of the files follow the condition {origin} and \
                 are dropped"
            ))
            .or(Remedy::set("labels", "PATTERN", "gives them names and keeps them")),
        );
    }
}

/// The linear correlation of two columns; 0 if one is constant or they are too short to tell.
fn correlation(a: ArrayView1<'_, f32>, b: ArrayView1<'_, f32>) -> f64 {
    let n = a.len() as f64;
    let mean = |x: &ArrayView1<'_, f32>| x.iter().map(|x| f64::from(*x)).sum::<f64>() / n;
    let (mean_a, mean_b) = (mean(&a), mean(&b));
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(&b) {
        let (x, y) = (f64::from(*x) - mean_a, f64::from(*y) - mean_b);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    if a.len() < 3 || aa * bb == 0.0 { 0.0 } else { ab / (aa * bb).sqrt() }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, arr2};

    use super::*;
    use crate::foreign::pattern::Pattern;
    use crate::set::details::Details;
    use crate::set::metadata::Condition;

    #[test]
    fn designs_of_one_problem_are_a_group_and_iterates_of_one_volume() {
        let fields = |text: &str| text.parse::<Pattern>().unwrap().fields().cloned().collect();
        let three: Vec<Field> = fields("{volume}_{load}_{angle}");
        let values =
            arr2(&[[30.0, 1.0, 0.0], [30.0, 1.0, 0.0], [30.0, 2.0, 0.0], [30.0, 2.0, 0.0]]);
        let found = groups(&three, &values).unwrap();
        assert_eq!(found, (vec![0, 0, 1, 1], "volume, load, angle".to_owned()));
        // No two designs have all labels in common, as in the lecture's pictures.
        let two: Vec<Field> = fields("{volume}_{iterate}");
        let values = arr2(&[[30.0, 1.0], [30.0, 2.0], [40.0, 1.0], [40.0, 2.0]]);
        assert_eq!(groups(&two, &values), Some((vec![0, 0, 1, 1], "volume".to_owned())));
        let values = arr2(&[[30.0, 1.0], [35.0, 2.0]]);
        assert_eq!(groups(&two, &values), None);
    }

    #[test]
    fn numbers_of_names_are_dropped_only_if_they_follow_a_condition() {
        let said = |of_name: [f32; 4]| {
            let load = [0.1, 0.2, 0.3, 0.4];
            let values = Array2::from_shape_fn((4, 2), |(i, j)| [load, of_name][j][i]);
            let conditions = ["load", "a"]
                .iter()
                .enumerate()
                .map(|(column, name)| Condition::covering(name, "", values.column(column)));
            let conditions = conditions.collect();
            let details = Details { conditions, values: values.clone(), ..Details::default() };
            let mut set = Opening::new("x", Array3::from_elem((4, 1, 2), 0.5), details).unwrap();
            set.guessed = vec!["a".to_owned()];
            drop_followers(&mut set);
            (set.parts.conditions.len(), set.parts.notes.pop().map(|note| note.found))
        };
        let words = "the numbers a in the names of the files follow the condition load and are \
                     dropped";
        assert_eq!(said([10.0, 20.0, 30.0, 40.0]), (1, Some(words.to_owned())));
        assert_eq!(said([10.0, 40.0, 20.0, 30.0]), (2, None));
    }
}
