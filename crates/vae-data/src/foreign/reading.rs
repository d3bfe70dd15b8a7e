//! How a source is to be read: everything that a person can say about data which do not say it
//! themselves.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::DataError;
use crate::foreign::labels::Pattern;

/// How a source is to be read. The default finds out what can be found out, and says so in
/// [`DataSet::notes`](crate::DataSet::notes).
///
/// Every entry is a text or a truth value in a configuration file, so that a run can record how its
/// data were read.
///
/// # Examples
///
/// ```
/// use vae_data::Reading;
///
/// let reading = Reading { resize: "fit:64x128".parse()?, invert: "no".parse()?, ..Reading::default() };
/// assert_eq!(reading.resize.to_string(), "fit:64x128");
/// assert_eq!(reading.crop.to_string(), "auto");
/// # Ok::<(), vae_data::DataError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reading {
    /// Labels in the names of files: a [`Pattern`]. `auto` takes two numbers at the end of every
    /// name, if they look like labels.
    pub labels: Setting<Pattern>,
    /// Whether pictures show material white (`yes`) or black (`no`). `auto` finds out, and takes
    /// black where nothing tells.
    pub invert: Setting<Answer>,
    /// What is cut off pictures before anything else: [`Margins`]. `auto` cuts a frame that
    /// surrounds all of them.
    pub crop: Setting<Margins>,
    /// The size that designs are brought to; `auto` and `none` leave them as they are.
    pub resize: Setting<Resize>,
    /// Whether pictures and other files that cannot be read are left out, and named, rather than an
    /// error.
    pub skip_bad: bool,
    /// How flat vectors are laid out; `auto` and `none` expect none.
    pub layout: Setting<Layout>,
    /// The grid (rows x columns) that element tables are binned to; `auto` takes the regular grid
    /// of their coordinates.
    pub grid: Setting<Size>,
    /// What of a trajectory is taken; `auto` is `all` where each file holds one.
    pub iterations: Setting<Iterations>,
    /// Name of the array of designs in `.npz` files; `auto` is `designs` or the only one that can
    /// be meant.
    pub array: Setting<String>,
    /// The values that mean void and solid in arrays; `auto` is 0 and 1, and 255 for bytes above 1.
    pub range: Setting<ValueRange>,
    /// A table of conditions; empty for none.
    pub conditions: PathBuf,
    /// A `problem.toml` for all designs; empty for none.
    pub problem: PathBuf,
    /// What makes designs a group: a condition, or a [`Pattern`] over file names. `auto` takes what
    /// the source says, else the first label, else finds near-copies; `none` makes each design a
    /// group of its own.
    pub group_by: Setting<String>,
}

/// A setting that can be left to this crate, turned off, or given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Setting<T> {
    /// `auto`: found out from the data.
    #[default]
    Auto,
    /// `none`.
    None,
    /// As stated.
    Given(T),
}

impl<T> Setting<T> {
    /// What was stated, if anything was.
    pub fn given(&self) -> Option<&T> {
        if let Self::Given(value) = self { Some(value) } else { None }
    }
}

impl<T: FromStr> FromStr for Setting<T>
where
    DataError: From<T::Err>,
{
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "auto" => Ok(Self::Auto),
            "none" => Ok(Self::None),
            _ => Ok(Self::Given(text.parse()?)),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Setting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::None => f.write_str("none"),
            Self::Given(value) => value.fmt(f),
        }
    }
}

impl<T: fmt::Display> Serialize for Setting<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T: FromStr> Deserialize<'de> for Setting<T>
where
    DataError: From<T::Err>,
{
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: DataError| serde::de::Error::custom(error))
    }
}

impl From<std::convert::Infallible> for DataError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// `yes` or `no`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Answer {
    Yes,
    No,
}

impl FromStr for Answer {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "yes" => Ok(Self::Yes),
            "no" => Ok(Self::No),
            _ => Err(wrong(text, "auto, yes or no")),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "yes",
            Self::No => "no",
        })
    }
}

/// Pixels to cut off: `TOP,RIGHT,BOTTOM,LEFT`, or one number for all sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Margins {
    pub top: usize,
    pub right: usize,
    pub bottom: usize,
    pub left: usize,
}

impl Margins {
    /// What is left of a picture of this size (H, W); none if nothing is.
    #[must_use]
    pub fn inside(&self, (height, width): (usize, usize)) -> Option<(usize, usize)> {
        let height = height.checked_sub(self.top.checked_add(self.bottom)?)?;
        let width = width.checked_sub(self.left.checked_add(self.right)?)?;
        (0 < height && 0 < width).then_some((height, width))
    }
}

impl FromStr for Margins {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let numbers: Option<Vec<usize>> =
            text.split(',').map(|number| number.trim().parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[all]) => Ok(Self { top: all, right: all, bottom: all, left: all }),
            Some(&[top, right, bottom, left]) => Ok(Self { top, right, bottom, left }),
            _ => Err(wrong(
                text,
                "auto, none, or pixels to cut off: one number, or TOP,RIGHT,BOTTOM,LEFT",
            )),
        }
    }
}

impl fmt::Display for Margins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{},{}", self.top, self.right, self.bottom, self.left)
    }
}

/// Rows and columns: `HxW`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Size {
    pub height: usize,
    pub width: usize,
}

/// No design is brought to more cells than this.
const MAX_CELLS: usize = 1 << 26;

impl FromStr for Size {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let (height, width) =
            two_numbers(text).ok_or_else(|| wrong(text, "a size: ROWSxCOLUMNS, such as 64x128"))?;
        Ok(Self { height, width })
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.height, self.width)
    }
}

/// The size that designs are brought to: `HxW` stretches them, `fit:HxW` keeps their aspect ratio
/// and fills up with void.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Resize {
    /// Rows and columns afterwards.
    pub size: Size,
    /// Whether the aspect ratio is kept.
    pub fit: bool,
}

impl FromStr for Resize {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let (fit, size) = match text.strip_prefix("fit:") {
            Some(size) => (true, size),
            None => (false, text),
        };
        let (height, width) = two_numbers(size).ok_or_else(|| {
            wrong(
                text,
                "a size: ROWSxCOLUMNS to stretch, fit:ROWSxCOLUMNS to keep the aspect ratio",
            )
        })?;
        Ok(Self { size: Size { height, width }, fit })
    }
}

impl fmt::Display for Resize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.fit { "fit:" } else { "" }, self.size)
    }
}

/// How a flat vector holds a design of nelx x nely elements: `rows:NELXxNELY` goes along the rows
/// from the top, `columns:NELXxNELY` down the columns from the left, as the classic codes number
/// their elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Whether neighbors in the vector stand below each other.
    pub columns: bool,
    /// Elements along x: the width of a design.
    pub nelx: usize,
    /// Elements along y: the height of a design.
    pub nely: usize,
}

impl FromStr for Layout {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let parse = || {
            let (order, size) = text.split_once(':')?;
            let columns = match order {
                "rows" => false,
                "columns" => true,
                _ => return None,
            };
            let (nelx, nely) = two_numbers(size)?;
            Some(Self { columns, nelx, nely })
        };
        parse().ok_or_else(|| {
            wrong(text, "rows:NELXxNELY or columns:NELXxNELY, such as columns:60x20")
        })
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = if self.columns { "columns" } else { "rows" };
        write!(f, "{order}:{}x{}", self.nelx, self.nely)
    }
}

/// What of a trajectory of designs is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Iterations {
    /// The last design.
    Last,
    /// All designs, as one group.
    All,
}

impl FromStr for Iterations {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "last" => Ok(Self::Last),
            "all" => Ok(Self::All),
            _ => Err(wrong(text, "last or all")),
        }
    }
}

impl fmt::Display for Iterations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Last => "last",
            Self::All => "all",
        })
    }
}

/// The values that mean void and solid: `VOID:SOLID`, such as `0:255` or `-1:1`; `1:0` where 0 is
/// solid.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ValueRange {
    pub void: f32,
    pub solid: f32,
}

impl FromStr for ValueRange {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        let parse = || {
            let (void, solid) = text.split_once(':')?;
            let number = |text: &str| text.trim().parse().ok().filter(|x: &f32| x.is_finite());
            let range = Self { void: number(void)?, solid: number(solid)? };
            // Equal ends would divide by zero, and so may ends that differ by less than a float can
            // hold.
            (1.0 / (range.solid - range.void)).is_finite().then_some(range)
        };
        parse().ok_or_else(|| wrong(text, "the values of void and solid: 0:1, 0:255, -1:1"))
    }
}

impl fmt::Display for ValueRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.void, self.solid)
    }
}

/// `AxB`, both positive and their product bounded.
fn two_numbers(text: &str) -> Option<(usize, usize)> {
    let (a, b) = text.split_once('x')?;
    let (a, b): (usize, usize) = (a.trim().parse().ok()?, b.trim().parse().ok()?);
    let cells = a.checked_mul(b)?;
    (0 < cells && cells <= MAX_CELLS).then_some((a, b))
}

fn wrong(text: &str, wanted: &'static str) -> DataError {
    DataError::Option { text: text.into(), wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads<T: FromStr + fmt::Display>(texts: &[&str], wrong: &[&str])
    where
        DataError: From<T::Err>,
    {
        for text in texts.iter().chain(&["auto", "none"]) {
            let read = text.parse::<Setting<T>>().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(read.to_string(), **text);
        }
        for text in wrong {
            assert!(text.parse::<Setting<T>>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_text_is_read_and_written() {
        reads::<Answer>(&["yes", "no"], &["", "Yes", "true"]);
        reads::<Margins>(&["1,2,3,4", "7,7,7,7"], &["", "1,2", "-1", "1,2,3,x", "1.5"]);
        reads::<Size>(
            &["20x60"],
            &["", "20", "20x", "0x5", "-1x5", "20X60", "99999x99999", "18446744073709551615x2"],
        );
        reads::<Resize>(&["128x128", "fit:64x96"], &["fit", "fit:", "fill:3x3", "3x3x3"]);
        reads::<Layout>(
            &["rows:60x20", "columns:60x20"],
            &["60x20", "rows", "cols:60x20", "rows:60"],
        );
        reads::<Iterations>(&["last", "all"], &["first", ""]);
        reads::<ValueRange>(
            &["0:1", "0:255", "-1:1", "1:0"],
            &["", "0", "1:1", "0:nan", "0:inf", "a:b"],
        );
        assert_eq!("7".parse::<Margins>().unwrap().to_string(), "7,7,7,7");
    }

    #[test]
    fn settings_go_through_a_configuration_file() {
        let reading = Reading {
            labels: "{volume_fraction%}_{iterate}".parse().unwrap(),
            crop: Setting::None,
            layout: "columns:60x20".parse().unwrap(),
            conditions: "/data/table.csv".into(),
            ..Reading::default()
        };
        let text = serde_json::to_string(&reading).unwrap();
        assert!(text.contains(r#""crop":"none""#), "{text}");
        assert_eq!(serde_json::from_str::<Reading>(&text).unwrap(), reading);
        assert_eq!(serde_json::from_str::<Reading>("{}").unwrap(), Reading::default());
        assert!(serde_json::from_str::<Reading>(r#"{"crop": "some"}"#).is_err());
        assert!(serde_json::from_str::<Reading>(r#"{"corp": "none"}"#).is_err());
    }
}
