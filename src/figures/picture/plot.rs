//! Lines, bands and dots over two axes: labels of y at the left of the picture, labels of x below it.

use super::anchor::Anchor;
use super::scale::Scale;
use super::svg::Svg;

/// A picture over two axes.
pub(crate) struct Plot {
    x: Scale,
    y: Scale,
    pub(crate) svg: Svg,
}

/// Pixels for the curves, above them for labels that rise over the highest line, and below them for labels of x.
const HEIGHT: f64 = 260.0;
const TOP: f64 = 28.0;
const BELOW: f64 = 40.0;

impl Plot {
    /// An empty one, with lines at round values of y. Labels of values are given by functions, for their unit is the
    /// figure's.
    pub(crate) fn new(x: Scale, y: Scale, show_x: fn(f64) -> String, show_y: fn(f64) -> String) -> Self {
        let mut plot = Self { x, y, svg: Svg::new(TOP + HEIGHT + BELOW) };
        for tick in y.ticks() {
            let height = plot.y(tick);
            let class = if tick == 0.0 { "zero" } else { "grid" };
            plot.svg.rule(class, [0.0, height], [100.0, height]);
            plot.svg.text("tick outside", 0.0, height + 4.0, Anchor::End, &show_y(tick));
        }
        for tick in x.ticks() {
            let [place, below] = [plot.x(tick), TOP + HEIGHT + 18.0];
            plot.svg.rule("grid", [place, TOP + HEIGHT], [place, TOP + HEIGHT + 5.0]);
            plot.svg.text("tick", place, below, Anchor::at(place), &show_x(tick));
        }
        plot
    }

    /// What the axes show: x below the picture, y above it.
    pub(crate) fn name_axes(&mut self, x: &str, y: &str) {
        self.svg.text("axis", 100.0, TOP + HEIGHT + BELOW - 4.0, Anchor::End, x);
        self.svg.text("axis outside", 0.0, 10.0, Anchor::Start, y);
    }

    fn x(&self, value: f64) -> f64 {
        self.x.at(value)
    }

    fn y(&self, value: f64) -> f64 {
        TOP + HEIGHT * (1.0 - self.y.at(value) / 100.0)
    }

    /// Where a point lies: per cent and pixels.
    pub(crate) fn at(&self, x: f64, y: f64) -> [f64; 2] {
        [self.x(x), self.y(y)]
    }

    /// Where points lie.
    pub(crate) fn points(&self, values: &[[f64; 2]]) -> Vec<[f64; 2]> {
        values.iter().map(|[x, y]| self.at(*x, *y)).collect()
    }

    /// A line over the whole height, with a label at its top.
    pub(crate) fn upright(&mut self, x: f64, label: &str) {
        let place = self.x(x);
        self.svg.rule("border", [place, TOP], [place, TOP + HEIGHT]);
        self.svg.text("tick", place, TOP - 6.0, Anchor::at(place), label);
    }

    /// A label above a point, which is no row of its own.
    pub(crate) fn pin_above(&mut self, x: f64, y: f64, label: &str) {
        self.pin(self.at(x, y), -10.0, label);
    }

    /// The same below the point, where there is place between it and the axis.
    pub(crate) fn pin_below(&mut self, x: f64, y: f64, label: &str) {
        let [place, height] = self.at(x, y);
        let has_place = height + 30.0 < TOP + HEIGHT;
        self.pin([place, height], if has_place { 20.0 } else { -10.0 }, label);
    }

    fn pin(&mut self, [place, height]: [f64; 2], below: f64, label: &str) {
        let anchor = match place {
            ..30.0 => Anchor::Start,
            70.0.. => Anchor::End,
            _ => Anchor::Middle,
        };
        self.svg.text("pin", place, height + below, anchor, label);
    }

    /// The picture.
    pub(crate) fn finish(self) -> String {
        self.svg.finish_with_labels()
    }
}
