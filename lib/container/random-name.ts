import { randomBelow } from '../system/random.ts'

const adjectives = [
  'amber', 'ashen', 'brisk', 'calm', 'coastal', 'crisp', 'dappled', 'dusky', 'eager', 'fernlike', 'frosted', 'gentle', 'gilded', 'grey',
  'hardy', 'humble', 'jolly', 'keen', 'leafy', 'lively', 'lucid', 'mellow', 'mild', 'misty', 'mossy', 'nimble', 'northern', 'pale', 'patient',
  'placid', 'quiet', 'rooted', 'rustic', 'serene', 'shaded', 'silver', 'sleepy', 'slow', 'stony', 'sturdy', 'subtle', 'sunny', 'tender',
  'tidal', 'upland', 'velvet', 'verdant', 'vivid', 'windswept', 'woolly',
] // biome-ignore format: a list of words

const genera = [
  'alectoria', 'arctoparmelia', 'aspicilia', 'bryoria', 'buellia', 'calicium', 'caloplaca', 'candelaria', 'cetraria', 'cladonia', 'collema',
  'dermatocarpon', 'diploschistes', 'evernia', 'flavoparmelia', 'graphis', 'heterodermia', 'hypogymnia', 'icmadophila', 'lasallia', 'lecanora',
  'lecidea', 'lepraria', 'letharia', 'lobaria', 'melanelia', 'nephroma', 'ochrolechia', 'parmelia', 'peltigera', 'pertusaria', 'physcia',
  'placopsis', 'platismatia', 'porpidia', 'pseudevernia', 'ramalina', 'rhizocarpon', 'rhizoplaca', 'roccella', 'solorina', 'sphaerophorus',
  'stereocaulon', 'sticta', 'teloschistes', 'thamnolia', 'umbilicaria', 'usnea', 'vulpicida', 'xanthoria',
] // biome-ignore format: a list of words

/** adjective_genus, the genus one of lichens; after a few collisions the caller asks with a number. */
export function randomName(attempt: number): string {
  const name = `${adjectives[randomBelow(adjectives.length)]}_${genera[randomBelow(genera.length)]}`
  return attempt < 3 ? name : `${name}${randomBelow(10_000)}`
}
