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

int filesystem_set(int context, const char *key, const char *value, struct kernel_words *words) {
  if (fs_config(context, value == NULL ? CONFIG_FLAG : CONFIG_STRING, key, value) == 0) return 0;
  take_words(context, words);
  return -1;
}

static int set_piece(int context, const char *piece, size_t length, struct kernel_words *words) {
  char key[OPTION_MAX], *value;
  if (length >= sizeof key * 2) return errno = ENAMETOOLONG, -1;
  char option[OPTION_MAX * 2];
  memcpy(option, piece, length), option[length] = '\0';
  value = strchr(option, '=');
  size_t key_length = value == NULL ? length : (size_t)(value - option);
  if (key_length >= sizeof key) return errno = ENAMETOOLONG, -1;
  memcpy(key, option, key_length), key[key_length] = '\0';
  return filesystem_set(context, key, value == NULL ? NULL : value + 1, words);
}

int filesystem_begin(const char *type, const char *data, struct kernel_words *words) {
  words->text[0] = '\0';
  int context = fs_open(type);
  if (context < 0) return -1;
  fs_config(context, CONFIG_STRING, "source", type); /* what df and mount show in their first column */
  for (const char *at = data; *at != '\0';) {
    size_t length = strcspn(at, ",");
    if (length > 0 && set_piece(context, at, length, words) < 0) {
      int error = errno;
      close(context);
      errno = error;
      return -1;
    }
    at += length + (at[length] == ',');
  }
  return context;
}

int filesystem_create(int context, uint64_t attributes, struct kernel_words *words) {
  int mount = fs_config(context, CONFIG_CREATE, NULL, NULL);
  if (mount == 0) mount = fs_mount(context, attributes);
  if (mount < 0) take_words(context, words);
  int error = errno;
  close(context);
  errno = error;
  return mount;
}
