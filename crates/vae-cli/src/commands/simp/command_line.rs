//! The command that makes a data set again.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use topo_data::GenerateSpec;

/// The settings that the command names only where they differ from those of the family.
const SETTINGS: [&str; 14] = [
    "filter",
    "filter_radii",
    "iterations",
    "sharpen_iterations",
    "crisp_iterations",
    "tolerance",
    "solver",
    "keep_iterates",
    "knot_rows",
    "noise",
    "keep_ratio",
    "cut_ratio",
    "duplicate_iou",
    "problems",
];

/// The command of a specification: family, grid, seed and variants, and every other setting that
/// is not the family's.
pub(super) fn command_line(spec: &GenerateSpec) -> String {
    let mut command = format!(
        "vae simp generate {} --grid {}x{} --seed {} --variants {}",
        spec.family, spec.height, spec.width, spec.seed, spec.variants
    );
    // A family that does not exist has no settings to leave out.
    let usual = GenerateSpec::for_family(&spec.family).map(|usual| settings(&usual));
    let (usual, settings) = (usual.unwrap_or_default(), settings(spec));
    for name in SETTINGS {
        if let Some(value) = given(&settings, name)
            && given(&usual, name).as_ref() != Some(&value)
        {
            let _ = write!(command, " --{} {value}", name.replace('_', "-"));
        }
    }
    command
}

fn settings(spec: &GenerateSpec) -> Map<String, Value> {
    match serde_json::to_value(spec) {
        Ok(Value::Object(settings)) => settings,
        _ => Map::new(),
    }
}

/// The value of a setting as its flag takes it.
fn given(settings: &Map<String, Value>, name: &str) -> Option<String> {
    match settings.get(name) {
        None | Some(Value::Null) => {
            (name == "keep_iterates" && !settings.is_empty()).then(|| "0".to_owned())
        }
        Some(Value::Array(items)) => Some(items.iter().map(plain).collect::<Vec<_>>().join(",")),
        Some(value) => Some(plain(value)),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // 2 rather than 2.0.
        Value::Number(number) => number
            .as_f64()
            .filter(|_| number.is_f64())
            .map_or_else(|| number.to_string(), |number| number.to_string()),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use vae_data::{Source, open};

    use super::*;

    #[test]
    fn the_command_names_what_differs_from_the_family() {
        let spec = GenerateSpec {
            filter_radii: vec![1.5, 2.0],
            keep_ratio: 1.2,
            seed: 7,
            ..GenerateSpec::for_family("cantilever").unwrap()
        };
        assert_eq!(
            command_line(&spec),
            "vae simp generate cantilever --grid 48x96 --seed 7 --variants 8 --filter-radii 1.5,2 --keep-ratio 1.2"
        );
        let spec = GenerateSpec {
            variants: 2,
            problems: Some(10),
            ..GenerateSpec::for_family("cantilever").unwrap()
        };
        assert_eq!(
            command_line(&spec),
            "vae simp generate cantilever --grid 48x96 --seed 1 --variants 2 --problems 10"
        );
        let spec =
            GenerateSpec { keep_iterates: None, ..GenerateSpec::for_family("tutorial").unwrap() };
        assert!(command_line(&spec).ends_with(" --keep-iterates 0"));
    }

    #[test]
    fn the_built_in_set_records_its_command() {
        let set = open(&Source::Builtin).unwrap();
        let spec = set.metadata().extra["spec"].clone();
        let spec: GenerateSpec = serde_json::from_value(spec).unwrap();
        assert_eq!(set.metadata().command, Some(command_line(&spec)));
    }
}
