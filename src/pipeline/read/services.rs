//! `[[costing.services]]`: groups of nodes that serve each other.

use super::names::Names;
use super::table::{Entry, Table};
use super::wording::quoted;
use crate::pipeline::{Node, ServiceMethod, ServicesDef};

/// A group as written.
pub(super) struct Group<'a> {
    pub(super) table: Table<'a>,
    /// `None` where it is missing or faulty.
    pub(super) method: Option<ServiceMethod>,
    /// Those that are known, in the order written.
    pub(super) members: Vec<Node>,
}

/// More members than this are no longer one group of services, but the whole network.
const MOST_MEMBERS: usize = 50;

impl<'a> Group<'a> {
    /// The place of the node among the members.
    pub(super) fn position(&self, node: Node) -> Option<usize> {
        self.members.iter().position(|member| *member == node)
    }

    /// Whether its members are solved at once; so taken while the method is faulty.
    pub(super) fn is_reciprocal(&self) -> bool {
        matches!(self.method, Some(ServiceMethod::Reciprocal) | None)
    }

    /// The group, resolved.
    pub(super) fn checked(&self) -> Option<ServicesDef> {
        Some(ServicesDef { method: self.method?, members: self.members.clone(), at: self.table.at() })
    }
}

/// Reads all groups. A node serves in one of them, once.
pub(super) fn groups<'a>(tables: &[Table<'a>], names: Names<'a>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for table in tables {
        let group = group(*table, names, &groups);
        groups.push(group);
    }
    groups
}

fn group<'a>(table: Table<'a>, names: Names<'a>, earlier: &[Group<'a>]) -> Group<'a> {
    let method = match table.text("method") {
        Some("direct") => Some(ServiceMethod::Direct),
        Some("step-down") => Some(ServiceMethod::StepDown),
        Some("reciprocal") => Some(ServiceMethod::Reciprocal),
        _ => None,
    };
    let mut group = Group { table, method, members: Vec::new() };
    let entries = table.entry("members").map(Entry::texts).unwrap_or_default();
    for (entry, name) in &entries {
        let Some(node) = names.node(*entry, name) else { continue };
        if let Some(fault) = taken(node, &group, earlier) {
            entry.fault(format!("{} {fault}", names.subject(node)));
        } else {
            group.members.push(node);
        }
    }
    if let Some(entry) = table.entry("members") {
        let members = entry.value.get_ref().as_array().map_or(1, |items| items.iter().len());
        check_size(entry, members);
    }
    group
}

fn taken(node: Node, group: &Group<'_>, earlier: &[Group<'_>]) -> Option<String> {
    if group.position(node).is_some() {
        return Some("is a member twice; write it once".to_owned());
    }
    let other = earlier.iter().find(|group| group.position(node).is_some())?;
    let line = other.table.at().line;
    Some(format!("is a member of two groups, first on line {line}; leave it to one, or make them one group"))
}

fn check_size(entry: Entry<'_>, members: usize) {
    match members {
        1 => {
            let only = entry.texts().first().map(|(_, name)| quoted(name)).unwrap_or_default();
            entry.fault(format!("services serve each other, but {only} is the only member; add the others, or remove the group"));
        }
        members if members > MOST_MEMBERS => {
            entry.fault(format!(
                "a group has at most {MOST_MEMBERS} members, found {members}; keep those that serve each other, the rest needs no group"
            ));
        }
        _ => {}
    }
}
