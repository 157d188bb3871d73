import type { Command } from '../cli/command.ts'

export interface Verb {
  summary: string
  /** Left out of `lichen --help`. */
  hidden?: boolean
  load(): Promise<Command>
}

/** Every verb. A verb's module is loaded when it is called for, and not before. */
export const verbs: Readonly<Record<string, Verb>> = {
  run: { summary: 'Create and run a new container from an image', load: async () => (await import('./run.ts')).run as Command },
  exec: { summary: 'Execute a command in a running container', load: async () => (await import('./exec.ts')).exec as Command },
  ps: { summary: 'List containers', load: async () => (await import('./ps.ts')).ps as Command },
  create: { summary: 'Create a new container', load: async () => (await import('./create.ts')).create as Command },
  start: { summary: 'Start one or more stopped containers', load: async () => (await import('./start.ts')).start as Command },
  stop: { summary: 'Stop one or more running containers', load: async () => (await import('./stop.ts')).stop as Command },
  kill: { summary: 'Kill one or more running containers', load: async () => (await import('./kill.ts')).kill as Command },
  rm: { summary: 'Remove one or more containers', load: async () => (await import('./rm.ts')).rm as Command },
  rename: { summary: 'Rename a container', load: async () => (await import('./rename.ts')).rename as Command },
  pause: { summary: 'Pause all processes within one or more containers', load: async () => (await import('./pause.ts')).pause as Command },
  unpause: { summary: 'Unpause all processes within one or more containers', load: async () => (await import('./pause.ts')).unpause as Command },
  port: { summary: 'List port mappings of a container', load: async () => (await import('./port.ts')).port as Command },
  top: { summary: 'Display the running processes of a container', load: async () => (await import('./top.ts')).top as Command },
  logs: { summary: 'Fetch the logs of a container', load: async () => (await import('./logs.ts')).logs as Command },
  attach: { summary: 'Attach to a running container', load: async () => (await import('./attach.ts')).attach as Command },
  wait: { summary: 'Block until containers stop, then print their exit codes', load: async () => (await import('./wait.ts')).wait as Command },
  inspect: { summary: 'Return low-level information on containers and images', load: async () => (await import('./inspect.ts')).inspect as Command },
  images: { summary: 'List images', load: async () => (await import('./images.ts')).images as Command },
  pull: { summary: 'Download an image from a registry', load: async () => (await import('./pull.ts')).pull as Command },
  push: { summary: 'Upload an image to a registry', load: async () => (await import('./push.ts')).push as Command },
  login: { summary: 'Log in to a registry', load: async () => (await import('./login.ts')).login as Command },
  logout: { summary: 'Log out from a registry', load: async () => (await import('./logout.ts')).logout as Command },
  search: { summary: 'Search a registry for images', load: async () => (await import('./search.ts')).search as Command },
  load: { summary: 'Load an image from a tar archive or standard input', load: async () => (await import('./load.ts')).load as Command },
  import: { summary: 'Make an image of a root file system tar', load: async () => (await import('./import.ts')).importImage as Command },
  tag: { summary: 'Give an image another name', load: async () => (await import('./tag.ts')).tag as Command },
  rmi: { summary: 'Remove one or more images', load: async () => (await import('./rmi.ts')).rmi as Command },
  save: { summary: 'Save one or more images to a tar archive', load: async () => (await import('./save.ts')).save as Command },
  untag: { summary: 'Take names away from an image', load: async () => (await import('./untag.ts')).untag as Command },
  history: { summary: 'Show the history of an image', load: async () => (await import('./history.ts')).history as Command },
  'container-exists': {
    summary: 'Tell whether a container is here',
    hidden: true,
    load: async () => (await import('./container-exists.ts')).containerExists as Command,
  },
  'container-prune': {
    summary: 'Remove all stopped containers',
    hidden: true,
    load: async () => (await import('./container-prune.ts')).containerPrune as Command,
  },
  'image-exists': { summary: 'Tell whether an image is here', hidden: true, load: async () => (await import('./image-exists.ts')).imageExists as Command },
  'image-prune': { summary: 'Remove images without a name', hidden: true, load: async () => (await import('./image-prune.ts')).imagePrune as Command },
  'manifest-inspect': { summary: 'Show a manifest', hidden: true, load: async () => (await import('./manifest-inspect.ts')).manifestInspect as Command },
  'system-df': { summary: 'Show disk usage', hidden: true, load: async () => (await import('./system-df.ts')).systemDf as Command },
  'system-prune': { summary: 'Remove unused data', hidden: true, load: async () => (await import('./system-prune.ts')).systemPrune as Command },
  'system-check': { summary: 'Look for damage in the store', hidden: true, load: async () => (await import('./system-check.ts')).systemCheck as Command },
  'volume-create': { summary: 'Create a volume', hidden: true, load: async () => (await import('./volume-create.ts')).volumeCreate as Command },
  'volume-ls': { summary: 'List volumes', hidden: true, load: async () => (await import('./volume-ls.ts')).volumeLs as Command },
  'volume-inspect': { summary: 'Show volumes', hidden: true, load: async () => (await import('./volume-inspect.ts')).volumeInspect as Command },
  'volume-rm': { summary: 'Remove volumes', hidden: true, load: async () => (await import('./volume-rm.ts')).volumeRm as Command },
  'volume-prune': { summary: 'Remove unused volumes', hidden: true, load: async () => (await import('./volume-prune.ts')).volumePrune as Command },
  'volume-exists': { summary: 'Tell whether a volume is here', hidden: true, load: async () => (await import('./volume-exists.ts')).volumeExists as Command },
  'image-mount': { summary: 'Mount images, inside of unshare', hidden: true, load: async () => (await import('./image-mount.ts')).imageMount as Command },
  'image-umount': { summary: 'Unmount images', hidden: true, load: async () => (await import('./image-unmount.ts')).imageUnmount as Command },
  unshare: { summary: 'Run a command where containers and images belong to root', load: async () => (await import('./unshare.ts')).unshare as Command },
  info: { summary: 'Say what this host offers, and what is degraded', load: async () => (await import('./info.ts')).info as Command },
  version: { summary: 'Show the version', load: async () => (await import('./version.ts')).version as Command },
  completion: { summary: 'Print a completion script for bash or zsh', load: async () => (await import('./completion.ts')).completion as Command },
}

const containerVerbs = [
  'run',
  'exec',
  'ps',
  'create',
  'start',
  'stop',
  'kill',
  'rm',
  'rename',
  'pause',
  'unpause',
  'port',
  'top',
  'logs',
  'attach',
  'wait',
  'inspect',
]
const imageVerbs = ['pull', 'push', 'load', 'import', 'save', 'tag', 'untag', 'history', 'inspect']

/** `container X` and `image X`: the words of the group, to the verb and the words put before its own. */
export const groups: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  container: {
    ...Object.fromEntries(containerVerbs.map((verb) => [verb, [verb]])),
    inspect: ['inspect', '--type=container'],
    ls: ['ps'],
    list: ['ps'],
    remove: ['rm'],
    exists: ['container-exists'],
    prune: ['container-prune'],
  },
  image: {
    ...Object.fromEntries(imageVerbs.map((verb) => [verb, [verb]])),
    inspect: ['inspect', '--type=image'],
    ls: ['images'],
    list: ['images'],
    rm: ['rmi'],
    remove: ['rmi'],
    exists: ['image-exists'],
    prune: ['image-prune'],
    mount: ['image-mount'],
    umount: ['image-umount'],
    unmount: ['image-umount'],
  },
  manifest: { inspect: ['manifest-inspect'] },
  volume: {
    create: ['volume-create'],
    exists: ['volume-exists'],
    inspect: ['volume-inspect'],
    list: ['volume-ls'],
    ls: ['volume-ls'],
    prune: ['volume-prune'],
    remove: ['volume-rm'],
    rm: ['volume-rm'],
  },
  system: { check: ['system-check'], df: ['system-df'], info: ['info'], prune: ['system-prune'] },
}
