//! The well-known sample's protocol and no more, both ends of it: a page that calls and answers as
//! the sample's does, and a server that relays as the sample's does. Written from docs/protocol.md.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use axum::{
    Router,
    extract::{
        State,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    response::Response,
};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::hosts::{page_host, serve};

/// A page that speaks only the sample's protocol; gives its URL. It signals through the server at
/// the URL in its query.
pub async fn sample_page() -> String {
    const PAGE: &str = include_str!("sample.html");
    page_host(PAGE).await
}

/// A server that speaks only the sample's protocol and subprotocol; gives its URL.
pub async fn sample_server() -> String {
    let room = Arc::new(Room::default());
    let app = Router::new().fallback(upgrade).with_state(room);
    format!("ws://{}/", serve(app).await)
}

#[derive(Default)]
struct Room {
    people: Mutex<Vec<Member>>,
}

struct Member {
    id: u64,
    name: Option<String>,
    queue: UnboundedSender<Value>,
}

async fn upgrade(State(room): State<Arc<Room>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .protocols(["json"])
        .on_upgrade(move |socket| room.serve(socket))
}

impl Room {
    async fn serve(self: Arc<Self>, mut socket: WebSocket) {
        // Counted from a clock, and told to everybody: no secret.
        static NEXT: AtomicU64 = AtomicU64::new(1_700_000_000_000);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let (queue, mut waiting) = unbounded_channel();
        let _ = queue.send(json!({"type": "id", "id": id}));
        self.with(|people| {
            people.push(Member {
                id,
                name: None,
                queue,
            })
        });
        loop {
            tokio::select! {
                Some(message) = waiting.recv() => {
                    let frame = Message::Text(message.to_string().into());
                    if socket.send(frame).await.is_err() {
                        break;
                    }
                }
                frame = socket.recv() => match frame {
                    Some(Ok(Message::Text(text))) => {
                        self.receive(serde_json::from_str(&text).expect("the sample crashes here too"));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                },
            }
        }
        self.with(|people| people.retain(|member| member.id != id));
        self.send_list();
    }

    fn receive(&self, mut message: Value) {
        if message["type"] == "username" {
            let wanted = message["name"].as_str().unwrap_or_default().to_owned();
            self.with(|people| {
                let mut name = wanted.clone();
                let mut suffix = 1;
                while people
                    .iter()
                    .any(|member| member.name.as_ref() == Some(&name))
                {
                    name = format!("{wanted}{suffix}");
                    suffix += 1;
                }
                let id = message["id"]
                    .as_u64()
                    .expect("the id comes back as the number it was");
                let mut members = people.iter_mut();
                let member = members.find(|member| member.id == id).expect("a known id");
                if name != wanted {
                    let told = json!({"type": "rejectusername", "id": id, "name": name});
                    let _ = member.queue.send(told);
                }
                member.name = Some(name);
            });
            return self.send_list();
        }
        if message["type"] == "message" {
            // The sample's server ends where it is missing.
            let id = message["id"].as_u64().expect("a line has an id");
            self.with(|people| {
                let sender = people.iter().find(|member| member.id == id);
                message["name"] = json!(sender.and_then(|member| member.name.clone()));
            });
        }
        let target = message["target"].as_str().map(str::to_owned);
        self.with(|people| {
            for member in people {
                if target.is_none() || member.name == target {
                    let _ = member.queue.send(message.clone());
                }
            }
        });
    }

    fn send_list(&self) {
        self.with(|people| {
            let users: Vec<_> = people.iter().map(|member| member.name.clone()).collect();
            for member in people {
                let _ = member
                    .queue
                    .send(json!({"type": "userlist", "users": users}));
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Member>) -> T) -> T {
        act(&mut self.people.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
