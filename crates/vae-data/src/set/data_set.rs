//! The data set: designs by position, and what is known about each.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ndarray::{Array2, ArrayView1, ArrayView2, Axis};

use crate::DataError;
use crate::formats::bytes::Bytes;
use crate::formats::npy::Element;
use crate::formats::table::Table;
use crate::set::designs::Designs;
use crate::set::fingerprint;
use crate::set::masks::{MaskSource, Masks};
use crate::set::metadata::{Condition, Metadata};
use crate::set::problems::{ProblemSource, Problems};

/// Densities may lie this far outside 0 to 1, as rounding leaves them; they are then moved to the
/// nearest end.
pub const ROUNDING: f32 = 1e-6;

/// Designs of one size with their conditions, groups, masks, problems and results.
///
/// Designs are read by position when they are asked for, so a set may be larger than memory;
/// everything else but masks and problems of single designs is held in memory. A set can be read
/// from several threads at once, and cloning it shares its files.
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
    pub(crate) name: String,
    pub(crate) designs: Arc<dyn Designs>,
    pub(crate) values: Array2<f32>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) groups: Vec<u32>,
    pub(crate) masks: MaskSource,
    pub(crate) problems: ProblemSource,
    pub(crate) results: Option<Table>,
    pub(crate) metadata: Metadata,
    /// The files it came from, by the name each has in a data-set folder; none for a set made in
    /// memory.
    pub(crate) members: Vec<(&'static str, Bytes)>,
    /// The file of each design, below the folder, if each has one.
    pub(crate) names: Vec<String>,
    /// Whether the source says what belongs together.
    pub(crate) grouped: bool,
    /// The designs to test with, if the source says which these are.
    pub(crate) stated_test: Option<Range<usize>>,
    /// The label by whose values the designs are grouped.
    pub(crate) label_groups: Option<String>,
    /// What was found out or decided while the set was opened.
    pub(crate) notes: Vec<String>,
}

/// What stands beside the designs of a set. Everything may be left out.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// Origin and terms.
    pub metadata: Metadata,
    /// Names, units and ranges of the conditions.
    pub conditions: Vec<Condition>,
    /// Their values, (N, C).
    pub values: Array2<f32>,
    /// The group of each design; if left out, each is a group of its own.
    pub groups: Option<Vec<u32>>,
    /// Cells that are void or solid by decree.
    pub masks: Option<Masks>,
    /// One row per design: compliance, iterations, greyness, source.
    pub results: Option<Table>,
    /// The mechanics.
    pub problems: Problems,
}

impl DataSet {
    /// Joins designs with what is known about them.
    ///
    /// # Errors
    ///
    /// No design or no cell; parts of different lengths; a condition that is not finite or leaves
    /// its range; a mask value above 2; a problem with a line break in it.
    pub fn new(
        name: &str,
        designs: impl Designs + 'static,
        details: Details,
    ) -> Result<Self, DataError> {
        Self::from_parts(name, Arc::new(designs), details)
    }

    pub(crate) fn from_parts(
        name: &str,
        designs: Arc<dyn Designs>,
        details: Details,
    ) -> Result<Self, DataError> {
        let (n, size) = (designs.len(), designs.size());
        if n == 0 || size.0 == 0 || size.1 == 0 {
            let expected = "(designs, rows, columns), none of them 0,".into();
            return Err(DataError::Shape {
                file: name.into(),
                shape: vec![n, size.0, size.1],
                expected,
            });
        }
        let values = check_conditions(name, n, &details.conditions, details.values)?;
        let grouped = details.groups.is_some();
        let groups = match details.groups {
            Some(groups) => groups,
            None => own_groups(name, n, size)?,
        };
        check_count(name, "groups", groups.len(), n)?;
        if let Some(results) = &details.results {
            check_count(name, "rows of results", results.len(), n)?;
        }
        let masks = match details.masks {
            Some(masks) => MaskSource::from_masks(masks, n, size)?,
            None => MaskSource::None,
        };
        Ok(Self {
            name: name.into(),
            designs,
            values,
            conditions: details.conditions,
            groups,
            masks,
            problems: ProblemSource::from_problems(details.problems, n)?,
            results: details.results,
            metadata: details.metadata,
            members: Vec::new(),
            names: Vec::new(),
            grouped,
            stated_test: None,
            label_groups: None,
            notes: Vec::new(),
        })
    }

    /// What was found out or decided while the set was opened, one line each: how its files were
    /// read, and what a person may want to decide otherwise.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The file that design `index` lies in.
    pub fn file(&self, index: usize) -> String {
        self.designs.file(index)
    }

    /// The designs to test with, if the source says which these are, as MNIST's files do.
    pub fn stated_test(&self) -> Option<&Range<usize>> {
        self.stated_test.as_ref()
    }

    /// Short name: what the set calls itself, or the name of its file or folder.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Number of designs N, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "no data set is empty")]
    pub fn len(&self) -> usize {
        self.designs.len()
    }

    /// Number of rows H of each design (`nely`).
    pub fn height(&self) -> usize {
        self.designs.size().0
    }

    /// Number of columns W of each design (`nelx`).
    pub fn width(&self) -> usize {
        self.designs.size().1
    }

    /// Number of cells of each design, H · W.
    pub fn design_len(&self) -> usize {
        self.height() * self.width()
    }

    /// How the densities are stored.
    pub fn element(&self) -> Element {
        self.designs.element()
    }

    /// The conditions of every design, (N, C), in the units of [`DataSet::condition_info`].
    pub fn conditions(&self) -> ArrayView2<'_, f32> {
        self.values.view()
    }

    /// Name, unit and range of each condition, in the order of the columns.
    pub fn condition_info(&self) -> &[Condition] {
        &self.conditions
    }

    /// The values of one condition, (N).
    ///
    /// # Errors
    ///
    /// [`DataError::UnknownColumn`] names the conditions there are.
    pub fn condition(&self, name: &str) -> Result<ArrayView1<'_, f32>, DataError> {
        let position = self.conditions.iter().position(|condition| condition.name == name);
        let known = || self.conditions.iter().map(|condition| condition.name.clone()).collect();
        match position {
            Some(position) => Ok(self.values.index_axis(Axis(1), position)),
            None => Err(DataError::UnknownColumn { column: name.into(), known: known() }),
        }
    }

    /// The group of each design, (N). Designs of one group never stand on two sides of a split.
    pub fn groups(&self) -> &[u32] {
        &self.groups
    }

    /// Number of different groups.
    pub fn n_groups(&self) -> usize {
        self.groups.iter().collect::<BTreeSet<_>>().len()
    }

    /// Replaces the groups. The files stay as they are, and so does the fingerprint.
    ///
    /// # Errors
    ///
    /// [`DataError::Count`] unless there is one group per design.
    pub fn with_groups(mut self, groups: Vec<u32>) -> Result<Self, DataError> {
        check_count(&self.name, "groups", groups.len(), self.len())?;
        self.groups = groups;
        self.grouped = true;
        Ok(self)
    }

    /// Replaces what is said about origin and terms.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// Whether cells are void or solid by decree.
    pub fn has_masks(&self) -> bool {
        !matches!(self.masks, MaskSource::None)
    }

    /// The mask (H, W) that all designs share, of [`VOID`](crate::VOID), [`FREE`](crate::FREE) and
    /// [`SOLID`](crate::SOLID), if there is one.
    pub fn mask(&self) -> Option<ArrayView2<'_, u8>> {
        self.masks.shared()
    }

    /// The mechanics of design `index` as one JSON text, if `problems.jsonl` states it.
    ///
    /// # Errors
    ///
    /// [`DataError::Io`] if the line cannot be read, or is no text; [`DataError::DesignIndex`].
    pub fn problem(&self, index: usize) -> Result<Option<String>, DataError> {
        self.check_index(index)?;
        match &self.problems {
            ProblemSource::PerDesign(lines) => lines.line(index).map(Some),
            ProblemSource::None | ProblemSource::Shared(_) => Ok(None),
        }
    }

    /// The mechanics that all designs share, the text of `problem.toml`, whose values may name
    /// conditions.
    pub fn shared_problem(&self) -> Option<&str> {
        if let ProblemSource::Shared(text) = &self.problems { Some(text) } else { None }
    }

    /// Compliance, iterations, greyness, source: whatever `results.csv` holds, one row per design.
    pub fn results(&self) -> Option<&Table> {
        self.results.as_ref()
    }

    /// Origin and terms.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Reads designs into `out`, (B, H, W) densities in 0 to 1, 1 = material, in the order of
    /// `indices`.
    ///
    /// Values up to [`ROUNDING`] outside 0 to 1 are moved to the nearest end.
    ///
    /// # Errors
    ///
    /// [`DataError::Density`] for a value that is NaN or outside 0 to 1; [`DataError::Io`];
    /// [`DataError::DesignIndex`].
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
    /// [`DataError::MaskValue`], [`DataError::Io`], [`DataError::DesignIndex`].
    ///
    /// # Panics
    ///
    /// If `out` has another length than B · H · W.
    #[track_caller]
    pub fn read_masks_into(&self, indices: &[usize], out: &mut [u8]) -> Result<(), DataError> {
        assert_eq!(out.len(), indices.len() * self.design_len(), "out has one value per cell");
        for (index, out) in indices.iter().zip(out.chunks_exact_mut(self.design_len())) {
            self.check_index(*index)?;
            self.masks.read(*index, out)?;
        }
        Ok(())
    }

    /// A text that changes with the contents: 128 bits in hexadecimal, the same for a folder and
    /// its packed form.
    ///
    /// Every byte of every file is read, in pieces. The hash (XXH3) finds changes and mix-ups; it
    /// is no protection against somebody who forges data on purpose.
    ///
    /// # Errors
    ///
    /// [`DataError::Io`] if something cannot be read.
    ///
    /// # References
    ///
    /// Y. Collet, *xxHash fast digest algorithm*, XXH3 128-bit variant, seed 0.
    pub fn fingerprint(&self) -> Result<String, DataError> {
        fingerprint::of(self)
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
            self.designs.read(*index, out, scratch)?;
            if let Some(position) = first_invalid(out) {
                return Err(DataError::Density {
                    file: self.designs.file(*index),
                    design: *index,
                    row: position / self.width(),
                    column: position % self.width(),
                    value: out[position],
                });
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
        Err(DataError::DesignIndex { name: self.name.clone(), index, n: self.len() })
    }
}

impl fmt::Debug for DataSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataSet")
            .field("name", &self.name)
            .field("shape", &[self.len(), self.height(), self.width()])
            .field("conditions", &self.conditions)
            .finish_non_exhaustive()
    }
}

/// Position of the first value that is no density.
pub(crate) fn first_invalid(densities: &[f32]) -> Option<usize> {
    // One branch per design while all is well, so that the loop runs on whole vectors. NaN fails
    // both comparisons.
    let valid = |value: f32| (-ROUNDING..=1.0 + ROUNDING).contains(&value);
    if densities.iter().fold(true, |all, value| all & valid(*value)) {
        return None;
    }
    densities.iter().position(|value| !valid(*value))
}

/// Each of n designs in a group of its own.
pub(crate) fn own_groups(
    name: &str,
    n: usize,
    size: (usize, usize),
) -> Result<Vec<u32>, DataError> {
    let n = u32::try_from(n).map_err(|_| DataError::ShapeOverflow {
        file: name.into(),
        shape: vec![n, size.0, size.1],
    })?;
    Ok((0..n).collect())
}

/// Checks values (N, C) against their descriptions, and gives them the shape (N, 0) where there are
/// none.
pub(crate) fn check_conditions(
    file: &str,
    n: usize,
    conditions: &[Condition],
    values: Array2<f32>,
) -> Result<Array2<f32>, DataError> {
    check_count(file, "columns of conditions", values.ncols(), conditions.len())?;
    if conditions.is_empty() {
        return Ok(Array2::zeros((n, 0)));
    }
    check_count(file, "rows of conditions", values.nrows(), n)?;
    for (condition, column) in conditions.iter().zip(values.columns()) {
        // A range of NaN would let everything pass.
        let (min, max) = (condition.min, condition.max);
        let wrong = |value: f32| !(value.is_finite() && min <= value && value <= max);
        if let Some(design) = column.iter().position(|value| wrong(*value)) {
            let (condition, value) = (condition.name.clone(), column[design]);
            return Err(DataError::ConditionValue {
                file: file.into(),
                condition,
                design,
                value,
                min,
                max,
            });
        }
    }
    Ok(values)
}

/// Checks a length.
pub(crate) fn check_count(
    file: &str,
    what: &'static str,
    found: usize,
    expected: usize,
) -> Result<(), DataError> {
    if found == expected {
        return Ok(());
    }
    Err(DataError::Count { file: file.into(), what, found, expected })
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, arr2};

    use super::*;

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
            let DataError::Density { design, row, column, value: found, .. } = error else {
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
        assert!(matches!(empty, Err(DataError::Shape { .. })));
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
