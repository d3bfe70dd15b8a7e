//! Where densities come from: anything that hands out designs by position.

use ndarray::{Array3, Axis};

use crate::bytes::Bytes;
use crate::npy::{self, Element, Header};
use crate::{DataError, Element as StoredAs};

/// Designs of one size, read by position from any thread.
///
/// This is the door for other sources: a folder of pictures, a table, a stream of solver output. Implement it, and
/// [`DataSet::new`](crate::DataSet::new) gives the rest: checks, splits, batches, fingerprint, conversion.
/// `Array3<f32>` implements it for designs in memory.
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

    /// Writes design `index` into `out`, of length H · W, row by row from the top, 1 = material. `scratch` may be
    /// used for anything; it is handed back and forth so that nothing is allocated per design. Values are checked by
    /// the caller.
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

/// Designs in a NumPy array of shape (N, H, W), read by position.
#[derive(Clone, Debug)]
pub(crate) struct NpyDesigns {
    /// The elements, in row-major order.
    data: Bytes,
    element: Element,
    big_endian: bool,
    n: usize,
    size: (usize, usize),
}

/// Arrays in Fortran order up to this size are turned around in memory.
const MAX_TURNED: u64 = 256 << 20;

impl NpyDesigns {
    /// Checks the header and the length of `file`, but reads no design yet.
    pub(crate) fn open(file: &Bytes) -> Result<Self, DataError> {
        let header = Header::read(file, "densities")?;
        if !header.element.holds_densities() {
            let descr = header.element.to_string();
            return Err(DataError::Element {
                file: file.label().into(),
                descr,
                wanted: "densities",
            });
        }
        let [n, height, width] = header.shape[..] else {
            return Err(shape_error(file, &header.shape));
        };
        if n == 0 || height == 0 || width == 0 {
            return Err(shape_error(file, &header.shape));
        }
        let (data, big_endian) = if header.fortran_order && !lies_in_order(&header.shape) {
            if MAX_TURNED < header.data_len {
                return Err(DataError::FortranOrder {
                    file: file.label().into(),
                    bytes: header.data_len,
                });
            }
            (turned(file, &header, [n, height, width])?, false)
        } else {
            (npy::data(file, &header)?, header.big_endian)
        };
        Ok(Self { data, element: header.element, big_endian, n, size: (height, width) })
    }
}

impl Designs for NpyDesigns {
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
        // No overflow: the product over all designs was checked with the header.
        let bytes = self.size.0 * self.size.1 * self.element.bytes();
        scratch.resize(bytes, 0);
        self.data.read_exact_at(scratch, index as u64 * bytes as u64)?;
        if self.big_endian {
            npy::to_little_endian(scratch, self.element);
        }
        self.element.densities(scratch, out);
        Ok(())
    }

    fn file(&self, _index: usize) -> String {
        self.data.label().into()
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
fn turned(
    file: &Bytes,
    header: &Header,
    [n, height, width]: [usize; 3],
) -> Result<Bytes, DataError> {
    let elements = npy::element_bytes(file, header)?;
    let size = header.element.bytes();
    let mut out = Vec::with_capacity(elements.len());
    for design in 0..n {
        for row in 0..height {
            for column in 0..width {
                let position = (design + n * (row + height * column)) * size;
                out.extend_from_slice(&elements[position..position + size]);
            }
        }
    }
    Ok(Bytes::from_vec(out, file.label()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(element: Element, shape: &[usize], extra: usize) -> DataError {
        let mut bytes = Header::to_bytes(element, shape);
        bytes.resize(bytes.len() + extra, 0);
        NpyDesigns::open(&Bytes::from_vec(bytes, "designs.npy")).unwrap_err()
    }

    #[test]
    fn a_wrong_rank_is_named_with_a_remedy() {
        let error = refused(Element::U8, &[6, 4], 24);
        assert_eq!(
            error.to_string(),
            "designs.npy: shape [6, 4] where (designs, rows, columns), none of them 0, is expected"
        );
        assert!(error.hint().unwrap().contains("(1, rows, columns)"));
        assert!(refused(Element::U8, &[6, 1, 4, 4], 96).hint().unwrap().contains("designs[:, 0]"));
        assert!(matches!(refused(Element::U8, &[0, 4, 4], 0), DataError::Shape { .. }));
    }

    #[test]
    fn whole_numbers_but_bytes_are_refused() {
        let error = refused(Element::I64, &[1, 2, 2], 32);
        assert_eq!(
            error.to_string(),
            "designs.npy: elements of NumPy type \"int64\" cannot be read as densities"
        );
        assert!(error.hint().unwrap().contains("uint8 (0 to 255)"));
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
        let error = NpyDesigns::open(&Bytes::from_vec(bytes, "designs.npy")).unwrap_err();
        assert!(matches!(error, DataError::FortranOrder { .. }), "{error:?}");
        assert!(error.hint().unwrap().contains("ascontiguousarray"));
    }
}
