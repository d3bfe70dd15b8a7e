//! Where the values of a level lie in memory.

/// Nodes of a level row by row, with a row of zeros above and below and zeros between the rows, so
/// that no operator needs to know a boundary. Elements use the same places: that of their upper
/// left node.
///
/// A vector has two such planes, x and y.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) nelx: usize,
    pub(super) nely: usize,
    /// Places from one row to the next, a multiple of [`LANES`].
    pub(super) stride: usize,
}

/// Rows are filled up to a multiple of this, the widest vector of any processor.
pub(super) const LANES: usize = 8;

impl Layout {
    pub(super) const fn new(nelx: usize, nely: usize) -> Self {
        Self { nelx, nely, stride: (nelx + 2).next_multiple_of(LANES) }
    }

    /// The level above: elements of twice the size. The last ones stick out if the number is odd.
    pub(super) const fn coarser(self) -> Self {
        Self::new(self.nelx.div_ceil(2), self.nely.div_ceil(2))
    }

    /// Places of one plane.
    pub(super) const fn plane(self) -> usize {
        LANES + (self.nely + 3) * self.stride + LANES
    }

    /// The place of a node, or of the element whose upper left node it is.
    pub(super) const fn place(self, row: usize, column: usize) -> usize {
        LANES + (row + 1) * self.stride + column
    }

    /// Places of a row, zeros at its end included.
    pub(super) const fn row(self, row: usize) -> std::ops::Range<usize> {
        self.place(row, 0)..self.place(row + 1, 0)
    }

    /// Zeros for both components of every node.
    pub(super) fn vector(self) -> Vec<f64> {
        vec![0.0; 2 * self.plane()]
    }

    /// All elements in turn: row, column.
    pub(super) fn elements(self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.nely).flat_map(move |row| (0..self.nelx).map(move |column| (row, column)))
    }
}
