//! Designs that do not tell which value is material, which axis counts rows, or where a margin ends:
//! each is read with a line that names the flag, or refused; none is silently something else.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use image::{ImageBuffer, Luma};
use ndarray::{Array2, Array3, Axis};
use vae_base::Remedy;
use vae_data::{DataError, DataSet, Reading, ReadingError, Source, npy, npz, open_with};

const N: usize = 8;
const HEIGHT: usize = 32;
const WIDTH: usize = 48;

/// Waves in six directions, cut at their middle value: half of each design is material, and
/// material and void look alike. `rim` cells at the border are void.
fn blobs(rim: usize) -> Array3<f32> {
    let wave = |design: usize, k: usize, row: usize, column: usize| {
        let angle = (0.618 * (6 * design + k) as f64).fract() * std::f64::consts::TAU;
        let phase = (0.755 * (6 * design + k) as f64).fract() * std::f64::consts::TAU;
        (0.42 * (angle.cos() * row as f64 + angle.sin() * column as f64) + phase).sin()
    };
    let mut all = Array3::from_shape_fn((N, HEIGHT, WIDTH), |(i, row, column)| {
        (0..6).map(|k| wave(i, k, row, column)).sum::<f64>() as f32
    });
    for mut design in all.outer_iter_mut() {
        let mut sorted: Vec<f32> = design.iter().copied().collect();
        sorted.sort_by(f32::total_cmp);
        let middle = sorted[sorted.len() / 2];
        for ((row, column), value) in design.indexed_iter_mut() {
            let from_end = row.min(column).min(HEIGHT - 1 - row).min(WIDTH - 1 - column);
            *value = f32::from(u8::from(rim <= from_end && middle <= *value));
        }
    }
    all
}

fn inverted(designs: &Array3<f32>) -> Array3<f32> {
    designs.mapv(|value| 1.0 - value)
}

fn transposed(designs: &Array3<f32>) -> Array3<f32> {
    designs.clone().permuted_axes([0, 2, 1]).as_standard_layout().into_owned()
}

const CONTAINERS: [&str; 8] =
    ["npy", "npz", "bytes", "npy folder", "npz folder", "csv folder", "txt folder", "png folder"];

/// Writes designs into a container below `around`.
fn write(around: &Path, container: &str, designs: &Array3<f32>) -> PathBuf {
    let path = around.join(container.replace(' ', "-"));
    let rows = |design: &Array2<f32>, separator: &str| {
        let row = |row: ndarray::ArrayView1<'_, f32>| {
            row.iter().map(ToString::to_string).collect::<Vec<_>>().join(separator)
        };
        design.outer_iter().map(row).collect::<Vec<_>>().join("\n")
    };
    match container {
        "npy" => npy::write(&path, designs.view()).unwrap(),
        "npz" => npz::write(&path, |out| out.add("x", designs.view())).unwrap(),
        "bytes" => npy::write(&path, designs.mapv(|v| (255.0 * v) as u8).view()).unwrap(),
        _ => {
            fs::create_dir_all(&path).unwrap();
            for (index, design) in designs.outer_iter().enumerate() {
                let design = design.to_owned();
                let file = |extension: &str| path.join(format!("d{index}.{extension}"));
                match container {
                    "npy folder" => npy::write(&file("npy"), design.view()).unwrap(),
                    "npz folder" => {
                        npz::write(&file("npz"), |out| out.add("x", design.view())).unwrap();
                    }
                    "csv folder" => fs::write(file("csv"), rows(&design, ",")).unwrap(),
                    "txt folder" => fs::write(file("txt"), rows(&design, " ")).unwrap(),
                    _ => picture(&design, [0; 4], 255).save(file("png")).unwrap(),
                }
            }
        }
    }
    path
}

/// A picture of a design in margins (top, right, bottom, left), material white.
fn picture(design: &Array2<f32>, margins: [usize; 4], paper: u8) -> ImageBuffer<Luma<u8>, Vec<u8>> {
    let [top, right, bottom, left] = margins;
    let (height, width) = design.dim();
    let size = ((left + width + right) as u32, (top + height + bottom) as u32);
    ImageBuffer::from_fn(size.0, size.1, |x, y| {
        let place = (y as usize).checked_sub(top).zip((x as usize).checked_sub(left));
        let value = place.and_then(|place| design.get(place));
        Luma([value.map_or(paper, |value| (255.0 * value) as u8)])
    })
}

fn read(path: &Path, reading: &Reading) -> Result<(Array3<f32>, DataSet), DataError> {
    let set = open_with(&Source::Path(path.into()), reading)?;
    let mut values = vec![0.0; set.len() * set.design_len()];
    set.read_into(&(0..set.len()).collect::<Vec<_>>(), &mut values)?;
    let size = (set.len(), set.height(), set.width());
    Ok((Array3::from_shape_vec(size, values).unwrap(), set))
}

/// The value that a note which begins with `words` offers for a setting.
fn offered(set: &DataSet, words: &str, wanted: &str) -> Option<String> {
    let notes = set.notes().iter().filter(|note| note.found.starts_with(words));
    notes.flat_map(|note| &note.remedies).find_map(|remedy| match remedy {
        Remedy::Set { setting, value, .. } if *setting == wanted => Some(value.clone()),
        _ => None,
    })
}

#[test]
fn half_full_designs_that_do_not_tell_are_read_with_a_warning() {
    let around = tempfile::tempdir().unwrap();
    let truth = blobs(0);
    for container in CONTAINERS {
        for stored in [truth.clone(), inverted(&truth)] {
            let path = write(around.path(), container, &stored);
            let (found, set) = read(&path, &Reading::default()).unwrap();
            let setting = if container == "png folder" { "invert" } else { "range" };
            let value = offered(&set, "warning: ", setting)
                .unwrap_or_else(|| panic!("{container}: {:?}", set.notes()));
            // What the line offers exchanges material and void.
            let mut reading = Reading::default();
            if setting == "range" {
                reading.range = value.parse().unwrap();
            } else {
                reading.invert = value.parse().unwrap();
            }
            let (other, set) = read(&path, &reading).unwrap();
            assert_eq!(other, inverted(&found), "{container}");
            assert_eq!(offered(&set, "warning: ", setting), None, "{container}: it is stated");
        }
    }
}

#[test]
fn a_volume_of_a_half_does_not_say_which_half_it_is() {
    let around = tempfile::tempdir().unwrap();
    let (path, truth) = (around.path().join("set.npz"), blobs(0));
    let warned = |designs: &Array3<f32>, volume: f32| {
        npz::write(&path, |out| {
            out.add("designs", designs.view())?;
            out.add("volfrac", ndarray::Array1::from_elem(N, volume).view())
        })
        .unwrap();
        offered(&read(&path, &Reading::default()).unwrap().1, "warning: ", "range")
    };
    assert_eq!(warned(&truth, 0.5).unwrap(), "1:0");
    assert_eq!(warned(&inverted(&truth), 0.5).unwrap(), "1:0");
    let thin = Array3::from_shape_fn(truth.dim(), |(i, row, column)| {
        truth[[i, row, column]] * truth[[i, row, (column + 3) % WIDTH]]
    });
    assert_eq!(warned(&thin, thin.mean().unwrap()), None, "a volume of less than a half does");
}

#[test]
fn the_axes_of_files_of_one_design_are_said_or_told_by_a_grid() {
    let around = tempfile::tempdir().unwrap();
    let truth = blobs(0);
    let problem = around.path().join("part.toml");
    let grid = format!("volume_fraction = 0.5\ngrid = {{ nelx = {WIDTH}, nely = {HEIGHT} }}\n");
    fs::write(&problem, grid).unwrap();
    let with_problem = Reading { problem, ..Reading::default() };
    for container in ["npy folder", "npz folder", "csv folder", "txt folder"] {
        for (stored, layout) in [(truth.clone(), "hw"), (transposed(&truth), "wh")] {
            let path = write(around.path(), container, &stored);
            let what = format!("{container} in the order {layout}");
            assert_eq!(read(&path, &with_problem).unwrap().0, truth, "{what} with a problem");
            let stated = Reading { layout: layout.parse().unwrap(), ..Reading::default() };
            assert_eq!(read(&path, &stated).unwrap().0, truth, "{what} as stated");
            let (found, set) = read(&path, &Reading::default()).unwrap();
            assert_eq!(found, stored, "{what}");
            assert_eq!(offered(&set, "the ", "layout").unwrap(), "wh", "{what}");
            let guess = set.notes().iter().any(|note| note.found.contains("is a guess, and"));
            assert_eq!(guess, layout == "wh", "{what}: {:?}", set.notes());
            fs::remove_dir_all(path).unwrap();
        }
    }
}

#[test]
fn a_square_grid_does_not_tell_rows_from_columns() {
    let around = tempfile::tempdir().unwrap();
    let square = blobs(0).slice_move(ndarray::s![.., .., ..HEIGHT]);
    let problem = around.path().join("part.toml");
    let grid = format!("volume_fraction = 0.5\ngrid = {{ nelx = {HEIGHT}, nely = {HEIGHT} }}\n");
    fs::write(&problem, grid).unwrap();
    let reading = Reading { problem, ..Reading::default() };
    for (container, words, layout) in [
        ("npy folder", "the first axis", "wh"),
        ("csv folder", "the lines", "wh"),
        ("npy", "[8", "nwh"),
    ] {
        let path = write(around.path(), container, &square);
        let (found, set) = read(&path, &reading).unwrap();
        assert_eq!(found, square, "{container}");
        assert_eq!(offered(&set, words, "layout").as_deref(), Some(layout), "{:?}", set.notes());
    }
}

#[test]
fn an_empty_rim_is_cut_off_no_array_and_stops_pictures() {
    let around = tempfile::tempdir().unwrap();
    let truth = blobs(4);
    for container in CONTAINERS {
        let path = write(around.path(), container, &truth);
        if container != "png folder" {
            assert_eq!(read(&path, &Reading::default()).unwrap().0, truth, "{container}");
            continue;
        }
        let error = read(&path, &Reading::default()).map(|(found, _)| found.dim()).unwrap_err();
        assert!(error.is_callers_mistake(), "{error}");
        let offers = format!("{:?}", error.remedies());
        assert!(offers.contains("\"4,4,4,4\"") && offers.contains("\"none\""), "{offers}");
        let kept = Reading { crop: "none".parse().unwrap(), ..Reading::default() };
        let (found, set) = read(&path, &kept).unwrap();
        assert_eq!(found, truth);
        // What could be margins is said to be kept; designs that reach the border have none.
        let said = |set: &DataSet| set.notes().iter().any(|note| note.found.contains("are kept"));
        assert!(said(&set), "{:?}", set.notes());
        let path = write(&around.path().join("without"), container, &blobs(0));
        assert!(!said(&read(&path, &kept).unwrap().1));
    }
}

#[test]
fn paper_of_the_tone_of_material_is_told_or_doubted() {
    let around = tempfile::tempdir().unwrap();
    let pictures = |designs: &Array3<f32>, margins: [usize; 4], paper: u8| {
        let path = around.path().join(format!("{margins:?}-{paper}"));
        fs::create_dir_all(&path).unwrap();
        for (index, design) in designs.axis_iter(Axis(0)).enumerate() {
            let picture = picture(&design.to_owned(), margins, paper);
            picture.save(path.join(format!("d{index}.png"))).unwrap();
        }
        read(&path, &Reading::default())
    };
    let truth = blobs(0);
    // Margins that differ by side are those of a plot, but white may be material or void.
    let (found, set) = pictures(&truth, [9, 14, 12, 20], 255).unwrap();
    assert!(found == truth || found == inverted(&truth));
    assert!(offered(&set, "warning: ", "invert").is_some(), "{:?}", set.notes());
    let framed =
        |set: &DataSet, words: &str| set.notes().iter().any(|note| note.found.contains(words));
    assert!(framed(&set, "a light frame of 9,14,12,20 pixels"), "{:?}", set.notes());
    // Equal ones may be a border of the designs, unless their tone is in none of these.
    assert!(pictures(&truth, [6; 4], 255).is_err());
    assert!(pictures(&truth, [6; 4], 0).is_err());
    let (found, set) = pictures(&truth, [6; 4], 128).unwrap();
    assert_eq!(found.dim(), truth.dim());
    // Paper of another tone than the designs sets them off as a plot, here without ticks or texts.
    let words = "margins of 6,6,6,6 pixels (top,right,bottom,left) around the plot are cut off";
    assert!(framed(&set, words) && !framed(&set, "a light frame"), "{:?}", set.notes());
    // Without margins nothing is cut off.
    let (_, set) = pictures(&truth, [0; 4], 255).unwrap();
    assert!(!framed(&set, "frame of") && !framed(&set, "margins of"), "{:?}", set.notes());
    // White above and below only: kept, with a warning.
    let (found, set) = pictures(&truth, [10, 0, 10, 0], 255).unwrap();
    assert_eq!(found.dim(), (N, HEIGHT + 20, WIDTH));
    assert_eq!(offered(&set, "warning: 10 rows", "crop").unwrap(), "10,0,10,0");
}

#[test]
fn a_line_around_all_pictures_is_no_background() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pictures");
    fs::create_dir(&path).unwrap();
    let designs = blobs(0);
    for (index, design) in designs.outer_iter().enumerate() {
        let framed = picture(&design.to_owned(), [1; 4], 0);
        framed.save(path.join(format!("{index}.png"))).unwrap();
    }
    let error = read(&path, &Reading::default()).map(|(_, set)| set.len()).unwrap_err();
    assert!(error.to_string().contains("may be a frame"), "{error}");
    let cut = Reading { crop: "1,1,1,1".parse().unwrap(), ..Reading::default() };
    let (found, _) = read(&path, &cut).unwrap();
    assert_eq!(found.dim(), designs.dim());
}

/// Crosses: material is one piece, and void is in four.
fn crosses() -> Array3<f32> {
    Array3::from_shape_fn((8, 20, 30), |(i, row, column)| {
        let cross = (7 + i..9 + i).contains(&row) || (11 + i..13 + i).contains(&column);
        f32::from(u8::from(cross))
    })
}

#[test]
fn pictures_that_contradict_each_other_stop() {
    let folder = tempfile::tempdir().unwrap();
    let save = |other: usize| {
        for (index, design) in crosses().outer_iter().enumerate() {
            let design = if index < other { design.mapv(|v| 1.0 - v) } else { design.to_owned() };
            let path = folder.path().join(format!("{index}.png"));
            picture(&design, [0; 4], 255).save(path).unwrap();
        }
    };
    save(4);
    let error = read(folder.path(), &Reading::default()).map(|(_, set)| set.len()).unwrap_err();
    assert!(matches!(&error, DataError::Reading(ReadingError::MixedPolarity { .. })), "{error}");
    // What the remedies offer works, and a picture or two may be unusual.
    let yes = Reading { invert: "yes".parse().unwrap(), ..Reading::default() };
    assert!(read(folder.path(), &yes).is_ok());
    for other in [0, 1] {
        save(other);
        let (found, _) = read(folder.path(), &Reading::default()).unwrap();
        assert_eq!(found.index_axis(Axis(0), 7), crosses().index_axis(Axis(0), 7), "{other}");
    }
}

#[test]
fn edges_of_elements_across_pictures_stop() {
    let folder = tempfile::tempdir().unwrap();
    let designs = blobs(0);
    for (index, design) in designs.outer_iter().enumerate() {
        let (height, width) = design.dim();
        let shown = ImageBuffer::from_fn(6 * width as u32, 6 * height as u32, |x, y| {
            let is_edge = x % 6 == 0 || y % 6 == 0;
            let density = design[[y as usize / 6, x as usize / 6]];
            Luma([if is_edge { 90 } else { (255.0 * density) as u8 }])
        });
        shown.save(folder.path().join(format!("{index}.png"))).unwrap();
    }
    for crop in ["auto", "6,6,6,6"] {
        let reading = Reading { crop: crop.parse().unwrap(), ..Reading::default() };
        let error = read(folder.path(), &reading).map(|(_, set)| set.len()).unwrap_err();
        assert!(error.to_string().contains("every 6 pixels"), "{crop}: {error}");
    }
    let kept = Reading { crop: "none".parse().unwrap(), ..Reading::default() };
    assert_eq!(read(folder.path(), &kept).unwrap().0.len_of(Axis(0)), designs.len_of(Axis(0)));
}
