# Thin: one line per target over the CMake presets. `make run` and `make test` are all a newcomer needs.
PORT ?= 3400
HOST ?=
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local

.PHONY: run build test check dev asan tsan fuzz coverage bench install format packages clean

run: build  ## the demo on http://localhost:$(PORT)/
	@exec build/release/hybi demo --port $(PORT) $(if $(HOST),--host $(HOST))

build:  ## build/release/hybi
	@tools/install_packages.sh build
	@tools/build release hybi_command hybi

test:  ## everything: every preset, every suite, peers and browsers, fuzzers
	@tools/install_packages.sh build test
	@tools/run_tests

check:  ## format, layers, headers, unit tests under ASan+UBSan
	@tools/install_packages.sh build test
	@tools/check

dev asan tsan coverage:  ## builds and tests one preset
	@tools/install_packages.sh build test
	@tools/build $@ all
	@ctest --test-dir build/$@ --output-on-failure --parallel $(JOBS)

fuzz:  ## 30 s per fuzzer
	@tools/install_packages.sh build test
	@tools/build fuzz all
	@ctest --test-dir build/fuzz --output-on-failure --parallel $(JOBS)

bench:  ## Hybi beside its peers, one table
	@tools/install_packages.sh build test
	@tools/build release all
	@tools/npm_install
	@bench/run build/release

install: build  ## into PREFIX
	cmake --install build/release --prefix $(PREFIX)

format:  ## clang-format over the tree
	@tools/check_format --fix

packages:
	@tools/install_packages.sh build test

clean:
	rm -rf build
