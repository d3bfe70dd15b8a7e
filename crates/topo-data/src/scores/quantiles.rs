//! Medians and quantiles of a few numbers.

/// The middle value; the mean of the two middle ones of an even number; `None` of nothing.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => None,
        _ if n % 2 == 1 => Some(values[n / 2]),
        _ => Some(0.5 * (values[n / 2 - 1] + values[n / 2])),
    }
}

/// The quantiles 0, 0.1, 0.25, 0.5, 0.75, 0.9 and 1: the values at the nearest positions, counted
/// from 0 to the last; `None` of nothing.
pub(super) fn quantiles(mut values: Vec<f64>) -> Option<[f64; 7]> {
    let last = values.len().checked_sub(1)?;
    values.sort_by(f64::total_cmp);
    Some(
        [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0]
            .map(|q: f64| values[(q * last as f64).round() as usize]),
    )
}

/// The smallest value that is at least as large as this share of all; `None` of nothing.
pub(super) fn nearest_rank(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.clamp(1, values.len().max(1)) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }

    #[test]
    fn quantiles_of_eleven_values() {
        let values: Vec<f64> = (0..11).rev().map(f64::from).collect();
        let expected = [0.0, 1.0, 3.0, 5.0, 8.0, 9.0, 10.0];
        assert!(
            quantiles(values).unwrap().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12)
        );
        assert!(quantiles(Vec::new()).is_none());
    }

    #[test]
    fn ranks_are_counted_from_one() {
        let values: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        assert_eq!(nearest_rank(values.clone(), 0.95), Some(19.0));
        assert_eq!(nearest_rank(values.clone(), 0.0), Some(1.0));
        assert_eq!(nearest_rank(values, 1.0), Some(20.0));
        assert_eq!(nearest_rank(Vec::new(), 0.5), None);
    }
}
