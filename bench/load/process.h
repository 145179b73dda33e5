// What the kernel knows about the server process: CPU time of all its threads, and its memory.
// Also the two things the generator does to itself: pin to a core, raise the descriptor limit.
#pragma once

#include <cstdint>

namespace bench {

// CPU time used so far by every thread of `pid`, user and system, in ns; 0 if it is gone.
// io_uring's kernel workers are threads of the process and count.
std::uint64_t process_cpu_ns(int pid);

// CPU time of this process in ns.
std::uint64_t own_cpu_ns();

struct Memory {
  std::uint64_t rss_bytes = 0;        // everything resident
  std::uint64_t anonymous_bytes = 0;  // heap, stacks, anonymous mappings: what connections cost
};

Memory process_memory(int pid);

void pin_to_cpu(int cpu);
void raise_descriptor_limit();
std::uint64_t now_ns();

}  // namespace bench
