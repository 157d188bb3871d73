import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { writeDockerArchive, writeLayout } from './images.mjs'
import { peakMemory } from './memory.mjs'
import { startRegistry } from './registry.mjs'

const shapes = {
  debian: { layers: 1, bytes: 120e6, ratio: 4 },
  small: { layers: 1, bytes: 60e6, large: 0, ratio: 4 },
  twenty: { layers: 20, bytes: 15e6, ratio: 4 },
  gigabyte: { layers: 10, bytes: 100e6, ratio: 1 },
}

const MANY = 200
const PEERS = 'skopeo + umoci'

/** What images take. Made, and brought into a registry on loopback, only when they are asked for. */
export function imageCases(box) {
  const images = imagesIn(box)
  const lichens = (...words) => [
    { name: 'lichen (standalone)', argv: [box.standalone, ...words] },
    { name: 'lichen (Node)', argv: [box.node, ...words] },
  ]
  const podman = (...words) => (box.has('podman') ? [{ name: 'podman', argv: ['podman', ...words] }] : [])
  const pulls = (shape) => [...lichens('pull', '-q', images.reference(shape)), ...podman('pull', '-q', '--tls-verify=false', images.reference(shape))]
  const ofPull = (name, shape, more = {}) => ({
    name,
    base: PEERS,
    prepare: () => images.offer(shape),
    contenders: () => pullers(box, images.reference(shape)),
    rounds: 5,
    ...more,
  })
  const many = { prepare: () => loadMany(box), tidy: () => removeMany(box) }
  const names = Array.from({ length: MANY }, (_, at) => `bench-many:${at}`)
  return [
    ofPull('pull of 1 layer as of a distribution', 'debian'),
    ofPull('pull of 1 layer of small files', 'small'),
    ofPull('pull of 20 layers', 'twenty'),
    {
      name: 'pull again, nothing new',
      async prepare() {
        const note = await images.offer('debian')
        for (const { argv } of pulls('debian')) box.succeed(argv)
        return note
      },
      contenders: () => pulls('debian'),
      tidy() {
        for (const { argv } of pulls('debian')) box.run([argv[0], 'rmi', '-f', images.reference('debian')])
      },
    },
    ofPull('memory of a pull of 1 GB', 'gigabyte', { measure: peakMemory, rounds: 1 }),
    { name: `images, of which there are ${MANY}`, ...many, contenders: () => [...lichens('images'), ...podman('images')] },
    {
      name: `rmi of ${MANY} images at once`,
      ...many,
      rounds: 3,
      contenders: () => [...lichens('rmi', ...names), ...podman('rmi', ...names)].map((one) => ({ ...one, reset: () => load(box, one.argv[0]) })),
    },
  ].map((one) => ({ ...one, end: images.end }))
}

/**
 * Each pull has a store of its own, which stays until the end: where files have just been removed ext4 is slow to make new ones, for whoever comes
 * next. It begins with nothing left to write to the disk: lichen alone waits until its files are there. PEERS does the same by two programs.
 */
function pullers(box, reference) {
  const afresh = (name, argv) => ({
    name,
    next() {
      const store = box.sh('mkdir -p home/stores; mktemp -d home/stores/XXXXXX')
      box.run(['sync', '-f', box.folder])
      return argv(join(box.folder, store))
    },
  })
  const script = (store) =>
    `skopeo copy -q --src-tls-verify=false docker://${reference} oci:${store}/layout:bench; umoci unpack --rootless --image ${store}/layout:bench ${store}/bundle`
  const podman = (store) => ['podman', '--root', `${store}/root`, '--runroot', `${store}/run`, 'pull', '-q', '--tls-verify=false', reference]
  return [
    afresh('lichen (standalone)', (store) => [box.standalone, '--root', `${store}/root`, 'pull', '-q', reference]),
    afresh('lichen (Node)', (store) => [box.node, '--root', `${store}/root`, 'pull', '-q', reference]),
    ...(box.has('podman') ? [afresh('podman', podman)] : []),
    afresh(PEERS, (store) => ['sh', '-euc', script(store)]),
  ]
}

function imagesIn(box) {
  const offered = new Map()
  let registry
  return {
    reference: (shape) => `${registry.host}/${shape}:bench`,
    async offer(shape) {
      for (const program of ['docker-registry', 'skopeo', 'umoci']) {
        if (!box.has(program)) throw new Error(`${program} is not installed: sudo apt-get install ${program}`)
      }
      registry ??= await startRegistry(box.folder)
      if (!offered.has(shape)) {
        const folder = join(box.folder, 'made')
        mkdirSync(folder)
        chmodSync(folder, 0o755)
        offered.set(shape, await writeLayout(folder, shapes[shape]))
        box.succeed(['skopeo', 'copy', '-q', '--dest-tls-verify=false', `oci:${folder}:bench`, `docker://${registry.host}/${shape}:bench`])
        rmSync(folder, { recursive: true })
      }
      return offered.get(shape)
    },
    end: () => registry?.stop(),
  }
}

function loadMany(box) {
  const folder = join(box.folder, 'many')
  if (!existsSync(`${folder}.tar`)) {
    writeDockerArchive(folder, MANY)
    box.succeed(['tar', '-C', folder, '-cf', `${folder}.tar`, '.'])
  }
  for (const tool of tools(box)) load(box, tool)
}

const load = (box, tool) => box.succeed([tool, 'load', '-q', '-i', join(box.folder, 'many.tar')])

function removeMany(box) {
  for (const tool of tools(box)) box.sh(`${tool} images -q bench-many | sort -u | xargs -r ${tool} rmi -f >/dev/null`)
}

const tools = (box) => [box.standalone, ...(box.has('podman') ? ['podman'] : [])]
