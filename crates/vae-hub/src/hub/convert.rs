//! From columns to a data-set folder.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageReader, Limits};
use ndarray::Array2;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::SerializedFileReader;
use serde_json::{Map, Value, json};
use vae_data::{Condition, DataSetWriter, Details, Metadata, Problems, Table};

use crate::place::{Fetched, Partial, already_there};
use crate::receipt::StoredFile;
use crate::{Event, HubError, Observer, Receipt, RemoteFile};

use super::beams;
use super::column::{Column, Element, Kind, columns, design_column};
use super::shape::{open, wrong};
use super::table::{bad_row, for_each_bytes, for_each_matrix, lengths, numbers};

/// Sides of pictures at most.
const MAX_SIDE: u32 = 1 << 13;

/// How to read designs out of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// The column of designs, where a table has several that could be.
    pub column: Option<String>,
    /// Whether pictures show material in black: densities are then 1 − grey.
    pub inverted: bool,
    /// The terms of use, if they are known.
    pub license: Option<String>,
}

/// A Parquet file and what is to be said about it.
pub(super) struct Shard {
    pub(super) path: PathBuf,
    pub(super) remote: RemoteFile,
    reader: SerializedFileReader<File>,
    columns: Vec<Column>,
}

impl Shard {
    /// Opens a file; `url` is where it came from.
    pub(super) fn open(path: &Path, name: &str, url: &str) -> Result<Self, HubError> {
        let reader = open(path)?;
        Self::new(path, name, url, reader)
    }

    /// Takes a reader whose metadata were checked.
    pub(super) fn new(
        path: &Path,
        name: &str,
        url: &str,
        reader: SerializedFileReader<File>,
    ) -> Result<Self, HubError> {
        let stored = StoredFile::read(
            path.parent().unwrap_or(Path::new("")),
            Path::new(path.file_name().unwrap_or_default()),
        )?;
        let remote = RemoteFile {
            name: name.into(),
            size: stored.size,
            checksum: stored.checksum,
            url: url.into(),
        };
        let columns = columns(reader.metadata().file_metadata().schema_descr());
        Ok(Self { path: path.into(), remote, reader, columns })
    }

    /// `train`, `test` or `validation`, if the name says so.
    fn split(&self) -> &'static str {
        let parts = self.remote.name.split(['/', '-', '_', '.']);
        let known = [
            ("train", "train"),
            ("test", "test"),
            ("validation", "validation"),
            ("val", "validation"),
            ("valid", "validation"),
        ];
        parts
            .into_iter()
            .find_map(|part| known.iter().find(|(there, _)| *there == part))
            .map_or("", |(_, here)| here)
    }
}

/// What a set is called and where it comes from.
pub(super) struct Origin {
    /// As a person states it, such as `hub:ylecun/mnist`.
    pub(super) source: String,
    pub(super) url: String,
    pub(super) license: Option<String>,
    pub(super) command: String,
}

/// Converts Parquet files with the same columns, such as the parts of one set, into a data-set
/// folder at `out`.
///
/// The designs are the column of matrices or pictures; integers mean 0 to 255, floats 0 to 1,
/// pictures grey levels. Numbers that differ between rows become conditions; `c` and `compliance`,
/// numbers that are the same in all rows, the length of lists, and the part of the set (train,
/// test) that the file's name tells go to `results.csv`. The columns of EngiBench's 2-D beams are
/// known: they get their problem, and designs of one problem share a group.
///
/// # Errors
///
/// [`HubError::NoDesigns`], [`HubError::Parquet`] with file and row, [`HubError::Occupied`],
/// [`HubError::Data`].
pub fn convert_parquet(
    paths: &[PathBuf],
    reading: &Reading,
    out: &Path,
    observer: &mut Observer<'_>,
) -> Result<Fetched, HubError> {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let source = names.join(" ");
    if let Some(fetched) = already_there(out, &source, observer)? {
        return Ok(fetched);
    }
    let shards: Vec<Shard> = paths
        .iter()
        .zip(&names)
        .map(|(path, name)| Shard::open(path, name, name))
        .collect::<Result<_, _>>()?;
    let origin = Origin {
        command: format!("vae data fetch {source}"),
        url: source.clone(),
        license: None,
        source,
    };
    write(&shards, &origin, reading, out, observer)
}

/// Writes the data-set folder of a table in one or several files.
pub(super) fn write(
    shards: &[Shard],
    origin: &Origin,
    reading: &Reading,
    out: &Path,
    observer: &mut Observer<'_>,
) -> Result<Fetched, HubError> {
    let Some(first) = shards.first() else {
        return Err(HubError::Answer {
            url: origin.url.clone(),
            why: "it has no Parquet files".into(),
        });
    };
    if let Some(other) = shards.iter().find(|shard| shard.columns != first.columns) {
        return Err(wrong(
            &other.path,
            format!("its columns are not those of {}", first.path.display()),
        ));
    }
    let column = design_column(&first.path, &first.columns, reading.column.as_deref())?;
    let beside = Beside::read(shards)?;
    let partial = Partial::open(out)?;
    let staging = partial.staging()?;
    let mut sheet = Sheet { folder: &staging, element: stored_as(column.kind), writer: None };
    let total = beside.rows as u64;
    for shard in shards {
        for_each_design(shard, column, reading.inverted, |row, size, design| {
            sheet.push(&shard.path, row, size, design)?;
            observer(Event::Converting { done: sheet.n_designs(), total });
            Ok(())
        })?;
    }
    let license = license(reading, origin, &beside);
    sheet.finish(beside, origin, license.clone())?;
    let names = [
        "dataset.json",
        "designs.npy",
        "conditions.npy",
        "groups.npy",
        "results.csv",
        "problem.toml",
    ];
    let files = names
        .into_iter()
        .filter(|name| staging.join(name).is_file())
        .map(|name| StoredFile::read(&staging, Path::new(name)))
        .collect::<Result<_, _>>()?;
    partial.put_in_place(Receipt {
        source: origin.source.clone(),
        url: origin.url.clone(),
        title: None,
        license,
        downloads: shards.iter().map(|shard| shard.remote.clone()).collect(),
        files,
    })
}

/// The terms: as the reader was told, as the publisher states them, or as they are known of the
/// set.
fn license(reading: &Reading, origin: &Origin, beside: &Beside) -> Option<String> {
    let known = || beside.beams.then(|| beams::LICENSE.to_owned());
    reading.license.clone().or_else(|| origin.license.clone()).or_else(known)
}

/// The smallest type that loses nothing.
const fn stored_as(kind: Kind) -> vae_data::Element {
    match kind {
        Kind::Matrix(Element::Float) => vae_data::Element::F32,
        Kind::Matrix(Element::Bool) => vae_data::Element::Bool,
        _ => vae_data::Element::U8,
    }
}

/// Calls `with` for the densities of each row.
fn for_each_design(
    shard: &Shard,
    column: &Column,
    inverted: bool,
    mut with: impl FnMut(usize, (usize, usize), &[f32]) -> Result<(), HubError>,
) -> Result<(), HubError> {
    let (path, reader) = (&shard.path, &shard.reader);
    let mut design = Vec::new();
    let turn = |density: f64| (if inverted { 1.0 - density } else { density }) as f32;
    match column.kind {
        Kind::Matrix(element) => for_each_matrix(path, reader, column.leaf, |row, size, values| {
            let most = if element == Element::Integer { 255.0 } else { 1.0 };
            let rounding =
                if element == Element::Float { f64::from(vae_data::ROUNDING) } else { 0.0 };
            let outside = |value: &f64| !(-rounding..=most + rounding).contains(value);
            if let Some(position) = values.iter().position(outside) {
                let (value, width) = (values[position], size.1);
                let (i, j) = (position / width, position % width);
                return Err(bad_row(
                    path,
                    row,
                    format!(
                        "has the value {value} at row {i}, column {j} of its design; it should lie in 0 to {most}"
                    ),
                ));
            }
            design.clear();
            design.extend(values.iter().map(|value| turn(value / most)));
            with(row, size, &design)
        }),
        Kind::Picture => for_each_bytes(path, reader, column.leaf, |row, bytes| {
            let picture = decode(bytes).map_err(|error| {
                bad_row(path, row, format!("is no picture that can be read: {error}"))
            })?;
            let size = (picture.height() as usize, picture.width() as usize);
            design.clear();
            design.extend(grey(&picture).into_iter().map(turn));
            with(row, size, &design)
        }),
        _ => Err(wrong(path, "its column of designs holds none")),
    }
}

/// Decodes a picture of known format and sensible size.
fn decode(bytes: &[u8]) -> image::ImageResult<DynamicImage> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
    reader.limits(limits);
    reader.decode()
}

/// Grey levels 0 to 1: 0.299 R + 0.587 G + 0.114 B for colors; transparency is not looked at.
fn grey(picture: &DynamicImage) -> Vec<f64> {
    match picture {
        DynamicImage::ImageLuma8(grey) => {
            grey.as_raw().iter().map(|level| f64::from(*level) / 255.0).collect()
        }
        DynamicImage::ImageLuma16(grey) => {
            grey.as_raw().iter().map(|level| f64::from(*level) / 65535.0).collect()
        }
        colored => colored
            .to_rgb8()
            .pixels()
            .map(|pixel| {
                let [r, g, b] = pixel.0.map(f64::from);
                (0.299 * r + 0.587 * g + 0.114 * b) / 255.0
            })
            .collect(),
    }
}

/// The designs as they come; their size is that of the first.
struct Sheet<'a> {
    folder: &'a Path,
    element: vae_data::Element,
    writer: Option<(DataSetWriter, (usize, usize))>,
}

impl Sheet<'_> {
    fn push(
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

    fn n_designs(&self) -> u64 {
        self.writer.as_ref().map_or(0, |(writer, _)| writer.n_designs() as u64)
    }

    fn finish(
        self,
        beside: Beside,
        origin: &Origin,
        license: Option<String>,
    ) -> Result<(), HubError> {
        // Files have rows, which was checked, and each gave a design.
        match self.writer {
            Some((writer, size)) => Ok(writer.finish(beside.details(size, origin, license))?),
            None => Ok(()),
        }
    }
}

/// What stands in the table beside the designs.
struct Beside {
    rows: usize,
    conditions: Vec<(String, Vec<f64>)>,
    /// The same in all rows.
    constants: BTreeMap<String, f64>,
    results: Vec<(String, Vec<String>)>,
    /// Whether these are the beams of EngiBench.
    beams: bool,
}

/// What a row got, not what was asked for.
const RESULTS: [&str; 2] = ["c", "compliance"];

impl Beside {
    fn read(shards: &[Shard]) -> Result<Self, HubError> {
        let columns = shards.first().map_or(&[][..], |shard| &shard.columns);
        let beams = beams::are(columns);
        let mut beside = Self {
            rows: 0,
            conditions: Vec::new(),
            constants: BTreeMap::new(),
            results: Vec::new(),
            beams,
        };
        for column in columns {
            match column.kind {
                Kind::Number => beside.number(shards, column)?,
                Kind::List(_) => {
                    let mut counts = Vec::new();
                    for shard in shards {
                        counts.extend(lengths(&shard.path, &shard.reader, column.leaf)?);
                    }
                    // The history of an optimization has one entry per iteration.
                    let name = if beams {
                        "iterations".to_owned()
                    } else {
                        format!("{}_length", column.name)
                    };
                    beside.results.push((name, counts.iter().map(ToString::to_string).collect()));
                }
                _ => {}
            }
        }
        let mut splits = Vec::new();
        for shard in shards {
            // Not negative and not too many, which was checked.
            let rows =
                usize::try_from(shard.reader.metadata().file_metadata().num_rows()).unwrap_or(0);
            splits.resize(splits.len() + rows, shard.split().to_owned());
        }
        beside.rows = splits.len();
        if splits.iter().any(|split| !split.is_empty()) {
            beside.results.push(("split".into(), splits));
        }
        Ok(beside)
    }

    fn number(&mut self, shards: &[Shard], column: &Column) -> Result<(), HubError> {
        let mut values = Vec::new();
        for shard in shards {
            values.extend(numbers(&shard.path, &shard.reader, column.leaf)?);
        }
        let name = if self.beams { beams::name(&column.name) } else { &column.name }.to_owned();
        let first = values.first().copied().unwrap_or(f64::NAN);
        if RESULTS.contains(&column.name.as_str()) {
            let text = |value: &f64| if value.is_nan() { String::new() } else { value.to_string() };
            self.results.push((name, values.iter().map(text).collect()));
        } else if values.iter().all(|value| value.to_bits() == first.to_bits()) {
            self.constants.insert(name, first);
        } else if let Some(row) = values.iter().position(|value| !value.is_finite()) {
            return Err(bad_row(&shards[0].path, row, format!("has no {}", column.name)));
        } else {
            self.conditions.push((name, values));
        }
        Ok(())
    }

    fn values(&self, name: &str) -> Option<&[f64]> {
        self.conditions
            .iter()
            .find(|(condition, _)| condition == name)
            .map(|(_, values)| &values[..])
    }

    fn details(self, size: (usize, usize), origin: &Origin, license: Option<String>) -> Details {
        let values =
            Array2::from_shape_fn((self.rows, self.conditions.len()), |(row, condition)| {
                self.conditions[condition].1[row] as f32
            });
        let unit = |name: &str| if self.beams && name == "filter_radius" { "elements" } else { "" };
        let conditions = self
            .conditions
            .iter()
            .zip(values.columns())
            .map(|((name, _), column)| Condition::covering(name, unit(name), column))
            .collect();
        let problems = self
            .values("load_x")
            .filter(|_| self.beams)
            .and_then(|load_x| beams::problem(size, load_x));
        Details {
            metadata: self.metadata(size, origin, license, problems.is_some()),
            conditions,
            values,
            groups: self.beams.then(|| self.groups()),
            masks: None,
            results: self.table(),
            problems: problems.map_or(Problems::None, Problems::Shared),
        }
    }

    /// One group per mechanical problem: the filter radius is no part of it.
    fn groups(&self) -> Vec<u32> {
        let problem: Vec<&[f64]> = self
            .conditions
            .iter()
            .filter(|(name, _)| name != "filter_radius")
            .map(|(_, values)| &values[..])
            .collect();
        let mut numbers = BTreeMap::new();
        (0..self.rows)
            .map(|row| {
                let key: Vec<u64> = problem.iter().map(|values| values[row].to_bits()).collect();
                let next = numbers.len() as u32;
                *numbers.entry(key).or_insert(next)
            })
            .collect()
    }

    fn table(&self) -> Option<Table> {
        if self.results.is_empty() {
            return None;
        }
        let names: Vec<&str> = self.results.iter().map(|(name, _)| name.as_str()).collect();
        let mut table = Table::new(&names);
        for row in 0..self.rows {
            let cells: Vec<&str> =
                self.results.iter().map(|(_, cells)| cells[row].as_str()).collect();
            table.push(&cells);
        }
        Some(table)
    }

    fn metadata(
        &self,
        (height, width): (usize, usize),
        origin: &Origin,
        license: Option<String>,
        problem: bool,
    ) -> Metadata {
        let mut extra = Map::new();
        if !self.constants.is_empty() {
            extra.insert("constants".into(), json!(self.constants));
        }
        if self.beams && !problem {
            let why =
                "loads between two nodes: the solver that made the designs put them elsewhere";
            extra.insert("no_problem".into(), Value::from(why));
        }
        let what = if self.beams {
            format!("half MBB beams of EngiBench ({})", beams::HOME)
        } else {
            "designs from a table".into()
        };
        Metadata {
            description: Some(format!("{height} x {width} {what}")),
            source: Some(origin.url.clone()),
            license,
            generator: Some(concat!("vae-hub ", env!("CARGO_PKG_VERSION")).into()),
            command: Some(origin.command.clone()),
            extra,
            ..Metadata::default()
        }
    }
}
