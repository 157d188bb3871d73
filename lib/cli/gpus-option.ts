import { csvFields } from './csv.ts'
import { invalidArgument } from './usage-error.ts'

/** `--gpus all|N|device=0,1`, Docker's, as names of the Container Device Interface. */
export function parseGpus(text: string): string[] {
  const bad = (why: string) => invalidArgument(text, '--gpus', why)
  if (text === 'all' || text === '-1') return ['nvidia.com/gpu=all']
  const devices: string[] = []
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=')
    const [key, value] = equals === -1 ? ['count', field] : [field.slice(0, equals), field.slice(equals + 1)]
    if (key === 'device') devices.push(...value.split(','))
    else if (key === 'count') devices.push(...counted(value, bad))
    else if (key === 'driver' && value !== 'nvidia' && value !== '')
      throw bad(`unknown driver ${value}: lichen knows nvidia; for others --device VENDOR/CLASS=NAME`)
    else if (!['driver', 'capabilities', 'options'].includes(key)) throw bad(`unexpected key '${key}' in '${field}'`)
  }
  if (devices.length === 0) throw bad('it names no device: all, a number, or device=0')
  for (const device of devices) if (!/^[A-Za-z0-9][A-Za-z0-9_.:-]*$/.test(device)) throw bad(`invalid device ${JSON.stringify(device)}`)
  return devices.map((device) => `nvidia.com/gpu=${device}`)
}

function counted(value: string, bad: (why: string) => Error): string[] {
  if (value === 'all' || value === '-1') return ['all']
  if (!/^[1-9]\d{0,2}$/.test(value)) throw bad(`invalid count ${value}`)
  return Array.from({ length: Number(value) }, (_, at) => String(at))
}
