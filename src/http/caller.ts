import type { Key } from '../store/keys'

/** Who calls: a program with one of our keys, or someone who brings an xAI key of their own. */
export type Caller =
  | { readonly kind: 'key'; readonly key: Key }
  | { readonly kind: 'own'; readonly secret: string }
