//! Settings in layers: defaults, a file over them, what the caller gave over both.

use toml::{Table, Value};

use crate::text::nearest;

/// A layer holds a key that the settings below it do not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown key `{key}`{}", did_you_mean(.suggestion.as_deref()))]
pub struct UnknownKey {
    /// The key with its tables, such as `training.epoch`.
    pub key: String,
    /// The nearest known key of the same table; `None` if none is near.
    pub suggestion: Option<String>,
}

/// Lays the table `over` on the complete table `base`.
///
/// Tables are merged key by key; any other value replaces the old one. A table that names another
/// `kind` than the old one replaces it as a whole, because the other keys depend on the kind.
/// Types are not checked: reading the merged table into its struct does that.
///
/// `optional` lists the keys, with their tables, that are known although `base` may lack them, such
/// as a field that is `None`.
///
/// # Errors
/// [`UnknownKey`] for the first key that is neither in `base` nor in `optional`.
///
/// # Examples
/// ```
/// use toml::Table;
/// use vae_base::layers::merge;
///
/// let mut settings: Table = "seed = 1\n[training]\nepochs = 30\nbeta = 1.0".parse()?;
/// merge(&mut settings, "training.epochs = 7".parse()?, &[])?;
/// assert_eq!(settings, "seed = 1\n[training]\nepochs = 7\nbeta = 1.0".parse()?);
///
/// let wrong = merge(&mut settings, "training.epoch = 7".parse()?, &[]).unwrap_err();
/// assert_eq!(wrong.to_string(), "unknown key `training.epoch`; did you mean `epochs`?");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn merge(base: &mut Table, over: Table, optional: &[&str]) -> Result<(), UnknownKey> {
    merge_at("", base, over, optional)
}

/// Merges two tables that stand at `path`, a dotted path with a final dot or nothing.
fn merge_at(
    path: &str,
    base: &mut Table,
    over: Table,
    optional: &[&str],
) -> Result<(), UnknownKey> {
    for (key, value) in over {
        let full = format!("{path}{key}");
        match (base.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) if !is_of_another_kind(old, &new) => {
                merge_at(&format!("{full}."), old, new, optional)?;
            }
            (Some(old), new) => *old = new,
            (None, new) if optional.contains(&full.as_str()) => {
                base.insert(key, new);
            }
            (None, _) => {
                let optional = optional.iter().filter_map(|known| known.strip_prefix(path));
                let known = base.keys().map(String::as_str).chain(optional);
                return Err(UnknownKey { suggestion: nearest(&key, known), key: full });
            }
        }
    }
    Ok(())
}

fn is_of_another_kind(old: &Table, new: &Table) -> bool {
    new.get("kind").is_some_and(|kind| old.get("kind") != Some(kind))
}

fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map(|key| format!("; did you mean `{key}`?")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = r#"
        seed = 1
        [training]
        epochs = 30
        widths = [8, 16]
        [model]
        latent = 8
        encoder = { kind = "pool", channels = [8], pool = "max" }
    "#;

    fn merged(over: &str, optional: &[&str]) -> Result<Table, UnknownKey> {
        let mut base: Table = BASE.parse().unwrap();
        merge(&mut base, over.parse().unwrap(), optional)?;
        Ok(base)
    }

    fn unknown(over: &str) -> (String, Option<String>) {
        let UnknownKey { key, suggestion } = merged(over, &["training.patience"]).unwrap_err();
        (key, suggestion)
    }

    #[test]
    fn a_value_replaces_and_tables_merge() {
        let table = merged("training.epochs = 7\nseed = 2", &[]).unwrap();
        assert_eq!(table["seed"].as_integer(), Some(2));
        assert_eq!(table["training"]["epochs"].as_integer(), Some(7));
        assert_eq!(table["training"]["widths"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn a_list_replaces_the_whole_list() {
        let table = merged("training.widths = [4]", &[]).unwrap();
        assert_eq!(table["training"]["widths"], Value::from(vec![4]));
    }

    #[test]
    fn a_table_of_another_kind_replaces_the_old_one() {
        let over = r#"model.encoder = { kind = "strided", normalized = true }"#;
        let table = merged(over, &[]).unwrap();
        assert_eq!(table["model"]["encoder"].as_table().map(Table::len), Some(2));
        assert_eq!(table["model"]["latent"].as_integer(), Some(8));
    }

    #[test]
    fn a_table_of_the_same_kind_or_of_none_merges() {
        for over in [r#"kind = "pool", pool = "average""#, r#"pool = "average""#] {
            let table = merged(&format!("model.encoder = {{ {over} }}"), &[]).unwrap();
            assert_eq!(table["model"]["encoder"]["pool"].as_str(), Some("average"));
            assert_eq!(table["model"]["encoder"].as_table().map(Table::len), Some(3));
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_tables() {
        let key = |key: &str, near: Option<&str>| (key.to_owned(), near.map(str::to_owned));
        assert_eq!(unknown("sede = 1"), key("sede", Some("seed")));
        assert_eq!(unknown("training.epoch = 1"), key("training.epoch", Some("epochs")));
        assert_eq!(unknown("training.patiens = 1"), key("training.patiens", Some("patience")));
        assert_eq!(unknown("model.encoder.xyz = 1"), key("model.encoder.xyz", None));
    }

    #[test]
    fn an_optional_key_may_be_absent_below() {
        let table = merged("training.patience = 3", &["training.patience"]).unwrap();
        assert_eq!(table["training"]["patience"].as_integer(), Some(3));
        assert!(merged("patience = 3", &["training.patience"]).is_err());
    }
}
