import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { readBlob } from '../image/blobs.ts'
import { findImage, matchImage } from '../image/find.ts'
import { formatReference, fullName, parseReference, type Reference } from '../image/reference.ts'
import { type RemoteManifest, remoteManifest } from '../image/remote-manifest.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { warning } from '../system/log.ts'
import { openContext } from '../system/open-context.ts'
import { writeOut } from '../system/output.ts'
import { printLines } from './print.ts'

export const manifestInspect = command({
  name: 'manifest inspect',
  summary: 'Show the manifest, or the list of manifests, that a registry has under a name',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST]',
  options: optionTable({
    insecure: { type: 'boolean', description: 'Over plain http too, and with certificates that are not verified' },
    local: { type: 'boolean', description: 'Of the image that is here; an id always means that' },
    raw: { type: 'boolean', description: 'Byte for byte, as it came' },
    verbose: { type: 'boolean', short: 'v', description: 'With digests, sizes, and the manifests of a list' },
  }),
  positionals: { min: 1, max: 1, complete: 'image' },
  async run({ options, positionals }, globals) {
    const name = positionals[0]!
    const context = await openContext(globals)
    const local = options.local || /^(sha256:)?[0-9a-f]{12,64}$/.test(name)
    const found = local ? undefined : await remote(context, parseReference(name), options)
    const bytes =
      found?.bytes ?? (await readBlob(context, (await matchImage(context, name))?.reference?.index?.digest ?? (await findImage(context, name)).manifestDigest))
    if (options.raw) writeOut(bytes)
    else printLines([found !== undefined && options.verbose ? verbose(parseReference(name), found) : pretty(JSON.parse(bytes.toString('utf8')))])
    return 0
  },
})

/** Undefined: the registry has it not, and it is here. */
async function remote(
  context: Context,
  reference: Reference,
  { insecure, verbose }: { insecure: boolean; verbose: boolean },
): Promise<RemoteManifest | undefined> {
  const config = insecure
    ? { ...context.config, 'insecure-registries': [...(context.config['insecure-registries'] ?? []), reference.registry] }
    : context.config
  try {
    return await remoteManifest({ ...context, config }, reference, { members: verbose })
  } catch (error) {
    if (!(error instanceof LichenError) || (await matchImage(context, formatReference(reference))) === undefined) throw error
    warning(`${error.message}; this is the manifest of the image that is here`)
    return undefined
  }
}

const pretty = (value: unknown) => JSON.stringify(value, null, '\t')

/** Docker's document of each manifest. */
function verbose(reference: Reference, found: RemoteManifest): string {
  const describe = ({ bytes, digest, mediaType }: Omit<RemoteManifest, 'members'>, platform: unknown, ref: string) => ({
    Ref: ref,
    Descriptor: { mediaType, digest, size: bytes.length, ...(platform === undefined ? {} : { platform }) },
    Raw: bytes.toString('base64'),
    [mediaType.includes('oci') ? 'OCIManifest' : 'SchemaV2Manifest']: JSON.parse(bytes.toString('utf8')) as unknown,
  })
  if (found.parsed.kind === 'manifest') return pretty(describe(found, undefined, formatReference(reference)))
  const { manifests } = found.parsed.index
  return pretty(found.members.map((member, at) => describe(member, manifests[at]?.platform, `${fullName(reference)}@${member.digest}`)))
}
