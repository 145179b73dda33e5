// Agreeing on compression, see deflate_params.h.
#include <hybi/base/ascii.h>
#include <hybi/ws/deflate_params.h>

#include <algorithm>
#include <array>
#include <string>

namespace hybi::ws {
namespace {

constexpr std::string_view kPerMessage = "permessage-deflate";
constexpr std::string_view kStream = "deflate-stream";
constexpr std::string_view kServerNoContext = "server_no_context_takeover";
constexpr std::string_view kClientNoContext = "client_no_context_takeover";
constexpr std::string_view kServerBits = "server_max_window_bits";
constexpr std::string_view kClientBits = "client_max_window_bits";
// Of deflate-frame: they bind whoever receives them.
constexpr std::string_view kNoContext = "no_context_takeover";
constexpr std::string_view kBits = "max_window_bits";

// RFC 7692 7.1.2.1: a decimal from 8 to 15 without leading zeros. Returns: 0 for anything else.
std::uint8_t read_bits(const std::optional<std::string>& value) {
  if (!value) return 0;
  for (std::uint8_t bits = 8; bits <= kMaxWindowBits; ++bits) {
    if (*value == std::to_string(bits)) return bits;
  }
  return 0;
}

ExtensionParam bits_param(std::string_view name, int bits) {
  return {std::string(name), std::to_string(bits)};
}

// The parameters of one offer or answer.
class Params {
 public:
  // `names`: what may appear.
  Params(const ExtensionOffer& extension, std::initializer_list<std::string_view> names)
      : params_(extension.params) {
    for (const ExtensionParam& param : params_) {
      const auto same = [&](const ExtensionParam& other) { return other.name == param.name; };
      // RFC 7692 7.1: unknown names and names that come twice decline the offer
      good_ = good_ && std::find(names.begin(), names.end(), param.name) != names.end() &&
              std::count_if(params_.begin(), params_.end(), same) == 1;
    }
  }

  bool good() const { return good_; }

  const ExtensionParam* find(std::string_view name) const {
    const auto found =
        std::find_if(params_.begin(), params_.end(),
                     [&](const ExtensionParam& param) { return param.name == name; });
    return found == params_.end() ? nullptr : &*found;
  }

  // A flag. RFC 7692 7.1.1: it has no value
  bool flag(std::string_view name) {
    const ExtensionParam* const param = find(name);
    if (param != nullptr && param->value) good_ = false;
    return param != nullptr;
  }

  // A window. Returns: `absent` if it is not there.
  std::uint8_t bits(std::string_view name, std::uint8_t absent) {
    const ExtensionParam* const param = find(name);
    if (param == nullptr) return absent;
    const std::uint8_t bits = read_bits(param->value);
    if (bits == 0) good_ = false;
    return bits;
  }

 private:
  const std::vector<ExtensionParam>& params_;
  bool good_ = true;
};

bool is_per_frame(std::string_view name) {
  return name == "deflate-frame" || name == "x-webkit-deflate-frame";
}

std::uint8_t our_bits(const Compression& ours) {
  return ours.mode == Compression::Mode::Dedicated ? static_cast<std::uint8_t>(ours.window_bits)
                                                   : kMaxWindowBits;
}

std::optional<AcceptedDeflate> accept_per_message(const Compression& ours,
                                                  const ExtensionOffer& offer) {
  Params params(offer, {kServerNoContext, kClientNoContext, kServerBits, kClientBits});
  const bool alone = ours.mode == Compression::Mode::Shared;
  AcceptedDeflate accepted{
      .params = {.kind = DeflateParams::Kind::Message, .server = {}, .client = {}},
      .answer = {offer.name, {}}};
  auto& answer = accepted.answer.params;
  auto& [kind, server, client] = accepted.params;

  server.no_context = params.flag(kServerNoContext) || alone;
  client.no_context = params.flag(kClientNoContext) || alone;
  if (server.no_context) answer.push_back({std::string(kServerNoContext), std::nullopt});
  if (client.no_context) answer.push_back({std::string(kClientNoContext), std::nullopt});
  // RFC 7692 7.1.2.1: who accepts it repeats it, with the same value or a smaller one
  server.window_bits = std::min(params.bits(kServerBits, kMaxWindowBits), our_bits(ours));
  if (params.find(kServerBits) != nullptr) {
    answer.push_back(bits_param(kServerBits, server.window_bits));
  }
  // RFC 7692 7.1.2.2: may stand in the answer only if it was offered, there with or without a value
  if (const ExtensionParam* const offered = params.find(kClientBits)) {
    const std::uint8_t most = offered->value ? params.bits(kClientBits, 0) : kMaxWindowBits;
    client.window_bits = std::min(most, our_bits(ours));
    if (!alone) answer.push_back(bits_param(kClientBits, client.window_bits));
  }
  if (!params.good()) return std::nullopt;
  return accepted;
}

std::optional<AcceptedDeflate> accept_per_frame(const Compression& ours,
                                                const ExtensionOffer& offer) {
  Params params(offer, {kNoContext, kBits});
  const bool alone = ours.mode == Compression::Mode::Shared;
  AcceptedDeflate accepted{
      .params = {.kind = DeflateParams::Kind::Frame, .server = {}, .client = {}},
      .answer = {offer.name, {}}};
  auto& [kind, server, client] = accepted.params;
  server.no_context = params.flag(kNoContext) || alone;
  server.window_bits = std::min(params.bits(kBits, kMaxWindowBits), our_bits(ours));
  // The answer could ask the client for less. Some (netty) take no answer with parameters.
  if (!params.good()) return std::nullopt;
  return accepted;
}

}  // namespace

std::optional<AcceptedDeflate> choose_deflate(const Compression& ours, Version version,
                                              const std::vector<ExtensionOffer>& offers) {
  const bool on = ours.mode != Compression::Mode::Off;
  const auto first = [&](auto accept) -> std::optional<AcceptedDeflate> {
    for (const ExtensionOffer& offer : offers) {
      if (auto accepted = accept(offer)) return accepted;
    }
    return std::nullopt;
  };
  const auto per_message = [&](const ExtensionOffer& offer) -> std::optional<AcceptedDeflate> {
    if (!on || version != Version::V13 || offer.name != kPerMessage) return std::nullopt;
    return accept_per_message(ours, offer);
  };
  const auto per_frame = [&](const ExtensionOffer& offer) -> std::optional<AcceptedDeflate> {
    if (!on || version < Version::V8 || !is_per_frame(offer.name)) return std::nullopt;
    return accept_per_frame(ours, offer);
  };
  const auto stream = [&](const ExtensionOffer& offer) -> std::optional<AcceptedDeflate> {
    const bool known = version >= Version::V4 && version <= Version::V8;
    if (!ours.deflate_stream || !known || offer.name != kStream || !offer.params.empty()) {
      return std::nullopt;
    }
    return AcceptedDeflate{
        .params = {.kind = DeflateParams::Kind::Stream, .server = {}, .client = {}},
        .answer = offer};
  };
  auto accepted = first(per_message);
  if (!accepted) accepted = first(per_frame);
  if (!accepted) accepted = first(stream);
  return accepted;
}

ExtensionOffer deflate_offer(const Compression& ours) {
  ExtensionOffer offer{std::string(kPerMessage), {}};
  if (ours.mode == Compression::Mode::Shared) {
    offer.params.push_back({std::string(kServerNoContext), std::nullopt});
    offer.params.push_back({std::string(kClientNoContext), std::nullopt});
  } else if (ours.window_bits < kMaxWindowBits) {
    offer.params.push_back(bits_param(kServerBits, ours.window_bits));
  }
  offer.params.push_back({std::string(kClientBits), std::nullopt});
  return offer;
}

Result<DeflateParams> take_deflate_answer(const ExtensionOffer& offer,
                                          const ExtensionOffer& answer) {
  if (answer.name != offer.name) return Errc::WsHandshakeAccept;
  Params asked(offer, {kServerNoContext, kClientNoContext, kServerBits, kClientBits});
  Params told(answer, {kServerNoContext, kClientNoContext, kServerBits, kClientBits});
  DeflateParams agreed;
  agreed.server.no_context = told.flag(kServerNoContext);
  agreed.client.no_context = told.flag(kClientNoContext) || asked.flag(kClientNoContext);
  agreed.server.window_bits = told.bits(kServerBits, kMaxWindowBits);
  agreed.client.window_bits = told.bits(kClientBits, kMaxWindowBits);
  // RFC 7692 7.1.1.1, 7.1.2.1: what was asked of the server must have been accepted
  if (asked.flag(kServerNoContext) && !agreed.server.no_context) return Errc::WsHandshakeAccept;
  if (agreed.server.window_bits > asked.bits(kServerBits, kMaxWindowBits)) {
    return Errc::WsHandshakeAccept;
  }
  // RFC 7692 7.1.2.2: an answer without the offer
  if (told.find(kClientBits) != nullptr && asked.find(kClientBits) == nullptr) {
    return Errc::WsHandshakeAccept;
  }
  if (!told.good()) return Errc::WsHandshakeAccept;
  return agreed;
}

}  // namespace hybi::ws
