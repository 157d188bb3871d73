interface Listening {
  /** Descriptors that are given. */
  count: number
  /** Of the process that the service manager has started. */
  pid: number
  /** What its number will be in the container. */
  firstPid: number
}

/** The words of sd_listen_fds(3), said again for the container's process where a service manager has said them to ours. */
export function listenVariables(caller: Readonly<Record<string, string | undefined>>, { count, pid, firstPid }: Listening): string[] {
  const { LISTEN_FDS: fds = '', LISTEN_PID: to, LISTEN_FDNAMES: names } = caller
  if (count === 0 || to !== String(pid) || !/^[1-9]\d*$/.test(fds)) return []
  const given = Math.min(Number(fds), count)
  const kept = names?.split(':').slice(0, given)
  return [`LISTEN_FDS=${given}`, `LISTEN_PID=${firstPid}`, ...(kept === undefined ? [] : [`LISTEN_FDNAMES=${kept.join(':')}`])]
}
