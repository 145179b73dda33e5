// body_limit and inflate_body: what may come with a request. See middleware.h.
#include <hybi/conn/http_session.h>
#include <hybi/http/content_coding.h>
#include <hybi/http/field_value.h>
#include <hybi/middleware.h>

namespace hybi {

Middleware body_limit(std::size_t max_bytes) {
  return [max_bytes](Request& request, Response&, const Next& next) {
    request.limit_body(max_bytes);
    next();
  };
}

Middleware inflate_body(InflateOptions options) {
  return [options](Request& request, Response&, const Next& next) {
    conn::HttpSession& session = conn::HttpSession::of(request);
    std::string joined;
    const std::string_view field = http::combined_value(request.head(), "content-encoding", joined);
    const Result<http::ContentCoding> coding = http::request_coding(field);
    if (!coding) {  // RFC 9110 12.5.3: Accept-Encoding tells what would do
      session.answer_error(coding.error().code, "Accept-Encoding: gzip, deflate\r\n");
      return;
    }
    if (*coding != http::ContentCoding::Identity) session.decode_body(*coding, options.max_bytes);
    next();
  };
}

}  // namespace hybi
