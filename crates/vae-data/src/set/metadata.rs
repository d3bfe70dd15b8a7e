//! `dataset.json`: what a data set says about itself.

use ndarray::ArrayView1;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vae_base::paths::file_name;

use crate::error::SetError;
use crate::set::mirror::{Mirror, MirrorRule};

/// The version of the folder that this crate reads and writes.
pub const FORMAT: u32 = 1;

/// A number that belongs to each design: what was asked for when it was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Name, as in `volume_fraction`.
    pub name: String,
    /// Unit, as in `deg`; empty for a plain number.
    #[serde(default)]
    pub unit: String,
    /// Smallest value that the set covers.
    pub min: f32,
    /// Largest value that the set covers.
    pub max: f32,
    /// How the value changes when left and right are swapped; `None` if the set does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror_x: Option<MirrorRule>,
    /// The same for top and bottom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror_y: Option<MirrorRule>,
}

impl Condition {
    /// A condition whose range is that of its values.
    ///
    /// # Examples
    ///
    /// ```
    /// use ndarray::arr1;
    /// use vae_data::Condition;
    ///
    /// let condition = Condition::covering("load_angle", "deg", arr1(&[30.0, -15.0]).view());
    /// assert_eq!((condition.min, condition.max), (-15.0, 30.0));
    /// ```
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a view is a borrow already")]
    pub fn covering(name: &str, unit: &str, values: ArrayView1<'_, f32>) -> Self {
        let range = values
            .into_iter()
            .map(|value| (*value, *value))
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        let (min, max) = range.unwrap_or_default();
        Self { name: name.into(), unit: unit.into(), min, max, mirror_x: None, mirror_y: None }
    }

    /// How the value changes in a mirror image; `None` if the set does not say.
    #[must_use]
    pub fn mirror_rule(&self, mirror: Mirror) -> Option<MirrorRule> {
        match mirror {
            Mirror::X => self.mirror_x,
            Mirror::Y => self.mirror_y,
            Mirror::Transpose => None,
        }
    }
}

/// Where a data set comes from and under which terms; everything is optional.
///
/// Entries of `dataset.json` that this version does not know are kept in `extra`, and written
/// again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// Short name, which could be that of a folder; `None` stands for the folder's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What the designs are, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who made the data: an address, a publication, a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The terms of use, as an SPDX identifier where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Program and version that wrote the set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generator: Option<String>,
    /// The command that makes the set again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The seed of that command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Anything else.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The whole of `dataset.json`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Description {
    pub(crate) metadata: Metadata,
    /// In the order of the columns of `conditions.npy`; `None` if the file does not list them.
    pub(crate) conditions: Option<Vec<DeclaredCondition>>,
}

/// A condition as people write it down: a range is optional.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DeclaredCondition {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) unit: String,
    pub(crate) min: Option<f32>,
    pub(crate) max: Option<f32>,
    #[serde(default)]
    pub(crate) mirror_x: Option<MirrorRule>,
    #[serde(default)]
    pub(crate) mirror_y: Option<MirrorRule>,
}

impl Description {
    /// Reads `dataset.json`; its version comes first, since everything else may depend on it.
    pub(crate) fn parse(text: &str, file: &str) -> Result<Self, SetError> {
        let fail = |source| SetError::Metadata { file: file.into(), source };
        let mut entries: Map<String, Value> = serde_json::from_str(text).map_err(fail)?;
        let format = entries.remove("format");
        if format.as_ref().and_then(Value::as_u64) != Some(u64::from(FORMAT)) {
            let found = format
                .map_or("missing".into(), |value| value.to_string().chars().take(40).collect());
            return Err(SetError::Version { file: file.into(), found, supported: FORMAT });
        }
        let conditions =
            entries.remove("conditions").map(serde_json::from_value).transpose().map_err(fail)?;
        let metadata: Metadata = serde_json::from_value(Value::Object(entries)).map_err(fail)?;
        // Runs and pictures are called after the set.
        if let Some(name) = &metadata.name {
            let fail = |why| SetError::Name { file: file.into(), name: name.clone(), why };
            file_name(name).map_err(fail)?;
        }
        Ok(Self { metadata, conditions })
    }

    /// The text of `dataset.json`.
    pub(crate) fn to_text(
        metadata: &Metadata,
        conditions: &[Condition],
        file: &str,
    ) -> Result<String, SetError> {
        #[derive(Serialize)]
        struct Written<'a> {
            format: u32,
            #[serde(flatten)]
            metadata: &'a Metadata,
            conditions: &'a [Condition],
        }
        let mut text =
            serde_json::to_string_pretty(&Written { format: FORMAT, metadata, conditions })
                .map_err(|source| SetError::Metadata { file: file.into(), source })?;
        text.push('\n');
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Description, SetError> {
        Description::parse(text, "dataset.json")
    }

    #[test]
    fn what_is_unknown_is_kept() {
        let text = r#"{"format": 1, "name": "beams", "paper": {"year": 2024}, "conditions": [{"name": "v", "mirror_x": "same", "mirror_y": {"sum": 2}}]}"#;
        let read = parse(text).unwrap();
        assert_eq!(read.metadata.name.as_deref(), Some("beams"));
        assert_eq!(read.metadata.extra["paper"]["year"], 2024);
        let declared = &read.conditions.unwrap()[0];
        assert_eq!(declared.mirror_x, Some(MirrorRule::Same));
        assert_eq!(declared.mirror_y, Some(MirrorRule::Sum(2.0)));
        let conditions = [Condition {
            mirror_y: declared.mirror_y,
            ..Condition::covering("v", "1", ndarray::arr1(&[0.0, 1.0]).view())
        }];
        let written = Description::to_text(&read.metadata, &conditions, "dataset.json").unwrap();
        let again = parse(&written).unwrap();
        assert_eq!(again.metadata, read.metadata);
        let again = &again.conditions.unwrap()[0];
        assert_eq!(again.max, Some(1.0));
        assert_eq!((again.mirror_x, again.mirror_y), (None, Some(MirrorRule::Sum(2.0))));
    }

    #[test]
    fn a_set_is_called_what_a_folder_can_be_called() {
        for name in ["../../evil", "/etc", "a/b", "..", "a\u{1b}[2J", ""] {
            let text = serde_json::json!({"format": 1, "name": name}).to_string();
            let error = parse(&text).unwrap_err();
            assert!(matches!(error, SetError::Name { .. }), "{error}");
            assert!(!error.to_string().contains('\u{1b}'), "{error}");
        }
        assert!(parse(r#"{"format": 1, "name": "beams of 2024"}"#).is_ok());
    }

    #[test]
    fn other_versions_are_refused() {
        for (text, found) in [
            ("{}", "missing"),
            (r#"{"format": 2, "conditions": 7}"#, "2"),
            (r#"{"format": "1"}"#, "\"1\""),
            (r#"{"format": -1}"#, "-1"),
            (r#"{"format": 1.5}"#, "1.5"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(
                matches!(&error, SetError::Version { found: f, .. } if f == found),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn what_is_no_description_is_refused() {
        for text in
            ["", "[]", "{", r#"{"format": 1, "conditions": [{}]}"#, r#"{"format": 1, "seed": "x"}"#]
        {
            assert!(matches!(parse(text), Err(SetError::Metadata { .. })), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }
}
