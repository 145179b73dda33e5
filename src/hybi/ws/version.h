// Versions of the WebSocket protocol, from hixie-75 to RFC 6455, and sets of them. RFC 6455 11.6.
//
// Plain values. How the versions differ on the wire is in version_traits.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace hybi::ws {

enum class Version : std::uint8_t {
  Hixie75,  // draft-hixie-thewebsocketprotocol-75
  Hixie76,  // ... -76, the same as draft-ietf-hybi-thewebsocketprotocol-00
  Hybi01,   // draft-ietf-hybi-thewebsocketprotocol-01
  Hybi02,   // -02 and -03
  V4,       // -04
  V5,       // -05
  V6,       // -06
  V7,       // -07
  V8,       // -08 to -12
  V13,      // -13 to -17 and RFC 6455
};

inline constexpr std::size_t kVersionCount = 10;

namespace detail {
struct VersionName {
  std::uint8_t number;
  std::string_view name;
};
inline constexpr std::array<VersionName, kVersionCount> kVersionNames{{
    {75, "hixie-75"},
    {76, "hixie-76"},
    {1, "hybi-01"},
    {2, "hybi-02"},
    {4, "hybi-04"},
    {5, "hybi-05"},
    {6, "hybi-06"},
    {7, "hybi-07"},
    {8, "hybi-08"},
    {13, "RFC 6455"},
}};
}  // namespace detail

constexpr Version version_at(std::size_t index) {
  return static_cast<Version>(index);
}

// What tells a version from all others: 75, 76, 1, 2, 4, 5, 6, 7, 8, 13. From 4 on it is what
// Sec-WebSocket-Version says; 1 and 2 are what Sec-WebSocket-Draft says.
constexpr int number_of(Version version) {
  return detail::kVersionNames[static_cast<std::size_t>(version)].number;
}

// The document: "hixie-76", "hybi-08" (the first of several), "RFC 6455".
constexpr std::string_view name_of(Version version) {
  return detail::kVersionNames[static_cast<std::size_t>(version)].name;
}

// Whether the request says its version as a number in Sec-WebSocket-Version.
constexpr bool has_version_field(Version version) {
  return version >= Version::V4;
}

// The versions that are open by default. Before 4 clients do not mask, so a page can make them
// poison the cache of a proxy that takes their frames for HTTP ("Talking to Yourself for Fun and
// Profit", 2010; RFC 6455 10.3); 4 to 6 were never deployed beyond experiments.
constexpr bool is_safe(Version version) {
  return version >= Version::V7;
}

// A set of versions.
class Versions {
 public:
  constexpr Versions() = default;  // none
  constexpr Versions(std::initializer_list<Version> list) {
    for (Version version : list) bits_ = static_cast<std::uint16_t>(bits_ | bit(version));
  }

  // 13, 8 and 7.
  static constexpr Versions safe() { return {Version::V13, Version::V8, Version::V7}; }
  static constexpr Versions all() {
    Versions set;
    set.bits_ = (1U << kVersionCount) - 1;
    return set;
  }

  constexpr bool has(Version version) const { return (bits_ & bit(version)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  // Whether one of them is not among safe().
  constexpr bool has_unsafe() const { return (bits_ & ~safe().bits_) != 0; }

  friend bool operator==(const Versions&, const Versions&) = default;

 private:
  static constexpr std::uint16_t bit(Version version) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(version));
  }
  std::uint16_t bits_ = 0;
};

// What a route wants of versions that most will never meet. Each is off: the behaviour without it
// is what the documents and the known peers agree on.
struct LegacyOptions {
  // 75, 76 have no binary messages. Sending one answers NoBinary; with this it goes as text in
  // base64.
  bool base64_binary = false;
  // 75, 76: a frame of type 80 with a length is read and dropped; with this it is a binary message.
  bool length_frames = false;
  // 76: hybi-01 without Sec-WebSocket-Draft has the same handshake. With this the first byte from
  // the client decides, as long as nothing was sent.
  bool sniff_hybi01 = false;
  // 4: clients of libwebsockets mask with the key of the connection, not of the frame. With this a
  // first frame that makes no sense is tried in their way.
  bool libwebsockets_masking = false;
};

}  // namespace hybi::ws

namespace hybi {
using ws::LegacyOptions;
using ws::Version;
using ws::Versions;
}  // namespace hybi
