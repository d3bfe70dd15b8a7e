//! What every export keeps: area, orientation, pieces and holes, a closed surface.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![expect(clippy::float_cmp, reason = "designs of 0 and 1 are exact")]

mod support;

use std::collections::{HashMap, HashSet};
use std::io::Cursor;

use ndarray::{Array2, array};
use proptest::prelude::*;
use support::{area, blobs, dxf_rings, picture, svg_rings};
use topo_export::{AREA_TOLERANCE, Contours, ExportError, dxf, open_edges, png, prism, stl, svg};

const CELL: f64 = 2.0;
const THICKNESS: f64 = 5.0;

/// Everything that must hold of the exports of one design; gives the relative error of its area.
#[track_caller]
fn check(design: &Array2<f64>) -> f64 {
    let contours = Contours::of(design.view()).unwrap();
    let volume = design.sum();
    let of_rings: f64 = contours.rings().iter().map(|ring| area(ring)).sum();
    assert!((of_rings - contours.area()).abs() < 1e-9 * volume.max(1.0));
    let error = of_rings / volume - 1.0;
    assert!((error - contours.area_error()).abs() < 1e-9);
    assert!(error.abs() <= AREA_TOLERANCE, "{error}");
    check_rings(design, contours.rings());

    // The files hold the same curves, to single precision.
    let size = CELL * CELL;
    let (rows, _) = design.dim();
    let drawn = svg_rings(&svg(&contours, CELL).unwrap());
    let exchanged = dxf_rings(&dxf(&contours, CELL).unwrap());
    assert_eq!((drawn.len(), exchanged.len()), (contours.rings().len(), contours.rings().len()));
    for ((ring, drawn), exchanged) in contours.rings().iter().zip(&drawn).zip(&exchanged) {
        for ((p, d), e) in ring.iter().zip(drawn).zip(exchanged) {
            let expected = p.map(|x| x * CELL);
            assert!((e[0] - expected[0]).abs() + (e[1] - expected[1]).abs() < 1e-4);
            assert!((d[0] - e[0]).abs() + (d[1] + e[1] - rows as f64 * CELL).abs() < 1e-4);
        }
    }
    for file in [&drawn, &exchanged] {
        let sum: f64 = file.iter().map(|ring| area(ring)).sum();
        assert!((sum.abs() / (volume * size) - 1.0).abs() <= AREA_TOLERANCE);
    }
    check_surface(&contours, of_rings * size * THICKNESS);
    error
}

/// Outer rings left around as many pieces as there are, holes right around as many holes, no point
/// twice, everything inside the domain.
#[track_caller]
fn check_rings(design: &Array2<f64>, rings: &[Vec<[f64; 2]>]) {
    let (rows, columns) = design.dim();
    let mut seen = HashSet::new();
    for [x, y] in rings.iter().flatten() {
        assert!((0.0..=columns as f64).contains(x) && (0.0..=rows as f64).contains(y));
        assert!(seen.insert([x.to_bits(), y.to_bits()]), "({x}, {y}) twice");
    }
    assert!(rings.iter().all(|ring| 3 <= ring.len()));
    if design.iter().all(|&x| x == 0.0 || x == 1.0) {
        let (pieces, holes) = pieces_and_holes(design);
        let outer = rings.iter().filter(|ring| 0.0 < area(ring)).count();
        assert_eq!((outer, rings.len() - outer), (pieces, holes), "{design}");
    }
}

/// The file, read by another crate, is a closed oriented surface around this volume.
#[track_caller]
fn check_surface(contours: &Contours, expected: f64) {
    let bytes = stl(contours, CELL, THICKNESS).unwrap();
    assert_eq!(bytes.len(), 84 + 50 * prism(contours, CELL, THICKNESS).unwrap().len());
    let mesh = stl_io::read_stl(&mut Cursor::new(bytes)).unwrap();
    let mut edges: HashMap<[usize; 2], (usize, usize)> = HashMap::new();
    let mut volume = 0.0;
    for face in &mesh.faces {
        let corners = face.vertices.map(|v| [0, 1, 2].map(|k| f64::from(mesh.vertices[v][k])));
        let [a, b, c] = corners;
        let cross = |u: [f64; 3], v: [f64; 3]| {
            [0, 1, 2].map(|k| u[(k + 1) % 3] * v[(k + 2) % 3] - u[(k + 2) % 3] * v[(k + 1) % 3])
        };
        let dot = |u: [f64; 3], v: [f64; 3]| (0..3).map(|k| u[k] * v[k]).sum::<f64>();
        let minus = |u: [f64; 3], v: [f64; 3]| [0, 1, 2].map(|k| u[k] - v[k]);
        volume += dot(a, cross(b, c)) / 6.0;
        let normal = cross(minus(b, a), minus(c, a));
        assert!(0.0 < dot(normal, normal), "a triangle without area");
        let stated = [0, 1, 2].map(|k| f64::from(face.normal[k]));
        assert!((dot(normal, stated) / dot(normal, normal).sqrt() - 1.0).abs() < 1e-3);
        for k in 0..3 {
            let (from, to) = (face.vertices[k], face.vertices[(k + 1) % 3]);
            let counts = edges.entry([from.min(to), from.max(to)]).or_default();
            if from < to { counts.0 += 1 } else { counts.1 += 1 }
        }
    }
    assert!(edges.values().all(|&counts| counts == (1, 1)), "an edge that is not shared by two");
    // A surface whose edges are fine may still pinch together in a corner: each corner must have
    // one fan of triangles.
    for (v, count) in corner_fans(&mesh) {
        assert_eq!(count, 1, "corner {v} joins several fans");
    }
    assert!((volume / expected - 1.0).abs() < 1e-4, "{volume} for {expected}");
}

/// Into how many fans, connected over edges, the triangles around each corner fall.
fn corner_fans(mesh: &stl_io::IndexedMesh) -> HashMap<usize, usize> {
    let mut around: HashMap<usize, HashMap<usize, usize>> = HashMap::new();
    for face in &mesh.faces {
        for k in 0..3 {
            let [v, a, b] = [0, 1, 2].map(|d| face.vertices[(k + d) % 3]);
            around.entry(v).or_default().insert(a, b);
        }
    }
    around
        .into_iter()
        .map(|(v, mut next)| {
            let mut fans = 0;
            while let Some(&first) = next.keys().next() {
                fans += 1;
                let mut at = first;
                while let Some(to) = next.remove(&at) {
                    at = to;
                }
            }
            (v, fans)
        })
        .collect()
}

/// Pieces of material by sides and corners, and pieces of void by sides that do not reach the edge
/// of the domain.
fn pieces_and_holes(design: &Array2<f64>) -> (usize, usize) {
    let (rows, columns) = design.dim();
    let mut seen = Array2::from_elem((rows, columns), false);
    let (mut pieces, mut holes) = (0, 0);
    for start in ndarray::indices((rows, columns)) {
        if seen[start] {
            continue;
        }
        let material = design[start] == 1.0;
        let (mut stack, mut at_edge) = (vec![start], false);
        seen[start] = true;
        while let Some((r, c)) = stack.pop() {
            at_edge |= r == 0 || c == 0 || r == rows - 1 || c == columns - 1;
            for (dr, dc) in (0..9).map(|i| (i / 3, i % 3)) {
                let (nr, nc) = ((r + dr).wrapping_sub(1), (c + dc).wrapping_sub(1));
                let beside = dr == 1 || dc == 1;
                let inside = nr < rows && nc < columns && (material || beside);
                if inside && !seen[(nr, nc)] && (design[(nr, nc)] == 1.0) == material {
                    seen[(nr, nc)] = true;
                    stack.push((nr, nc));
                }
            }
        }
        pieces += usize::from(material);
        holes += usize::from(!material && !at_edge);
    }
    (pieces, holes)
}

#[test]
fn random_blobs_of_every_greyness_keep_their_area() {
    let mut worst: f64 = 0.0;
    for seed in 0..200 {
        let steepness = [0.0, 5.0, 20.0, 60.0, f64::INFINITY][seed as usize % 5];
        let (rows, columns) = [(20, 60), (48, 96), (33, 17)][seed as usize % 3];
        worst = worst.max(check(&blobs(rows, columns, steepness, seed)).abs());
    }
    // Far within the tolerance: the area is solved for.
    assert!(worst < 1e-8, "{worst}");
}

#[test]
fn islands_and_holes_of_black_and_white_keep_the_area_of_their_cells() {
    let design = picture(&[
        "........................",
        ".#...............###...#",
        ".....#########...#.#....",
        ".....#..######...###..#.",
        ".....#..######.......#..",
        ".....#########......#...",
        "....................#...",
    ]);
    check(&design);
    let contours = Contours::of(design.view()).unwrap();
    let mut areas: Vec<f64> = contours.rings().iter().map(|ring| area(ring)).collect();
    areas.sort_by(f64::total_cmp);
    // Holes of 4 and 1 cells; single cells; a bar of cells that meet in corners; the filled square;
    // the filled plate.
    let expected = [-4.0, -1.0, 1.0, 1.0, 4.0, 9.0, 36.0];
    for (found, expected) in areas.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-8, "{areas:?}");
    }
    assert_eq!(areas.len(), expected.len(), "{areas:?}");
}

#[test]
fn material_ends_exactly_on_the_edge_of_the_domain() {
    // A cross that touches all four edges.
    let cross = Array2::from_shape_fn((9, 15), |(r, c)| {
        f64::from(u8::from((3..6).contains(&r) || (6..9).contains(&c)))
    });
    check(&cross);
    let contours = Contours::of(cross.view()).unwrap();
    let [ring] = contours.rings() else { panic!("one ring") };
    let reach = |k: usize, ends: fn(f64, f64) -> f64, start: f64| {
        ring.iter().map(|p| p[k]).fold(start, ends)
    };
    assert_eq!((reach(0, f64::min, 9.0), reach(0, f64::max, 0.0)), (0.0, 15.0));
    assert_eq!((reach(1, f64::min, 9.0), reach(1, f64::max, 0.0)), (0.0, 9.0));
    // Full, and a frame.
    for (design, corners) in [(Array2::ones((4, 7)), 1), (frame(), 2)] {
        check(&design);
        let contours = Contours::of(design.view()).unwrap();
        assert_eq!(contours.rings().len(), corners);
        let outer = contours.rings().iter().find(|ring| 0.0 < area(ring)).unwrap();
        assert_eq!(outer.len(), 4, "{outer:?}");
        let (rows, columns) = design.dim();
        assert!((area(outer) - (rows * columns) as f64).abs() < 1e-12);
    }
}

fn frame() -> Array2<f64> {
    let mut frame = Array2::ones((6, 8));
    frame.slice_mut(ndarray::s![1..5, 1..7]).fill(0.0);
    frame
}

#[test]
fn a_single_cell_wherever_it_lies() {
    for (row, column) in ndarray::indices((4, 5)) {
        let mut design = Array2::zeros((4, 5));
        design[(row, column)] = 1.0;
        assert!(check(&design).abs() < 1e-8);
    }
    for shape in [(1, 1), (1, 5), (5, 1)] {
        check(&Array2::ones(shape));
    }
    check(&array![[0.0, 1.0, 0.0]]);
    check(&array![[1.0, 0.0, 1.0]]);
}

#[test]
fn a_straight_slope_becomes_straight() {
    // Half a plane below a line of slope 0.37. The corners of its cells lie up to 0.64 off the
    // line, half the width of a cell across it.
    let height = |x: f64| 6.0 + 0.37 * x;
    let design = Array2::from_shape_fn((30, 60), |(r, c)| {
        f64::from(u8::from(29.5 - (r as f64) < height(c as f64 + 0.5)))
    });
    let contours = Contours::of(design.view()).unwrap();
    let inner = contours.rings()[0].iter().filter(|p| 10.0 < p[0] && p[0] < 50.0 && 0.0 < p[1]);
    let distance = inner.map(|p| (p[1] - height(p[0])).abs() / 0.37_f64.hypot(1.0));
    let worst = distance.fold(0.0, f64::max);
    assert!(0.0 < worst && worst < 0.2, "{worst}");
}

#[test]
fn a_grey_disc_is_a_circle() {
    // A ramp from 1 to 0, one cell wide; where it runs across the grid at 45°, interpolation
    // between two cells is off by 0.1.
    let (center, radius) = (15.0, 9.3);
    let design = Array2::from_shape_fn((30, 30), |(r, c)| {
        let distance = (r as f64 + 0.5 - center).hypot(c as f64 + 0.5 - center);
        (radius - distance + 0.5).clamp(0.0, 1.0)
    });
    check(&design);
    let contours = Contours::of(design.view()).unwrap();
    for p in &contours.rings()[0] {
        let distance = (p[0] - center).hypot(p[1] - center);
        assert!((distance - radius).abs() < 0.12, "{distance}");
    }
}

#[test]
fn what_has_no_contour_is_refused() {
    let of = |design: Array2<f64>| Contours::of(design.view());
    assert_eq!(of(Array2::zeros((3, 4))), Err(ExportError::Empty));
    let grey = of(Array2::from_elem((3, 4), 0.4)).unwrap_err();
    assert!(
        matches!(grey, ExportError::Volume { wanted, nearest: 12.0 } if (wanted - 4.8).abs() < 1e-12)
    );
    assert!(matches!(
        of(array![[0.0, 1.5]]),
        Err(ExportError::Density { row: 0, column: 1, value: 1.5 })
    ));
    assert!(matches!(of(array![[f64::NAN]]), Err(ExportError::Density { .. })));
    let contours = of(array![[1.0, 0.0]]).unwrap();
    for cell_size in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e-60, 1e60] {
        assert!(matches!(svg(&contours, cell_size), Err(ExportError::Length { .. })));
        assert!(matches!(dxf(&contours, cell_size), Err(ExportError::Length { .. })));
        assert!(matches!(stl(&contours, cell_size, 1.0), Err(ExportError::Length { .. })));
        assert!(matches!(stl(&contours, 1.0, cell_size), Err(ExportError::Length { .. })));
        assert!(matches!(png(array![[1.0]].view(), cell_size), Err(ExportError::Length { .. })));
    }
}

#[test]
fn an_open_surface_is_seen() {
    let contours = Contours::of(array![[1.0, 0.0, 1.0]].view()).unwrap();
    let mut triangles = prism(&contours, 1.0, 1.0).unwrap();
    assert_eq!(open_edges(&triangles), 0);
    let last = triangles.pop().unwrap();
    assert_eq!(open_edges(&triangles), 3);
    // Inside out: its edges occur twice in one direction, and their opposites are missing.
    triangles.push([last[0], last[2], last[1]]);
    assert_ne!(open_edges(&triangles), 0);
}

#[test]
fn a_picture_holds_the_densities_and_the_size() {
    let design = array![[0.0, 1.0, 0.5], [1.0, 0.0, 0.25]];
    let bytes = png(design.view(), 2.0).unwrap();
    let mut reader = ::png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert_eq!(pixels, [255, 0, 128, 0, 255, 191]);
    assert_eq!(reader.info().pixel_dims.map(|d| (d.xppu, d.yppu)), Some((500, 500)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_black_and_white_grid(rows in 1_usize..8, columns in 1_usize..8, bits in any::<u64>()) {
        let bit = |(r, c): (usize, usize)| f64::from(u8::from(bits >> (r * 8 + c) & 1 == 1));
        let design = Array2::from_shape_fn((rows, columns), bit);
        prop_assume!(0.0 < design.sum());
        prop_assert!(check(&design).abs() < 1e-7);
    }

    #[test]
    fn any_grey_grid_that_has_a_contour(rows in 1_usize..7, columns in 1_usize..7, grey in prop::collection::vec(0.0..=1.0, 36)) {
        let design = Array2::from_shape_fn((rows, columns), |(r, c)| grey[6 * r + c]);
        match Contours::of(design.view()) {
            Ok(_) => { check(&design); }
            Err(error) => prop_assert!(matches!(error, ExportError::Empty | ExportError::Volume { .. }), "{error}"),
        }
    }
}
