//! Mounts the app.

fn main() {
    holdfast::app::mount();
}
