//! The data set: designs by position, and what is known about each.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{ArrayView1, ArrayView2};
use vae_base::{Note, Remedy};

#[cfg(doc)]
use crate::error::FormatError;
use crate::error::{DataError, SetError};
use crate::formats::bytes::Bytes;
use crate::formats::npy::Element;
use crate::formats::table::Table;
use crate::set::checks::check_count;
use crate::set::cut::Cut;
use crate::set::density::first_invalid;
use crate::set::designs::Designs;
use crate::set::details::Details;
use crate::set::fields::FieldMaps;
use crate::set::masks::MaskSource;
use crate::set::metadata::{Condition, Metadata};
use crate::set::parts::Parts;
use crate::set::problems::ProblemSource;

/// Designs of one size with their conditions, groups, masks, problems and results.
///
/// Designs, and masks and problems of single designs, are read by position when they are asked for,
/// so a set may be larger than memory; everything else is held in memory. A set can be read from
/// several threads at once, and cloning it shares its files.
///
/// # Examples
///
/// ```
/// use ndarray::{Array3, arr2};
/// use vae_data::{Condition, DataSet, Details};
///
/// let designs = Array3::from_shape_fn((3, 4, 6), |(i, _, column)| f32::from(column < 2 * i));
/// let values = arr2(&[[0.0], [1.0 / 3.0], [2.0 / 3.0]]);
/// let conditions = vec![Condition::covering("volume_fraction", "", values.column(0))];
/// let set = DataSet::new("bars", designs, Details { conditions, values, ..Details::default() })?;
///
/// let mut pixels = vec![0.0; set.design_len()];
/// set.read_into(&[2], &mut pixels)?;
/// assert_eq!(pixels.iter().sum::<f32>(), 16.0);
/// assert_eq!(set.conditions().row(2)[0], 2.0 / 3.0);
/// # Ok::<(), vae_data::DataError>(())
/// ```
#[derive(Clone)]
pub struct DataSet {
    parts: Parts,
}

impl DataSet {
    /// Joins designs with what is known about them.
    ///
    /// # Errors
    ///
    /// [`DataError`] if there is no design or no cell, parts have different lengths, a condition is
    /// not finite or outside its range, a mask value is above 2, or a problem has a line break in
    /// it.
    pub fn new(
        name: &str,
        designs: impl Designs + 'static,
        details: Details,
    ) -> Result<Self, DataError> {
        Ok(Self::of(Parts::new(name, Arc::new(designs), details)?))
    }

    /// The set of these parts, which fit together.
    pub(crate) fn of(parts: Parts) -> Self {
        Self { parts }
    }

    /// The designs as they are stored, unchecked.
    pub(crate) fn designs(&self) -> &dyn Designs {
        &*self.parts.designs
    }

    /// The files the set came from, by the name each has in a data-set folder.
    pub(crate) fn members(&self) -> &[(&'static str, Bytes)] {
        &self.parts.members
    }

    /// The masks.
    pub(crate) fn masks(&self) -> &MaskSource {
        &self.parts.masks
    }

    /// The problems.
    pub(crate) fn problems(&self) -> &ProblemSource {
        &self.parts.problems
    }

    /// What was found out or decided while the set was opened: how its files were read, and the
    /// settings that change it.
    pub fn notes(&self) -> &[Note] {
        &self.parts.notes
    }

    /// What exchanges material and void when the data are opened again, and what keeps them; `None`
    /// if it was stated which is which.
    pub fn exchange(&self) -> Option<&[Remedy; 2]> {
        self.parts.exchange.as_ref()
    }

    /// Why it is uncertain which value is material, where the stated problem may decide it; without a
    /// problem this is one of the [notes](Self::notes).
    pub fn doubt(&self) -> Option<&Note> {
        self.parts.doubt.as_ref()
    }

    /// The first picture before it was cut, if the designs are pictures that were cut.
    pub fn cut(&self) -> Option<&Cut> {
        self.parts.cut.as_ref()
    }

    /// The file that design `index` lies in.
    pub fn file(&self, index: usize) -> String {
        self.parts.designs.file(index)
    }

    /// The designs to test with, if the source says which these are, as MNIST's files do.
    pub fn stated_test(&self) -> Option<&Range<usize>> {
        self.parts.stated_test.as_ref()
    }

    /// Short name: what the set calls itself, or the name of its file or folder.
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// Number of designs N, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "no data set is empty")]
    pub fn len(&self) -> usize {
        self.parts.designs.len()
    }

    /// Number of rows H of each design (`nely`).
    pub fn height(&self) -> usize {
        self.parts.designs.size().0
    }

    /// Number of columns W of each design (`nelx`).
    pub fn width(&self) -> usize {
        self.parts.designs.size().1
    }

    /// Number of cells of each design, H · W.
    pub fn design_len(&self) -> usize {
        self.height() * self.width()
    }

    /// How the densities are stored.
    pub fn element(&self) -> Element {
        self.parts.designs.element()
    }

    /// The conditions of every design, (N, C), in the units of [`DataSet::condition_info`].
    pub fn conditions(&self) -> ArrayView2<'_, f32> {
        self.parts.values.view()
    }

    /// Name, unit and range of each condition, in the order of the columns.
    pub fn condition_info(&self) -> &[Condition] {
        &self.parts.conditions
    }

    /// The values of one condition, (N).
    ///
    /// # Errors
    ///
    /// [`SetError::UnknownColumn`] names the conditions there are.
    pub fn condition(&self, name: &str) -> Result<ArrayView1<'_, f32>, DataError> {
        Ok(self.parts.condition(name)?)
    }

    /// The group of each design, (N). Designs of one group never stand on two sides of a split.
    pub fn groups(&self) -> &[u32] {
        &self.parts.groups
    }

    /// Number of different groups.
    pub fn n_groups(&self) -> usize {
        self.parts.groups.iter().collect::<BTreeSet<_>>().len()
    }

    /// Replaces the groups. The files stay as they are, and so does the fingerprint.
    ///
    /// # Errors
    ///
    /// [`SetError::Count`] unless there is one group per design.
    pub fn with_groups(mut self, groups: Vec<u32>) -> Result<Self, DataError> {
        check_count(&self.parts.name, "groups", groups.len(), self.len())?;
        self.parts.groups = groups;
        Ok(self)
    }

    /// Replaces the metadata: origin and terms.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.parts.metadata = metadata;
        self
    }

    /// Lays maps of the problems beside the designs. They are held in memory: they are in no file
    /// and not in the fingerprint, and whatever is made from the designs of this set, such as a
    /// copy in a folder or of another size, does not have them.
    ///
    /// # Errors
    ///
    /// [`SetError::Count`] unless the maps say the problem of each design,
    /// [`SetError::FieldShape`] if they have another size than the designs.
    pub fn with_fields(mut self, fields: FieldMaps) -> Result<Self, DataError> {
        check_count(&self.parts.name, "problems of designs", fields.designs(), self.len())?;
        let expected = (fields.channels().len(), self.height(), self.width());
        let found = fields.maps(0).shape(); // a set has a design, and that a problem
        if found != expected {
            let recipe = fields.recipe().to_owned();
            return Err(SetError::FieldShape { recipe, found, expected }.into());
        }
        self.parts.fields = Some(Arc::new(fields));
        Ok(self)
    }

    /// The maps of the problems, if there are any.
    pub fn fields(&self) -> Option<&FieldMaps> {
        self.parts.fields.as_deref()
    }

    /// Whether cells are prescribed to be void or solid.
    pub fn has_masks(&self) -> bool {
        !matches!(self.parts.masks, MaskSource::None)
    }

    /// The mask (H, W) that all designs share, of [`VOID`](crate::VOID), [`FREE`](crate::FREE) and
    /// [`SOLID`](crate::SOLID), if there is one.
    pub fn mask(&self) -> Option<ArrayView2<'_, u8>> {
        self.parts.masks.shared()
    }

    /// The mechanics of design `index` as one JSON text, if `problems.jsonl` states it.
    ///
    /// # Errors
    ///
    /// [`FormatError::Io`] if the line cannot be read or is not text; [`SetError::DesignIndex`].
    pub fn problem(&self, index: usize) -> Result<Option<String>, DataError> {
        self.check_index(index)?;
        match &self.parts.problems {
            ProblemSource::PerDesign(lines) => Ok(Some(lines.line(index)?)),
            ProblemSource::None | ProblemSource::Shared(_) => Ok(None),
        }
    }

    /// The mechanics that all designs share, the text of `problem.toml`, whose values may name
    /// conditions.
    pub fn shared_problem(&self) -> Option<&str> {
        if let ProblemSource::Shared(text) = &self.parts.problems { Some(text) } else { None }
    }

    /// Compliance, iterations, greyness, source: whatever `results.csv` holds, one row per design.
    pub fn results(&self) -> Option<&Table> {
        self.parts.results.as_ref()
    }

    /// Origin and terms.
    pub fn metadata(&self) -> &Metadata {
        &self.parts.metadata
    }

    /// Reads designs into `out`, (B, H, W) densities in 0 to 1, 1 = material, in the order of
    /// `indices`.
    ///
    /// Values up to [`ROUNDING`](crate::ROUNDING) outside 0 to 1 are moved to the nearest end.
    ///
    /// # Errors
    ///
    /// [`SetError::Density`] for a value that is NaN or outside 0 to 1; [`FormatError::Io`];
    /// [`SetError::DesignIndex`].
    ///
    /// # Panics
    ///
    /// If `out` has another length than B · H · W.
    #[track_caller]
    pub fn read_into(&self, indices: &[usize], out: &mut [f32]) -> Result<(), DataError> {
        self.read_with(indices, out, &mut Vec::new())
    }

    /// Reads masks into `out`, (B, H, W), in the order of `indices`; all [`FREE`](crate::FREE) if
    /// there are none.
    ///
    /// # Errors
    ///
    /// [`SetError::MaskValue`], [`FormatError::Io`], [`SetError::DesignIndex`].
    ///
    /// # Panics
    ///
    /// If `out` has another length than B · H · W.
    #[track_caller]
    pub fn read_masks_into(&self, indices: &[usize], out: &mut [u8]) -> Result<(), DataError> {
        assert_eq!(out.len(), indices.len() * self.design_len(), "out has one value per cell");
        for (index, out) in indices.iter().zip(out.chunks_exact_mut(self.design_len())) {
            self.check_index(*index)?;
            self.parts.masks.read(*index, out)?;
        }
        Ok(())
    }

    /// [`DataSet::read_into`] with a buffer for the bytes of one design.
    #[track_caller]
    pub(crate) fn read_with(
        &self,
        indices: &[usize],
        out: &mut [f32],
        scratch: &mut Vec<u8>,
    ) -> Result<(), DataError> {
        assert_eq!(out.len(), indices.len() * self.design_len(), "out has one value per cell");
        for (index, out) in indices.iter().zip(out.chunks_exact_mut(self.design_len())) {
            self.check_index(*index)?;
            self.parts.designs.read(*index, out, scratch)?;
            if let Some(position) = first_invalid(out) {
                return Err(SetError::Density {
                    file: self.parts.designs.file(*index),
                    design: *index,
                    row: position / self.width(),
                    column: position % self.width(),
                    value: out[position],
                }
                .into());
            }
            for value in out {
                *value = value.clamp(0.0, 1.0);
            }
        }
        Ok(())
    }

    fn check_index(&self, index: usize) -> Result<(), DataError> {
        if index < self.len() {
            return Ok(());
        }
        Err(SetError::DesignIndex { name: self.parts.name.clone(), index, n: self.len() }.into())
    }
}

impl fmt::Debug for DataSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataSet")
            .field("name", &self.parts.name)
            .field("shape", &[self.len(), self.height(), self.width()])
            .field("conditions", &self.parts.conditions)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Array3, arr2};

    use super::*;
    use crate::set::masks::Masks;

    fn two_bars() -> Array3<f32> {
        Array3::from_shape_fn((2, 2, 3), |(i, row, _)| f32::from(u8::from(i == row)))
    }

    #[test]
    fn sets_can_be_read_from_other_threads() {
        fn shared<T: Send + Sync + 'static>() {}
        shared::<DataSet>();
        shared::<DataError>();

        let set = Arc::new(DataSet::new("bars", two_bars(), Details::default()).unwrap());
        let reader = Arc::clone(&set);
        let read = std::thread::spawn(move || {
            let mut out = vec![0.0; 12];
            reader.read_into(&[1, 0], &mut out).map(|()| out)
        });
        assert_eq!(read.join().unwrap().unwrap(), [0., 0., 0., 1., 1., 1., 1., 1., 1., 0., 0., 0.]);
    }

    #[test]
    fn a_bad_density_is_named_with_its_place() {
        for value in [f32::NAN, f32::INFINITY, 1.5, -0.1, 1.0 + 2e-6] {
            let mut designs = two_bars();
            designs[[1, 0, 2]] = value;
            let set = DataSet::new("bars", designs, Details::default()).unwrap();
            let mut out = vec![0.0; 6];
            set.read_into(&[0], &mut out).unwrap();
            let error = set.read_into(&[1], &mut out).unwrap_err();
            let DataError::Set(SetError::Density { design, row, column, value: found, .. }) = error
            else {
                panic!("{error}")
            };
            assert_eq!((design, row, column, found.to_bits()), (1, 0, 2, value.to_bits()));
        }
    }

    #[test]
    fn rounding_is_forgiven() {
        let designs = Array3::from_shape_vec((1, 1, 2), vec![-5e-7, 1.0 + 5e-7]).unwrap();
        let set = DataSet::new("noise", designs, Details::default()).unwrap();
        let mut out = vec![0.5; 2];
        set.read_into(&[0], &mut out).unwrap();
        assert_eq!(out, [0.0, 1.0]);
    }

    #[test]
    fn parts_that_do_not_fit_are_refused() {
        let condition = |min, max| {
            vec![Condition { min, max, ..Condition::covering("v", "", ndarray::aview1(&[])) }]
        };
        let new = |details| DataSet::new("bars", two_bars(), details).unwrap_err().to_string();
        let with = |conditions, values| Details { conditions, values, ..Details::default() };
        assert_eq!(
            new(with(condition(0.0, 1.0), arr2(&[[0.5], [f32::NAN]]))),
            "bars: condition \"v\" of design 1 is NaN, outside 0 to 1"
        );
        assert!(new(with(condition(0.0, 1.0), arr2(&[[0.5], [1.5]]))).contains("is 1.5"));
        assert!(new(with(condition(f32::NAN, 1.0), arr2(&[[0.5], [0.5]]))).contains("outside NaN"));
        assert_eq!(
            new(with(condition(0.0, 1.0), arr2(&[[0.5]]))),
            "bars: 1 rows of conditions where 2 are expected"
        );
        assert!(new(with(vec![], arr2(&[[0.5], [0.5]]))).contains("1 columns of conditions"));
        assert!(new(Details { groups: Some(vec![1]), ..Details::default() }).contains("1 groups"));
        assert!(
            new(Details { results: Some(Table::new(&["a"])), ..Details::default() })
                .contains("0 rows of results")
        );
        let masks = Some(Masks::Shared(Array2::from_elem((2, 3), 3)));
        assert!(new(Details { masks, ..Details::default() }).contains("value 3"));
        let masks = Some(Masks::Shared(Array2::from_elem((3, 2), 1)));
        assert!(new(Details { masks, ..Details::default() }).contains("shape [3, 2]"));
        let empty = DataSet::new("none", Array3::zeros((0, 2, 3)), Details::default());
        assert!(matches!(empty, Err(DataError::Set(SetError::DesignShape { .. }))));
    }

    #[test]
    fn an_index_too_large_is_an_error() {
        let set = DataSet::new("bars", two_bars(), Details::default()).unwrap();
        let error = set.read_into(&[2], &mut [0.0; 6]).unwrap_err();
        assert_eq!(error.to_string(), "design 2 was asked for, and bars has 2 (0 to 1)");
        assert!(set.problem(2).is_err());
        assert!(set.read_masks_into(&[2], &mut [0; 6]).is_err());
    }
}
