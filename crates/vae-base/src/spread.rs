//! A few of many.

/// At most `most` of the positions below `n`, evenly spaced, the first one among them.
///
/// # Examples
/// ```
/// use vae_base::spread;
/// assert!(spread(6, 3).eq([0, 2, 4]));
/// assert!(spread(2, 3).eq([0, 1]));
/// assert_eq!(spread(0, 3).count() + spread(3, 0).count(), 0);
/// ```
pub fn spread(n: usize, most: usize) -> impl Iterator<Item = usize> {
    let count = most.min(n);
    (0..count).map(move |i| i * n / count)
}

/// At most `most` of the items, evenly spaced.
///
/// # Examples
/// ```
/// assert_eq!(vae_base::evenly_spaced(&[5, 6, 7, 8, 9, 10], 3), [5, 7, 9]);
/// ```
pub fn evenly_spaced(items: &[usize], most: usize) -> Vec<usize> {
    spread(items.len(), most).map(|position| items[position]).collect()
}
