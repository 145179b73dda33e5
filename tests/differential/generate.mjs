// Requests for the comparison: plausible ones and damaged ones, the same for every run of a seed.

// A small generator of pseudo-random numbers (xorshift, 32 bits).
export function random(seed) {
  let state = seed >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  return {
    below: (n) => next() % n,
    pick: (list) => list[next() % list.length],
    chance: (percent) => next() % 100 < percent,
  };
}

const methods = ['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE',
  'CONNECT', 'get', 'BREW', 'PROPFIND', 'M-SEARCH', 'QUERY', 'G(T', '', 'PRI'];
const targets = ['/', '/', '/a/b?c=d', '/%41', '*', 'http://other.example/x?y', 'https://o.example:8443', 'a', '/a b',
  '/a#b', '/%zz', '/"', '/[a]{b}|^`', '/<x>', '/\\', '/é', 'other.example:443', 'ftp://x/', 'http://u@h/', '//x',
  '/?', '?', '', '/\x7f', 'http://', '/?a=\\&b=`', 'h:1', 'ws://h/', 'http://[::1]/', '/a\tb', 'HTTP://H/'];
const versions = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'HTTP/1.9', 'HTTP/2.0',
  'HTTP/0.9', 'http/1.1', 'HTTP/1.10', 'HTTP/11.1', 'HTTP/1,1', 'HTTPS/1.1', 'RTSP/1.0', 'ICE/1.0', ''];
const hosts = ['h', 'example.com:80', '[::1]:1', '', 'u@h', 'h:x', 'h/x', 'a b', 'h:65536', 'é', 'h, h'];
const odd = ['X: a\tb', 'X:', 'X:   a  ', 'X : a', ' X: a', '\tX: a', ': a', 'X', 'X\x01: a', 'X: a\x01b',
  'X: a\x00b', 'X: a\x7fb', 'X: é', 'é: a', 'X(: a', 'X"Y: a', 'X: a\r\n b', 'X: a\r\n\tb', 'X: a\rb', 'X: a\nY: b',
  'X: a\n', 'X: a\r', 'X\r: a', 'X\n: a', "!#$%&'*+-.^_`|~: a", 'X: \x0b', 'X: \x0c', 'X,Y: a', 'X/Y: a', '{X}: a'];
const connections = ['close', 'keep-alive', 'Upgrade', 'keep-alive, Upgrade', 'x', 'close, keep-alive', 'CLOSE', ',',
  'upgrade,close', 'close ,', 'keepalive'];
const lengths = ['0', '3', '003', '+3', '-3', '3 3', '0x3', '3,3', '3, 3', '', 'a', '3a', '"3"', '3.0', '3;',
  '9223372036854775807', '9223372036854775808', '18446744073709551615', '18446744073709551616',
  '99999999999999999999999'];
const codings = ['chunked', 'chunked', 'CHUNKED', 'gzip', 'gzip, chunked', 'chunked, gzip', 'chunked, chunked', 'identity',
  'xchunked', 'chunkedx', 'chunked;a=b', '"chunked"', 'chunked,', ',chunked', '', 'chunked\x0b', 'chun ked',
  'chunked, identity', ' chunked ', 'chunked\t', 'x, chunked', 'deflate;q="a,b", chunked'];
const sizes = ['3', '3', '3', '03', '0003', '3;a', '3;a=b', '3;a="b"', '3 ;a', '3; a', '3 ', '+3', '-3', '0x3', '', 'g', '3g',
  ' 3', '3\t', '00000000000000003', '0000000000000000000003', 'ffffffffffffffff', '10000000000000003', '8000000000000000',
  '3;', '3;=', '3;a=', '3;a="', '3;a="\\""', '3;a=b;c', '3;a\x01', '3;é', '3,3', '3;a b', '3;a;;b', '3\r'];
const trailers = ['X: y\r\n', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', 'Host: x\r\n', 'X : y\r\n',
  'X\r\n', ': y\r\n', ' X: y\r\n', 'X: y\r\n z\r\n', 'X: \x01\r\n', 'X: y\n', 'Connection: close\r\n', 'Upgrade: x\r\n',
  'Trailer: x\r\n', 'Authorization: x\r\n'];
const interesting = ['\r', '\n', '\r\n', '\0', ' ', '\t', ':', ';', ',', '"', '\\', '\x01', '\x0b', '\x7f', '\x80', 'é', '0', 'a', '/', '?',
  '#', '%', '{', '\r\n\r\n', '\n\n'];

function chunkedBody(r) {
  let body = '';
  for (let i = r.below(3); i > 0; --i) {
    const size = r.chance(80) ? '3' : r.pick(sizes);
    const data = r.chance(95) ? 'abc' : r.pick(['ab', 'abcd', 'a\r\n', '']);
    const end = r.chance(96) ? '\r\n' : r.pick(['\n', '\r', '', '\r\r\n', ' \r\n']);
    const lineEnd = r.chance(97) ? '\r\n' : r.pick(['\n', '\r', ' \r\n']);
    body += size + lineEnd + data + end;
  }
  const last = r.chance(90) ? '0' : r.pick(['00', '0;a', '0 ', '', '0x0', '-0']);
  return body + last + '\r\n' + (r.chance(60) ? '' : r.pick(trailers)) + (r.chance(95) ? '\r\n' : r.pick(['\n', '\r', '', ' \r\n']));
}

// Mostly good parts: one or two of them are bad, so that it is clear what was refused.
function request(r) {
  const good = (percent, value, list) => (r.chance(percent) ? value : r.pick(list));
  const method = good(85, r.pick(['GET', 'POST']), methods);
  const target = method === 'CONNECT' && r.chance(70) ? 'other.example:443' : good(86, '/', targets);
  const version = good(93, 'HTTP/1.1', versions);
  const space = r.chance(98) ? ' ' : r.pick(['  ', '\t', '']);
  const lines = [method + space + target + ' ' + version];
  if (r.chance(97)) lines.push('Host: ' + good(95, 'h', hosts));
  if (r.chance(2)) lines.push(r.pick(['Host: h', 'host: i', 'HOST:h']));
  if (r.chance(20)) lines.push('Connection: ' + r.pick(connections));
  if (r.chance(8)) lines.push('Upgrade: ' + r.pick(['websocket', 'h2c', 'x/1']));
  if (r.chance(5)) lines.push('Expect: ' + r.pick(['100-continue', '100-Continue', 'x', '']));
  if (r.chance(14)) lines.push(r.pick(odd));
  if (r.chance(15)) lines.push('X-' + 'n'.repeat(r.below(40)) + ': ' + 'v'.repeat(r.below(300)));
  let body = '';
  if (r.chance(35)) {
    lines.push('Content-Length: ' + good(80, '3', lengths));
    if (r.chance(6)) lines.push('Content-Length: ' + r.pick(['3', '4']));
    body = 'abc';
  }
  if (r.chance(body ? 6 : 40)) {
    lines.push('Transfer-Encoding: ' + good(86, 'chunked', codings));
    if (r.chance(4)) lines.push('Transfer-Encoding: ' + r.pick(['chunked', 'gzip']));
    body = chunkedBody(r);
  }
  if (r.chance(10)) lines.splice(1 + r.below(lines.length), 0, lines.splice(1 + r.below(lines.length), 1)[0] ?? 'Y: z');
  const end = r.chance(99) ? '\r\n' : r.pick(['\n', '\r']);
  return (r.chance(3) ? r.pick(['\r\n', '\n', '\r\n\r\n', '\r', ' ']) : '') + lines.join(end) + end +
    (r.chance(98) ? '\r\n' : '\n') + body;
}

function damage(text, r) {
  const at = r.below(text.length + 1);
  switch (r.below(6)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + r.pick(interesting) + text.slice(at);
    case 2:
      return text.slice(0, at) + r.pick(interesting) + text.slice(at + 1);
    case 3:
      return text.slice(0, at) + String.fromCharCode(r.below(256)) + text.slice(at + 1);
    case 4:
      return text.slice(0, at);
    default: {
      const size = r.below(12);
      return text.slice(0, at) + text.slice(at, at + size) + text.slice(at);
    }
  }
}

// Characters U+0000 to U+00FF, one for each byte.
export function generate(r) {
  let text = request(r);
  if (r.chance(25)) text += request(r);
  if (r.chance(30)) text = damage(text, r);
  return text;
}
