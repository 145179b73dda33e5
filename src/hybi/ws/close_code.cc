#include <hybi/ws/close_code.h>

namespace hybi::ws {

std::string_view name_of_close_code(CloseCode code) {
  switch (code) {
    case kNormalClosure:
      return "normal closure";
    case kGoingAway:
      return "going away";
    case kProtocolError:
      return "protocol error";
    case kUnsupportedData:
      return "unsupported data";
    case kNoStatusReceived:
      return "no status received";
    case kAbnormalClosure:
      return "abnormal closure";
    case kInvalidPayload:
      return "invalid payload data";
    case kPolicyViolation:
      return "policy violation";
    case kMessageTooBig:
      return "message too big";
    case kMandatoryExtension:
      return "mandatory extension missing";
    case kInternalError:
      return "internal error";
    case kServiceRestart:
      return "service restart";
    case kTryAgainLater:
      return "try again later";
    case kBadGateway:
      return "bad gateway";
    case kTlsHandshake:
      return "TLS handshake";
    default:
      break;
  }
  if (code >= 3000 && code <= 3999) return "registered by a library";
  if (code >= 4000 && code <= 4999) return "application's own";
  return "reserved";
}

}  // namespace hybi::ws
