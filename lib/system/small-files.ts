import { builtin } from './builtin.ts'
import * as fs from './fs.ts'

/*
 * node:fs/promises for folders and small files on the way of `run`, `exec` and `ps`: done at once, without the thread pool. There each call costs
 * a quarter of a millisecond and the first one three more (docs/adr/0011), and a start makes sixty. For what is big, or may wait, there is the real one.
 */

/** A failure is a rejection, as there. */
function atOnce<Arguments extends unknown[], Result>(call: (...args: Arguments) => Result) {
  return (...args: Arguments): Promise<Result> => {
    try {
      return Promise.resolve(call(...args))
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }
}

interface ReadFile {
  (path: string, encoding: 'utf8'): Promise<string>
  (path: string): Promise<Buffer>
}
interface ReadFolder {
  (path: string): Promise<string[]>
  (path: string, options: { withFileTypes: true }): Promise<fs.Entry[]>
}

export const access = atOnce(fs.accessSync)
export const chmod = atOnce(fs.chmodSync)
export const chown = atOnce((path: string, uid: number, gid: number) => builtin.fs.chownSync(path, uid, gid))
export const lstat = atOnce(fs.lstatSync)
export const mkdir = atOnce(fs.mkdirSync)
export const readdir = atOnce(fs.readdirSync) as ReadFolder
export const readFile = atOnce(fs.readFileSync) as ReadFile
export const readlink = atOnce(fs.readlinkSync)
export const realpath = atOnce((path: string) => builtin.fs.realpathSync(path))
export const rename = atOnce(fs.renameSync)
export const rm = atOnce(fs.rmSync)
export const rmdir = atOnce(fs.rmdirSync)
export const stat = atOnce(fs.statSync)
export const unlink = atOnce(fs.unlinkSync)
export const writeFile = atOnce(fs.writeFileSync)
