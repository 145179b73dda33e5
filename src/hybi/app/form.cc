// Forms from requests, see form.h. The wire formats are in http/form.h and http/multipart.h.
#include <hybi/error.h>
#include <hybi/form.h>
#include <hybi/http/multipart.h>

namespace hybi {
namespace {

// A body on its way through the parser to the receiver. Shared by the request's callbacks.
class Reception {
 public:
  Reception(std::string_view boundary, FormReceiver receiver, const MultipartLimits& limits,
            Response& response)
      : limits_(limits),
        parser_(boundary, limits_),
        receiver_(std::move(receiver)),
        response_(response) {}

  void take(Bytes in) {
    while (!over_ && handle(parser_.next(in))) {
    }
  }
  void finish() {
    if (!over_) handle(parser_.finish());
  }
  void fail(Errc why, bool answerable) {
    if (std::exchange(over_, true)) return;
    if (receiver_.on_failed) receiver_.on_failed(why);
    if (answerable) response_.error(info(why).http_status, info(why).text);
  }

 private:
  // Returns: whether there may be more in the same bytes.
  bool handle(const http::MultipartEvent& event) {
    using Kind = http::MultipartEvent::Kind;
    switch (event.kind) {
      case Kind::NeedMore:
        return false;
      case Kind::PartBegin:
        if (receiver_.on_part) receiver_.on_part(parser_.part());
        return true;
      case Kind::Data:
        if (receiver_.on_data) receiver_.on_data(event.data);
        return true;
      case Kind::PartEnd:
        if (receiver_.on_part_end) receiver_.on_part_end();
        return true;
      case Kind::End:
        over_ = true;
        if (receiver_.on_end) receiver_.on_end();
        return false;
      case Kind::Failed:
        fail(event.errc, true);
        return false;
    }
    return false;
  }

  MultipartLimits limits_;
  http::MultipartParser parser_;
  FormReceiver receiver_;
  Response& response_;
  bool over_ = false;
};

}  // namespace

Result<http::Form> form_of(const Request& request, const FormLimits& limits) {
  if (!http::is_form_type(request.header("content-type"))) return Errc::HttpUnsupportedMediaType;
  return http::Form::decode(as_text(request.body()), limits);
}

std::optional<http::Form> read_form(const Request& request, Response& response,
                                    const FormLimits& limits) {
  Result<http::Form> form = form_of(request, limits);
  if (form) return std::move(*form);
  const ErrorInfo& error = info(form.error().code);
  response.error(error.http_status, error.text);
  return std::nullopt;
}

void receive_form(Request& request, Response& response, FormReceiver receiver,
                  const MultipartLimits& limits) {
  const Result<std::string> boundary = http::multipart_boundary(request.header("content-type"));
  if (!boundary) {
    const ErrorInfo& error = info(boundary.error().code);
    if (receiver.on_failed) receiver.on_failed(boundary.error().code);
    response.error(error.http_status, error.text);
    return;
  }
  const auto reception =
      std::make_shared<Reception>(*boundary, std::move(receiver), limits, response);
  if (!request.streams_body()) {
    reception->take(request.body());
    reception->finish();
    return;
  }
  request.on_body({.on_data = [reception](Bytes piece) { reception->take(piece); },
                   .on_end = [reception] { reception->finish(); },
                   .on_cut = [reception](Errc why) { reception->fail(why, false); }});
}

}  // namespace hybi
