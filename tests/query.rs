//! The filter language: what is understood, what is not, and what is found.

use heloscope::output::syntax::to_syntax_text;
use heloscope::query::expression::Expression;
use heloscope::query::saved::{SavedFilter, SavedFilters};

fn saved() -> SavedFilters {
    let mut saved = SavedFilters::default();
    for (name, text) in [
        ("mine", "user:alice -@tls"),
        ("broken", "auth:faild"),
        ("outer", "@broken or x"),
        ("loop", "@pool"),
        ("pool", "x or @loop"),
    ] {
        saved.add(SavedFilter { name: name.into(), text: text.into(), origin: Some("heloscope.toml:3".into()) });
    }
    saved
}

fn parse(text: &str) -> Result<Expression, String> {
    Expression::parse(text, &saved()).map_err(|error| to_syntax_text(&error))
}

/// What is wrong with each of the texts.
fn wrong(texts: &[&str]) -> String {
    let told = texts.iter().map(|text| match parse(text) {
        Ok(expression) => format!("{text}: understood as {expression:?}\n"),
        Err(error) => error + "\n",
    });
    told.collect::<Vec<_>>().join("\n")
}
