// Invariant: only what we have signed verifies: for any value of a cookie exactly those that one of
// the secrets gives, never after a change of any bit, a cut or an addition, nor under another
// purpose or as a text's signature; each secret of the list verifies; an id is kIdSize long.
//
// Input: "Cookie" fields, one a line; "@" in them stands for a good value, "%" for one of the old
// secret, "#" for a foreign one.
#include <hybi/app/signed_id.h>
#include <hybi/http/cookie.h>
#include <hybi/http/parser.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace hybi;

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const std::string kNew = "a secret of 16 bytes", kOld = "one that was before it";

void require(bool holds) {
  if (!holds) std::abort();
}

SignedId signer(std::string purpose, std::vector<std::string> secrets) {
  return SignedId::create(std::move(purpose), std::move(secrets)).value();
}

struct Signers {
  SignedId both = signer("fuzz", {kNew, kOld});
  SignedId now = signer("fuzz", {kNew});
  SignedId before = signer("fuzz", {kOld});
  SignedId foreign = signer("fuzz", {"somebody else's secret"});
  SignedId other_purpose = signer("fuzz2", {kNew, kOld});
};

// What a value has to be, told in another way: the one that signing its id gives.
bool is_ours(const Signers& ids, std::string_view value) {
  const std::string id(value.substr(0, SignedId::kIdSize));
  const bool plain = id.find_first_not_of(kDigits) == std::string::npos;
  return id.size() == SignedId::kIdSize && plain &&
         (value == ids.now.sign(id) || value == ids.before.sign(id));
}

void check_value(const Signers& ids, std::string_view value) {
  const auto verified = ids.both.verify(value);
  require(verified.has_value() == is_ours(ids, value));
  require(!ids.other_purpose.verify(value));
  require(!verified || !ids.foreign.verify(value));
  require(!ids.both.verify_text(value, value));
  if (!verified) return;
  require(verified->id == value.substr(0, SignedId::kIdSize));
  require(verified->outdated != ids.now.verify(value).has_value());
  require(verified->outdated == ids.before.verify(value).has_value());
  require(!ids.both.verify_text(verified->id, value.substr(SignedId::kIdSize + 1)));
}

// The same 128 bits from the fuzzer's bytes, as an id.
std::string id_of(std::string_view text) {
  std::string id(SignedId::kIdSize, 'A');
  for (std::size_t i = 0; i < std::min(text.size(), id.size()); ++i) {
    id[i] = kDigits[static_cast<unsigned char>(text[i]) % kDigits.size()];
  }
  return id;
}

void check_changes(const Signers& ids, std::string_view text) {
  const std::string id = id_of(text);
  const std::string good = ids.now.sign(id);
  require(good.size() == SignedId::kValueSize && ids.both.verify(good));
  require(ids.both.verify(ids.before.sign(id)).value().outdated);
  const std::size_t bit = text.empty() ? 0 : static_cast<unsigned char>(text.back());
  for (const std::size_t at : {bit % good.size(), (bit * 7 + 3) % good.size()}) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (bit % 8)));
    require(!ids.both.verify(flipped));
    require(!ids.both.verify(good.substr(0, at)));
    require(!ids.both.verify(good.substr(0, at) + good.substr(at + 1)));
    require(!ids.both.verify(good.substr(0, at) + "A" + good.substr(at)));
  }
  // What csrf tokens are made with.
  const std::string signature = ids.now.sign_text(text);
  require(signature.size() == SignedId::kSignatureSize);
  require(ids.both.verify_text(text, signature) && !ids.foreign.verify_text(text, signature));
  require(!ids.both.verify_text(std::string(text) + "x", signature));
  require(!ids.both.verify(id + "." + signature));
  std::string flipped = signature;
  flipped[bit % flipped.size()] = static_cast<char>(flipped[bit % flipped.size()] ^ 1);
  require(!ids.both.verify_text(text, flipped));
}

std::string with_values(const Signers& ids, std::string_view line, std::string_view seed) {
  std::string field;
  for (const char c : line) {
    if (c == '@' || c == '%' || c == '#') {
      const SignedId& by = c == '@' ? ids.now : c == '%' ? ids.before : ids.foreign;
      field += by.sign(id_of(field.size() % 2 == 0 ? seed : line));
    } else {
      field += c;
    }
  }
  return field;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1024) return 0;
  const Signers ids;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_value(ids, text);
  check_changes(ids, text);

  std::string wire = "GET / HTTP/1.1\r\nHost: x\r\n";
  std::vector<std::string> lines;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back(with_values(ids, rest.substr(0, end), text));
    wire += "Cookie: " + lines.back() + "\r\n";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  wire += "\r\n";
  const HttpLimits limits;
  http::RequestParser parser(limits);
  std::vector<std::byte> bytes(as_bytes(wire).begin(), as_bytes(wire).end());
  Bytes in(bytes);
  if (parser.next(in).kind != http::ParseEvent::Kind::Head) return 0;

  const auto found = ids.both.find_all(parser.head(), "sid");
  for (std::size_t i = 0; i < found.size(); ++i) {
    require(found[i].id.size() == SignedId::kIdSize);
    for (std::size_t j = 0; j < i; ++j) require(found[i].id != found[j].id);
  }
  // All of them, and no others.
  std::vector<std::string_view> wanted;
  for (std::size_t i = 0; i < parser.head().field_count(); ++i) {
    const http::Field field = parser.head().field(i);
    if (field.name != "Cookie") continue;
    http::CookieReader::Pair pair;
    for (http::CookieReader reader(field.value); reader.next(pair);) {
      check_value(ids, pair.value);
      if (pair.name != "sid" || !is_ours(ids, pair.value)) continue;
      const std::string_view id = pair.value.substr(0, SignedId::kIdSize);
      if (std::find(wanted.begin(), wanted.end(), id) == wanted.end()) wanted.push_back(id);
    }
  }
  require(std::equal(wanted.begin(), wanted.end(), found.begin(), found.end(),
                     [](std::string_view id, const auto& one) { return one.id == id; }));
  return 0;
}
