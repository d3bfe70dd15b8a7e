//! The designs of a set on their way into its folder.

use std::path::Path;

use vae_data::DataSetWriter;

use crate::error::HubError;

use super::beside::Beside;
use super::origin::Origin;
use super::reading::Reading;
use super::table::bad_row;

/// The designs as they come; their size is that of the first.
pub(super) struct Sheet<'a> {
    pub(super) folder: &'a Path,
    pub(super) element: vae_data::Element,
    pub(super) writer: Option<(DataSetWriter, (usize, usize))>,
}

impl Sheet<'_> {
    pub(super) fn push(
        &mut self,
        path: &Path,
        row: usize,
        size: (usize, usize),
        design: &[f32],
    ) -> Result<(), HubError> {
        let (writer, first) = match &mut self.writer {
            Some(begun) => begun,
            None => {
                self.writer.insert((DataSetWriter::create(self.folder, size, self.element)?, size))
            }
        };
        if size != *first {
            let (height, width) = *first;
            return Err(bad_row(
                path,
                row,
                format!("is {} x {}, and the first design is {height} x {width}", size.0, size.1),
            ));
        }
        Ok(writer.push(design)?)
    }

    pub(super) fn n_designs(&self) -> u64 {
        self.writer.as_ref().map_or(0, |(writer, _)| writer.n_designs() as u64)
    }

    pub(super) fn finish(
        self,
        beside: Beside,
        origin: &Origin,
        reading: &Reading,
        license: Option<String>,
    ) -> Result<(), HubError> {
        // Files have rows, which was checked, and each gave a design.
        match self.writer {
            Some((writer, size)) => {
                Ok(writer.finish(beside.details(size, origin, reading, license))?)
            }
            None => Ok(()),
        }
    }
}
