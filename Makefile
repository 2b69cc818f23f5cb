# SPDX-License-Identifier: GPL-2.0
# What to type; "make help" lists it. The modules themselves are in Kbuild.
# Nothing here becomes root by itself.

# KERNEL=6.1|6.12|7|all: another kernel of Debian's than the one that runs here
BUILD ?= build$(if $(filter-out all,$(KERNEL)),/$(KERNEL))
export BUILD KDIR KVER KERNEL DESTDIR INSTALL_MOD_PATH

quiet := @
FOR := $(if $(KERNEL),selftests/kernels/for.sh $(KERNEL))
TESTS := selftests/run.sh $(if $(JOBS),--jobs $(JOBS)) $(if $(SMOKE),--smoke)

.PHONY: all modules deps check check-debug check-install check-peers coverage abi-check bench demo fuzz torture vm-shell
.PHONY: install uninstall status clean help sparse configs checkpatch gates

all: modules	## compile the modules into BUILD= (build/) for KDIR=, KVER= or KERNEL=

# What a run for one kernel does is done for each in turn; "check" does so by itself.
EACH := modules abi-check check-peers sparse configs
ifeq ($(KERNEL),all)
$(EACH):
	$(quiet)status=0; for kernel in $$(selftests/kernels/for.sh --list); do echo "== kernel $$kernel"; \
		$(MAKE) --no-print-directory $@ KERNEL=$$kernel || status=1; done; exit $$status
else
modules:
	$(quiet)+$(FOR) tools/build.sh

abi-check: modules	## compare symbols, aliases and parameters with the kernel's own modules
	$(quiet)abi/check --kdir "$$($(FOR) tools/kdir.sh --again)" $(if $(STOCK),--stock $(STOCK)) $(BUILD)

check-peers: deps	## other people's tests, stock against ours: TEST= names some
	$(quiet)selftests/peers/run.sh --install $(if $(JOBS),--jobs $(JOBS)) $(TEST)

sparse:		## compile with the sparse checker
	$(quiet)+$(MAKE) --no-print-directory modules W=1 C=2 CF=-D__CHECK_ENDIAN__

configs:	## compile for kernels that lack an optional part (PART= names some)
	$(quiet)+$(FOR) tools/configs.sh $(PART)
endif

deps:		## install the Debian packages that the rest needs (as root)
	$(quiet)selftests/vm/deps.sh --install

check: deps	## all tests, each in a virtual machine: TEST= names some, MODSET=stock|ours|both
	$(quiet)$(TESTS) --modset $(or $(MODSET),ours) $(TEST)

check-debug: deps	## the same on a kernel with its checkers on (KERNEL=6.1|races|7, SMOKE=1: the short part)
	$(quiet)selftests/kernels/debug.sh --install $(or $(KERNEL),6.1)
	$(quiet)KERNEL= $(TESTS) --kernel debug$(patsubst %,-%,$(filter-out 6.1,$(KERNEL))) --modset $(or $(MODSET),ours) $(TEST)

coverage: deps	## which lines of the modules the tests run, on the kernel "races": TEST= names some
	$(quiet)selftests/kernels/debug.sh --install races
	$(quiet)selftests/cover/run.sh $(TEST)

check-install: deps	## installs as people do: package, upgrades, signatures; TEST= names some (root)
	$(quiet)selftests/install/run.sh $(TEST)

fuzz:		## a parser of packets under libFuzzer (PARSER=ftp TIME=60)
	$(quiet)selftests/fuzz/run.sh "$(PARSER)" $(or $(TIME),60)

torture: deps	## everything at once against the modules: TIME=20 (minutes) SEED=, KERNEL=debug
	$(quiet)KERNEL= TIME= SEED= selftests/torture/run.sh $(if $(KERNEL),--kernel $(KERNEL)) --time $(or $(TIME),20) $(if $(SEED),--seed $(SEED))

demo: deps	## a NAT gateway with conntrackd and a slow listener, ours beside the kernel's own
	$(quiet)selftests/demo/run.sh

bench: deps	## speed and memory, ours beside the kernel's own: one table, one picture
	$(quiet)selftests/bench/run.sh --install

vm-shell: deps	## a shell in the virtual machine with our modules (MODSET=stock: the kernel's)
	$(quiet)selftests/vm/boot.sh --modset $(or $(MODSET),ours) --shell

install:	## as root: put the compiled modules in front of the kernel's own
	$(quiet)tools/install.sh install

uninstall:	## as root: back to the kernel's own modules
	$(quiet)tools/install.sh uninstall

status:		## which modules are loaded and which would be
	$(quiet)tools/install.sh status

checkpatch:	## the kernel's style checker
	$(quiet)tools/checkpatch.sh

gates: modules	## checks of the sources: layers, comments, kernel-doc and others
	$(quiet)tools/gates.sh

clean:		## remove BUILD
	$(quiet)[ ! -e $(BUILD)/.kdir ] || rm -rf $(BUILD)

help:		## this list
	$(quiet)sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 22
