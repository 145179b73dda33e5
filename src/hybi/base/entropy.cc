#include <hybi/base/entropy.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <cstdlib>

namespace hybi {

void SystemEntropy::fill(MutableBytes out) {
  const auto draw = [](MutableBytes into) {
    // Without random numbers no promise of this library holds; there is nothing to fall back to.
    if (RAND_bytes(reinterpret_cast<unsigned char*>(into.data()), static_cast<int>(into.size())) !=
        1) {
      std::abort();
    }
  };
  while (out.size() >= block_.size()) {
    draw(out.first(block_.size()));
    out = out.subspan(block_.size());
  }
  if (out.empty()) return;
  if (left_ < out.size()) {
    draw(block_);
    left_ = block_.size();
  }
  // Taken from the end and wiped: a byte handed out must not be found in memory later.
  left_ -= out.size();
  std::memcpy(out.data(), block_.data() + left_, out.size());
  std::memset(block_.data() + left_, 0, out.size());
}

}  // namespace hybi
