//! SVG of few primitives: bars, lines, bands, dots, cells and text.
//!
//! x is in per cent of the width, y in pixels, so that a picture takes the width of any screen while its text keeps its
//! size. Colours are classes of the page's style, which has a light, a dark and a printed form. A *mark* stands for one
//! row of the figure's numbers, and says them when it is pointed at.

use super::anchor::Anchor;
use crate::figures::html::{cut, escaped};
use std::fmt::Write;

/// A picture in the making.
pub(crate) struct Svg {
    body: String,
    height: f64,
}

/// Characters of a name for which there is place beside its value.
const NARROW: usize = 27;
const WIDE: usize = 64;

/// Units of width within curves, which are stretched to the width of the picture.
const CURVE_WIDTH: f64 = 1000.0;

impl Svg {
    /// An empty picture so many pixels high.
    pub(crate) fn new(height: f64) -> Self {
        Self { body: String::new(), height }
    }

    /// A rectangle from one x to another, in either order.
    pub(crate) fn bar(&mut self, class: &str, [x, to]: [f64; 2], [y, height]: [f64; 2]) {
        let [x, width, y, height] = [x.min(to), (to - x).abs(), y, height].map(short);
        writeln!(
            self.body,
            "<rect class=\"{class}\" x=\"{x}%\" y=\"{y}\" width=\"{width}%\" height=\"{height}\"/>"
        )
        .expect(FITS);
    }

    /// A cell, the stronger the more: from 0 to 1.
    pub(crate) fn cell(&mut self, class: &str, [x, to]: [f64; 2], [y, height]: [f64; 2], strength: f64) {
        let [x, width, y, height, strength] = [x, to - x, y, height, strength].map(short);
        writeln!(
            self.body,
            "<rect class=\"cell {class}\" x=\"{x}%\" y=\"{y}\" width=\"{width}%\" height=\"{height}\" \
             fill-opacity=\"{strength}\"/>"
        )
        .expect(FITS);
    }

    /// A dot, which is a mark.
    pub(crate) fn dot(&mut self, class: &str, [x, y]: [f64; 2], radius: f64, title: &str) {
        let ([x, y, radius], title) = ([x, y, radius].map(short), escaped(title));
        writeln!(
            self.body,
            "<circle class=\"mark {class}\" cx=\"{x}%\" cy=\"{y}\" r=\"{radius}\"><title>{title}</title></circle>"
        )
        .expect(FITS);
    }

    /// A straight line.
    pub(crate) fn rule(&mut self, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(short);
        writeln!(self.body, "<line class=\"{class}\" x1=\"{x1}%\" y1=\"{y1}\" x2=\"{x2}%\" y2=\"{y2}\"/>")
            .expect(FITS);
    }

    /// A text whose baseline is at y.
    pub(crate) fn text(&mut self, class: &str, x: f64, y: f64, anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let (x, y) = (short(x), short(y));
        let text = escaped(text);
        writeln!(self.body, "<text class=\"{class}\" x=\"{x}%\" y=\"{y}\"{anchor}>{text}</text>")
            .expect(FITS);
    }

    /// A name in the left half: as much of it as a wide screen has place for, or a narrow one.
    pub(crate) fn name(&mut self, y: f64, name: &str) {
        if name.chars().count() <= NARROW {
            return self.text("name", 0.0, y, Anchor::Start, name);
        }
        self.text("name wide", 0.0, y, Anchor::Start, &cut(name, WIDE));
        self.text("name narrow", 0.0, y, Anchor::Start, &cut(name, NARROW));
    }

    /// A line through points; each point is a row.
    pub(crate) fn line(&mut self, class: &str, points: &[[f64; 2]]) {
        self.curve(&format!("line {class}"), &path(points));
    }

    /// A line of steps: each point is a row, from which on its height holds.
    pub(crate) fn steps(&mut self, class: &str, points: &[[f64; 2]]) {
        let mut steps = String::new();
        for (place, [x, y]) in points.iter().enumerate() {
            let (x, y) = (short(x * CURVE_WIDTH / 100.0), short(*y));
            if place == 0 { write!(steps, "M{x} {y}") } else { write!(steps, "H{x}V{y}") }.expect(FITS);
        }
        self.curve(&format!("line {class}"), &steps);
    }

    /// The surface between a lower and an upper line.
    pub(crate) fn band(&mut self, class: &str, upper: &[[f64; 2]], lower: &[[f64; 2]]) {
        let around: Vec<[f64; 2]> = upper.iter().chain(lower.iter().rev()).copied().collect();
        self.curve(&format!("band {class}"), &format!("{}Z", path(&around)));
    }

    /// A picture within the picture: per cent become units of a box that is stretched, for paths know no per cent.
    fn curve(&mut self, class: &str, path: &str) {
        let height = short(self.height);
        writeln!(
            self.body,
            "<svg width=\"100%\" height=\"{height}\" viewBox=\"0 0 {CURVE_WIDTH} {height}\" \
             preserveAspectRatio=\"none\"><path class=\"{class}\" d=\"{path}\"/></svg>"
        )
        .expect(FITS);
    }

    /// Begins a mark of several parts, which ends with [`Svg::end_mark`].
    pub(crate) fn begin_mark(&mut self, title: &str) {
        writeln!(self.body, "<g class=\"mark\"><title>{}</title>", escaped(title)).expect(FITS);
    }

    /// Ends the mark that was begun.
    pub(crate) fn end_mark(&mut self) {
        self.body.push_str("</g>\n");
    }

    /// The picture with place at its left for labels.
    pub(crate) fn finish_with_labels(self) -> String {
        format!("<div class=\"labelled\">\n{}</div>\n", self.finish())
    }

    /// The picture; what it says is said by the figure around it.
    pub(crate) fn finish(self) -> String {
        let (height, body) = (short(self.height), self.body);
        format!(
            "<svg class=\"plot\" width=\"100%\" height=\"{height}\" aria-hidden=\"true\" \
             focusable=\"false\">\n{body}</svg>\n"
        )
    }
}

const FITS: &str = "a string takes text";

fn path(points: &[[f64; 2]]) -> String {
    let mut path = String::new();
    for (place, [x, y]) in points.iter().enumerate() {
        let letter = if place == 0 { 'M' } else { 'L' };
        write!(path, "{letter}{} {}", short(x * CURVE_WIDTH / 100.0), short(*y)).expect(FITS);
    }
    path
}

/// At most two digits after the point. What is not finite would end a path in the browser without a word.
fn short(number: f64) -> String {
    assert!(number.is_finite(), "a place in a picture is {number}");
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_below_zero_is_drawn_to_the_left() {
        let mut svg = Svg::new(10.0);
        svg.bar("bad", [50.0, 20.0], [0.0, 10.0]);
        let drawn = "<rect class=\"bad\" x=\"20%\" y=\"0\" width=\"30%\" height=\"10\"/>";
        assert!(svg.finish().contains(drawn));
    }

    #[test]
    #[should_panic(expected = "a place in a picture is NaN")]
    fn what_is_not_finite_is_never_drawn() {
        Svg::new(10.0).line("good", &[[0.0, 1.0], [f64::NAN, 2.0]]);
    }
}
