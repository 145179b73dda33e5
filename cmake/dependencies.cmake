# The libraries the floors stand on. hybi-config.cmake.in finds the same ones for who uses libhybi.a.
# Global targets: with add_subdirectory(hybi) they are linked from the directory above.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL ON)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(simdjson REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(hybi_libdeflate REQUIRED IMPORTED_TARGET GLOBAL libdeflate)
pkg_check_modules(hybi_liburing REQUIRED IMPORTED_TARGET GLOBAL liburing)
pkg_check_modules(hybi_brotli REQUIRED IMPORTED_TARGET GLOBAL libbrotlienc)
pkg_check_modules(hybi_hiredis REQUIRED IMPORTED_TARGET GLOBAL hiredis)
find_package(nlohmann_json REQUIRED)
