# SPDX-License-Identifier: Apache-2.0
# rootless: one static executable. `make help` lists the targets.
# O: where objects go. V: where the vendored libraries are. Both may be given.

JOBS ?= $(shell nproc)
TRIPLE ?= x86_64-linux-musl
CROSS_TRIPLE_aarch64 := aarch64-linux-musl
CROSS_TRIPLE_s390x := s390x-linux-musl
CROSS_TRIPLE_riscv64 := riscv64-linux-musl
CROSS_TRIPLE_armhf := arm-linux-musleabihf
ifdef CROSS
TRIPLE := $(CROSS_TRIPLE_$(CROSS))
ifeq ($(TRIPLE),)
$(error CROSS is one of aarch64 s390x riscv64 armhf)
endif
O ?= build/$(CROSS)
endif
# NATIVE=asan or fuzz: the same sources against the host's C library, what the sanitizers need.
ifdef NATIVE
O ?= build/$(NATIVE)
V ?= build/native
endif
O ?= build
V ?= build/$(TRIPLE)

VERSION := 0.1.0
GIT_COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)

# --- flags -------------------------------------------------------------------------------------
CC_musl = $(V)/bin/cc
WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wvla -Wshadow -Wstrict-prototypes \
	-Wwrite-strings -Wno-unused-parameter
HARDEN := -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero
ifeq ($(TRIPLE),x86_64-linux-musl)
HARDEN += -fcf-protection=full
endif
DEFS := -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DROOTLESS_VERSION='"$(VERSION)"'
DEFS += $(if $(NATIVE),-DSANITIZED)
BASE_CFLAGS := -std=gnu11 -g $(WARN) $(DEFS) -I. -I$(O) -include core/base/banned.h

ifdef NATIVE
ifeq ($(NATIVE),fuzz)
# To clang a variable that is only released when it goes out of scope is unused.
CC := clang
CFLAGS ?= -O1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined -Wno-unknown-warning-option -Wno-unused-variable
LINK := -fsanitize=address,undefined
else
CC := gcc
CFLAGS ?= -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LINK := -fsanitize=address,undefined
endif
LIB_PATH := -L$(V)/lib
VINC := -isystem $(V)/include
else
CC := $(CC_musl)
STRIP = $(V)/bin/strip
AR = $(V)/bin/ar
CFLAGS ?= -Os -fPIE -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables $(HARDEN)
# Hidden symbols and --exclude-libs leave nothing but RELATIVE relocations, all that musl's start
# code of a static-pie applies.
CFLAGS += -fvisibility=hidden
LINK := -static-pie -Wl,--gc-sections,--exclude-libs,ALL,-z,now,-z,relro,-z,noexecstack
ifeq ($(TRIPLE),x86_64-linux-musl)
LINK += -Wl,-z,pack-relative-relocs
endif
LIB_PATH := -L$(V)/lib
VINC := -isystem $(V)/include
endif
ALL_CFLAGS = $(BASE_CFLAGS) $(VINC) $(CFLAGS)
LIBS := -lcurl -lssl -lcrypto -larchive -lisal -lzstd -llzma -lbz2 -lyyjson -lseccomp -lcap
ifdef NATIVE
LIBS += -ldl -lpthread
endif

# --- rooms, lowest first -----------------------------------------------------------------------
ROOMS := base cli wire ns oci store net runtime image engine api
# What each may use, itself first; scripts/layers checks the same table on includes.
USES_base := base
USES_cli := cli wire base
USES_wire := wire base
USES_ns := ns base
USES_oci := oci wire base
USES_store := store oci wire base
USES_net := net ns base
USES_runtime := runtime oci ns wire base
USES_image := image store oci wire ns base
USES_engine := engine image runtime net store oci ns cli wire base
USES_api := api engine image runtime net store oci ns cli wire base

room_src = $(sort $(wildcard core/$(1)/*.c))
room_obj = $(patsubst %.c,$(O)/%.o,$(call room_src,$(1)))
room_lib = $(patsubst %,$(O)/lib/%.a,$(1))

APPLETS := $(sort $(basename $(notdir $(wildcard applets/*.c))))
APPLET_OBJ := $(patsubst %,$(O)/applets/%.o,$(APPLETS))

.PHONY: all
all: $(O)/rootless ## build build/rootless

# --- vendored libraries ------------------------------------------------------------------------
ifndef NATIVE
$(V)/.done: $(wildcard vendor/*/*) vendor/lock $(wildcard scripts/vendor*)
	scripts/vendor build $(TRIPLE) $(abspath $(V))
	@touch $@
else
$(V)/.done: $(wildcard vendor/*/*) vendor/lock $(wildcard scripts/vendor*)
	scripts/vendor native $(abspath $(V)) yyjson isa-l libarchive libseccomp
	@touch $@
endif

# --- objects -----------------------------------------------------------------------------------
$(O)/%.o: %.c | $(V)/.done
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

define ROOM_RULE
# A room may have no source yet, so the archiver is asked for here too.
$(O)/lib/$(1).a: $(call room_obj,$(1)) | $(V)/.done
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call ROOM_RULE,$(r))))

# The table of applets: made from the list of files, rewritten only when it changes.
$(O)/applets.inc: FORCE
	@mkdir -p $(@D)
	@{ for a in $(APPLETS); do echo "APPLET($$a)"; done; } > $@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@
$(O)/version.inc: FORCE
	@mkdir -p $(@D)
	@echo '#define ROOTLESS_COMMIT "$(GIT_COMMIT)"' > $@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@
$(O)/core/main.o: $(O)/applets.inc

# What is carried as bytes: the licences of the libraries, the trust roots of last resort.
$(O)/notices.zst: vendor/lock $(wildcard vendor/*/recipe) | $(V)/.done
	@mkdir -p $(@D)
	scripts/vendor licenses >$@.txt
	zstd -q -19 -f $@.txt -o $@
$(O)/core/engine/info.o: $(O)/version.inc
$(O)/core/engine/notices.o: $(O)/notices.zst
$(O)/core/engine/notices.o: ALL_CFLAGS += -DNOTICES='"$(O)/notices.zst"'
ROOTS = $(wildcard $(V)/share/ca-bundle.der.zst)
$(O)/core/image/rootbundle.o: ALL_CFLAGS += $(if $(ROOTS),-DROOT_BUNDLE='"$(ROOTS)"')
FORCE:
.PHONY: FORCE

# --- the sealed inner executable: keeper, monitor, init, stack ---------------------------------
# A second link of the same objects without TLS, registry client and command line. It is carried
# inside the main executable and started from a sealed memfd, so that nothing in a container can
# reach the user's own file, and a monitor costs little memory. Its isa-l is the plain C one.
INNER_ROOMS := engine runtime net oci ns wire base
$(O)/inner: $(O)/core/inner.o $(call room_lib,$(ROOMS)) $(V)/.done
	$(CC) $(CFLAGS) $(LINK) -Wl,--as-needed -o $@ $(O)/core/inner.o \
		-Wl,--start-group $(call room_lib,engine store net runtime oci ns wire base) \
		-Wl,--end-group $(LIB_PATH) $(LIBS:-lisal=-lisal_base)
	$(if $(NATIVE),,$(STRIP) $@)

$(O)/inner_blob.o: $(O)/inner core/inner_blob.S
	$(CC) -I$(O) -DINNER='"$(O)/inner"' -c -o $@ core/inner_blob.S

$(O)/rootless: $(O)/core/main.o $(O)/inner_blob.o $(APPLET_OBJ) $(call room_lib,$(ROOMS)) $(V)/.done
	$(CC) $(CFLAGS) $(LINK) -o $@.tmp $(O)/core/main.o $(O)/inner_blob.o $(APPLET_OBJ) \
		-Wl,--start-group $(call room_lib,$(ROOMS)) -Wl,--end-group $(LIB_PATH) $(LIBS)
	$(if $(NATIVE),,cp $@.tmp $@.debug && $(STRIP) $@.tmp)
	mv $@.tmp $@

# The same link again for its map alone (scripts/size).
.PHONY: $(O)/rootless.map
$(O)/rootless.map: $(O)/rootless
	$(CC) $(CFLAGS) $(LINK) $(LINK_MAP) -o $(O)/rootless.tmp $(O)/core/main.o $(O)/inner_blob.o $(APPLET_OBJ) \
		-Wl,--start-group $(call room_lib,$(ROOMS)) -Wl,--end-group $(LIB_PATH) $(LIBS)
	rm -f $(O)/rootless.tmp

# --- unit tests: tests/unit/ROOM/NOUN.c, linked with the room and what it may use ----------------
UNIT_SRC := $(sort $(wildcard tests/unit/*/*.c))
UNIT_BIN := $(patsubst tests/unit/%.c,$(O)/unit/%,$(UNIT_SRC))
UNIT_WANTED = $(if $(T),$(filter $(O)/unit/$(T)/% $(O)/unit/%/$(T),$(UNIT_BIN)),$(UNIT_BIN))

define UNIT_RULE
$(O)/unit/$(1)/%: $(O)/tests/unit/$(1)/%.o $(O)/tests/unit/test.o $(call room_lib,$(USES_$(1)))
	@mkdir -p $$(@D)
	$(CC) $(CFLAGS) $(LINK) -o $$@ $$< $(O)/tests/unit/test.o \
		-Wl,--start-group $(call room_lib,$(USES_$(1))) -Wl,--end-group $(LIB_PATH) $(LIBS)
endef
$(foreach r,$(ROOMS),$(eval $(call UNIT_RULE,$(r))))

# Further programs that tests use: tests/NAME.c, static, linked with everything of the core.
TEST_SRC := $(sort $(wildcard tests/*.c))
TEST_BIN := $(patsubst tests/%.c,$(O)/tests/%,$(TEST_SRC))
$(O)/tests/%: $(O)/tests/%.o
	$(CC) $(CFLAGS) $(LINK) -o $@ $<
ifdef NATIVE
# A container's only file: it has no library to load.
$(O)/tests/payload $(O)/tests/payload.o: CFLAGS := -O1
$(O)/tests/payload: LINK := -static
endif
# One room's own: tests/ROOM/NAME.c, linked as the room's unit tests are.
TEST_BIN += $(O)/tests/net/lab $(O)/tests/net/load
$(O)/tests/net/%: $(O)/tests/net/%.o $(call room_lib,$(USES_net))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LINK) -o $@ $< \
		-Wl,--start-group $(call room_lib,$(USES_net)) -Wl,--end-group $(LIB_PATH) $(LIBS)

.PHONY: unit
unit: $(UNIT_WANTED) ## build and run the unit tests (T=room or T=noun for some)
	@sh tests/unit/run $(UNIT_WANTED)

# --- the whole thing ----------------------------------------------------------------------------
.PHONY: prepare demo check check-all
demo: ## install what is needed, build, run the main job as an ordinary user, show its page
	scripts/prepare build test
	@$(MAKE) --no-print-directory -j$(JOBS) all
	scripts/demo $(O)
check: ## the whole test suite; closes with "N passed, N failed"
	scripts/prepare build test
	@$(MAKE) --no-print-directory -j$(JOBS) all unit-build
	scripts/check $(O)
.PHONY: unit-build
unit-build: $(UNIT_BIN) $(TEST_BIN)

asan: ## unit and command-line tests under ASan and UBSan
	scripts/prepare build test asan
	@$(MAKE) --no-print-directory -j$(JOBS) NATIVE=asan O=build/asan V=build/native \
		all unit-build
	PARTS="unit cli" scripts/check build/asan

FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(O)/fuzz/%,$(sort $(wildcard tests/fuzz/*.c)))
$(O)/fuzz/%: $(O)/tests/fuzz/%.o $(call room_lib,$(ROOMS))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fsanitize=fuzzer,address,undefined -o $@ $< \
		-Wl,--start-group $(call room_lib,$(ROOMS)) -Wl,--end-group $(LIB_PATH) $(LIBS)
.PHONY: fuzz-build
fuzz-build: $(FUZZ_BIN)
fuzz: ## every fuzz target for S=30 seconds (T=name: one)
	scripts/prepare build asan fuzz
	@$(MAKE) --no-print-directory -j$(JOBS) NATIVE=fuzz O=build/fuzz V=build/native \
		fuzz-build
	scripts/fuzz build/fuzz $(or $(S),30) $(JOBS) $(T)

check-cross: ## --version and unit tests of other machines under qemu-user
	scripts/prepare build cross
	scripts/check-cross $(or $(ARCHES),aarch64 s390x)

check-vm: ## limits, memory ends, 10,000 connections … on a booted Debian with systemd, in qemu
	@$(MAKE) --no-print-directory -j$(JOBS) all $(O)/tests/net/load
	ROOTLESS=$(O)/rootless VM_CACHE=$(O)/vm tests/vm/run $(T)

bench: ## beside podman, crun, runc, bwrap, skopeo + umoci: one table of ratios
	scripts/prepare build test bench
	@$(MAKE) --no-print-directory -j$(JOBS) all
	scripts/bench $(O)

bench-net: ## beside loopback, a plain veth pair, slirp4netns and pasta: table, ratios, JSON
	scripts/prepare build test bench
	@$(MAKE) --no-print-directory -j$(JOBS) all $(O)/tests/net/lab $(O)/tests/net/load
	scripts/bench $(O) net

docs: $(O)/rootless ## README's table of commands, man page, bash completion
	scripts/docs $(O)
size: $(O)/rootless ## the executable by room and library
	scripts/size $(O)

.PHONY: lint fmt analyze-objects asan fuzz bench bench-net check-cross check-vm docs
lint: ## format, headers, layers, symbols, sizes, shellcheck, cppcheck, gcc -fanalyzer
	scripts/prepare build lint
	@$(MAKE) --no-print-directory -j$(JOBS) all
	scripts/lint $(O) $(V)
analyze-objects: $(foreach r,$(ROOMS),$(call room_obj,$(r))) $(APPLET_OBJ)
fmt: ## format the sources
	find core applets tests -name '*.[ch]' | xargs clang-format -i

.PHONY: clean help
clean: ## remove what make built, the libraries excepted
	rm -rf $(O)/core $(O)/applets $(O)/tests $(O)/lib $(O)/unit $(O)/rootless* $(O)/inner*
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | \
		awk -F':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'

-include $(shell find $(O)/core $(O)/applets $(O)/tests -name "*.d" 2>/dev/null)
# Kept, though a chain of rules made them. (.SECONDARY would take a missing object of a new source
# for one that is not needed.)
.PRECIOUS: $(O)/%.o
