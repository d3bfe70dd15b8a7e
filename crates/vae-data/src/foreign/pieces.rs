//! Of how many pieces dark and light are: material hangs together, and void lies between it.

/// Cells along a side that are looked at, at most: thin lines that are drawn over a plot, of a grid
/// or of contours, are gone in them.
const FINEST: usize = 160;
/// Cells along a side in which lines are gone and the bars of a design are not, if a cell has
/// [`COARSE`] pixels along a side or more.
const COARSEST: usize = 80;
/// Pixels along a side of such a cell, at least.
const COARSE: usize = 6;

/// The cells of a picture that has more than `finest` pixels along a side, each of the tone that
/// most of its pixels have: the pixels of a cell along a side, the cells, and their number along a
/// row. `None` if the picture has fewer pixels.
fn coarse(dark: &[bool], width: usize, finest: usize) -> Option<(usize, Vec<bool>, usize)> {
    let step = (dark.len() / width).max(width).div_ceil(finest);
    if step < 2 {
        return None;
    }
    let rows: Vec<&[bool]> = dark.chunks_exact(width).collect();
    let cell = |rows: &[&[bool]], from: usize| {
        let columns = from..(from + step).min(width);
        let n = rows.len() * columns.len();
        let dark = rows.iter().flat_map(|row| &row[columns.clone()]).filter(|dark| **dark).count();
        n <= 2 * dark
    };
    let cells = rows
        .chunks(step)
        .flat_map(|rows| (0..width).step_by(step).map(move |from| cell(rows, from)))
        .collect();
    Some((step, cells, width.div_ceil(step)))
}

/// Whether the rarer of two tones is there as lines only, much thinner than a bar of a design:
/// contours, or outlines. Small pictures do not tell.
pub(crate) fn are_lines(dark: &[bool], width: usize) -> bool {
    let Some((step, cells, _)) = coarse(dark, width, COARSEST) else { return false };
    let share = |all: &[bool]| {
        let dark = all.iter().filter(|dark| **dark).count() as f64;
        dark / all.len() as f64
    };
    let (fine, left) = (share(dark), share(&cells));
    let (fine, left) = if fine <= 0.5 { (fine, left) } else { (1.0 - fine, 1.0 - left) };
    COARSE <= step && 0.0 < fine && left < 0.25 * fine
}

/// Share of the dark cells that hang together in the largest piece of them, and the same of the
/// light cells; `None` if one of them has no cells. Cells hang together across edges and corners.
pub(crate) fn largest_shares(dark: &[bool], width: usize) -> Option<[f64; 2]> {
    let height = dark.len() / width;
    if let Some((_, cells, columns)) = coarse(dark, width, FINEST) {
        return largest_shares(&cells, columns);
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
    fn thin_lines_over_a_design_are_no_pieces_and_no_design() {
        let (height, width) = (400, 800);
        let at = |of: &dyn Fn(usize, usize) -> bool| -> Vec<bool> {
            (0..height * width).map(|cell| of(cell / width, cell % width)).collect()
        };
        let is_bar = |row: usize, column: usize| row < 100 || (300..400).contains(&column);
        let is_line = |row: usize, column: usize| row % 80 == 41 || column % 80 == 41;
        // Light lines of a grid over a dark design neither cut it nor join what is light.
        let gridded = at(&|row, column| is_bar(row, column) && !is_line(row, column));
        let plain = at(&is_bar);
        assert_eq!(largest_shares(&gridded, width), largest_shares(&plain, width));
        assert!(!are_lines(&gridded, width) && !are_lines(&plain, width));
        let outline = at(&|row, column| row.abs_diff(99) < 2 || column.abs_diff(300) < 2);
        assert!(are_lines(&outline, width));
        let light: Vec<bool> = outline.iter().map(|dark| !dark).collect();
        assert!(are_lines(&light, width));
        // Small pictures may well have bars of two pixels.
        assert!(!are_lines(&at(&is_line)[..40 * 80], 80));
        assert!(!are_lines(&[true; 4], 2));
    }

    #[test]
    fn a_cross_is_one_piece_between_four() {
        let dark: Vec<bool> = (0..81).map(|cell| cell / 9 == 4 || cell % 9 == 4).collect();
        assert_eq!(largest_shares(&dark, 9), Some([1.0, 0.25]));
        assert_eq!(largest_shares(&[true; 4], 2), None);
        // Corners hold together.
        assert_eq!(largest_shares(&[true, false, false, true], 2), Some([1.0, 1.0]));
    }
}
