//! Whether black or white is material.

use crate::foreign::choices::Answer;
use crate::foreign::frame::Tone;
use crate::foreign::setting::Setting;

/// What pictures show, all of them together.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    /// Tone of the frame around them.
    pub(crate) frame: Option<Tone>,
    /// Mean share of black on the outermost pixels.
    pub(crate) border: f64,
    /// Share of black inside the frame, one number per picture.
    pub(crate) darkness: Vec<f64>,
    /// Labels, one column each: one of them may be the volume fraction.
    pub(crate) labels: Vec<Vec<f32>>,
}

/// What was decided, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Polarity {
    pub(crate) white_is_material: bool,
    pub(crate) reason: String,
}

/// A label whose mean distance from the share of one tone is below this is its volume fraction ...
const CLOSE: f64 = 0.1;
/// ... if the other tone is this many times as far away.
const CLEARLY: f64 = 2.0;
/// A black background: more than this share of black inside, and on the border.
const MOSTLY: f64 = 0.55;

/// Decides. In this order: what was asked for; a label that follows the share of one tone, as a
/// volume fraction does; the tone of a frame, which is the paper; black on most of the border and
/// of the inside, which is a background of void. Otherwise black is material.
pub(crate) fn decide(evidence: &Evidence, asked: Setting<Answer>) -> Polarity {
    let decided = |white_is_material, reason: String| Polarity { white_is_material, reason };
    match asked {
        Setting::Given(Answer::Yes) => return decided(true, "asked for".into()),
        Setting::Given(Answer::No) => return decided(false, "asked for".into()),
        Setting::Auto | Setting::None => {}
    }
    if let Some((column, white)) = volume_label(evidence) {
        let tone = if white { "white" } else { "black" };
        return decided(white, format!("label {} follows the share of {tone}", column + 1));
    }
    match evidence.frame {
        Some(Tone::White) => return decided(false, "the frame around it is white".into()),
        Some(Tone::Black) => return decided(true, "the frame around it is black".into()),
        None => {}
    }
    let mean = evidence.darkness.iter().sum::<f64>() / evidence.darkness.len() as f64;
    let percent = 100.0 * mean;
    if MOSTLY < mean && MOSTLY < evidence.border {
        return decided(
            true,
            format!(
                "{percent:.0} % of the pixels are black, and so are the borders, like a background"
            ),
        );
    }
    decided(false, format!("the default, with {percent:.0} % of the pixels black"))
}

/// The label that is the share of one tone, and whether that tone is white.
fn volume_label(evidence: &Evidence) -> Option<(usize, bool)> {
    evidence.labels.iter().enumerate().find_map(|(column, values)| {
        let max = values.iter().copied().fold(f32::MIN, f32::max);
        let min = values.iter().copied().fold(f32::MAX, f32::min);
        let scale = if max <= 1.0 { 1.0 } else { 100.0 };
        // A label that hardly varies is near some share by accident.
        if min < 0.0 || scale < f64::from(max) || f64::from(max - min) < 0.05 * scale {
            return None;
        }
        let distance = |white: bool| {
            let pairs = values.iter().zip(&evidence.darkness);
            let sum: f64 = pairs
                .map(|(value, dark)| {
                    let share = if white { 1.0 - dark } else { *dark };
                    (f64::from(*value) / scale - share).abs()
                })
                .sum();
            sum / values.len() as f64
        };
        let (black, white) = (distance(false), distance(true));
        let (near, far) = (black.min(white), black.max(white));
        (near < CLOSE && CLEARLY * near < far).then_some((column, white < black))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(darkness: &[f64]) -> Evidence {
        Evidence { frame: None, border: 0.5, darkness: darkness.to_vec(), labels: Vec::new() }
    }

    fn white(evidence: &Evidence) -> bool {
        decide(evidence, Setting::Auto).white_is_material
    }

    #[test]
    fn a_label_outranks_the_frame_and_the_frame_the_means() {
        let mut found = evidence(&[0.7, 0.6, 0.8]);
        assert!(!white(&found), "the border is not dark enough");
        found.border = 0.7;
        assert!(white(&found));
        found.frame = Some(Tone::White);
        assert!(!white(&found));
        found.labels = vec![vec![5.0, 900.0, 3.0], vec![30.0, 40.0, 20.0]];
        assert!(white(&found));
        assert!(decide(&found, Setting::Auto).reason.contains("label 2"));
        found.labels = vec![vec![0.69, 0.62, 0.8]];
        assert!(!white(&found));
        assert!(decide(&found, "yes".parse().unwrap()).white_is_material);
        found.frame = Some(Tone::Black);
        found.labels = vec![vec![0.5, 0.5, 0.5]]; // as near to one as to the other
        assert!(white(&found));
        assert!(!decide(&found, "no".parse().unwrap()).white_is_material);
    }

    #[test]
    fn black_is_material_unless_something_speaks_against_it() {
        for darkness in [0.1, 0.4, 0.5] {
            assert!(!white(&Evidence { border: 0.9, ..evidence(&[darkness; 3]) }), "{darkness}");
        }
    }
}
