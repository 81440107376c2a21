//! The configuration file: saved filters, and colours and keys of the screen.
//!
//! In: `heloscope.toml` in the folder where the system keeps configuration, or `--config FILE`.
//! Out: [`SavedFilters`], and in [`Settings`] colours and keys.
//!
//! ```toml
//! [filters]
//! lab = "ip:192.0.2.0/24 -@probes"
//! [colors]
//! failure = "light-red"
//! [keys]
//! next-failure = ["n", "f8"]
//! ```
//!
//! **Invariant**: what the file holds and is not understood is named with its line and a remedy; a
//! file that was not asked for and is not there is none.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use toml::Spanned;

use crate::output::escape::visible;
use crate::query::error::nearest;
use crate::query::saved::{SavedFilter, SavedFilters, is_name};
use crate::tui::settings::Settings;

use super::Error;

/// The file's name.
const FILE_NAME: &str = "heloscope.toml";

const REMEDY: &str = "a saved filter is a name and a query in quotes, under [filters]: lab = \"ip:192.0.2.0/24\"";

/// The tables of the file.
const TABLES: [&str; 3] = ["filters", "colors", "keys"];

#[derive(Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    filters: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    colors: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    keys: BTreeMap<Spanned<String>, Spanned<Keys>>,
}

/// One key, or several.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Several(Vec<String>),
}

/// Returns the filters that are built in, and those of the file.
///
/// Errors: a file that was asked for and cannot be read; whatever in it cannot be understood.
pub(super) fn saved_filters(asked: Option<&Path>) -> Result<SavedFilters, Error> {
    let mut saved = SavedFilters::default();
    if let Some((path, text)) = read(asked)? {
        for filter in filters(&path, &text, parse(&path, &text)?)? {
            saved.add(filter);
        }
    }
    Ok(saved)
}

/// Sets colours, keys and saved filters as the file has them.
///
/// Errors: a file that was asked for and cannot be read; whatever in it cannot be understood.
pub(super) fn configure(asked: Option<&Path>, settings: &mut Settings) -> Result<(), Error> {
    let Some((path, text)) = read(asked)? else { return Ok(()) };
    let place = |at: usize| format!("{}:{}", path.display(), line_of(&text, at));
    let config = parse(&path, &text)?;
    for (part, colour) in &config.colors {
        let set = settings.theme.set(part.as_ref(), colour.as_ref());
        set.map_err(|problem| wrong(&place(part.span().start), &problem, &[]))?;
    }
    for (name, keys) in &config.keys {
        let keys = match keys.as_ref() {
            Keys::One(key) => std::slice::from_ref(key),
            Keys::Several(keys) => keys,
        };
        let bound = settings.keymap.rebind(name.as_ref(), keys);
        let bound = bound.and_then(|()| settings.keymap.fault().map_or(Ok(()), Err));
        bound.map_err(|problem| wrong(&place(name.span().start), &problem, &[]))?;
    }
    for filter in filters(&path, &text, config)? {
        settings.saved.add(filter);
    }
    Ok(())
}

/// Reads the file; `None` where none was asked for and none is there.
fn read(asked: Option<&Path>) -> Result<Option<(PathBuf, String)>, Error> {
    let Some(path) = asked.map(Path::to_owned).or_else(usual_path) else { return Ok(None) };
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some((path, text))),
        Err(error) if error.kind() == io::ErrorKind::NotFound && asked.is_none() => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let path = path.display().to_string();
            let remedy = "is not UTF-8: save it as UTF-8, which `>` in Windows PowerShell does not";
            Err(Error::Explained(format!("{} {remedy}", visible(path.as_bytes()))))
        }
        Err(error) => {
            let path = path.display().to_string();
            Err(Error::Explained(format!("cannot read {}: {error}", visible(path.as_bytes()))))
        }
    }
}

fn usual_path() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join(FILE_NAME))
}

fn parse(path: &Path, text: &str) -> Result<Config, Error> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        wrong(&format!("{}:{}", path.display(), line_of(text, at)), error.message(), &[REMEDY])
    })
}

fn filters(path: &Path, text: &str, config: Config) -> Result<Vec<SavedFilter>, Error> {
    let place = |at: usize| format!("{}:{}", path.display(), line_of(text, at));
    let read = config.filters.into_iter().map(|(name, query)| {
        let origin = place(name.span().start);
        match is_name(name.as_ref()) {
            true => Ok(SavedFilter { name: name.into_inner(), text: query.into_inner(), origin: Some(origin) }),
            false => {
                let problem = format!("`{}` cannot be the name of a filter", name.as_ref());
                Err(wrong(&origin, &problem, &["use letters, digits, `-` and `_`"]))
            }
        }
    });
    read.collect()
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

fn wrong(place: &str, problem: &str, remedies: &[&str]) -> Error {
    let mut lines = vec![format!("{place}: {}", problem.trim_end())];
    let unknown = problem.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let near = unknown.and_then(|name| nearest(name, TABLES));
    lines.extend(near.map(|near| format!("did you mean `[{near}]`?")));
    lines.extend(remedies.iter().map(|&remedy| remedy.to_owned()));
    let shown: Vec<_> = lines.iter().map(|line| visible(line.as_bytes())).collect();
    Error::Explained(shown.join("\n"))
}
