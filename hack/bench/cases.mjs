/** What is measured. A contender that is not installed is not in the table. */
export function cases(box) {
  const lichens = (...words) => [
    { name: 'lichen (standalone)', argv: [box.standalone, ...words] },
    { name: 'lichen (Node)', argv: [box.node, ...words] },
  ]
  const podman = (...words) => (box.has('podman') ? [{ name: 'podman', argv: ['podman', ...words] }] : [])
  const bwrap = ['bwrap', '--unshare-all', '--bind', box.rootfs, '/', '--proc', '/proc', '--dev', '/dev', '/bin/true']
  const small = [
    ...(box.has('bwrap') ? [{ name: 'bubblewrap', argv: bwrap }] : []),
    ...(box.has('ch-run') ? [{ name: 'ch-run', argv: ['ch-run', box.rootfs, '--', '/bin/true'] }] : []),
    { name: 'floor', argv: [box.floor, box.rootfs, `${box.folder}/fl`, '/bin/true'] },
  ]
  return [
    {
      name: 'run --rm --network none',
      contenders: [...lichens('run', '--rm', '--network', 'none', 'bench', 'true'), ...podman('run', '--rm', '--network', 'none', 'bench', 'true'), ...small],
    },
    {
      name: 'run --rm with slirp4netns',
      contenders: [...lichens('run', '--rm', 'bench', 'true'), ...podman('run', '--rm', '--network', 'slirp4netns', 'bench', 'true')],
    },
    {
      name: 'exec true',
      prepare: () => startSleepers(box, 1),
      contenders: [...lichens('exec', 'sleeper0', 'true'), ...podman('exec', 'sleeper0', 'true')],
      tidy: () => removeAll(box),
    },
    {
      name: 'ps with 1 container',
      prepare: () => startSleepers(box, 1),
      contenders: [...lichens('ps'), ...podman('ps')],
      tidy: () => removeAll(box),
    },
    {
      name: 'ps with 100 containers',
      prepare: () => startSleepers(box, 100),
      contenders: [...lichens('ps'), ...podman('ps')],
      tidy: () => removeAll(box),
    },
    {
      name: '100 containers by 4 clients, listed, removed',
      rounds: 3,
      contenders: [{ name: 'lichen (standalone)', argv: crowd(box.standalone) }, ...(box.has('podman') ? [{ name: 'podman', argv: crowd('podman') }] : [])],
    },
    {
      name: 'logs of 100 MB, thrown away',
      prepare: () => writeMuch(box),
      contenders: [...lichens('logs', 'much'), ...podman('logs', 'much')],
    },
    {
      name: 'logs of 100 MB, into a pipe',
      contenders: [...lichens('logs', 'much'), ...podman('logs', 'much')].map(({ name, argv }) => ({ name, argv: ['sh', '-c', '"$@" | cat', 'sh', ...argv] })),
      tidy: () => removeAll(box),
    },
  ]
}

/** Fails where not all of them are found running, or something is left. */
const crowd = (tool) => [
  'sh',
  '-euc',
  `seq 100 | xargs -P 4 -I {} ${tool} run -d --network none --name crowd{} bench sleep 10000
   test "$(${tool} ps -q | wc -l)" = 100
   ${tool} rm -f -a ${tool === 'podman' ? '-t 0' : ''}
   test -z "$(${tool} ps -a -q)"`,
]

function writeMuch(box) {
  const line = 'a line of a log, which is neither very long nor very short, as they are in the logs of most of what people run in here'
  for (const tool of [box.standalone, ...(box.has('podman') ? ['podman'] : [])]) {
    box.sh(`${tool} run --network none --name much bench sh -c 'yes "${line}" | head -c 100000000' >/dev/null`)
  }
}

function startSleepers(box, count) {
  for (const tool of [box.standalone, ...(box.has('podman') ? ['podman'] : [])]) {
    box.sh(`for i in $(seq 0 ${count - 1}); do ${tool} run -d --network none --name sleeper$i bench sleep 10000 >/dev/null; done`)
  }
}

function removeAll(box) {
  box.run([box.standalone, 'rm', '-f', '-a'])
  if (box.has('podman')) box.run(['podman', 'rm', '-f', '-a', '-t', '0'])
}
