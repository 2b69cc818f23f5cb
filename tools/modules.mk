# SPDX-License-Identifier: GPL-2.0
#
# Reads the Kbuild files without a build, for tools/modules.sh:
#
#   make -s -f modules.mk modules|folders TOP=FOLDER [CONFIG=FILE]
#
# modules: their paths in the tree, without suffix. folders: where their objects
# come from, and those that hold a Kbuild file. CONFIG is a kernel's include/config/auto.conf, which decides what is
# a module there and what is left out; without it everything counts.

.PHONY: modules folders FORCE

modules:
	$(if $(paths),@printf '%s\n' $(paths))

folders:
	@printf '%s\n' $(sort $(dir $(objects)) $(visited))

ifneq ($(CONFIG),)
include $(CONFIG)
endif

paths :=
objects :=
visited :=

# $(call visit,FOLDER/): the modules of a Kbuild file and of the folders it names.
# What an option decides that is not known stands in "obj-" and "NAME-".
define visit
obj-m :=
obj-y :=
obj- :=
src := $(TOP)/$(1:%/=%)
obj := $(TOP)/$(1:%/=%)
include $(TOP)/$(1)Kbuild

visited += $(1)
listed := $$(obj-m) $(if $(CONFIG),,$$(obj-y) $$(obj-))
names := $$(patsubst %.o,%,$$(filter %.o,$$(listed)))
paths += $$(addprefix $(1),$$(names))
objects += $$(foreach name,$$(names),$$(addprefix $(1),\
	$$(name).o $$($$(name)-objs) $$($$(name)-y) $$($$(name)-m) $$($$(name)-)))
$$(foreach folder,$$(filter %/,$$(listed)),$$(eval $$(call visit,$(1)$$(folder))))
endef

$(eval $(call visit,))
