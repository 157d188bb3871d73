# The addon with AddressSanitizer and UBSan, build/asan/lichen.node: for hack/sanitize, which has Node load the sanitizer first. What node-gyp makes of
# binding.gyp has no room for a second build.
CXX ?= c++
BUILD = build/asan
NODE = $(or $(npm_config_nodedir),$(shell dirname $$(dirname $$(readlink -f $$(command -v node)))))
# Headers of Node: beside it, or where node-gyp has put those that it has downloaded.
HEADERS = $(firstword $(wildcard $(NODE)/include/node /usr/include/node $(HOME)/.cache/node-gyp/$(shell node -p process.versions.node)/include/node))
NAPI = $(shell node -p "require('node-addon-api').include_dir")
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
DEFINES = -DNAPI_VERSION=8 -DNAPI_CPP_EXCEPTIONS -DNODE_ADDON_API_CPP_EXCEPTIONS_ALL -D_GNU_SOURCE
OBJECTS = $(patsubst %.cc,$(BUILD)/%.o,$(wildcard *.cc)) $(BUILD)/resolve.o

$(BUILD)/lichen.node: $(OBJECTS)
	$(CXX) -shared $(SANITIZE) -o $@ $^ -l:libseccomp.a

$(BUILD)/%.o: %.cc
	@mkdir -p $(BUILD)
	$(CXX) -O1 -g1 -fPIC -std=c++17 -fexceptions -fvisibility=hidden $(SANITIZE) $(DEFINES) -I"$(NAPI)" -I"$(HEADERS)" -MMD -c -o $@ $<

# As binding.gyp has it.
$(BUILD)/resolve.o: ../runtime/resolve.c
	@mkdir -p $(BUILD)
	$(CC) -O1 -g1 -fPIC -std=gnu11 -fvisibility=hidden $(SANITIZE) $(DEFINES) -MMD -c -o $@ $<

-include $(OBJECTS:.o=.d)
