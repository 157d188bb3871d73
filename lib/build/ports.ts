/** `80`, `53/udp`, `8000-8010/tcp`, as the configuration has them. Throws SyntaxError. */
export function exposedPorts(text: string): string[] {
  const [, first = '', last = first, protocol = 'tcp'] = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  const [from, to] = [Number(first), Number(last)]
  if (first === '' || from < 1 || to > 65535 || from > to) throw new SyntaxError(`invalid containerPort: ${text}`)
  return Array.from({ length: to - from + 1 }, (_, at) => `${from + at}/${protocol.toLowerCase()}`)
}
