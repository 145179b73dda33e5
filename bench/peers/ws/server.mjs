// Peer: npm `ws` on Node's http server. /echo, /broadcast/ROOM.
//
//   node server.mjs [--port P] [--deflate off|no-context|context] [--level 1..9]
//
// With --deflate everything but context and level is its default, the fastest of what was tried: ten
// calls of zlib at a time in four threads of libuv. Each socket compresses a publication for itself.
// `ws` comes from tests/node_modules (tests/package.json pins it) or
// from NODE_PATH. TCP_NODELAY is ws's own default.
import { createRequire } from 'node:module';
import http from 'node:http';

const require = createRequire(new URL('../../../tests/package.json', import.meta.url));
const { WebSocketServer } = require('ws');

function argument(name, otherwise) {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
}
const port = Number(argument('--port', 0));
const deflate = argument('--deflate', 'off');

const server = http.createServer();

const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: deflate === 'off' ? false : {
    serverNoContextTakeover: deflate === 'no-context',
    clientNoContextTakeover: deflate === 'no-context',
    zlibDeflateOptions: { level: Number(argument('--level', 6)) },
  },
  maxPayload: 64 << 20,
  clientTracking: false,
});
const rooms = new Map(); // by path

server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (ws) => {
    ws.on('error', () => {});
    if (request.url.startsWith('/broadcast/')) {
      if (!rooms.has(request.url)) rooms.set(request.url, new Set());
      const room = rooms.get(request.url);
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
