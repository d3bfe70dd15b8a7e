//! Designs brought to another size when they are read.

use std::sync::Arc;

use crate::error::DataError;
use crate::formats::npy::Element;
use crate::set::density::first_invalid;
use crate::set::designs::Designs;
use crate::set::resample::Resampler;
use crate::set::size::Resize;

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

    fn element(&self) -> Element {
        if self.inner.element() == Element::U8 { Element::U8 } else { Element::F32 }
    }

    fn read(&self, index: usize, out: &mut [f32], scratch: &mut Vec<u8>) -> Result<(), DataError> {
        let size = self.inner.size();
        let mut design = vec![0.0; size.0 * size.1];
        self.inner.read(index, &mut design, scratch)?;
        match first_invalid(&design) {
            // Resampling would spread a value that is not a density, and it has to be seen.
            Some(position) => out.fill(design[position]),
            None => self.resampler.apply(&design, out),
        }
        Ok(())
    }

    fn file(&self, index: usize) -> String {
        self.inner.file(index)
    }
}
