//! The elimination tree of a grid: nested dissection by straight lines, and where everything goes in each front.
//!
//! The grid is cut along a line of nodes across its longer side, each half in the same way, down to small rectangles of
//! nodes. Every line and every small rectangle is one *front*: a dense matrix over its own nodes, which are eliminated
//! there, and over its boundary, the ring of nodes around everything that was cut on its side, which is eliminated later.
//! No symbolic factorisation is needed: the geometry says it all.
//!
//! References: George, "Nested dissection of a regular finite element mesh", 1973; Duff and Reid, "The multifrontal
//! solution of indefinite sparse symmetric linear equations", 1983.

use crate::Grid;

/// Rectangles of at most this many nodes are not cut further. Anything from 8 to 24 is about as fast.
const LEAF: usize = 16;

/// Rows of a front come in panels of so many.
pub(crate) const PANEL: usize = 8;

/// The fronts of a grid, children before parents.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    pub(crate) fronts: Vec<Front>,
    /// Place of each node in elimination order.
    pub(crate) position: Vec<u32>,
    /// Numbers needed for all factors together.
    pub(crate) factor_len: usize,
    /// Numbers needed at once for the updates of fronts at even and at odd depth.
    pub(crate) update_len: [usize; 2],
    /// The largest factor of a single front.
    pub(crate) max_factor_len: usize,
    /// The largest number of rows of a front.
    pub(crate) max_rows: usize,
}

/// A dense part of the elimination.
///
/// Its rows are the unknowns of its own nodes, padding up to a multiple of [`PANEL`], the unknowns of its boundary, and
/// padding again.
#[derive(Clone, Debug)]
pub(crate) struct Front {
    /// First own unknown in elimination order; the others follow.
    pub(crate) first: usize,
    /// How many own unknowns.
    pub(crate) n_own: usize,
    /// Unknowns of the boundary, in elimination order.
    pub(crate) boundary: Vec<u32>,
    /// Elements assembled here, with the first of the two rows of each of their nodes.
    pub(crate) elements: Vec<(u32, [u32; 4])>,
    pub(crate) children: Vec<Child>,
    /// 0 at even depth, 1 at odd: children and parents keep their updates on different stacks.
    pub(crate) parity: usize,
    /// Where its factor, `n_own` columns of `n_rows`, lies among all factors.
    pub(crate) factor_start: usize,
    /// Where its update, a square of `boundary_rows`, lies on its stack.
    pub(crate) update_start: usize,
}

/// A front whose update is added to its parent.
#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub(crate) front: usize,
    /// Rows of the child's update that follow each other in the parent too.
    pub(crate) runs: Vec<Run>,
}

/// Consecutive rows of an update, and where they begin in the parent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) len: usize,
}

impl Tree {
    pub(crate) fn new(grid: Grid) -> Self {
        let mut cuts = Vec::new();
        let everything = Rectangle { rows: [0, grid.nely + 1], columns: [0, grid.nelx + 1] };
        dissect(everything, 0, &mut cuts);
        let mut position = vec![0; grid.n_nodes()];
        let mut front_at = Vec::with_capacity(grid.n_nodes());
        for (front, cut) in cuts.iter().enumerate() {
            for node in cut.own.nodes(grid) {
                position[node] = front_at.len() as u32;
                front_at.push(front);
            }
        }
        let mut elements = vec![Vec::new(); cuts.len()];
        for e in 0..grid.n_elements() {
            let corners = grid.corners(e / grid.nelx, e % grid.nelx).map(|node| position[node]);
            let first = corners.into_iter().fold(u32::MAX, u32::min);
            elements[front_at[first as usize]].push((e as u32, corners));
        }
        let mut builder = Builder {
            rows: vec![0; grid.n_nodes()],
            stacks: [0; 2],
            tree: Self {
                fronts: Vec::with_capacity(cuts.len()),
                position,
                factor_len: 0,
                update_len: [0; 2],
                max_factor_len: 0,
                max_rows: 0,
            },
        };
        for (cut, elements) in cuts.iter().zip(elements) {
            builder.push(grid, cut, elements);
        }
        builder.tree
    }
}

impl Front {
    /// Rows before the boundary.
    pub(crate) const fn own_rows(&self) -> usize {
        self.n_own.next_multiple_of(PANEL)
    }

    /// Rows of the boundary.
    pub(crate) const fn boundary_rows(&self) -> usize {
        self.boundary.len().next_multiple_of(PANEL)
    }

    pub(crate) const fn n_rows(&self) -> usize {
        self.own_rows() + self.boundary_rows()
    }

    pub(crate) const fn factor_len(&self) -> usize {
        self.n_own * self.n_rows()
    }

    pub(crate) const fn update_len(&self) -> usize {
        self.boundary_rows() * self.boundary_rows()
    }
}

/// Some nodes of the grid: `rows[0]..rows[1]` and `columns[0]..columns[1]`.
#[derive(Clone, Copy, Debug)]
struct Rectangle {
    rows: [usize; 2],
    columns: [usize; 2],
}

impl Rectangle {
    const fn height(self) -> usize {
        self.rows[1] - self.rows[0]
    }

    const fn width(self) -> usize {
        self.columns[1] - self.columns[0]
    }

    fn nodes(self, grid: Grid) -> impl Iterator<Item = usize> {
        let [first, end] = self.columns;
        (self.rows[0]..self.rows[1])
            .flat_map(move |row| (first..end).map(move |column| grid.node(row, column)))
    }

    /// The nodes around it.
    fn ring(self, grid: Grid) -> impl Iterator<Item = usize> {
        let around = Self {
            rows: [self.rows[0].saturating_sub(1), (self.rows[1] + 1).min(grid.nely + 1)],
            columns: [self.columns[0].saturating_sub(1), (self.columns[1] + 1).min(grid.nelx + 1)],
        };
        let inside = move |row, column| {
            (self.rows[0]..self.rows[1]).contains(&row)
                && (self.columns[0]..self.columns[1]).contains(&column)
        };
        (around.rows[0]..around.rows[1])
            .flat_map(move |row| {
                (around.columns[0]..around.columns[1]).map(move |column| (row, column))
            })
            .filter(move |&(row, column)| !inside(row, column))
            .map(move |(row, column)| grid.node(row, column))
    }
}

/// A front before its rows are known.
struct Cut {
    /// The nodes eliminated by it and by everything below it.
    all: Rectangle,
    /// Those eliminated by itself.
    own: Rectangle,
    children: Vec<usize>,
    depth: usize,
}

/// Cuts a rectangle into fronts, children first; returns the number of the last.
fn dissect(all: Rectangle, depth: usize, cuts: &mut Vec<Cut>) -> usize {
    let (height, width) = (all.height(), all.width());
    let cut = if height * width <= LEAF || height.max(width) < 3 {
        Cut { all, own: all, children: Vec::new(), depth }
    } else {
        let (mut before, mut own, mut after) = (all, all, all);
        let (before, own, after) = if width >= height {
            let middle = all.columns[0] + width / 2;
            before.columns[1] = middle;
            own.columns = [middle, middle + 1];
            after.columns[0] = middle + 1;
            (before, own, after)
        } else {
            let middle = all.rows[0] + height / 2;
            before.rows[1] = middle;
            own.rows = [middle, middle + 1];
            after.rows[0] = middle + 1;
            (before, own, after)
        };
        let children = vec![dissect(before, depth + 1, cuts), dissect(after, depth + 1, cuts)];
        Cut { all, own, children, depth }
    };
    cuts.push(cut);
    cuts.len() - 1
}

struct Builder {
    tree: Tree,
    /// The first of the two rows of each node, by elimination order, in the front at hand.
    rows: Vec<u32>,
    /// How high the two stacks of updates are.
    stacks: [usize; 2],
}

impl Builder {
    /// Adds the front of a cut; its children are there already.
    fn push(&mut self, grid: Grid, cut: &Cut, elements: Vec<(u32, [u32; 4])>) {
        let place = |node| self.tree.position[node];
        let mut ring: Vec<u32> = cut.all.ring(grid).map(place).collect();
        ring.sort_unstable();
        let mut own = cut.own.nodes(grid).map(place);
        let first = own.next().expect("no cut is empty") as usize;
        let n_own = 2 * (1 + own.count());
        let own_rows = n_own.next_multiple_of(PANEL);
        for p in 0..n_own / 2 {
            self.rows[first + p] = 2 * p as u32;
        }
        for (&p, row) in ring.iter().zip((own_rows as u32..).step_by(2)) {
            self.rows[p as usize] = row;
        }
        let parity = cut.depth % 2;
        let mut children = Vec::with_capacity(cut.children.len());
        for &front in &cut.children {
            // This front takes the updates of its children off their stack.
            self.stacks[1 - parity] =
                self.stacks[1 - parity].min(self.tree.fronts[front].update_start);
            children.push(Child { front, runs: self.runs(front, own_rows) });
        }
        let front = Front {
            first: 2 * first,
            n_own,
            boundary: ring.iter().flat_map(|&p| [2 * p, 2 * p + 1]).collect(),
            elements: elements
                .into_iter()
                .map(|(e, corners)| (e, corners.map(|p| self.rows[p as usize])))
                .collect(),
            children,
            parity,
            factor_start: self.tree.factor_len,
            update_start: self.stacks[parity],
        };
        self.tree.factor_len += front.factor_len();
        self.stacks[parity] += front.update_len();
        self.tree.update_len[parity] = self.tree.update_len[parity].max(self.stacks[parity]);
        self.tree.max_factor_len = self.tree.max_factor_len.max(front.factor_len());
        self.tree.max_rows = self.tree.max_rows.max(front.n_rows());
        self.tree.fronts.push(front);
    }

    /// Where the update of a child goes in the front at hand.
    fn runs(&self, child: usize, own_rows: usize) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (from, unknown) in self.tree.fronts[child].boundary.iter().enumerate() {
            let to = (self.rows[*unknown as usize / 2] + unknown % 2) as usize;
            match runs.last_mut() {
                // No run goes from own rows to the boundary: they are stored apart.
                Some(run) if run.to + run.len == to && to != own_rows => run.len += 1,
                _ => runs.push(Run { from, to, len: 1 }),
            }
        }
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_is_eliminated_once() {
        for (nelx, nely) in [(1, 1), (2, 1), (1, 7), (5, 5), (60, 20), (17, 31)] {
            let grid = Grid { nelx, nely };
            let tree = Tree::new(grid);
            let mut positions = tree.position.clone();
            positions.sort_unstable();
            assert!(positions.into_iter().eq(0..grid.n_nodes() as u32), "{grid}");
            assert_eq!(tree.fronts.iter().map(|front| front.n_own).sum::<usize>(), grid.n_dofs());
            assert_eq!(
                tree.fronts.iter().map(|front| front.elements.len()).sum::<usize>(),
                grid.n_elements()
            );
        }
    }

    #[test]
    fn updates_on_a_stack_do_not_overlap() {
        let tree = Tree::new(Grid { nelx: 40, nely: 23 });
        let mut taken = vec![false; tree.fronts.len()];
        for (f, front) in tree.fronts.iter().enumerate() {
            for child in &front.children {
                assert!(child.front < f && !taken[child.front]);
                assert_ne!(tree.fronts[child.front].parity, front.parity);
                taken[child.front] = true;
            }
            let end = front.update_start + front.update_len();
            assert!(end <= tree.update_len[front.parity]);
            for other in tree.fronts[..f]
                .iter()
                .zip(&taken)
                .filter(|(_, taken)| !**taken)
                .map(|(other, _)| other)
            {
                let apart = other.update_start + other.update_len() <= front.update_start
                    || end <= other.update_start;
                assert!(other.parity != front.parity || apart);
            }
        }
        assert_eq!(taken.iter().filter(|taken| !**taken).count(), 1);
    }
}
