//! Draws the README's pictures of the screen: `cargo run --example screens`.

use std::path::Path;

use heloscope::tui::picture::{PICTURES, draw};

fn main() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/screens");
    for (name, keys) in PICTURES {
        std::fs::write(folder.join(format!("{name}.svg")), draw(keys))?;
    }
    Ok(())
}
