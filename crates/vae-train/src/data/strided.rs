//! A few of many designs.

/// Every k-th of the items from the first one on, for the smallest k that leaves at most `most`.
pub(crate) fn strided(items: &[usize], most: usize) -> Vec<usize> {
    items.iter().copied().step_by(items.len().div_ceil(most).max(1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_taken_at_equal_steps() {
        assert_eq!(strided(&[1, 2, 3], 5), [1, 2, 3]);
        assert_eq!(strided(&(0..10).collect::<Vec<_>>(), 5), [0, 2, 4, 6, 8]);
        assert!(strided(&[], 5).is_empty());
    }
}
