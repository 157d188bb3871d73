/** A user whom the image does not know. */
export interface Account {
  name: string
  uid: string
  gid: string
  group: string
  home: string
}

/** A line of /etc/passwd; `template` as podman's --passwd-entry: $USERNAME $UID $GID $NAME $HOME. */
export function passwdEntry({ name, uid, gid, home }: Account, template = '$USERNAME:*:$UID:$GID:$NAME:$HOME:/bin/sh'): string {
  return oneLine(fill(template, { USERNAME: name, UID: uid, GID: gid, NAME: name, HOME: home }))
}

/** A line of /etc/group; `template`: $GROUPNAME $GID $USERLIST. */
export function groupEntry({ name, group, gid }: Account, template = '$GROUPNAME:x:$GID:$USERLIST'): string {
  return oneLine(fill(template, { GROUPNAME: group, GID: gid, USERLIST: name }))
}

const fill = (template: string, values: Record<string, string>) => template.replace(/\$([A-Z]+)/g, (word, name: string) => values[name] ?? word)

const oneLine = (text: string) => text.replaceAll(/[\n\0]/g, '')
