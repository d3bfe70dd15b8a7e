//! Where supports and loads are looked for.

use ndarray::ArrayView2;
use topo_simp::{Fix, Place, Side};

/// A way to support a design.
pub(super) struct Supports {
    /// What it is, in words.
    pub(super) words: &'static str,
    pub(super) held: Vec<(Place, Fix)>,
}

/// The ways that are tried: each side clamped, or the part of it that has material, two sides,
/// bearings at corners or at the ends of a side, and half models. `parts` says from where to where
/// the left, right, upper and lower side have material; `None` for a side that is not clamped in
/// part.
pub(super) fn supports(parts: [Option<[f64; 2]>; 4]) -> Vec<Supports> {
    let edge = Place::Edge;
    let corner = |x: f64, y: f64| Place::Point([x, y]);
    let part = |side, from, to| Place::Segment { side, from, to };
    let way = |words, held: &[(Place, Fix)]| Supports { words, held: held.to_vec() };
    let sides = [
        (Side::Left, "a part of the left edge is clamped"),
        (Side::Right, "a part of the right edge is clamped"),
        (Side::Top, "a part of the upper edge is clamped"),
        (Side::Bottom, "a part of the lower edge is clamped"),
    ];
    let of_part = |((side, words), ends): ((Side, &'static str), Option<[f64; 2]>)| {
        ends.map(|[from, to]| way(words, &[(part(side, from, to), Fix::Xy)]))
    };
    let parts = sides.into_iter().zip(parts).filter_map(of_part);
    let mut ways = vec![
        way("the left edge is clamped", &[(edge(Side::Left), Fix::Xy)]),
        way("the right edge is clamped", &[(edge(Side::Right), Fix::Xy)]),
        way("the upper edge is clamped", &[(edge(Side::Top), Fix::Xy)]),
        way("the lower edge is clamped", &[(edge(Side::Bottom), Fix::Xy)]),
        way(
            "the left and the right edge are clamped",
            &[(edge(Side::Left), Fix::Xy), (edge(Side::Right), Fix::Xy)],
        ),
        way(
            "a pin and a roller at the lower corners",
            &[(corner(0.0, 1.0), Fix::Xy), (corner(1.0, 1.0), Fix::Y)],
        ),
        way(
            "pins at both lower corners",
            &[(corner(0.0, 1.0), Fix::Xy), (corner(1.0, 1.0), Fix::Xy)],
        ),
        way(
            "the ends of the lower edge are held",
            &[(part(Side::Bottom, 0.0, 0.2), Fix::Xy), (part(Side::Bottom, 0.8, 1.0), Fix::Xy)],
        ),
        way(
            "half a beam: symmetry on the left, a roller at the lower right corner",
            &[(edge(Side::Left), Fix::X), (corner(1.0, 1.0), Fix::Y)],
        ),
        way(
            "half a beam: symmetry on the right, a roller at the lower left corner",
            &[(edge(Side::Right), Fix::X), (corner(0.0, 1.0), Fix::Y)],
        ),
    ];
    ways.extend(parts);
    ways
}

/// A place at which a load may act.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Candidate {
    pub(super) line: Line,
    /// How far along a side, from its upper or left end; the height of a deck; 0 for a whole side.
    pub(super) at: f64,
    pub(super) place: Place,
}

/// On what a load acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Line {
    /// A point of a side.
    PointOf(Edge),
    /// A whole side, evenly.
    Whole(Edge),
    /// A row of material from side to side, evenly.
    Deck,
}

/// A side that can be put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge {
    Left,
    Right,
    Top,
    Bottom,
}

impl Edge {
    pub(super) const ALL: [Self; 4] = [Self::Left, Self::Right, Self::Top, Self::Bottom];

    pub(super) fn side(self) -> Side {
        match self {
            Self::Left => Side::Left,
            Self::Right => Side::Right,
            Self::Top => Side::Top,
            Self::Bottom => Side::Bottom,
        }
    }

    /// Its name in a file.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Top => "top",
            Self::Bottom => "bottom",
        }
    }

    /// The point so far along it.
    pub(super) fn point(self, at: f64) -> [f64; 2] {
        match self {
            Self::Left => [0.0, at],
            Self::Right => [1.0, at],
            Self::Top => [at, 0.0],
            Self::Bottom => [at, 1.0],
        }
    }
}

/// Density from which an element counts as material.
pub(super) const MATERIAL: f32 = 0.5;

/// The places of a design at which a load may act: nodes of its sides that touch material, sides
/// that are material all along, and the upper end of rows that are.
pub(super) fn candidates(design: ArrayView2<'_, f32>) -> Vec<Candidate> {
    let (rows, columns) = design.dim();
    let solid = |row: usize, column: usize| MATERIAL <= design[(row, column)];
    let mut found = Vec::new();
    for edge in Edge::ALL {
        let length = if matches!(edge, Edge::Left | Edge::Right) { rows } else { columns };
        let element = |i: usize| match edge {
            Edge::Left => solid(i, 0),
            Edge::Right => solid(i, columns - 1),
            Edge::Top => solid(0, i),
            Edge::Bottom => solid(rows - 1, i),
        };
        for node in 0..=length {
            let touches = (0 < node && element(node - 1)) || (node < length && element(node));
            let at = node as f64 / length as f64;
            if touches {
                let place = Place::Point(edge.point(at));
                found.push(Candidate { line: Line::PointOf(edge), at, place });
            }
        }
        if (0..length).all(element) {
            let place = Place::Edge(edge.side());
            found.push(Candidate { line: Line::Whole(edge), at: 0.0, place });
        }
    }
    for row in 1..rows {
        let full = |row: usize| (0..columns).all(|column| solid(row, column));
        if full(row) && !full(row - 1) {
            let at = row as f64 / rows as f64;
            let place = Place::Area { min: [0.0, at], max: [1.0, at] };
            found.push(Candidate { line: Line::Deck, at, place });
        }
    }
    found
}
