//! Values of columns, row by row, from the level where a reader can only fail, not panic.

use std::fs::File;
use std::path::Path;

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::file::reader::{FileReader as _, RowGroupReader};
use parquet::file::serialized_reader::SerializedFileReader;

use crate::error::HubError;

use super::shape::wrong;

/// A row of a list column has at most so many numbers: a picture of 8192 x 8192.
const MAX_VALUES: usize = 1 << 26;

/// All numbers of a column with one per row; NaN if a row has none.
pub(super) fn numbers(
    path: &Path,
    reader: &SerializedFileReader<File>,
    leaf: usize,
) -> Result<Vec<f64>, HubError> {
    let mut numbers = Vec::new();
    for_each_group(path, reader, |group, rows| {
        let mut column = Numbers::open(path, group, leaf)?;
        for _ in 0..rows {
            let row = column.next(path)?;
            numbers.push(row.values.first().copied().unwrap_or(f64::NAN));
        }
        Ok(())
    })?;
    Ok(numbers)
}

/// How many numbers each row of a list column has.
pub(super) fn lengths(
    path: &Path,
    reader: &SerializedFileReader<File>,
    leaf: usize,
) -> Result<Vec<usize>, HubError> {
    let mut lengths = Vec::new();
    for_each_group(path, reader, |group, rows| {
        let mut column = Numbers::open(path, group, leaf)?;
        for _ in 0..rows {
            lengths.push(column.next(path)?.values.len());
        }
        Ok(())
    })?;
    Ok(lengths)
}

/// Calls `with` for the matrix (H, W) of each row, in order.
pub(super) fn for_each_matrix(
    path: &Path,
    reader: &SerializedFileReader<File>,
    leaf: usize,
    mut with: impl FnMut(usize, (usize, usize), &[f64]) -> Result<(), HubError>,
) -> Result<(), HubError> {
    let mut index = 0;
    for_each_group(path, reader, |group, rows| {
        let mut column = Numbers::open(path, group, leaf)?;
        for _ in 0..rows {
            let row = column.next(path)?;
            let size = row.size().ok_or_else(|| {
                bad_row(path, index, "is not a matrix: its rows differ in length, or it has gaps")
            })?;
            with(index, size, row.values)?;
            index += 1;
        }
        Ok(())
    })
}

/// Calls `with` for the bytes of each row, in order.
pub(super) fn for_each_bytes(
    path: &Path,
    reader: &SerializedFileReader<File>,
    leaf: usize,
    mut with: impl FnMut(usize, &[u8]) -> Result<(), HubError>,
) -> Result<(), HubError> {
    let mut index = 0;
    for_each_group(path, reader, |group, rows| {
        let column = group.get_column_reader(leaf).map_err(|error| wrong(path, &error))?;
        let ColumnReader::ByteArrayColumnReader(mut column) = column else {
            return Err(wrong(path, "a column of pictures has another type"));
        };
        let (mut levels, mut values) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            levels.clear();
            values.clear();
            let read = column.read_records(1, Some(&mut levels), None, &mut values);
            if read.map_err(|error| wrong(path, &error))?.0 != 1 {
                return Err(wrong(path, "it has fewer rows than it says"));
            }
            let bytes: &ByteArray =
                values.first().ok_or_else(|| bad_row(path, index, "has no picture"))?;
            with(index, bytes.data())?;
            index += 1;
        }
        Ok(())
    })
}

/// What is wrong with a row.
pub(super) fn bad_row(path: &Path, row: usize, why: impl std::fmt::Display) -> HubError {
    wrong(path, format!("row {row} {why}"))
}

fn for_each_group(
    path: &Path,
    reader: &SerializedFileReader<File>,
    mut with: impl FnMut(&dyn RowGroupReader, usize) -> Result<(), HubError>,
) -> Result<(), HubError> {
    for index in 0..reader.num_row_groups() {
        let group = reader.get_row_group(index).map_err(|error| wrong(path, &error))?;
        // The metadata were checked: there is no negative number of rows.
        let rows = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        with(&*group, rows)?;
    }
    Ok(())
}

/// One row of a column of numbers.
struct Row<'a> {
    values: &'a [f64],
    /// 0 begins the row, 1 another row of the matrix, 2 its next number.
    repetition: &'a [i16],
}

impl Row<'_> {
    /// Rows and columns, if every number is there and all rows are of one length.
    fn size(&self) -> Option<(usize, usize)> {
        if self.values.is_empty() || self.values.len() != self.repetition.len() {
            return None;
        }
        let height = self.repetition.iter().filter(|level| **level < 2).count();
        let width = self.values.len() / height;
        let straight =
            self.repetition.iter().enumerate().all(|(i, level)| (*level < 2) == (i % width == 0));
        (height * width == self.values.len() && straight).then_some((height, width))
    }
}

/// A column of numbers of any type.
struct Numbers {
    typed: Typed,
    values: Vec<f64>,
    definition: Vec<i16>,
    repetition: Vec<i16>,
}

enum Typed {
    Bool(Of<parquet::data_type::BoolType>),
    Int32(Of<parquet::data_type::Int32Type>),
    Int64(Of<parquet::data_type::Int64Type>),
    Float(Of<parquet::data_type::FloatType>),
    Double(Of<parquet::data_type::DoubleType>),
}

/// A reader with its buffer.
struct Of<T: DataType> {
    reader: ColumnReaderImpl<T>,
    buffer: Vec<T::T>,
}

impl<T: DataType> Of<T> {
    const fn new(reader: ColumnReaderImpl<T>) -> Self {
        Self { reader, buffer: Vec::new() }
    }

    fn next(
        &mut self,
        (definition, repetition): (&mut Vec<i16>, &mut Vec<i16>),
        values: &mut Vec<f64>,
        convert: impl Fn(&T::T) -> f64,
    ) -> parquet::errors::Result<usize> {
        self.buffer.clear();
        let (records, ..) =
            self.reader.read_records(1, Some(definition), Some(repetition), &mut self.buffer)?;
        values.extend(self.buffer.iter().map(convert));
        Ok(records)
    }
}

impl Numbers {
    fn open(path: &Path, group: &dyn RowGroupReader, leaf: usize) -> Result<Self, HubError> {
        let typed = match group.get_column_reader(leaf).map_err(|error| wrong(path, &error))? {
            ColumnReader::BoolColumnReader(reader) => Typed::Bool(Of::new(reader)),
            ColumnReader::Int32ColumnReader(reader) => Typed::Int32(Of::new(reader)),
            ColumnReader::Int64ColumnReader(reader) => Typed::Int64(Of::new(reader)),
            ColumnReader::FloatColumnReader(reader) => Typed::Float(Of::new(reader)),
            ColumnReader::DoubleColumnReader(reader) => Typed::Double(Of::new(reader)),
            _ => return Err(wrong(path, "a column of numbers has another type")),
        };
        Ok(Self { typed, values: Vec::new(), definition: Vec::new(), repetition: Vec::new() })
    }

    fn next(&mut self, path: &Path) -> Result<Row<'_>, HubError> {
        self.values.clear();
        self.definition.clear();
        self.repetition.clear();
        let levels = (&mut self.definition, &mut self.repetition);
        let values = &mut self.values;
        let read = match &mut self.typed {
            Typed::Bool(of) => of.next(levels, values, |value| f64::from(u8::from(*value))),
            Typed::Int32(of) => of.next(levels, values, |value| f64::from(*value)),
            Typed::Int64(of) => of.next(levels, values, |value| *value as f64),
            Typed::Float(of) => of.next(levels, values, |value| f64::from(*value)),
            Typed::Double(of) => of.next(levels, values, |value| *value),
        };
        if read.map_err(|error| wrong(path, &error))? != 1 {
            return Err(wrong(path, "it has fewer rows than it says"));
        }
        if MAX_VALUES < self.values.len() {
            return Err(wrong(path, format!("a row has more than {MAX_VALUES} numbers")));
        }
        Ok(Row { values: &self.values, repetition: &self.repetition })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_rows() {
        let size = |repetition: &[i16]| {
            let values = vec![0.5; repetition.len()];
            Row { values: &values, repetition }.size()
        };
        assert_eq!(size(&[0, 2, 2, 1, 2, 2]), Some((2, 3)));
        assert_eq!(size(&[0]), Some((1, 1)));
        assert_eq!(size(&[0, 1, 1]), Some((3, 1)));
        assert_eq!(size(&[0, 2, 1]), None);
        assert_eq!(size(&[0, 1, 2]), None);
        assert_eq!(size(&[]), None);
        // A missing number has levels but no value.
        assert_eq!(Row { values: &[0.5], repetition: &[0, 2] }.size(), None);
    }
}
