//! Whether the supports hold every part that carries a load.

use super::{
    cell::Cell,
    error::{Motion, ProblemError},
};
use crate::grid::Grid;

/// What holds the degrees of freedom.
#[derive(Clone, Copy)]
pub(super) struct Held<'a> {
    /// Supports, by degree of freedom.
    pub(super) fixed: &'a [bool],
    /// Springs: (degree of freedom, stiffness).
    pub(super) springs: &'a [(usize, f64)],
}

/// Every connected part of the domain that carries a load must be held against all three rigid
/// motions; every part at all if the structure weighs something.
pub(super) fn check_support(
    grid: Grid,
    cells: &[Cell],
    held: Held<'_>,
    cases: &[Vec<(usize, f64)>],
    weighs: bool,
) -> Result<(), ProblemError> {
    let mut fixed = held.fixed.to_vec();
    for &(dof, _) in held.springs {
        fixed[dof] = true;
    }
    let (part, n_parts) = parts(grid, cells);
    let mut holds = vec![Hold::default(); n_parts];
    let parts_at = |node: usize| {
        let (row, column) = (node / (grid.nelx + 1), node % (grid.nelx + 1));
        grid.elements_at(row, column).filter_map(|(i, j)| part[i * grid.nelx + j])
    };
    let is_held = |node: &usize| fixed[2 * node] || fixed[2 * node + 1];
    for node in (0..grid.n_nodes()).filter(is_held) {
        let (row, column) = (node / (grid.nelx + 1), node % (grid.nelx + 1));
        for p in parts_at(node) {
            if fixed[2 * node] {
                holds[p].x_at(row);
            }
            if fixed[2 * node + 1] {
                holds[p].y_at(column);
            }
        }
    }
    if weighs && let Some(motion) = holds.iter().find_map(|hold| hold.free_motion()) {
        return Err(ProblemError::Unsupported { case: 0, motion });
    }
    for (case, forces) in cases.iter().enumerate() {
        for &(dof, _) in forces {
            for p in parts_at(dof / 2) {
                if let Some(motion) = holds[p].free_motion() {
                    return Err(ProblemError::Unsupported { case, motion });
                }
            }
        }
    }
    Ok(())
}

/// What holds one part.
#[derive(Clone, Copy, Default)]
struct Hold {
    /// The row of the x supports, and whether there is more than one.
    x: Option<(usize, bool)>,
    /// The column of the y supports, and whether there is more than one.
    y: Option<(usize, bool)>,
}

impl Hold {
    fn x_at(&mut self, row: usize) {
        let (first, several) = self.x.unwrap_or((row, false));
        self.x = Some((first, several || row != first));
    }

    fn y_at(&mut self, column: usize) {
        let (first, several) = self.y.unwrap_or((column, false));
        self.y = Some((first, several || column != first));
    }

    /// A rigid motion that no support resists. Turning about the point (column of the y supports,
    /// row of the x supports) moves no support if each kind lies on one line.
    const fn free_motion(self) -> Option<Motion> {
        match (self.x, self.y) {
            (None, _) => Some(Motion::SlideX),
            (_, None) => Some(Motion::SlideY),
            (Some((_, false)), Some((_, false))) => Some(Motion::Turn),
            _ => None,
        }
    }
}

/// Parts of the elements that can carry, connected by sides: the part of each element, and how many
/// there are.
fn parts(grid: Grid, cells: &[Cell]) -> (Vec<Option<usize>>, usize) {
    let mut part = vec![None; cells.len()];
    let mut n_parts = 0;
    let mut stack = Vec::new();
    for start in 0..cells.len() {
        if part[start].is_some() || !cells[start].can_carry() {
            continue;
        }
        part[start] = Some(n_parts);
        stack.push(start);
        while let Some(element) = stack.pop() {
            let (i, j) = (element / grid.nelx, element % grid.nelx);
            let neighbors = [
                (i > 0).then(|| element - grid.nelx),
                (i + 1 < grid.nely).then(|| element + grid.nelx),
                (j > 0).then(|| element - 1),
                (j + 1 < grid.nelx).then(|| element + 1),
            ];
            for next in neighbors.into_iter().flatten() {
                if part[next].is_none() && cells[next].can_carry() {
                    part[next] = Some(n_parts);
                    stack.push(next);
                }
            }
        }
        n_parts += 1;
    }
    (part, n_parts)
}
