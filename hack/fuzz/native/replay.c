/* Hands each file of the folders on the command line to a target, once: what a fuzzer has found stays mended, with any compiler. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "survive.h"

int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const char *path) {
  FILE *file = fopen(path, "rb");
  must(file != NULL && fseek(file, 0, SEEK_END) == 0, path);
  long size = ftell(file);
  must(size >= 0 && size < (1l << 30) && fseek(file, 0, SEEK_SET) == 0, path);
  /* No byte more than there is, so that a read behind the end is seen. */
  uint8_t *data = malloc((size_t)size);
  must(size == 0 || (data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size), path);
  fclose(file);
  fprintf(stderr, "%s\n", path);
  LLVMFuzzerTestOneInput(data, (size_t)size);
  free(data);
}

static int is_file(const struct dirent *entry) { return entry->d_name[0] != '.'; }

int main(int argc, char *argv[]) {
  unsigned long count = 0;
  if (LLVMFuzzerInitialize != NULL) LLVMFuzzerInitialize(&argc, &argv);
  for (int i = 1; i < argc; i++) {
    struct dirent **found;
    int files = scandir(argv[i], &found, is_file, alphasort);
    must(files >= 0, argv[i]);
    for (int file = 0; file < files; file++, count++) {
      char path[4096];
      snprintf(path, sizeof path, "%s/%s", argv[i], found[file]->d_name);
      replay(path);
      free(found[file]);
    }
    free(found);
  }
  must(count > 0, "there is a corpus");
  printf("%lu inputs\n", count);
  return 0;
}
