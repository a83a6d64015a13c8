//! Somebody who is connected here, for whoever runs the server.

use std::{net::IpAddr, sync::Arc};

use super::{
    client::{Client, Local},
    key::Key,
    owner::Owner,
    presence::Status,
};
use crate::limits::is_one_house;

/// Somebody who is connected here, or comes back in time.
pub(crate) struct Person {
    pub(crate) key: Key,
    /// The public name of their session.
    pub(crate) person: Arc<str>,
    /// The room and the name in it, once they have said it.
    pub(crate) place: Option<(Arc<str>, Arc<str>)>,
    pub(crate) address: Option<IpAddr>,
    /// Since when the name is theirs, in milliseconds since 1970; of the sample's clients, nobody knows.
    pub(crate) since: Option<u64>,
    pub(crate) is_connected: bool,
    pub(crate) is_in_call: bool,
    /// Bytes that wait to be acknowledged.
    pub(crate) held: usize,
}

impl Person {
    /// Whether they are banned with that address.
    pub(crate) fn is_from(&self, address: IpAddr) -> bool {
        self.address.is_some_and(|own| is_one_house(own, address))
    }

    pub(super) fn of(key: Key, client: &Client, local: &Local, status: Option<Status>) -> Self {
        let place = client.membership.as_ref();
        Self {
            key,
            person: local.person.clone(),
            place: place.map(|place| (place.room.clone(), place.name.clone())),
            address: local
                .permit
                .as_ref()
                .map(|permit| permit.address().to_canonical()),
            since: local.owner.map(Owner::since),
            is_connected: local.session.is_attached(),
            is_in_call: status == Some(Status::Busy),
            held: local.session.held(),
        }
    }
}
