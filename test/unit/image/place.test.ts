import { expect, test } from 'vitest'
import { findPlace, nameOfPlace } from '../../../lib/image/place.ts'

test.each([
  ['busybox', { kind: 'registry', name: 'busybox' }],
  ['docker://quay.io/x', { kind: 'registry', name: 'quay.io/x' }],
  ['localhost:5000/x', { kind: 'registry', name: 'localhost:5000/x' }],
  ['oci:./layout:v1', { kind: 'oci', path: './layout', name: 'v1' }],
  ['oci:/layout', { kind: 'oci', path: '/layout', name: undefined }],
  [`oci:./x:y@sha256:${'a'.repeat(64)}`, { kind: 'oci', path: './x:y', name: `@sha256:${'a'.repeat(64)}` }],
  ['oci:layout:localhost/x:v1', { kind: 'oci', path: 'layout', name: 'localhost/x:v1' }],
  ['oci-archive:x.tar', { kind: 'oci-archive', path: 'x.tar', name: undefined }],
  ['docker-archive:/x.tar:app:v1', { kind: 'docker-archive', path: '/x.tar', name: 'app:v1' }],
  ['dir:/x:y', { kind: 'dir', path: '/x:y', name: undefined }],
  // No folder of this name is here: these are names of images.
  ['oci:no-such-folder', { kind: 'registry', name: 'oci:no-such-folder' }],
  ['dir:no-such-folder', { kind: 'registry', name: 'dir:no-such-folder' }],
])('%s', async (text, place) => {
  expect(await findPlace(text)).toEqual(place)
})

test.each([
  ['/tmp/My Image/', 'v1', 'localhost/my-image:v1'],
  ['x.tar.gz', undefined, 'localhost/x:latest'],
  ['..', undefined, 'localhost/image:latest'],
])('a name for %s', (path, tag, name) => {
  expect(nameOfPlace({ path }, tag)).toBe(name)
})
