//! The closed surface of a plate.

use std::collections::HashMap;

use spade::handles::{FixedFaceHandle, PossiblyOuterTag};
use spade::{ConstrainedDelaunayTriangulation, Point2, Triangulation as _};

use crate::checks::check_length;
use crate::contours::Contours;
use crate::error::ExportError;

/// Three corners (x, y, z) in millimeters, counterclockwise as seen from outside.
pub type Triangle = [[f32; 3]; 3];

/// The surface of a plate of constant thickness whose outline is the contours, from z = 0 to z =
/// `thickness`, lengths in millimeters.
///
/// The caps are constrained Delaunay triangulations, which have all points of the contours as
/// corners and no others, so walls and caps meet edge to edge: every edge belongs to exactly two
/// triangles, with opposite directions.
///
/// # Errors
/// [`ExportError::Length`] if a length is not positive; [`ExportError::Open`] if that does not hold
/// in single precision.
///
/// # Examples
/// ```
/// use ndarray::array;
/// use topo_export::{Contours, open_edges, prism};
///
/// let plate = prism(&Contours::of(array![[1.0, 1.0]].view())?, 2.0, 5.0)?;
/// assert_eq!(plate.len(), 12); // a box: two triangles a side
/// assert_eq!(open_edges(&plate), 0);
/// # Ok::<(), topo_export::ExportError>(())
/// ```
pub fn prism(
    contours: &Contours,
    cell_size: f64,
    thickness: f64,
) -> Result<Vec<Triangle>, ExportError> {
    check_length("thickness", thickness)?;
    let rings = contours.in_mm(cell_size)?;
    let top = thickness as f32;
    let caps = triangulate(&rings)
        .map_err(|_| ExportError::Length { what: "cell size", value: cell_size })?;
    let mut triangles = Vec::new();
    for cap in caps {
        triangles.push(cap.map(|[x, y]| [x, y, top]));
        let [a, b, c] = cap.map(|[x, y]| [x, y, 0.0]);
        triangles.push([a, c, b]);
    }
    for ring in &rings {
        for (i, &[x0, y0]) in ring.iter().enumerate() {
            let [x1, y1] = ring[(i + 1) % ring.len()];
            let [from, to] = [[x0, y0, 0.0], [x1, y1, 0.0]];
            let [from_top, to_top] = [[x0, y0, top], [x1, y1, top]];
            triangles.push([from, to, to_top]);
            triangles.push([from, to_top, from_top]);
        }
    }
    match open_edges(&triangles) {
        0 => Ok(triangles),
        edges => Err(ExportError::Open { edges }),
    }
}

/// Number of directed edges that do not occur exactly once together with their opposite. If it is
/// 0, the surface is closed, oriented and without T-junctions.
pub fn open_edges(triangles: &[Triangle]) -> usize {
    let key = |corner: [f32; 3]| corner.map(f32::to_bits);
    let edge = |triangle: &Triangle, k: usize| {
        let (from, to) = (key(triangle[k]), key(triangle[(k + 1) % 3]));
        // Both directions side by side.
        (from.min(to), from.max(to), from <= to)
    };
    let all = triangles.iter().flat_map(|triangle| (0..3).map(move |k| edge(triangle, k)));
    let mut edges: Vec<_> = all.collect();
    edges.sort_unstable();
    let open = |edges: &[([u32; 3], [u32; 3], bool)]| {
        let ahead = edges.iter().filter(|(.., ahead)| *ahead).count();
        let back = edges.len() - ahead;
        let closed = edges[0].0 != edges[0].1 && ahead == 1 && back == 1;
        if closed { 0 } else { usize::from(0 < ahead) + usize::from(0 < back) }
    };
    edges.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(open).sum()
}

/// Triangles between the rings, counterclockwise.
fn triangulate(rings: &[Vec<[f32; 2]>]) -> Result<Vec<[[f32; 2]; 3]>, spade::InsertionError> {
    let mut points = Vec::new();
    let mut edges = Vec::new();
    for ring in rings {
        let first = points.len();
        points.extend(ring.iter().map(|[x, y]| Point2::new(f64::from(*x), f64::from(*y))));
        edges.extend((0..ring.len()).map(|i| [first + i, first + (i + 1) % ring.len()]));
    }
    // Edges that cross, which only rounding could make, are left out here and found as open edges
    // of the surface.
    let mesh =
        ConstrainedDelaunayTriangulation::<Point2<f64>>::try_bulk_load_cdt(points, edges, |_| {})?;

    // From the outside inward, every ring leads from void to material or back.
    let mut found: HashMap<FixedFaceHandle<PossiblyOuterTag>, bool> = HashMap::new();
    let mut next: Vec<_> = mesh
        .convex_hull()
        .map(|edge| if edge.face().is_outer() { edge.rev() } else { edge })
        .map(|edge| (edge.face().fix(), edge.is_constraint_edge()))
        .collect();
    let mut triangles = Vec::new();
    while let Some((face, is_material)) = next.pop() {
        if found.insert(face, is_material).is_some() {
            continue;
        }
        let Some(inner) = mesh.face(face).as_inner() else { continue };
        if is_material {
            triangles.push(inner.positions().map(|p| [p.x as f32, p.y as f32]));
        }
        for edge in inner.adjacent_edges() {
            let neighbor = edge.rev().face();
            if !neighbor.is_outer() {
                next.push((neighbor.fix(), is_material != edge.is_constraint_edge()));
            }
        }
    }
    Ok(triangles)
}
