import * as fs from 'node:fs'
import type * as promises from 'node:fs/promises'

/*
 * node:fs/promises for folders and small files on the way of `run`, `exec` and `ps`: done at once, without the thread pool. There each call costs
 * a quarter of a millisecond and the first one three more (docs/adr/0011), and a start makes sixty. For what is big, or may wait, there is the real one.
 */

/** A failure is a rejection, as there. */
function atOnce<Call>(call: (...args: never[]) => unknown): Call {
  const wrapped = (...args: never[]): Promise<unknown> => {
    try {
      return Promise.resolve(call(...args))
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }
  return wrapped as Call
}

export const access = atOnce<typeof promises.access>(fs.accessSync)
export const chmod = atOnce<typeof promises.chmod>(fs.chmodSync)
export const chown = atOnce<typeof promises.chown>(fs.chownSync)
export const lstat = atOnce<typeof promises.lstat>(fs.lstatSync)
export const mkdir = atOnce<typeof promises.mkdir>(fs.mkdirSync)
export const readdir = atOnce<typeof promises.readdir>(fs.readdirSync)
export const readFile = atOnce<typeof promises.readFile>(fs.readFileSync)
export const readlink = atOnce<typeof promises.readlink>(fs.readlinkSync)
export const realpath = atOnce<typeof promises.realpath>(fs.realpathSync)
export const rename = atOnce<typeof promises.rename>(fs.renameSync)
export const rm = atOnce<typeof promises.rm>(fs.rmSync)
export const rmdir = atOnce<typeof promises.rmdir>(fs.rmdirSync)
export const stat = atOnce<typeof promises.stat>(fs.statSync)
export const unlink = atOnce<typeof promises.unlink>(fs.unlinkSync)
export const writeFile = atOnce<typeof promises.writeFile>(fs.writeFileSync)
