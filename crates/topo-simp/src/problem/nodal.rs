//! A problem on its grid, node by node and element by element.

use ndarray::{Array2, Array3};

use super::{
    cell::Cell,
    error::ProblemError,
    model::Model,
    statement::{PassiveKind, Problem},
};

/// Where a problem is held, loaded, and not free: its places snapped to nodes and elements.
#[derive(Clone, Debug, PartialEq)]
pub struct Nodal {
    /// Whether a node is held, shape (nely + 1, nelx + 1, 2): row 0 on top, components (x, y).
    pub held: Array3<bool>,
    /// Forces of each load case, same shape, y **up**; what acts on a held component is left out,
    /// and so is the weight of the structure.
    pub forces: Vec<Array3<f64>>,
    /// Whether a spring joins a free component to the ground, same shape.
    pub sprung: Array3<bool>,
    /// What each passive element is filled with, shape (nely, nelx); `None` where it is free.
    pub passive: Array2<Option<PassiveKind>>,
}

impl Problem {
    /// The problem on its grid, after all checks of [`Problem::validate`].
    ///
    /// # Errors
    /// As [`Problem::validate`].
    ///
    /// # Examples
    /// ```
    /// use topo_simp::{BracketLoad, Grid, PassiveKind, Problem};
    /// let bracket = Problem::l_bracket(Grid { nelx: 10, nely: 10 }, 0.4, BracketLoad::Mid).nodal()?;
    /// assert_eq!(bracket.passive[(0, 9)], Some(PassiveKind::Outside));
    /// assert!(bracket.held[(0, 4, 1)] && !bracket.held[(0, 5, 1)]);
    /// assert_eq!(bracket.forces[0][(8, 10, 1)], -1.0);
    /// # Ok::<(), topo_simp::ProblemError>(())
    /// ```
    pub fn nodal(&self) -> Result<Nodal, ProblemError> {
        let model = Model::new(self)?;
        let grid = self.grid;
        let shape = (grid.nely + 1, grid.nelx + 1, 2);
        let unit = model.displacement_unit * self.youngs_modulus * self.thickness;
        let place = |dof: usize| {
            let node = dof / 2;
            (node / (grid.nelx + 1), node % (grid.nelx + 1), dof % 2)
        };
        let forces = model.cases.iter().zip(&model.case_roots).map(|(case, root)| {
            let mut forces = Array3::zeros(shape);
            for &(dof, force) in case {
                forces[place(dof)] = force * unit / root;
            }
            forces
        });
        let mut sprung = Array3::from_elem(shape, false);
        for &(dof, _) in &model.springs {
            sprung[place(dof)] = true;
        }
        let passive = |cell| match cell {
            Cell::Free => None,
            Cell::Passive(kind) => Some(kind),
        };
        Ok(Nodal {
            held: Array3::from_shape_fn(shape, |(r, c, axis)| {
                model.fixed[2 * grid.node(r, c) + axis]
            }),
            forces: forces.collect(),
            sprung,
            passive: Array2::from_shape_fn((grid.nely, grid.nelx), |(i, j)| {
                passive(model.cells[i * grid.nelx + j])
            }),
        })
    }
}
