import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'

/**
 * Where the measurements happen: a folder of its own, an ordinary user (as root: lichen-test), a busybox image in the store of
 * each contender.
 */
export function makeBox() {
  const root = process.getuid() === 0
  const user = root ? 'lichen-test' : userInfo().username
  const folder = mkdtempSync('/tmp/lichen-bench-')
  const id = (flag) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))
  const home = join(folder, 'home')
  chmodSync(folder, 0o755)
  if (root) chownSync(folder, id('-u'), id('-g'))
  const prefix = root ? ['setpriv', `--reuid=${id('-u')}`, `--regid=${id('-g')}`, '--init-groups', '--'] : []
  const env = { PATH: process.env.PATH, HOME: home, USER: user, XDG_RUNTIME_DIR: join(folder, 'run'), LANG: 'C' }
  const box = {
    folder,
    standalone: resolve('dist/lichen'),
    node: resolve('bin/lichen'),
    floor: join(folder, 'floor'),
    rootfs: join(folder, 'rootfs'),
    /** Exit code; output is thrown away. */
    run(argv, more = {}) {
      const [file, ...rest] = [...prefix, ...argv]
      return spawnSync(file, rest, { stdio: 'ignore', env: { ...env, ...more }, cwd: folder }).status ?? 255
    },
    start(argv, more = {}) {
      const [file, ...rest] = [...prefix, ...argv]
      return spawn(file, rest, { stdio: 'ignore', env: { ...env, ...more }, cwd: folder })
    },
    /** Output of a command that has to succeed. */
    succeed(argv, input) {
      const [file, ...rest] = [...prefix, ...argv]
      const { status, stdout, stderr } = spawnSync(file, rest, { env, cwd: folder, input, encoding: 'utf8', maxBuffer: 1 << 28 })
      if (status !== 0) throw new Error(`${argv.join(' ')}: exit code ${status}\n${stderr}`)
      return stdout.trim()
    },
    sh: (script) => box.succeed(['sh', '-euc', script]),
    has: (program) => spawnSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' }).status === 0,
    remove() {
      box.run(['sh', '-c', `${box.standalone} rm -f -a; ${box.has('podman') ? 'podman rm -f -a -t 0' : ':'}`])
      box.run([box.standalone, 'rmi', '-f', 'bench'])
      if (box.has('podman')) box.run(['podman', 'unshare', 'rm', '-rf', home, join(folder, 'fl')])
      box.run(['rm', '-rf', home])
      rmSync(folder, { recursive: true, force: true })
    },
  }
  box.sh(`
    mkdir -p home run rootfs/bin rootfs/proc rootfs/dev rootfs/sys rootfs/tmp rootfs/home rootfs/etc fl/upper fl/work fl/merged; chmod 700 run
    touch rootfs/etc/passwd rootfs/etc/group rootfs/etc/hosts rootfs/etc/resolv.conf # ch-run mounts over them
    cp "$(command -v busybox)" rootfs/bin/busybox
    for name in true sleep sh cat yes head seq rm dd mkdir nc; do ln -s busybox rootfs/bin/$name; done
    tar -C rootfs -cf rootfs.tar .`)
  execFileSync('cc', ['-O2', '-static', '-o', box.floor, 'hack/bench/floor.c'])
  box.succeed([box.standalone, 'import', 'rootfs.tar', 'bench'])
  if (box.has('podman')) {
    try {
      box.succeed(['podman', 'import', 'rootfs.tar', 'bench'])
    } catch (error) {
      process.stderr.write(`podman is left out: ${error.message}\n`)
      box.has = (
        (has) => (program) =>
          program !== 'podman' && has(program)
      )(box.has)
    }
  }
  return box
}
