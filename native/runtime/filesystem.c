#include "filesystem.h"

#include <errno.h>
#include <string.h>

#include "mountapi.h"

/* fsconfig(2) takes keys and values of 255 bytes at most. */
#define OPTION_MAX 256

/* The log of the context: a message a read, each with "e ", "w " or "i " before it. */
static void take_words(int context, struct kernel_words *words) {
  int error = errno;
  size_t used = 0;
  char message[256];
  for (ssize_t count; (count = read(context, message, sizeof message)) > 2;) {
    if (message[0] != 'e') continue;
    if (message[count - 1] == '\n') count--;
    size_t length = (size_t)count - 2;
    if (used + length + 3 > sizeof words->text) break;
    if (used > 0) memcpy(words->text + used, "; ", 2), used += 2;
    memcpy(words->text + used, message + 2, length), used += length;
  }
  words->text[used] = '\0';
  errno = error;
}

static int set_option(int context, const char *option, size_t length) {
  char key[OPTION_MAX], value[OPTION_MAX];
  const char *equals = memchr(option, '=', length);
  size_t key_length = equals == NULL ? length : (size_t)(equals - option), value_length = equals == NULL ? 0 : length - key_length - 1;
  if (key_length >= sizeof key || value_length >= sizeof value) return errno = ENAMETOOLONG, -1;
  memcpy(key, option, key_length), key[key_length] = '\0';
  if (equals == NULL) return fs_config(context, CONFIG_FLAG, key, NULL);
  memcpy(value, equals + 1, value_length), value[value_length] = '\0';
  return fs_config(context, CONFIG_STRING, key, value);
}

static int configure(int context, const char *type, const char *data) {
  fs_config(context, CONFIG_STRING, "source", type); /* what df and mount show in their first column */
  while (*data != '\0') {
    size_t length = strcspn(data, ",");
    if (length > 0 && set_option(context, data, length) < 0) return -1;
    data += length + (data[length] == ',');
  }
  return fs_config(context, CONFIG_CREATE, NULL, NULL);
}

int filesystem_new(const char *type, const char *data, uint64_t attributes, struct kernel_words *words) {
  words->text[0] = '\0';
  int context = fs_open(type);
  if (context < 0) return -1;
  int mount = configure(context, type, data);
  if (mount == 0) mount = fs_mount(context, attributes);
  if (mount < 0) take_words(context, words);
  int error = errno;
  close(context);
  errno = error;
  return mount;
}
