//! The columns of a Parquet file, by what they can mean here.

use std::path::Path;

use parquet::basic::{ConvertedType, Type as PhysicalType};
use parquet::schema::types::SchemaDescriptor;

use crate::error::HubError;

use super::shape::wrong;

/// A column at the top of the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Position of the leaf that holds its values.
    pub(super) leaf: usize,
}

/// What a column can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number or a truth value per row.
    Number,
    /// A list of numbers.
    List(Element),
    /// A list of lists of numbers: a design.
    Matrix(Element),
    /// A compressed picture, alone or in the structure that the Hub uses.
    Picture,
    /// Anything else.
    Other,
}

/// What numbers mean as densities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// Truth values: void and material.
    Bool,
    /// Integers: 0 to 255.
    Integer,
    /// 0 to 1.
    Float,
}

impl Kind {
    /// Whether a row of it is a design.
    pub(super) const fn is_design(self) -> bool {
        matches!(self, Self::Matrix(_) | Self::Picture)
    }

    /// In the words of an error message.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::List(_) => "list of numbers",
            Self::Matrix(_) => "matrix",
            Self::Picture => "picture",
            Self::Other => "other",
        }
    }
}

/// The columns of a schema, in their order.
pub(super) fn columns(schema: &SchemaDescriptor) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    for (leaf, descriptor) in schema.columns().iter().enumerate() {
        let parts = descriptor.path().parts();
        let name = parts.first().cloned().unwrap_or_default();
        let element = element(descriptor.physical_type(), descriptor.converted_type());
        let is_bytes = descriptor.physical_type() == PhysicalType::BYTE_ARRAY
            && descriptor.converted_type() == ConvertedType::NONE;
        let kind = match (descriptor.max_rep_level(), element) {
            (0, Some(_)) if parts.len() == 1 => Kind::Number,
            (1, Some(element)) => Kind::List(element),
            (2, Some(element)) => Kind::Matrix(element),
            (0, None) if is_bytes && (parts.len() == 1 || is_picture(parts)) => Kind::Picture,
            _ => Kind::Other,
        };
        let beside_picture = |column: &Column| {
            // `path` beside `bytes`: where the picture came from.
            column.kind == Kind::Picture || kind == Kind::Picture
        };
        match columns.last_mut().filter(|last| last.name == name) {
            Some(last) if beside_picture(last) => {
                if kind == Kind::Picture {
                    (last.kind, last.leaf) = (kind, leaf);
                }
            }
            Some(last) => last.kind = Kind::Other,
            None => columns.push(Column { name, kind, leaf }),
        }
    }
    columns
}

fn is_picture(parts: &[String]) -> bool {
    matches!(parts, [_, bytes] if bytes == "bytes")
}

/// What a plain number means; `None` for text, dates, decimals and the like.
fn element(physical: PhysicalType, converted: ConvertedType) -> Option<Element> {
    use ConvertedType as C;
    match (physical, converted) {
        (PhysicalType::BOOLEAN, _) => Some(Element::Bool),
        (
            PhysicalType::INT32 | PhysicalType::INT64,
            C::NONE
            | C::INT_8
            | C::INT_16
            | C::INT_32
            | C::INT_64
            | C::UINT_8
            | C::UINT_16
            | C::UINT_32,
        ) => Some(Element::Integer),
        (PhysicalType::FLOAT | PhysicalType::DOUBLE, _) => Some(Element::Float),
        _ => None,
    }
}

/// Names that are preferred where several columns could be designs.
const DESIGNS: [&str; 6] = ["optimal_design", "design", "designs", "image", "img", "density"];

/// The column of designs: the one that was asked for, the only one, or one with a telling name.
pub(super) fn design_column<'a>(
    path: &Path,
    columns: &'a [Column],
    wanted: Option<&str>,
) -> Result<&'a Column, HubError> {
    let missing = || HubError::NoDesigns {
        file: path.display().to_string(),
        columns: columns
            .iter()
            .map(|column| format!("{} ({})", column.name, column.kind.word()))
            .collect(),
    };
    let mut candidates = columns.iter().filter(|column| column.kind.is_design());
    if let Some(wanted) = wanted {
        return candidates.find(|column| column.name == wanted).ok_or_else(missing);
    }
    let candidates: Vec<&Column> = candidates.collect();
    let named =
        DESIGNS.iter().find_map(|name| candidates.iter().find(|column| column.name == *name));
    match (&candidates[..], named) {
        ([], _) => Err(missing()),
        ([only], _) => Ok(only),
        (_, Some(named)) => Ok(named),
        _ => {
            let names: Vec<&str> = candidates.iter().map(|column| column.name.as_str()).collect();
            Err(wrong(path, format!("any of {} could be the designs", names.join(", "))))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::schema::parser::parse_message_type;

    use super::*;

    fn read(schema: &str) -> Vec<Column> {
        columns(&SchemaDescriptor::new(Arc::new(parse_message_type(schema).unwrap())))
    }

    const BEAMS: &str = "message schema {
        optional group optimal_design (LIST) { repeated group list { optional group element (LIST) {
            repeated group list { optional double element; } } } }
        optional double volfrac;
        optional int64 overhang_constraint;
        optional group optimization_history (LIST) { repeated group list { optional double element; } }
    }";

    #[test]
    fn schemas_of_the_hub() {
        let beams: Vec<Kind> = read(BEAMS).iter().map(|column| column.kind).collect();
        let float = Element::Float;
        assert_eq!(beams, [Kind::Matrix(float), Kind::Number, Kind::Number, Kind::List(float)]);

        let mnist = read(
            "message schema {
            optional group image { optional binary bytes; optional binary path (UTF8); }
            optional int64 label;
        }",
        );
        assert_eq!(mnist[0], Column { name: "image".into(), kind: Kind::Picture, leaf: 0 });
        assert_eq!(mnist[1], Column { name: "label".into(), kind: Kind::Number, leaf: 2 });

        // The order of a structure's members means nothing.
        let turned = read(
            "message schema { optional group image { optional binary path (UTF8); optional binary bytes; } }",
        );
        assert_eq!(turned, [Column { name: "image".into(), kind: Kind::Picture, leaf: 1 }]);
    }

    #[test]
    fn what_is_no_design() {
        let others = read(
            "message schema {
            optional binary text (UTF8);
            optional int32 day (DATE);
            optional fixed_len_byte_array(16) id;
            optional group point { optional double x; optional double y; }
        }",
        );
        assert!(others.iter().all(|column| column.kind == Kind::Other), "{others:?}");
        let error = design_column(Path::new("a.parquet"), &others, None).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("a.parquet")
                && text.contains("text (other)")
                && text.contains("point (other)"),
            "{text}"
        );
        assert!(!error.remedies().is_empty());
    }

    #[test]
    fn which_column_is_meant() {
        let path = Path::new("a.parquet");
        let beams = read(BEAMS);
        assert_eq!(design_column(path, &beams, None).unwrap().name, "optimal_design");
        assert!(matches!(
            design_column(path, &beams, Some("volfrac")),
            Err(HubError::NoDesigns { .. })
        ));
        let two = |a: &str, b: &str| {
            read(&format!("message schema {{ optional binary {a}; optional binary {b}; }}"))
        };
        assert_eq!(design_column(path, &two("other", "image"), None).unwrap().name, "image");
        assert_eq!(design_column(path, &two("a", "b"), Some("b")).unwrap().name, "b");
        let error = design_column(path, &two("a", "b"), None).unwrap_err();
        assert!(error.to_string().contains("any of a, b"), "{error}");
    }
}
