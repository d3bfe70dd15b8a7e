//! What libraries suggest, in the words of the command line.

use vae_base::{Note, Remedy};

/// The hint that offers these remedies; `None` if there are none.
pub(crate) fn hint(remedies: &[Remedy]) -> Option<String> {
    let texts: Vec<String> = remedies.iter().map(remedy).collect();
    (!texts.is_empty()).then(|| texts.join(", or "))
}

/// A remedy, with the flag of its setting.
pub(crate) fn remedy(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Set { setting, value, effect } => {
            let flag = format!("--{}", setting.replace('_', "-"));
            let parts = [flag.as_str(), value, effect];
            parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
        Remedy::Advice(text) => text.clone(),
        _ => String::new(),
    }
}

/// A note, with what changes it.
pub(crate) fn note(note: &Note) -> String {
    match hint(&note.remedies) {
        Some(hint) => format!("{note}; {hint}"),
        None => note.to_string(),
    }
}
