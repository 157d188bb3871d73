/* What a container's own namespaces hold before anything runs in them: names, loopback, sysctls; and the OOM score of its first process. */
#ifndef LICHEN_SETTINGS_H
#define LICHEN_SETTINGS_H

#include "plan.h"

/* Uses the host's /proc: before the pivot. Fails in stages "namespace", "network", "sysctl" and "sandbox". */
void settings_apply(const struct plan *plan);

/*
 * plan->oom_score_adj for this process, which its children inherit. Through the host's /proc, so for `exec` before the container's
 * mount namespace is entered; this process is dumpable for the moment, since else the file is the host's root's.
 */
void oom_score_set(const struct plan *plan);

#endif
