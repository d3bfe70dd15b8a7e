//! Words below figures.

use vae_models::Vae;

/// The conditions of a figure in words, except for one that it shows in another way: empty, or
/// such as ` at volume_fraction = 0.400`.
pub(crate) fn at_conditions(vae: &Vae, condition: &[f32], except: &[String]) -> String {
    let conditions = vae.config().conditions.iter().zip(condition);
    let words: Vec<String> = conditions
        .filter(|(c, _)| !except.contains(&c.name))
        .map(|(c, value)| format!("{} = {value:.3}", c.name))
        .collect();
    if words.is_empty() { String::new() } else { format!(" at {}", words.join(", ")) }
}
