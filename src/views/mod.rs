//! Views read the model and dispatch actions, nothing more. One file a component.

#![allow(unreachable_pub, reason = "the component macro writes `pub`")]

mod app;
mod boxed;
mod chat;
mod choice;
mod join;
mod manual;
mod notices;
mod people;
mod ring;
mod room;
mod settings;
mod stage;
mod video;

pub use app::{App, mount};
