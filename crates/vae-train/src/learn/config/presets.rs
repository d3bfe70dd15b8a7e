//! Presets: the default settings, and layers over them.

use vae_base::text::nearest;

use crate::error::{Result, TrainError};

/// Every setting, for designs of about 48 × 96 pixels on a processor.
pub(crate) const DEFAULT: &str = include_str!("../../../presets/default.toml");

/// The presets by name; each but `default` is a layer over it.
pub const PRESETS: [(&str, &str); 5] = [
    ("burda-1layer", include_str!("../../../presets/burda-1layer.toml")),
    ("default", DEFAULT),
    ("pool", include_str!("../../../presets/pool.toml")),
    ("tutorial-conv", include_str!("../../../presets/tutorial-conv.toml")),
    ("tutorial-mlp", include_str!("../../../presets/tutorial-mlp.toml")),
];

/// The text of a preset.
///
/// # Errors
/// [`TrainError::UnknownPreset`].
pub(crate) fn text_of(name: &str) -> Result<&'static str> {
    let found = PRESETS.into_iter().find(|(known, _)| *known == name);
    let known = PRESETS.map(|(known, _)| known);
    found.map(|(_, text)| text).ok_or_else(|| TrainError::UnknownPreset {
        name: name.to_owned(),
        suggestion: nearest(name, known),
        known: known.map(str::to_owned).to_vec(),
    })
}
