//! Configuration files of format 1, in which an objective was a name and the fields of all
//! objectives stood beside it.

use toml::{Table, Value};

use crate::learn::objective::Objective;

/// Fields of objectives in format 1, with their defaults.
const FIELDS: [(&str, f64); 4] = [
    ("importance_samples", 8.0),
    ("free_bits", 0.0),
    ("density_tolerance", 0.02),
    ("volume_tolerance", 0.0),
];

/// Brings a table of format 1, whole or in part, to format 2; one of format 2 stays as it is.
///
/// The fields of other objectives than the named one are dropped, because format 1 ignored them;
/// only free bits are kept, because format 1 refused them too.
pub(crate) fn to_format_2(table: &mut Table) {
    if table.contains_key("format") {
        table.insert("format".to_owned(), Value::Integer(2));
    }
    let Some(Value::Table(training)) = table.get_mut("training") else { return };
    let mut objective = match training.remove("objective") {
        None => Table::new(),
        Some(Value::String(kind)) => Table::from_iter([("kind".to_owned(), kind.into())]),
        // A table is of format 2, and anything else is refused when it is read.
        Some(other) => {
            training.insert("objective".to_owned(), other);
            return;
        }
    };
    for (field, default) in FIELDS {
        let Some(value) = training.remove(field) else { continue };
        let number = value.as_float().or(value.as_integer().map(|n| n as f64));
        let is_default = number == Some(default);
        let owner = Objective::owner_of(field);
        let kept = match objective.get("kind").and_then(Value::as_str) {
            kind if kind == owner => true,
            Some(_) => field == "free_bits" && !is_default,
            None => !is_default,
        };
        if kept {
            objective.insert(field.to_owned(), value);
        }
    }
    if !objective.is_empty() {
        training.insert("objective".to_owned(), Value::Table(objective));
    }
}

/// Completes the `config.toml` of a run that was made before models were told problems, before
/// fields had residual blocks, or before there was Muon: it states all other settings, and its model
/// is not told any problem, has no such blocks, or was trained by Adam. A file that somebody wrote
/// stays as it is.
pub(crate) fn complete(table: &mut Table) {
    let targets = table.get("data").and_then(|data| data.get("targets"));
    if targets.is_none() || !table.contains_key("format") {
        return;
    }
    let mut lay_under = |section: &str, key: &str, value: Value| {
        if let Some(Value::Table(section)) = table.get_mut(section) {
            section.entry(key).or_insert(value);
        }
    };
    lay_under("data", "problems", "none".into());
    lay_under("model", "averaged", false.into());
    lay_under("model", "field_blocks", 0.into());
    lay_under("model", "decoder_blocks", 0.into());
    lay_under("training", "optimizer", "adam".into());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_runs_keep_what_they_were_trained_with() {
        let completed = |text: &str| {
            let mut table: Table = text.parse().unwrap();
            complete(&mut table);
            table
        };
        let run = "format = 2\n[data]\ntargets = \"binary\"\n";
        assert_eq!(completed(run)["data"]["problems"].as_str(), Some("none"));
        let own = "[data]\ntargets = \"grey\"\n";
        assert_eq!(completed(own), own.parse().unwrap());
        let new = "format = 2\n[data]\ntargets = \"binary\"\nproblems = \"fields\"\n";
        assert_eq!(completed(new), new.parse().unwrap());
        let model = &completed(&format!("{new}[model]\ndecoder_blocks = 3\n"))["model"];
        assert_eq!(model["averaged"].as_bool(), Some(false));
        assert_eq!(model["field_blocks"].as_integer(), Some(0));
        assert_eq!(model["decoder_blocks"].as_integer(), Some(3));
        let training = &completed(&format!("{new}[training]\nepochs = 3\n"))["training"];
        assert_eq!(training["optimizer"].as_str(), Some("adam"));
    }

    fn migrated(text: &str) -> Table {
        let mut table: Table = text.parse().unwrap();
        to_format_2(&mut table);
        table
    }

    #[test]
    fn an_objective_takes_its_own_fields_along() {
        let found = migrated(
            "format = 1\n[training]\nobjective = \"iwae\"\nimportance_samples = 5\nfree_bits = 0.0\nepochs = 3\n",
        );
        let expected = "format = 2\n[training]\nepochs = 3\nobjective = { kind = \"iwae\", importance_samples = 5 }\n";
        assert_eq!(found, expected.parse().unwrap());
    }

    #[test]
    fn what_format_1_refused_is_not_dropped() {
        let found = migrated("[training]\nobjective = \"iwae\"\nfree_bits = 0.5\n");
        let expected = "[training]\nobjective = { kind = \"iwae\", free_bits = 0.5 }\n";
        assert_eq!(found, expected.parse().unwrap());
    }

    #[test]
    fn format_2_stays_as_it_is() {
        let text = "format = 2\n[training]\nbeta = 2.0\nobjective = { free_bits = 0.5 }\n";
        assert_eq!(migrated(text), text.parse().unwrap());
        assert_eq!(migrated("seed = 3\n"), "seed = 3\n".parse().unwrap());
    }
}
