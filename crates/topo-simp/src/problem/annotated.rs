//! A problem as text with comments, to be changed by hand.

use std::fmt::Write as _;

use serde::Serialize;

use super::statement::Problem;

impl Problem {
    /// The problem as the text of a `problem.toml` with comments: how places and forces are
    /// counted, and what else may be stated. [`Problem::from_toml`] reads it back unchanged.
    ///
    /// # Panics
    /// See [`Problem::to_toml`].
    ///
    /// # Examples
    /// ```
    /// use topo_simp::{Grid, Problem};
    /// let problem = Problem::mbb(Grid { nelx: 60, nely: 20 }, 0.5);
    /// assert_eq!(Problem::from_toml(&problem.to_annotated_toml())?, problem);
    /// # Ok::<(), topo_simp::ProblemError>(())
    /// ```
    pub fn to_annotated_toml(&self) -> String {
        let mut text = String::from(COUNTING);
        if let Some(name) = &self.name {
            entry(&mut text, "name", name);
        }
        text.push_str(GRID);
        entry(&mut text, "grid", &self.grid);
        text.push_str(VOLUME);
        entry(&mut text, "volume_fraction", &self.volume_fraction);
        text.push_str(MATERIAL);
        entry(&mut text, "youngs_modulus", &self.youngs_modulus);
        entry(&mut text, "poisson_ratio", &self.poisson_ratio);
        entry(&mut text, "thickness", &self.thickness);
        entry(&mut text, "cell_size", &self.cell_size);
        text.push_str(WEIGHT);
        match &self.self_weight {
            Some(weight) => entry(&mut text, "self_weight", weight),
            None => text.push_str("# self_weight = [0.0, -0.001]\n"),
        }
        text.push_str(SUPPORTS);
        for support in &self.supports {
            text.push_str("\n[[supports]]\n");
            entry(&mut text, "at", &support.at);
            entry(&mut text, "fix", &support.fix);
        }
        text.push_str(LOADS);
        for case in &self.load_cases {
            text.push_str("\n[[load_cases]]\n");
            entry(&mut text, "loads", &case.loads);
            entry(&mut text, "weight", &case.weight);
        }
        text.push_str(SPRINGS);
        for spring in &self.springs {
            text.push_str("\n[[springs]]\n");
            entry(&mut text, "at", &spring.at);
            entry(&mut text, "stiffness", &spring.stiffness);
        }
        text.push_str(PASSIVE);
        for region in &self.passive {
            text.push_str("\n[[passive]]\n");
            entry(&mut text, "kind", &region.kind);
            entry(&mut text, "shape", &region.shape);
        }
        text
    }
}

const COUNTING: &str = "\
# Places are shares of the domain: x from 0 (left) to 1 (right), y from 0 (TOP) to 1 (bottom).
# Forces point to the right and UP: [0, -1] pulls down.
# Any number may be the name of a condition, as in volume_fraction = \"$volume_fraction\": each
# design then has its own value.

";
const GRID: &str = "\n# Elements from left to right, and from top to bottom.\n";
const VOLUME: &str = "\n# Share of the domain that is filled with material, above 0 and below 1.\n";
const MATERIAL: &str = "\n# Stiffness, thickness of the plate, and the side of an element.\n";
const WEIGHT: &str = "\n# Weight of solid material, a force for each unit of volume.\n";
const SUPPORTS: &str = r#"
# Where the structure is held: "x" (not to the left and right), "y" (not up and down) or "xy".
# Places: { edge = "left" }, { point = [0.0, 1.0] }, { node = [0, 20] } (column and row from 0),
# { segment = { side = "top", from = 0.0, to = 0.5 } }, { area = { min = [0, 0], max = [0.1, 0.1] } }.
"#;
const LOADS: &str = "
# Loads of one case act together. Each case acts alone, and its compliance counts weight times.
# A place of several nodes shares the force. A direction may be stated in its place, in degrees from
# the right, 90 straight down: force = { angle = 90, magnitude = 2 }.
";
const SPRINGS: &str = "
# Springs to the ground, with their stiffness along x and y:
# [[springs]]
# at = { point = [1.0, 0.5] }
# stiffness = [0.1, 0.0]
";
const PASSIVE: &str = r#"
# Regions that are not free: "solid", "void" (a hole) or "outside" (not part of the domain). A later
# region paints over those before it. Radii of circles are in heights of the domain:
# [[passive]]
# kind = "void"
# shape = { circle = { center = [0.5, 0.5], radius = 0.2 } }
"#;

/// Adds the line `key = value`; tables stand on one line.
fn entry(text: &mut String, key: &str, value: &impl Serialize) {
    let value = toml::Value::try_from(value).expect("numbers, text and lists have a TOML form");
    writeln!(text, "{key} = {value}").expect("writing to a text cannot fail");
}

#[cfg(test)]
mod tests {
    use super::super::{NamedProblem, PassiveKind, Place, Shape};
    use super::*;
    use crate::grid::Grid;

    #[test]
    fn every_problem_comes_back_unchanged() {
        let grid = Grid { nelx: 40, nely: 20 };
        for named in NamedProblem::ALL {
            let problem = named.problem(grid, 0.4);
            assert_eq!(Problem::from_toml(&problem.to_annotated_toml()).unwrap(), problem);
        }
        let all = Problem::cantilever(grid, 0.3)
            .with_self_weight([0.0, -0.25])
            .with_spring(Place::Area { min: [0.5, 0.0], max: [0.6, 0.25] }, [0.5, 0.0])
            .with_passive(
                PassiveKind::Solid,
                Shape::Polygon { corners: vec![[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]] },
            );
        assert_eq!(Problem::from_toml(&all.to_annotated_toml()).unwrap(), all);
    }
}
