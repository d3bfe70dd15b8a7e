//! Designs that lie one after the other in a file or in memory.

use std::sync::Arc;

use crate::error::DataError;
use crate::formats::bytes::Bytes;
use crate::formats::npy::{self, Element};
use crate::set::density::clip;
use crate::set::designs::Designs;
use crate::set::value_range::ValueRange;

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
    /// Whether what exceeds the range by rounding is moved to its end.
    clipped: bool,
    /// Of `stride` designs each, only the last is one of these.
    stride: usize,
    /// The file of each design, if each has its own.
    files: Option<Arc<[String]>>,
}

impl Stored {
    /// Designs of little-endian elements, each row by row.
    pub(crate) fn of_elements(
        data: Bytes,
        element: Element,
        n: usize,
        size: (usize, usize),
    ) -> Self {
        Self {
            data,
            element,
            big_endian: false,
            n,
            size,
            columns: false,
            range: None,
            clipped: false,
            stride: 1,
            files: None,
        }
    }

    /// The same designs with the file of each, if there are files.
    pub(crate) fn with_files(self, files: Vec<String>) -> Self {
        Self { files: (!files.is_empty()).then(|| files.into()), ..self }
    }

    /// The same bytes, read as big-endian or little-endian elements.
    pub(crate) fn big_endian(self, big_endian: bool) -> Self {
        Self { big_endian, ..self }
    }

    /// The same bytes, read column by column or row by row.
    pub(crate) fn by_columns(self, columns: bool) -> Self {
        Self { columns, ..self }
    }

    /// The same elements with these values of void and solid.
    pub(crate) fn in_range(self, range: Option<ValueRange>) -> Self {
        Self { range, ..self }
    }

    /// The same designs; what exceeds their range by rounding is moved to its end.
    pub(crate) fn clipped(self) -> Self {
        Self { clipped: true, ..self }
    }

    /// The values of void and solid.
    pub(crate) fn ends(&self) -> ValueRange {
        let solid = if self.element == Element::U8 { 255.0 } else { 1.0 };
        self.range.unwrap_or(ValueRange { void: 0.0, solid })
    }

    /// The last design of each `stride` designs.
    pub(crate) fn last_of_each(self, stride: usize) -> Self {
        Self { n: self.n / stride, stride, ..self }
    }

    /// Reads the elements of a design, little-endian.
    pub(crate) fn read_bytes(&self, index: usize, out: &mut Vec<u8>) -> Result<(), DataError> {
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

    fn element(&self) -> Element {
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
        if self.clipped {
            clip(out);
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
