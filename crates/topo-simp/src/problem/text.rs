//! Problems as TOML, alone or with values taken from the conditions of a design.

use std::fmt::Write as _;

use super::{error::ProblemError, statement::Problem};

impl Problem {
    /// Reads and validates a `problem.toml`.
    ///
    /// # Errors
    /// [`ProblemError::Toml`] with line and column for text that does not follow the schema,
    /// otherwise as [`Problem::validate`].
    pub fn from_toml(text: &str) -> Result<Self, ProblemError> {
        let problem: Self =
            toml::from_str(text).map_err(|error| ProblemError::Toml(error.to_string()))?;
        problem.validate()?;
        Ok(problem)
    }

    /// Reads and validates a `problem.toml` in which a number may be a condition: the text
    /// `"$volume_fraction"` stands for the value that `condition("volume_fraction")` returns.
    ///
    /// # Errors
    /// [`ProblemError::UnknownCondition`] for a name that `condition` does not know, otherwise as
    /// [`Problem::from_toml`].
    ///
    /// # Examples
    /// ```
    /// let text = r#"
    ///     volume_fraction = "$vf"
    ///     grid = { nelx = 8, nely = 4 }
    ///     supports = [{ at = { edge = "left" }, fix = "xy" }]
    ///     load_cases = [{ loads = [{ at = { point = [1, "$load_y"] }, force = [0, -1] }] }]
    /// "#;
    /// let problem = topo_simp::Problem::from_toml_with(text, |name| match name {
    ///     "vf" => Some(0.4),
    ///     "load_y" => Some(0.25),
    ///     _ => None,
    /// })?;
    /// assert_eq!(problem.volume_fraction, 0.4);
    /// # Ok::<(), topo_simp::ProblemError>(())
    /// ```
    pub fn from_toml_with(
        text: &str,
        condition: impl Fn(&str) -> Option<f64>,
    ) -> Result<Self, ProblemError> {
        let mut table: toml::Table =
            toml::from_str(text).map_err(|error| ProblemError::Toml(error.to_string()))?;
        for (_, value) in &mut table {
            substitute(value, &condition)?;
        }
        let problem: Self = table.try_into().map_err(|error: toml::de::Error| {
            located(text, &condition).unwrap_or_else(|| ProblemError::Toml(error.to_string()))
        })?;
        problem.validate()?;
        Ok(problem)
    }

    /// The problem as the text of a `problem.toml`; [`Problem::from_toml`] reads it back unchanged.
    ///
    /// # Panics
    /// If a node index exceeds `i64::MAX`: TOML has no larger integers, and no grid has such a
    /// node.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("tables, arrays, text and numbers have a TOML form")
    }
}

/// The error of a text with its line and column, which a table no longer knows: the names of
/// conditions are replaced by numbers of the same width.
fn located(text: &str, condition: &impl Fn(&str) -> Option<f64>) -> Option<ProblemError> {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("\"$") {
        let (before, from) = rest.split_at(start);
        let end = 2 + from[2..].find('"')?;
        let number = condition(&from[2..end])?;
        filled.push_str(before);
        let width = end + 1;
        // Writing to a text cannot fail.
        let _ = write!(filled, "{number:<width$?}");
        rest = &from[end + 1..];
    }
    filled.push_str(rest);
    toml::from_str::<Problem>(&filled).err().map(|error| ProblemError::Toml(error.to_string()))
}

/// Replaces every text `"$name"` in a value by a number.
fn substitute(
    value: &mut toml::Value,
    condition: &impl Fn(&str) -> Option<f64>,
) -> Result<(), ProblemError> {
    match value {
        toml::Value::String(text) => {
            if let Some(name) = text.strip_prefix('$') {
                let number = condition(name)
                    .ok_or_else(|| ProblemError::UnknownCondition { name: name.to_owned() })?;
                *value = toml::Value::Float(number);
            }
        }
        toml::Value::Array(items) => {
            items.iter_mut().try_for_each(|item| substitute(item, condition))?;
        }
        toml::Value::Table(table) => {
            table.iter_mut().try_for_each(|(_, item)| substitute(item, condition))?;
        }
        _ => {}
    }
    Ok(())
}
