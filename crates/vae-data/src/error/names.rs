//! Lists of names in messages.

/// `"a", "b", "c"`, cut off after some; `none` if there are no names.
pub(crate) fn list(names: &[String]) -> String {
    const SHOWN: usize = 12;
    if names.is_empty() {
        return "none".into();
    }
    let mut text =
        names.iter().take(SHOWN).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    if SHOWN < names.len() {
        text.push_str(", …");
    }
    text
}
