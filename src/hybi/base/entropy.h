// Random bytes that cannot be predicted. RFC 6455 5.3, 10.3: mask keys come from a strong source.
#pragma once

#include <hybi/bytes.h>

#include <array>

namespace hybi {

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(MutableBytes out) = 0;
};

// OpenSSL's generator, read in blocks of 256 bytes so that a mask key costs a copy.
class SystemEntropy final : public Entropy {
 public:
  void fill(MutableBytes out) override;

 private:
  std::array<std::byte, 256> block_{};
  std::size_t left_ = 0;
};

}  // namespace hybi
