//! STL, the format of printers in three dimensions.

use stl_io::{Normal, Vertex, write_stl};

use crate::contours::Contours;
use crate::error::ExportError;
use crate::prism::{Triangle, prism};

/// The [`prism`] over the contours as a binary STL file. STL knows no units; the numbers are
/// millimeters, which is what programs assume.
///
/// # Errors
/// Those of [`prism`].
pub fn stl(contours: &Contours, cell_size: f64, thickness: f64) -> Result<Vec<u8>, ExportError> {
    let triangles: Vec<_> = prism(contours, cell_size, thickness)?
        .into_iter()
        .map(|triangle| stl_io::Triangle {
            normal: Normal::new(normal(triangle)),
            vertices: triangle.map(Vertex::new),
        })
        .collect();
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let written = write_stl(&mut bytes, triangles.iter());
    debug_assert!(written.is_ok(), "{written:?}");
    Ok(bytes)
}

/// The unit vector outward.
fn normal([a, b, c]: Triangle) -> [f32; 3] {
    let to = |p: [f32; 3]| [0, 1, 2].map(|k| f64::from(p[k]) - f64::from(a[k]));
    let (u, v) = (to(b), to(c));
    let cross = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    let length = cross.iter().map(|x| x * x).sum::<f64>().sqrt();
    cross.map(|x| (x / length) as f32)
}
