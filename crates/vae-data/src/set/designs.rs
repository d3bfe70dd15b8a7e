//! Where densities come from: anything that hands out designs by position.

use std::sync::Arc;

use ndarray::{Array3, Axis};

use crate::foreign::reading::{Iterations, Reading, Resize, ValueRange};
use crate::formats::bytes::Bytes;
use crate::formats::npy::{self, Element, Header};
use crate::set::data_set::first_invalid;
use crate::set::resample::Resampler;
use crate::{DataError, Element as StoredAs};

/// Designs of one size, read by position from any thread.
///
/// This is the door for other sources: a folder of pictures, a table, a stream of solver output.
/// Implement it, and [`DataSet::new`](crate::DataSet::new) gives the rest: checks, splits, batches,
/// fingerprint, conversion. `Array3<f32>` implements it for designs in memory.
pub trait Designs: Send + Sync {
    /// Number of designs.
    fn len(&self) -> usize;

    /// Whether there are no designs.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of rows and of columns of each design, as (H, W).
    fn size(&self) -> (usize, usize);

    /// How the densities are stored.
    fn element(&self) -> StoredAs;

    /// Writes design `index` into `out`, of length H · W, row by row from the top, 1 = material.
    /// `scratch` may be used for anything; it is handed back and forth so that nothing is allocated
    /// per design. Values are checked by the caller.
    ///
    /// # Errors
    ///
    /// Whatever keeps the design from being read. `index` is below [`Designs::len`].
    fn read(&self, index: usize, out: &mut [f32], scratch: &mut Vec<u8>) -> Result<(), DataError>;

    /// The file that design `index` lies in, for messages.
    fn file(&self, index: usize) -> String;
}

impl Designs for Array3<f32> {
    fn len(&self) -> usize {
        self.shape()[0]
    }

    fn size(&self) -> (usize, usize) {
        (self.shape()[1], self.shape()[2])
    }

    fn element(&self) -> StoredAs {
        StoredAs::F32
    }

    fn read(&self, index: usize, out: &mut [f32], _scratch: &mut Vec<u8>) -> Result<(), DataError> {
        out.iter_mut().zip(self.index_axis(Axis(0), index)).for_each(|(out, value)| *out = *value);
        Ok(())
    }

    fn file(&self, _index: usize) -> String {
        "memory".into()
    }
}

/// Designs that lie one after the other in a file or in memory, read by position.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// The elements, each design in one piece.
    data: Bytes,
    element: Element,
    big_endian: bool,
    n: usize,
    size: (usize, usize),
    /// Whether a design goes down its columns rather than along its rows.
    columns: bool,
    /// The values of void and solid, if they are not those of the element type.
    range: Option<ValueRange>,
    /// Of `stride` designs each, only the last is one of these.
    stride: usize,
    /// The file of each design, if each has its own.
    files: Option<Arc<[String]>>,
}

/// Arrays in Fortran order up to this size are turned around in memory.
const MAX_TURNED: u64 = 256 << 20;

/// Designs looked at to tell bytes of 0 and 1 from bytes of 0 to 255, or one layout from another.
const SAMPLE: usize = 64;

impl Stored {
    /// Designs of one byte per cell, 255 = material, each from a file of its own.
    pub(crate) fn of_bytes(
        data: Bytes,
        n: usize,
        size: (usize, usize),
        files: Vec<String>,
    ) -> Self {
        Self::of(data, Element::U8, n, size, files)
    }

    /// Designs of one `f32` per cell, each from a file of its own.
    pub(crate) fn of_floats(
        data: Bytes,
        n: usize,
        size: (usize, usize),
        files: Vec<String>,
    ) -> Self {
        Self::of(data, Element::F32, n, size, files)
    }

    fn of(
        data: Bytes,
        element: Element,
        n: usize,
        size: (usize, usize),
        files: Vec<String>,
    ) -> Self {
        let files = (!files.is_empty()).then(|| files.into());
        Self {
            data,
            element,
            big_endian: false,
            n,
            size,
            columns: false,
            range: None,
            stride: 1,
            files,
        }
    }

    /// Checks the header and the length of a `.npy` file and finds out what its axes mean; reads a
    /// few designs at most. The groups are those of its trajectories, if it holds any.
    pub(crate) fn open(
        file: &Bytes,
        reading: &Reading,
        notes: &mut Vec<String>,
    ) -> Result<(Self, Option<Vec<u32>>), DataError> {
        let header = Header::read(file, "densities")?;
        Self::with_shape(file, reading, notes, &header.shape)
    }

    fn with_shape(
        file: &Bytes,
        reading: &Reading,
        notes: &mut Vec<String>,
        shape: &[usize],
    ) -> Result<(Self, Option<Vec<u32>>), DataError> {
        let header = Header::read(file, "densities")?;
        let axes = Axes::of(file, shape, reading)?;
        let [n, height, width] = axes.shape;
        let (data, big_endian) = if header.fortran_order && !lies_in_order(&header.shape) {
            if MAX_TURNED < header.data_len {
                return Err(DataError::FortranOrder {
                    file: file.label().into(),
                    bytes: header.data_len,
                });
            }
            (turned(file, &header)?, false)
        } else {
            (npy::data(file, &header)?, header.big_endian)
        };
        let mut stored = Self {
            big_endian,
            columns: axes.columns,
            range: reading.range.given().copied(),
            ..Self::of(data, header.element, n, (height, width), Vec::new())
        };
        stored.look(reading, notes)?;
        let groups = match (axes.iterations, reading.iterations.given()) {
            (None, _) => None,
            (Some(iterations), Some(Iterations::Last)) => {
                (stored.n, stored.stride) = (n / iterations, iterations);
                notes
                    .push(format!("the last designs of {} trajectories of {iterations}", stored.n));
                None
            }
            (Some(iterations), _) => {
                notes.push(format!(
                    "each of the {} trajectories of {iterations} designs is a group",
                    n / iterations
                ));
                Some((0..n).map(|design| (design / iterations) as u32).collect())
            }
        };
        Ok((stored, groups))
    }

    /// [`Stored::open`] for a file that holds one design, (H, W), or a trajectory of them, (T, H,
    /// W).
    pub(crate) fn open_one(
        file: &Bytes,
        reading: &Reading,
        notes: &mut Vec<String>,
    ) -> Result<Self, DataError> {
        let header = Header::read(file, "densities")?;
        if let ([height, width], None) = (&header.shape[..], reading.layout.given()) {
            let one = [1, *height, *width];
            return Ok(Self::with_shape(file, reading, notes, &one)?.0);
        }
        Ok(Self::open(file, reading, notes)?.0)
    }

    /// Looks at some designs for what is easily mistaken.
    fn look(&mut self, reading: &Reading, notes: &mut Vec<String>) -> Result<(), DataError> {
        let sample: Vec<usize> = (0..self.n).step_by(self.n.div_ceil(SAMPLE)).collect();
        if self.element == Element::U8 && self.range.is_none() {
            let (mut most, mut bytes) = (0, Vec::new());
            for design in &sample {
                self.read_bytes(*design, &mut bytes)?;
                most = most.max(bytes.iter().copied().max().unwrap_or(0));
            }
            if most == 1 {
                self.range = Some(ValueRange { void: 0.0, solid: 1.0 });
                notes.push("bytes of 0 and 1 only are taken as void and solid; --range 0:255 takes them as levels".into());
            }
        }
        if let Some(layout) = reading.layout.given().filter(|layout| layout.nelx != layout.nely) {
            // Along the vector, and across it by the length of one row (or column): a wrong length
            // mixes cells that are no neighbors.
            let (across, other) = if layout.columns {
                (layout.nely, layout.nelx)
            } else {
                (layout.nelx, layout.nely)
            };
            let (mut stated, mut swapped) = (0.0, 0.0);
            let (mut design, mut scratch) = (vec![0.0; layout.nelx * layout.nely], Vec::new());
            let rows = Self { columns: false, ..self.clone() };
            for index in sample {
                rows.read(index, &mut design, &mut scratch)?;
                stated += variation(&design, across);
                swapped += variation(&design, other);
            }
            if swapped < 0.75 * stated {
                let order = |columns| if columns { "columns" } else { "rows" };
                let (nelx, nely) = (layout.nelx, layout.nely);
                notes.push(format!(
                    "--layout {layout} scatters the material: {}:{nelx}x{nely} or {}:{nely}x{nelx} would be smoother by a factor of {:.1}; is one of them meant?",
                    order(!layout.columns),
                    order(layout.columns),
                    stated / swapped
                ));
            }
        }
        Ok(())
    }

    fn read_bytes(&self, index: usize, out: &mut Vec<u8>) -> Result<(), DataError> {
        // No overflow: the product over all designs was checked with the header.
        let bytes = self.size.0 * self.size.1 * self.element.bytes();
        out.resize(bytes, 0);
        let position = (index * self.stride + self.stride - 1) as u64 * bytes as u64;
        self.data.read_exact_at(out, position)?;
        if self.big_endian {
            npy::to_little_endian(out, self.element);
        }
        Ok(())
    }
}

impl Designs for Stored {
    fn len(&self) -> usize {
        self.n
    }

    fn size(&self) -> (usize, usize) {
        self.size
    }

    fn element(&self) -> StoredAs {
        self.element
    }

    fn read(&self, index: usize, out: &mut [f32], scratch: &mut Vec<u8>) -> Result<(), DataError> {
        self.read_bytes(index, scratch)?;
        match self.range {
            None => self.element.densities(scratch, out),
            Some(ValueRange { void, solid }) => {
                let (void, scale) = (f64::from(void), 1.0 / f64::from(solid - void));
                self.element.for_each(scratch, |position, value| {
                    out[position] = ((value - void) * scale) as f32;
                });
            }
        }
        if self.columns {
            let (height, width) = self.size;
            let columns = out.to_vec();
            for (row, out) in out.chunks_exact_mut(width).enumerate() {
                let down = columns[row..].iter().step_by(height);
                out.iter_mut().zip(down).for_each(|(out, value)| *out = *value);
            }
        }
        Ok(())
    }

    fn file(&self, index: usize) -> String {
        self.files.as_ref().map_or_else(|| self.data.label().into(), |files| files[index].clone())
    }
}

/// Sum of the differences between neighbors in a grid of `width` columns.
fn variation(design: &[f32], width: usize) -> f32 {
    let down = design.iter().zip(&design[width..]).map(|(a, b)| (a - b).abs()).sum::<f32>();
    let along = |row: &[f32]| row.windows(2).map(|pair| (pair[0] - pair[1]).abs()).sum::<f32>();
    down + design.chunks(width).map(along).sum::<f32>()
}

/// What the axes of an array mean.
struct Axes {
    /// Designs, rows, columns.
    shape: [usize; 3],
    /// Whether each design goes down its columns.
    columns: bool,
    /// Length of the trajectories that the designs come in.
    iterations: Option<usize>,
}

impl Axes {
    fn of(file: &Bytes, shape: &[usize], reading: &Reading) -> Result<Self, DataError> {
        let plain =
            |n, height, width| Self { shape: [n, height, width], columns: false, iterations: None };
        let axes = if let Some(layout) = reading.layout.given() {
            let (cells, n) = match *shape {
                [cells] => (cells, 1),
                [n, cells] | [n, cells, 1] | [n, 1, cells] => (cells, n),
                _ => (0, 0),
            };
            if cells != layout.nelx * layout.nely {
                return Err(DataError::Layout {
                    file: file.label().into(),
                    shape: shape.into(),
                    layout: *layout,
                });
            }
            Self { columns: layout.columns, ..plain(n, layout.nely, layout.nelx) }
        } else {
            match (shape, reading.iterations.given()) {
                (&[n, height, width], _)
                | (&[n, 1, height, width] | &[n, height, width, 1], None) => {
                    plain(n, height, width)
                }
                (&[trajectories, iterations, height, width], Some(_)) if 0 < iterations => {
                    let n = trajectories * iterations;
                    Self { iterations: Some(iterations), ..plain(n, height, width) }
                }
                _ => return Err(shape_error(file, shape)),
            }
        };
        if axes.shape.contains(&0) { Err(shape_error(file, shape)) } else { Ok(axes) }
    }
}

fn shape_error(file: &Bytes, shape: &[usize]) -> DataError {
    let expected = "(designs, rows, columns), none of them 0,".into();
    DataError::Shape { file: file.label().into(), shape: shape.into(), expected }
}

/// Whether both orders are the same: at most one axis is longer than 1.
fn lies_in_order(shape: &[usize]) -> bool {
    shape.iter().filter(|n| 1 < **n).count() <= 1
}

/// The elements of an array in Fortran order, turned into row-major order, little-endian.
fn turned(file: &Bytes, header: &Header) -> Result<Bytes, DataError> {
    let elements = npy::element_bytes(file, header)?;
    let size = header.element.bytes();
    let strides: Vec<usize> = header
        .shape
        .iter()
        .scan(1, |stride, n| Some(std::mem::replace(stride, *stride * n)))
        .collect();
    let mut out = Vec::with_capacity(elements.len());
    let mut index = vec![0; header.shape.len()];
    for _ in 0..elements.len() / size {
        let position: usize = index.iter().zip(&strides).map(|(i, stride)| i * stride).sum();
        out.extend_from_slice(&elements[position * size..(position + 1) * size]);
        // Counts up like an odometer: the last axis is the fastest.
        for (i, n) in index.iter_mut().zip(&header.shape).rev() {
            *i += 1;
            if *i < *n {
                break;
            }
            *i = 0;
        }
    }
    Ok(Bytes::from_vec(out, file.label()))
}

/// Designs brought to another size when they are read.
pub(crate) struct Resized {
    inner: Arc<dyn Designs>,
    resampler: Resampler,
}

impl Resized {
    pub(crate) fn new(inner: Arc<dyn Designs>, resize: Resize) -> Self {
        let resampler = Resampler::new(inner.size(), resize);
        Self { inner, resampler }
    }
}

impl Designs for Resized {
    fn len(&self) -> usize {
        self.inner.len()
    }

    fn size(&self) -> (usize, usize) {
        self.resampler.size()
    }

    fn element(&self) -> StoredAs {
        if self.inner.element() == Element::U8 { Element::U8 } else { Element::F32 }
    }

    fn read(&self, index: usize, out: &mut [f32], scratch: &mut Vec<u8>) -> Result<(), DataError> {
        let size = self.inner.size();
        let mut design = vec![0.0; size.0 * size.1];
        self.inner.read(index, &mut design, scratch)?;
        match first_invalid(&design) {
            // Resampling would spread it; a value that is no density has to be seen.
            Some(position) => out.fill(design[position]),
            None => self.resampler.apply(&design, out),
        }
        Ok(())
    }

    fn file(&self, index: usize) -> String {
        self.inner.file(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Designs, groups and notes.
    type Opened = (Stored, Option<Vec<u32>>, Vec<String>);

    fn open(bytes: Vec<u8>, reading: &Reading) -> Result<Opened, DataError> {
        let mut notes = Vec::new();
        let (stored, groups) =
            Stored::open(&Bytes::from_vec(bytes, "designs.npy"), reading, &mut notes)?;
        Ok((stored, groups, notes))
    }

    fn array(element: Element, shape: &[usize], values: &[u8]) -> Vec<u8> {
        let mut bytes = Header::to_bytes(element, shape);
        bytes.extend(values);
        bytes
    }

    fn design(stored: &Stored, index: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; stored.size.0 * stored.size.1];
        stored.read(index, &mut out, &mut Vec::new()).unwrap();
        out
    }

    fn refused(element: Element, shape: &[usize], extra: usize) -> DataError {
        let mut bytes = Header::to_bytes(element, shape);
        bytes.resize(bytes.len() + extra, 0);
        open(bytes, &Reading::default()).unwrap_err()
    }

    #[test]
    fn a_wrong_rank_is_named_with_a_remedy() {
        let error = refused(Element::U8, &[6, 4], 24);
        assert_eq!(
            error.to_string(),
            "designs.npy: shape [6, 4] where (designs, rows, columns), none of them 0, is expected"
        );
        assert!(error.hint().unwrap().contains("--layout"));
        assert!(refused(Element::U8, &[6, 3, 4, 4], 288).hint().unwrap().contains("--iterations"));
        assert!(matches!(refused(Element::U8, &[0, 4, 4], 0), DataError::Shape { .. }));
        assert!(matches!(refused(Element::U8, &[0, 1, 4, 4], 0), DataError::Shape { .. }));
    }

    #[test]
    fn an_axis_of_one_channel_is_dropped() {
        for shape in [[1, 1, 2, 3], [1, 2, 3, 1]] {
            let bytes = array(Element::U8, &shape, &[0, 51, 102, 153, 204, 255]);
            let (stored, ..) = open(bytes, &Reading::default()).unwrap();
            assert_eq!((stored.n, stored.size), (1, (2, 3)));
            assert_eq!(design(&stored, 0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        }
    }

    #[test]
    fn whole_numbers_are_taken_as_they_are() {
        let bytes: Vec<u8> = [0_i64, 1, 1, 0].into_iter().flat_map(i64::to_le_bytes).collect();
        let (stored, ..) =
            open(array(Element::I64, &[1, 2, 2], &bytes), &Reading::default()).unwrap();
        assert_eq!(design(&stored, 0), [0.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn bytes_of_0_and_1_are_void_and_solid() {
        let bytes = array(Element::U8, &[2, 1, 2], &[0, 1, 1, 0]);
        let (stored, _, notes) = open(bytes.clone(), &Reading::default()).unwrap();
        assert_eq!(design(&stored, 1), [1.0, 0.0]);
        assert!(notes[0].contains("--range 0:255"), "{notes:?}");
        let levels = Reading { range: "0:255".parse().unwrap(), ..Reading::default() };
        let (stored, _, notes) = open(bytes, &levels).unwrap();
        assert_eq!(design(&stored, 1), [1.0 / 255.0, 0.0]);
        assert!(notes.is_empty());
    }

    #[test]
    fn a_range_maps_its_ends_to_void_and_solid() {
        let values: Vec<u8> =
            [-1.0_f32, 0.0, 1.0, 0.5].into_iter().flat_map(f32::to_le_bytes).collect();
        for (range, expected) in [("-1:1", [0.0, 0.5, 1.0, 0.75]), ("1:-1", [1.0, 0.5, 0.0, 0.25])]
        {
            let reading = Reading { range: range.parse().unwrap(), ..Reading::default() };
            let (stored, ..) = open(array(Element::F32, &[1, 1, 4], &values), &reading).unwrap();
            assert_eq!(design(&stored, 0), expected);
        }
    }

    #[test]
    fn flat_vectors_are_laid_out_as_stated() {
        // nelx = 3, nely = 2.
        let bytes = array(Element::U8, &[1, 6], &[0, 51, 102, 153, 204, 255]);
        let laid_out = |layout: &str| {
            let reading = Reading { layout: layout.parse().unwrap(), ..Reading::default() };
            let (stored, ..) = open(bytes.clone(), &reading)?;
            Ok::<_, DataError>((stored.size, design(&stored, 0)))
        };
        assert_eq!(laid_out("rows:3x2").unwrap(), ((2, 3), vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]));
        assert_eq!(laid_out("columns:3x2").unwrap(), ((2, 3), vec![0.0, 0.4, 0.8, 0.2, 0.6, 1.0]));
        let error = laid_out("rows:3x3").unwrap_err();
        assert!(
            error.to_string().contains("[1, 6]") && error.to_string().contains("rows:3x3"),
            "{error}"
        );
    }

    #[test]
    fn a_transposed_layout_is_noticed() {
        // A bar along x in a domain of 12 x 5, written down the columns.
        let bar: Vec<u8> = (0..12).flat_map(|_| [0, 255, 255, 0, 0]).collect();
        let notes = |layout: &str| {
            let reading = Reading { layout: layout.parse().unwrap(), ..Reading::default() };
            open(array(Element::U8, &[1, 60], &bar), &reading).unwrap().2.join("")
        };
        assert_eq!(notes("columns:12x5"), "");
        assert!(notes("rows:12x5").contains("columns:12x5"), "{}", notes("rows:12x5"));
        assert!(notes("columns:5x12").contains("rows:5x12"));
    }

    #[test]
    fn trajectories_are_groups_or_their_ends() {
        let bytes = array(Element::U8, &[2, 3, 1, 1], &[0, 51, 102, 153, 204, 255]);
        let read = |text: &str| {
            let reading = Reading { iterations: text.parse().unwrap(), ..Reading::default() };
            let (stored, groups, _) = open(bytes.clone(), &reading).unwrap();
            ((0..stored.n).map(|i| design(&stored, i)[0]).collect::<Vec<_>>(), groups)
        };
        assert_eq!(read("all"), (vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0], Some(vec![0, 0, 0, 1, 1, 1])));
        assert_eq!(read("last"), (vec![0.4, 1.0], None));
    }

    #[test]
    fn a_truncated_file_is_found_at_once() {
        let error = refused(Element::F32, &[3, 2, 2], 47);
        assert!(
            matches!(error, DataError::Truncated { expected: 176, found: 175, .. }),
            "{error:?}"
        );
        let error = refused(Element::F64, &[1 << 30, 1 << 12, 1 << 12], 100);
        assert!(matches!(error, DataError::Truncated { .. }), "{error:?}");
    }

    #[test]
    fn a_large_fortran_array_is_refused_before_it_is_read() {
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        let text = "{'descr': '<f4', 'fortran_order': True, 'shape': (1000, 512, 512), }";
        bytes.extend(format!("{text:<117}\n").bytes());
        let error = open(bytes, &Reading::default()).unwrap_err();
        assert!(matches!(error, DataError::FortranOrder { .. }), "{error:?}");
        assert!(error.hint().unwrap().contains("ascontiguousarray"));
    }
}
