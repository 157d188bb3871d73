import type { Context } from '../system/context.ts'
import type { Reference } from './reference.ts'
import { askEndpoints } from './registry/ask-endpoints.ts'
import { listTags } from './registry/tags.ts'

/** The tags that a registry has for a repository. Throws as pullImage does. */
export const listRemoteTags = (context: Context, reference: Reference): Promise<string[]> =>
  askEndpoints({ context, reference, action: 'pull' }, ({ session, asked }) => listTags(session, asked))
