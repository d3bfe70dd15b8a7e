//! A configuration with what its settings mean, and with where each comes from.

use std::fmt::{self, Write as _};
use std::path::Path;

use toml::{Table, Value};

use crate::error::Result;
use crate::learn::config::layer::Layer;
use crate::learn::config::presets::{DEFAULT, text_of};
use crate::learn::config::settings::Config;

/// What each setting means.
const COMMENTS: &str = include_str!("../../../presets/comments.toml");
/// Settings that a configuration may lack, with a value as an example.
const ABSENT: [(&str, &str, &str); 1] = [("data", "split_seed", "1")];
/// Widest line of a comment.
const COLUMNS: usize = 96;

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The preset `default`, which has every setting.
    Default,
    /// Another preset, by its name.
    Preset(String),
    /// The file.
    File,
    /// It was given by itself.
    Given,
    /// It follows the number of training designs.
    Sized(usize),
    /// It follows another setting, such as the likelihood that a bound needs.
    Implied,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Preset(name) => write!(f, "preset {name}"),
            Self::File => f.write_str("file"),
            Self::Given => f.write_str("flag"),
            Self::Sized(designs) => write!(f, "sized for {designs} training designs"),
            Self::Implied => f.write_str("follows another setting"),
        }
    }
}

impl Config {
    /// Where each setting of a configuration comes from that [`Config::resolve_for`] made for so
    /// many training designs: the path of the setting, such as `training.epochs`, and its origin.
    ///
    /// # Errors
    /// As [`Config::resolve`].
    ///
    /// # Examples
    /// ```
    /// use vae_train::learn::Origin;
    /// use vae_train::{Config, Layer};
    ///
    /// let given = Layer::from("training.beta = 2.0".parse::<toml::Table>().expect("TOML"));
    /// let (config, _) = Config::resolve_for(Some("pool"), None, &given, 40)?;
    /// let origins = config.origins(Some("pool"), None, &given, 40)?;
    /// let origin = |key: &str| &origins.iter().find(|(path, _)| path == key).unwrap().1;
    /// assert_eq!(origin("training.beta"), &Origin::Given);
    /// assert_eq!(origin("model.encoder.pool"), &Origin::Preset("pool".to_owned()));
    /// assert_eq!(origin("training.epochs"), &Origin::Sized(40));
    /// assert_eq!(origin("seed"), &Origin::Default);
    /// # Ok::<(), vae_train::TrainError>(())
    /// ```
    pub fn origins(
        &self,
        preset: Option<&str>,
        file: Option<&Path>,
        over: &Layer,
        designs: usize,
    ) -> Result<Vec<(String, Origin)>> {
        let unsized_table = Self::resolve(preset, file, over)?.to_table();
        let file = file.map(Layer::read).transpose()?.unwrap_or_default();
        let named = self.preset.clone();
        let (default, own) =
            (Layer::parse("default", DEFAULT)?, Layer::parse(&named, text_of(&named)?)?);
        let table = self.to_table();
        let preset_is_given = preset.is_some();
        let origin = |path: &str| {
            let is = |layer: &Layer| {
                layer.value(path).is_some() && layer.value(path) == at(&table, path)
            };
            if path == "preset" {
                return if preset_is_given { Origin::Given } else { Origin::File };
            }
            if at(&table, path) != at(&unsized_table, path) {
                return Origin::Sized(designs);
            }
            if over.covers(path) {
                Origin::Given
            } else if file.covers(path) {
                Origin::File
            } else if named != "default" && own.covers(path) {
                if is(&own) { Origin::Preset(named.clone()) } else { Origin::Implied }
            } else if is(&default) || !default.covers(path) {
                Origin::Default
            } else {
                Origin::Implied
            }
        };
        let mut paths = Vec::new();
        leaves("", &table, &mut paths);
        Ok(paths.into_iter().map(|path| (path.clone(), origin(&path))).collect())
    }

    /// The paths of the settings that another configuration lacks or has otherwise.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let (own, other) = (self.to_table(), other.to_table());
        let mut paths = Vec::new();
        leaves("", &own, &mut paths);
        paths.retain(|path| at(&own, path) != at(&other, path));
        paths
    }

    /// The configuration as TOML with a remark behind each setting: what `remark` says of its path,
    /// such as `training.epochs`.
    pub fn to_remarked_toml(&self, remark: impl Fn(&str) -> String) -> String {
        let text = self.to_ordered_toml();
        let width = text.lines().map(|line| line.chars().count()).filter(|&n| n < 48).max();
        let width = width.unwrap_or(0);
        with_paths(&text, |path, line| {
            let remark = remark(path);
            if remark.is_empty() { line.to_owned() } else { format!("{line:width$}  # {remark}") }
        })
    }

    /// The configuration as TOML with a comment above each setting that says what it means; what
    /// may be left out stands there as a comment.
    ///
    /// # Examples
    /// ```
    /// let text = vae_train::Config::preset("default")?.to_annotated_toml();
    /// assert!(text.contains("# Passes over the training designs.\nepochs = 50\n"));
    /// # Ok::<(), vae_train::TrainError>(())
    /// ```
    pub fn to_annotated_toml(&self) -> String {
        let comments: Table = COMMENTS.parse().unwrap_or_default();
        let mut text = String::from(
            "# Settings of a run, laid over the preset that is named here; what is deleted is taken from it.\n",
        );
        let annotated = with_paths(&self.to_ordered_toml(), |path, line| {
            let comment = at(&comments, path).and_then(Value::as_str).unwrap_or_default();
            let absent = ABSENT.iter().filter(|(section, ..)| path == format!("{section}.source"));
            let absent = absent.map(|(section, key, value)| {
                let comment = at(&comments, &format!("{section}.{key}")).and_then(Value::as_str);
                format!("\n{}\n# {key} = {value}", commented(comment.unwrap_or_default()))
            });
            format!("{}\n{line}{}", commented(comment), absent.collect::<String>())
        });
        text.push_str(&annotated);
        text
    }

    /// The configuration as TOML in the order in which the settings are declared.
    fn to_ordered_toml(&self) -> String {
        toml::to_string(self).unwrap_or_else(|_| self.to_toml())
    }
}

impl Layer {
    /// The value that it states at a path.
    fn value(&self, path: &str) -> Option<&Value> {
        at(self.table(), path)
    }

    /// Whether it states a setting, or a value in whose place the setting stands.
    fn covers(&self, path: &str) -> bool {
        let mut path = path;
        loop {
            match self.value(path) {
                Some(value) => return !value.is_table(),
                None => match path.rsplit_once('.') {
                    Some((above, _)) => path = above,
                    None => return false,
                },
            }
        }
    }
}

/// The value at a dotted path.
fn at<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let first = table.get(parts.next()?)?;
    parts.try_fold(first, |value, part| value.get(part))
}

/// The paths of all values that are no tables.
fn leaves(above: &str, table: &Table, found: &mut Vec<String>) {
    for (key, value) in table {
        match value {
            Value::Table(below) => leaves(&format!("{above}{key}."), below, found),
            _ => found.push(format!("{above}{key}")),
        }
    }
}

/// A text of TOML whose lines with settings were changed by `change`, which is told their paths.
fn with_paths(text: &str, change: impl Fn(&str, &str) -> String) -> String {
    let mut section = String::new();
    let mut changed = String::new();
    for line in text.lines() {
        let name = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(name) = name.filter(|name| !name.contains(['=', ' ', ','])) {
            section = format!("{name}.");
        }
        let key = line.split_once(" = ").map(|(key, _)| key).filter(|key| !key.contains(' '));
        let line = match key {
            Some(key) => change(&format!("{section}{key}"), line),
            None => line.to_owned(),
        };
        let _ = writeln!(changed, "{line}");
    }
    changed
}

/// A sentence as lines of a comment.
fn commented(sentence: &str) -> String {
    let wrapped = vae_base::text::wrapped(sentence, COLUMNS);
    let lines: Vec<String> =
        wrapped.lines().map(|line| format!("# {}", line.trim_start())).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learn::config::presets::PRESETS;

    #[test]
    fn a_template_is_its_preset_and_names_every_setting() {
        let comments: Table = COMMENTS.parse().unwrap();
        for (name, _) in PRESETS {
            let config = Config::preset(name).unwrap();
            let text = config.to_annotated_toml();
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("study.toml");
            std::fs::write(&path, &text).unwrap();
            assert_eq!(Config::read(&path).unwrap(), config, "{name}");
            let mut paths = Vec::new();
            leaves("", &config.to_table(), &mut paths);
            assert!(40 < paths.len());
            for path in &paths {
                // A likelihood with noise is a table.
                let path =
                    if path.starts_with("model.likelihood") { "model.likelihood" } else { path };
                let comment = at(&comments, path).and_then(Value::as_str).unwrap_or_default();
                assert!(comment.ends_with('.'), "{name}: no comment for {path}");
                let first = comment.split(' ').take(4).collect::<Vec<_>>().join(" ");
                assert!(text.contains(&first), "{name}: {path}");
            }
            assert!(text.contains("# split_seed = 1"));
            assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        }
    }

    #[test]
    fn a_setting_has_one_origin() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.toml");
        std::fs::write(&path, "[training]\nobjective = \"elbo\"\nepochs = 7\n").unwrap();
        let given = Layer::from("seed = 3".parse::<Table>().unwrap());
        let (preset, file) = (Some("tutorial-conv"), Some(path.as_path()));
        let (config, _) = Config::resolve_for(preset, file, &given, 4000).unwrap();
        let origins = config.origins(preset, file, &given, 4000).unwrap();
        let of = |key: &str| origins.iter().find(|(path, _)| path == key).unwrap().1.clone();
        assert_eq!(of("seed"), Origin::Given);
        assert_eq!(of("training.epochs"), Origin::File);
        assert_eq!(of("training.objective.kind"), Origin::File);
        assert_eq!(of("training.batch_size"), Origin::Preset("tutorial-conv".to_owned()));
        assert_eq!(of("training.beta"), Origin::Implied, "a bound has β = 1");
        assert_eq!(of("data.validation"), Origin::Default);
        let shown = config.to_remarked_toml(|path| of(path).to_string());
        assert!(
            shown.lines().any(|line| line.starts_with("epochs = 7 ") && line.ends_with("# file"))
        );
        assert_eq!(shown.parse::<Table>().unwrap(), config.to_table());
    }
}
