import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { busyboxTar } from '../helpers/busybox-image.ts'
import { requireTool } from '../helpers/prerequisites.ts'
import { useSandbox } from '../helpers/sandbox.ts'

// The Dockerfiles of build-shapes.test.ts, built by buildah too: what comes out must be the same.

const box = useSandbox()
for (const tool of ['buildah', 'skopeo', 'umoci']) requireTool(tool)
const fixtures = fileURLToPath(new URL('../fixtures/builds', import.meta.url))
const contexts = join(box.files, 'builds')
/** Of root, outside of what is the test user's. */
const top = mkdtempSync('/tmp/lichen-buildah-')

const run = (file: string, ...args: string[]) => execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 })
const buildah = (...args: string[]) => run('buildah', '--root', join(top, 'storage'), '--runroot', join(top, 'run'), '--storage-driver', 'vfs', ...args).trim()

const [version = '', major = '0', minor = '0'] = /(\d+)\.(\d+)\.\d+/.exec(run('buildah', '--version')) ?? []
/** The first version 1.N that can read a shape. */
const since: Record<string, number> = { heredocs: 33, link: 41 }
const reads = (name: string) => Number(major) > 1 || Number(minor) >= (since[name] ?? 0)
const names = readdirSync(fixtures).filter((name) => name !== 'README.md')

beforeAll(async () => {
  if (process.getuid?.() !== 0) throw new Error('run this file as root: buildah and umoci make files of all owners')
  cpSync(fixtures, contexts, { recursive: true })
  // What git and the umask have made of the modes.
  run('chmod', '-R', 'u=rwX,go=rX', contexts)
  run('chown', '-R', `${box.user.uid}:${box.user.gid}`, contexts)
  mkdirSync(join(top, 'out'))
  const base = buildah('from', 'scratch')
  buildah('add', '--quiet', base, busyboxTar(top), '/')
  buildah('config', '--env', 'PATH=/bin', '--cmd', 'sh', base)
  buildah('commit', '--quiet', base, 'localhost/busybox')
})

afterAll(() => {
  rmSync(contexts, { recursive: true, force: true })
  rmSync(top, { recursive: true, force: true })
})

/** What buildah's runtime needs a place for, and leaves in the image: empty files and directories. */
const PLACES = /^(-\S+ +0\/0 +0 \.\/etc\/(hostname|hosts|resolv\.conf)|d\S+ +0\/0 +0 \.\/(run|mnt|proc|sys|dev)\/)$/

/** Names, types, modes, owners, sizes, link targets and attributes of all files, digests of their contents, and the configuration. */
function imageIn(source: string): object {
  const work = mkdtempSync(join(top, 'image-'))
  run('skopeo', 'copy', '--quiet', '--insecure-policy', source, `oci:${work}/layout:x`)
  run('umoci', 'unpack', '--image', `${work}/layout:x`, `${work}/bundle`)
  const root = `${work}/bundle/rootfs`
  run('tar', '-C', root, '--xattrs', '--xattrs-include=*', '--sort=name', '-cf', `${work}/tar`, '.')
  const listed = run('tar', '--xattrs', '--numeric-owner', '-tvvf', `${work}/tar`).replace(/ \d{4}-\d\d-\d\d \d\d:\d\d /g, ' ')
  const contents = run('sh', '-c', `cd ${root} && find . -type f -size +0 -print0 | sort -z | xargs -0 sha256sum`)
  const { config } = JSON.parse(run('skopeo', 'inspect', '--config', source)) as { config: Record<string, unknown> }
  const { 'io.buildah.version': _, ...labels } = (config['Labels'] ?? {}) as Record<string, string>
  // Newer ones say "/" where nobody has said anything, which is the same.
  const { WorkingDir: folder, ...others } = config
  const told = { ...others, WorkingDir: folder === '/' ? '' : folder, Labels: labels, Env: [...((config['Env'] ?? []) as string[])].sort() }
  const isThere = (value: unknown) => ![undefined, null, '', false].includes(value as never) && JSON.stringify(value) !== '{}'
  return {
    files: listed.split('\n').filter((line) => line !== '' && !PLACES.test(line)),
    contents: contents.trim().split('\n'),
    config: Object.fromEntries(Object.entries(told).filter(([, value]) => isThere(value))),
  }
}

function builtByBuildah(name: string, context: string): string {
  // Docker's format: OCI's has no ONBUILD, HEALTHCHECK and SHELL.
  const build = ['build', '--quiet', '--format', 'docker', '--isolation', 'chroot']
  if (existsSync(join(context, 'base.Dockerfile'))) buildah(...build, '-t', `${name}-base`, '-f', join(context, 'base.Dockerfile'), context)
  buildah(...build, '-t', name, context)
  const place = `dir:${join(top, 'out', name)}`
  buildah('push', '--quiet', '--format', 'docker', name, place)
  return place
}

async function builtByLichen(name: string, context: string): Promise<string> {
  if (existsSync(join(context, 'base.Dockerfile'))) await box.ok('build', '-q', '-t', `${name}-base`, '-f', join(context, 'base.Dockerfile'), context)
  const archive = join(box.files, `${name}.oci`)
  await box.ok('build', '-q', '--output', `type=oci,dest=${archive}`, context)
  return `oci-archive:${archive}`
}

test.each(names.filter(reads))(`%s is the same with buildah ${version}`, async (name) => {
  const context = join(contexts, name)
  expect(imageIn(await builtByLichen(name, context))).toEqual(imageIn(builtByBuildah(name, context)))
})

const others = names.filter((name) => !reads(name))
if (others.length > 0) {
  // No silence about it: where it can read them, the list above has to know. What they come to is recorded, see build-shapes.test.ts.
  test.each(others)(`%s is nothing that buildah ${version} can read`, (name) => {
    expect(() => builtByBuildah(name, join(contexts, name))).toThrow(/Unknown instruction|COPY only supports/)
  })
}
