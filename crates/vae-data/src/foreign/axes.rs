//! Which axis of an array counts designs, which rows and which columns: as stated, as the grid of a
//! problem or the number of conditions says, or as the elements look.

use vae_base::{Note, Remedy, text::counted};

use crate::error::{DataError, ReadingError, SetError};
use crate::foreign::axis_evidence::{Verdict, axis_of_designs};
use crate::foreign::elements::Elements;
use crate::foreign::facts::Facts;
use crate::foreign::layout::{Axis, AxisOrder, Flat, Layout};
use crate::foreign::reading::Reading;
use crate::foreign::setting::Setting;

use Axis::{Channel, Column, Design, Iteration, Row};

/// The orders of three axes; of those that fit as well as any other, the first is taken.
const ORDERS: [[Axis; 3]; 6] = [
    [Design, Row, Column],
    [Design, Column, Row],
    [Row, Column, Design],
    [Column, Row, Design],
    [Row, Design, Column],
    [Column, Design, Row],
];

/// An array with two axes of this length shows more than chance.
const TELLING: usize = 8;
/// A design with a side of 1 and another of this length is not a design.
const LINE: usize = 16;

/// What each axis of an array counts. Flat vectors are taken apart into rows and columns. `single`
/// is a file of one design or trajectory.
pub(crate) fn order(
    elements: &mut Elements,
    reading: &Reading,
    facts: Facts,
    single: bool,
    notes: &mut Vec<Note>,
) -> Result<Vec<Axis>, DataError> {
    if elements.shape.contains(&0) {
        return Err(shape_error(elements));
    }
    let shape = elements.shape.clone();
    match (reading.layout, reading.iterations.given()) {
        (Setting::Given(Layout::Flat(flat)), _) => unrolled(elements, flat),
        (Setting::Given(Layout::Axes(order)), _) => as_stated(elements, order),
        (_, Some(_)) if shape.len() == 4 => Ok(vec![Design, Iteration, Row, Column]),
        _ if single && matches!(shape[..], [_, _] | [_, _, 1]) => {
            let words = ["the first axis of each file counts", "the second one"];
            let [first, second] = of_one([shape[0], shape[1]], reading, facts, words, notes);
            Ok([first, second, Channel][..shape.len()].to_vec())
        }
        _ if shape.len() == 3 => of_three(elements, [0, 1, 2], reading, facts, single, notes),
        _ if shape.len() == 4 => {
            let channel = channel(&shape).ok_or_else(|| shape_error(elements))?;
            let others: Vec<usize> = (0..4).filter(|axis| *axis != channel).collect();
            let others = [others[0], others[1], others[2]];
            let mut order = of_three(elements, others, reading, facts, single, notes)?;
            order.insert(channel, Channel);
            Ok(order)
        }
        _ => Err(shape_error(elements)),
    }
}

/// The axis of four that counts channels: one of length 1, else one that is as short as those of
/// colors are, beside long ones.
fn channel(shape: &[usize]) -> Option<usize> {
    let is_color = |axis: &usize| {
        let rest = (0..4).filter(|other| other != axis).map(|other| shape[other]);
        (2..=4).contains(&shape[*axis]) && 2 <= rest.filter(|n| TELLING <= *n).count()
    };
    let places = [3, 1, 2];
    let one = [1, 3, 2].into_iter().find(|axis| shape[*axis] == 1);
    one.or_else(|| places.into_iter().find(is_color))
}

/// Takes flat vectors apart. The vectors are the rows of the array, or its columns.
fn unrolled(elements: &mut Elements, flat: Flat) -> Result<Vec<Axis>, DataError> {
    let long: Vec<usize> = (0..elements.shape.len()).filter(|k| 1 < elements.shape[*k]).collect();
    let cells = match long[..] {
        // Of two axes the last one is asked first.
        [axis] | [_, axis] | [axis, _] if elements.shape[axis] == flat.cells() => axis,
        [] if flat.cells() == 1 && !elements.shape.is_empty() => elements.shape.len() - 1,
        _ => return Err(flat.error(elements.label(), elements.shape.clone()).into()),
    };
    let mut order = vec![Channel; elements.shape.len()];
    if let Some(n) = long.into_iter().find(|axis| *axis != cells) {
        order[n] = Design;
    }
    let (second, axes) =
        if flat.columns { (flat.nely, [Column, Row]) } else { (flat.nelx, [Row, Column]) };
    order.splice(cells..=cells, axes);
    elements.split(cells, second);
    Ok(order)
}

/// The order that a caller states; axes of length 1 may be left out of it.
fn as_stated(elements: &Elements, stated: AxisOrder) -> Result<Vec<Axis>, DataError> {
    let axes: Vec<Axis> = stated.axes().collect();
    let rank = elements.shape.len();
    if axes.len() == rank {
        return Ok(axes);
    }
    let long = elements.shape.iter().filter(|n| 1 < **n).count();
    if axes.len() == long {
        let mut axes = axes.into_iter();
        let axis = |n: &usize| if 1 < *n { axes.next().unwrap_or(Channel) } else { Channel };
        return Ok(elements.shape.iter().map(axis).collect());
    }
    Err(ReadingError::AxisOrder {
        file: elements.label().into(),
        shape: elements.shape.clone(),
        layout: stated.to_string(),
    }
    .into())
}

/// What the two axes of a file that holds one design count. Rows come first, unless the grid of a
/// problem fits the other order only. `words` name the axes in the note.
pub(crate) fn of_one(
    [first, second]: [usize; 2],
    reading: &Reading,
    facts: Facts,
    words: [&str; 2],
    notes: &mut Vec<Note>,
) -> [Axis; 2] {
    let is_told = first != second && facts.grid == Some((first, second));
    let is_turned = first != second && facts.grid == Some((second, first));
    if reading.layout == Setting::None || is_told {
        return [Row, Column];
    }
    let [first_words, second_words] = words;
    if is_turned {
        notes.push(Note::new(format!(
            "{first_words} columns, {second_words} rows; the grid of the problem says so"
        )));
        return [Column, Row];
    }
    // Of very small designs the size that is printed says enough.
    if first * second < TELLING * TELLING {
        return [Row, Column];
    }
    let doubt = if second < first {
        "; which of the two are rows is a guess, and designs are seldom higher than wide"
    } else {
        ""
    };
    let note = Note::new(format!("{first_words} rows, {second_words} columns{doubt}"));
    notes.push(note.or(Remedy::set("layout", "wh", "swaps rows and columns")));
    [Row, Column]
}

/// How the order of the axes was found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Problem,
    Conditions,
    Looks,
    Default,
}

/// What three axes of an array count.
fn of_three(
    elements: &Elements,
    axes: [usize; 3],
    reading: &Reading,
    facts: Facts,
    single: bool,
    notes: &mut Vec<Note>,
) -> Result<Vec<Axis>, DataError> {
    if reading.layout == Setting::None {
        return Ok(ORDERS[0].to_vec());
    }
    let lens = axes.map(|axis| elements.shape[axis]);
    let length = |order: &[Axis; 3], axis: Axis| {
        order.iter().position(|other| *other == axis).map_or(1, |place| lens[place])
    };
    let keep = |orders: Vec<[Axis; 3]>, fits: &dyn Fn(&[Axis; 3]) -> bool| {
        let kept: Vec<_> = orders.iter().copied().filter(|order| fits(order)).collect();
        // What fits no order says nothing about it; it is held against the designs later.
        if kept.is_empty() { (orders, false) } else { (kept, true) }
    };
    let (left, fits_grid) = keep(ORDERS.to_vec(), &|order| {
        facts.grid == Some((length(order, Row), length(order, Column)))
    });
    // A square grid does not tell rows from columns.
    let by_grid = fits_grid && facts.grid.is_some_and(|(height, width)| height != width);
    let one_axis = |left: &[[Axis; 3]]| left.iter().all(|order| place(*order) == place(left[0]));
    let (counted, by_count) =
        keep(left.clone(), &|order| facts.count == Some(length(order, Design)));
    let (order, why) = if one_axis(&left) {
        (left[0], Why::Problem)
    } else if by_count && one_axis(&counted) {
        match by_looks(elements, axes, lens, &left) {
            // Then it is the number of conditions that is wrong.
            Ok((order, Why::Looks)) => (order, Why::Looks),
            _ => (counted[0], Why::Conditions),
        }
    } else {
        refuse_lines(elements, lens)?;
        by_looks(elements, axes, lens, &counted)?
    };
    let [n, height, width] = [Design, Row, Column].map(|axis| length(&order, axis));
    if !(by_grid && order == ORDERS[0]) {
        note(elements, order, [n, height, width], why, by_grid, single, notes);
    }
    Ok(order.to_vec())
}

/// Where the axis of designs stands.
fn place(order: [Axis; 3]) -> usize {
    order.iter().position(|axis| *axis == Design).unwrap_or(0)
}

/// Refuses what is no array of designs: vectors with an axis of length 1 beside them, and one
/// picture in color.
fn refuse_lines(elements: &Elements, lens: [usize; 3]) -> Result<(), DataError> {
    let line = |a: usize, b: usize| a == 1 && LINE <= b;
    if line(lens[1], lens[2]) || line(lens[2], lens[1]) {
        return Err(shape_error(elements));
    }
    if matches!(lens[2], 3 | 4) && LINE <= lens[0].min(lens[1]) {
        return Err(unclear(elements, "hwn", "hwc"));
    }
    Ok(())
}

/// Asks the elements.
fn by_looks(
    elements: &Elements,
    axes: [usize; 3],
    lens: [usize; 3],
    left: &[[Axis; 3]],
) -> Result<([Axis; 3], Why), DataError> {
    let first = |axis: usize| left.iter().find(|order| place(**order) == axis).copied();
    if lens[0] == 1 && place(left[0]) == 0 {
        return Ok((left[0], Why::Looks));
    }
    if lens.iter().filter(|n| TELLING <= **n).count() < 2 || lens.contains(&1) {
        return Ok((left[0], Why::Default));
    }
    let text = |order: [Axis; 3]| AxisOrder::new(&order).map_or(String::new(), |o| o.to_string());
    match axis_of_designs(elements, axes)? {
        Verdict::Designs(axis) if first(axis).is_some() => {
            Ok((first(axis).unwrap_or(left[0]), Why::Looks))
        }
        Verdict::Either(a, b) if a.min(b) != place(left[0]) => {
            let [a, b] = [a, b].map(|axis| text(first(axis).unwrap_or(left[0])));
            Err(unclear(elements, &a, &b))
        }
        // An array in Fortran order comes from a program that puts the designs last, unless it
        // looks otherwise.
        Verdict::Nothing | Verdict::Designs(_) if elements.is_by_columns() => {
            Err(unclear(elements, "nhw", "hwn"))
        }
        _ => Ok((left[0], Why::Default)),
    }
}

/// Says how the axes were taken.
fn note(
    elements: &Elements,
    order: [Axis; 3],
    [n, height, width]: [usize; 3],
    why: Why,
    by_grid: bool,
    single: bool,
    notes: &mut Vec<Note>,
) {
    // Of very small designs the size that is printed says enough.
    if height * width < TELLING * TELLING {
        return;
    }
    let Some(order) = AxisOrder::new(&order) else { return };
    let is_guess = why == Why::Default;
    let why = match why {
        Why::Problem if by_grid => "; the grid of the problem says so",
        Why::Problem => "; the grid of the problem says so, but not which of the two are rows",
        Why::Conditions => "; the number of conditions says so",
        Why::Looks if !by_grid && width < height => {
            "; which of the two are rows is a guess, and designs are seldom higher than wide"
        }
        Why::Looks if order.axes().next() != Some(Design) => {
            "; the designs look whole only this way"
        }
        Why::Looks => "",
        Why::Default => "; the order of the axes is a guess",
    };
    let (shape, swapped) = (&elements.shape, order.swapped().to_string());
    let found = if single {
        format!("the axes of each file are taken in the order {order}{why}")
    } else {
        let n = counted(n, "design");
        format!("{shape:?} is read as {n} of {height} rows x {width} columns{why}")
    };
    let mut note = Note::new(found);
    if !by_grid {
        note = note.or(Remedy::set("layout", swapped, "swaps rows and columns"));
        let other = if order.axes().next() == Some(Design) { "hwn" } else { "nhw" };
        if is_guess {
            note = note.or(Remedy::set("layout", other, "takes the designs along another axis"));
        }
    }
    notes.push(note);
}

fn unclear(elements: &Elements, first: &str, second: &str) -> DataError {
    ReadingError::UnclearAxes {
        file: elements.label().into(),
        shape: elements.shape.clone(),
        orders: [first.into(), second.into()],
    }
    .into()
}

fn shape_error(elements: &Elements) -> DataError {
    SetError::DesignShape { file: elements.label().into(), shape: elements.shape.clone() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    use ndarray::Array1;

    use crate::formats::bytes::Bytes;
    use crate::formats::npy;

    #[test]
    fn rows_of_one_design_are_told_by_a_grid_or_guessed() {
        let said = |size: [usize; 2], grid| {
            let (facts, mut notes) = (Facts { grid, count: None }, Vec::new());
            let words = ["the lines are", "the numbers along them"];
            let axes = of_one(size, &Reading::default(), facts, words, &mut notes);
            (axes, notes.iter().map(|note| note.found.clone()).collect::<Vec<_>>().join("; "))
        };
        assert_eq!(said([20, 40], Some((20, 40))), ([Row, Column], String::new()));
        let turned = "the lines are columns, the numbers along them rows; the grid of the problem \
                      says so";
        assert_eq!(said([40, 20], Some((20, 40))), ([Column, Row], turned.to_owned()));
        let plain = "the lines are rows, the numbers along them columns";
        assert_eq!(said([20, 40], None), ([Row, Column], plain.to_owned()));
        let doubt =
            "; which of the two are rows is a guess, and designs are seldom higher than wide";
        assert_eq!(said([40, 20], None), ([Row, Column], format!("{plain}{doubt}")));
        assert_eq!(said([4, 2], None), ([Row, Column], String::new()), "very small");
    }

    #[test]
    fn the_order_of_three_axes_is_said_with_what_told_it() {
        let bytes = npy::to_bytes(Array1::<f32>::zeros(1).view());
        let mut elements = Elements::of_npy(&Bytes::from_vec(bytes, "a.npy")).unwrap();
        elements.shape = vec![5, 20, 40];
        let said = |order, size, why, by_grid| {
            let mut notes = Vec::new();
            note(&elements, order, size, why, by_grid, false, &mut notes);
            notes.pop().map_or_else(String::new, |note: Note| note.found)
        };
        let (first, last, wide, high) = (ORDERS[0], ORDERS[2], [5, 20, 40], [5, 40, 20]);
        let all = [
            (said(last, wide, Why::Problem, true), "columns; the grid of the problem says so"),
            (said(last, wide, Why::Problem, false), ", but not which of the two are rows"),
            (said(last, wide, Why::Conditions, false), "; the number of conditions says so"),
            (said(first, high, Why::Looks, false), "; which of the two are rows is a guess, and"),
            (said(last, wide, Why::Looks, false), "; the designs look whole only this way"),
            (said(first, wide, Why::Default, false), "; the order of the axes is a guess"),
        ];
        for (own, (text, _)) in all.iter().enumerate() {
            for (other, (_, words)) in all.iter().enumerate() {
                let longer = own == 1 && other == 0;
                assert_eq!(text.contains(words), own == other || longer, "{words:?} in {text}");
            }
        }
        let plain = "[5, 20, 40] is read as 5 designs of 20 rows x 40 columns";
        assert_eq!(said(first, wide, Why::Looks, false), plain);
        assert_eq!(said(first, [5, 2, 3], Why::Default, false), "", "very small");
    }
}
