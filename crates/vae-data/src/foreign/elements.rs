//! The elements of an array as they lie in a file, and the designs that stand in them.

use vae_base::Note;

use crate::error::{DataError, FormatError, ReadingError};
use crate::foreign::layout::Axis;
use crate::formats::bytes::Bytes;
use crate::formats::npy::{self, Element, Header};
use crate::set::store::Store;
use crate::set::stored::Stored;

/// Arrays in which no design lies in one piece are brought into order in memory up to this size.
const MAX_TURNED: u64 = 256 << 20;

/// The elements of an array as they lie in a file.
pub(crate) struct Elements {
    pub(crate) data: Bytes,
    pub(crate) element: Element,
    pub(crate) big_endian: bool,
    pub(crate) shape: Vec<usize>,
    /// From one position of each axis to the next, in elements.
    pub(crate) strides: Vec<usize>,
}

/// One axis of an array: what it counts, its length, and its stride in elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    axis: Axis,
    len: usize,
    stride: usize,
}

impl Elements {
    /// The array in a `.npy` file, its header and length checked.
    pub(crate) fn of_npy(file: &Bytes) -> Result<Self, FormatError> {
        let header = Header::read(file, "densities")?;
        let data = npy::data(file, &header)?;
        let mut elements = Self::in_rows(data, header.element, header.shape);
        elements.big_endian = header.big_endian;
        if header.fortran_order {
            elements.strides = strides(elements.shape.iter());
        }
        Ok(elements)
    }

    /// Little-endian elements whose last axis is the fastest.
    pub(crate) fn in_rows(data: Bytes, element: Element, shape: Vec<usize>) -> Self {
        let mut strides = strides(shape.iter().rev());
        strides.reverse();
        Self { data, element, big_endian: false, shape, strides }
    }

    /// Whether the first axis is the fastest, as in Fortran and MATLAB.
    pub(crate) fn is_by_columns(&self) -> bool {
        let long: Vec<usize> = (0..self.shape.len()).filter(|axis| 1 < self.shape[*axis]).collect();
        1 < long.len() && long.is_sorted_by_key(|axis| self.strides[*axis])
    }

    /// Takes an axis as two: the first counts steps of the length of the second.
    pub(crate) fn split(&mut self, axis: usize, second: usize) {
        let stride = self.strides[axis];
        self.shape.splice(axis..=axis, [self.shape[axis] / second, second]);
        self.strides.splice(axis..=axis, [stride * second, stride]);
    }

    /// Name of the file, for messages.
    pub(crate) fn label(&self) -> &str {
        self.data.label()
    }

    /// Reads `n` elements from the position `first` on as numbers, every `stride`-th of them.
    pub(crate) fn numbers(
        &self,
        first: usize,
        n: usize,
        stride: usize,
        mut each: impl FnMut(f64),
    ) -> Result<(), FormatError> {
        let size = self.element.bytes();
        let mut bytes = vec![0; ((n.max(1) - 1) * stride + 1) * size];
        self.data.read_exact_at(&mut bytes, (first * size) as u64)?;
        if self.big_endian {
            npy::to_little_endian(&mut bytes, self.element);
        }
        self.element.for_each(&bytes, |position, value| {
            if position.is_multiple_of(stride) {
                each(value);
            }
        });
        Ok(())
    }

    /// The designs, if the axes count what `order` says. They are read by position if each lies in
    /// one piece; otherwise they are brought into order now.
    pub(crate) fn designs(
        &self,
        order: &[Axis],
        notes: &mut Vec<Note>,
    ) -> Result<Stored, DataError> {
        let mut places: Vec<Place> = order
            .iter()
            .zip(self.shape.iter().zip(&self.strides))
            .map(|(axis, (len, stride))| Place { axis: *axis, len: *len, stride: *stride })
            .collect();
        let length = |axis| places.iter().find(|place| place.axis == axis).map_or(1, |p| p.len);
        let n = length(Axis::Design) * length(Axis::Iteration);
        let size = (length(Axis::Row), length(Axis::Column));
        places.retain(|place| 1 < place.len);
        places.sort_by_key(|place| std::cmp::Reverse(place.stride));
        let found: Vec<Axis> = places.iter().map(|place| place.axis).collect();
        let by_rows = found.is_sorted(); // as the axes are declared: designs, iterations, rows, columns
        let swapped: Vec<Axis> = found
            .iter()
            .map(|axis| match axis {
                Axis::Row => Axis::Column,
                Axis::Column => Axis::Row,
                other => *other,
            })
            .collect();
        if !found.contains(&Axis::Channel) && (by_rows || swapped.is_sorted()) {
            let stored = Stored::of_elements(self.data.clone(), self.element, n, size);
            return Ok(stored.big_endian(self.big_endian).by_columns(!by_rows));
        }
        let data = self.gathered(&places, notes)?;
        Ok(Stored::of_elements(data, self.element, n, size).big_endian(self.big_endian))
    }

    /// The elements design by design, each row by row, without channels. The axes are given from
    /// the slowest to the fastest.
    fn gathered(&self, places: &[Place], notes: &mut Vec<Note>) -> Result<Bytes, DataError> {
        let size = self.element.bytes();
        let outer = |place: &Place| matches!(place.axis, Axis::Design | Axis::Iteration);
        let leading = places.iter().take_while(|place| outer(place)).count();
        let in_pieces = !places[leading..].iter().any(outer);
        // What is held in memory at a time: one design, or everything.
        let window = if in_pieces {
            places[leading..].iter().map(|place| place.len).product::<usize>() * size
        } else {
            if MAX_TURNED < self.data.len() {
                let (file, bytes) = (self.label().into(), self.data.len());
                return Err(FormatError::Scattered { file, bytes }.into());
            }
            self.data.len() as usize
        };
        let of = |axis| {
            let place = places.iter().find(|place| place.axis == axis);
            place.map_or((1, 0), |place| (place.len, place.stride))
        };
        let [(n, by_n), (t, by_t), (height, by_row), (width, by_column), (channels, by_channel)] =
            [Axis::Design, Axis::Iteration, Axis::Row, Axis::Column, Axis::Channel].map(of);
        let mut pixel = Pixel {
            channels,
            stride: by_channel * size,
            size,
            equal: true,
            opaque: matches!(channels, 2 | 4),
            opacity: None,
        };
        let mut store = Store::new(self.label());
        let (mut bytes, mut design) = (vec![0; window], Vec::with_capacity(height * width * size));
        if !in_pieces {
            self.data.read_exact_at(&mut bytes, 0)?;
        }
        for index in 0..n * t {
            let mut start = ((index / t) * by_n + (index % t) * by_t) * size;
            if in_pieces {
                self.data.read_exact_at(&mut bytes, start as u64)?;
                start = 0;
            }
            design.clear();
            for row in 0..height {
                for column in 0..width {
                    let at = start + (row * by_row + column * by_column) * size;
                    let grey = pixel.grey(&bytes[at..]).ok_or_else(|| ReadingError::Colored {
                        file: self.label().into(),
                        shape: self.shape.clone(),
                        design: index,
                        channels,
                    })?;
                    design.extend_from_slice(grey);
                }
            }
            store.push(&design)?;
        }
        if 1 < channels {
            let note = format!("the {channels} channels of each design say the same; one is taken");
            notes.push(Note::new(note));
        }
        Ok(store.finish()?)
    }
}

/// The strides of axes, given from the fastest.
fn strides<'a>(shape: impl Iterator<Item = &'a usize>) -> Vec<usize> {
    shape.scan(1, |stride, n| Some(std::mem::replace(stride, *stride * n))).collect()
}

/// How the channels of a cell lie, and what held of all cells so far.
struct Pixel {
    channels: usize,
    /// From one channel to the next, in bytes.
    stride: usize,
    /// Bytes of one element.
    size: usize,
    /// Whether all channels are equal.
    equal: bool,
    /// Whether the channels before the last are equal, and the last is an opacity.
    opaque: bool,
    /// The opacity of the first cell.
    opacity: Option<Vec<u8>>,
}

impl Pixel {
    /// The element that stands for the cell at the beginning of `bytes`; `None` if the channels are
    /// neither equal nor grey with the same opacity everywhere.
    fn grey<'a>(&mut self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let channel = |k: usize| &bytes[k * self.stride..k * self.stride + self.size];
        let (first, last) = (channel(0), channel(self.channels - 1));
        if 1 < self.channels {
            let equal = |channels: usize| (1..channels).all(|k| channel(k) == first);
            self.equal &= equal(self.channels);
            self.opaque = self.opaque
                && equal(self.channels - 1)
                && self.opacity.get_or_insert_with(|| last.to_vec()) == last;
        }
        (self.equal || self.opaque).then_some(first)
    }
}
