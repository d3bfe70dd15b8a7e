//! A design made small, and how far two of them differ.

use crate::set::resample::Resampler;

/// Designs are compared first by sums over this many blocks each way of a quarter, onto which the
/// design is folded twice: a design and its mirror images have the same sums.
const BLOCKS: [usize; 3] = [4, 8, 16];
/// Number of sums of the coarsest blocks.
pub(super) const COARSE: usize = BLOCKS[0] * BLOCKS[0];

/// A design made small.
pub(super) struct Small {
    /// Mean densities of its cells, 0 to 255.
    pub(super) cells: Vec<u8>,
    columns: usize,
    /// Sums over the coarsest blocks of the folded design.
    pub(super) coarse: [u16; COARSE],
    /// Those over the finer ones.
    pub(super) finer: [Vec<u16>; BLOCKS.len() - 1],
    pub(super) mass: i32,
}

impl Small {
    pub(super) fn of(design: &[f32], resampler: &Resampler) -> Self {
        let (rows, columns) = resampler.size();
        let mut small = vec![0.0; rows * columns];
        resampler.apply(design, &mut small);
        let cells = small.into_iter().map(|density| (density * 255.0).round() as u8).collect();
        Self::new(cells, rows, columns)
    }

    fn new(cells: Vec<u8>, rows: usize, columns: usize) -> Self {
        let [coarse, fine, finest] = BLOCKS.map(|blocks| folded(&cells, (rows, columns), blocks));
        let mut sums = [0; COARSE];
        sums.copy_from_slice(&coarse);
        let mass = sums.iter().copied().map(i32::from).sum();
        Self { cells, columns, coarse: sums, finer: [fine, finest], mass }
    }

    /// The cells, and those of the mirror images: left to right, top to bottom, both.
    pub(super) fn images(&self) -> [Vec<u8>; 4] {
        let columns = self.columns;
        let rows = self.cells.len() / columns;
        [(false, false), (true, false), (false, true), (true, true)].map(|(x, y)| {
            let cell = |position: usize| {
                let (row, column) = (position / columns, position % columns);
                let row = if y { rows - 1 - row } else { row };
                let column = if x { columns - 1 - column } else { column };
                self.cells[row * columns + column]
            };
            (0..self.cells.len()).map(cell).collect()
        })
    }

    /// The difference up to which a design of this mass is near: `sum |a - b| <= within sum max(a,
    /// b)`, where `sum max = (sum a + sum b + sum |a - b|) / 2`.
    pub(super) fn most(&self, mass: i32, within: f32) -> f32 {
        within / (2.0 - within) * (self.mass + mass) as f32 + self.slack()
    }

    /// That difference for the heaviest design that can be near, and a little more for rounding.
    pub(super) fn most_of_all(&self, within: f32) -> f32 {
        let mass = self.mass as f32;
        let heaviest = mass + (within * mass + self.slack()) / (1.0 - within);
        within / (2.0 - within) * (mass + heaviest) + self.slack() + 1.0
    }

    /// What rounding to whole levels may add to a difference: a level in every eighth cell.
    fn slack(&self) -> f32 {
        self.cells.len() as f32 / 8.0
    }

    /// A sum of the coarse sums with signs, which differs by no more than the cells of two designs,
    /// or of their images, do. `signs` numbers the rows of a Hadamard matrix; 0 gives the mass.
    pub(super) fn projected(&self, signs: usize) -> i32 {
        let signed = |(i, sum): (usize, &u16)| {
            let odd = (signs & i).count_ones() % 2 == 1;
            if odd { -i32::from(*sum) } else { i32::from(*sum) }
        };
        self.coarse.iter().enumerate().map(signed).sum()
    }
}

/// Sums over blocks of a quarter onto which the cells are folded twice.
fn folded(cells: &[u8], (rows, columns): (usize, usize), blocks: usize) -> Vec<u16> {
    let block = |position: usize, n: usize| position.min(n - 1 - position) * blocks / n.div_ceil(2);
    let mut sums = vec![0; blocks * blocks];
    for (position, cell) in cells.iter().enumerate() {
        let (row, column) = (block(position / columns, rows), block(position % columns, columns));
        // Of at most 64 cells.
        sums[row * blocks + column] += u16::from(*cell);
    }
    sums
}

/// The sum of the differences, or a part of it above `most`, and how many were summed.
pub(super) fn difference<T: Copy + Into<i32>>(a: &[T], b: &[T], most: f32) -> (i32, usize) {
    let (mut sum, mut steps) = (0, 0);
    for (a, b) in a.chunks(COARSE).zip(b.chunks(COARSE)) {
        sum += a.iter().zip(b).map(|(a, b)| ((*a).into() - (*b).into()).abs()).sum::<i32>();
        steps += a.len();
        if most < sum as f32 {
            break;
        }
    }
    (sum, steps)
}
