// compress: answers in a content coding that the client accepts. RFC 9110 8.4, 12.5.3. See
// middleware.h.
#include <hybi/app/vary.h>
#include <hybi/base/ascii.h>
#include <hybi/http/content_coding.h>
#include <hybi/http/entity_tag.h>
#include <hybi/http/field_value.h>
#include <hybi/http/negotiation.h>
#include <hybi/middleware.h>
#include <hybi/ws/handshake.h>

#include <algorithm>
#include <memory>
#include <optional>

namespace hybi {
namespace {

using http::ContentCoding;

class EncodingFilter final : public BodyFilter {
 public:
  EncodingFilter(ContentCoding coding, int level) : coding_(coding), level_(level) {}

  void add(Bytes piece, bool flush, std::string& out) override {
    encoder().add(piece, buffer_, flush);
    hand_over(out);
  }
  void finish(std::string& out) override {
    encoder().finish(buffer_);
    hand_over(out);
  }

 private:
  // With the first piece: an answer to HEAD never has one.
  http::Encoder& encoder() {
    if (!encoder_) encoder_.emplace(coding_, level_);
    return *encoder_;
  }
  void hand_over(std::string& out) {
    out.append(as_text(buffer_.view()));
    buffer_.clear();
  }

  ContentCoding coding_;
  int level_;
  std::optional<http::Encoder> encoder_;
  OutBuffer buffer_;
};

ContentCoding coding_of(std::string_view name) {
  for (const auto coding : {ContentCoding::Gzip, ContentCoding::Deflate, ContentCoding::Brotli}) {
    if (http::name_of(coding) == name) return coding;
  }
  return ContentCoding::Identity;
}

// "text/html", "text/*", "*/*+json".
bool matches(std::string_view pattern, std::string_view type) {
  const std::size_t slash = pattern.find('/'), in_type = type.find('/');
  if (slash == std::string_view::npos || in_type == std::string_view::npos) return false;
  const std::string_view kind = pattern.substr(0, slash);
  if (kind != "*" && !equals_ignoring_case(kind, type.substr(0, in_type))) return false;
  std::string_view wanted = pattern.substr(slash + 1);
  const std::string_view subtype = type.substr(in_type + 1);
  if (!wanted.starts_with('*')) return equals_ignoring_case(wanted, subtype);
  wanted.remove_prefix(1);
  return subtype.size() >= wanted.size() &&
         equals_ignoring_case(subtype.substr(subtype.size() - wanted.size()), wanted);
}

struct Compressor {
  CompressOptions options;
  std::vector<std::string_view> codings;  // those we have

  explicit Compressor(CompressOptions given) : options(std::move(given)) {
    for (const std::string& name : options.codings) {
      if (coding_of(name) != ContentCoding::Identity) codings.push_back(name);
    }
    options.level = std::clamp(options.level, 1, 9);
    options.brotli_quality = std::clamp(options.brotli_quality, 0, 11);
  }

  bool is_listed(std::string_view content_type) const {
    const std::string_view type = trim_ows(content_type.substr(0, content_type.find(';')));
    return std::any_of(options.types.begin(), options.types.end(),
                       [&](const std::string& pattern) { return matches(pattern, type); });
  }

  // Whether this answer would be compressed for a client that accepts it.
  bool fits(const Response& response) const {
    const unsigned status = response.status();
    if (status < 200 || status == 204 || status == 206 || status == 304) return false;
    if (response.field("content-encoding").data() != nullptr) return false;
    if (response.field("content-range").data() != nullptr) return false;
    if (response.content_length().value_or(options.threshold) < options.threshold) return false;
    if (response.content_length() == 0) return false;
    return is_listed(response.content_type());
  }

  ContentCoding choose(std::string_view accept_encoding) const {
    const auto best = http::best_encoding(accept_encoding, codings);
    return best ? coding_of(*best) : ContentCoding::Identity;
  }
};

// RFC 9111 5.2.2.6
bool may_not_be_transformed(const Response& response) {
  const std::string_view control = response.field("cache-control");
  return control.data() != nullptr && http::list_has_token(control, "no-transform");
}

// RFC 9110 8.8.1: other bytes under the same strong tag would be a lie.
void weaken_etag(Response& response) {
  const auto tag = http::parse_entity_tag(response.field("etag"));
  if (tag && !tag->weak) response.set("ETag", "W/" + std::string(tag->opaque));
}

void encode(const Compressor& compressor, ContentCoding coding, Response& response) {
  if (may_not_be_transformed(response)) return;
  if (response.status() == 304) {  // the same fields as the 200 it stands for. RFC 9110 15.4.5
    add_vary(response, "Accept-Encoding");
    if (coding != ContentCoding::Identity) weaken_etag(response);
    return;
  }
  if (!compressor.fits(response)) return;
  add_vary(response, "Accept-Encoding");
  if (coding == ContentCoding::Identity) return;
  weaken_etag(response);
  const bool brotli = coding == ContentCoding::Brotli;
  response.set("Content-Encoding", http::name_of(coding));
  response.filter(std::make_unique<EncodingFilter>(
      coding, brotli ? compressor.options.brotli_quality : compressor.options.level));
}

}  // namespace

Middleware compress(CompressOptions options) {
  const auto compressor = std::make_shared<const Compressor>(std::move(options));
  return [compressor](Request& request, Response& response, const Next& next) {
    const http::Head& head = request.head();
    if (!ws::is_websocket_request(head) && head.find("x-no-compression").data() == nullptr) {
      std::string joined;
      const ContentCoding coding =
          compressor->choose(http::combined_value(head, "accept-encoding", joined));
      response.on_head([compressor, coding](Response& r) { encode(*compressor, coding, r); });
    }
    next();
  };
}

}  // namespace hybi
