import { join } from 'node:path'

/** Builds. buildah stands on overlay too, and its RUN needs no cgroup: it is executed when nobody measures. */
export function buildCases(box) {
  const root = join(box.folder, 'builds')
  const contenders = (name, ...more) => [
    { name: 'lichen (standalone)', argv: [box.standalone, 'build', '-q', ...more, join(root, name)] },
    { name: 'lichen (Node)', argv: [box.node, 'build', '-q', ...more, join(root, name)] },
    ...(box.has('buildah') ? [{ name: 'buildah', argv: [...buildah, 'bud', '--layers', '--isolation', 'chroot', '-q', ...more, join(root, name)] }] : []),
  ]
  const buildah = ['buildah', '--storage-driver', 'overlay', '--root', join(root, 'storage'), '--runroot', join(root, 'run')]
  const tidy = () => {
    box.run([box.standalone, 'builder', 'prune', '-f'])
    if (box.has('buildah')) box.run([...buildah, 'rmi', '--prune', '--force'])
  }
  const afresh = (name) => ({
    base: 'buildah',
    prepare: () => makeContexts(box, root, buildah),
    contenders: () => contenders(name, '--no-cache'),
    rounds: 5,
    tidy,
  })
  return [
    {
      name: 'build of 20 steps, all of them cached',
      base: 'buildah',
      prepare: () => makeContexts(box, root, buildah),
      contenders: () => contenders('cached'),
      tidy,
    },
    { name: 'build of 10 steps that only copy', ...afresh('files') },
    { name: 'build of one COPY of 20000 files', ...afresh('many') },
  ].map((one) => ({ ...one, end: () => box.has('buildah') && box.run(['buildah', 'unshare', 'rm', '-rf', root]) }))
}

let made = false

function makeContexts(box, root, buildah) {
  if (made) return
  made = true
  box.sh(`
    mkdir -p ${root}/cached ${root}/files ${root}/many; cd ${root}
    for i in $(seq 20); do echo $i >cached/f$i; head -c 20000 /dev/urandom >files/f$i; done
    (echo FROM bench; for i in $(seq 5); do echo "COPY f$i /d/"; echo "WORKDIR /w$i"; echo "ENV K$i=v"; echo "RUN true >/r$i"; done) >cached/Dockerfile
    for i in $(seq 3); do mkdir files/d$i; for j in $(seq 100); do head -c 2000 /dev/urandom >files/d$i/$j; done; done
    (echo FROM bench; for i in $(seq 3); do echo "COPY f$i /x/"; echo "COPY d$i /y$i/"; echo "WORKDIR /w$i"; done; echo "COPY f9 /z") >files/Dockerfile
    (echo FROM bench; echo COPY tree /tree) >many/Dockerfile
    head -c 4000 /dev/urandom >some
    for i in $(seq 200); do
      mkdir -p many/tree/$i
      for j in $(seq 100); do head -c $((100 + (i * j) % 3900)) some >many/tree/$i/$j; done
    done`)
  if (box.has('buildah'))
    box.sh(
      `c=$(${buildah.join(' ')} from scratch); ${buildah.join(' ')} add -q $c rootfs.tar / >/dev/null; ${buildah.join(' ')} config --env PATH=/bin $c; ${buildah.join(' ')} commit -q $c bench >/dev/null; ${buildah.join(' ')} rm $c >/dev/null`,
    )
}
