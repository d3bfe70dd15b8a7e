//! Masks: which cells of a design are free, and which are prescribed to be void or solid.

use ndarray::{Array2, Array3, ArrayView2};

use crate::error::{DataError, FormatError, SetError};
use crate::formats::bytes::Bytes;
use crate::formats::npy::{self, Element, Header};

/// A cell that holds no material, whatever the design says.
pub const VOID: u8 = 0;
/// A cell that the design decides.
pub const FREE: u8 = 1;
/// A cell that is full of material, whatever the design says.
pub const SOLID: u8 = 2;

/// Masks to be written beside designs, of [`VOID`], [`FREE`] and [`SOLID`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Masks {
    /// One mask (H, W) for all designs.
    Shared(Array2<u8>),
    /// One mask per design, (N, H, W).
    PerDesign(Array3<u8>),
}

/// The masks of an open data set.
#[derive(Clone, Debug)]
pub(crate) enum MaskSource {
    None,
    Shared(Array2<u8>),
    /// The elements of a (N, H, W) array of bytes, read by position.
    PerDesign(Bytes),
}

impl MaskSource {
    /// Opens `masks.npy` for designs of shape (n, height, width).
    pub(crate) fn open(
        file: &Bytes,
        n: usize,
        (height, width): (usize, usize),
    ) -> Result<Self, DataError> {
        let header = Header::read(file, "masks")?;
        if header.element != Element::U8 {
            let descr = header.element.to_string();
            return Err(FormatError::Element {
                file: file.label().into(),
                descr,
                wanted: "masks (uint8)",
            }
            .into());
        }
        if header.shape[..] == [height, width] {
            let mask = npy::read_bytes(file, "masks")?;
            let mask: Array2<u8> = mask
                .into_dimensionality()
                .map_err(|_| mask_shape(file, &header.shape, n, height, width))?;
            check(mask.iter().copied(), 0, file.label())?;
            return Ok(Self::Shared(mask));
        }
        if header.shape[..] != [n, height, width] {
            return Err(mask_shape(file, &header.shape, n, height, width));
        }
        if header.fortran_order {
            let file = file.label().into();
            return Err(FormatError::Scattered { file, bytes: header.data_len }.into());
        }
        Ok(Self::PerDesign(npy::data(file, &header)?))
    }

    /// Checks masks in memory against designs of shape (n, height, width).
    pub(crate) fn from_masks(
        masks: Masks,
        n: usize,
        (height, width): (usize, usize),
    ) -> Result<Self, DataError> {
        let file = Bytes::from_vec(Vec::new(), "masks");
        match masks {
            Masks::Shared(mask) if mask.shape() == [height, width] => {
                check(mask.iter().copied(), 0, "masks")?;
                Ok(Self::Shared(mask))
            }
            Masks::PerDesign(masks) if masks.shape() == [n, height, width] => {
                let bytes: Vec<u8> = masks.iter().copied().collect();
                Ok(Self::PerDesign(Bytes::from_vec(bytes, "masks")))
            }
            Masks::Shared(mask) => Err(mask_shape(&file, mask.shape(), n, height, width)),
            Masks::PerDesign(masks) => Err(mask_shape(&file, masks.shape(), n, height, width)),
        }
    }

    /// Writes the mask of design `index` into `out`, of length H · W; all free if there are no
    /// masks.
    pub(crate) fn read(&self, index: usize, out: &mut [u8]) -> Result<(), DataError> {
        match self {
            Self::None => out.fill(FREE),
            Self::Shared(mask) => out.iter_mut().zip(mask).for_each(|(out, value)| *out = *value),
            Self::PerDesign(bytes) => {
                bytes.read_exact_at(out, index as u64 * out.len() as u64)?;
                check(out.iter().copied(), index, bytes.label())?;
            }
        }
        Ok(())
    }

    /// The mask that all designs share.
    pub(crate) fn shared(&self) -> Option<ArrayView2<'_, u8>> {
        if let Self::Shared(mask) = self { Some(mask.view()) } else { None }
    }
}

fn check(mut values: impl Iterator<Item = u8>, design: usize, file: &str) -> Result<(), SetError> {
    match values.find(|value| SOLID < *value) {
        Some(value) => Err(SetError::MaskValue { file: file.into(), design, value }),
        None => Ok(()),
    }
}

fn mask_shape(file: &Bytes, shape: &[usize], n: usize, height: usize, width: usize) -> DataError {
    let expected = format!("({height}, {width}) or ({n}, {height}, {width})");
    FormatError::Shape { file: file.label().into(), shape: shape.into(), expected }.into()
}
