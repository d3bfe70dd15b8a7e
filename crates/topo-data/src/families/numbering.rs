//! The problems of a family: their numbers, the values of their conditions, and their statements.

use topo_simp::{Grid, Problem};

use super::{axis::Axis, family::Family, scatter::Scatter, template};
use crate::error::{Result, TopoDataError};

impl Family {
    /// Number of problems: the product of the lengths of the axes, or 2^32 for a family that draws
    /// at random.
    pub fn problems(&self) -> usize {
        match self.scatter {
            Some(_) => 1 << 32,
            None => self.axes.iter().map(|axis| axis.values.len()).product(),
        }
    }

    /// Names and units of the conditions of a problem.
    pub fn conditions(&self) -> Vec<(&str, &str)> {
        if self.scatter.is_some() {
            return Scatter::CONDITIONS.iter().map(|&name| (name, "")).collect();
        }
        self.axes
            .iter()
            .flat_map(|axis| {
                let companions = axis.with.iter().filter(|companion| companion.condition);
                std::iter::once((axis.name.as_str(), axis.unit.as_str()))
                    .chain(companions.map(|c| (c.name.as_str(), c.unit.as_str())))
            })
            .collect()
    }

    /// The values of a problem, one per condition.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    pub fn values(&self, problem: usize) -> Vec<f64> {
        if let Some(scatter) = &self.scatter {
            return scatter.draw(problem).conditions().to_vec();
        }
        self.cell(problem)
            .iter()
            .zip(&self.axes)
            .flat_map(|(&i, axis)| {
                let companions = axis.with.iter().filter(|companion| companion.condition);
                std::iter::once(axis.values[i]).chain(companions.map(move |c| c.values[i]))
            })
            .collect()
    }

    /// The value of one axis or companion in a problem.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    pub fn value(&self, problem: usize, name: &str) -> Option<f64> {
        if self.scatter.is_some() {
            return None;
        }
        self.cell(problem).iter().zip(&self.axes).find_map(|(&i, axis)| {
            let companion = axis.with.iter().find(|companion| companion.name == name);
            if axis.name == name { Some(axis.values[i]) } else { companion.map(|c| c.values[i]) }
        })
    }

    /// The number of the problem with these values, one per axis, within a billionth.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::NoSuchProblem`] if a value lies on no grid point of its axis.
    pub fn problem_at(&self, values: &[f64]) -> Result<usize> {
        let find = |problem: usize, (value, axis): (&f64, &Axis)| {
            let near = |candidate: &f64| (candidate - value).abs() <= 1e-9 * value.abs().max(1.0);
            Some(problem * axis.values.len() + axis.values.iter().position(near)?)
        };
        let fits = values.len() == self.axes.len();
        let found = fits.then(|| values.iter().zip(&self.axes).try_fold(0, find)).flatten();
        found.ok_or_else(|| TopoDataError::NoSuchProblem {
            family: self.name.clone(),
            values: values.to_vec(),
        })
    }

    /// A problem as the solver takes it, on a grid of `height` × `width` elements. It may still be
    /// ill-posed, such as a load on a support: [`Problem::validate`] tells.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::Family`] if the template gives no problem.
    ///
    /// # Panics
    ///
    /// If the family has no problem of this number.
    ///
    /// # Examples
    ///
    /// ```
    /// let family = topo_data::Family::cantilever();
    /// let straight_down = family.problem_at(&[0.4, 0.5, 90.0])?;
    /// let problem = family.problem(straight_down, 48, 96)?;
    /// assert_eq!(problem.volume_fraction, 0.4);
    /// assert!((problem.load_cases[0].loads[0].force[1] + 1.0).abs() < 1e-12);
    /// # Ok::<(), topo_data::TopoDataError>(())
    /// ```
    pub fn problem(&self, problem: usize, height: usize, width: usize) -> Result<Problem> {
        let grid = Grid { nelx: width, nely: height };
        let wrong = |reason| TopoDataError::Family { name: self.name.clone(), reason };
        let mut table = self.problem.clone();
        if let Some(scatter) = &self.scatter {
            scatter.draw(problem).add_to(&mut table, grid);
        }
        let value = |name: &str| self.value(problem, name);
        let mut built = template::fill(table, grid, &value).map_err(wrong)?;
        built.name = Some(self.name.clone());
        Ok(built)
    }

    /// The problem at values that may lie between those of the axes, by name; a companion is
    /// interpolated linearly between two values of its axis.
    ///
    /// # Errors
    ///
    /// [`TopoDataError::Family`] if a value is missing, or the template gives no problem.
    pub(crate) fn problem_with(
        &self,
        values: &[(String, f64)],
        height: usize,
        width: usize,
    ) -> Result<Problem> {
        let wrong = |reason| TopoDataError::Family { name: self.name.clone(), reason };
        let stated = |name: &str| values.iter().find(|(known, _)| known == name).map(|(_, v)| *v);
        let value = |name: &str| {
            stated(name).or_else(|| {
                self.axes.iter().find_map(|axis| {
                    let companion = axis.with.iter().find(|companion| companion.name == name)?;
                    interpolate(&axis.values, &companion.values, stated(&axis.name)?)
                })
            })
        };
        let grid = Grid { nelx: width, nely: height };
        let mut built = template::fill(self.problem.clone(), grid, &value).map_err(wrong)?;
        built.name = Some(self.name.clone());
        Ok(built)
    }

    /// The problem at the opposite end of these axes.
    pub(crate) fn opposite(&self, problem: usize, turned: &[usize]) -> usize {
        let cell = self.cell(problem);
        self.axes.iter().enumerate().fold(0, |number, (position, axis)| {
            let (i, n) = (cell[position], axis.values.len());
            number * n + if turned.contains(&position) { n - 1 - i } else { i }
        })
    }

    /// Position of a problem on each axis.
    fn cell(&self, problem: usize) -> Vec<usize> {
        assert!(problem < self.problems(), "no problem {problem} of {}", self.problems());
        let mut rest = problem;
        let mut cell: Vec<usize> = self
            .axes
            .iter()
            .rev()
            .map(|axis| {
                let i = rest % axis.values.len();
                rest /= axis.values.len();
                i
            })
            .collect();
        cell.reverse();
        cell
    }
}

/// The value at `x` of the piecewise linear function through the points, the first segment that
/// holds `x` counting.
fn interpolate(xs: &[f64], ys: &[f64], x: f64) -> Option<f64> {
    if let Some(i) = xs.iter().position(|known| (known - x).abs() <= 1e-6) {
        return ys.get(i).copied();
    }
    let i = xs.windows(2).position(|ends| (ends[0] - x) * (ends[1] - x) <= 0.0)?;
    let share = (x - xs[i]) / (xs[i + 1] - xs[i]);
    Some(ys[i] + share * (ys[i + 1] - ys[i]))
}
