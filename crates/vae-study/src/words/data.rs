//! What a data set holds.

use vae_base::text::{counted, significant};
use vae_data::{ConditionInfo, Info};

/// What a data set holds, one line for each of its quantities.
pub fn data_set(info: &Info) -> Vec<String> {
    let Info { name, n, height, width, element, groups, largest_group, .. } = info;
    let mut lines = vec![format!(
        "{name}: {} of {height} x {width} ({element}) in {}, the largest of {largest_group}",
        counted(*n, "design"),
        counted(*groups, "group"),
    )];
    // If no design holds densities, there is nothing to count; the notes say why.
    if info.invalid.len() < *n {
        lines.push(format!(
            "values {:.3} to {:.3}, {:.1} % grey, mean greyness {:.3}{}",
            info.value_min,
            info.value_max,
            100.0 * info.grey_share,
            info.greyness,
            if info.binary { ": black and white" } else { "" }
        ));
        let volume = &info.volume_fraction;
        lines.push(format!(
            "volume fraction {:.3} ± {:.3}, {:.3} to {:.3}",
            volume.mean, volume.std, volume.min, volume.max
        ));
    }
    lines.extend(info.conditions.iter().map(condition));
    if info.problems {
        lines.push("the mechanical problem of each design is known".to_owned());
    }
    if !info.results.is_empty() {
        lines.push(format!("results: {}", info.results.join(", ")));
    }
    lines
}

fn condition(condition: &ConditionInfo) -> String {
    let ConditionInfo { name, unit, values, distinct, .. } = condition;
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    let [mean, std, min, max] =
        [values.mean, values.std, values.min, values.max].map(|value| significant(value, 4));
    let distinct = counted(*distinct, "distinct value");
    format!("condition {name}: {mean} ± {std}, {min} to {max}{unit}, {distinct}")
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use vae_data::{DataSet, Details, info};

    use super::*;

    #[test]
    fn designs_are_called_black_and_white_only_if_they_are() {
        let said = |values: [f32; 4]| {
            let designs = Array3::from_shape_vec((2, 1, 2), values.to_vec()).unwrap();
            let set = DataSet::new("x", designs, Details::default()).unwrap();
            data_set(&info(&set).unwrap()).join("\n")
        };
        let text = said([0.0, 1.0, 1.0, 0.0]);
        assert!(text.contains("0.0 % grey, mean greyness 0.000: black and white"), "{text}");
        let text = said([0.0, 1.0, 0.5, 0.0]);
        assert!(text.contains("25.0 % grey") && !text.contains("black and white"), "{text}");
        assert!(!text.contains("the mechanical problem of each design is known"), "{text}");
        // Nothing is counted if no design holds densities.
        let text = said([7.0, 1.0, 7.0, 0.0]);
        assert!(!text.contains("grey") && !text.contains("volume fraction"), "{text}");
    }
}
