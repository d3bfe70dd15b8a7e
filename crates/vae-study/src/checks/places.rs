//! Supports that lie between the nodes of a grid.

use topo_simp::Problem;
use vae_base::Note;

/// Says where the supports of a problem are held that lie between its nodes. Loads between nodes
/// are shared, so there is nothing to say of them.
pub fn moved_supports(problem: &Problem) -> Vec<Note> {
    let grid = problem.grid;
    let mut notes = Vec::new();
    for (position, support) in problem.supports.iter().enumerate() {
        // A place outside the grid is refused elsewhere.
        let (Ok(false), Ok(nodes)) = (support.at.is_on_nodes(grid), support.at.held(grid)) else {
            continue;
        };
        let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { continue };
        let node = |&(row, column): &(usize, usize)| format!("[{column}, {row}]");
        let held = if first == last {
            format!("node {}", node(first))
        } else {
            format!("nodes {} to {}", node(first), node(last))
        };
        notes.push(Note::new(format!(
            "support {position} lies between nodes and is moved: it holds {held} \
             ([column, row] from 0 at the upper left)"
        )));
    }
    notes
}

#[cfg(test)]
mod tests {
    use topo_simp::{Fix, Grid, Place, Side};

    use super::*;

    #[test]
    fn only_supports_between_nodes_are_moved() {
        let grid = Grid { nelx: 5, nely: 4 };
        let upper = Place::Segment { side: Side::Left, from: 0.0, to: 0.4 };
        let problem = Problem::new(grid, 0.5)
            .with_support(Place::Edge(Side::Right), Fix::Xy)
            .with_support(Place::Point([0.5, 1.0]), Fix::Y)
            .with_support(upper, Fix::X);
        let notes: Vec<_> = moved_supports(&problem).iter().map(ToString::to_string).collect();
        assert_eq!(notes.len(), 2);
        assert!(notes[0].contains("support 1") && notes[0].contains("node [3, 4]"), "{}", notes[0]);
        assert!(notes[1].contains("nodes [0, 0] to [0, 2]"), "{}", notes[1]);
    }
}
