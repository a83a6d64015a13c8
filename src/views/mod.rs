//! What people see and do: index.html, brought to life. Views read the model and dispatch actions, nothing
//! more. One file a part of the page.

mod app;
mod arrivals;
mod bind;
mod chat;
mod choice;
mod controls;
mod dialog;
mod drawer;
mod fit;
mod idle;
mod invitation;
mod join;
mod keys;
mod later;
mod level;
mod manual;
mod media_keys;
mod missed;
mod notices;
mod people;
mod permission;
mod playing;
mod press_guard;
mod quality;
mod ring;
mod room;
mod rows;
mod self_view;
mod settings;
mod small_window;
mod speaker;
mod stage;
mod title;
mod window;

pub use app::mount;
