//! What a solver knows once it has solved.

/// The last solution of a solver: the displacements of all load cases.
pub(super) trait Solved {
    /// `fᵀ u` of each load case.
    fn compliances(&self) -> Vec<f64>;

    /// `fᵀ u` summed over the load cases.
    fn compliance(&self) -> f64;

    /// Writes `uᵀ KE u` of every element for unit modulus, summed over the load cases.
    fn energies(&self, energies: &mut [f64]);

    /// Displacements of a load case: for each node, row by row, x and y (up).
    fn displacements(&self, case: usize) -> Vec<f64>;
}
