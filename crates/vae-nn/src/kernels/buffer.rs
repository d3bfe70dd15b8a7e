//! Large buffers that are used again from step to step.
//!
//! The intermediate results of a training step have the same sizes in every step. The system or the
//! allocator would clear fresh memory for them each time, which is a pass over memory of its own.

use crate::kernels::element::Element;
use std::ops::{Deref, DerefMut};
use std::sync::PoisonError;

/// A slice of `len` elements with unspecified contents at first, given back when dropped.
#[derive(Debug)]
pub(crate) struct Buffer<T: Element> {
    values: Vec<T>,
    len: usize,
}

impl<T: Element> Buffer<T> {
    /// The smallest waiting buffer that is large enough. If there is none, the largest is freed for
    /// a new one, so that there are never more buffers than were in use at one time. A buffer that
    /// is far too large is left for other requests.
    pub(crate) fn new(len: usize) -> Self {
        let mut spare = T::spare().lock().unwrap_or_else(PoisonError::into_inner);
        let place = spare.partition_point(|values| values.len() < len);
        let values = match spare.get(place).map(Vec::len) {
            Some(found) if found <= 4 * len + 1024 => spare.remove(place),
            Some(_) => vec![T::ZERO; len],
            None => {
                drop(spare.pop());
                vec![T::ZERO; len]
            }
        };
        Self { values, len }
    }
}

impl<T: Element> Drop for Buffer<T> {
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.values);
        let mut spare = T::spare().lock().unwrap_or_else(PoisonError::into_inner);
        let place = spare.partition_point(|other| other.len() < values.len());
        spare.insert(place, values);
    }
}

impl<T: Element> Deref for Buffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.values[..self.len]
    }
}

impl<T: Element> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.values[..self.len]
    }
}
