//! Names of the maps, and what becomes of them in mirror images.

use vae_data::FieldChannel;

/// Which maps a model is told. A recipe never changes once models are trained with it: whatever
/// changes a map is a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldRecipe {
    /// The first ten maps, without the stresses.
    Energy,
    /// All fifteen.
    Stresses,
}

impl FieldRecipe {
    /// The name that a model file states.
    pub fn name(self) -> &'static str {
        match self {
            Self::Energy => "problem-fields-1",
            Self::Stresses => "problem-fields-2",
        }
    }

    /// The recipe of this name; `None` if this version knows none.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Energy, Self::Stresses].into_iter().find(|recipe| recipe.name() == name)
    }

    /// The maps of a problem, in the order of [`problem_fields`](crate::problem_fields).
    ///
    /// # Examples
    ///
    /// ```
    /// let channels = topo_data::FieldRecipe::Stresses.channels();
    /// let signed: Vec<_> = channels.iter().filter(|c| c.odd_x).map(|c| c.name.as_str()).collect();
    /// assert_eq!(signed, ["load_xy", "stress_xxxy", "stress_yyxy"]);
    /// assert_eq!(channels[channels[0].transposed].name, "load_yy");
    /// ```
    pub fn channels(self) -> Vec<FieldChannel> {
        let channel = |name: &str, odd, transposed| FieldChannel {
            name: name.to_owned(),
            odd_x: odd,
            odd_y: odd,
            transposed,
        };
        let mut channels = vec![
            channel("load_xx", false, 1),
            channel("load_yy", false, 0),
            // Transposing rows and columns maps (x, y up) to (−y, −x), and leaves the product as it
            // is.
            channel("load_xy", true, 2),
            channel("load_near", false, 3),
            channel("held_x", false, 5),
            channel("held_y", false, 4),
            channel("prescribed", false, 6),
            channel("energy", false, 7),
            channel("rank", false, 8),
            channel("volume", false, 9),
        ];
        if self == Self::Stresses {
            channels.extend([
                channel("stress_xxxx", false, 11),
                channel("stress_yyyy", false, 10),
                channel("stress_xxyy", false, 12),
                channel("stress_xxxy", true, 14),
                channel("stress_yyxy", true, 13),
            ]);
        }
        channels
    }
}
