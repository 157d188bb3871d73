/* What the sanitizer is told, in the build that has it: the runtime is started without an environment. */
const char *__asan_default_options(void);

/*
 * Memory is left to the kernel. What is found goes to a file, since the monitor has closed stderr. UBSan knows no such file beside
 * AddressSanitizer: it traps (Makefile), and AddressSanitizer tells of the signal, with the place.
 */
const char *__asan_default_options(void) {
  return "detect_leaks=0:detect_stack_use_after_return=1:handle_sigill=1:exitcode=99:log_path=" SANITIZER_LOG;
}
