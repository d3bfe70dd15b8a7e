//! What helps against errors of a training.

use std::io;

use vae_base::{FileError, Remedy};

use crate::error::{Retreat, TrainError};

impl TrainError {
    /// What helps; empty if nothing specific does.
    pub fn remedies(&self) -> Vec<Remedy> {
        match self {
            Self::RunExists { path } => vec![
                Remedy::set("run", "DIR", "writes to another folder"),
                Remedy::set("resume", path.display().to_string(), "continues this run"),
            ],
            Self::BinaryLikelihood => vec![
                Remedy::set("targets", "binary", "thresholds the designs to 0 and 1"),
                Remedy::set(
                    "likelihood",
                    "continuous-bernoulli",
                    "is one of grey designs, as are gaussian and discretized-logistic",
                ),
                Remedy::set(
                    "objective",
                    "cross-entropy",
                    "trains on the cross-entropy, which is not a bound",
                ),
            ],
            Self::NotARun { .. } => vec![Remedy::advice(
                "give the folder that training wrote, such as runs/cantilever-default-1",
            )],
            Self::NoModelYet { path } => {
                vec![Remedy::set("resume", path.display().to_string(), "continues its training")]
            }
            Self::Checkpoint { path, .. } | Self::OtherArchitecture { path, .. } => vec![
                Remedy::set("run", "DIR", "starts again in another folder"),
                Remedy::advice(format!("put a whole checkpoint back at {}", path.display())),
            ],
            Self::OtherModel { .. } => vec![Remedy::advice(
                "two runs were written into one folder; put back the files of one, or train again",
            )],
            Self::NotFinite { retreat, .. } | Self::Exploded { retreat, .. } => {
                let Retreat { epoch, learning_rate, .. } = retreat;
                vec![
                    Remedy::set("learning_rate", learning_rate.to_string(), "is worth a try"),
                    Remedy::set("back_to", epoch.to_string(), "goes on from before the trouble"),
                ]
            }
            Self::TooLarge { fits: (height, width), .. } => vec![Remedy::set(
                "resize",
                format!("{height}x{width}"),
                "brings them to a size that fits",
            )],
            Self::FixedSetting { .. } => vec![Remedy::advice(
                "resume it with its own settings, or start a new run; epochs, patience, the learning rate and the place of the data may change",
            )],
            Self::NotKept { run, .. } => {
                vec![Remedy::set(
                    "resume",
                    run.display().to_string(),
                    "alone continues from the last state",
                )]
            }
            Self::DataChanged { .. } => vec![
                Remedy::advice("restore the data, or start a new run on the new ones"),
                Remedy::set("data", "SOURCE", "says where those of the run are now"),
            ],
            Self::NoMirrorRule { mirror: vae_data::Mirror::Transpose, .. } => {
                vec![Remedy::set("told", "none", "tells no conditions, so that none needs a rule")]
            }
            Self::NotSquare { .. } => {
                vec![Remedy::set("augment", "mirror-x,mirror-y", "mirrors designs of any size")]
            }
            Self::NoMirrorRule { mirror, .. } => {
                let key = mirror.to_string().replace('-', "_");
                let rule = format!(
                    "state it beside the condition in dataset.json, as \"{key}\": \"same\" or \"{key}\": {{\"sum\": 1.0}} for a value that becomes 1 - value"
                );
                let told =
                    Remedy::set("told", "none", "tells no conditions, so that none needs one");
                vec![Remedy::advice(rule), told]
            }
            Self::ConditionRange { .. } => vec![Remedy::advice(
                "take a value inside the range, because the model was not trained outside it",
            )],
            Self::File(FileError::Io { source, .. })
                if source.kind() == io::ErrorKind::StorageFull =>
            {
                vec![Remedy::advice("free some space, then resume the run")]
            }
            Self::Data(err) => err.remedies(),
            Self::Load(err) => err.remedies(),
            _ => Vec::new(),
        }
    }
}
