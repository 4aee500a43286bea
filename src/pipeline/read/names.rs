//! What entries of `[costing]` refer to by name: resources, activities, sources.

use super::acquisitions::ACQUISITIONS;
use super::facts::TRANSACTIONS;
use super::table::{Entry, Table};
use super::wording::{did_you_mean, quoted, subject};
use crate::pipeline::Node;
use std::collections::HashMap;

/// What may be referred to.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    /// Entries of `[[costing.resource]]`, in the order written.
    pub(super) resources: &'a [Table<'a>],
    /// Entries of `[[costing.activity]]`, in the order written.
    pub(super) activities: &'a [Table<'a>],
    /// Names of event sources, sorted.
    pub(super) events: &'a [&'a str],
    /// Where the names stand; the first of equal ones counts.
    pub(super) index: &'a Index<'a>,
}

/// Resources and activities by name.
pub(super) struct Index<'a> {
    resources: HashMap<&'a str, usize>,
    activities: HashMap<&'a str, usize>,
}

impl<'a> Index<'a> {
    /// The index of all names.
    pub(super) fn new(resources: &[Table<'a>], activities: &[Table<'a>]) -> Self {
        let by_name = |tables: &[Table<'a>]| {
            let names = tables.iter().enumerate().rev();
            names.filter_map(|(index, table)| Some((table.text("name")?, index))).collect()
        };
        Self { resources: by_name(resources), activities: by_name(activities) }
    }
}

impl<'a> Names<'a> {
    /// All nodes, resources first.
    pub(super) fn nodes(self) -> impl Iterator<Item = Node> + 'a {
        let resources = (0..self.resources.len()).map(Node::Resource);
        resources.chain((0..self.activities.len()).map(Node::Activity))
    }

    /// The node's entry.
    pub(super) fn table(self, node: Node) -> Table<'a> {
        match node {
            Node::Resource(index) => self.resources[index],
            Node::Activity(index) => self.activities[index],
        }
    }

    /// `'warehouse rent'`.
    pub(super) fn name(self, node: Node) -> String {
        quoted(self.table(node).text("name").unwrap_or("without a name"))
    }

    /// `resource 'warehouse rent'`.
    pub(super) fn subject(self, node: Node) -> String {
        let what = if matches!(node, Node::Resource(_)) { "resource" } else { "activity" };
        subject(what, self.table(node).text("name"))
    }

    /// Whether the node is a time-driven resource.
    pub(super) fn is_timed(self, node: Node) -> bool {
        matches!(node, Node::Resource(_)) && self.table(node).has("capacity")
    }

    /// The resource or activity of this name. Like all that follow, it notes a fault where there is none.
    pub(super) fn node(self, entry: Entry<'_>, name: &str) -> Option<Node> {
        match (self.index.resources.get(name), self.index.activities.get(name)) {
            (Some(resource), None) => Some(Node::Resource(*resource)),
            (None, Some(activity)) => Some(Node::Activity(*activity)),
            (Some(_), Some(_)) => {
                let both = "is both a resource and an activity; give one of them another name";
                fault_at_name(entry, name, format!("{} {both}", quoted(name)))
            }
            (None, None) => {
                let known = [self.resources, self.activities].concat();
                let what = if self.activities.iter().any(|table| table.has("name")) {
                    "resource or activity"
                } else {
                    "resource"
                };
                unknown(entry, name, what, &known)
            }
        }
    }

    /// The resource of this name.
    pub(super) fn resource(self, entry: Entry<'_>, name: &str) -> Option<usize> {
        let resource = self.index.resources.get(name).copied();
        if resource.is_none() && self.index.activities.contains_key(name) {
            let message = format!("{} is an activity, expected a resource", quoted(name));
            return fault_at_name(entry, name, message + from_instead(entry));
        }
        resource.or_else(|| unknown(entry, name, "resource", self.resources))
    }

    /// Whether an activity has this name.
    pub(super) fn has_activity(self, name: &str) -> bool {
        self.index.activities.contains_key(name)
    }

    /// The activity of this name.
    pub(super) fn activity(self, entry: Entry<'_>, name: &str) -> Option<usize> {
        let activity = self.index.activities.get(name).copied();
        if activity.is_none() && self.index.resources.contains_key(name) {
            return fault_at_name(
                entry,
                name,
                format!("{} is a resource, expected an activity", quoted(name)),
            );
        }
        activity.or_else(|| unknown(entry, name, "activity", self.activities))
    }

    /// The source an `on` names, `Some(None)` for transactions; these without the key.
    pub(super) fn source(self, table: Table<'_>) -> Option<Option<usize>> {
        let Some(entry) = table.entry("on") else { return Some(None) };
        let name = entry.text()?;
        if name == TRANSACTIONS {
            return Some(None);
        }
        let index = self.events.iter().position(|event| *event == name);
        if index.is_none() {
            if name == ACQUISITIONS {
                let message = "'acquisitions' are the customers of [facts.customers] by the day they were won, but \
                               'acquired_on' is missing there; add acquired_on = \"…\"";
                entry.fault(message);
                return None;
            }
            let known = self.events.iter().copied().chain([TRANSACTIONS]);
            let way_out = did_you_mean(name, known, || match self.events {
                [] => format!("declare it as [facts.events.{name}]"),
                events => format!("the sources are {TRANSACTIONS}, {}", events.join(", ")),
            });
            entry.fault(format!("unknown source {} in 'on'; {way_out}", quoted(name)));
        }
        index.map(Some)
    }
}

fn from_instead(entry: Entry<'_>) -> &'static str {
    if entry.key == "resource" { "; what it takes of activities stands in 'from'" } else { "" }
}

fn unknown<T>(entry: Entry<'_>, name: &str, what: &str, known: &[Table<'_>]) -> Option<T> {
    let names = || known.iter().filter_map(|table| table.text("name"));
    let way_out = did_you_mean(name, names(), || match (names().next(), what) {
        (None, "activity") => "declare it as a [[costing.activity]]".to_owned(),
        (None, _) => "declare it as a [[costing.resource]]".to_owned(),
        (Some(_), _) => format!("there are {}", some(&names().map(quoted).collect::<Vec<_>>())),
    });
    fault_at_name(entry, name, format!("unknown {what} {}; {way_out}", quoted(name)))
}

/// The first of a list that may be long.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 8;
    match names.get(SHOWN..) {
        None | Some([]) => names.join(", "),
        Some(rest) => format!("{} and {} more", names[..SHOWN].join(", "), rest.len()),
    }
}

/// Notes a fault at the value, or at the key where the key is the name.
fn fault_at_name<T>(entry: Entry<'_>, name: &str, message: String) -> Option<T> {
    let offset = if entry.text() == Some(name) { entry.value_offset() } else { entry.key_offset };
    entry.reading.fault(offset, message);
    None
}
