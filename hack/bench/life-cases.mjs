import { idleMemory } from './idle-memory.mjs'

const PORT = 18_437
const DRIVERS = ['overlay', 'fuse-overlayfs', 'vfs']

/** What a container costs while it is there: memory, files in its root file system, its network, and lists of very many. */
export function lifeCases(box) {
  const podman = box.has('podman')
  const tools = [box.standalone, ...(podman ? ['podman'] : [])]
  return [
    {
      name: 'memory of an idle detached container with slirp4netns',
      measure: idleMemory,
      rounds: 5,
      contenders: [
        { name: 'lichen (standalone)', start: start(box.standalone, 'idle'), end: end(box.standalone, 'idle') },
        ...(podman ? [{ name: 'podman', start: start('podman', 'idle', '--network', 'slirp4netns'), end: end('podman', 'idle') }] : []),
      ],
    },
    {
      // podman has a key for each container, of which a user may have 200.
      name: 'ps with 1000 containers',
      base: 'lichen (Node)',
      rounds: 5,
      prepare: () => void box.sh(`seq 1000 | xargs -P 4 -I {} ${box.standalone} run -d --network none bench sleep 10000 >/dev/null`),
      contenders: [
        { name: 'lichen (standalone)', argv: [box.standalone, 'ps'] },
        { name: 'lichen (Node)', argv: [box.node, 'ps'] },
      ],
      tidy: () => void box.run([box.standalone, 'rm', '-f', '-a']),
    },
    ...fileCases(box, podman),
    {
      name: '500 MB into a published port',
      rounds: 5,
      prepare: () => void tools.map((tool, at) => box.sh(serve(tool, PORT + at))),
      contenders: tools.map((tool, at) => ({ name: tool === 'podman' ? 'podman' : 'lichen (standalone)', argv: ['sh', '-euc', send(PORT + at)] })),
      tidy: () => void tools.map((tool) => box.run(end(tool, 'server'))),
    },
  ]
}

/** Each in a new container; `host` is the same without one, in a folder of the disk that all are on. */
function fileCases(box, podman) {
  const works = {
    '5,000 small files made, read and removed': 'mkdir x; for i in $(seq 5000); do echo $i >x/$i; done; cat x/* >/dev/null; rm -r x',
    '500 MB written and read': 'dd if=/dev/zero of=y bs=1M count=500 2>/dev/null; cat y >/dev/null; rm y',
  }
  return Object.entries(works).map(([name, script]) => ({
    name: `files of the root file system: ${name}`,
    base: 'host',
    rounds: 5,
    contenders: [
      ...DRIVERS.map((driver) => ({
        name: `lichen, ${driver}`,
        argv: [box.standalone, '--storage-driver', driver, 'run', '--rm', '--network', 'none', 'bench', 'sh', '-euc', script],
      })),
      ...(podman ? [{ name: 'podman', argv: ['podman', 'run', '--rm', '--network', 'none', 'bench', 'sh', '-euc', script] }] : []),
      { name: 'host', argv: ['busybox', 'sh', '-euc', script] },
    ],
  }))
}

const start = (tool, name, ...flags) => [tool, 'run', '-d', '--name', name, ...flags, 'bench', 'sleep', '10000']
const end = (tool, name) => [tool, 'rm', '-f', ...(tool === 'podman' ? ['-t', '0'] : []), name]

/** The server reads until its client has said all, and the client waits for that. */
function serve(tool, port) {
  const network = tool === 'podman' ? '--network slirp4netns' : ''
  return `${tool} run -d --name server ${network} -p 127.0.0.1:${port}:5000 bench nc -ll -p 5000 -e cat >/dev/null`
}

const send = (port) => `head -c 500000000 /dev/zero | busybox nc 127.0.0.1 ${port} | wc -c | grep -qx 500000000`
