//! Lines across pictures at equal distances, as programs draw the edges of elements.

use crate::error::{DataError, FormatError, ReadingError};
use crate::foreign::plot::{CLEAR, FAINT};
use crate::formats::picture::pixels::Picture;

/// The rows and the columns that have one tone throughout, in each of several pictures.
#[derive(Clone, Debug, Default)]
struct Mesh {
    rows: Vec<bool>,
    columns: Vec<bool>,
    n: usize,
}

/// As many pictures tell whether there is a mesh.
pub(crate) const FEW: usize = 8;
/// Lines of a mesh are at least this far from each other, in pixels.
const NEAREST: usize = 3;
/// A mesh has at least this many lines in each direction.
const LEAST: usize = 4;

/// Refuses pictures across which lines run at equal distances; [`FEW`] of them tell.
pub(crate) fn refuse(
    pictures: impl Iterator<Item = Result<Picture, FormatError>>,
    label: &str,
) -> Result<(), DataError> {
    let mut mesh = Mesh::default();
    for picture in pictures {
        mesh.add(&picture?);
    }
    match mesh.step() {
        Some(step) => Err(ReadingError::Mesh { file: label.into(), step }.into()),
        None => Ok(()),
    }
}

impl Mesh {
    /// Looks at another picture; those of another size than the first are passed over.
    fn add(&mut self, picture: &Picture) {
        let ((height, width), colors) = (picture.size, picture.colors());
        if self.n == 0 {
            (self.rows, self.columns) = (vec![true; height], vec![true; width]);
        } else if (self.rows.len(), self.columns.len()) != picture.size {
            return;
        }
        self.n += 1;
        let tolerance = if picture.lossy { CLEAR } else { FAINT };
        let alike = |a: usize, b: usize| {
            colors[a].iter().zip(colors[b]).all(|(a, b)| a.abs_diff(b) <= tolerance)
        };
        for (row, is_line) in self.rows.iter_mut().enumerate() {
            let first = row * width;
            *is_line = *is_line && (first..first + width).all(|place| alike(place, first));
        }
        for (column, is_line) in self.columns.iter_mut().enumerate() {
            *is_line = *is_line && (0..height).all(|row| alike(row * width + column, column));
        }
    }

    /// The distance of the lines of a mesh across several pictures; `None` without a mesh.
    fn step(&self) -> Option<usize> {
        let (down, across) = (step(&self.rows)?, step(&self.columns)?);
        (1 < self.n && down.abs_diff(across) <= 1).then_some(down)
    }
}

/// The distance of lines that follow each other from end to end at equal distances, but for a
/// pixel.
fn step(is_line: &[bool]) -> Option<usize> {
    let lines: Vec<usize> = (0..is_line.len()).filter(|place| is_line[*place]).collect();
    let (first, last) = (lines.first()?, lines.last()?);
    let steps = || lines.windows(2).map(|pair| pair[1] - pair[0]);
    let (least, most) = (steps().min()?, steps().max()?);
    let to_the_ends = *first <= most && is_line.len() - 1 - last <= most;
    (LEAST <= lines.len() && NEAREST <= least && most - least <= 1 && to_the_ends).then_some(least)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::picture::pixels::Pixels;

    /// A design of 10 × 14 elements, each of `zoom` pixels with lines between them.
    fn picture(seed: usize, zoom: usize, line: Option<u8>) -> Picture {
        let size = (10 * zoom + 1, 14 * zoom + 1);
        let level = |place: usize| {
            let (row, column) = (place / size.1, place % size.1);
            let is_line = row % zoom == 0 || column % zoom == 0;
            let (i, j) = (row / zoom, column / zoom);
            let tone = if (i * j + seed * i + 3 * j) % 5 < 2 { 0 } else { 255 };
            line.filter(|_| is_line).unwrap_or(tone)
        };
        let pixels = Pixels::Bytes((0..size.0 * size.1).map(level).collect());
        Picture { size, pixels, lossy: false, turned: false }
    }

    #[test]
    fn a_mesh_is_told_from_designs() {
        let found = |zoom: usize, line: Option<u8>, n: usize| {
            let mut mesh = Mesh::default();
            (0..n).for_each(|seed| mesh.add(&picture(seed, zoom, line)));
            mesh.step()
        };
        for line in [0, 128] {
            assert_eq!(found(8, Some(line), 3), Some(8));
            assert_eq!(found(4, Some(line), 2), Some(4));
        }
        assert_eq!(found(8, None, 3), None, "there are no lines");
        assert_eq!(found(8, Some(0), 1), None, "one picture may show a lattice");
        assert_eq!(Mesh::default().step(), None);
    }

    #[test]
    fn plain_pictures_have_no_mesh() {
        let mut mesh = Mesh::default();
        let pixels = Pixels::Bytes(vec![255; 100]);
        for _ in 0..3 {
            let pixels = pixels.clone();
            mesh.add(&Picture { size: (10, 10), pixels, lossy: false, turned: false });
        }
        assert_eq!(mesh.step(), None);
    }
}
