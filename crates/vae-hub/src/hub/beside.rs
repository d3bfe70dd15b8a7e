//! The columns of a table beside the designs.

use std::collections::BTreeMap;

use ndarray::Array2;
use parquet::file::reader::FileReader as _;
use serde_json::{Map, Value, json};
use vae_data::{Condition, Details, Metadata, Problems, Table};

use crate::error::HubError;

use super::beams;
use super::column::{Column, Kind};
use super::origin::Origin;
use super::reading::Reading;
use super::shard::Shard;
use super::table::{bad_row, lengths, numbers};

/// The columns of a table beside the designs.
pub(super) struct Beside {
    pub(super) rows: usize,
    conditions: Vec<(String, Vec<f64>)>,
    /// The same in all rows.
    constants: BTreeMap<String, f64>,
    results: Vec<(String, Vec<String>)>,
    /// Whether these are the beams of EngiBench.
    pub(super) beams: bool,
}

/// Columns that are results of a design, not what was asked for.
const RESULTS: [&str; 2] = ["c", "compliance"];

impl Beside {
    pub(super) fn read(shards: &[Shard]) -> Result<Self, HubError> {
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

    pub(super) fn details(
        self,
        size: (usize, usize),
        origin: &Origin,
        reading: &Reading,
        license: Option<String>,
    ) -> Details {
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
            metadata: self.metadata(size, origin, reading, license, problems.is_some()),
            conditions,
            values,
            groups: self.beams.then(|| self.groups()),
            masks: None,
            results: self.table(),
            problems: problems.map_or(Problems::None, Problems::Shared),
        }
    }

    /// One group per mechanical problem: the filter radius is not part of it.
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
        reading: &Reading,
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
            command: reading.command.clone(),
            extra,
            ..Metadata::default()
        }
    }
}
