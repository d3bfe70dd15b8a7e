//! The load of a set, from the loads that suit its designs best.

use std::collections::BTreeMap;

use topo_simp::Place;
use vae_data::DataSet;

use super::places::{Edge, Line};
use super::uniformity::Strained;

/// How near a place and a condition must be, in lengths of the edge.
const NEAR: f64 = 0.1;
/// How near a direction and a condition must be, in degrees.
const NEAR_ANGLE: f64 = 23.0;
/// Share of the designs that must agree.
const AGREE: f64 = 0.6;

/// A guess of the load of a set.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadGuess {
    /// What it acts on.
    line: Line,
    /// Where along the edge, or at which height, in most designs; see `place_follows`.
    pub at: f64,
    /// Its direction in most designs, in degrees from the right, 90 straight down; the reverse is
    /// as likely.
    pub angle: f64,
    /// The condition of the data that its place follows; `None` if none does.
    pub place_follows: Option<String>,
    /// The condition that its direction follows; `None` if none does.
    pub angle_follows: Option<String>,
    /// Number of designs for which a load on this edge or deck is the most even one.
    pub agree: usize,
    /// How far the places lie apart in these designs.
    pub range: [f64; 2],
}

/// The load that most designs have in common.
pub(super) fn load(
    set: &DataSet,
    chosen: &[usize],
    strained: &[Option<Strained>],
) -> Option<LoadGuess> {
    let mut counts: BTreeMap<Line, usize> = BTreeMap::new();
    for found in strained.iter().flatten() {
        *counts.entry(found.candidate.line).or_default() += 1;
    }
    let (&line, &agree) = counts.iter().max_by_key(|(_, count)| **count)?;
    let of_line = |(&index, found): (&usize, &Option<Strained>)| {
        let found = found.as_ref().filter(|found| found.candidate.line == line)?;
        Some((index, found.candidate.at, found.angle))
    };
    let found: Vec<(usize, f64, f64)> = chosen.iter().zip(strained).filter_map(of_line).collect();
    let mut places: Vec<f64> = found.iter().map(|(_, at, _)| *at).collect();
    places.sort_by(f64::total_cmp);
    let middle = places.get(places.len() / 2).copied()?;
    let at = (1e3 * middle).round() / 1e3;
    let angle = mean_direction(found.iter().map(|(.., angle)| *angle));
    let follows = |near: &dyn Fn(f64, f64, f64) -> bool| {
        let columns = set.condition_info().iter().enumerate();
        let agreeing = columns.filter_map(|(column, info)| {
            let value = |index: usize| f64::from(set.conditions()[(index, column)]);
            let first = value(found.first()?.0);
            let varies = found.iter().any(|&(index, ..)| 1e-6 < (value(index) - first).abs());
            let near =
                found.iter().filter(|(index, at, angle)| near(value(*index), *at, *angle)).count();
            let enough = AGREE * found.len() as f64 <= near as f64;
            (varies && enough).then(|| (near, info.name.clone()))
        });
        agreeing.max_by_key(|(near, _)| *near).map(|(_, name)| name)
    };
    let is_point = matches!(line, Line::PointOf(_) | Line::Deck);
    Some(LoadGuess {
        line,
        at,
        angle,
        place_follows: follows(&|value, at, _| is_point && (value - at).abs() <= NEAR),
        angle_follows: follows(&|value, _, angle| {
            // A share of a length is no angle.
            1.0 < value.abs() && apart(value, angle) <= NEAR_ANGLE
        }),
        agree,
        range: [places[0], places[places.len() - 1]],
    })
}

/// How far two directions lie apart, in degrees, if a direction and its reverse are the same.
fn apart(a: f64, b: f64) -> f64 {
    let apart = (a - b).rem_euclid(180.0);
    apart.min(180.0 - apart)
}

/// The mean of directions of which each is the same as its reverse, from 0 to 180 degrees, rounded
/// to 5 degrees.
fn mean_direction(angles: impl Iterator<Item = f64>) -> f64 {
    let (mut x, mut y) = (0.0, 0.0);
    for angle in angles {
        let (sin, cos) = (2.0 * angle.to_radians()).sin_cos();
        (x, y) = (x + cos, y + sin);
    }
    let mean = 0.5 * f64::atan2(y, x).to_degrees().rem_euclid(360.0);
    (5.0 * (mean / 5.0).round()).rem_euclid(180.0)
}

impl LoadGuess {
    /// A load at a point of an edge that no condition says, for tests of what is said of it.
    #[cfg(test)]
    pub(super) fn of_point(edge: Edge, at: f64, angle: f64, agree: usize) -> Self {
        Self {
            line: Line::PointOf(edge),
            at,
            angle,
            place_follows: None,
            angle_follows: None,
            agree,
            range: [at; 2],
        }
    }

    /// Where it acts, with a place along the edge in the middle of the designs.
    pub fn place(&self) -> Place {
        match self.line {
            Line::PointOf(edge) => Place::Point(edge.point(self.at)),
            Line::Whole(edge) => Place::Edge(edge.side()),
            Line::Deck => Place::Area { min: [0.0, self.at], max: [1.0, self.at] },
        }
    }

    /// What it acts on, in words.
    pub fn words(&self) -> String {
        match self.line {
            Line::PointOf(edge) => format!("a point of the {} edge", edge.name()),
            Line::Whole(edge) => format!("the whole {} edge, evenly", edge.name()),
            Line::Deck => "a row of material from side to side, evenly".to_owned(),
        }
    }

    /// Where it acts if the condition `name` says where, as a file has it.
    pub(super) fn following(&self, name: &str) -> String {
        let name = format!("\"${name}\"");
        match self.line {
            Line::PointOf(Edge::Left) => format!("{{ point = [0.0, {name}] }}"),
            Line::PointOf(Edge::Right) => format!("{{ point = [1.0, {name}] }}"),
            Line::PointOf(Edge::Top) => format!("{{ point = [{name}, 0.0] }}"),
            Line::PointOf(Edge::Bottom) => format!("{{ point = [{name}, 1.0] }}"),
            Line::Whole(edge) => format!("{{ edge = \"{}\" }}", edge.name()),
            Line::Deck => {
                format!("{{ area = {{ min = [0.0, {name}], max = [1.0, {name}] }} }}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_direction_is_the_same_as_its_reverse() {
        for (angles, expected) in
            [([75.0, 90.0, 105.0], 90.0), ([165.0, 15.0, 0.0], 0.0), ([0.0, 175.0, 5.0], 0.0)]
        {
            assert!((mean_direction(angles.into_iter()) - expected).abs() < 1e-9, "{angles:?}");
        }
        assert_eq!((apart(170.0, 10.0), apart(-90.0, 90.0), apart(0.0, 90.0)), (20.0, 0.0, 90.0));
    }

    #[test]
    fn a_load_is_said_to_act_on_what_it_acts_on() {
        let mut load = LoadGuess::of_point(Edge::Right, 0.5, 90.0, 1);
        assert_eq!(load.words(), "a point of the right edge");
        load.line = Line::Whole(Edge::Top);
        assert_eq!(load.words(), "the whole top edge, evenly");
        load.line = Line::Deck;
        assert_eq!(load.words(), "a row of material from side to side, evenly");
    }
}
