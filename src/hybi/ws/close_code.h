// Close codes. RFC 6455 7.4, and the registry of RFC 6455 11.7.
#pragma once

#include <cstdint>
#include <string_view>

namespace hybi::ws {

// Plain numbers: peers and applications use any of 3000-4999.
using CloseCode = std::uint16_t;

inline constexpr CloseCode kNormalClosure = 1000;
inline constexpr CloseCode kGoingAway = 1001;
inline constexpr CloseCode kProtocolError = 1002;
inline constexpr CloseCode kUnsupportedData = 1003;
inline constexpr CloseCode kFrameTooLarge = 1004;     // versions 6 to 8; reserved since
inline constexpr CloseCode kNoStatusReceived = 1005;  // local: the close frame had no body
inline constexpr CloseCode kAbnormalClosure = 1006;   // local: there was no close frame
inline constexpr CloseCode kInvalidPayload = 1007;
inline constexpr CloseCode kPolicyViolation = 1008;
inline constexpr CloseCode kMessageTooBig = 1009;
inline constexpr CloseCode kMandatoryExtension = 1010;
inline constexpr CloseCode kInternalError = 1011;
inline constexpr CloseCode kServiceRestart = 1012;
inline constexpr CloseCode kTryAgainLater = 1013;
inline constexpr CloseCode kBadGateway = 1014;
inline constexpr CloseCode kTlsHandshake = 1015;  // local: TLS could not be agreed

inline constexpr std::size_t kMaxCloseReasonBytes = 123;  // 125 less the code

// RFC 6455 7.4.2: whether a close frame may carry the code.
constexpr bool may_be_on_wire(CloseCode code) {
  if (code >= 3000) return code <= 4999;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

// A word for logs: "normal closure", "application's own" ...; "reserved" for what must not appear.
std::string_view name_of_close_code(CloseCode code);

}  // namespace hybi::ws
