// Invariant: any bytes are decoded or refused with a documented error; what was decoded, built and
// decoded again is the same.
#include <hybi/http/form.h>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hybi;
  const std::string body(reinterpret_cast<const char*>(data), size);
  FormLimits limits;
  limits.max_pairs = 50;
  limits.max_total_bytes = 2000;
  const auto form = http::Form::decode(body, limits);
  if (!form) {
    if (info(form.error().code).http_status < 400) std::abort();
    return 0;
  }
  if (form.value().size() > limits.max_pairs) std::abort();
  http::FormBuilder builder;
  for (std::size_t i = 0; i < form.value().size(); ++i) {
    builder.add(form.value()[i].name, form.value()[i].value);
  }
  const auto again = http::Form::decode(builder.text(), FormLimits{});
  if (!again || again.value().size() != form.value().size()) std::abort();
  for (std::size_t i = 0; i < form.value().size(); ++i) {
    if (again.value()[i].name != form.value()[i].name) std::abort();
    if (again.value()[i].value != form.value()[i].value) std::abort();
  }
  return 0;
}
