//! The objective of a run: one of the variants, with its own fields.

use serde::{Deserialize, Serialize};
use toml::Table;
use vae_models::Likelihood;

use crate::error::Result;
use crate::learn::objective::cross_entropy::CrossEntropy;
use crate::learn::objective::elbo::EvidenceBound;
use crate::learn::objective::geco::Tolerances;
use crate::learn::objective::iwae::ImportanceBound;
use crate::learn::objective::lecture::Lecture;
use crate::learn::objective::rule::Rule;
use crate::learn::objective::terms::Validation;

/// What a training step minimizes; in a configuration a table with its `kind` and its own fields.
///
/// # Examples
/// ```
/// use vae_train::learn::{ImportanceBound, Objective};
///
/// let objective: Objective = toml::from_str("kind = \"iwae\"")?;
/// assert_eq!(objective, Objective::Iwae(ImportanceBound { importance_samples: 8 }));
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Objective {
    /// Minus the evidence lower bound.
    Elbo(EvidenceBound),
    /// Minus the importance-weighted bound from several draws.
    Iwae(ImportanceBound),
    /// The smallest KL under which reconstructions keep to tolerances.
    Geco(Tolerances),
    /// Cross-entropy of grey designs plus KL.
    CrossEntropy(CrossEntropy),
    /// The lecture's losses.
    Lecture(Lecture),
}

impl Objective {
    /// The kinds, with one sentence on each.
    pub const KINDS: [(&str, &str); 5] = [
        ("elbo", "Minus the evidence lower bound"),
        ("iwae", "Minus the tighter bound from several draws per design"),
        ("geco", "The smallest KL under which reconstructions keep to a tolerance"),
        ("cross-entropy", "Cross-entropy of grey designs plus KL; not a bound"),
        (
            "lecture",
            "The lecture's losses: summed cross-entropy and KL, or mean squared error and mean KL",
        ),
    ];

    /// The name of its kind.
    pub fn kind(&self) -> &'static str {
        let position = match self {
            Self::Elbo(_) => 0,
            Self::Iwae(_) => 1,
            Self::Geco(_) => 2,
            Self::CrossEntropy(_) => 3,
            Self::Lecture(_) => 4,
        };
        Self::KINDS[position].0
    }

    /// The objective of this kind with the defaults of its fields; `None` if there is no such kind.
    pub(crate) fn of_kind(kind: &str) -> Option<Self> {
        Table::from_iter([("kind".to_owned(), kind.into())]).try_into().ok()
    }

    /// The kind that has a field of this name; `None` if no kind has it.
    pub(crate) fn owner_of(field: &str) -> Option<&'static str> {
        Self::KINDS.into_iter().map(|(kind, _)| kind).find(|kind| {
            let fields = Self::of_kind(kind).and_then(|it| Table::try_from(it).ok());
            field != "kind" && fields.is_some_and(|fields| fields.contains_key(field))
        })
    }

    /// Refuses a likelihood that the objective makes no sense for, and fields outside their
    /// domains.
    pub(crate) fn check(&self, likelihood: Likelihood) -> Result<()> {
        self.rule().check(likelihood)
    }

    /// Whether it weighs its terms itself, so that β must be 1.
    pub(crate) fn weighs_itself(&self) -> bool {
        self.rule().weighs_itself()
    }

    /// The score of the best model, as a clause.
    pub(crate) fn score(&self, scores: &Validation) -> String {
        self.rule().score(scores)
    }

    /// Whether its loss is meant as minus a bound on ln p(x).
    pub(crate) fn is_bound(&self) -> bool {
        self.rule().is_bound()
    }

    /// Draws of z per design in a step.
    pub(crate) fn draws(&self) -> usize {
        self.rule().draws()
    }

    /// A sentence on how results compare with published ones; `None` if nothing has to be said.
    pub(crate) fn caveat(&self) -> Option<&'static str> {
        self.rule().caveat()
    }

    /// The variant's own rule.
    pub(crate) fn rule(&self) -> &dyn Rule {
        match self {
            Self::Elbo(rule) => rule,
            Self::Iwae(rule) => rule,
            Self::Geco(rule) => rule,
            Self::CrossEntropy(rule) => rule,
            Self::Lecture(rule) => rule,
        }
    }
}
