# A short front for meson and ninja.
BUILD ?= build
CHECK ?= build-check
RELEASE ?= build-bench

.PHONY: all test check check-all unit corpus e2e format layers bench clean

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	meson setup $(BUILD)

$(CHECK)/build.ninja:
	meson setup $(CHECK) -Db_sanitize=address,undefined -Db_lundef=false \
	    -Dbuildtype=debugoptimized

# One suite, incremental, under the sanitizers: make unit, make corpus, make e2e
unit corpus e2e: $(CHECK)/build.ninja
	ninja -C $(CHECK)
	meson test -C $(CHECK) --no-rebuild --suite $@ --print-errorlogs

check: layers format unit corpus e2e

# Longer: fuzzing, TSan, valgrind.
check-all: check
	tools/check-all

# Figures beside our peers', about 20 minutes: make bench; make bench QUICK=1;
# make bench PART=transport,attls (tests/bench/run --help lists the parts)
$(RELEASE)/build.ninja:
	meson setup $(RELEASE) -Dbuildtype=release

bench: $(RELEASE)/build.ninja
	tools/packages bench
	ninja -C $(RELEASE)
	tests/bench/run --build $(RELEASE) $(if $(QUICK),--quick) $(PART)

layers:
	tools/check-layers

format:
	tools/check-format

clean:
	rm -rf $(BUILD) $(CHECK) $(RELEASE)
