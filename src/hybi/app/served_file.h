// One file as it is served: its type, its dates, and its representations, which are the same
// content as it is, in gzip and in brotli. Made by file_cache.cc and embedded_files.cc, sent by
// file_answer.cc.
#pragma once

#include <hybi/file.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hybi {

enum class Coding : std::uint8_t { Identity, Gzip, Brotli };
inline constexpr std::size_t kCodingCount = 3;
// As Content-Encoding and Accept-Encoding name it.
inline constexpr std::array<std::string_view, kCodingCount> kCodingNames{"identity", "gzip", "br"};
// The ends of precompressed siblings' names, and of their entity tags.
inline constexpr std::array<std::string_view, kCodingCount> kCodingSuffixes{"", ".gz", ".br"};

struct Representation {
  std::string etag;  // with its quotes; strong
  std::uint64_t size = 0;
  std::shared_ptr<const OpenFile> file;  // null: in memory, as `bytes`
  std::string_view bytes;
  std::shared_ptr<const std::string> owner;  // of the bytes; null: static

  bool in_memory() const { return !file; }
};

struct ServedFile {
  std::string type;
  std::optional<std::int64_t> modified;  // seconds since 1970
  // By Coding; Identity is always there.
  std::array<std::optional<Representation>, kCodingCount> representations;

  const Representation& identity() const { return *representations[0]; }
  bool is_negotiated() const { return representations[1] || representations[2]; }
};

}  // namespace hybi
