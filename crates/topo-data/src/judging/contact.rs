//! Whether the loads and supports of a problem touch the material of a design.

use ndarray::ArrayView2;
use topo_simp::{NodeShare, Problem, ProblemError};

/// The nodes of the loads and supports of a problem, ready to be held against designs.
///
/// # Examples
///
/// ```
/// use ndarray::array;
/// use topo_data::Contacts;
/// use topo_simp::{Grid, Problem};
///
/// let contacts = Contacts::of(&Problem::cantilever(Grid { nelx: 3, nely: 2 }, 0.5))?;
/// let upper = array![[1.0_f32, 1.0, 1.0], [0.0, 0.0, 0.0]];
/// assert_eq!(contacts.loads_on_void(upper.view()), [0]); // it acts at the lower right corner
/// assert!(contacts.idle_supports(upper.view()).is_empty());
/// # Ok::<(), topo_simp::ProblemError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Contacts {
    loads: Vec<LoadPlace>,
    /// Nodes of each support, as (row, column).
    supports: Vec<Vec<(usize, usize)>>,
}

/// A load of a problem, and where it acts.
#[derive(Clone, Debug)]
pub struct LoadPlace {
    /// The load case, from 0.
    pub case: usize,
    /// The load of the case, from 0.
    pub load: usize,
    /// Its nodes.
    pub nodes: Vec<NodeShare>,
}

impl Contacts {
    /// The nodes of all loads and supports.
    ///
    /// # Errors
    ///
    /// As [`Problem::validate`], for places outside the grid.
    pub fn of(problem: &Problem) -> Result<Self, ProblemError> {
        let grid = problem.grid;
        let mut loads = Vec::new();
        for (case, load_case) in problem.load_cases.iter().enumerate() {
            for (load, stated) in load_case.loads.iter().enumerate() {
                loads.push(LoadPlace { case, load, nodes: stated.at.shares(grid)? });
            }
        }
        let supports = problem.supports.iter().map(|support| support.at.held(grid));
        Ok(Self { loads, supports: supports.collect::<Result<_, _>>()? })
    }

    /// The loads, case by case.
    pub fn loads(&self) -> &[LoadPlace] {
        &self.loads
    }

    /// Positions of the loads of which less than half acts on nodes that touch material: elements
    /// denser than one half.
    ///
    /// # Panics
    ///
    /// If the design is smaller than the grid of the problem.
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn loads_on_void(&self, design: ArrayView2<'_, f32>) -> Vec<usize> {
        let carried = |place: &LoadPlace| -> f64 {
            let on = place.nodes.iter().filter(|node| touches(design, node.row, node.column));
            on.map(|node| node.share).sum()
        };
        let places = self.loads.iter().enumerate();
        places.filter(|(_, place)| carried(place) < 0.5).map(|(position, _)| position).collect()
    }

    /// Positions of the supports that touch no material.
    ///
    /// # Panics
    ///
    /// If the design is smaller than the grid of the problem.
    #[expect(clippy::needless_pass_by_value, reason = "views are passed by value, as in ndarray")]
    pub fn idle_supports(&self, design: ArrayView2<'_, f32>) -> Vec<usize> {
        let idle = |nodes: &[(usize, usize)]| {
            !nodes.iter().any(|&(row, column)| touches(design, row, column))
        };
        let supports = self.supports.iter().enumerate();
        supports.filter(|(_, nodes)| idle(nodes)).map(|(position, _)| position).collect()
    }
}

/// Whether an element at a node is material.
fn touches(design: ArrayView2<'_, f32>, row: usize, column: usize) -> bool {
    let (height, width) = design.dim();
    let mut rows = row.saturating_sub(1)..(row + 1).min(height);
    rows.any(|i| (column.saturating_sub(1)..(column + 1).min(width)).any(|j| 0.5 < design[(i, j)]))
}
