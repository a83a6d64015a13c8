// The same on npm's socket.io, with its own rooms for targets.
import { Server } from "socket.io";

const server = new Server(Number(process.argv[2]), { transports: ["websocket"] });
const people = new Set();
server.on("connection", socket => {
  socket.on("username", name => {
    socket.data.name = name;
    people.add(name);
    socket.join(name);
    server.emit("userlist", [...people]);
  });
  socket.on("candidate", message => {
    socket.to(message.target).emit("candidate", { ...message, name: socket.data.name });
  });
  socket.on("disconnect", () => people.delete(socket.data.name));
});
