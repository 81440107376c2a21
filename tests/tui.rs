//! The screen without a terminal: keys in, cells out.

use std::path::{Path, PathBuf};

use heloscope::tui::headless::Headless;
use heloscope::tui::settings::Settings;

fn sample(name: &str) -> Vec<PathBuf> {
    vec![Path::new("samples").join(name)]
}

/// The screen after these keys.
fn drive(paths: &[PathBuf], size: (u16, u16), keys: &str) -> String {
    let mut screen = Headless::open(paths, Settings::default(), size);
    screen.press(keys);
    screen.screen()
}

#[test]
fn look() {
    println!("{}", drive(&[PathBuf::from("samples")], (120, 40), ""));
    println!("{}", drive(&[PathBuf::from("samples")], (80, 24), "/auth:failed<enter>n"));
    println!("{}", drive(&[PathBuf::from("samples")], (120, 40), "2"));
    println!("{}", drive(&[PathBuf::from("samples")], (120, 40), "3"));
    println!("{}", drive(&[PathBuf::from("samples")], (120, 40), "4"));
    println!("{}", drive(&[PathBuf::from("samples")], (120, 40), "5"));
    println!("{}", drive(&[PathBuf::from("samples")], (120, 40), "6"));
    println!("{}", drive(&[PathBuf::from("samples")], (120, 40), "/auth:faild"));
    println!("{}", drive(&sample("auth-two-failures-then-success.log"), (120, 40), "b"));
    println!("{}", drive(&sample("auth-rejected.log"), (20, 5), ""));
}
