// The PROXY protocol: who the client is, told by a proxy in front of the connection's first byte.
// haproxy's proxy-protocol.txt, versions 1 (a line) and 2 (binary).
//
// Values only. A listener either expects the header on each connection or never looks for it: where
// both are possible, anyone can write one (section 2 of the text). Only for connections from
// trusted proxies.
#pragma once

#include <hybi/bytes.h>
#include <hybi/io/address.h>
#include <hybi/result.h>

#include <cstddef>

namespace hybi::io {

inline constexpr std::size_t kMaxProxyLineBytes = 107;     // version 1, with CRLF
inline constexpr std::size_t kMaxProxyHeaderBytes = 4096;  // version 2 with what is added to it

struct ProxyHeader {
  std::size_t used = 0;  // bytes of the header; 0: more bytes are needed
  // The proxy itself made the connection, to see whether we live.
  bool local = false;
  // Family None: the proxy does not know, or the transport is none of ours; as for `local`, the
  // addresses of the connection count. Unix: there are no numbers.
  Address source, destination;

  bool has_addresses() const { return source.family != Address::Family::None; }
};

// Reads the header at the front of `in`. Call again with more bytes behind the same ones while
// `used` is 0; never more than `max_bytes` are asked for. Requires: max_bytes of at least 16.
// Fails: ProxyBadSignature as soon as it cannot be a header; ProxyBadHeader; ProxyHeaderTooLong;
// ProxyBadChecksum. The connection is to be dropped without an answer.
Result<ProxyHeader> decode_proxy_header(Bytes in, std::size_t max_bytes = kMaxProxyHeaderBytes);

}  // namespace hybi::io
