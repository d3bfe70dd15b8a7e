//! How a source is to be read: everything that a caller can say about data that do not say it
//! themselves.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::foreign::choices::{Answer, Iterations, Margins};
use crate::foreign::layout::Layout;
use crate::foreign::pattern::Pattern;
use crate::foreign::setting::Setting;
use crate::set::size::{Resize, Size};
use crate::set::turn::Turn;
use crate::set::value_range::ValueRange;

/// How a source is to be read. The default detects what it can, and reports it in
/// [`DataSet::notes`](crate::DataSet::notes).
///
/// In a configuration file every entry is a text or a truth value, so that a run can record how its
/// data were read.
///
/// # Examples
///
/// ```
/// use vae_data::Reading;
///
/// let resize = "fit:64x128".parse()?;
/// let reading = Reading { resize, invert: "no".parse()?, ..Reading::default() };
/// assert_eq!(reading.resize.to_string(), "fit:64x128");
/// assert_eq!(reading.crop.to_string(), "auto");
/// # Ok::<(), vae_data::ReadingError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reading {
    /// Labels in the names of files: a [`Pattern`]. `auto` takes two numbers at the end of every
    /// name, if they look like labels.
    pub labels: Setting<Pattern>,
    /// Whether pictures show material white (`yes`) or black (`no`); at the high or the low end of
    /// their color map, if they are in color. `auto` decides by volumes that are known, by which
    /// of both hangs together and by the background, and takes black, or the high end, if nothing
    /// tells.
    pub invert: Setting<Answer>,
    /// What is cut off pictures before anything else: [`Margins`]. `auto` cuts out the plot between
    /// axes, texts and color bars, and paper around all pictures.
    pub crop: Setting<Margins>,
    /// The size that designs are brought to; `auto` and `none` leave them as they are.
    pub resize: Setting<Resize>,
    /// How designs are turned, after everything else: [`Turn`]. `auto` and `none` leave them as they
    /// are. Supports, loads and conditions stay.
    pub turn: Setting<Turn>,
    /// Whether pictures and other files that cannot be read are left out with a note, rather than
    /// an error.
    pub skip_bad: bool,
    /// How arrays hold designs: [`Layout`]. `auto` goes by the grid of a problem, the number of
    /// conditions, and the looks of the elements; `none` takes (designs, rows, columns).
    pub layout: Setting<Layout>,
    /// The grid (rows x columns) that element tables are binned to; `auto` takes the regular grid
    /// of their coordinates.
    pub grid: Setting<Size>,
    /// What of a trajectory is taken; `auto` is `all` where each file holds one.
    pub iterations: Setting<Iterations>,
    /// Name of the array of designs in `.npz` files, or of the column of densities in tables of
    /// elements; `auto` is `designs`, or the only one that can be meant.
    pub array: Setting<String>,
    /// The values that mean void and solid in arrays and pictures. `auto` is 0 and 1, and 255 for
    /// bytes; two values only are the two; whole numbers reach to the largest one of their depth.
    pub range: Setting<ValueRange>,
    /// A table of conditions; empty if there is none, `none` if no conditions are wanted at all.
    pub conditions: PathBuf,
    /// A `problem.toml` for all designs; empty if there is none.
    pub problem: PathBuf,
    /// What makes designs a group: a condition, or a [`Pattern`] over file names. `auto` takes what
    /// the source says, else the first label, else finds near-copies; `none` makes each design a
    /// group of its own.
    pub group_by: Setting<String>,
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::str::FromStr;

    use super::*;
    use crate::error::ReadingError;

    fn reads<T: FromStr + fmt::Display>(texts: &[&str], wrong: &[&str])
    where
        ReadingError: From<T::Err>,
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
        reads::<Turn>(&["mirror-y", "quarter-left"], &["", "mirror", "flip"]);
        reads::<Layout>(
            &["rows:60x20", "columns:60x20", "hwn", "nchw", "wh", "nthw"],
            &["60x20", "rows", "cols:60x20", "rows:60", "nh", "nhww", "nhx", "", "n,h,w"],
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
