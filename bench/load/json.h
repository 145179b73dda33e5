// Messages like those of a price feed: a JSON object with an array of records whose numbers vary as
// real ones do. What compresses to nothing (one repeated byte) or not at all (noise) says little
// about compression.
#pragma once

#include <cstddef>
#include <string>

namespace bench {

// Exactly `bytes` long (at least 64), valid JSON, ASCII. `number` decides every value in it: the
// same in each run, other ones for each number.
std::string make_json(std::size_t bytes, unsigned number);

}  // namespace bench
