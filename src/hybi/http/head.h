// A parsed request head: a read-only view into the bytes it came in. RFC 9112 3, 5.
//
// Positions, not pointers: the head can be moved to other memory with `rebase` and stays valid.
// Filled by parser.h; read by the handshake, the router and user code (through hybi::Request).
#pragma once

#include <hybi/http/method.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace hybi::http {

struct FieldPosition {
  std::uint32_t name_at, value_at;
  std::uint32_t value_bytes;
  std::uint16_t name_bytes;
};

struct Field {
  std::string_view name;   // as sent
  std::string_view value;  // without surrounding whitespace
};

enum class TargetForm : std::uint8_t { Origin, Absolute, Authority, Asterisk };

// Where the parts of a head lie, as offsets from its first byte, and what its fields mean.
struct HeadLayout {
  std::uint32_t size = 0;  // with the empty line
  std::uint32_t target_at = 0, target_bytes = 0;
  std::uint32_t path_at = 0, path_bytes = 0;
  std::uint32_t query_at = 0, query_bytes = 0;
  std::uint32_t authority_at = 0, authority_bytes = 0;
  std::uint16_t method_bytes = 0;
  Method method{};
  TargetForm form{};
  std::uint8_t minor_version = 1;
  bool chunked = false, has_content_length = false, keep_alive = false;
  bool upgrade = false, expect_continue = false;
  std::uint64_t content_length = 0;
  std::vector<FieldPosition> fields;
};

class Head {
 public:
  Method method() const { return layout_.method; }
  std::string_view method_text() const { return part(0, layout_.method_bytes); }
  std::string_view target() const {  // as sent
    return part(layout_.target_at, layout_.target_bytes);
  }
  TargetForm form() const { return layout_.form; }
  std::string_view path() const;  // still percent-encoded; "*" for the asterisk form, "/" if empty
  std::string_view query() const {  // without "?"; empty if none
    return part(layout_.query_at, layout_.query_bytes);
  }
  std::string_view authority() const {  // of the target, else the Host field (RFC 9112 3.2.2)
    return part(layout_.authority_at, layout_.authority_bytes);
  }
  std::uint8_t minor_version() const { return layout_.minor_version; }  // HTTP/1.x: 0 or 1

  std::size_t field_count() const { return layout_.fields.size(); }
  // Requires: index < field_count().
  Field field(std::size_t index) const;
  // The first field of that name, any case; null data() if there is none.
  std::string_view find(std::string_view name) const;
  // How many fields have that name.
  std::size_t count(std::string_view name) const;
  // Whether a comma-separated list field, over all its lines, has this token in any case.
  bool has_token(std::string_view name, std::string_view token) const;

  // What the framing fields said (RFC 9112 6.3); the parser has checked them.
  bool has_body() const { return layout_.chunked || layout_.content_length > 0; }
  bool chunked() const { return layout_.chunked; }
  std::uint64_t content_length() const { return layout_.content_length; }  // 0: absent or chunked
  bool has_content_length() const { return layout_.has_content_length; }
  bool keep_alive() const { return layout_.keep_alive; }  // RFC 9112 9.3
  bool upgrade() const { return layout_.upgrade; }  // Connection lists upgrade, Upgrade is there
  bool expect_continue() const { return layout_.expect_continue; }  // RFC 9110 10.1.1

  // The whole head including the empty line.
  std::string_view bytes() const { return part(0, layout_.size); }
  // The same bytes now live at `base`.
  void rebase(const char* base) { base_ = base; }

  // For whoever fills a head: the parser.
  HeadLayout& layout() { return layout_; }

 private:
  std::string_view part(std::uint32_t at, std::uint32_t size) const { return {base_ + at, size}; }
  bool has_name(const FieldPosition& field, std::string_view name) const;

  const char* base_ = nullptr;
  HeadLayout layout_;
};

}  // namespace hybi::http
