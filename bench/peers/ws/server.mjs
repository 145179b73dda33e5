// Peer: npm `ws` on Node's http server. /echo, /broadcast, GET /plaintext.
//
// Without permessage-deflate. `ws` comes from tests/node_modules (tests/package.json pins it) or
// from NODE_PATH. TCP_NODELAY is ws's own default.
import { createRequire } from 'node:module';
import http from 'node:http';

const require = createRequire(new URL('../../../tests/package.json', import.meta.url));
const { WebSocketServer } = require('ws');

const portAt = process.argv.indexOf('--port');
const port = portAt < 0 ? 0 : Number(process.argv[portAt + 1]);

const server = http.createServer((request, response) => {
  const found = request.url === '/plaintext';
  response.writeHead(found ? 200 : 404, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': 13,
  });
  response.end('Hello, World!');
});

const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  maxPayload: 64 << 20,
  clientTracking: false,
});
const room = new Set();

server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (ws) => {
    ws.on('error', () => {});
    if (request.url === '/broadcast') {
      room.add(ws);
      ws.on('close', () => room.delete(ws));
      ws.on('message', (data, isBinary) => {
        for (const other of room) other.send(data, { binary: isBinary });
      });
    } else {
      ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary }));
    }
  });
});

server.keepAliveTimeout = 0;
server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening ${server.address().port}`);
});
