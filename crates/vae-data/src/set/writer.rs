//! Writing a data-set folder, design by design, so that it may be larger than memory.

use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::Path;

use ndarray::{Array2, ArrayView1, ArrayView3, Axis};

use vae_base::files::FolderBeside;

use crate::error::{DataError, FormatError, SetError};
use crate::formats::bytes::Bytes;
use crate::formats::npy::{self, Element, Header};
use crate::formats::table::Table;
use crate::set::checks::{check_conditions, check_count};
use crate::set::data_set::DataSet;
use crate::set::density::first_invalid;
use crate::set::details::Details;
use crate::set::masks::MaskSource;
use crate::set::metadata::{Condition, Description, Metadata};
use crate::set::problems::ProblemSource;

/// Writes a data-set folder: designs as they come, and what is known about them at the end.
///
/// The folder grows beside its place under a hidden name and is renamed when everything is on the
/// disk, so that there is a whole set or nothing. A writer that is dropped before
/// [`DataSetWriter::finish`] leaves nothing behind.
///
/// # Examples
///
/// ```
/// use ndarray::arr2;
/// use vae_data::{Condition, DataSetWriter, Details, Element, Source, open};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("bars");
/// let mut writer = DataSetWriter::create(&path, (2, 3), Element::U8)?;
/// writer.push(&[1.0, 1.0, 1.0, 0.0, 0.0, 0.0])?;
/// writer.push(&[0.0, 0.0, 0.0, 1.0, 1.0, 1.0])?;
/// let values = arr2(&[[0.0], [1.0]]);
/// let conditions = vec![Condition::covering("bar_y", "", values.column(0))];
/// writer.finish(Details { conditions, values, ..Details::default() })?;
///
/// let set = open(&Source::Path(path))?;
/// assert_eq!((set.len(), set.height(), set.width()), (2, 2, 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DataSetWriter {
    folder: FolderBeside,
    designs: BufWriter<File>,
    element: Element,
    size: (usize, usize),
    n: usize,
    bytes: Vec<u8>,
}

impl DataSetWriter {
    /// Begins a set of designs of `size` (H, W), stored as `element`: `bool`, `uint8` or a float.
    ///
    /// # Errors
    ///
    /// [`FormatError::File`] unless there is nothing or an empty folder at `path`, and no other
    /// process is writing there;
    /// [`FormatError::Element`] if designs cannot be stored so; [`SetError::DesignShape`] for a
    /// size of 0; [`FormatError::Io`].
    pub fn create(path: &Path, size: (usize, usize), element: Element) -> Result<Self, DataError> {
        let label = || path.join("designs.npy").display().to_string();
        if !element.holds_densities() {
            let descr = element.to_string();
            return Err(FormatError::Element { file: label(), descr, wanted: "densities" }.into());
        }
        if size.0 == 0 || size.1 == 0 {
            let shape = vec![0, size.0, size.1];
            return Err(SetError::DesignShape { file: label(), shape }.into());
        }
        let folder = FolderBeside::create(path, "writing a data set")?;
        let fail = |source| FormatError::io("writing", label(), source);
        let file = File::create(folder.path().join("designs.npy")).map_err(fail)?;
        let mut designs = BufWriter::with_capacity(1 << 18, file);
        designs.write_all(&Header::to_bytes(element, &[0, size.0, size.1])).map_err(fail)?;
        Ok(Self { folder, designs, element, size, n: 0, bytes: Vec::new() })
    }

    /// Adds a design of H · W densities, row by row from the top, 1 = material.
    ///
    /// `bool` keeps whether a density is at least 0.5, `uint8` the nearest of 256 levels.
    ///
    /// # Errors
    ///
    /// [`SetError::Density`] for a value that is NaN or outside 0 to 1, [`FormatError::Io`].
    ///
    /// # Panics
    ///
    /// If `design` has another length than H · W.
    #[track_caller]
    pub fn push(&mut self, design: &[f32]) -> Result<(), DataError> {
        assert_eq!(design.len(), self.size.0 * self.size.1, "a design has one value per cell");
        if let Some(position) = first_invalid(design) {
            let (row, column) = (position / self.size.1, position % self.size.1);
            let value = design[position];
            let file = self.label("designs.npy");
            return Err(SetError::Density { file, design: self.n, row, column, value }.into());
        }
        self.bytes.clear();
        self.element.put_densities(design, &mut self.bytes);
        self.designs
            .write_all(&self.bytes)
            .map_err(|source| FormatError::io("writing", self.label("designs.npy"), source))?;
        self.n += 1;
        Ok(())
    }

    /// Number of designs so far.
    pub fn n_designs(&self) -> usize {
        self.n
    }

    /// Writes the other files and puts the folder in its place.
    ///
    /// # Errors
    ///
    /// As [`DataSet::new`] if the parts do not fit; [`FormatError::File`] if something has come to
    /// stand at the place; [`FormatError::Io`]. After an error nothing is left.
    pub fn finish(self, details: Details) -> Result<(), DataError> {
        let n = self.n;
        let label = self.folder.target().display().to_string();
        let values = check_conditions(&label, n, &details.conditions, details.values)?;
        let masks =
            details.masks.map(|masks| MaskSource::from_masks(masks, n, self.size)).transpose()?;
        let beside = Beside {
            metadata: &details.metadata,
            conditions: &details.conditions,
            values: &values,
            groups: details.groups.as_deref(),
            masks: &masks.unwrap_or(MaskSource::None),
            results: details.results.as_ref(),
            problems: &ProblemSource::from_problems(details.problems, n)?,
        };
        self.finish_with(&beside)
    }

    fn finish_with(mut self, beside: &Beside<'_>) -> Result<(), DataError> {
        let (n, (height, width)) = (self.n, self.size);
        if n == 0 {
            let file = self.label("designs.npy");
            return Err(SetError::DesignShape { file, shape: vec![0, height, width] }.into());
        }
        // The header was written for no designs; one for n designs is as long.
        let header = Header::to_bytes(self.element, &[n, height, width]);
        let label = self.label("designs.npy");
        let mut write_header = || -> std::io::Result<()> {
            self.designs.seek(SeekFrom::Start(0))?;
            self.designs.write_all(&header)?;
            self.designs.flush()?;
            self.designs.get_ref().sync_all()
        };
        write_header().map_err(|source| FormatError::io("writing", label, source))?;

        let description =
            Description::to_text(beside.metadata, beside.conditions, &self.label("dataset.json"))?;
        self.write_file("dataset.json", description.as_bytes())?;
        if !beside.conditions.is_empty() {
            self.write_file("conditions.npy", &npy::to_bytes(beside.values.view()))?;
        }
        if let Some(groups) = beside.groups {
            check_count(&self.label("groups.npy"), "groups", groups.len(), n)?;
            self.write_file("groups.npy", &npy::to_bytes(ArrayView1::from(groups)))?;
        }
        match beside.masks {
            MaskSource::None => {}
            MaskSource::Shared(mask) => {
                self.write_file("masks.npy", &npy::to_bytes(mask.view()))?;
            }
            MaskSource::PerDesign(_) => self.write_masks(beside.masks)?,
        }
        if let Some(results) = beside.results {
            let label = self.label("results.csv");
            check_count(&label, "rows of results", results.len(), n)?;
            self.write_file("results.csv", &results.to_csv(&label)?)?;
        }
        match beside.problems {
            ProblemSource::None => {}
            ProblemSource::Shared(text) => self.write_file("problem.toml", text.as_bytes())?,
            ProblemSource::PerDesign(lines) => self.copy_file("problems.jsonl", lines.text())?,
        }
        let Self { folder, designs, .. } = self;
        drop(designs);
        Ok(folder.finish()?)
    }

    fn write_masks(&self, masks: &MaskSource) -> Result<(), DataError> {
        let (height, width) = self.size;
        self.write_with("masks.npy", |out| {
            let fail = |source| FormatError::io("writing", self.label("masks.npy"), source);
            out.write_all(&Header::to_bytes(Element::U8, &[self.n, height, width]))
                .map_err(fail)?;
            let mut mask = vec![0; height * width];
            for index in 0..self.n {
                masks.read(index, &mut mask)?;
                out.write_all(&mask).map_err(fail)?;
            }
            Ok(())
        })
    }

    fn copy_file(&self, name: &str, bytes: &Bytes) -> Result<(), DataError> {
        self.write_with(name, |out| {
            bytes.for_each_piece(&mut vec![0; 1 << 16], |piece| {
                let fail = |source| FormatError::io("writing", self.label(name), source);
                Ok(out.write_all(piece).map_err(fail)?)
            })
        })
    }

    fn write_file(&self, name: &str, contents: &[u8]) -> Result<(), DataError> {
        self.write_with(name, |out| {
            let fail = |source| FormatError::io("writing", self.label(name), source);
            Ok(out.write_all(contents).map_err(fail)?)
        })
    }

    fn write_with(
        &self,
        name: &str,
        write: impl FnOnce(&mut BufWriter<File>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let fail = |source| FormatError::io("writing", self.label(name), source);
        let mut out = BufWriter::new(File::create(self.folder.path().join(name)).map_err(fail)?);
        write(&mut out)?;
        out.flush().map_err(fail)?;
        Ok(out.get_ref().sync_all().map_err(fail)?)
    }

    /// The place a file will have, for messages.
    fn label(&self, name: &str) -> String {
        self.folder.target().join(name).display().to_string()
    }
}

/// Writes designs (N, H, W) in memory as a data-set folder at `path`.
///
/// # Errors
///
/// As [`DataSetWriter::create`], [`DataSetWriter::push`] and [`DataSetWriter::finish`].
#[expect(clippy::needless_pass_by_value, reason = "a view is a borrow already")]
pub fn write_data_set(
    path: &Path,
    designs: ArrayView3<'_, f32>,
    element: Element,
    details: Details,
) -> Result<(), DataError> {
    let (_, height, width) = designs.dim();
    let mut writer = DataSetWriter::create(path, (height, width), element)?;
    let mut design = Vec::with_capacity(height * width);
    for view in designs.axis_iter(Axis(0)) {
        design.clear();
        design.extend(view);
        writer.push(&design)?;
    }
    writer.finish(details)
}

impl DataSet {
    /// Writes the set as a data-set folder at `path`, one design at a time, its densities stored as
    /// `element`.
    ///
    /// # Errors
    ///
    /// As [`DataSetWriter::create`] and [`DataSet::read_into`].
    pub fn write_to(&self, path: &Path, element: Element) -> Result<(), DataError> {
        let mut writer = DataSetWriter::create(path, (self.height(), self.width()), element)?;
        let (mut design, mut scratch) = (vec![0.0; self.design_len()], Vec::new());
        for index in 0..self.len() {
            self.read_with(&[index], &mut design, &mut scratch)?;
            writer.push(&design)?;
        }
        writer.finish_with(&Beside {
            metadata: self.metadata(),
            conditions: self.condition_info(),
            values: &self.conditions().to_owned(),
            groups: Some(self.groups()),
            masks: self.masks(),
            results: self.results(),
            problems: self.problems(),
        })
    }
}

/// What is known about the designs, borrowed.
struct Beside<'a> {
    metadata: &'a Metadata,
    conditions: &'a [Condition],
    values: &'a Array2<f32>,
    groups: Option<&'a [u32]>,
    masks: &'a MaskSource,
    results: Option<&'a Table>,
    problems: &'a ProblemSource,
}
