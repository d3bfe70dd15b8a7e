//! The files of the page, which are part of the program.

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asset {
    /// Its path in the address.
    pub(crate) path: &'static str,
    /// What it is.
    pub(crate) kind: &'static str,
    /// Its contents.
    pub(crate) text: &'static str,
}

macro_rules! assets {
    ($($name:literal: $kind:literal),+ $(,)?) => {
        [$(Asset {
            path: concat!("/", $name),
            kind: $kind,
            text: include_str!(concat!("../page/", $name)),
        }),+]
    };
}

/// The page itself.
pub(crate) const INDEX: &str = include_str!("../page/index.html");

/// Everything else, scripts in the order in which they use each other.
pub(crate) static ASSETS: [Asset; 19] = assets! {
    "style.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "colors.js": "text/javascript; charset=utf-8",
    "numbers.js": "text/javascript; charset=utf-8",
    "frames.js": "text/javascript; charset=utf-8",
    "state.js": "text/javascript; charset=utf-8",
    "server.js": "text/javascript; charset=utf-8",
    "offline.js": "text/javascript; charset=utf-8",
    "space.js": "text/javascript; charset=utf-8",
    "designs.js": "text/javascript; charset=utf-8",
    "picture.js": "text/javascript; charset=utf-8",
    "problem.js": "text/javascript; charset=utf-8",
    "map.js": "text/javascript; charset=utf-8",
    "design.js": "text/javascript; charset=utf-8",
    "sliders.js": "text/javascript; charset=utf-8",
    "shelf.js": "text/javascript; charset=utf-8",
    "parallel.js": "text/javascript; charset=utf-8",
    "table.js": "text/javascript; charset=utf-8",
    "main.js": "text/javascript; charset=utf-8",
};
