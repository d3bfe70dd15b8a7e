//! Which arrays of a `.npz` file hold designs.

use crate::error::FormatError;
use crate::foreign::layout::Layout;
use crate::foreign::reading::Reading;
use crate::formats::archive::Archive;
use crate::formats::bytes::Bytes;
use crate::formats::npy::Header;
use crate::formats::npz::array_names;

/// The arrays that have a meaning of their own.
const KNOWN: [&str; 3] = ["conditions", "groups", "masks"];

/// The array of designs: the one asked for, `designs`, or the only one of enough axes. Beside it
/// all others without a meaning of their own. `single` is a file with all designs of a set;
/// otherwise one design has two axes.
pub(crate) fn designs_and_others(
    archive: &mut Archive,
    reading: &Reading,
    single: bool,
) -> Result<(Bytes, Vec<(String, Bytes)>), FormatError> {
    let names = array_names(archive);
    let mut members = Vec::new();
    for name in names.iter().filter(|name| !KNOWN.contains(&name.as_str())) {
        if let Some(bytes) = archive.member(&format!("{name}.npy"))? {
            members.push((name.clone(), bytes));
        }
    }
    let least = match reading.layout.given() {
        Some(Layout::Axes(order)) => order.axes().count(),
        None if single => 3,
        Some(Layout::Flat(_)) | None => 2,
    };
    let has_axes = |bytes: &Bytes| {
        Header::read(bytes, "densities").is_ok_and(|header| least <= header.shape.len())
    };
    let wanted = reading.array.given().map_or("designs", String::as_str);
    let position = members.iter().position(|(name, _)| name == wanted).or_else(|| {
        let mut enough = (0..members.len())
            .filter(|i| reading.array.given().is_none() && has_axes(&members[*i].1));
        let only = enough.next();
        only.filter(|_| enough.next().is_none())
            .or((reading.array.given().is_none() && members.len() == 1).then_some(0))
    });
    let position = position.ok_or_else(|| FormatError::MissingArray {
        file: archive.label().into(),
        wanted: wanted.into(),
        names,
    })?;
    let (_, designs) = members.remove(position);
    Ok((designs, members))
}
