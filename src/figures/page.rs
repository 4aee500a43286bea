//! The page: head, contents, figures by chapter, and what is left out and why.

use super::FIGURES;
use super::cells::{Tables, numbers};
use super::drawn::Drawn;
use super::figure::Figure;
use super::html::escaped;
use super::key_numbers::key_numbers;
use super::left_out::LeftOut;
use crate::error::Result;
use crate::publish::{Home, Release};
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

/// Nothing but what is in the page itself, and no script at all.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/// A page, and what is on it.
pub struct Page {
    /// The whole document.
    pub html: String,
    /// Titles of the figures that were drawn.
    pub figures: Vec<&'static str>,
    /// Figures for which the release has no rows.
    pub left_out: Vec<LeftOut>,
}

/// The page of a release.
///
/// # Errors
/// A published file that cannot be read, or a number in it that is not finite.
pub fn page(home: &Home, release: &Release) -> Result<Page> {
    let tables = Tables::new(home, release);
    let (mut drawn, mut left_out) = (Vec::new(), Vec::new());
    for figure in FIGURES {
        match (figure.draw)(&tables)? {
            Some(picture) => drawn.push((figure, picture)),
            None => left_out.push(LeftOut { title: figure.title, comes_with: figure.comes_with }),
        }
    }
    let mut html = head(release, &key_numbers(&tables)?);
    html += &contents(&drawn);
    html.push_str("<main id=\"main\">\n");
    let mut chapter = "";
    for (figure, drawn) in &drawn {
        if figure.chapter != chapter {
            chapter = figure.chapter;
            html += &format!("<h2>{}</h2>\n", escaped(chapter));
        }
        html += &section(figure, drawn);
    }
    html += &absent(&left_out);
    html += &foot(release);
    Ok(Page { html, figures: drawn.iter().map(|(figure, _)| figure.title).collect(), left_out })
}

fn head(release: &Release, key_numbers: &str) -> String {
    let text = |key: &str| escaped(release.run[key].as_str().unwrap_or_default());
    let (pipeline, as_of) = (text("pipeline"), text("as_of"));
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Customer profit: {pipeline}, {as_of}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#main\">Skip to the figures</a>\n<header>\n<h1>Customer profit: {pipeline}</h1>\n\
         <p>All that happened before {as_of}. Release {id}.</p>\n{key_numbers}</header>\n",
        id = escaped(&release.id)
    )
}

fn contents(drawn: &[(&Figure, Drawn)]) -> String {
    let mut html = "<nav aria-labelledby=\"contents\">\n<h2 id=\"contents\">Contents</h2>\n<ol>\n".to_owned();
    for (figure, _) in drawn {
        let (id, title) = (figure.id, escaped(figure.title));
        writeln!(html, "<li><a href=\"#{id}\">{title}</a></li>").expect("a string takes text");
    }
    html + "</ol>\n</nav>\n"
}

/// The picture is one image to a screen reader, told by its heading and its sentence; the table tells the rest.
fn section(figure: &Figure, drawn: &Drawn) -> String {
    let Figure { id, title, reading, .. } = figure;
    let Drawn { seen, picture, rows } = drawn;
    format!(
        "<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h3 id=\"{id}-title\">{title}</h3>\n\
         <p class=\"seen\" id=\"{id}-seen\">{seen}</p>\n\
         <figure role=\"img\" aria-labelledby=\"{id}-title {id}-seen\">\n{picture}</figure>\n\
         <p class=\"reading\">{reading}</p>\n{numbers}</section>\n",
        title = escaped(title),
        reading = code(&escaped(reading)),
        numbers = numbers(rows, id)
    )
}

fn absent(left_out: &[LeftOut]) -> String {
    if left_out.is_empty() {
        return String::new();
    }
    let mut html = "<h2 id=\"left-out\">Not on this page</h2>\n\
                    <p>For these figures the release has no rows. They come with the sections of the pipeline file \
                    that are named.</p>\n<ul class=\"left-out\">\n"
        .to_owned();
    for LeftOut { title, comes_with } in left_out {
        let (title, comes_with) = (escaped(title), code(&escaped(comes_with)));
        writeln!(html, "<li>{title}: {comes_with}</li>").expect("a string takes text");
    }
    html + "</ul>\n"
}

fn foot(release: &Release) -> String {
    let version = escaped(release.run["abacus"].as_str().unwrap_or_default());
    format!(
        "</main>\n<footer><p>Every number is a cell of a published table of release {}, rounded; point at a column's \
         name for its meaning. Made by abacus {version}.</p></footer>\n</body>\n</html>\n",
        escaped(&release.id)
    )
}

/// Text between backticks as code.
fn code(text: &str) -> String {
    let mut html = String::new();
    for (place, part) in text.split('`').enumerate() {
        let is_code = place % 2 == 1;
        html += &if is_code { format!("<code>{part}</code>") } else { part.to_owned() };
    }
    html
}
