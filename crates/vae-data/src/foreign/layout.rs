//! How arrays and flat vectors hold designs, as a caller states it.

use std::fmt;
use std::str::FromStr;

use crate::error::ReadingError;
use crate::foreign::setting::wrong;
use crate::set::size::two_numbers;

/// How arrays hold designs: as flat vectors, or with axes in a stated order.
///
/// # Examples
///
/// ```
/// use vae_data::Layout;
///
/// // One vector per design, down the columns of 60 x 20 elements.
/// assert!(matches!("columns:60x20".parse(), Ok(Layout::Flat(flat)) if flat.nelx == 60));
/// // MATLAB's designs(row, column, design).
/// assert_eq!("HWN".parse::<Layout>()?.to_string(), "hwn");
/// # Ok::<(), vae_data::ReadingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Layout {
    /// One vector per design.
    Flat(Flat),
    /// Axes in this order.
    Axes(AxisOrder),
}

/// How a flat vector holds a design of nelx x nely elements: `rows:NELXxNELY` goes along the rows
/// from the top, `columns:NELXxNELY` down the columns from the left, as the classic codes number
/// their elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flat {
    /// Whether neighbors in the vector stand below each other.
    pub columns: bool,
    /// Elements along x: the width of a design.
    pub nelx: usize,
    /// Elements along y: the height of a design.
    pub nely: usize,
}

/// What one axis of an array counts; the letter is its name in an [`AxisOrder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Axis {
    /// `n`: designs.
    Design,
    /// `t`: iterations of an optimization.
    Iteration,
    /// `h`: rows from the top, nely of them.
    Row,
    /// `w`: columns from the left, nelx of them.
    Column,
    /// `c`: channels of a color, which must be equal.
    Channel,
}

/// The axes of an array by their letters, such as `nhw`, `hwn` or `nchw`: each at most once, `h`
/// and `w` among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AxisOrder([Option<Axis>; 5]);

impl Flat {
    /// Number of cells of a design.
    pub(crate) fn cells(self) -> usize {
        self.nelx * self.nely
    }

    /// A flat vector row by row from the top.
    pub(crate) fn in_rows(self, vector: &[f32]) -> Vec<f32> {
        if !self.columns {
            return vector.to_vec();
        }
        let rows = (0..self.nely).flat_map(|row| vector[row..].iter().step_by(self.nely));
        rows.copied().collect()
    }

    /// A design that lies row by row, column by column.
    pub(crate) fn in_columns(self, design: &[f32]) -> Vec<f32> {
        let columns = (0..self.nelx).flat_map(|column| design[column..].iter().step_by(self.nelx));
        columns.copied().collect()
    }

    /// The error of data of another shape than this layout asks for.
    pub(crate) fn error(self, file: &str, shape: Vec<usize>) -> ReadingError {
        let (cells, layout) = (self.cells(), self.to_string());
        ReadingError::Layout { file: file.into(), shape, cells, layout }
    }
}

impl Axis {
    const ALL: [Self; 5] = [Self::Design, Self::Iteration, Self::Row, Self::Column, Self::Channel];

    fn letter(self) -> char {
        match self {
            Self::Design => 'n',
            Self::Iteration => 't',
            Self::Row => 'h',
            Self::Column => 'w',
            Self::Channel => 'c',
        }
    }
}

impl AxisOrder {
    /// The order of these axes; `None` if one is there twice, or rows or columns are missing.
    pub fn new(axes: &[Axis]) -> Option<Self> {
        let once = axes.iter().enumerate().all(|(i, axis)| !axes[..i].contains(axis));
        let whole = axes.contains(&Axis::Row) && axes.contains(&Axis::Column);
        let mut order = [None; 5];
        (once && whole).then(|| {
            order.iter_mut().zip(axes).for_each(|(place, axis)| *place = Some(*axis));
            Self(order)
        })
    }

    /// The axes, from the first.
    pub fn axes(&self) -> impl Iterator<Item = Axis> {
        self.0.into_iter().flatten()
    }

    /// The same with rows and columns in each other's place.
    pub(crate) fn swapped(self) -> Self {
        Self(self.0.map(|axis| match axis {
            Some(Axis::Row) => Some(Axis::Column),
            Some(Axis::Column) => Some(Axis::Row),
            other => other,
        }))
    }
}

impl FromStr for Layout {
    type Err = ReadingError;

    fn from_str(text: &str) -> Result<Self, ReadingError> {
        let flat = || {
            let (order, size) = text.split_once(':')?;
            let columns = match order {
                "rows" => false,
                "columns" => true,
                _ => return None,
            };
            let (nelx, nely) = two_numbers(size)?;
            Some(Self::Flat(Flat { columns, nelx, nely }))
        };
        let axes = || {
            let axis = |letter: char| {
                let letter = letter.to_ascii_lowercase();
                Axis::ALL.into_iter().find(|axis| axis.letter() == letter)
            };
            let axes: Vec<Axis> = text.chars().map(axis).collect::<Option<_>>()?;
            AxisOrder::new(&axes).map(Self::Axes)
        };
        flat().or_else(axes).ok_or_else(|| {
            wrong(
                text,
                "a layout: rows:NELXxNELY or columns:NELXxNELY, such as columns:60x20, or the \
                 axes in their order (n designs, h rows, w columns, c channels, t iterations), \
                 such as hwn",
            )
        })
    }
}

impl fmt::Display for Flat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = if self.columns { "columns" } else { "rows" };
        write!(f, "{order}:{}x{}", self.nelx, self.nely)
    }
}

impl fmt::Display for AxisOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.axes().try_for_each(|axis| write!(f, "{}", axis.letter()))
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flat(flat) => flat.fmt(f),
            Self::Axes(order) => order.fmt(f),
        }
    }
}
