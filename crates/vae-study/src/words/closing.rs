//! How a training ends: the model beside its simplest controls.

use vae_base::Remedy;
use vae_base::text::counted;

use super::Speak;
use crate::evaluation::{Compared, Control};

/// The errors of the model and of its controls, in one sentence without a full stop.
pub fn compared(compared: &Compared) -> String {
    let Compared { part, n, model, pca, components, nearest } = compared;
    format!(
        "on {}: MSE {model:.4}; {}: {pca:.4}; nearest training design: {nearest:.4}",
        counted(*n, &format!("{} design", part.name())),
        counted(*components, "principal component"),
    )
}

/// What to say last of a model that is worse than a control; `None` of one that is not.
pub fn warning(compared: &Compared, speak: Speak<'_>) -> Option<String> {
    let epochs = speak(&Remedy::set("epochs", "N", "with more epochs"));
    let latent_dim = speak(&Remedy::set("latent_dim", "N", "with another number of dimensions"));
    better(compared).map(|better| {
        format!(
            "warning: this model reproduces designs worse than {better}; train again: {epochs}, {latent_dim}, or on more designs"
        )
    })
}

/// The controls that are better than the model, to stand behind "worse than"; `None` if none is.
pub(super) fn better(compared: &Compared) -> Option<String> {
    let names = compared.beaten_by().into_iter().map(|control| match control {
        Control::Pca => "the projection on principal components",
        Control::NearestTrainingDesign => "the nearest training design",
    });
    Some(names.collect::<Vec<_>>().join(" and than ")).filter(|names| !names.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Part;

    #[test]
    fn a_model_that_is_worse_than_a_control_is_called_so() {
        let found = |model| Compared {
            part: Part::Test,
            n: 1,
            model,
            pca: 0.04,
            components: 8,
            nearest: 0.06,
        };
        let speak = |remedy: &Remedy| match remedy {
            Remedy::Set { setting, .. } => (*setting).to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(warning(&found(0.03), &speak), None);
        let said = warning(&found(0.05), &speak).unwrap();
        assert!(said.contains("than the projection") && !said.contains("nearest"), "{said}");
        let said = warning(&found(0.07), &speak).unwrap();
        assert!(said.contains("and than the nearest"), "{said}");
        let expected = "on 1 test design: MSE 0.0300; 8 principal components: 0.0400; nearest training design: 0.0600";
        assert_eq!(compared(&found(0.03)), expected);
    }
}
