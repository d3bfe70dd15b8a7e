//! Where densities come from: anything that hands out designs by position.

use ndarray::{Array3, Axis};

use crate::error::DataError;
use crate::formats::npy::Element;

/// Designs of one size, read by position from any thread.
///
/// Implement it for a source of your own, such as a stream of solver output, and
/// [`DataSet::new`](crate::DataSet::new) gives the rest: checks, splits, batches, fingerprint,
/// conversion. `Array3<f32>` implements it for designs in memory.
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
    fn element(&self) -> Element;

    /// Writes design `index` into `out`, of length H · W, row by row from the top, 1 = material.
    /// `scratch` may be used for anything; it is passed from call to call so that nothing is
    /// allocated per design. The caller checks the values.
    ///
    /// # Errors
    ///
    /// If the design cannot be read. `index` is below [`Designs::len`].
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

    fn element(&self) -> Element {
        Element::F32
    }

    fn read(&self, index: usize, out: &mut [f32], _scratch: &mut Vec<u8>) -> Result<(), DataError> {
        out.iter_mut().zip(self.index_axis(Axis(0), index)).for_each(|(out, value)| *out = *value);
        Ok(())
    }

    fn file(&self, _index: usize) -> String {
        "memory".into()
    }
}
