//! Problems as TOML and as JSON.

#![no_main]

use topo_simp::{Grid, Problem};

vae_fuzz::target!(
    vec![Problem::mbb(Grid { nelx: 6, nely: 4 }, 0.5).to_toml().into_bytes()],
    |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let small = |problem: &Problem| problem.grid.nelx * problem.grid.nely < 1 << 16;
        if let Ok(problem) = Problem::from_toml(&text)
            && small(&problem)
        {
            let _ = problem.nodal();
        }
        if let Ok(problem) = serde_json::from_str::<Problem>(&text) {
            let _ = problem.validate();
        }
    }
);
