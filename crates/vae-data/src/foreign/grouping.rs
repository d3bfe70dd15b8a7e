//! Which designs belong together, if the source does not say it or somebody knows better.

use crate::foreign::labels::{Pattern, groups_of, stem};
use crate::foreign::reading::Setting;
use crate::set::data_set::own_groups;
use crate::set::near_copies::{self, Near};
use crate::{DataError, DataSet};

/// Groups a set as asked for, and notes what was done.
pub(crate) fn regroup(mut set: DataSet, group_by: &Setting<String>) -> Result<DataSet, DataError> {
    match group_by {
        Setting::Auto if set.grouped => {
            if let Some(label) = &set.label_groups {
                let note = format!(
                    "designs with the same {label} are a group; --group-by COLUMN, PATTERN or none changes that"
                );
                set.notes.push(note);
            }
        }
        Setting::Auto => group_near_copies(&mut set)?,
        Setting::None => {
            set.groups = own_groups(&set.name, set.len(), (set.height(), set.width()))?;
        }
        Setting::Given(text) if text.contains('{') => set.groups = by_pattern(&set, text)?,
        Setting::Given(column) => set.groups = by_column(&set, column)?,
    }
    set.grouped |= *group_by != Setting::Auto;
    Ok(set)
}

fn by_pattern(set: &DataSet, text: &str) -> Result<Vec<u32>, DataError> {
    let pattern: Pattern = text.parse()?;
    if set.names.is_empty() {
        let why = "the designs do not come from files of their own".into();
        return Err(DataError::NotApplicable { option: "--group-by PATTERN", why });
    }
    let key = |name: &String| {
        let texts = pattern
            .texts(pattern.part_of(stem(name)))
            .ok_or_else(|| DataError::LabelPattern { file: name.clone(), pattern: text.into() })?;
        Ok(texts.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let keys: Result<Vec<Vec<String>>, DataError> = set.names.iter().map(key).collect();
    Ok(groups_of(keys?.into_iter()))
}

fn by_column(set: &DataSet, column: &str) -> Result<Vec<u32>, DataError> {
    if let Some(cells) = set.results().and_then(|table| table.column(column)) {
        return Ok(groups_of(cells));
    }
    Ok(groups_of(set.condition(column)?.iter().map(|value| value.to_bits())))
}

fn group_near_copies(set: &mut DataSet) -> Result<(), DataError> {
    match near_copies::find(set)? {
        Near::None => {}
        Near::TooMany => set.notes.push(
            "the set is too large to look for near-copies, which a split may put on two sides; --group-by says what belongs together".into(),
        ),
        Near::Groups { groups, within, copies } => {
            set.notes.push(format!(
                "warning: {copies} designs nearly equal others or their mirror images ({:.0} % of their material in common); they are grouped, so that no split puts copies on two sides",
                100.0 * (1.0 - within)
            ));
            set.groups = groups;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, arr2};

    use super::*;
    use crate::{Condition, Details, Table};

    fn set() -> DataSet {
        let designs = Array3::from_shape_fn((4, 3, 3), |(i, row, _)| f32::from(u8::from(row < i)));
        let values = arr2(&[[1.0], [2.0], [1.0], [2.0]]);
        let conditions = vec![Condition::covering("v", "", values.column(0))];
        let mut results = Table::new(&["source"]);
        for cell in ["a", "a", "b", "a"] {
            results.push(&[cell]);
        }
        let details = Details { conditions, values, results: Some(results), ..Details::default() };
        let mut set = DataSet::new("x", designs, details).unwrap();
        set.names =
            ["p_1_0.png", "p_2_0.png", "p_1_1.png", "q_1_0.png"].map(str::to_owned).to_vec();
        set
    }

    #[test]
    fn groups_come_from_columns_results_and_names() {
        let groups = |by: &str| regroup(set(), &by.parse().unwrap()).unwrap().groups;
        assert_eq!(groups("v"), [0, 1, 0, 1]);
        assert_eq!(groups("source"), [0, 0, 1, 0]);
        assert_eq!(groups("{run}_{_}"), [0, 1, 0, 0]);
        assert_eq!(groups("{family}_{run}_{_}"), [0, 1, 0, 2]);
        assert_eq!(groups("none"), [0, 1, 2, 3]);
        let wrong = |by: &str| regroup(set(), &by.parse().unwrap()).unwrap_err();
        assert!(matches!(wrong("w"), DataError::UnknownColumn { .. }));
        assert!(matches!(wrong("{a}-x"), DataError::LabelPattern { .. }));
    }
}
