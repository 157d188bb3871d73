/*
 * without-syscall CALL,... PROGRAM ARGUMENT...: executes the program on a kernel that does not have these system calls, given by name or number: they
 * answer ENOSYS. Without no_new_privs, which setuid helpers would not survive, and therefore as root.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MOST 60

int main(int argc, char **argv) {
  struct sock_filter filter[2 * MOST + 2] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
  unsigned short length = 1;
  int calls = 0;
  if (argc < 3) return fputs("usage: without-syscall CALL,... PROGRAM [ARGUMENT...]\n", stderr), 2;
  for (char *call = strtok(argv[1], ","); call != NULL; call = strtok(NULL, ",")) {
    char *end;
    long number = strtol(call, &end, 10);
    if (*end != '\0') number = seccomp_syscall_resolve_name(call);
    if (number < 0) return fprintf(stderr, "without-syscall: %s is no system call of this machine; newer ones go by number\n", call), 2;
    if (++calls > MOST) return fputs("without-syscall: too many calls\n", stderr), 2;
    filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
  }
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {length, filter};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) return perror("without-syscall: seccomp"), 2;
  execvp(argv[2], argv + 2);
  return perror(argv[2]), 127;
}
