import { allocateContainer } from '../container/allocate.ts'
import type { ContainerRecord } from '../container/record.ts'
import type { ContainerView } from '../container/view.ts'
import type { ImageConfig } from '../image/manifest.ts'
import { familiarReference, parseReference } from '../image/reference.ts'
import { type ImageWish, resolveImage } from '../image/resolve.ts'
import { whileArriving } from '../image/store.ts'
import { parseNetworkMode } from '../network/mode.ts'
import { choosePorts } from '../network/ports.ts'
import { isCdiName } from '../plan/cdi.ts'
import { checkOptions } from '../plan/check-options.ts'
import type { CreateOptions, PortOption } from '../plan/options.ts'
import { secretMounts } from '../plan/secret-mounts.ts'
import { chooseDriver } from '../storage/choose.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { existsSync } from '../system/fs.ts'
import { kernelRelease } from '../system/kernel.ts'
import { warning } from '../system/log.ts'
import { randomHex } from '../system/random.ts'
import { warnOncePerBoot } from '../system/say-once.ts'
import { traced } from '../system/trace.ts'
import { type ContainerIdentity, containerIdentity, resolveIdMaps } from './identity.ts'
import { chooseLog } from './log-plan.ts'
import { decideMounts, makeVolumes, requireSources } from './mounts.ts'
import { recordContainerEvent, recordPull } from './record-event.ts'
import { removeContainer } from './remove.ts'
import { rootfsFolder } from './rootfs-folder.ts'
import { inlineSeccompProfiles } from './seccomp-profile.ts'
import { defaultShmSize } from './shm-size.ts'
import { signalNumber } from './stop-signal.ts'
import { timezoneMounts } from './timezone.ts'
import { volumesFrom } from './volumes-from.ts'

/**
 * Makes a container that can be started: the image is here and unpacked, volumes exist, ports are chosen,
 * the record and the name are written. Nothing runs, nothing is mounted.
 * `progress` gives who is told of a pull.
 */
export async function createContainer(context: Context, wish: CreateOptions, progress: ImageWish['progress']): Promise<ContainerView> {
  const shmSize = wish.shmSize ?? defaultShmSize(context.config)
  const idMaps = await resolveIdMaps(context, wish.idMaps)
  const options = { ...wish, shmSize, idMaps, ...chooseLog(context, wish), securityOpt: await inlineSeccompProfiles(wish.securityOpt) }
  if (options.stopSignal !== undefined) signalNumber(options.stopSignal, 125)
  if (options.limits.cpus !== undefined || options.limits.cpusetCpus !== undefined) (await import('./host-limits.ts')).checkAgainstHost(options.limits)
  await warnOfLabels(context, options)
  const identity = await containerIdentity(context, options)
  if (options.secrets.length > 0) secretMounts((await (await import('./secrets.ts')).containerSecrets(context, options)).files)
  // From the look at the image to the record that names its layers, no collector may take them.
  const { record, paths } = await whileArriving(context, () => draftContainer(context, options, identity, progress))
  const view: ContainerView = { record, paths, status: 'created', live: undefined, exit: undefined }
  try {
    // Behind the record, which names them: after a crash in between they are removed with the container.
    await makeVolumes(context, identity.store, record.mounts)
  } catch (error) {
    await removeContainer(context, view, { force: false, volumes: true })
    throw error
  }
  await recordContainerEvent(view, 'create')
  return view
}

/** Where SELinux is off, labels mean nothing to Docker as well. */
async function warnOfLabels(context: Context, { volumes }: CreateOptions): Promise<void> {
  if (!volumes.some(({ options }) => options.includes('z') || options.includes('Z'))) return
  if (existsSync('/sys/fs/selinux/enforce'))
    await warnOncePerBoot(context, 'labels', () => ':z and :Z change nothing: lichen sets no SELinux labels. chcon -Rt container_file_t DIR does')
}

async function draftContainer(context: Context, options: CreateOptions, identity: ContainerIdentity, progress: ImageWish['progress']) {
  const { image, config: imageConfig } = await source(context, options, identity, progress)
  await timezoneMounts(options.timezone)
  if (options.devices.some(isCdiName)) await (await import('./cdi.ts')).cdiDevices(options)
  const images = options.volumes.some(({ type }) => type === 'image')
    ? await (await import('./image-mounts.ts')).mountedImages(context, options, identity, progress)
    : new Map<string, never>()
  const mounts = decideMounts(context, options, imageConfig, { inherited: await volumesFrom(context, options.volumesFrom), images })
  checkOptions({ options, image: { config: imageConfig }, mounts, kernelRelease: kernelRelease() })
  await requireSources(mounts)
  const { driver } = identity.needsSquash ? { driver: 'fuse-overlayfs' as const } : await chooseDriver({ context, identity: identity.store })
  const draft: Omit<ContainerRecord, 'name'> = {
    version: 1,
    id: randomHex(32),
    created: new Date().toISOString(),
    image,
    storageDriver: driver,
    options,
    ports: await choosePorts(publishedPorts(options, exposedPorts(imageConfig, options))),
    mounts,
  }
  return allocateContainer(context, { ...draft, name: options.name }, () => ({}))
}

/** The image, or with --rootfs the folder that takes its place. */
async function source(
  context: Context,
  options: CreateOptions,
  identity: ContainerIdentity,
  progress: ImageWish['progress'],
): Promise<{ image: ContainerRecord['image']; config: ImageConfig }> {
  if (options.rootfs) {
    if (identity.needsSquash) {
      const hint = 'without them, root of the container is you'
      throw new LichenError("--rootfs and --userns or --uidmap do not go together: the folder's files can't be shown with other owners", {
        code: 'USERNS_UNSUPPORTED',
        hint,
      })
    }
    return { image: { id: '', reference: await rootfsFolder(options.image), config: {}, layers: [] }, config: {} }
  }
  let pulled = false
  const wish: ImageWish = {
    context,
    identity: identity.store,
    reference: options.image,
    pull: options.pull,
    ...(options.platform === undefined ? {} : { platform: options.platform }),
    progress: () => {
      pulled = true
      return progress()
    },
  }
  const { id, layers, configuration } = await traced('find the image', () => resolveImage(wish))
  if (pulled) await recordPull(context.paths, familiarName(options.image))
  const config = configuration.config ?? {}
  return { image: { id, reference: options.image, config, layers }, config }
}

/** With its tag; `docker://NAME` and its kin have no other. */
function familiarName(name: string): string {
  try {
    return familiarReference(parseReference(name))
  } catch {
    return name
  }
}

/** The image's, and those of `--expose`. */
const exposedPorts = (image: ImageConfig, { expose = [] }: CreateOptions): Record<string, object> => ({
  ...image.ExposedPorts,
  ...Object.fromEntries(expose.map((port) => [port, {}])),
})

/** `-p`, and with `-P` whatever the image exposes on top. */
function publishedPorts(options: CreateOptions, exposed: Record<string, object>): PortOption[] {
  const mode = parseNetworkMode(options.network)
  const wanted = [...options.publish]
  if (options.publishAll) {
    for (const port of Object.keys(exposed)) {
      const [number, protocol = 'tcp'] = port.split('/')
      const containerPort = Number(number)
      if (protocol !== 'tcp' && protocol !== 'udp') continue
      if (wanted.some((other) => other.containerPort === containerPort && other.protocol === protocol)) continue
      wanted.push({ hostIp: '', hostPort: undefined, containerPort, protocol })
    }
  }
  if (wanted.length > 0 && mode.kind === 'container') {
    throw new LichenError('conflicting options: port publishing and the container type network mode', { code: 'CONFLICTING_OPTIONS' })
  }
  // As Docker: with --network host or none a published port means nothing, and for the one it says so.
  if (wanted.length > 0 && mode.kind === 'host') warning('Published ports are discarded when using host network mode')
  return mode.kind === 'slirp4netns' ? wanted : []
}
