//! Names of the maps, and what becomes of them in mirror images.

use vae_data::FieldChannel;

/// The recipe of the maps. It changes whenever a map of some problem does, so that a model is never
/// given other maps than it was trained with.
pub const FIELD_RECIPE: &str = "problem-fields-1";

/// The maps of a problem, in the order of [`problem_fields`](crate::problem_fields).
///
/// # Examples
///
/// ```
/// let channels = topo_data::field_channels();
/// let signed: Vec<_> = channels.iter().filter(|c| c.odd_x).map(|c| c.name.as_str()).collect();
/// assert_eq!(signed, ["load_xy"]);
/// assert_eq!(channels[channels[0].transposed].name, "load_yy");
/// ```
pub fn field_channels() -> Vec<FieldChannel> {
    let channel = |name: &str, odd, transposed| FieldChannel {
        name: name.to_owned(),
        odd_x: odd,
        odd_y: odd,
        transposed,
    };
    vec![
        channel("load_xx", false, 1),
        channel("load_yy", false, 0),
        // Transposing rows and columns maps (x, y up) to (−y, −x), and leaves the product alone.
        channel("load_xy", true, 2),
        channel("load_near", false, 3),
        channel("held_x", false, 5),
        channel("held_y", false, 4),
        channel("prescribed", false, 6),
        channel("energy", false, 7),
        channel("rank", false, 8),
        channel("volume", false, 9),
    ]
}
