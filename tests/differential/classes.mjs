// Why this project's parser and Node's disagree: one class for each reason. docs/topics/http-parser-differences.md
// says the same in prose. A class holds only if its reason is in the text where the two part.
//
//   example   an input that is always among those compared, and falls into this class
//   by        who refused what the other took; "neither" when both took it and read it differently; any if absent
//   explains  called with { error, wire, rest, head, waits, refusedIfEnded, onlyKeepAlive, ours, node }: `wire` is
//             the input, `rest` what of it starts at the request where they part, `head` the head of that;
//             `onlyKeepAlive`: nothing but keepAlive differs in it;
//             `waits`: we wait for more, and with two line ends more we would refuse (`refusedIfEnded`)

// The target of the first request in `rest`.
const target = (rest) => /^(?:\r\n)?[^ \r\n]+ +([^ \r\n]*)/.exec(rest)?.[1] ?? '';
const field = (head, name) => new RegExp(`\r\n${name}:[ \t]*([^\r\n]*)`, 'i').exec(head)?.[1].trim();

export const classes = [
  {
    name: 'behind an upgrade that the application did not take, Node drops what has come',
    example: 'GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n',
    explains: ({ wire, rest, node }) => {
      const before = wire.slice(0, wire.length - rest.length);
      return node.outcome === 'ok' && /\r\nconnection:[^\r]*upgrade/i.test(before) && /\r\nupgrade:/i.test(before);
    },
  },
  {
    name: 'Host is checked: RFC 9112 3.2 wants 400 for an invalid value',
    example: 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n',
    by: 'ours',
    explains: ({ error, head }) => error === 'HttpBadHost' && field(head, 'Host') !== undefined,
  },
  {
    name: 'two Host fields are refused: RFC 9112 3.2',
    example: 'GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, head }) => error === 'HttpRepeatedHost' && head.match(/\r\nhost:/gi).length > 1,
  },
  {
    name: 'no Host: Node answers 400 and reads on, we close',
    example: 'GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, head }) => error === 'HttpMissingHost' && field(head, 'Host') === undefined,
  },
  {
    name: 'an unknown expectation: Node answers 417 and reads on, we close',
    example: 'GET / HTTP/1.1\r\nHost: h\r\nExpect: x\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, head }) => error === 'HttpExpectation' && !/^100-continue$/i.test(field(head, 'Expect')),
  },
  {
    name: 'characters and escapes that RFC 3986 has not',
    example: 'GET /\"%zz HTTP/1.1\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) => error === 'HttpBadTarget' && /["<>\\^`#]|%(?![0-9a-f]{2})/i.test(target(rest)),
  },
  {
    name: 'a form of target that the method has not, another scheme, or a malformed authority: RFC 9112 3.2',
    example: 'GET * HTTP/1.1\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) => error === 'HttpBadTarget' && !/^\/[^"<>\\^`#%]*$/.test(target(rest)),
  },
  {
    name: 'CONNECT takes host:port only: RFC 9112 3.2.3',
    example: 'CONNECT /a HTTP/1.1\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) => error === 'HttpBadTarget' && /^(\r\n)?CONNECT /.test(rest),
  },
  {
    name: 'methods that nobody serves here',
    example: 'PROPFIND / HTTP/1.1\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) => error === 'HttpUnknownMethod' && /^(\r\n)?(QUERY|PROPFIND|M-SEARCH) /.test(rest),
  },
  {
    name: 'one space between the parts, one empty line in front: RFC 9112 3, 2.2',
    example: 'GET  / HTTP/1.1\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) =>
      /HttpBad(RequestLine|Version)/.test(error) && /^(\r\n)?(\r|[^ \r\n]+ {2}|[^ \r\n]+ [^ \r\n]+ {2}|[^\r\n]+ (\r|$))/.test(rest),
  },
  {
    name: 'a line feed or carriage return alone between requests: RFC 9112 2.2',
    example: '\nGET / HTTP/1.1\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) => /HttpBare(Lf|Cr)/.test(error) && /^(\r\n)?(\n|\r[^\n])/.test(rest),
  },
  {
    name: 'other protocols (RTSP, ICE) and versions 0.x: RFC 9112 2.3',
    example: 'POST / HTTP/0.9\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) => error === 'HttpBadVersion' && /^(\r\n)?[^\r\n]* (RTSP|ICE|HTTP\/0\.)/.test(rest),
  },
  {
    name: 'HTTP/2.0 in a request line is 505: RFC 9110 15.6.6',
    example: 'GET / HTTP/2.0\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) => error === 'HttpUnsupportedVersion' && /^(\r\n)?[^\r\n]* HTTP\/2\.0/.test(rest),
  },
  {
    name: 'HTTP/0.9, a line without a version: RFC 9112 3',
    example: 'GET /\r\nHost: h\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) => error === 'HttpBadRequestLine' && /^(\r\n)?[^ \r\n]+ [^ \r\n]*\r\n/.test(rest),
  },
  {
    name: 'lengths and chunk sizes of 2^63 and more, or of more than 16 digits: RFC 9112 7.1, overflow',
    example: 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775808\r\n\r\nabc',
    by: 'ours',
    explains: ({ error, rest }) =>
      (error === 'HttpBadLength' && /\r\ncontent-length:[ \t]*\d{19}/i.test(rest)) ||
      (error === 'HttpBadChunk' && /\n([89a-f][0-9a-f]{15}|[0-9a-f]{17})/i.test(rest)),
  },
  {
    name: 'a body over the limit max_body_bytes is refused by its announcement: RFC 9110 15.5.14',
    example: 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775807\r\n\r\nabc',
    by: 'ours',
    explains: ({ error, rest }) => error === 'HttpBodyTooLarge' && /\r\ncontent-length:[ \t]*\d{7}|\n[0-9a-f]{6}/i.test(rest),
  },
  {
    name: 'fields that may not be trailers: RFC 9110 6.5.1',
    example: 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: x\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) =>
      error === 'HttpBadTrailer' &&
      /\r\n(Content-Length|Transfer-Encoding|Host|Connection|Upgrade|Trailer|Authorization):/i.test(rest.slice(rest.indexOf('\r\n\r\n') + 2)),
  },
  {
    name: 'transfer codings other than one chunked: RFC 9112 6.1, 6.3, 7',
    example: 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    by: 'ours',
    explains: ({ error, head }) =>
      /Http(Bad|Unknown)TransferEncoding/.test(error) && !/^chunked$/i.test(field(head, 'Transfer-Encoding')),
  },
  {
    name: 'Transfer-Encoding in HTTP/1.0: RFC 9112 6.1 calls the framing faulty',
    example: 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) => error === 'HttpTransferEncodingIn10' && /^(\r\n)?[^\r\n]* HTTP\/1\.0\r\n/.test(rest),
  },
  {
    name: 'chunk extensions with another syntax: RFC 9112 7.1.1',
    example: 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3;=\r\nabc\r\n0\r\n\r\n',
    by: 'ours',
    explains: ({ error, rest }) => error === 'HttpBadChunk' && /\n[0-9a-f]+[ \t]*;/i.test(rest),
  },
  {
    name: 'HTTP/1.2 to 1.9 are processed as 1.1: RFC 9110 2.5',
    example: 'GET / HTTP/1.3\r\nHost: h\r\n\r\n',
    by: 'node',
    explains: ({ error, rest }) => error === 'HPE_INVALID_VERSION' && /^(\r\n)?[^\r\n]* HTTP\/1\.[2-9]/.test(rest),
  },
  {
    name: 'a line that has not ended: Node refuses it at its first bad byte, we at its end',
    example: 'GET /\x01',
    by: 'node',
    explains: ({ waits, refusedIfEnded }) => waits && refusedIfEnded,
  },
  {
    name: 'a tab behind a length or "chunked" does not belong to the value: RFC 9110 5.5',
    example: 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n',
    by: 'node',
    explains: ({ error, head }) =>
      /HPE_INVALID_(TRANSFER_ENCODING|CONTENT_LENGTH)/.test(error) &&
      /\r\n(transfer-encoding:[ \t]*chunked|content-length:[ \t]*\d+)[ \t]*\t[ \t]*\r/i.test(head),
  },
  {
    name: 'whitespace in front of a chunk extension: RFC 9110 5.6.3 wants it taken',
    example: 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3 ;a\r\nabc\r\n0\r\n\r\n',
    by: 'node',
    explains: ({ error, rest }) => /HPE_(INVALID_CHUNK_SIZE|STRICT)/.test(error) && /\n[0-9a-f]+[ \t]*;?[ \t]/i.test(rest),
  },
  {
    name: 'close beside keep-alive in HTTP/1.0: close wins, RFC 9112 9.3',
    example: 'GET / HTTP/1.0\r\nConnection: close, keep-alive\r\n\r\n',
    by: 'neither',
    explains: ({ rest, onlyKeepAlive }) =>
      onlyKeepAlive && /^(\r\n)?[^\r\n]* HTTP\/1\.0\r\n/.test(rest) && /\bclose\b/i.test(rest) && /keep-alive/i.test(rest),
  },
];
