//! The pictures of proposals: smooth as they are exported, with their task and stresses.

use std::path::Path;

use ndarray::{Array2, ArrayView2};
use topo_data::Judge;
use topo_export::Contours;
use topo_simp::Problem;
use vae_base::text::counted;
use vae_design::{Candidate, Measure, Requirement};
use vae_report::{Card, Cards, Marks, Rings, Tradeoff, cards, number, tradeoff};

use super::comparison::{Comparison, Judged, Reference};
use super::error::{ProposeError, Result};
use super::files::{Described, KNOWN, OPTIMUM, PICTURE, SHEET, TRADEOFF};
use super::proposals::Proposals;
use crate::analysis::AnalysisError;
use crate::pictures::marks;

/// Name of the quantity that is drawn in the material.
const QUANTITY: &str = "von Mises stress [force / length²]";

/// A design with what is drawn of it.
struct Shown<'a> {
    design: ArrayView2<'a, f32>,
    /// The contours that are exported; `None` if there are none, as of noise.
    outline: Option<Rings>,
    /// The largest stress of any load case in each element; `None` if it cannot be solved for.
    stress: Option<Array2<f64>>,
    caption: String,
}

impl<'a> Shown<'a> {
    fn new(
        judge: &mut Judge,
        problem: &Problem,
        design: ArrayView2<'a, f32>,
        caption: String,
    ) -> Self {
        let contours = Contours::of(design.mapv(f64::from).view());
        let outline = contours.ok().map(|contours| contours.rings().to_vec());
        let fields = judge.fields(problem, design).ok();
        let stress = fields.map(|fields| {
            let cases = || fields.von_mises.iter();
            Array2::from_shape_fn(design.dim(), |at| cases().map(|c| c[at]).fold(0.0, f64::max))
        });
        Self { design, outline, stress, caption }
    }

    fn card<'b>(&'b self, marks: &'b Marks, caption: &'b str) -> Card<'b> {
        Card {
            design: self.design.view(),
            outline: self.outline.as_ref(),
            marks: Some(marks),
            values: self.stress.as_ref().map(|stress| stress.view()),
            caption,
        }
    }
}

impl Proposals {
    /// Draws all designs on one sheet, the best known ones first, and each proposal alone into its
    /// folder below `out`; stresses have the same colors everywhere.
    pub(super) fn draw(&self, described: &[Described<'_>], out: &Path) -> Result<()> {
        let marks = marks(&self.problem).map_err(AnalysisError::NamedProblem)?;
        let mut judge = Judge::new(self.problem.grid)?;
        let mut shown = self.known(&mut judge);
        let known = shown.len();
        shown.extend(described.iter().map(|proposal| {
            let design = proposal.candidate.design.view();
            let caption = format!("{}: {}", proposal.rank, self.caption(proposal).join("\n"));
            Shown::new(&mut judge, &self.problem, design, caption)
        }));
        let all: Vec<Card<'_>> =
            shown.iter().map(|shown| shown.card(&marks, &shown.caption)).collect();
        let title = self.title();
        let sheet = Cards { title: &title, cards: &all, quantity: QUANTITY, high: None };
        let high = sheet.highest();
        let write = |figure: &Cards<'_>, path: &Path| {
            let fail = |source| ProposeError::Figure { path: path.to_owned(), source };
            cards(figure, path).map_err(fail)
        };
        write(&sheet, &out.join(SHEET))?;
        for (name, shown) in self.known_pictures().into_iter().zip(&shown) {
            let card = [shown.card(&marks, "")];
            let figure = Cards { title: "", cards: &card, quantity: QUANTITY, high };
            write(&figure, &out.join(name))?;
        }
        self.draw_tradeoff(described, &out.join(TRADEOFF))?;
        for (proposal, shown) in described.iter().zip(&shown[known..]) {
            let card = [shown.card(&marks, "")];
            let figure = Cards { title: "", cards: &card, quantity: QUANTITY, high };
            write(&figure, &out.join(proposal.folder()).join(PICTURE))?;
        }
        Ok(())
    }

    /// Names of the pictures of the optimum and of the best design of the data, as far as there are
    /// these.
    pub(super) fn known_pictures(&self) -> Vec<&'static str> {
        let Comparison { optimal, known, .. } = &self.comparison;
        let names = [optimal.is_some().then_some(OPTIMUM), known.is_some().then_some(KNOWN)];
        names.into_iter().flatten().collect()
    }

    /// Two costs of all candidates that can be solved for: weight and compliance where volumes
    /// differ, otherwise compliance and largest stress.
    fn draw_tradeoff(&self, described: &[Described<'_>], path: &Path) -> Result<()> {
        let measures = self.two_costs();
        let costs = |candidate: &Candidate| {
            let [across, up] = measures.map(|measure| measure.of(candidate));
            Some([across?, up?]).filter(|costs| costs.iter().all(|cost| cost.is_finite()))
        };
        let chosen: Vec<[f64; 2]> =
            described.iter().filter_map(|proposal| costs(proposal.candidate)).collect();
        let is_chosen = |index: &usize| self.accepted.iter().any(|one| one.candidate == *index);
        let all = || (0..self.candidates.len()).filter(|index| !is_chosen(index));
        let of = |index: usize| costs(&self.candidates[index]);
        let is_sound = |index: &usize| {
            let candidate = &self.candidates[*index];
            let kept = |bound: &Requirement| bound.is_met_by(candidate);
            // The heavier ones on the way to the lightest tell what weight buys.
            let is_on_the_way = self.are_lightest()
                && candidate.holds()
                && candidate.topology.free_ends == 0
                && candidate.compliance <= self.limit
                && self.settings.requirements.iter().all(kept);
            is_on_the_way || self.sound.contains(index)
        };
        let accepted: Vec<[f64; 2]> = all().filter(is_sound).filter_map(of).collect();
        let rejected: Vec<[f64; 2]> =
            all().filter(|index| !is_sound(index)).filter_map(of).collect();
        let comparison = &self.comparison;
        let place = |compliance: f64, judged: &Judged| match measures[0] {
            Measure::Weight => Some([self.problem.volume_fraction, compliance]),
            _ => Some([compliance, judged.stress?]),
        };
        let optimal = comparison.optimum.ok().zip(comparison.optimal.as_ref());
        let optimal = optimal.and_then(|(compliance, judged)| {
            Some(("SIMP optimum".to_owned(), place(compliance, judged)?))
        });
        let known = comparison.known.as_ref().and_then(|known| {
            let name = format!("design {} of the data", known.position);
            Some((name, place(known.compliance, &known.judged)?))
        });
        let known: Vec<(String, [f64; 2])> = optimal.into_iter().chain(known).collect();
        let names = measures.map(|measure| match measure {
            Measure::Weight => "weight, as a share of the domain",
            Measure::Stress => "largest von Mises stress [force / length²]",
            _ => "compliance",
        });
        let title = self.title_of_costs();
        let (rejected, accepted, chosen) = (&rejected[..], &accepted[..], &chosen[..]);
        let figure = Tradeoff { title, names, rejected, accepted, chosen, known: &known };
        tradeoff(&figure, path)
            .map_err(|source| ProposeError::Figure { path: path.to_owned(), source })
    }

    /// The costs that are drawn against each other.
    fn two_costs(&self) -> [Measure; 2] {
        if self.are_lightest() {
            [Measure::Weight, Measure::Compliance]
        } else {
            [Measure::Compliance, Measure::Stress]
        }
    }

    /// What the picture of the two costs shows.
    pub(super) fn title_of_costs(&self) -> &'static str {
        if self.are_lightest() {
            "Weight and compliance of all candidates"
        } else {
            "Compliance and stress of all candidates"
        }
    }

    /// The optimum and the best design of the data.
    fn known(&self, judge: &mut Judge) -> Vec<Shown<'_>> {
        let comparison = &self.comparison;
        let optimal = comparison.optimal.as_ref().zip(comparison.optimum.ok());
        let optimal =
            optimal.map(|(judged, compliance)| ("SIMP optimum".to_owned(), judged, compliance));
        let known = comparison.known.as_ref().map(|known| {
            (format!("design {} of the data", known.position), &known.judged, known.compliance)
        });
        let drawn = optimal.into_iter().chain(known).map(|(name, judged, compliance)| {
            let mut lines = vec![name, format!("C {}", number(compliance, 5))];
            lines.extend(judged.stress.map(|stress| format!("stress {}", number(stress, 4))));
            Shown::new(judge, &self.problem, judged.design.view(), lines.join("\n"))
        });
        drawn.collect()
    }

    /// What the captions mean.
    pub(super) fn title(&self) -> String {
        let against = match &self.reference {
            Some(Reference { name, compliance, stress }) => {
                let stress = stress.map_or_else(String::new, |stress| {
                    format!(" and the largest von Mises stress against {}", number(stress, 4))
                });
                format!("compliance C against {}{stress} of {name}", number(*compliance, 5))
            }
            None => "no reference holds".to_owned(),
        };
        format!("{}: {against}", self.heading())
    }

    /// What was asked for, in a few words.
    pub(super) fn heading(&self) -> String {
        let volume = self.problem.volume_fraction;
        if self.are_lightest() {
            format!("Lightest proposals, at most volume {volume}")
        } else {
            format!("Proposals at volume {volume}")
        }
    }

    /// What is said below a proposal, in lines.
    pub(super) fn caption(&self, proposal: &Described<'_>) -> Vec<String> {
        let candidate = proposal.candidate;
        let reference = self.reference.as_ref();
        let compliance = candidate.compliance;
        let mut lines = Vec::new();
        if self.are_lightest() {
            let weight = candidate.judgement.volume_fraction;
            let less = against(weight, Some(self.problem.volume_fraction));
            lines.push(format!("weight {}{less}", number(weight, 3)));
        }
        let of_reference = reference.map(|reference| reference.compliance);
        let softer = against(compliance, of_reference);
        lines.push(format!("C {}{softer}", number(compliance, 5)));
        lines.extend(candidate.judgement.stress.map(|stress| {
            let of_reference = reference.and_then(|reference| reference.stress);
            format!("stress {}{}", number(stress, 4), against(stress, of_reference))
        }));
        let holes = counted(candidate.topology.holes.len(), "hole");
        lines.push(format!("{holes}, novelty {:.2}", proposal.novelty));
        lines
    }
}

/// How much a value is above another, in brackets; empty if there is no other.
fn against(value: f64, reference: Option<f64>) -> String {
    reference.map_or_else(String::new, |reference| {
        let more = number((1000.0 * (value / reference - 1.0)).round() / 10.0, 4);
        let sign = if more.starts_with('−') || more == "0" { "" } else { "+" };
        format!(" ({sign}{more}\u{a0}%)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_have_their_sign() {
        assert_eq!(against(11.0, Some(10.0)), " (+10\u{a0}%)");
        assert_eq!(against(9.95, Some(10.0)), " (−0.5\u{a0}%)");
        assert_eq!(against(10.0, Some(10.0)), " (0\u{a0}%)");
        assert_eq!(against(10.0, None), "");
    }
}
