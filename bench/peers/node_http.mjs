// Peer: Node's http server, nothing else. GET /, /json, /files/... below --root.
//
//   node node_http.mjs [--port P] [--root DIRECTORY]
//
// Tuned in its favour: Content-Length is given (else it would send chunks), no timeout for idle
// connections (else each response has a field more), files by readFile, which costs it a third less
// than a stream into the response.
import { readFile } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

function argument(name, otherwise) {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
}
const root = path.resolve(argument('--root', '.'));
let id = 0;

function answer(response, status, type, body) {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function json() {
  id = (id + 1) % 9000;
  return JSON.stringify({
    active: true, id: 1000 + id, message: 'Hello, World!', score: 12.5, tags: ['a', 'b'],
  });
}

const server = http.createServer((request, response) => {
  if (request.url === '/') {
    answer(response, 200, 'text/plain; charset=utf-8', 'Hello, World!');
  } else if (request.url === '/json') {
    answer(response, 200, 'application/json', json());
  } else if (request.url.startsWith('/files/')) {
    // URL resolved the dots; what is left cannot leave the root.
    const { pathname } = new URL(request.url, 'http://localhost');
    readFile(path.join(root, pathname.slice('/files'.length)), (error, body) => {
      if (error) answer(response, 404, 'text/plain; charset=utf-8', 'Not Found');
      else answer(response, 200, 'text/html', body);
    });
  } else {
    answer(response, 404, 'text/plain; charset=utf-8', 'Not Found');
  }
});

server.keepAliveTimeout = 0;
server.listen({ port: Number(argument('--port', 0)), host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening ${server.address().port}`);
});
