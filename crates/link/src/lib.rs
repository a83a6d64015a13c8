//! A client's link to its signaling server as a state machine: dialling and backing off, probing
//! whether anything can be reached, the heartbeat, and a session that outlives its connections. No
//! socket, no I/O, no clock.
//!
//! [`Link`] is sans-IO. Whoever drives it hands in an [`Event`] together with the time, then drains
//! [`Link::poll_output`]: does what a [`Command`] says, and passes [`News`] on; and keeps one timer,
//! for [`Link::poll_timeout`], at which it calls [`Link::handle_timeout`].
//!
//! | file | purpose |
//! |---|---|
//! | `link.rs` | the parts put together |
//! | `dial.rs` | connections made, the first to open kept, and the delays between attempts |
//! | `reachability.rs` | whether anything can be reached |
//! | `heartbeat.rs` | whether the server is there |
//! | `resume.rs` | the session: what outlives a connection, and what waits to be sent |
//! | `event.rs`, `output.rs` | what goes in, what comes out |
//!
//! A driver, whose server answers at once:
//!
//! ```
//! use holdfast_clock::Instant;
//! use holdfast_link::{Command, Event, Introduction, Link, LinkStatus, Medium, News, Output};
//! use holdfast_protocol::{ClientMessage, ConnectionId, ServerMessage};
//!
//! fn drive(link: &mut Link, event: Event, now: Instant) {
//!     link.handle(event, now);
//!     while let Some(output) = link.poll_output() {
//!         let answer = match output {
//!             Output::Command(Command::Connect(socket)) => {
//!                 let id = ConnectionId::Text("secret".into());
//!                 Some((socket, ServerMessage::Id { id, acked: Some(0), person: None }))
//!             }
//!             Output::Command(Command::Transmit(socket, ClientMessage::Username { name, .. })) => {
//!                 let (version, free, busy, away) = (0, vec![name], vec![], vec![]);
//!                 Some((socket, ServerMessage::Presence { version, free, busy, away }))
//!             }
//!             Output::Command(_) => None, // Nothing else happens here.
//!             Output::News(news) => {
//!                 println!("{news:?}");
//!                 None
//!             }
//!         };
//!         if let Some((socket, message)) = answer {
//!             link.handle(Event::Received(socket, message), now);
//!         }
//!     }
//! }
//!
//! let mut link = Link::new(Medium::Network, 7);
//! let (name, room, pass, claim, date) = ("Ann".into(), None, None, None, 0.0);
//! let introduction = Introduction { name, room, pass, claim, date };
//! drive(&mut link, Event::Join(introduction), Instant::START);
//! assert_eq!(link.status(), LinkStatus::Up);
//! assert_eq!(link.session(), Some("secret"));
//! ```

mod dial;
mod event;
mod heartbeat;
mod link;
mod medium;
mod output;
mod reachability;
mod resume;

pub use event::{Event, Introduction, ProbeId, SocketId};
pub use link::{Link, LinkStatus};
pub use medium::Medium;
pub use output::{Command, News, Output};
