//! Layers of settings, and how one is laid over another.

use std::path::Path;

use serde::Serialize;
use toml::{Table, Value};
use vae_base::files::read_text;
use vae_base::layers::{UnknownKey, merge};

use crate::error::{Result, TrainError};
use crate::learn::config::migrate::{complete, to_format_2};
use crate::learn::config::settings::FORMAT;
use crate::learn::objective::Objective;

/// Largest size of a configuration file, in bytes.
const MOST_TEXT: u64 = 16 << 20;

/// Some of the settings of a [`Config`](crate::learn::Config), to be laid over others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layer {
    /// Where they come from, for messages.
    origin: String,
    table: Table,
}

impl Layer {
    /// The settings of a value that is written as a part of a configuration: a [`Table`], or a
    /// struct whose fields are left out where they are `None`.
    ///
    /// # Errors
    /// [`TrainError::ConfigSyntax`] if TOML cannot hold a value.
    ///
    /// # Examples
    /// ```
    /// use vae_train::learn::Layer;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Given {
    ///     seed: Option<u64>,
    /// }
    ///
    /// assert!(Layer::new(&Given { seed: None })?.is_empty());
    /// assert!(!Layer::new(&Given { seed: Some(7) })?.is_empty());
    /// # Ok::<(), vae_train::TrainError>(())
    /// ```
    pub fn new(settings: &impl Serialize) -> Result<Self> {
        let origin = "the given settings".to_owned();
        let table = Table::try_from(settings).map_err(|err| match too_large(settings) {
            Some(key) => syntax(&origin, &format!("`{key}` is larger than {}", i64::MAX)),
            None => syntax(&origin, &err.to_string()),
        })?;
        Ok(Self { origin, table })
    }

    /// The settings of a text.
    ///
    /// # Errors
    /// [`TrainError::ConfigSyntax`] if it is not TOML.
    pub(crate) fn parse(origin: &str, text: &str) -> Result<Self> {
        let table =
            text.parse().map_err(|err: toml::de::Error| syntax(origin, &err.to_string()))?;
        Ok(Self { origin: origin.to_owned(), table })
    }

    /// The settings of a file, brought to the present format.
    ///
    /// # Errors
    /// If the file cannot be read, is not TOML, or is of a newer format.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text =
            read_text(path, MOST_TEXT).map_err(|source| TrainError::io("reading", path, source))?;
        let mut layer = Self::parse(&path.display().to_string(), &text)?;
        let format = layer.table.get("format").and_then(Value::as_integer);
        match format {
            // A file that a person wrote need not state its format.
            None | Some(1) => to_format_2(&mut layer.table),
            Some(found) if found == i64::from(FORMAT) => {}
            Some(found) => {
                return Err(TrainError::Format {
                    path: path.to_owned(),
                    found: u32::try_from(found).unwrap_or(u32::MAX),
                    known: FORMAT,
                });
            }
        }
        complete(&mut layer.table);
        Ok(layer)
    }

    /// Whether it states no setting.
    pub fn is_empty(&self) -> bool {
        fn states_nothing(table: &Table) -> bool {
            table.values().all(|value| value.as_table().is_some_and(states_nothing))
        }
        states_nothing(&self.table)
    }

    /// The settings that it states.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// Whether it states this entry of a section.
    pub(crate) fn states(&self, section: &str, key: &str) -> bool {
        self.table.get(section).and_then(Value::as_table).is_some_and(|it| it.contains_key(key))
    }

    /// The preset that it names; `None` if it names none.
    pub(crate) fn preset(&self) -> Option<&str> {
        self.table.get("preset").and_then(Value::as_str)
    }

    /// The kind of objective that it names; `None` if it names none.
    pub(crate) fn objective(&self) -> Option<&str> {
        self.table.get("training")?.get("objective")?.get("kind")?.as_str()
    }

    /// Lays this layer over complete settings. Tables are merged key by key, and any other value
    /// replaces the old one.
    ///
    /// An objective of another kind starts from the defaults of that kind. Any other table of
    /// another `kind`, and a likelihood, replaces the old one as a whole.
    ///
    /// # Errors
    /// [`TrainError::UnknownKey`], [`TrainError::OtherObjective`].
    pub(crate) fn lay_over(&self, base: &mut Table) -> Result<()> {
        if let Some(fresh) = self.objective().and_then(defaults_of)
            && let Some(old) = entry(base, "training", "objective")
            && old.get("kind") != fresh.get("kind")
        {
            *old = fresh;
        }
        if let Some(new) = self.table.get("model").and_then(|model| model.get("likelihood"))
            && let Some(old) = entry(base, "model", "likelihood")
        {
            old.clone_from(new);
        }
        merge(base, self.table.clone(), OPTIONAL).map_err(|unknown| self.refused(base, unknown))
    }

    /// The error for a key that the settings do not have.
    fn refused(&self, base: &mut Table, UnknownKey { key, suggestion }: UnknownKey) -> TrainError {
        if let Some(field) = key.strip_prefix("training.objective.")
            && let Some(owner) = Objective::owner_of(field)
        {
            let kind =
                entry(base, "training", "objective").and_then(|table| table.get("kind")?.as_str());
            let kind = kind.unwrap_or_default().to_owned();
            return TrainError::OtherObjective { key: field.to_owned(), owner, kind };
        }
        TrainError::UnknownKey { origin: self.origin.clone(), key, suggestion }
    }

    /// Reads settings that are complete by themselves.
    ///
    /// # Errors
    /// [`TrainError::ConfigSyntax`] if a value is missing or has the wrong type.
    pub(crate) fn complete<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        self.read_as(self.table.clone())
    }

    /// Turns merged settings into a value.
    ///
    /// # Errors
    /// [`TrainError::ConfigSyntax`] if a value has the wrong type.
    pub(crate) fn read_as<T: serde::de::DeserializeOwned>(&self, merged: Table) -> Result<T> {
        merged.try_into().map_err(|err: toml::de::Error| syntax(&self.origin, err.message()))
    }
}

impl From<Table> for Layer {
    fn from(table: Table) -> Self {
        Self { origin: "the given settings".to_owned(), table }
    }
}

/// Settings that a complete table may lack, because they are `None`.
const OPTIONAL: &[&str] = &["data.split_seed"];

/// An entry of a table inside a table.
fn entry<'a>(base: &'a mut Table, section: &str, key: &str) -> Option<&'a mut Value> {
    base.get_mut(section)?.get_mut(key)
}

/// An objective with the defaults of its fields.
fn defaults_of(kind: &str) -> Option<Value> {
    Value::try_from(Objective::of_kind(kind)?).ok()
}

/// The key of a number that is too large for TOML, whose errors do not name it.
fn too_large(settings: &impl Serialize) -> Option<String> {
    fn find(value: &serde_json::Value, key: &str) -> Option<String> {
        if let Some(entries) = value.as_object() {
            let below = |(name, value): (&String, _)| find(value, &format!("{key}.{name}"));
            return entries.iter().find_map(below);
        }
        let beyond = value.is_u64() && !value.is_i64();
        beyond.then(|| key.trim_start_matches('.').to_owned())
    }
    find(&serde_json::to_value(settings).ok()?, "")
}

fn syntax(origin: &str, message: &str) -> TrainError {
    TrainError::ConfigSyntax { origin: origin.to_owned(), message: message.trim_end().to_owned() }
}
