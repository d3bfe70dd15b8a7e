//! The problem template of a family: values put in their places.

use toml::{Table, Value};
use topo_simp::{Grid, Problem};

/// Puts values and grid into a template.
pub(super) fn fill(
    template: Table,
    grid: Grid,
    value: &dyn Fn(&str) -> Option<f64>,
) -> Result<Problem, String> {
    let mut filled = Table::new();
    for (key, item) in template {
        filled.insert(key, resolve(item, value)?);
    }
    filled.insert("grid".to_owned(), Value::try_from(grid).map_err(|error| error.to_string())?);
    filled.try_into().map_err(|error: toml::de::Error| error.message().to_owned())
}

/// Replaces names by values, and choices by what is chosen.
fn resolve(item: Value, value: &dyn Fn(&str) -> Option<f64>) -> Result<Value, String> {
    match item {
        Value::String(text) => match text.strip_prefix('$') {
            Some(name) => value(name)
                .map(Value::Float)
                .ok_or_else(|| format!("the problem names ${name}, which is not an axis")),
            None => Ok(Value::String(text)),
        },
        Value::Array(items) => Ok(Value::Array(
            items.into_iter().map(|item| resolve(item, value)).collect::<Result<_, _>>()?,
        )),
        Value::Table(table) if table.contains_key("choose") => choose(table, value),
        Value::Table(table) => {
            let resolved = table.into_iter().map(|(key, item)| Ok((key, resolve(item, value)?)));
            Ok(Value::Table(resolved.collect::<Result<_, String>>()?))
        }
        other => Ok(other),
    }
}

/// `{ choose = position, from = [items] }`.
fn choose(mut table: Table, value: &dyn Fn(&str) -> Option<f64>) -> Result<Value, String> {
    let position = number(&mut table, "choose", value)?;
    let Some(Value::Array(mut items)) = table.remove("from") else {
        return Err("`choose` needs a list `from` beside it".to_owned());
    };
    if let Some(key) = table.keys().next() {
        return Err(format!("`{key}` beside `choose` and `from`"));
    }
    let n = items.len();
    if position.fract() != 0.0 || !(0.0..n as f64).contains(&position) {
        return Err(format!("`choose` is {position}, but the list has {n} items, counted from 0"));
    }
    resolve(items.swap_remove(position as usize), value)
}

/// Takes a number out of a table.
fn number(
    table: &mut Table,
    key: &str,
    value: &dyn Fn(&str) -> Option<f64>,
) -> Result<f64, String> {
    match table.remove(key).map(|item| resolve(item, value)).transpose()? {
        Some(Value::Float(number)) => Ok(number),
        Some(Value::Integer(number)) => Ok(number as f64),
        _ => Err(format!("`{key}` is not a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid { nelx: 8, nely: 4 };
    const TEXT: &str = r#"
        volume_fraction = "$v"
        supports = { choose = "$s", from = [[{ at = { edge = "left" }, fix = "xy" }], [{ at = { edge = "top" }, fix = "xy" }]] }
        load_cases = [{ loads = [{ at = { point = [1, 1] }, force = { angle = "$a", magnitude = 2 } }] }]
    "#;

    fn filled(text: &str, s: f64) -> Result<Problem, String> {
        let value = |name: &str| match name {
            "v" => Some(0.3),
            "s" => Some(s),
            "a" => Some(90.0),
            _ => None,
        };
        fill(toml::from_str(text).unwrap(), GRID, &value)
    }

    #[test]
    fn names_forces_and_choices_are_resolved() {
        let problem = filled(TEXT, 1.0).unwrap();
        assert_eq!((problem.grid, problem.volume_fraction), (GRID, 0.3));
        assert_eq!(problem.supports[0].at, topo_simp::Place::Edge(topo_simp::Side::Top));
        let force = problem.load_cases[0].loads[0].force;
        assert!(force[0].abs() < 1e-12 && (force[1] + 2.0).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_resolved_is_named() {
        assert!(filled(TEXT, 2.0).unwrap_err().contains("`choose` is 2"));
        assert!(filled(TEXT, 0.5).unwrap_err().contains("`choose` is 0.5"));
        assert!(filled(&TEXT.replace("$v", "$w"), 0.0).unwrap_err().contains("$w"));
        assert!(filled(&TEXT.replace("from", "of"), 0.0).unwrap_err().contains("`from`"));
        assert!(filled(&TEXT.replace("magnitude", "size"), 0.0).unwrap_err().contains("`size`"));
        assert!(filled(&TEXT.replace("\"$a\"", "\"down\""), 0.0).unwrap_err().contains("`angle`"));
    }
}
