//! What people see and do: index.html, brought to life. Views read the model and dispatch actions, nothing
//! more. One file a part of the page.

mod app;
mod bind;
mod chat;
mod choice;
mod controls;
mod drawer;
mod join;
mod later;
mod manual;
mod notices;
mod people;
mod press_guard;
mod ring;
mod room;
mod rows;
mod settings;
mod stage;

pub use app::mount;
