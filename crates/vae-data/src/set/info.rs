//! A summary of a set: counts, ranges, and designs that deserve attention.

use std::collections::HashMap;

use serde::Serialize;
use twox_hash::XxHash3_128;
use vae_base::{Note, Remedy, text::counted};

use crate::error::{DataError, density_remedies};
use crate::formats::npy::Element;
use crate::set::data_set::DataSet;
use crate::set::density::first_invalid;
use crate::set::near_copies;

/// Values closer than this to 0 or 1 do not count as grey: one level of 255.
const GREY_MARGIN: f32 = 1.0 / 255.0;

/// A summary of a data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Info {
    /// Name of the set.
    pub name: String,
    /// Number of designs.
    pub n: usize,
    /// Number of rows of each.
    pub height: usize,
    /// Number of columns of each.
    pub width: usize,
    /// NumPy's name of the type they are stored as.
    pub element: String,
    /// Number of groups.
    pub groups: usize,
    /// Number of designs in the largest group.
    pub largest_group: usize,
    /// The conditions.
    pub conditions: Vec<ConditionInfo>,
    /// Columns of `results.csv`.
    pub results: Vec<String>,
    /// Whether cells are prescribed to be void or solid.
    pub masks: bool,
    /// Whether the mechanics are known.
    pub problems: bool,
    /// Smallest density.
    pub value_min: f32,
    /// Largest density.
    pub value_max: f32,
    /// Share of cells further than 1/255 from both 0 and 1.
    pub grey_share: f64,
    /// Mean of 4 x (1 − x) over all cells: 0 for black and white, 1 for grey throughout.
    pub greyness: f64,
    /// Whether every cell is exactly 0 or 1.
    pub binary: bool,
    /// Mean density over the designs.
    pub volume_fraction: Summary,
    /// Designs with a value that is NaN or outside 0 to 1; the figures above do not count
    /// them.
    pub invalid: Vec<InvalidDesign>,
    /// Designs with the same value in every cell.
    pub constant: Vec<usize>,
    /// Designs that equal an earlier one cell by cell.
    pub duplicates: Vec<Duplicate>,
    /// Number of designs that nearly equal one of another group, or its mirror image: 95 % of their
    /// material in common. `None` if the set is too large to compare.
    pub near_copies_apart: Option<usize>,
    /// Mean density of each design.
    #[serde(skip)]
    volume_fractions: Vec<f64>,
}

/// Mean, spread and range of some numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, with divisor n.
    pub std: f64,
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
}

/// A condition: what it is declared to cover, and what it does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ConditionInfo {
    /// Name.
    pub name: String,
    /// Unit; empty for a plain number.
    pub unit: String,
    /// Declared range.
    pub range: [f32; 2],
    /// Number of different values.
    pub distinct: usize,
    /// The values that are there.
    #[serde(flatten)]
    pub values: Summary,
}

/// A design with a value that is not a density.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct InvalidDesign {
    /// Position of the design.
    pub design: usize,
    /// Row of its first such value.
    pub row: usize,
    /// Column of its first such value.
    pub column: usize,
    /// That value; JSON shows NaN as null.
    pub value: f32,
}

/// A design that was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Duplicate {
    /// Position of the design.
    pub design: usize,
    /// Position of the first design that it equals.
    pub of: usize,
    /// Whether both are of one group; if not, the copy can end up on two sides of a split.
    pub same_group: bool,
}

/// Reads every design once and reports what is there. Bad values are reported, not refused.
///
/// Memory: one design, and some 50 bytes for each in the set.
///
/// # Errors
///
/// [`FormatError::Io`](crate::FormatError::Io) and whatever else keeps a design from being read.
///
/// # Examples
///
/// ```
/// use ndarray::Array3;
/// use vae_data::{DataSet, Details, info};
///
/// let material = |(i, row, _)| f32::from(u8::from(i == 0 || row == 0));
/// let designs = Array3::from_shape_fn((3, 2, 2), material);
/// let found = info(&DataSet::new("x", designs, Details::default())?)?;
/// assert_eq!(found.constant, [0]);
/// assert_eq!((found.duplicates[0].design, found.duplicates[0].of), (2, 1));
/// assert!(found.binary);
/// # Ok::<(), vae_data::DataError>(())
/// ```
pub fn info(set: &DataSet) -> Result<Info, DataError> {
    let mut group_sizes: HashMap<u32, usize> = HashMap::new();
    for group in set.groups() {
        *group_sizes.entry(*group).or_default() += 1;
    }
    let values = set.conditions();
    let conditions =
        set.condition_info().iter().zip(values.columns()).map(|(condition, values)| {
            ConditionInfo {
                name: condition.name.clone(),
                unit: condition.unit.clone(),
                range: [condition.min, condition.max],
                distinct: distinct(values.to_vec()),
                values: Summary::of(values.iter().map(|value| f64::from(*value))),
            }
        });
    let cells = Cells::read(set)?;
    let near_copies_apart = near_copies::apart(set.designs(), set.groups())?;
    let counted = (set.len() - cells.invalid.len()) as f64 * set.design_len() as f64;
    Ok(Info {
        name: set.name().into(),
        n: set.len(),
        height: set.height(),
        width: set.width(),
        element: set.element().to_string(),
        groups: group_sizes.len(),
        largest_group: group_sizes.into_values().max().unwrap_or(0),
        conditions: conditions.collect(),
        results: set.results().map(|table| table.columns().to_vec()).unwrap_or_default(),
        masks: set.has_masks(),
        problems: set.shared_problem().is_some() || set.problem(0)?.is_some(),
        value_min: cells.min,
        value_max: cells.max,
        grey_share: cells.grey as f64 / counted,
        greyness: cells.greyness / counted,
        binary: cells.not_binary == 0 && cells.invalid.len() < set.len(),
        volume_fraction: Summary::of(cells.volume_fractions.iter().copied()),
        volume_fractions: cells.volume_fractions,
        invalid: cells.invalid,
        constant: cells.constant,
        duplicates: cells.duplicates,
        near_copies_apart,
    })
}

impl Info {
    /// Mean density of each design that holds densities only.
    #[must_use]
    pub fn volume_fractions(&self) -> &[f64] {
        &self.volume_fractions
    }

    /// What deserves attention.
    #[must_use]
    pub fn notes(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        notes.extend(self.note_on_invalid());
        if self.element == Element::U8.to_string()
            && 0.0 < self.value_max
            && self.value_max <= GREY_MARGIN
        {
            notes.push(
                Note::new("bytes count from 0 to 255, and no design holds more than 1")
                    .or(Remedy::advice("save 0 and 1 as bool")),
            );
        }
        if let Some(first) = self.constant.first() {
            notes.push(Note::new(format!(
                "the same value in every cell: {}; the first is design {first}",
                counted(self.constant.len(), "design")
            )));
        }
        if let Some(first) = self.duplicates.first() {
            let (n, of) = (self.duplicates.len(), first.of);
            notes.push(Note::new(format!(
                "copies of others: {}; the first is design {}, a copy of {of}",
                counted(n, "design"),
                first.design
            )));
        }
        let leaks = self.duplicates.iter().filter(|duplicate| !duplicate.same_group).count();
        if 0 < leaks {
            notes.push(Note::new(format!(
                "{leaks} of the copies are in another group than their original, so a split may \
                 leak"
            )));
        }
        match self.near_copies_apart {
            Some(0) => {}
            Some(n) => notes.push(Note::new(format!(
                "{n} designs nearly equal one of another group or its mirror image, so a test on \
                 them is easier than it seems"
            ))),
            None => notes.push(Note::new("the set is too large to look for near-copies")),
        }
        if 1 < self.n && self.groups == 1 {
            notes.push(Note::new("all designs are of one group, so the set cannot be split"));
        }
        let same = |condition: &&ConditionInfo| condition.distinct == 1 && 1 < self.n;
        notes.extend(self.conditions.iter().filter(same).map(|condition| {
            // Values are stored with seven digits.
            let (name, value) = (&condition.name, condition.values.min as f32);
            Note::new(format!("condition {name:?} is {value} for every design"))
        }));
        notes
    }

    fn note_on_invalid(&self) -> Option<Note> {
        let first = self.invalid.first()?;
        let (design, value) = (first.design, first.value);
        let found = format!(
            "{} of {} designs hold values that are not densities; the first is design {design} \
             with {value}",
            self.invalid.len(),
            self.n
        );
        Some(density_remedies(value).into_iter().fold(Note::new(found), Note::or))
    }
}

impl Summary {
    /// The summary of some numbers; NaN if there are none.
    fn of(values: impl Iterator<Item = f64>) -> Self {
        // Welford's update: one pass, no cancellation.
        let (mut n, mut mean, mut squares) = (0.0, 0.0, 0.0);
        let (mut min, mut max) = (f64::NAN, f64::NAN);
        for value in values {
            n += 1.0;
            let from_mean: f64 = value - mean;
            mean += from_mean / n;
            squares += from_mean * (value - mean);
            min = value.min(min);
            max = value.max(max);
        }
        if n < 1.0 {
            return Self { mean: f64::NAN, std: f64::NAN, min, max };
        }
        Self { mean, std: (squares / n).sqrt(), min, max }
    }
}

/// What one pass over all cells counts.
struct Cells {
    min: f32,
    max: f32,
    grey: u64,
    not_binary: u64,
    greyness: f64,
    volume_fractions: Vec<f64>,
    invalid: Vec<InvalidDesign>,
    constant: Vec<usize>,
    duplicates: Vec<Duplicate>,
}

impl Cells {
    fn read(set: &DataSet) -> Result<Self, DataError> {
        let mut cells = Self {
            min: f32::NAN,
            max: f32::NAN,
            grey: 0,
            not_binary: 0,
            greyness: 0.0,
            volume_fractions: Vec::with_capacity(set.len()),
            invalid: Vec::new(),
            constant: Vec::new(),
            duplicates: Vec::new(),
        };
        // Two designs with the same 128 bits are taken to be equal; a chance collision is too
        // unlikely to happen in any real set.
        let mut seen: HashMap<u128, usize> = HashMap::with_capacity(set.len());
        let (mut design, mut scratch, mut bytes) =
            (vec![0.0; set.design_len()], Vec::new(), Vec::new());
        for index in 0..set.len() {
            set.designs().read(index, &mut design, &mut scratch)?;
            if let Some(position) = first_invalid(&design) {
                let (row, column) = (position / set.width(), position % set.width());
                cells.invalid.push(InvalidDesign {
                    design: index,
                    row,
                    column,
                    value: design[position],
                });
                continue;
            }
            cells.add(index, &design);
            bytes.clear();
            bytes.extend(design.iter().flat_map(|value| value.to_le_bytes()));
            let of = *seen.entry(XxHash3_128::oneshot(&bytes)).or_insert(index);
            if of != index {
                let same_group = set.groups()[of] == set.groups()[index];
                cells.duplicates.push(Duplicate { design: index, of, same_group });
            }
        }
        Ok(cells)
    }

    fn add(&mut self, index: usize, design: &[f32]) {
        let (mut min, mut max) = (design[0], design[0]);
        let (mut sum, mut greyness) = (0.0, 0.0);
        for value in design.iter().copied() {
            min = min.min(value);
            max = max.max(value);
            self.grey += u64::from(GREY_MARGIN < value && value < 1.0 - GREY_MARGIN);
            self.not_binary += u64::from(0.0 < value && value < 1.0);
            let value = f64::from(value);
            sum += value;
            greyness += 4.0 * value * (1.0 - value);
        }
        if max <= min {
            self.constant.push(index);
        }
        self.min = min.min(self.min);
        self.max = max.max(self.max);
        self.greyness += greyness;
        self.volume_fractions.push(sum / design.len() as f64);
    }
}

/// Number of different values.
fn distinct(mut values: Vec<f32>) -> usize {
    values.sort_by(f32::total_cmp);
    values.dedup();
    values.len()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array3, arr2};

    use super::*;
    use crate::set::details::Details;
    use crate::set::metadata::Condition;

    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let designs = Array3::from_shape_vec(
            (5, 1, 2),
            vec![0., 1., 0.5, 0.5, 0., 1., 0.25, f32::NAN, 0., 0.998],
        )
        .unwrap();
        let values = arr2(&[[1.0], [2.0], [3.0], [4.0], [5.0]]);
        let conditions = vec![Condition {
            min: 0.0,
            max: 9.0,
            ..Condition::covering("a", "m", values.column(0))
        }];
        let groups = Some(vec![3, 3, 4, 4, 4]);
        let set = DataSet::new(
            "x",
            designs,
            Details { conditions, values, groups, ..Details::default() },
        )
        .unwrap();
        let info = info(&set).unwrap();

        assert_eq!(
            (info.n, info.height, info.width, info.groups, info.largest_group),
            (5, 1, 2, 2, 3)
        );
        assert_eq!((info.value_min, info.value_max, info.binary), (0.0, 1.0, false));
        assert!((info.grey_share - 2.0 / 8.0).abs() < 1e-12); // 0.998 is within one level of 1
        let greyness = (2.0 + 4.0 * f64::from(0.998_f32) * (1.0 - f64::from(0.998_f32))) / 8.0;
        assert!((info.greyness - greyness).abs() < 1e-12);
        assert!((info.volume_fraction.mean - (0.5 + 0.5 + 0.5 + 0.499) / 4.0).abs() < 1e-7);
        assert_eq!(info.constant, [1]);
        assert_eq!(info.duplicates, [Duplicate { design: 2, of: 0, same_group: false }]);
        assert_eq!(
            (info.invalid[0].design, info.invalid[0].row, info.invalid[0].column),
            (3, 0, 1)
        );
        let condition = &info.conditions[0];
        assert_eq!((condition.distinct, condition.range), (5, [0.0, 9.0]));
        assert_eq!(
            condition.values,
            Summary { mean: 3.0, std: 2.0_f64.sqrt(), min: 1.0, max: 5.0 }
        );

        let notes: Vec<String> = info.notes().iter().map(ToString::to_string).collect();
        let notes = notes.join("\n");
        for words in
            ["not densities", "design 3 with NaN", "in every cell", "a copy of 0", "may leak"]
        {
            assert!(notes.contains(words), "{words:?} is not in {notes}");
        }
        let json = serde_json::to_value(&info).unwrap();
        assert_eq!(json["conditions"][0]["mean"], 3.0);
        assert!(json["invalid"][0]["value"].is_null());
    }

    #[test]
    fn a_condition_that_says_nothing_is_named_with_its_value() {
        let designs = Array3::from_elem((3, 1, 2), 0.5);
        let said = |last: f32| {
            let values = arr2(&[[0.3], [0.3], [last]]);
            let conditions = vec![Condition::covering("a", "", values.column(0))];
            let details = Details { conditions, values, ..Details::default() };
            let set = DataSet::new("x", designs.clone(), details).unwrap();
            let notes = info(&set).unwrap().notes();
            notes.iter().any(|note| note.found == "condition \"a\" is 0.3 for every design")
        };
        assert!(said(0.3) && !said(0.4));
    }

    /// The notes on designs of two cells in groups.
    fn noted(designs: &[[f32; 2]], groups: &[u32]) -> String {
        let cells = designs.iter().flatten().copied().collect();
        let designs = Array3::from_shape_vec((designs.len(), 1, 2), cells).unwrap();
        let groups = Some(groups.to_vec());
        let set = DataSet::new("x", designs, Details { groups, ..Details::default() }).unwrap();
        let notes = info(&set).unwrap().notes();
        notes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn nothing_is_said_of_sound_designs() {
        assert_eq!(noted(&[[0.0, 1.0], [0.2, 0.3], [1.0, 0.4]], &[0, 1, 1]), "");
    }

    #[test]
    fn copies_leak_only_into_other_groups_and_one_group_is_no_split() {
        let all = [[0.0, 1.0], [0.0, 1.0], [0.2, 0.3], [1.0, 0.4]];
        let (copies, leak) = ("copies of others: 1 design", "may leak");
        let said = noted(&all, &[0, 0, 1, 2]);
        assert!(said.contains(copies) && !said.contains(leak), "{said}");
        assert!(!said.contains("easier than it seems"), "{said}");
        let said = noted(&all, &[0, 1, 2, 3]);
        assert!(said.contains(copies) && said.contains(leak), "{said}");
        assert!(said.contains("2 designs nearly equal one of another group"), "{said}");
        let (one, said) = ("so the set cannot be split", noted(&all, &[5; 4]));
        assert!(said.contains(one) && !noted(&all, &[0, 0, 1, 2]).contains(one), "{said}");
    }

    #[test]
    fn bytes_of_0_and_1_are_noticed() {
        let words = "no design holds more than 1";
        let said = |most: u8| {
            let designs = ndarray::arr3(&[[[0_u8, most]], [[0, 0]]]).mapv(|x| f32::from(x) / 255.0);
            let set = DataSet::new("x", designs, Details::default()).unwrap();
            let mut info = info(&set).unwrap();
            info.element = Element::U8.to_string();
            info.notes().iter().any(|note| note.found.contains(words))
        };
        assert!(said(1) && !said(200));
    }

    #[test]
    fn a_set_that_is_too_large_for_near_copies_is_said_to_be() {
        let designs = Array3::from_shape_fn((3, 1, 2), |(i, _, j)| (i + j) as f32 / 4.0);
        let mut info = info(&DataSet::new("x", designs, Details::default()).unwrap()).unwrap();
        let words = "the set is too large to look for near-copies";
        let said = |info: &Info| info.notes().iter().any(|note| note.found == words);
        assert!(!said(&info));
        info.near_copies_apart = None;
        assert!(said(&info));
    }
}
