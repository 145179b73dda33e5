// /proc readers and process settings, see process.h.
#include "load/process.h"

#include <dirent.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

namespace bench {
namespace {

// schedstat has ns; where the kernel was built without it, stat's clock ticks have to do.
std::uint64_t task_cpu_ns(const std::string& dir) {
  unsigned long long ran = 0;
  if (std::FILE* f = std::fopen((dir + "/schedstat").c_str(), "r")) {
    const int fields = std::fscanf(f, "%llu", &ran);
    std::fclose(f);
    if (fields == 1 && ran != 0) return ran;
  }
  std::FILE* f = std::fopen((dir + "/stat").c_str(), "r");
  if (f == nullptr) return 0;
  char line[1024] = {};
  const std::size_t n = std::fread(line, 1, sizeof line - 1, f);
  std::fclose(f);
  line[n] = '\0';
  const char* after_name = std::strrchr(line, ')');  // the name may contain spaces
  unsigned long long user = 0, system = 0;
  if (after_name == nullptr ||
      std::sscanf(after_name + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
                  &system) != 2) {
    return 0;
  }
  return (user + system) *
         (1'000'000'000ULL / static_cast<unsigned long long>(sysconf(_SC_CLK_TCK)));
}

}  // namespace

std::uint64_t process_cpu_ns(int pid) {
  const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
  DIR* dir = opendir(tasks.c_str());
  if (dir == nullptr) return 0;
  std::uint64_t total = 0;
  while (const dirent* entry = readdir(dir)) {
    if (entry->d_name[0] != '.') total += task_cpu_ns(tasks + "/" + entry->d_name);
  }
  closedir(dir);
  return total;
}

std::uint64_t own_cpu_ns() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(t.tv_nsec);
}

Memory process_memory(int pid) {
  Memory memory;
  std::FILE* f = std::fopen(("/proc/" + std::to_string(pid) + "/smaps_rollup").c_str(), "r");
  if (f == nullptr) return memory;
  char line[256];
  unsigned long long kib = 0;
  while (std::fgets(line, sizeof line, f) != nullptr) {
    if (std::sscanf(line, "Rss: %llu", &kib) == 1) memory.rss_bytes = kib * 1024;
    if (std::sscanf(line, "Anonymous: %llu", &kib) == 1) memory.anonymous_bytes = kib * 1024;
  }
  std::fclose(f);
  return memory;
}

void pin_to_cpu(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  if (sched_setaffinity(0, sizeof set, &set) != 0) std::perror("sched_setaffinity");
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  rlimit wanted{1 << 20, 1 << 20};
  if (setrlimit(RLIMIT_NOFILE, &wanted) == 0) return;  // root
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(t.tv_nsec);
}

}  // namespace bench
