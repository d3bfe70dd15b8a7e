//! Which problems are mirror images of each other.

use topo_simp::{Nodal, PassiveKind, Problem, ProblemError};
use vae_data::Mirror;

/// A key that two problems share if and only if one is the other, turned or mirrored: flips for
/// every grid, transpositions for square ones. A load case and its opposite are the same, for they
/// have the same compliance in every design.
///
/// Problems of one key have the same designs up to that symmetry, so they belong into one group of
/// a data set. Problems with springs, weights of load cases or a weight of the structure share a key
/// only if all of these are stated alike.
///
/// # Errors
///
/// As [`Problem::validate`].
///
/// # Examples
///
/// ```
/// use topo_data::symmetry_key;
/// use topo_simp::{Fix, Grid, Place, Problem, Side};
/// let cantilever = |side, x| {
///     Problem::new(Grid { nelx: 8, nely: 4 }, 0.4)
///         .with_support(Place::Edge(side), Fix::Xy)
///         .with_load_case([(Place::Point([x, 1.0]), [0.0, -1.0])])
/// };
/// let (left, right) = (cantilever(Side::Left, 1.0), cantilever(Side::Right, 0.0));
/// assert_eq!(symmetry_key(&left)?, symmetry_key(&right)?);
/// # Ok::<(), topo_simp::ProblemError>(())
/// ```
pub fn symmetry_key(problem: &Problem) -> Result<Vec<u8>, ProblemError> {
    let marks = Marks::of(&problem.nodal()?);
    let images = if problem.grid.nelx == problem.grid.nely { 8 } else { 4 };
    let image =
        |bits: u8| Image { flip_x: bits & 1 != 0, flip_y: bits & 2 != 0, transpose: bits & 4 != 0 };
    let least = (0..images).map(|bits| image(bits).key(&marks)).min();
    Ok([material(problem), least.unwrap_or_default()].concat())
}

/// A key that two problems share if and only if they are the same, up to the sign of a load case;
/// of the mirror image if one is named.
pub(super) fn image_key(
    problem: &Problem,
    mirror: Option<Mirror>,
) -> Result<Vec<u8>, ProblemError> {
    let image = Image {
        flip_x: mirror == Some(Mirror::X),
        flip_y: mirror == Some(Mirror::Y),
        transpose: mirror == Some(Mirror::Transpose),
    };
    Ok([material(problem), image.key(&Marks::of(&problem.nodal()?))].concat())
}

/// The volume fraction and the constants of the material, as bytes, and what is stated of springs
/// and weights.
fn material(problem: &Problem) -> Vec<u8> {
    let constants =
        [problem.volume_fraction, problem.poisson_ratio, problem.youngs_modulus, problem.thickness];
    let mut key: Vec<u8> = constants.iter().flat_map(|value| value.to_le_bytes()).collect();
    let weighted = problem.load_cases.iter().any(|case| case.weight.total_cmp(&1.0).is_ne());
    if weighted || !problem.springs.is_empty() || problem.self_weight.is_some() {
        let Problem { load_cases, springs, self_weight, cell_size, .. } = problem;
        key.extend(format!("{load_cases:?}{springs:?}{self_weight:?}{cell_size}").bytes());
    }
    key
}

/// A symmetry of the grid: a transposition, then flips.
#[derive(Clone, Copy)]
struct Image {
    flip_x: bool,
    flip_y: bool,
    transpose: bool,
}

impl Image {
    /// Where a position of an array of `shape` goes.
    fn place(self, (mut i, mut j): (usize, usize), (rows, columns): (usize, usize)) -> [u32; 2] {
        if self.transpose {
            (i, j) = (j, i);
        }
        if self.flip_y {
            i = rows - 1 - i;
        }
        if self.flip_x {
            j = columns - 1 - j;
        }
        [i as u32, j as u32]
    }

    /// The vector (x, y up) after the symmetry. Transposing rows and columns maps (x, y up) to (−y
    /// up, −x).
    fn vector(self, [mut x, mut y]: [f64; 2]) -> [f64; 2] {
        if self.transpose {
            (x, y) = (-y, -x);
        }
        if self.flip_x {
            x = -x;
        }
        if self.flip_y {
            y = -y;
        }
        [x, y]
    }

    /// All marks after the symmetry, sorted.
    fn key(self, marks: &Marks) -> Vec<u8> {
        let nodes = (marks.elements.0 + 1, marks.elements.1 + 1);
        let mut held: Vec<[u32; 3]> = marks
            .held
            .iter()
            .map(|&(at, [x, y])| {
                let (x, y) = if self.transpose { (y, x) } else { (x, y) };
                let [i, j] = self.place(at, nodes);
                [i, j, u32::from(x) + 2 * u32::from(y)]
            })
            .collect();
        held.sort_unstable();
        let mut cases: Vec<_> = marks.cases.iter().map(|loads| self.case(loads, nodes)).collect();
        cases.sort_unstable();
        let mut passive: Vec<[u32; 3]> = marks
            .passive
            .iter()
            .map(|&(at, kind)| {
                let [i, j] = self.place(at, marks.elements);
                [i, j, kind as u32]
            })
            .collect();
        passive.sort_unstable();

        // Lengths first, so that no two different lists are written alike.
        let mut key: Vec<u8> = (held.len() as u64).to_le_bytes().to_vec();
        key.extend(held.iter().flatten().flat_map(|n| n.to_le_bytes()));
        for case in cases {
            key.extend((case.len() as u64).to_le_bytes());
            key.extend(case.iter().flatten().flat_map(|n| n.to_le_bytes()));
        }
        key.extend(passive.iter().flatten().flat_map(|n| n.to_le_bytes()));
        key
    }

    /// The loads of one case to nine digits, the first one pointing right, or up if it is upright.
    fn case(self, loads: &[((usize, usize), [f64; 2])], nodes: (usize, usize)) -> Vec<[i64; 4]> {
        let mut loads: Vec<[i64; 4]> = loads
            .iter()
            .map(|&(at, force)| {
                let [i, j] = self.place(at, nodes).map(i64::from);
                let [x, y] = self.vector(force).map(|component| (component * 1e9).round() as i64);
                [i, j, x, y]
            })
            .collect();
        loads.sort_unstable();
        if loads.first().is_some_and(|first| (first[2], first[3]) < (0, 0)) {
            for load in &mut loads {
                (load[2], load[3]) = (-load[2], -load[3]);
            }
        }
        loads
    }
}

/// The supports, loads and passive elements of a problem.
struct Marks {
    elements: (usize, usize),
    held: Vec<At<[bool; 2]>>,
    cases: Vec<Vec<At<[f64; 2]>>>,
    passive: Vec<At<PassiveKind>>,
}

/// Something at a row and a column.
type At<T> = ((usize, usize), T);

impl Marks {
    fn of(nodal: &Nodal) -> Self {
        let elements = nodal.passive.dim();
        let nodes = || ndarray::indices((elements.0 + 1, elements.1 + 1)).into_iter();
        let held = nodes()
            .map(|(r, c)| ((r, c), [nodal.held[(r, c, 0)], nodal.held[(r, c, 1)]]))
            .filter(|(_, held)| held[0] || held[1]);
        let cases = nodal.forces.iter().map(|forces| {
            nodes()
                .map(|(r, c)| ((r, c), [forces[(r, c, 0)], forces[(r, c, 1)]]))
                .filter(|(_, force)| force[0] != 0.0 || force[1] != 0.0)
                .collect()
        });
        let passive = nodal.passive.indexed_iter().filter_map(|(at, kind)| Some((at, (*kind)?)));
        Self { elements, held: held.collect(), cases: cases.collect(), passive: passive.collect() }
    }
}

#[cfg(test)]
mod tests {
    use topo_simp::{Fix, Grid, Place, Side};

    use super::*;

    fn key(side: Side, point: [f64; 2], force: [f64; 2], volume: f64) -> Vec<u8> {
        let problem = Problem::new(Grid { nelx: 6, nely: 6 }, volume)
            .with_support(Place::Edge(side), Fix::Xy)
            .with_load_case([(Place::Point(point), force)]);
        symmetry_key(&problem).unwrap()
    }

    #[test]
    fn the_eight_images_of_a_square_problem_and_their_opposites_share_a_key() {
        // Left edge clamped, load at the lower right corner, to the right and a little down.
        let one = key(Side::Left, [1.0, 1.0], [2.0, -1.0], 0.4);
        for (side, point, force) in [
            (Side::Left, [1.0, 0.0], [2.0, 1.0]),
            (Side::Left, [1.0, 1.0], [-2.0, 1.0]),
            (Side::Right, [0.0, 1.0], [-2.0, -1.0]),
            (Side::Right, [0.0, 0.0], [-2.0, 1.0]),
            (Side::Top, [1.0, 1.0], [1.0, -2.0]),
            (Side::Top, [0.0, 1.0], [-1.0, -2.0]),
            (Side::Bottom, [1.0, 0.0], [1.0, 2.0]),
            (Side::Bottom, [0.0, 0.0], [-1.0, 2.0]),
        ] {
            assert_eq!(key(side, point, force, 0.4), one, "{side:?} {point:?} {force:?}");
        }
    }

    #[test]
    fn other_problems_have_other_keys() {
        let one = key(Side::Left, [1.0, 1.0], [2.0, -1.0], 0.4);
        assert_ne!(key(Side::Left, [1.0, 1.0], [2.0, 1.0], 0.4), one);
        assert_ne!(key(Side::Left, [1.0, 1.0], [1.0, -2.0], 0.4), one);
        assert_ne!(key(Side::Left, [1.0, 0.5], [2.0, -1.0], 0.4), one);
        assert_ne!(key(Side::Left, [1.0, 1.0], [2.0, -1.0], 0.5), one);
    }
}
