//! Which designs belong together, if the source does not say so or a caller knows better.

use vae_base::{Note, Remedy, text::counted};

use crate::error::{DataError, ReadingError};
use crate::foreign::listing::stem;
use crate::foreign::pattern::Pattern;
use crate::foreign::setting::Setting;
use crate::set::groups::{groups_of, own_groups};
use crate::set::near_copies::{self, Near};
use crate::set::opening::Opening;

/// Groups the designs as asked for, and notes what was done.
pub(crate) fn regroup(set: &mut Opening, group_by: &Setting<String>) -> Result<(), DataError> {
    match group_by {
        Setting::Auto if set.grouped => {
            if let Some(label) = &set.label_groups {
                let note = Note::new(format!("designs with the same {label} are a group"));
                let remedy = Remedy::set("group_by", "COLUMN|PATTERN|none", "changes that");
                set.note(note.or(remedy));
            }
        }
        Setting::Auto => group_near_copies(set)?,
        Setting::None => {
            set.parts.groups = own_groups(&set.parts.name, set.len(), set.size())?;
        }
        Setting::Given(text) if text.contains('{') => set.parts.groups = by_pattern(set, text)?,
        Setting::Given(column) => set.parts.groups = by_column(set, column)?,
    }
    Ok(())
}

fn by_pattern(set: &Opening, text: &str) -> Result<Vec<u32>, DataError> {
    let pattern: Pattern = text.parse()?;
    if set.names.is_empty() {
        let why = "the designs do not come from files of their own".into();
        return Err(ReadingError::NotApplicable { setting: "group_by", why }.into());
    }
    let key = |name: &String| {
        let texts = pattern.texts(pattern.part_of(stem(name))).ok_or_else(|| {
            ReadingError::LabelPattern { file: name.clone(), pattern: text.into() }
        })?;
        Ok(texts.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    let keys: Result<Vec<Vec<String>>, DataError> = set.names.iter().map(key).collect();
    Ok(groups_of(keys?.into_iter()))
}

fn by_column(set: &Opening, column: &str) -> Result<Vec<u32>, DataError> {
    if let Some(cells) = set.parts.results.as_ref().and_then(|table| table.column(column)) {
        return Ok(groups_of(cells));
    }
    let values = set.parts.condition(column)?;
    Ok(groups_of(values.iter().map(|value| value.to_bits())))
}

fn group_near_copies(set: &mut Opening) -> Result<(), DataError> {
    match near_copies::find(&*set.parts.designs)? {
        Near::None => {}
        Near::TooMany => set.note(
            Note::new(
                "the set is too large to look for near-copies, which a split may put on two sides",
            )
            .or(Remedy::set(
                "group_by",
                "COLUMN|PATTERN",
                "says what belongs together",
            )),
        ),
        Near::Groups { groups, within, copies } => {
            let equal = if copies == 1 { "equals" } else { "equal" };
            let share = if 0.0 < within {
                format!("at least {:.0} %", 100.0 * (1.0 - within))
            } else {
                "all".to_owned()
            };
            set.note(Note::new(format!(
                "warning: {} nearly {equal} others or their mirror images ({share} of their \
                 material in common); they are grouped, so that no split puts copies on two sides",
                counted(copies, "design")
            )));
            set.parts.groups = groups;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, arr2};

    use super::*;
    use crate::error::SetError;
    use crate::formats::table::Table;
    use crate::set::details::Details;
    use crate::set::metadata::Condition;

    fn set() -> Opening {
        let designs = Array3::from_shape_fn((4, 3, 3), |(i, row, _)| f32::from(u8::from(row < i)));
        let values = arr2(&[[1.0], [2.0], [1.0], [2.0]]);
        let conditions = vec![Condition::covering("v", "", values.column(0))];
        let mut results = Table::new(&["source"]);
        for cell in ["a", "a", "b", "a"] {
            results.push(&[cell]);
        }
        let details = Details { conditions, values, results: Some(results), ..Details::default() };
        let mut set = Opening::new("x", designs, details).unwrap();
        set.names =
            ["p_1_0.png", "p_2_0.png", "p_1_1.png", "q_1_0.png"].map(str::to_owned).to_vec();
        set
    }

    #[test]
    fn groups_come_from_columns_results_and_names() {
        let grouped = |by: &str| {
            let mut set = set();
            regroup(&mut set, &by.parse().unwrap()).map(|()| set.parts.groups)
        };
        let groups = |by: &str| grouped(by).unwrap();
        assert_eq!(groups("v"), [0, 1, 0, 1]);
        assert_eq!(groups("source"), [0, 0, 1, 0]);
        assert_eq!(groups("{run}_{_}"), [0, 1, 0, 0]);
        assert_eq!(groups("{family}_{run}_{_}"), [0, 1, 0, 2]);
        assert_eq!(groups("none"), [0, 1, 2, 3]);
        let wrong = |by: &str| grouped(by).unwrap_err();
        assert!(matches!(wrong("w"), DataError::Set(SetError::UnknownColumn { .. })));
        assert!(matches!(wrong("{a}-x"), DataError::Reading(ReadingError::LabelPattern { .. })));
    }

    #[test]
    fn near_copies_are_warned_about_and_grouped_and_others_are_not() {
        // Crosses, of which the first two stand at the same place or apart.
        let noted = |apart: usize| {
            let place = [0, apart, 8, 12];
            let designs = Array3::from_shape_fn((4, 20, 30), |(i, row, column)| {
                let is_on = (row / 2, column) == (1 + place[i] / 2, column)
                    || (2 + 2 * place[i]..5 + 2 * place[i]).contains(&column);
                if is_on { 1.0 - 0.01 * i as f32 } else { 0.0 }
            });
            let mut set = Opening::new("x", designs, Details::default()).unwrap();
            group_near_copies(&mut set).unwrap();
            let notes = set.parts.notes.iter().map(|note| note.found.clone());
            (set.parts.groups, notes.collect::<Vec<_>>())
        };
        let (groups, notes) = noted(0);
        assert_eq!(groups, [0, 0, 1, 2]);
        let words = "warning: 1 design nearly equals others or their mirror images (at least 95 %";
        assert!(notes[0].starts_with(words), "{notes:?}");
        let (groups, notes) = noted(4);
        assert_eq!((groups, notes), (vec![0, 1, 2, 3], Vec::new()));
    }
}
