type Environment = Readonly<Record<string, string | undefined>>

const proxies = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy']

/** `--env-host` and `--http-proxy`: what is handed on of the caller's own variables. */
export function callerEnv(caller: Environment, { all, proxy }: { all: boolean; proxy: boolean }): string[] {
  const wanted = (name: string) => all || (proxy && proxies.includes(name.toLowerCase()))
  return Object.entries(caller).flatMap(([name, value]) => (value !== undefined && wanted(name) ? [`${name}=${value}`] : []))
}
