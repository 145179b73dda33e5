// Bytes of every version, computed and checked with foreign code, against ours: each frame is read
// and written by the side it belongs to, each handshake answered, and its answer accepted.
#include <hybi/http/parser.h>
#include <hybi/testing/ws_peer.h>
#include <hybi/ws/frame_mask.h>
#include <hybi/ws/handshake.h>
#include <hybi/ws/handshake_client.h>
#include <hybi/ws/protocol.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>

namespace hybi::testing {
namespace {

using ws::Opcode;
using ws::Role;

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kNonce = "H+cNj5elaybfGIQv1esl2w==";

nlohmann::json load(const std::string& name) {
  std::ifstream file(std::string(HYBI_SOURCE_DIR) + "/tests/vectors/" + name + ".json");
  return nlohmann::json::parse(file);
}

// Every mask key and nonce is the one of the vectors.
class VectorEntropy final : public Entropy {
 public:
  void fill(MutableBytes out) override {
    const OwnedBytes key = bytes("37fa213d");
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = key[i % key.size()];
  }
};

struct Vector {
  Version version;
  Role sender;
  std::string what;  // as in the file, without the direction
  OwnedBytes wire;   // perhaps the first bytes only
};

Version version_of(const std::string& name) {
  const int number = name == "3" ? 2 : std::stoi(name);
  for (std::size_t i = 0; i < ws::kVersionCount; ++i) {
    if (ws::number_of(ws::version_at(i)) == number) return ws::version_at(i);
  }
  ADD_FAILURE() << name;
  return Version::V13;
}

std::vector<Vector> frame_vectors() {
  std::vector<Vector> vectors;
  const nlohmann::json file = load("frame-vectors");
  for (const auto& [name, entries] : file.items()) {
    for (const auto& [title, hex] : entries.items()) {
      vectors.push_back({version_of(name), title.starts_with("C>S ") ? Role::Client : Role::Server,
                         title.substr(4), bytes(hex.get<std::string>())});
    }
  }
  return vectors;
}

Role other(Role role) {
  return role == Role::Client ? Role::Server : Role::Client;
}

std::string show(const Vector& one) {
  return std::to_string(ws::number_of(one.version)) +
         (one.sender == Role::Client ? " C>S " : " S>C ") + one.what;
}

// "bin125 hdr" -> 125; 0 for what is no such vector.
std::size_t long_size(const std::string& what) {
  return what.starts_with("bin") && what[3] != 'a' ? std::stoul(what.substr(3)) : 0;
}

// The bytes our sender writes for it.
OwnedBytes written(const Vector& one) {
  const WebSocketLimits limits;
  VectorEntropy entropy;
  ws::Protocol protocol(one.sender, limits, entropy, one.version);
  if (one.version == Version::V4) {
    protocol.set_connection_key(ws::connection_key(kKey, kNonce));
  }
  OutBuffer out;
  const Bytes hello = as_bytes("Hello");
  const bool has_code = ws::traits(one.version).close_form == ws::CloseForm::CodeAndReason;
  if (one.what == "text Hello") {
    EXPECT_TRUE(protocol.send_text("Hello", out));
  } else if (one.what == "empty text") {
    EXPECT_TRUE(protocol.send_text("", out));
  } else if (one.what == "binary 00 01 ff") {
    EXPECT_TRUE(protocol.send_binary(bytes("0001ff"), out));
  } else if (one.what == "frag 1/2 Hel") {
    EXPECT_TRUE(protocol.send_fragment(Opcode::Text, hello.first(3), false, out));
  } else if (one.what == "frag 2/2 lo") {
    OutBuffer first;
    EXPECT_TRUE(protocol.send_fragment(Opcode::Text, hello.first(3), false, first));
    EXPECT_TRUE(protocol.send_fragment(Opcode::Text, hello.subspan(3), true, out));
  } else if (one.what == "ping Hello") {
    EXPECT_TRUE(protocol.send_ping(hello, out));
  } else if (one.what == "pong Hello") {
    EXPECT_TRUE(protocol.send_pong(hello, out));
  } else if (const std::size_t size = long_size(one.what); size > 0) {
    EXPECT_TRUE(protocol.send_binary(as_bytes(std::string(size, 'a')), out));
  } else if (one.what == "close" && one.wire.size() > 2 &&
             ws::traits(one.version).close_form == ws::CloseForm::Echo) {
    // A body is sent only as an answer, and is then that of the other direction.
    for (const Vector& asked : frame_vectors()) {
      if (asked.version != one.version || asked.sender == one.sender || asked.what != one.what) {
        continue;
      }
      OwnedBytes input = asked.wire;
      MutableBytes in(input);
      EXPECT_EQ(protocol.next(in, out).kind, ws::Event::Kind::Close);
    }
  } else {
    EXPECT_TRUE(protocol.close(one.what == "close" && has_code ? 1000 : 1005, "", out));
  }
  return owned(out.view());
}

// What the receiver makes of it.
Log expected_events(const Vector& one) {
  const bool has_code = ws::traits(one.version).close_form == ws::CloseForm::CodeAndReason;
  static const std::map<std::string, std::string> kEvents{
      {"text Hello", "event text \"Hello\""},       {"empty text", "event text \"\""},
      {"binary 00 01 ff", "event binary 00 01 ff"}, {"frag 2/2 lo", "event text \"Hello\""},
      {"ping Hello", "event ping \"Hello\""},       {"pong Hello", "event pong \"Hello\""},
      {"empty close", "event close 1005"}};
  if (one.what == "close") return {has_code ? "event close 1000" : "event close 1005"};
  if (one.what == "frag 1/2 Hel") return {};
  if (const std::size_t size = long_size(one.what); size > 0) {
    return {"event binary " + std::to_string(size) + " bytes"};
  }
  return {kEvents.at(one.what)};
}

TEST(FrameVectors, EachIsWrittenAsItStandsThere) {
  std::size_t count = 0;
  for (const Vector& one : frame_vectors()) {
    // A close frame of version 5 is never empty.
    if (one.version == Version::V5 && one.what == "empty close") continue;
    OwnedBytes ours = written(one);
    if (long_size(one.what) > 0) {
      ASSERT_GE(ours.size(), one.wire.size()) << show(one);
      ours.resize(one.wire.size());
    }
    EXPECT_EQ(ours, one.wire) << show(one);
    ++count;
  }
  EXPECT_GT(count, 200U);
}

TEST(FrameVectors, EachIsReadByTheOtherSide) {
  for (const Vector& one : frame_vectors()) {
    for (const bool whole : {true, false}) {
      const std::size_t size = long_size(one.what);
      if (!whole && size > 1000) continue;
      WsPeer peer(other(one.sender), {}, one.version);
      if (one.version == Version::V4) {
        peer.protocol().set_connection_key(ws::connection_key(kKey, kNonce));
      }
      // A vector may be the beginning of a frame, and one needs what is before it.
      OwnedBytes input = size > 0 ? written(one) : one.wire;
      if (one.what == "frag 2/2 lo") {
        OwnedBytes first = written({one.version, one.sender, "frag 1/2 Hel", {}});
        input.insert(input.begin(), first.begin(), first.end());
      }
      peer.receive(whole ? Pieces{input} : byte_by_byte(input));
      EXPECT_EQ(peer.events(), expected_events(one)) << show(one);
    }
  }
}

// ---- handshakes

struct Handshake {
  std::string name;
  OwnedBytes request, response;
};

std::vector<Handshake> handshake_vectors() {
  std::vector<Handshake> all;
  const nlohmann::json file = load("handshake-vectors");
  for (const auto& [name, one] : file.items()) {
    all.push_back({name, bytes(one["request"].get<std::string>()),
                   bytes(one["response"].get<std::string>())});
  }
  return all;
}

// "hixie-76 / hybi-00" -> Hixie76, "hybi-11, -12" -> V8 ...
Version version_in(const std::string& name) {
  static const std::vector<std::pair<std::string, Version>> kNames{
      {"hixie-75", Version::Hixie75}, {"hixie-76", Version::Hixie76}, {"hybi-01", Version::Hybi01},
      {"hybi-02", Version::Hybi02},   {"hybi-04", Version::V4},       {"hybi-05", Version::V5},
      {"hybi-06", Version::V6},       {"hybi-07", Version::V7},       {"hybi-08", Version::V8},
      {"hybi-11", Version::V8},       {"hybi-13", Version::V13}};
  for (const auto& [begin, version] : kNames) {
    if (name.starts_with(begin)) return version;
  }
  ADD_FAILURE() << name;
  return Version::V13;
}

TEST(HandshakeVectors, EachRequestGetsItsAnswer) {
  const auto all = handshake_vectors();
  EXPECT_EQ(all.size(), 11U);
  for (const Handshake& one : all) {
    SCOPED_TRACE(one.name);
    const HttpLimits limits;
    http::RequestParser parser(limits);
    Bytes in(one.request);
    ASSERT_EQ(parser.next(in).kind, http::ParseEvent::Kind::Head);
    const http::Head& head = parser.head();
    const auto offer = ws::check_request(head, Versions::all());
    ASSERT_TRUE(offer);
    EXPECT_EQ(offer->version, version_in(one.name));
    OutBuffer out;
    const std::string location = ws::location_of(head, false);
    ASSERT_TRUE(ws::write_answer(*offer, {.nonce = kNonce, .location = location}, out));
    out.append("\r\n");
    if (ws::has_challenge(head)) {
      ASSERT_GE(one.request.size(), ws::kKey3Bytes);
      out.append(ws::hixie_answer(offer->number1, offer->number2,
                                  Bytes(one.request).last<ws::kKey3Bytes>()));
    }
    EXPECT_EQ(as_text(out.view()), as_text(one.response));
  }
}

TEST(HandshakeVectors, OurClientAcceptsEachAnswerAndNoOther) {
  for (const Handshake& one : handshake_vectors()) {
    SCOPED_TRACE(one.name);
    const Version version = version_in(one.name);
    ws::ClientRequest request{.host = "example.com",
                              .target = "/demo",
                              .origin = "http://example.com",
                              .version = version};
    ws::ClientKeys keys{
        .key = std::string(kKey), .key1 = "4 @1  46546xW%0l 1 5", .key2 = "12998 5 Y3 1  .P00"};
    std::copy_n(as_bytes("^n:ds[4U").begin(), ws::kKey3Bytes, keys.key3.begin());
    const auto accepted = [&](Bytes response) {
      Bytes in = response;
      ws::ResponseHead head;
      const auto complete = ws::parse_response_head(in, 4096, head);
      if (!complete || !*complete) return false;
      const auto answer = ws::check_answer(head, request, keys);
      if (!answer) return false;
      if (version == Version::V4) {
        EXPECT_EQ(answer->nonce, kNonce);
      }
      const auto proof = ws::take_challenge_answer(in, version, keys);
      return proof && *proof && in.empty();
    };
    EXPECT_TRUE(accepted(one.response));
    EXPECT_FALSE(accepted(Bytes(one.response).first(one.response.size() - 1)));
    // 75 proves nothing but what was sent: its origin and location.
    keys.key = "x3JJHMbDL1EzLkh9GBhXDw==";
    keys.key3[0] = std::byte{'x'};
    EXPECT_EQ(accepted(one.response), version == Version::Hixie75);
    request.target = "/other";
    EXPECT_FALSE(accepted(one.response));
  }
}

TEST(HandshakeVectors, OurClientAsksWhatAServerOfThatVersionReads) {
  for (const Handshake& one : handshake_vectors()) {
    SCOPED_TRACE(one.name);
    const Version version = version_in(one.name);
    const ws::ClientRequest request{.host = "example.com",
                                    .target = "/demo",
                                    .origin = "http://example.com",
                                    .version = version};
    VectorEntropy entropy;
    OutBuffer out;
    ASSERT_TRUE(ws::write_request(request, ws::make_keys(version, entropy), out));
    const HttpLimits limits;
    http::RequestParser parser(limits);
    Bytes in = out.view();
    ASSERT_EQ(parser.next(in).kind, http::ParseEvent::Kind::Head);
    const auto offer = ws::check_request(parser.head(), Versions::all());
    ASSERT_TRUE(offer);
    EXPECT_EQ(offer->version, version);
    EXPECT_EQ(offer->origin, "http://example.com");
  }
}

}  // namespace
}  // namespace hybi::testing
