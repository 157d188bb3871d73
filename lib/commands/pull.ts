import { command } from '../cli/command.ts'
import { type OptionValues, optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { recordPull } from '../engine/record-event.ts'
import { matchImage } from '../image/find.ts'
import { loadPlace } from '../image/load-place.ts'
import type { Platform } from '../image/manifest.ts'
import { type FilePlace, findPlace } from '../image/place.ts'
import { parsePlatform } from '../image/platform.ts'
import { type Pulled, pullImage } from '../image/pull.ts'
import { closingLines, digestLine, statusLine } from '../image/pull-lines.ts'
import { familiarName, familiarReference, formatReference, fullName, parseReference, type Reference } from '../image/reference.ts'
import { listRemoteTags } from '../image/remote-tags.ts'
import type { Identity } from '../plan/plan.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { hostIdentity } from '../system/identity.ts'
import { warning } from '../system/log.ts'
import { openContext } from '../system/open-context.ts'
import { outputStream } from '../system/output.ts'
import { printLines } from './print.ts'
import { type PullProgress, pullProgress } from './pull-progress.ts'

const policies = ['always', 'missing', 'never', 'newer']

const options = optionTable({
  'all-tags': { type: 'boolean', short: 'a', description: 'Download all tagged images in the repository' },
  platform: { type: 'string', metavar: 'string', description: 'For another machine: os/architecture[/variant]' },
  policy: {
    type: 'string',
    metavar: 'string',
    default: 'always',
    description: 'always, missing (only what is not here), never, newer (as always, but what is here will do without the registry)',
  },
  quiet: { type: 'boolean', short: 'q', description: 'Print the name at the end and nothing else' },
  'squash-ids': { type: 'boolean', description: "What belongs to ids that you do not have is nobody's" },
  'disable-content-trust': { type: 'boolean', default: true, hidden: true, description: 'Signatures by notary are not verified' },
})

interface PullWish {
  context: Context
  identity: Identity
  platform: Platform | undefined
  quiet: boolean
}

export const pull = command({
  name: 'pull',
  summary: 'Download an image from a registry, or take it from a layout or an archive',
  usage: '[OPTIONS] NAME[:TAG|@DIGEST] | oci:DIR[:TAG] | oci-archive:FILE | docker-archive:FILE | dir:DIR',
  options,
  positionals: { min: 1, max: 1, complete: 'image' },
  async run({ options, positionals }, globals) {
    if (!policies.includes(options.policy)) throw usageError(`unknown policy ${JSON.stringify(options.policy)} for --policy`, policies.join(', '))
    const platform = options.platform === undefined ? undefined : parsePlatform(options.platform)
    const place = await findPlace(positionals[0]!)
    const reference = place.kind === 'registry' ? { ...parseReference(place.name), written: place.name } : undefined
    const context = await openContext(globals)
    if (options['squash-ids']) context.config['squash-ids'] = true
    const wish: PullWish = { context, identity: await hostIdentity(context), platform, quiet: options.quiet }
    if (place.kind !== 'registry') printLines([await pullPlace(wish, place)])
    else if (reference !== undefined) printLines([await pullName(wish, reference, options)])
    return 0
  },
})

/** Gives what is printed at the end. */
async function pullName(
  wish: PullWish,
  reference: Reference & { written: string },
  { policy, quiet, 'all-tags': all }: OptionValues<typeof options>,
): Promise<string> {
  const tagged = /:[^/]*$/.test(reference.written)
  if (all) {
    if (tagged) throw usageError("tag can't be used with --all-tags/-a", 'leave the tag out', 1)
    const pulled = await pullAllTags(wish, reference)
    const name = familiarName(reference)
    if (!quiet) printLines([statusLine(pulled, name)])
    return fullName(reference)
  }
  if (!(await mayStay(wish.context, policy, reference))) {
    if (!tagged && !quiet) printLines(['Using default tag: latest'])
    await pullOne(wish, reference).catch((error: unknown) => orHere(wish.context, policy, reference, error))
  }
  return formatReference(reference)
}

/** With `newer`, what is here will do where the registry can't be asked. */
async function orHere(context: Context, policy: string, reference: Reference, error: unknown): Promise<void> {
  const here = policy === 'newer' && error instanceof LichenError && (await matchImage(context, formatReference(reference))) !== undefined
  if (!here) throw error
  warning(`the image that is here stays: ${error.message}`)
}

/** Whether the policy leaves what is here as it is. Throws IMAGE_NOT_FOUND where it allows nothing else. */
async function mayStay(context: Context, policy: string, reference: Reference): Promise<boolean> {
  if (policy !== 'missing' && policy !== 'never') return false
  const here = (await matchImage(context, formatReference(reference))) !== undefined
  if (!here && policy === 'never')
    throw new LichenError(`No such image: ${familiarReference(reference)}`, { code: 'IMAGE_NOT_FOUND', hint: '--policy missing would bring it' })
  return here
}

async function pullOne({ context, identity, platform, quiet }: PullWish, reference: Reference, closing = closingLines): Promise<Pulled> {
  const work = async (onEvent: Listener) => ({ ...(await pullImage({ context, identity, reference, platform, onEvent })), name: familiarReference(reference) })
  const pulled = await shown(quiet, work, closing)
  await recordPull(context.paths, familiarReference(reference))
  return pulled
}

/** As Docker's, it tells the status once, of all together. */
async function pullAllTags(wish: PullWish, reference: Reference): Promise<{ upToDate: boolean }> {
  const tags = await listRemoteTags(wish.context, reference)
  if (tags.length === 0) {
    throw new LichenError(`repository ${fullName(reference)} has no tags`, {
      code: 'MANIFEST_UNKNOWN',
      hint: 'an image without a tag is pulled by its digest: NAME@sha256:...',
    })
  }
  let upToDate = true
  for (const tag of tags) {
    const pulled = await pullOne(wish, parseReference(`${fullName(reference)}:${tag}`), ({ digest }) => [digestLine(digest)])
    upToDate &&= pulled.upToDate
  }
  return { upToDate }
}

/** From a layout or an archive. Gives the name that the image has got. */
async function pullPlace({ context, identity, platform, quiet }: PullWish, place: FilePlace): Promise<string> {
  const { name } = await shown(quiet, (onEvent) => loadPlace({ context, identity, place, platform, onEvent }))
  return formatReference(parseReference(name))
}

type Listener = PullProgress['event'] | undefined
type Named = Pulled & { name: string }

async function shown(quiet: boolean, work: (onEvent: Listener) => Promise<Named>, closing = closingLines): Promise<Named> {
  const progress = quiet ? undefined : pullProgress(outputStream(1))
  try {
    const pulled = await work(progress?.event)
    progress?.finish()
    if (!quiet) printLines(closing(pulled, pulled.name))
    return pulled
  } finally {
    progress?.finish()
  }
}
