//! Groups with stated values of a condition, for the test side.

use std::collections::BTreeSet;

use crate::error::{DataError, SplitError};
use crate::set::data_set::DataSet;

/// Values that differ by less are the same, as a share of the greater of them and 1: decimal
/// numbers are typed for what was computed in single precision.
const SAME: f32 = 1e-5;
/// Values that a message lists.
const LISTED: usize = 6;

/// The groups of all designs with one of `values`.
pub(super) fn held_out(
    set: &DataSet,
    column: &str,
    values: &[f32],
) -> Result<BTreeSet<u32>, DataError> {
    let there = set.condition(column)?;
    let mut groups = BTreeSet::new();
    for &value in values {
        let same = |found: f32| (found - value).abs() <= SAME * value.abs().max(1.0);
        let held: Vec<u32> = (there.iter().zip(set.groups()))
            .filter(|(found, _)| same(**found))
            .map(|(_, group)| *group)
            .collect();
        groups.extend(&held);
        if held.is_empty() {
            let there = nearest(there.to_vec(), value);
            return Err(SplitError::NoSuchValue { column: column.into(), value, there }.into());
        }
    }
    Ok(groups)
}

/// The different values that are nearest to one, as text.
fn nearest(mut values: Vec<f32>, value: f32) -> String {
    values.sort_by(|a, b| (a - value).abs().total_cmp(&(b - value).abs()).then(a.total_cmp(b)));
    values.dedup();
    let mut listed: Vec<String> = values.iter().take(LISTED).map(f32::to_string).collect();
    if LISTED < values.len() {
        listed.push("others".into());
    }
    listed.join(", ")
}
