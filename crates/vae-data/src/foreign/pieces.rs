//! Of how many pieces dark and light are: material hangs together, and void lies between it.

/// Cells looked at along a side at most.
const FINEST: usize = 256;

/// Share of the dark cells that hang together in the largest piece of them, and the same of the
/// light cells; `None` if one of them has no cells. Cells hang together across edges and corners.
pub(crate) fn largest_shares(dark: &[bool], width: usize) -> Option<[f64; 2]> {
    let height = dark.len() / width;
    let step = height.max(width).div_ceil(FINEST);
    if 1 < step {
        let rows = dark.chunks_exact(width).step_by(step);
        let coarse: Vec<bool> = rows.flat_map(|row| row.iter().step_by(step).copied()).collect();
        return largest_shares(&coarse, width.div_ceil(step));
    }
    let mut seen = vec![false; dark.len()];
    let (mut largest, mut totals) = ([0_usize; 2], [0_usize; 2]);
    let mut waiting = Vec::new();
    for start in 0..dark.len() {
        if seen[start] {
            continue;
        }
        let (tone, mut size) = (dark[start], 0);
        seen[start] = true;
        waiting.push(start);
        while let Some(cell) = waiting.pop() {
            size += 1;
            let (row, column) = (cell / width, cell % width);
            for row in row.saturating_sub(1)..(row + 2).min(height) {
                for column in column.saturating_sub(1)..(column + 2).min(width) {
                    let next = row * width + column;
                    if !seen[next] && dark[next] == tone {
                        seen[next] = true;
                        waiting.push(next);
                    }
                }
            }
        }
        let of = usize::from(!tone);
        totals[of] += size;
        largest[of] = largest[of].max(size);
    }
    let share = |of: usize| (0 < totals[of]).then(|| largest[of] as f64 / totals[of] as f64);
    Some([share(0)?, share(1)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cross_is_one_piece_between_four() {
        let dark: Vec<bool> = (0..81).map(|cell| cell / 9 == 4 || cell % 9 == 4).collect();
        assert_eq!(largest_shares(&dark, 9), Some([1.0, 0.25]));
        assert_eq!(largest_shares(&[true; 4], 2), None);
        // Corners hold together.
        assert_eq!(largest_shares(&[true, false, false, true], 2), Some([1.0, 1.0]));
    }
}
