/** What has happened, as the log keeps it. */
export interface Event {
  /** RFC 3339, UTC, nine digits of a second. */
  time: string
  /** container, image, volume, network. */
  type: string
  /** Docker's word: start, die, `exec_start: sh -c true`, `health_status: healthy`. */
  action: string
  /** Id of the container or image, name of the volume or network. */
  id: string
  attributes: Record<string, string>
}
