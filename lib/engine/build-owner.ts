import { readEntries } from '../image/entry-records.ts'
import { packFiles, statFiles, type ViewInput } from '../runtime/view.ts'
import { LichenError } from '../system/errors.ts'

const FILE_MAX = 1 << 20

/** `--chown=USER[:GROUP]`, names by the files of the image; undefined where nothing was said. A number alone is a group of that number too. */
export async function ownerIn(files: ViewInput, chown: string): Promise<{ uid: number; gid: number } | undefined> {
  if (chown === '') return undefined
  const colon = chown.indexOf(':')
  const [user, group] = colon === -1 ? [chown, ''] : [chown.slice(0, colon), chown.slice(colon + 1)]
  const entry = /^\d+$/.test(user) ? undefined : user === '' ? ['', '', '0', '0'] : await entryIn(files, '/etc/passwd', user)
  if (entry === undefined && !/^\d+$/.test(user)) throw noSuch('user', user, '/etc/passwd')
  const uid = entry === undefined ? id(user) : id(entry[2] ?? '')
  if (group === '') return { uid, gid: entry === undefined ? uid : id(entry[3] ?? '') }
  if (/^\d+$/.test(group)) return { uid, gid: id(group) }
  const found = await entryIn(files, '/etc/group', group)
  if (found === undefined) throw noSuch('group', group, '/etc/group')
  return { uid, gid: id(found[2] ?? '') }
}

function id(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value < 0xffffffff) return value
  throw new LichenError(`${JSON.stringify(text)} is not an id`, { code: 'BAD_OWNER', exitCode: 1 })
}

const noSuch = (what: string, name: string, file: string) =>
  new LichenError(`unable to find ${what} ${name}: no matching entries in ${file}`, { code: 'BAD_OWNER', exitCode: 1, hint: 'a number needs no entry' })

async function entryIn(files: ViewInput, path: string, name: string): Promise<string[] | undefined> {
  const [found] = await statFiles({ ...files, paths: [path], follow: true })
  if (found?.type !== 'file') return undefined
  if (found.size > FILE_MAX) throw new LichenError(`${path} of the image is too large`, { code: 'BAD_OWNER', exitCode: 1 })
  const parts: Buffer[] = []
  for await (const item of readEntries(packFiles({ ...files, path, name: '', follow: true }))) if ('data' in item) parts.push(Buffer.from(item.data))
  const lines = Buffer.concat(parts).toString('utf8').split('\n')
  return lines.map((line) => line.split(':')).find(([first]) => first === name)
}
