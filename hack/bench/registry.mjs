import { spawn } from 'node:child_process'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

/** Debian's docker-registry on a free port of loopback, with its storage below `folder`. It says nothing: nobody would read it meanwhile. */
export async function startRegistry(folder) {
  const host = `127.0.0.1:${await freePort()}`
  mkdirSync(join(folder, 'registry'))
  const config = {
    version: '0.1',
    log: { level: 'error', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'registry', 'data') } },
    http: { addr: host },
  }
  // YAML reads JSON.
  writeFileSync(join(folder, 'registry', 'config.yml'), JSON.stringify(config))
  const log = openSync(join(folder, 'registry', 'log'), 'a')
  const child = spawn('docker-registry', ['serve', join(folder, 'registry', 'config.yml')], { stdio: ['ignore', log, log] })
  const ended = new Promise((_, reject) => child.once('close', (code) => reject(new Error(`docker-registry has ended with ${code}: ${folder}/registry/log`))))
  ended.catch(() => undefined)
  await Promise.race([answering(`http://${host}/v2/`), ended])
  return { host, stop: () => child.kill('SIGKILL') }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function answering(url) {
  for (;;) {
    try {
      if ((await fetch(url)).ok) return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
}
