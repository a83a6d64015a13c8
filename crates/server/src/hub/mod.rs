//! Clients, rooms, calls, and the routing of messages. No I/O: messages go into queues.
//! Whoever is outside speaks to the shards.
//!
//! | file | purpose |
//! |---|---|
//! | `shards.rs` | the hub in parts with a lock each, and which of them is asked |
//! | `hub.rs` | what connections, clients and other servers want of one part |
//! | `directory.rs` | everybody who is connected, in which room and call, and the way to them |
//! | `broadcast.rs`, `lines.rs` | a message to everybody in a room, at once or in turn |
//! | `room.rs` | who is in a room, and who is told of it when |
//! | `news.rs`, `presence.rs` | what they are told, in frames |
//! | `name.rs` | names: what may stand in one, and which look alike |
//! | `owner.rs` | whose a name is, also after a restart |
//! | `calls.rs` | who is in a call with whom |
//! | `session.rs` | a client's session: resumed over another connection |
//! | `remote.rs`, `cluster_message.rs` | clients of other servers, and what servers tell each other |
//! | `person.rs` | somebody, for whoever runs the server |
//! | `refusal.rs` | why a message is not passed on: the texts of error codes |

mod broadcast;
mod calls;
mod client;
mod cluster_message;
mod directory;
#[cfg(any(test, fuzzing, feature = "bench"))]
mod guest;
#[expect(clippy::module_inception, reason = "it is the hub of the hub")]
mod hub;
mod key;
mod lines;
#[cfg(any(test, fuzzing))]
#[cfg_attr(
    not(fuzzing),
    allow(unreachable_pub, reason = "the fuzzer is another crate")
)]
mod model_test;
mod name;
mod news;
mod owner;
mod person;
mod presence;
mod refusal;
mod remote;
mod room;
mod session;
mod shards;
#[cfg(test)]
mod shards_test;
#[cfg(all(test, feature = "shuttle"))]
mod threads_test;
#[cfg(feature = "bench")]
mod throughput;

pub(crate) use cluster_message::{
    CLUSTER_VERSION, ClusterMessage, Envelope, FromHub, Outgoing, RemoteClient, ToOthers,
    Versioned, line,
};
#[cfg(any(test, fuzzing, feature = "bench"))]
pub(crate) use guest::Guest;
pub(crate) use hub::{House, Lobby};
pub(crate) use key::{ConnectionRef, Key, Node, RemoteKey};
#[cfg(any(test, fuzzing))]
pub(crate) use model_test::check;
#[cfg(fuzzing)]
pub use model_test::play;
pub(crate) use owner::Claims;
pub(crate) use person::Person;
pub(crate) use refusal::Refusal;
pub(crate) use room::is_alone;
pub(crate) use shards::Shards;
#[cfg(feature = "bench")]
pub use throughput::throughput;
