//! Ranks of values.

/// Values that lie this close to the next one share their rank: images in a symmetric problem are
/// equal up to the round-off of the solver, which must not decide between them.
const TIE: f64 = 1e-7;

/// Share of the values that are smaller than each; neighbors closer than [`TIE`] have their mean
/// rank.
pub(super) fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|&a, &b| values[b] - values[a] <= TIE) {
        let mean = before as f64 + 0.5 * (tied.len() - 1) as f64;
        for &index in tied {
            ranks[index] = mean / values.len() as f64;
        }
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbors_share_their_mean_rank() {
        let values = [3.0, 1.0, 2.0 + 1.5e-7, 2.0, 2.0 + 0.8e-7];
        assert_eq!(ranks(&values), [0.8, 0.0, 0.4, 0.4, 0.4]);
        assert_eq!(ranks(&[]), [0.0; 0]);
    }
}
