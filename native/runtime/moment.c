#include "moment.h"

#include <time.h>

struct date {
  unsigned long long year, month, day;
};

/* Not gmtime_r, which reads files of the host's time zone. Years start in March here: so the leap day is the last of one. */
static struct date date_of(unsigned long long days_since_1970) {
  unsigned long long days = days_since_1970 + 719468, era = days / 146097, day = days % 146097; /* since 0000-03-01; eras of 400 years */
  unsigned long long year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  unsigned long long of_year = day - (365 * year + year / 4 - year / 100), month = (5 * of_year + 2) / 153;
  return (struct date){
      .year = era * 400 + year + (month >= 10),
      .month = month < 10 ? month + 3 : month - 9,
      .day = of_year - (153 * month + 2) / 5 + 1,
  };
}

static char *put(char *text, unsigned long long value, int digits, char after) {
  for (int i = digits - 1; i >= 0; i--, value /= 10) text[i] = (char)('0' + value % 10);
  text[digits] = after;
  return text + digits + 1;
}

void moment_now(char text[MOMENT_LENGTH + 1]) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  unsigned long long seconds = (unsigned long long)now.tv_sec;
  struct date date = date_of(seconds / 86400);
  text = put(text, date.year, 4, '-');
  text = put(text, date.month, 2, '-');
  text = put(text, date.day, 2, 'T');
  text = put(text, seconds / 3600 % 24, 2, ':');
  text = put(text, seconds / 60 % 60, 2, ':');
  text = put(text, seconds % 60, 2, '.');
  text = put(text, (unsigned long long)now.tv_nsec, 9, 'Z');
  *text = '\0';
}
