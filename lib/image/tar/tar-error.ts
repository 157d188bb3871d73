/** What is wrong with an archive. Whoever reads it says of which, in a LichenError. */
export class TarError extends Error {
  override readonly name = 'TarError'
}
