//! Pixels of several channels, as colors over white or as grey.

use crate::formats::picture::pixels::Pixels;

/// Colors, or grey if every one of them is.
pub(crate) fn of_colors(colors: Vec<[u8; 3]>) -> Pixels {
    if colors.iter().all(|[r, g, b]| r == g && g == b) {
        return Pixels::Bytes(colors.into_iter().map(|[level, ..]| level).collect());
    }
    Pixels::Colors(colors)
}

/// [`of_colors`] of 16 bits a channel. Only grey keeps them all.
pub(crate) fn of_wide_colors(colors: &[[u16; 3]]) -> Pixels {
    if colors.iter().all(|[r, g, b]| r == g && g == b) {
        return Pixels::Words(colors.iter().map(|[level, ..]| *level).collect());
    }
    let eight = |level: u16| (f32::from(level) / 257.0).round() as u8;
    Pixels::Colors(colors.iter().map(|color| color.map(eight)).collect())
}

/// Colors with transparency over white. Where all that can be seen has one color, the design is in
/// the transparency: what is opaque is dark. What cannot be seen at all may have any color.
pub(crate) fn over_white(colors: &[[u8; 4]]) -> Pixels {
    let mut seen = colors.iter().filter(|[.., alpha]| 0 < *alpha);
    let first = seen.next();
    let one_color = first.is_none_or(|first| seen.all(|color| color[..3] == first[..3]));
    if one_color && colors.windows(2).any(|pair| pair[0][3] != pair[1][3]) {
        return Pixels::Bytes(colors.iter().map(|[.., alpha]| 255 - alpha).collect());
    }
    let over = |level: u8, alpha: u8| {
        let alpha = f32::from(alpha) / 255.0;
        (alpha * f32::from(level) + (1.0 - alpha) * 255.0).round() as u8
    };
    of_colors(
        colors.iter().map(|[r, g, b, a]| [over(*r, *a), over(*g, *a), over(*b, *a)]).collect(),
    )
}
