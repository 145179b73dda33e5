// Invariant: any head gives an ordinary request, an offer, or one documented error; our client
// takes the answer to every offer it could have made, and a list of extensions reads back as it was
// written.
//
// The first byte chooses: a request, a response head, or a line of extensions.
#include <hybi/http/parser.h>
#include <hybi/ws/handshake.h>
#include <hybi/ws/handshake_client.h>

#include <cstdlib>

namespace hybi::ws {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void try_request(Bytes input) {
  const HttpLimits limits;
  http::RequestParser parser(limits);
  if (parser.next(input).kind != http::ParseEvent::Kind::Head) return;
  const http::Head& head = parser.head();
  const Result<Offer> offer = check_request(head, Versions::all());
  if (!offer) {
    const ErrorInfo& error = info(offer.error().code);
    require(error.name.starts_with("WsHandshake") && error.http_status >= 400);
    OutBuffer out;
    write_refusal_fields(offer.error().code, Versions::all(), out);
    return;
  }
  require(is_websocket_request(head));
  const bool numbered = has_version_field(offer->version);
  require(!numbered || offer->key.size() == 24 ||
          (offer->key.size() == 20 && offer->version != Version::V13));
  is_same_origin(offer->origin, head.authority());

  const std::string_view chosen =
      offer->subprotocols.empty() ? std::string_view() : offer->subprotocols.back();
  OutBuffer out;
  const std::string extensions = format_extensions(offer->extensions);
  const std::string location = location_of(head, false);
  const Result<void> written = write_answer(*offer,
                                            {.subprotocol = chosen,
                                             .extensions = extensions,
                                             .nonce = "H+cNj5elaybfGIQv1esl2w==",
                                             .location = location},
                                            out);
  require(written.has_value());
  out.append("\r\n");
  Bytes answered = out.view();
  ResponseHead answer;
  const Result<bool> read = parse_response_head(answered, kNoLimit, answer);
  require(read && *read && answered.empty());
  const std::size_t host_at = location.find("://") + 3;
  const std::string_view host =
      std::string_view(location).substr(host_at, location.find('/', host_at) - host_at);
  const ClientRequest request{
      .host = host,
      .target = std::string_view(location).substr(std::min(host_at + host.size(), location.size())),
      .origin = offer->origin,
      .subprotocols = offer->subprotocols,
      .extensions = offer->extensions,
      .version = offer->version};
  const ClientKeys keys{.key = std::string(offer->key), .key1 = {}, .key2 = {}};
  const Result<Answer> taken = check_answer(answer, request, keys);
  require(taken && taken->subprotocol == chosen && taken->extensions == offer->extensions);
}

void try_response(Bytes input) {
  ResponseHead head;
  const std::size_t before = input.size();
  const Result<bool> read = parse_response_head(input, 4096, head);
  require((read && *read) || input.size() == before);
  if (!read || !*read) return;
  const Result<Answer> answer = check_answer(
      head, {.host = "h"}, {.key = "dGhlIHNhbXBsZSBub25jZQ==", .key1 = {}, .key2 = {}});
  require(answer || answer.error().code == Errc::WsHandshakeAccept);
  // Nothing was offered, so nothing can be chosen.
  require(!answer || (answer->subprotocol.empty() && answer->extensions.empty()));
}

void try_extensions(std::string_view line) {
  std::vector<ExtensionOffer> list;
  if (!parse_extensions(line, list)) return;
  require(!list.empty());
  std::vector<ExtensionOffer> again;
  require(parse_extensions(format_extensions(list), again).has_value());
  require(list == again);
}

}  // namespace
}  // namespace hybi::ws

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hybi;
  if (size == 0) return 0;
  const Bytes input(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      ws::try_request(input);
      break;
    case 1:
      ws::try_response(input);
      break;
    default:
      ws::try_extensions(as_text(input));
      break;
  }
  return 0;
}
