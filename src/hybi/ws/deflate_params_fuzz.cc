// Invariant: any list of offers gives no answer, or one that names an extension that was offered,
// keeps every bound of RFC 7692 7.1, and that our own client takes when the offer was its own.
//
// The first byte chooses the server's configuration, the second the version.
#include <hybi/ws/deflate_params.h>

#include <algorithm>
#include <cstdlib>

namespace hybi::ws {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

Compression configuration(unsigned choice) {
  Compression ours = (choice & 1) != 0 ? Compression::shared() : Compression::dedicated();
  ours.window_bits = 8 + static_cast<int>(choice >> 1 & 7);
  ours.deflate_stream = (choice & 16) != 0;
  return ours;
}

void try_offers(const Compression& ours, Version version,
                const std::vector<ExtensionOffer>& offers) {
  const auto chosen = choose_deflate(ours, version, offers);
  if (!chosen) return;
  const DeflateParams& params = chosen->params;
  const ExtensionOffer& answer = chosen->answer;
  require(std::any_of(offers.begin(), offers.end(),
                      [&](const ExtensionOffer& offer) { return offer.name == answer.name; }));
  for (const DeflateParams::Side& side : {params.server, params.client}) {
    require(side.window_bits >= 8 && side.window_bits <= 15);
  }
  std::vector<ExtensionOffer> again;
  require(parse_extensions(format_extensions({answer}), again).has_value());
  require(again.size() == 1 && again[0] == answer);
  if (params.kind != DeflateParams::Kind::Message) return;
  // One of the offers must be the one that this answers: a client that made it takes it.
  require(std::any_of(offers.begin(), offers.end(), [&](const ExtensionOffer& offer) {
    const auto agreed = take_deflate_answer(offer, answer);
    return agreed && agreed->server.window_bits >= params.server.window_bits &&
           agreed->client.no_context >= params.client.no_context;
  }));
}

void try_answer(const Compression& ours, const std::vector<ExtensionOffer>& answers) {
  const ExtensionOffer offer = deflate_offer(ours);
  for (const ExtensionOffer& answer : answers) {
    const auto agreed = take_deflate_answer(offer, answer);
    if (!agreed) require(agreed.error().code == Errc::WsHandshakeAccept);
  }
  const auto chosen = choose_deflate(ours, Version::V13, {offer});
  require(chosen && take_deflate_answer(offer, chosen->answer));
}

}  // namespace
}  // namespace hybi::ws

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hybi;
  using namespace hybi::ws;
  if (size < 2) return 0;
  const Compression ours = configuration(data[0]);
  const std::string_view line(reinterpret_cast<const char*>(data) + 2, size - 2);
  std::vector<ExtensionOffer> list;
  if (!parse_extensions(line, list)) return 0;
  try_offers(ours, version_at(data[1] % kVersionCount), list);
  try_answer(ours, list);
  return 0;
}
