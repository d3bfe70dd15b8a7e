//! What a problem states, in words and numbers.

use ndarray::{Array2, Array3, Axis};
use topo_simp::{Grid, PassiveKind, Problem};
use vae_base::text::{counted, significant};
use vae_report::Block;

use crate::analysis::{AnalysisError, Result};

/// Loads of at most this many nodes are listed node by node.
const LISTED: usize = 4;

/// Grid, material, supports and loads of a problem on its nodes, and the compliance of the domain
/// filled evenly with the material.
///
/// # Errors
/// If the problem is invalid.
pub fn task(problem: &Problem) -> Result<Vec<Block>> {
    let nodal = problem.nodal().map_err(AnalysisError::NamedProblem)?;
    let Grid { nelx, nely } = problem.grid;
    let mut found = vec![format!(
        "grid: {nelx} elements across, {nely} down; nodes [column, row] from [0, 0], top left, to [{nelx}, {nely}]"
    )];
    let count = |kind| nodal.passive.iter().filter(|&&passive| passive == kind).count();
    let outside = count(Some(PassiveKind::Outside));
    found.push(format!(
        "material: {} of {}",
        significant(problem.volume_fraction, 4),
        counted(nelx * nely - outside, "element")
    ));
    for kind in [PassiveKind::Solid, PassiveKind::Void, PassiveKind::Outside] {
        let elements = count(Some(kind));
        found.extend((0 < elements).then(|| format!("{kind}: {}", counted(elements, "element"))));
    }
    for (axis, direction) in ["left and right", "up and down"].into_iter().enumerate() {
        let held = nodal.held.iter().skip(axis).step_by(2).filter(|&&held| held).count();
        found.push(format!("held {direction}: {}", counted(held, "node")));
    }
    let sprung = nodal.sprung.iter().filter(|&&sprung| sprung).count();
    found.extend((0 < sprung).then(|| format!("springs: {}", counted(sprung, "component"))));
    for (case, forces) in nodal.forces.iter().enumerate() {
        found.push(format!("load case {}: {}", case + 1, loads(forces)));
    }
    let even = Array2::from_elem((nely, nelx), problem.volume_fraction);
    let compliance = topo_simp::compliance(problem, even.view(), topo_simp::PENALTY)?;
    found
        .push(format!("compliance: {} if the domain is filled evenly", significant(compliance, 4)));
    Ok(found.into_iter().map(Block::Text).collect())
}

/// The sum of the forces of a load case, (nely + 1, nelx + 1, 2), and the nodes that they act on.
fn loads(forces: &Array3<f64>) -> String {
    let (rows, columns, _) = forces.dim();
    let force = |row, column| [0, 1].map(|axis| forces[(row, column, axis)]);
    let nodes = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let loaded: Vec<(usize, usize)> = nodes
        .filter(|&(row, column)| force(row, column).iter().any(|part| 0.0 < part.abs()))
        .collect();
    let [x, y] = [0, 1].map(|axis| significant(forces.index_axis(Axis(2), axis).sum(), 4));
    let name = |&(row, column): &(usize, usize)| format!("[{column}, {row}]");
    let names: Vec<String> = loaded.iter().map(name).collect();
    let places = match &names[..] {
        [first, .., last] if LISTED < names.len() => {
            format!("{} from {first} to {last}", counted(names.len(), "node"))
        }
        _ => format!("node {}", names.join(", ")),
    };
    format!("{x} to the right, {y} up, on {places}")
}

#[cfg(test)]
mod tests {
    use topo_simp::{Place, Side};

    use super::*;

    #[test]
    fn loads_and_supports_are_counted_on_nodes() {
        let grid = Grid { nelx: 8, nely: 4 };
        let problem =
            Problem::mbb(grid, 0.5).with_load_case([(Place::Edge(Side::Right), [2.0, 0.0])]);
        let blocks = task(&problem).unwrap();
        let value = |name: &str| {
            blocks.iter().find_map(|block| match block {
                Block::Text(text) => text.strip_prefix(name)?.strip_prefix(": "),
                _ => None,
            })
        };
        assert_eq!(value("held left and right"), Some("5 nodes"));
        assert_eq!(value("held up and down"), Some("1 node"));
        assert_eq!(value("load case 1"), Some("0 to the right, -1 up, on node [0, 0]"));
        assert_eq!(
            value("load case 2"),
            Some("2 to the right, 0 up, on 5 nodes from [8, 0] to [8, 4]")
        );
        assert_eq!(value("material"), Some("0.5 of 32 elements"));
    }
}
