//! Random numbers of a seed and the number of a case.

/// `SplitMix64`: eight lines instead of a crate that every `cargo xtask` would wait for.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of one case of a campaign.
    pub const fn new(seed: u64, case: u64) -> Self {
        let mut start = Self(seed ^ case.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Self(start.number() ^ seed.rotate_left(32))
    }

    /// Any number.
    pub const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 if that is 0.
    pub const fn below(&mut self, end: usize) -> usize {
        ((self.number() as u128 * end as u128) >> 64) as usize
    }

    /// Whether something that happens once in `times` happens now.
    pub const fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of several.
    ///
    /// # Panics
    /// If there are none.
    pub const fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// One of several texts.
    ///
    /// # Panics
    /// If there are none.
    pub const fn word<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A number below `end` that is more often small than large.
    pub const fn small(&mut self, end: usize) -> usize {
        let end = self.below(end) + 1;
        self.below(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_repeat_and_differ() {
        let first = |seed, case| Random::new(seed, case).number();
        assert_eq!(first(7, 3), first(7, 3));
        let mut seen: Vec<u64> = (0..20).flat_map(|i| [first(7, i), first(8, i)]).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 40);
        let mut random = Random::new(1, 1);
        assert!((0..1000).all(|_| random.below(3) < 3 && random.small(5) < 5));
        assert_eq!(random.below(0), 0);
    }
}
