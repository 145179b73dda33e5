// The loop's backend over io_uring: completion.
#include <hybi/io/backend.h>

namespace hybi::io {

Result<std::unique_ptr<Backend>> create_uring_backend() {
  return Errc::NoBackend;
}

}  // namespace hybi::io
