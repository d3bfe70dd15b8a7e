//! Designs in NumPy arrays: what the axes and the values of an array mean.

use vae_base::{Note, Remedy};

use crate::error::DataError;
use crate::foreign::axes;
use crate::foreign::choices::Iterations;
use crate::foreign::elements::Elements;
use crate::foreign::facts::Facts;
use crate::foreign::layout::{Axis, Flat, Layout};
use crate::foreign::reading::Reading;
use crate::foreign::scale;
use crate::formats::bytes::Bytes;
use crate::set::designs::Designs;
use crate::set::stored::Stored;
use crate::set::value_range::ValueRange;

/// Number of designs looked at to tell one layout from another.
const SAMPLE: usize = 64;

/// Checks the header and the length of a `.npy` file and finds out what its axes mean; reads a few
/// designs at most, unless none lies in one piece. The groups are those of its trajectories, if it
/// holds any.
///
/// `is_described` arrays belong to a data-set folder, which states what values mean.
pub(crate) fn open(
    file: &Bytes,
    reading: &Reading,
    facts: Facts,
    is_described: bool,
    notes: &mut Vec<Note>,
) -> Result<(Stored, Option<Vec<u32>>), DataError> {
    open_elements(Elements::of_npy(file)?, reading, facts, is_described, notes)
}

/// [`open`] for a file that holds one design, (H, W), or a trajectory of them, (T, H, W). Its
/// numbers are those of the file, of any scale.
pub(crate) fn open_one(
    file: &Bytes,
    reading: &Reading,
    facts: Facts,
    notes: &mut Vec<Note>,
) -> Result<Stored, DataError> {
    let numbers =
        |stored: Stored, _: &mut Vec<Note>| Ok(stored.in_range(Some(ValueRange::DENSITIES)));
    Ok(laid_out(Elements::of_npy(file)?, reading, facts, true, numbers, notes)?.0)
}

/// The designs of an array, and the groups of its trajectories.
pub(crate) fn open_elements(
    elements: Elements,
    reading: &Reading,
    facts: Facts,
    is_described: bool,
    notes: &mut Vec<Note>,
) -> Result<(Stored, Option<Vec<u32>>), DataError> {
    let scale = |stored: Stored, notes: &mut Vec<Note>| {
        scale::settle(stored, reading.range, is_described, notes)
    };
    laid_out(elements, reading, facts, false, scale, notes)
}

/// The designs of an array; `single` is a file of one design or trajectory.
fn laid_out(
    mut elements: Elements,
    reading: &Reading,
    facts: Facts,
    single: bool,
    scale: impl FnOnce(Stored, &mut Vec<Note>) -> Result<Stored, DataError>,
    notes: &mut Vec<Note>,
) -> Result<(Stored, Option<Vec<u32>>), DataError> {
    let order = axes::order(&mut elements, reading, facts, single, notes)?;
    let stored = elements.designs(&order, notes)?;
    let stored = scale(stored, notes)?;
    if let Some(Layout::Flat(flat)) = reading.layout.given() {
        check_layout(&stored, *flat, notes)?;
    }
    let n = stored.len();
    let iteration = order.iter().position(|axis| *axis == Axis::Iteration);
    match (iteration.map(|axis| elements.shape[axis]), reading.iterations.given()) {
        (None, _) => Ok((stored, None)),
        (Some(iterations), Some(Iterations::Last)) => {
            let stored = stored.last_of_each(iterations);
            notes.push(Note::new(format!(
                "of {} trajectories of {iterations} designs, the last design each is taken",
                stored.len()
            )));
            Ok((stored, None))
        }
        (Some(iterations), _) => {
            notes.push(Note::new(format!(
                "each of the {} trajectories of {iterations} designs is a group",
                n / iterations
            )));
            let groups = (0..n).map(|design| (design / iterations) as u32).collect();
            Ok((stored, Some(groups)))
        }
    }
}

/// Positions of the designs that are looked at.
fn sample(stored: &Stored) -> impl Iterator<Item = usize> {
    (0..stored.len()).step_by(stored.len().div_ceil(SAMPLE))
}

/// Notes a layout that scatters the material where another one would not.
fn check_layout(stored: &Stored, layout: Flat, notes: &mut Vec<Note>) -> Result<(), DataError> {
    if layout.nelx == layout.nely {
        return Ok(());
    }
    // Along the vector, and across it by the length of one row (or column): a wrong length mixes
    // cells that are not neighbors.
    let (across, other) =
        if layout.columns { (layout.nely, layout.nelx) } else { (layout.nelx, layout.nely) };
    let (mut stated, mut swapped) = (0.0, 0.0);
    let (mut design, mut scratch) = (vec![0.0; layout.cells()], Vec::new());
    for index in sample(stored) {
        stored.read(index, &mut design, &mut scratch)?;
        let vector = if layout.columns { layout.in_columns(&design) } else { design.clone() };
        stated += variation(&vector, across);
        swapped += variation(&vector, other);
    }
    if swapped < 0.75 * stated {
        let order = |columns| if columns { "columns" } else { "rows" };
        let (nelx, nely) = (layout.nelx, layout.nely);
        let same_size = format!("{}:{nelx}x{nely}", order(!layout.columns));
        let same_order = format!("{}:{nely}x{nelx}", order(layout.columns));
        notes.push(
            Note::new(format!(
                "the layout {layout} scatters the material; another one would be smoother by a \
                 factor of {:.1}",
                stated / swapped
            ))
            .or(Remedy::set("layout", same_size, "reads along the other axis"))
            .or(Remedy::set("layout", same_order, "swaps rows and columns")),
        );
    }
    Ok(())
}

/// Sum of the differences between neighbors in a grid of `width` columns.
fn variation(design: &[f32], width: usize) -> f32 {
    let down = design.iter().zip(&design[width..]).map(|(a, b)| (a - b).abs()).sum::<f32>();
    let along = |row: &[f32]| row.windows(2).map(|pair| (pair[0] - pair[1]).abs()).sum::<f32>();
    down + design.chunks(width).map(along).sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{FormatError, SetError};
    use crate::formats::npy::{Element, Header};

    /// Designs, groups and notes.
    type Opened = (Stored, Option<Vec<u32>>, Vec<Note>);

    fn open(bytes: Vec<u8>, reading: &Reading) -> Result<Opened, DataError> {
        let mut notes = Vec::new();
        let file = Bytes::from_vec(bytes, "designs.npy");
        let (stored, groups) = super::open(&file, reading, Facts::default(), false, &mut notes)?;
        Ok((stored, groups, notes))
    }

    fn array(element: Element, shape: &[usize], values: &[u8]) -> Vec<u8> {
        let mut bytes = Header::to_bytes(element, shape);
        bytes.extend(values);
        bytes
    }

    fn design(stored: &Stored, index: usize) -> Vec<f32> {
        let mut out = vec![f32::NAN; stored.size().0 * stored.size().1];
        stored.read(index, &mut out, &mut Vec::new()).unwrap();
        out
    }

    fn settings(remedies: &[Remedy]) -> Vec<&'static str> {
        let setting = |remedy: &Remedy| match remedy {
            Remedy::Set { setting, .. } => Some(*setting),
            _ => None,
        };
        remedies.iter().filter_map(setting).collect()
    }

    fn refused(element: Element, shape: &[usize], extra: usize) -> DataError {
        let mut bytes = Header::to_bytes(element, shape);
        bytes.resize(bytes.len() + extra, 0);
        open(bytes, &Reading::default()).unwrap_err()
    }

    #[test]
    fn a_wrong_rank_is_named_with_a_remedy() {
        let error = refused(Element::U8, &[6, 4], 24);
        assert_eq!(
            error.to_string(),
            "designs.npy: shape [6, 4] where (designs, rows, columns), none of them 0, is expected"
        );
        assert_eq!(settings(&error.remedies()), ["layout", "layout", "layout"]);
        let remedies = refused(Element::U8, &[6, 3, 4, 4], 288).remedies();
        assert_eq!(settings(&remedies), ["iterations", "iterations"]);
        assert!(matches!(
            refused(Element::U8, &[0, 4, 4], 0),
            DataError::Set(SetError::DesignShape { .. })
        ));
        assert!(matches!(
            refused(Element::U8, &[0, 1, 4, 4], 0),
            DataError::Set(SetError::DesignShape { .. })
        ));
    }

    #[test]
    fn an_axis_of_one_channel_is_dropped() {
        for shape in [[1, 1, 2, 3], [1, 2, 3, 1]] {
            let bytes = array(Element::U8, &shape, &[0, 51, 102, 153, 204, 255]);
            let (stored, ..) = open(bytes, &Reading::default()).unwrap();
            assert_eq!((stored.len(), stored.size()), (1, (2, 3)));
            assert_eq!(design(&stored, 0), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        }
    }

    #[test]
    fn whole_numbers_are_taken_as_they_are() {
        let bytes: Vec<u8> = [0_i64, 1, 1, 0].into_iter().flat_map(i64::to_le_bytes).collect();
        let (stored, ..) =
            open(array(Element::I64, &[1, 2, 2], &bytes), &Reading::default()).unwrap();
        assert_eq!(design(&stored, 0), [0.0, 1.0, 1.0, 0.0]);
    }

    #[test]
    fn bytes_of_0_and_1_are_void_and_solid() {
        let bytes = array(Element::U8, &[2, 1, 2], &[0, 1, 1, 0]);
        let (stored, _, notes) = open(bytes.clone(), &Reading::default()).unwrap();
        assert_eq!(design(&stored, 1), [1.0, 0.0]);
        let remedy = Remedy::set("range", "0:255", "takes them as levels");
        assert_eq!(notes[0].remedies, [remedy]);
        let levels = Reading { range: "0:255".parse().unwrap(), ..Reading::default() };
        let (stored, _, notes) = open(bytes, &levels).unwrap();
        assert_eq!(design(&stored, 1), [1.0 / 255.0, 0.0]);
        assert!(notes.is_empty());
    }

    #[test]
    fn a_range_maps_its_ends_to_void_and_solid() {
        let values: Vec<u8> =
            [-1.0_f32, 0.0, 1.0, 0.5].into_iter().flat_map(f32::to_le_bytes).collect();
        for (range, expected) in [("-1:1", [0.0, 0.5, 1.0, 0.75]), ("1:-1", [1.0, 0.5, 0.0, 0.25])]
        {
            let reading = Reading { range: range.parse().unwrap(), ..Reading::default() };
            let (stored, ..) = open(array(Element::F32, &[1, 1, 4], &values), &reading).unwrap();
            assert_eq!(design(&stored, 0), expected);
        }
    }

    #[test]
    fn flat_vectors_are_laid_out_as_stated() {
        // nelx = 3, nely = 2.
        let bytes = array(Element::U8, &[1, 6], &[0, 51, 102, 153, 204, 255]);
        let laid_out = |layout: &str| {
            let reading = Reading { layout: layout.parse().unwrap(), ..Reading::default() };
            let (stored, ..) = open(bytes.clone(), &reading)?;
            Ok::<_, DataError>((stored.size(), design(&stored, 0)))
        };
        assert_eq!(laid_out("rows:3x2").unwrap(), ((2, 3), vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0]));
        assert_eq!(laid_out("columns:3x2").unwrap(), ((2, 3), vec![0.0, 0.4, 0.8, 0.2, 0.6, 1.0]));
        let error = laid_out("rows:3x3").unwrap_err();
        assert!(
            error.to_string().contains("[1, 6]") && error.to_string().contains("rows:3x3"),
            "{error}"
        );
    }

    #[test]
    fn a_transposed_layout_is_noticed() {
        // A bar along x in a domain of 12 x 5, written down the columns.
        let bar: Vec<u8> = (0..12).flat_map(|_| [0, 255, 255, 0, 0]).collect();
        let notes = |layout: &str| {
            let reading = Reading { layout: layout.parse().unwrap(), ..Reading::default() };
            open(array(Element::U8, &[1, 60], &bar), &reading).unwrap().2
        };
        assert_eq!(notes("columns:12x5"), []);
        let offers = |stated: &str, other: &str| {
            let offered = format!("{:?}", notes(stated)[0].remedies);
            assert!(offered.contains(other), "{offered}");
        };
        offers("rows:12x5", "columns:12x5");
        offers("columns:5x12", "rows:5x12");
    }

    #[test]
    fn trajectories_are_groups_or_their_ends() {
        let bytes = array(Element::U8, &[2, 3, 1, 1], &[0, 51, 102, 153, 204, 255]);
        let read = |text: &str| {
            let reading = Reading { iterations: text.parse().unwrap(), ..Reading::default() };
            let (stored, groups, _) = open(bytes.clone(), &reading).unwrap();
            ((0..stored.len()).map(|i| design(&stored, i)[0]).collect::<Vec<_>>(), groups)
        };
        assert_eq!(read("all"), (vec![0.0, 0.2, 0.4, 0.6, 0.8, 1.0], Some(vec![0, 0, 0, 1, 1, 1])));
        assert_eq!(read("last"), (vec![0.4, 1.0], None));
    }

    #[test]
    fn a_truncated_file_is_found_at_once() {
        let error = refused(Element::F32, &[3, 2, 2], 47);
        assert!(
            matches!(
                error,
                DataError::Format(FormatError::Truncated { expected: 176, found: 175, .. })
            ),
            "{error:?}"
        );
        let error = refused(Element::F64, &[1 << 30, 1 << 12, 1 << 12], 100);
        assert!(matches!(error, DataError::Format(FormatError::Truncated { .. })), "{error:?}");
    }

    #[test]
    fn a_large_array_without_designs_in_one_piece_is_refused_before_it_is_read() {
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        let text = "{'descr': '<f4', 'fortran_order': True, 'shape': (1000, 512, 512), }";
        bytes.extend(format!("{text:<117}\n").bytes());
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
        file.set_len(128 + (1000 << 20)).unwrap(); // a file with a hole in it
        let file = Bytes::from_file(file, "designs.npy").unwrap();
        let reading = Reading { layout: "nhw".parse().unwrap(), ..Reading::default() };
        let error =
            super::open(&file, &reading, Facts::default(), false, &mut Vec::new()).err().unwrap();
        assert!(matches!(error, DataError::Format(FormatError::Scattered { .. })), "{error:?}");
        assert!(format!("{:?}", error.remedies()).contains("ascontiguousarray"));
    }
}
