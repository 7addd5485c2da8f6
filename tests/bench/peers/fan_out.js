// The obvious server with npm's ws: what a publisher sends goes to every subscriber. Prints its port.
const { WebSocketServer, WebSocket } = require('ws');

const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
const subscribers = new Set();

server.on('listening', () => console.log(server.address().port));
server.on('connection', (socket, request) => {
  if (request.url === '/publish') {
    socket.on('message', (message) => {
      for (const subscriber of subscribers) {
        if (subscriber.readyState === WebSocket.OPEN) subscriber.send(message, { binary: false });
      }
    });
    return;
  }
  subscribers.add(socket);
  socket.on('close', () => subscribers.delete(socket));
});
