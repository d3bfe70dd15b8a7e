//! What is known about `IDEALLab/beams_2d_*`, the half MBB beams of EngiBench.
//!
//! Columns: `optimal_design` (rows from the top, columns from the axis of symmetry), `volfrac`,
//! `rmin` (filter radius in elements), `forcedist` (where on the top edge the unit force pulls
//! down, 0 on the axis of symmetry, 1 at the far end), `overhang_constraint`, `c` (compliance of
//! the design), `optimization_history` (compliance by iteration). The problem is that of the
//! 88-line code: no horizontal movement on the left edge, a roller at the lower right corner, E =
//! 1, ν = 0.3, p = 3.
//!
//! Reference: Felten et al., "EngiBench: A framework for data-driven engineering design
//! research", 2025.

use super::column::Column;

/// Where the sets are described.
pub(super) const HOME: &str = "https://huggingface.co/IDEALLab";

/// The terms as far as they are known where no card states them.
pub(super) const LICENSE: &str =
    "non-commercial use only; see the card at https://huggingface.co/IDEALLab";

/// Names here of columns there.
const NAMES: [(&str, &str); 4] = [
    ("volfrac", "volume_fraction"),
    ("rmin", "filter_radius"),
    ("forcedist", "load_x"),
    ("c", "compliance"),
];

/// Whether these are the columns of such a set.
pub(super) fn are(columns: &[Column]) -> bool {
    ["optimal_design", "volfrac", "rmin", "forcedist", "c"]
        .iter()
        .all(|name| columns.iter().any(|column| column.name == *name))
}

/// The name here of a column there.
pub(super) fn name(column: &str) -> &str {
    NAMES.iter().find(|(there, _)| *there == column).map_or(column, |(_, here)| here)
}

/// `problem.toml` of all designs, with values taken from their conditions.
///
/// `None` if a force lies between two nodes: the solver that made the sets then takes another node,
/// or another direction, than `load_x` says (on a grid of 25 x 50, every second position).
pub(super) fn problem((height, width): (usize, usize), load_x: &[f64]) -> Option<String> {
    let on_a_node = |x: &f64| {
        let column = x * width as f64;
        (column - column.round()).abs() < 1e-6 && (0.0..=1.0).contains(x)
    };
    load_x.iter().all(on_a_node).then(|| {
        format!(
            "# Half MBB beam: symmetric about its left edge, on a roller at the lower right corner, a unit force down on the top edge.
name = \"engibench-beams2d\"
volume_fraction = \"$volume_fraction\"
grid = {{ nelx = {width}, nely = {height} }}

[[supports]]
at = {{ edge = \"left\" }}
fix = \"x\"

[[supports]]
at = {{ point = [1.0, 1.0] }}
fix = \"y\"

[[load_cases]]
loads = [{{ at = {{ point = [\"$load_x\", 0.0] }}, force = [0.0, -1.0] }}]
"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The 21 load positions of the sets lie on nodes at 50 x 100 and 100 x 200, and not at 25
    /// x 50.
    #[test]
    fn loads_on_nodes() {
        let positions: Vec<f64> = (0..21).map(|i| f64::from(i) / 20.0).collect();
        assert!(problem((50, 100), &positions).unwrap().contains("nelx = 100, nely = 50"));
        assert!(problem((100, 200), &positions).is_some());
        assert!(problem((25, 50), &positions).is_none());
        assert!(problem((50, 100), &[1.01]).is_none());
    }
}
