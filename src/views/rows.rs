//! The rows of the list of people. A row is somebody's for as long as they are in sight, wherever they
//! stand meanwhile: whoever aims at a name gets no other, and the focus stays with the person.

use web_sys::{Element, HtmlTemplateElement, Node};

use super::bind::element;
use crate::text::Word;

/// Where an element keeps whose row it is.
const NAME: &str = "data-name";

/// The rows that there are, in their order.
#[derive(Debug, Default)]
pub(super) struct Rows(Vec<(String, Element)>);

impl Rows {
    /// Shows these people and nobody else.
    pub(super) fn show(&mut self, names: &[String]) {
        let list: Element = element("people-list");
        let mut before = std::mem::take(&mut self.0);
        before.retain(|(name, row)| {
            let stays = names.contains(name);
            if !stays {
                row.remove();
            }
            stays
        });
        let mut next = list.first_child();
        for name in names {
            let known = before.iter().position(|(known, _)| known == name);
            let (_, row) = match known {
                Some(place) => before.swap_remove(place),
                None => (String::new(), make(name)),
            };
            let node: &Node = &row;
            match &next {
                Some(there) if there.is_same_node(Some(node)) => next = there.next_sibling(),
                // What is in its place already does not move, and so keeps the focus.
                there => drop(list.insert_before(node, there.as_ref())),
            }
            self.0.push((name.clone(), row));
        }
    }

    /// What stands beside each name, and the word of the button there, if there is one.
    pub(super) fn describe(&self, describe: impl Fn(&str) -> (Word, Option<String>)) {
        for (name, row) in &self.0 {
            let (status, block) = describe(name);
            let status = String::from(status);
            if let Some(hint) = find(row, ".hint")
                && hint.text_content().as_ref() != Some(&status)
            {
                hint.set_text_content(Some(&status));
            }
            if let Some(button) = find(row, ".block") {
                let _ = button.toggle_attribute_with_force("hidden", block.is_none());
                let _ = button.set_attribute("aria-label", &block.unwrap_or_default());
            }
        }
    }
}

/// Whose row that button is in.
pub(super) fn name_of(button: &Element) -> Option<String> {
    button.closest("li").ok()??.get_attribute(NAME)
}

fn make(name: &str) -> Element {
    let template: HtmlTemplateElement = element("person-template");
    let row = template.content().first_element_child();
    let row = row
        .and_then(|row| wasm_bindgen::JsCast::dyn_into(row.clone_node_with_deep(true).ok()?).ok());
    let row: Element = row.expect("index.html has it");
    let _ = row.set_attribute(NAME, name);
    if let Some(place) = find(&row, ".name") {
        place.set_text_content(Some(name));
    }
    row
}

fn find(row: &Element, part: &str) -> Option<Element> {
    row.query_selector(part).ok()?
}
