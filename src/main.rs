//! Mounts the app.

fn main() {
    holdfast::views::mount();
}
