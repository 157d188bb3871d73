/** What a registry wants of a client, from a WWW-Authenticate header. No I/O. */
export type Challenge = { scheme: 'basic'; realm: string } | { scheme: 'bearer'; realm: string; service: string; scope: string; error: string }

/** Every challenge that lichen can meet, in the order given. Others, and what can't be read, are passed over. */
export function parseChallenges(header: string): Challenge[] {
  const found: Challenge[] = []
  for (const { scheme, parameters } of split(header)) {
    const get = (name: string) => parameters.get(name) ?? ''
    if (scheme === 'basic') found.push({ scheme, realm: get('realm') })
    if (scheme === 'bearer' && parameters.has('realm'))
      found.push({ scheme, realm: get('realm'), service: get('service'), scope: get('scope'), error: get('error') })
  }
  return found
}

/** RFC 9110, 11.6.1: schemes and their parameters stand in one list with commas; only a parameter has a "=". */
function split(header: string): { scheme: string; parameters: Map<string, string> }[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = []
  const token = /[\s,]*([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/y
  for (let match = token.exec(header); match !== null; match = token.exec(header)) {
    const [, name = '', quoted, plain] = match
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain
    if (value === undefined) challenges.push({ scheme: name.toLowerCase(), parameters: new Map() })
    else challenges.at(-1)?.parameters.set(name.toLowerCase(), value)
  }
  return challenges
}
