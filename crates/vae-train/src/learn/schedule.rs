//! Schedules: pure functions of the optimizer step.

use std::f64::consts::PI;

/// The weight of the KL term over a run: in each of several cycles of equal length a linear ramp
/// from 0, then `beta`.
///
/// `β(t) = beta · min(1, (t mod T) / R)`, with cycles of T steps and ramps of R. One cycle is the
/// linear warm-up; the last one has no end, so that the weight stays at its final value.
///
/// # Examples
/// ```
/// use vae_train::learn::KlSchedule;
///
/// let schedule = KlSchedule::new(100, 2, 0.5, 1.0).ok_or("a ramp that never ends")?;
/// let weights = [0, 5, 25, 49, 50, 75, 100, 1000].map(|step| schedule.weight(step));
/// assert_eq!(weights, [0.0, 0.2, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
/// assert_eq!(schedule.final_from(), 75);
/// # Ok::<(), &str>(())
/// ```
///
/// # References
/// Bowman et al. 2016, "Generating sentences from a continuous space"; Sønderby et al. 2016,
/// "Ladder variational autoencoders"; for cycles Fu et al. 2019, "Cyclical annealing schedule".
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KlSchedule {
    cycles: u64,
    length: u64,
    ramp: u64,
    beta: f64,
}

impl KlSchedule {
    /// A schedule over `total_steps`, whose ramps take the share `warmup` of each cycle; `None` if
    /// a ramp would not end before its cycle does.
    pub fn new(total_steps: u64, cycles: u64, warmup: f64, beta: f64) -> Option<Self> {
        let length = total_steps.div_ceil(cycles.max(1));
        let ramp = (warmup * length as f64).round() as u64;
        // The last cycle is the shortest.
        let last = total_steps.saturating_sub(length * cycles.saturating_sub(1));
        (0 < cycles && 0.0 <= warmup && (ramp == 0 || ramp < last)).then_some(Self {
            cycles,
            length,
            ramp,
            beta,
        })
    }

    /// The weight at a step.
    pub fn weight(&self, step: u64) -> f64 {
        let cycle = (step / self.length.max(1)).min(self.cycles - 1);
        let within = step - cycle * self.length;
        if within < self.ramp { self.beta * within as f64 / self.ramp as f64 } else { self.beta }
    }

    /// The step from which on the weight stays `beta`.
    pub fn final_from(&self) -> u64 {
        (self.cycles - 1) * self.length + self.ramp
    }
}

/// Learning rate at a step: a linear ramp over `warmup_steps`, then a half cosine down to `floor ·
/// peak` at `total_steps`.
///
/// # References
/// Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", eq. 5 without
/// restarts.
pub fn learning_rate(step: u64, warmup_steps: u64, total_steps: u64, peak: f64, floor: f64) -> f64 {
    // 1. The ramp starts above zero, so that the first step moves.
    if step < warmup_steps {
        return peak * (step + 1) as f64 / warmup_steps as f64;
    }
    // 2. Beyond the end, the floor.
    if total_steps <= step {
        return peak * floor;
    }
    // 3. Between, the half cosine.
    let progress = (step - warmup_steps) as f64 / (total_steps - warmup_steps) as f64;
    peak * (floor + (1.0 - floor) * 0.5 * (1.0 + (PI * progress).cos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kl_weight_table() {
        // One cycle of 500 steps, a fifth of it a ramp.
        let linear = KlSchedule::new(500, 1, 0.2, 2.0).unwrap();
        for (step, expected) in
            [(0, 0.0), (50, 1.0), (99, 1.98), (100, 2.0), (500, 2.0), (10_000, 2.0)]
        {
            assert!((linear.weight(step) - expected).abs() < 1e-15, "step {step}");
        }
        assert_eq!(linear.final_from(), 100);
        // Four cycles of 125, half of each a ramp of 63 steps (62.5, rounded).
        let cyclical = KlSchedule::new(500, 4, 0.5, 1.0).unwrap();
        for (step, expected) in [
            (0, 0.0),
            (21, 1.0 / 3.0),
            (63, 1.0),
            (124, 1.0),
            (125, 0.0),
            (146, 1.0 / 3.0),
            (249, 1.0),
            (375, 0.0),
            (437, 62.0 / 63.0),
            (438, 1.0),
            (500, 1.0),
            (625, 1.0),
        ] {
            assert!((cyclical.weight(step) - expected).abs() < 1e-15, "step {step}");
        }
        assert_eq!(cyclical.final_from(), 438);
        let constant = KlSchedule::new(10, 1, 0.0, 0.5).unwrap();
        assert_eq!((constant.weight(0), constant.final_from()), (0.5, 0));
    }

    #[test]
    fn ramps_that_never_end_are_no_schedules() {
        assert_eq!(KlSchedule::new(100, 1, 1.0, 1.0), None);
        assert_eq!(KlSchedule::new(100, 0, 0.2, 1.0), None);
        assert_eq!(KlSchedule::new(100, 1, f64::NAN, 1.0), None);
        // Cycles of two steps of which one and a half would be a ramp.
        assert_eq!(KlSchedule::new(100, 50, 0.75, 1.0), None);
        // Four cycles of 26 steps leave 23 for the last.
        assert!(KlSchedule::new(101, 4, 0.8, 1.0).is_some());
        assert_eq!(KlSchedule::new(101, 4, 0.95, 1.0), None);
    }

    #[test]
    fn learning_rate_table() {
        let rate = |step| learning_rate(step, 10, 110, 1e-3, 0.1);
        for (step, expected) in
            [(0, 1e-4), (9, 1e-3), (10, 1e-3), (60, 5.5e-4), (110, 1e-4), (500, 1e-4)]
        {
            assert!((rate(step) - expected).abs() < 1e-12, "step {step}: {}", rate(step));
        }
        assert!(
            (10..110).all(|step| rate(step + 1) <= rate(step)),
            "it only falls after the warm-up"
        );
    }
}
