//! Schedules: pure functions of the optimizer step.

use std::f64::consts::PI;

/// KL weight at a step: a linear ramp from 0 over the warm-up, `beta` afterwards.
///
/// `β(t) = beta · min(1, t / warmup_steps)`
///
/// # References
/// Bowman et al. 2016, "Generating sentences from a continuous space"; Sønderby et al. 2016, "Ladder variational autoencoders".
pub fn kl_weight(step: u64, warmup_steps: u64, beta: f64) -> f64 {
    if step < warmup_steps { beta * step as f64 / warmup_steps as f64 } else { beta }
}

/// Learning rate at a step: a linear ramp over `warmup_steps`, then a half cosine down to `floor · peak` at `total_steps`.
///
/// # References
/// Loshchilov & Hutter 2017, "SGDR: stochastic gradient descent with warm restarts", eq. 5 without restarts.
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
        for (step, expected) in [(0, 0.0), (50, 1.0), (99, 1.98), (100, 2.0), (10_000, 2.0)] {
            assert!((kl_weight(step, 100, 2.0) - expected).abs() < 1e-15, "step {step}");
        }
        assert!(
            (kl_weight(0, 0, 0.5) - 0.5).abs() < 1e-15,
            "no warm-up: the final weight from the start"
        );
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
