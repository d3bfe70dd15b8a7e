//! Groups of designs by number.

use std::collections::BTreeMap;

use crate::error::FormatError;

/// Each of n designs in a group of its own.
pub(crate) fn own_groups(
    name: &str,
    n: usize,
    size: (usize, usize),
) -> Result<Vec<u32>, FormatError> {
    let n = u32::try_from(n).map_err(|_| FormatError::ShapeOverflow {
        file: name.into(),
        shape: vec![n, size.0, size.1],
    })?;
    Ok((0..n).collect())
}

/// Designs with equal keys form a group; groups are numbered in the order of their first design.
pub(crate) fn groups_of<K: Ord>(keys: impl Iterator<Item = K>) -> Vec<u32> {
    let mut known = BTreeMap::new();
    keys.map(|key| {
        let next = known.len() as u32;
        *known.entry(key).or_insert(next)
    })
    .collect()
}
