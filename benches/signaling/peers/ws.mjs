// A minimal router on npm's ws, as in the tutorials: names, targets, and the whole list to all.
import { WebSocketServer } from "ws";

const people = new Map();
const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]) });
server.on("connection", socket => {
  let name;
  socket.on("message", data => {
    const message = JSON.parse(data);
    if (message.type === "username") {
      name = message.name;
      people.set(name, socket);
      const list = JSON.stringify({ type: "userlist", users: [...people.keys()] });
      for (const other of people.values()) other.send(list);
      return;
    }
    message.name = name;
    people.get(message.target)?.send(JSON.stringify(message));
  });
  socket.on("close", () => people.delete(name));
});
