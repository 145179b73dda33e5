// Feeds generated requests to this project's parser and to Node's, and explains every disagreement.
//
//   node run.mjs <http_probe> [count] [seed]
//
// Compared are the requests that were understood (method, target, version, fields, body) and whether the
// connection was then refused or left waiting. What may differ, and why, is in classes.mjs and in
// docs/topics/http-parser-differences.md. A disagreement without a class fails, and so does a class that
// nothing falls into: each brings an example, which is compared before the generated inputs.
import { spawn } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { classes } from './classes.mjs';
import { generate, random } from './generate.mjs';

const [probe, count = '4000', seed = '20'] = process.argv.slice(2);
const concurrency = 64;

const inputs = classes.map(({ example }) => Buffer.from(example, 'latin1'));
const r = random(Number(seed));
for (let i = 0; i < Number(count); ++i) inputs.push(Buffer.from(generate(r), 'latin1'));

async function askProbe(inputs) {
  const child = spawn(probe, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = [];
  const done = new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('latin1').on('data', (piece) => (text += piece));
    child.stdout.on('end', () => resolve(text));
    child.on('error', reject);
  });
  for (const input of inputs) {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(input.length);
    child.stdin.write(size);
    child.stdin.write(input);
  }
  child.stdin.end();
  for (const line of (await done).trimEnd().split('\n')) {
    const { requests, error, status, waits, starts } = JSON.parse(line);
    lines.push({ requests, error, status, starts, outcome: error ? 'refused' : waits ? 'waits' : 'ok' });
  }
  if (lines.length !== inputs.length) throw new Error(`probe answered ${lines.length} of ${inputs.length}`);
  return lines;
}

// One server for all; what it understood is kept by connection.
const server = http.createServer({ insecureHTTPParser: false, maxHeaderSize: 16384, keepAliveTimeout: 60000 });
const seen = new WeakMap();
const byPort = new Map();

function record(req, complete) {
  const entry = {
    method: req.method, target: req.url, minor: req.httpVersionMinor, fields: req.rawHeaders, body: '', complete,
    keepAlive: true,
  };
  seen.get(req.socket)?.requests.push(entry);
  return entry;
}
server.on('connection', (socket) => {
  const log = { requests: [], error: '', closed: null };
  log.closed = new Promise((resolve) => socket.on('close', resolve));
  seen.set(socket, log);
  byPort.set(socket.remotePort, log);
});
server.on('request', (req, res) => {
  const entry = record(req, false);
  entry.keepAlive = res.shouldKeepAlive;
  req.on('data', (piece) => (entry.body += piece.toString('latin1')));
  req.on('end', () => {
    entry.complete = req.complete;
    res.end();
  });
  req.on('error', () => {});
});
server.on('connect', (req, socket) => {
  record(req, true).tunnel = true;
  socket.destroy();
});
server.on('clientError', (error, socket) => {
  const log = seen.get(socket);
  if (log && !log.error) log.error = error.code ?? 'unknown';
  socket.destroy();
});

function askNode(input, port) {
  return new Promise((resolve) => {
    let local;
    let answer = '';
    const socket = net.connect({ port, host: '127.0.0.1' }, () => {
      local = socket.localPort;
      socket.end(input);
    });
    socket.setEncoding('latin1').on('data', (piece) => (answer += piece));
    socket.on('error', () => {});
    socket.on('close', async () => {
      const log = byPort.get(local);
      await log.closed;
      byPort.delete(local);
      await new Promise(setImmediate);
      // What Node answers by itself, without an event: no Host, an unknown expectation.
      const own = answer.match(/HTTP\/1\.1 (4\d\d|5\d\d)/);
      if (!log.error && own) log.error = `answered ${own[1]}`;
      // A parse error behind an Upgrade ends the connection without any event.
      if (!log.error && log.requests.some((request) => !request.complete)) log.error = 'closed silently';
      const eof = log.error === 'HPE_INVALID_EOF_STATE';
      resolve({ requests: log.requests, error: log.error, outcome: eof ? 'waits' : log.error ? 'refused' : 'ok' });
    });
  });
}

async function askNodeAll() {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const verdicts = new Array(inputs.length);
  let next = 0;
  const worker = async () => {
    while (next < inputs.length) {
      const i = next++;
      verdicts[i] = await askNode(inputs[i], port);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  server.close();
  return verdicts;
}

const text = (value) => JSON.stringify(value);

// Up to the request after which the connection is not HTTP any more. Of a refused connection, what was
// complete: how much of the request that was refused had been given out before is nobody's business.
function comparable(verdict) {
  const requests = [];
  const { outcome } = verdict;
  for (const { method, target, minor, fields, body, complete, keepAlive } of verdict.requests) {
    if (!complete && outcome === 'refused' && method !== 'CONNECT') break;
    if (method === 'CONNECT') {  // Node hands the connection over behind its head
      requests.push({ method, target, minor, fields });
      return { requests, outcome: 'ok' };
    }
    requests.push({ method, target, minor, fields, keepAlive, body, complete });
    if (complete && !keepAlive) return { requests, outcome: 'ok' };
  }
  return { requests, outcome };
}

// Who refused what the other took: `by` is "ours", "node" or "neither"; `rest` starts at the request where
// they part.
function difference(wire, ours, node) {
  const [a, b] = [comparable(ours), comparable(node)];
  if (text(a) === text(b)) return null;
  let common = 0;
  while (common < a.requests.length && common < b.requests.length &&
         text(a.requests[common]) === text(b.requests[common])) {
    ++common;
  }
  let by = 'neither';
  const [p, q] = [a.requests[common], b.requests[common]];
  const onlyKeepAlive = Boolean(p && q) && text({ ...p, keepAlive: 0 }) === text({ ...q, keepAlive: 0 });
  if (!onlyKeepAlive && b.outcome === 'refused' && b.requests.length === common) by = 'node';
  if (!onlyKeepAlive && a.outcome === 'refused' && a.requests.length === common) by = 'ours';
  const rest = wire.slice(ours.starts[Math.min(common, ours.starts.length - 1)]);
  return {
    by, rest, wire, onlyKeepAlive, head: rest.slice(0, (rest + '\r\n\r\n').indexOf('\r\n\r\n', 2) + 4),
    error: by === 'node' ? node.error : ours.error, waits: a.outcome === 'waits', ours: a, node: b,
  };
}

const [ours, nodes] = [await askProbe(inputs), await askNodeAll()];
// The same inputs with their last line and head ended: what we would have said, had there been more.
const lineEnds = Buffer.from('\r\n\r\n');
const oursEnded = await askProbe(inputs.map((input) => Buffer.concat([input, lineEnds])));

let agreements = 0;
let accepted = 0;
const unexplained = [];
for (let i = 0; i < inputs.length; ++i) {
  if (ours[i].requests.some((request) => request.complete)) ++accepted;
  const different = difference(inputs[i].toString('latin1'), ours[i], nodes[i]);
  if (different) different.refusedIfEnded = oursEnded[i].outcome === 'refused';
  if (!different) {
    ++agreements;
    continue;
  }
  const found = classes.find((one) => (one.by ?? different.by) === different.by && one.explains(different));
  if (i < classes.length && found !== classes[i]) {
    unexplained.push({ ...different, expected: classes[i].name });
  } else if (found) {
    found.hits = (found.hits ?? 0) + 1;
  } else {
    unexplained.push(different);
  }
}

console.log(`node ${process.versions.node}, llhttp ${process.versions.llhttp}, seed ${seed}`);
console.log(`${inputs.length} inputs, ${accepted} with a complete request, ${agreements} agreements`);
for (const one of classes) console.log(`${String(one.hits ?? 0).padStart(6)}  ${one.name}`);
for (const one of unexplained.slice(0, Number(process.env.SHOW ?? 20))) {
  console.log(`\nunexplained: ${text(one)}`);
}
const idle = classes.filter((one) => !one.hits);
if (idle.length > 0) console.log(`\nclasses that nothing falls into: ${idle.map((one) => one.name).join(', ')}`);
console.log(`${unexplained.length} unexplained`);
process.exit(unexplained.length > 0 || idle.length > 0 ? 1 : 0);
