//! A guess as the file of a problem, every guessed line with its evidence.

use std::fmt::Write as _;

use toml::Value;
use topo_simp::{Fix, Place, Support};
use vae_base::text::significant;

use super::rank::{ProblemGuess, SupportGuess};

impl ProblemGuess {
    /// The file of the problem. Lines that are guessed end in `# guess:` and what speaks for them.
    pub fn to_toml(&self) -> String {
        let [mean, least, most] = self.volume_fraction;
        let n = self.looked_at;
        let mut text = String::new();
        let mut line = |words: String| {
            let _ = writeln!(text, "{words}");
        };
        line(format!("# Guessed from {n} designs: compare every guess with what you know."));
        line(
            "# How even the strain energy of the material is, from 0 to 1, speaks for supports and"
                .to_owned(),
        );
        line("# loads: it is what the optimality criterion asks for. Sign and size of a load cannot be told.".to_owned());
        line(format!(
            "volume_fraction = {} # guess: the mean density; {} to {} in the designs",
            (1e3 * mean).round() / 1e3,
            significant(least, 3),
            significant(most, 3)
        ));
        line(format!(
            "grid = {{ nelx = {}, nely = {} }} # that of the designs",
            self.grid.nelx, self.grid.nely
        ));
        if let Some(best) = self.supports.first() {
            line(format!("supports = [{}] # guess: {}", held(&best.held), self.evidence_of(best)));
        }
        let load = &self.load;
        let place = inline(&load.place());
        let also = if load.range[1] - load.range[0] < 0.1 {
            String::new()
        } else {
            format!(", at {} to {}", significant(load.range[0], 2), significant(load.range[1], 2))
        };
        let (agree, words) = (load.agree, load.words());
        line(format!(
            "load_cases = [{{ loads = [{{ at = {place}, force = {{ angle = {:.1} }} }}] }}] # guess: {words}, the most even load of {agree} of {n} designs{also}",
            load.angle
        ));
        if load.place_follows.is_some() || load.angle_follows.is_some() {
            let place = load.place_follows.as_deref().map_or(place, |name| load.following(name));
            let angle = match &load.angle_follows {
                Some(name) => format!("\"${name}\""),
                None => format!("{:.1}", load.angle),
            };
            let names = load.place_follows.iter().chain(&load.angle_follows);
            let names: Vec<&str> = names.map(String::as_str).collect();
            line(format!(
                "# It follows the conditions of the data ({}), guess; to say so, use instead:",
                names.join(", ")
            ));
            line(format!(
                "# load_cases = [{{ loads = [{{ at = {place}, force = {{ angle = {angle} }} }}] }}]"
            ));
        }
        for other in self.supports.iter().skip(1).take(3) {
            line(format!(
                "# tried: supports = [{}] # {}",
                held(&other.held),
                self.evidence_of(other)
            ));
        }
        text
    }

    /// The ways of support that were tried, the likeliest first, in a sentence each.
    pub fn evidence(&self) -> Vec<String> {
        self.supports.iter().map(|guess| self.evidence_of(guess)).collect()
    }

    /// What speaks for a way of support.
    fn evidence_of(&self, guess: &SupportGuess) -> String {
        let SupportGuess { words, uniformity, best_for, presence, .. } = guess;
        format!(
            "{words}; evenness {uniformity:.3}, the best of {best_for} of {} designs; material is there in {:.0} % of them",
            self.looked_at,
            100.0 * presence
        )
    }
}

/// Supports as elements of a list.
fn held(held: &[(Place, Fix)]) -> String {
    let support = |(at, fix): &(Place, Fix)| inline(&Support { at: at.clone(), fix: *fix });
    held.iter().map(support).collect::<Vec<_>>().join(", ")
}

/// A value on one line.
fn inline(value: &impl serde::Serialize) -> String {
    Value::try_from(value).map(|value| value.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use topo_simp::{Grid, Side};

    use super::super::loads::LoadGuess;
    use super::super::places::Edge;
    use super::*;

    #[test]
    fn a_load_is_said_to_follow_a_condition_and_to_vary_only_if_it_does() {
        let load = |range, place_follows| {
            let mut load = LoadGuess::of_point(Edge::Right, 0.5, 90.0, 6);
            (load.place_follows, load.range) = (place_follows, range);
            load
        };
        let text = |load| {
            let support = SupportGuess {
                words: "the left edge is clamped",
                held: vec![(Place::Edge(Side::Left), Fix::Xy)],
                uniformity: 0.5,
                best_for: 7,
                presence: 1.0,
            };
            let grid = Grid { nelx: 20, nely: 10 };
            let volume_fraction = [0.4, 0.3, 0.5];
            let supports = vec![support];
            ProblemGuess { grid, volume_fraction, supports, load, looked_at: 8 }.to_toml()
        };
        let follows = "# It follows the conditions of the data (load_y), guess";
        let (apart, even) = (", at 0.2 to 0.9", "the most even load of 6 of 8 designs");
        let said = text(load([0.2, 0.9], Some("load_y".to_owned())));
        assert!(said.contains(follows) && said.contains(&format!("{even}{apart}\n")), "{said}");
        assert!(said.contains("point = [1.0, \"$load_y\"]"), "{said}");
        let said = text(load([0.5, 0.55], None));
        assert!(!said.contains("follows") && said.contains(&format!("{even}\n")), "{said}");
        let best = "the best of 7 of 8 designs; material is there in 100 % of them";
        assert!(said.contains(best), "{said}");
    }
}
