#include "users.h"

#include <errno.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"
#include "report.h"

#define NAME_LIMIT 256

/* 4294967295 is "no id". */
static bool parse_id(const char *text, uint32_t *id) {
  uint64_t value = 0;
  if (*text == '\0') return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9') return false;
    value = value * 10 + (uint64_t)(*text - '0');
    if (value >= UINT32_MAX) return false;
  }
  *id = (uint32_t)value;
  return true;
}

static bool is_number(const char *text) { return *text != '\0' && text[strspn(text, "0123456789")] == '\0'; }

static _Noreturn __attribute__((format(printf, 2, 3))) void refuse(const char *subject, const char *format, ...) {
  char detail[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(detail, sizeof detail, format, arguments);
  va_end(arguments);
  fail("user", EINVAL, subject, detail, "user(%s)", subject);
}

/* A name, or a number: which is an id whether anybody has it or not. */
struct wanted {
  const char *name;
  uint32_t id;
  bool by_id;
};

static struct wanted want(const char *kind, const char *text) {
  struct wanted wanted = {.name = text, .by_id = is_number(text)};
  if (wanted.by_id && !parse_id(text, &wanted.id)) refuse(text, "%s %s is out of range: ids are below 4294967295", kind, text);
  return wanted;
}

/* Cuts `line` at colons; what is missing is "". */
static void split(char *line, char *fields[], size_t count) {
  static char nothing[1];
  for (size_t i = 0; i < count; i++) {
    fields[i] = line == NULL ? nothing : line;
    line = line == NULL ? NULL : strchr(line, ':');
    if (line != NULL) *line++ = '\0';
  }
}

/* The first line that fits counts. Its name goes to `name`, "" where there is none. */
static void find_user(int root, const struct wanted *wanted, struct user *user, char name[NAME_LIMIT]) {
  struct lines lines;
  bool found = false;
  *name = '\0';
  lines_open(&lines, root, "/etc/passwd");
  for (char *line; !found && (line = lines_next(&lines)) != NULL;) {
    char *fields[7];
    uint32_t uid, gid;
    split(line, fields, 7);
    if (!parse_id(fields[2], &uid) || !parse_id(fields[3], &gid)) continue;
    if (wanted->by_id ? uid != wanted->id : strcmp(fields[0], wanted->name) != 0) continue;
    found = true;
    user->uid = uid, user->gid = gid;
    if (strlen(fields[0]) < NAME_LIMIT) strcpy(name, fields[0]);
    if (fields[5][0] == '/' && strlen(fields[5]) < sizeof user->home) strcpy(user->home, fields[5]);
  }
  lines_close(&lines);
  if (!found && !wanted->by_id) refuse(wanted->name, "unable to find user %s: no matching entries in passwd file", wanted->name);
  if (!found) user->uid = wanted->id;
}

/* Once each among those that are asked for; an image that lists one again and again gets it so, and gains nothing. */
static void add_group(struct user *user, gid_t gid) {
  for (size_t i = 0; i < user->named; i++) {
    if (user->groups[i] == gid) return;
  }
  if (user->count < GROUPS_LIMIT) user->groups[user->count++] = gid;
}

static void add_named_group(struct user *user, gid_t gid) {
  add_group(user, gid);
  user->named = user->count;
}

static gid_t find_group(int root, const char *text) {
  struct wanted wanted = want("gid", text);
  if (wanted.by_id) return wanted.id;
  struct lines lines;
  uint32_t gid = 0;
  bool found = false;
  lines_open(&lines, root, "/etc/group");
  for (char *line; !found && (line = lines_next(&lines)) != NULL;) {
    char *fields[3];
    split(line, fields, 3);
    found = strcmp(fields[0], text) == 0 && parse_id(fields[2], &gid);
  }
  lines_close(&lines);
  if (!found) refuse(text, "unable to find group %s: no matching entries in group file", text);
  return gid;
}

static bool has_member(char *members, const char *name) {
  char *rest;
  for (char *member = strtok_r(members, ",", &rest); member != NULL; member = strtok_r(NULL, ",", &rest)) {
    if (strcmp(member, name) == 0) return true;
  }
  return false;
}

static void add_groups_of(int root, const char *name, struct user *user) {
  struct lines lines;
  lines_open(&lines, root, "/etc/group");
  for (char *line; (line = lines_next(&lines)) != NULL;) {
    char *fields[4];
    uint32_t gid;
    split(line, fields, 4);
    if (parse_id(fields[2], &gid) && has_member(fields[3], name)) add_group(user, gid);
  }
  lines_close(&lines);
}

void users_find(const struct plan *plan, int root, struct user *user) {
  char text[NAME_LIMIT], name[NAME_LIMIT];
  if (strlen(plan->user) >= sizeof text) refuse(plan->user, "the name of the user is too long");
  strcpy(text, plan->user);
  char *group = strchr(text, ':');
  if (group != NULL) *group++ = '\0';
  user->uid = 0, user->gid = 0, user->count = 0, user->named = 0;
  strcpy(user->home, "/");

  struct wanted wanted = want("uid", *text == '\0' ? "0" : text);
  find_user(root, &wanted, user, name);
  bool has_group = group != NULL && *group != '\0';
  if (has_group) user->gid = find_group(root, group);
  if (plan->keep_groups) return;
  add_named_group(user, user->gid);
  for (size_t i = 0; i < plan->groups.count; i++) add_named_group(user, find_group(root, plan->groups.at[i]));
  /* As Docker: who names a group gets no others. */
  if (!has_group && *name != '\0') add_groups_of(root, name, user);
}

static _Noreturn void not_mapped(const char *kind, uint32_t id) {
  char subject[16];
  snprintf(subject, sizeof subject, "%u", id);
  refuse(subject, "%s %u is not mapped: the user has no subordinate id for it (/etc/sub%s)", kind, id, kind);
}

/* setgroups(2) takes all or nothing, and tells not which one is not mapped. What only the image wishes is left out. */
static void take_groups(const struct user *user) {
  static gid_t mapped[GROUPS_LIMIT];
  size_t count = 0;
  if (setgroups(user->count, user->groups) == 0) return;
  if (errno == EPERM) {
    /* Denied in this user namespace: with a single id, by the kernel's rule. The host's groups stay. */
    if (user->named <= 1) return;
    refuse("", "group %u can't be added: without subordinate gids (/etc/subgid) nobody can be given groups", user->groups[1]);
  }
  for (size_t i = 0; i < user->count; i++) {
    if (setgroups(1, &user->groups[i]) == 0) mapped[count++] = user->groups[i];
    else if (i < user->named) not_mapped("gid", user->groups[i]);
  }
  if (setgroups(count, mapped) < 0) fail("user", errno, "", "", "setgroups(%zu)", count);
}

void users_become(const struct plan *plan, const struct user *user) {
  if (!plan->keep_groups) take_groups(user);
  if (setresgid(user->gid, user->gid, user->gid) < 0) {
    if (errno == EINVAL) not_mapped("gid", user->gid);
    fail("user", errno, plan->user, "", "setresgid(%u)", user->gid);
  }
  if (setresuid(user->uid, user->uid, user->uid) < 0) {
    if (errno == EINVAL) not_mapped("uid", user->uid);
    fail("user", errno, plan->user, "", "setresuid(%u)", user->uid);
  }
}
