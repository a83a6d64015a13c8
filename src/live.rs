//! Values that tell who reads them when they change.

use std::{any::Any, fmt, marker::PhantomData, rc::Rc};

use leptos::prelude::{GetUntracked, LocalStorage, RwSignal, Set, Track, Update};

/// A signal of Leptos, for a value of any type. Each type of `RwSignal` is compiled anew, and twenty of
/// them weigh as much as a third of the views; to Leptos, all of these are one.
pub struct Live<T> {
    signal: RwSignal<Rc<dyn Any>, LocalStorage>,
    value: PhantomData<fn() -> T>,
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Live<T> {}

impl<T> fmt::Debug for Live<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Live")
    }
}

impl<T: 'static> Live<T> {
    /// That value, for now.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self {
            signal: signal(Rc::new(value)),
            value: PhantomData,
        }
    }

    /// Whoever asks is told when it changes.
    pub fn track(&self) {
        self.signal.track();
    }

    /// The value; whoever asks is told when it changes.
    #[must_use]
    pub fn read(&self) -> Rc<T> {
        self.track();
        self.read_untracked()
    }

    /// The value as it is now.
    #[must_use]
    pub fn read_untracked(&self) -> Rc<T> {
        let value = self.signal.get_untracked();
        value.downcast().expect("nothing else is ever set")
    }

    /// A copy of the value; whoever asks is told when it changes.
    #[must_use]
    pub fn get(&self) -> T
    where
        T: Clone,
    {
        T::clone(&self.read())
    }

    /// A copy of the value as it is now.
    #[must_use]
    pub fn get_untracked(&self) -> T
    where
        T: Clone,
    {
        T::clone(&self.read_untracked())
    }

    /// Another value.
    pub fn set(&self, value: T) {
        set(self.signal, Rc::new(value));
    }

    /// Changes the value where it is, unless somebody holds it: then a copy.
    pub fn update(&self, change: impl FnOnce(&mut T))
    where
        T: Clone,
    {
        let mut change = Some(change);
        update(self.signal, &mut |value| {
            let Some(change) = change.take() else { return };
            match Rc::get_mut(value).and_then(|value| value.downcast_mut()) {
                Some(value) => change(value),
                None => {
                    if let Some(held) = value.downcast_ref::<T>() {
                        let mut copy = held.clone();
                        change(&mut copy);
                        *value = Rc::new(copy);
                    }
                }
            }
        });
    }
}

// Each compiled once, whatever the value.

fn signal(value: Rc<dyn Any>) -> RwSignal<Rc<dyn Any>, LocalStorage> {
    RwSignal::new_local(value)
}

fn set(signal: RwSignal<Rc<dyn Any>, LocalStorage>, value: Rc<dyn Any>) {
    signal.set(value);
}

fn update(signal: RwSignal<Rc<dyn Any>, LocalStorage>, change: &mut dyn FnMut(&mut Rc<dyn Any>)) {
    signal.update(change);
}
