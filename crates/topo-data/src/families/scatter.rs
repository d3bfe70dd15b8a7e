//! Supports and loads on nodes drawn at random: the rule of the TOP4040 set.

use std::collections::HashSet;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, Poisson};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};
use topo_simp::{Fix, Grid, Load, LoadCase, Place, Support};

/// How supports and loads are scattered over the nodes of a grid.
///
/// The numbers of nodes held in x, held in y and loaded are Poisson. The nodes of each set are
/// drawn without replacement, a node on the boundary [`Scatter::boundary_weight`] times as likely
/// as one inside; each load is one down, and all act together. Many draws are ill-posed: they have
/// no load or can still move. They are rejected, and counted.
///
/// # References
///
/// Sosnovik & Oseledets 2017, "Neural networks for topology optimization", section 4 (there the
/// volume fraction is not clipped, and draws on which the solver fails are dropped without being
/// counted).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scatter {
    /// Mean number of nodes held in x.
    pub fixed_x: f64,
    /// Mean number of nodes held in y.
    pub fixed_y: f64,
    /// Mean number of loads.
    pub loads: f64,
    /// How much likelier a node on the boundary is than one inside.
    pub boundary_weight: f64,
    /// The volume fraction.
    pub volume_fraction: ClippedNormal,
}

/// A normal number, moved to the nearest end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClippedNormal {
    /// Mean before clipping.
    pub mean: f64,
    /// Standard deviation before clipping.
    pub deviation: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

/// What is drawn for one problem; its nodes depend on the grid.
pub(crate) struct Draw<'a> {
    scatter: &'a Scatter,
    rng: ChaCha8Rng,
    volume_fraction: f64,
    counts: [usize; 3],
}

impl Scatter {
    /// Names of the conditions of such a problem.
    pub(crate) const CONDITIONS: [&'static str; 4] =
        ["volume_fraction", "fixed_x", "fixed_y", "loads"];

    /// Returns what is wrong with the numbers, as an error.
    pub(crate) fn check(&self) -> Result<(), String> {
        let ClippedNormal { mean, deviation, min, max } = self.volume_fraction;
        for (name, value, fine) in [
            ("fixed_x", self.fixed_x, self.fixed_x > 0.0 && self.fixed_x <= 1e6),
            ("fixed_y", self.fixed_y, self.fixed_y > 0.0 && self.fixed_y <= 1e6),
            ("loads", self.loads, self.loads > 0.0 && self.loads <= 1e6),
            (
                "boundary_weight",
                self.boundary_weight,
                self.boundary_weight > 0.0 && self.boundary_weight.is_finite(),
            ),
            ("volume_fraction.mean", mean, mean.is_finite()),
            ("volume_fraction.deviation", deviation, deviation >= 0.0 && deviation.is_finite()),
            ("volume_fraction.min", min, min > 0.0 && min <= max),
            ("volume_fraction.max", max, max <= 1.0),
        ] {
            if !fine {
                return Err(format!("scatter.{name} = {value} is not possible"));
            }
        }
        Ok(())
    }

    /// The draw of a problem, keyed by its number alone.
    pub(crate) fn draw(&self, problem: usize) -> Draw<'_> {
        let mut rng = vae_base::keyed("scatter", [problem as u64, 0, 0]);
        let ClippedNormal { mean, deviation, min, max } = self.volume_fraction;
        let normal = Normal::new(mean, deviation).expect("checked when the family was read");
        let volume_fraction = normal.sample(&mut rng).clamp(min, max);
        let counts = [self.fixed_x, self.fixed_y, self.loads].map(|mean| {
            let poisson = Poisson::new(mean).expect("checked when the family was read");
            poisson.sample(&mut rng) as usize
        });
        Draw { scatter: self, rng, volume_fraction, counts }
    }
}

impl Draw<'_> {
    pub(crate) fn conditions(&self) -> [f64; 4] {
        let [fixed_x, fixed_y, loads] = self.counts.map(|count| count as f64);
        [self.volume_fraction, fixed_x, fixed_y, loads]
    }

    /// Adds volume fraction, supports and loads to a problem template.
    pub(crate) fn add_to(mut self, template: &mut Table, grid: Grid) {
        let [fixed_x, fixed_y, loads] = self.counts;
        let mut supports = Vec::new();
        for (count, fix) in [(fixed_x, Fix::X), (fixed_y, Fix::Y)] {
            let nodes = self.nodes(count, grid);
            supports.extend(nodes.into_iter().map(|node| Support { at: Place::Node(node), fix }));
        }
        let nodes = self.nodes(loads, grid).into_iter();
        let loads = nodes.map(|node| Load { at: Place::Node(node), force: [0.0, -1.0] }).collect();
        template.insert("volume_fraction".to_owned(), Value::Float(self.volume_fraction));
        template.insert("supports".to_owned(), value(&supports));
        template.insert("load_cases".to_owned(), value(&[LoadCase { loads, weight: 1.0 }]));
    }

    /// Different nodes, `[column, row]`, of a grid that has some inside.
    fn nodes(&mut self, count: usize, grid: Grid) -> Vec<[usize; 2]> {
        let mut nodes: Vec<[usize; 2]> = Vec::new();
        let mut drawn = HashSet::new();
        let all = grid.n_nodes();
        let on_boundary = 2 * (grid.nelx + grid.nely);
        let weight = self.scatter.boundary_weight * on_boundary as f64;
        let share = weight / (weight + (all - on_boundary) as f64);
        // Nodes of each kind that were not drawn yet: who waits for the last of a kind that is
        // hardly ever drawn, or no longer there, waits for ever.
        let (mut boundary_left, mut inside_left) = (on_boundary, all - on_boundary);
        // Drawing again what was drawn before is drawing without replacement.
        while nodes.len() < count.min(all / 2) {
            let on_boundary_next = match (boundary_left, inside_left) {
                (0, _) => false,
                (_, 0) => true,
                _ => self.rng.random_bool(share.min(1.0)),
            };
            let node = if on_boundary_next {
                boundary_node(self.rng.random_range(0..on_boundary), grid)
            } else {
                [self.rng.random_range(1..grid.nelx), self.rng.random_range(1..grid.nely)]
            };
            if drawn.insert(node) {
                nodes.push(node);
                *(if on_boundary_next { &mut boundary_left } else { &mut inside_left }) -= 1;
            }
        }
        nodes
    }
}

/// The boundary node at a position, clockwise from the upper left corner.
fn boundary_node(position: usize, Grid { nelx, nely }: Grid) -> [usize; 2] {
    if position < nelx {
        [position, 0]
    } else if position < nelx + nely {
        [nelx, position - nelx]
    } else if position < 2 * nelx + nely {
        [2 * nelx + nely - position, nely]
    } else {
        [0, 2 * (nelx + nely) - position]
    }
}

fn value(items: &impl Serialize) -> Value {
    Value::try_from(items).expect("supports and loads have a TOML form")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scatter() -> Scatter {
        crate::Family::named("random").unwrap().scatter.unwrap()
    }

    #[test]
    fn every_boundary_node_is_at_one_position() {
        let grid = Grid { nelx: 5, nely: 3 };
        let nodes: std::collections::BTreeSet<_> =
            (0..16).map(|position| boundary_node(position, grid)).collect();
        assert_eq!(nodes.len(), 16);
        assert!(nodes.iter().all(|&[c, r]| c == 0 || c == 5 || r == 0 || r == 3));
        assert!(nodes.iter().all(|&[c, r]| c <= 5 && r <= 3));
    }

    #[test]
    fn the_numbers_of_nodes_are_poisson_and_the_volume_normal() {
        let scatter = scatter();
        let n = 4000;
        let draws: Vec<[f64; 4]> = (0..n).map(|i| scatter.draw(i).conditions()).collect();
        let mean = |k: usize| draws.iter().map(|draw| draw[k]).sum::<f64>() / n as f64;
        // Five standard errors of the mean.
        for (k, expected, deviation) in
            [(0, 0.5, 0.1), (1, 2.0, 2.0_f64.sqrt()), (2, 1.0, 1.0), (3, 1.0, 1.0)]
        {
            let error = 5.0 * deviation / f64::from(n as u32).sqrt();
            assert!((mean(k) - expected).abs() < error, "{k}: {}", mean(k));
        }
        let variance = draws.iter().map(|draw| (draw[1] - mean(1)).powi(2)).sum::<f64>() / n as f64;
        assert!((variance - 2.0).abs() < 0.3, "{variance}");
        assert!(draws.iter().all(|draw| (0.2..=0.8).contains(&draw[0])));
    }

    #[test]
    fn boundary_nodes_are_a_hundred_times_as_likely() {
        let grid = Grid { nelx: 40, nely: 40 };
        let mut draw = scatter().draw(1).nodes_of(20_000, grid);
        draw.retain(|&[c, r]| c == 0 || c == 40 || r == 0 || r == 40);
        let expected = 16_000.0 / (16_000.0 + 1521.0);
        assert!((draw.len() as f64 / 20_000.0 - expected).abs() < 0.01, "{}", draw.len());
    }

    /// A weight beyond all measure leaves no node of the other kind to wait for.
    #[test]
    fn nodes_of_one_kind_run_out() {
        let grid = Grid { nelx: 2, nely: 40 };
        for weight in [1e-300, 1e300] {
            let scatter = Scatter { boundary_weight: weight, ..scatter() };
            let nodes = scatter.draw(1).nodes(1000, grid);
            assert_eq!(nodes.len(), 61, "half of all nodes");
        }
        let grid = Grid { nelx: 12, nely: 12 };
        let scatter = Scatter { boundary_weight: 1e300, ..scatter() };
        assert_eq!(scatter.draw(1).nodes(1000, grid).len(), 84);
    }

    impl Draw<'_> {
        /// Single nodes, each drawn for itself.
        fn nodes_of(mut self, count: usize, grid: Grid) -> Vec<[usize; 2]> {
            (0..count).flat_map(|_| self.nodes(1, grid)).collect()
        }
    }
}
