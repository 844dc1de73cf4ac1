/** What Groxy serves itself, below `/v1`. */
const MODELLED: readonly (readonly [path: RegExp, methods: readonly string[]])[] = [
  [/^\/chat\/completions$/, ['GET', 'POST']],
  [/^\/chat\/completions\/[^/]+$/, ['GET', 'POST', 'DELETE']],
  [/^\/chat\/completions\/[^/]+\/messages$/, ['GET']],
  [/^\/responses$/, ['GET', 'POST']],
  [/^\/responses\/(?:input_tokens|compact)$/, ['POST']],
  [/^\/responses\/[^/]+$/, ['GET', 'DELETE']],
  [/^\/responses\/[^/]+\/cancel$/, ['POST']],
  [/^\/responses\/[^/]+\/input_items$/, ['GET']],
  [/^\/conversations$/, ['POST']],
  [/^\/conversations\/[^/]+$/, ['GET', 'POST', 'DELETE']],
  [/^\/conversations\/[^/]+\/items$/, ['GET', 'POST']],
  [/^\/conversations\/[^/]+\/items\/[^/]+$/, ['GET', 'DELETE']],
  [/^\/images\/(?:generations|edits|variations)$/, ['POST']],
  [/^\/images\/[^/]+$/, ['GET']],
  [/^\/files$/, ['GET', 'POST']],
  [/^\/files\/[^/]+$/, ['GET', 'DELETE']],
  [/^\/files\/[^/]+\/content$/, ['GET']],
  [/^\/videos$/, ['GET', 'POST']],
  [/^\/videos\/(?:generations|edits|extensions|characters)$/, ['POST']],
  [/^\/videos\/[^/]+$/, ['GET', 'DELETE']],
  [/^\/videos\/[^/]+\/content$/, ['GET']],
  [/^\/videos\/[^/]+\/remix$/, ['POST']],
  [/^\/models(?:\/|$)/, ['GET']],
  [/^\/embeddings$/, ['POST']],
  [/^\/uploads\/image$/, ['POST']],
  [/^\/files\/(?:image|video)\/[^/]+$/, ['GET']],
]

/** What is below these belongs to one key, whereas an upstream takes all keys for the same account. */
const OWNED = /^\/(?:chat\/completions|responses|conversations|files)(?:[/:]|$)/

/**
 * The methods of a path that Groxy serves itself, which is never forwarded with our accounts, whatever the
 * method; none of one that nobody serves and that is not forwarded either; undefined for all others.
 */
export function modelledMethods(path: string): readonly string[] | undefined {
  const below = path.slice('/v1'.length).toLowerCase().replace(/\/$/, '')
  const [, methods] = MODELLED.find(([pattern]) => pattern.test(below)) ?? []
  return methods ?? (OWNED.test(below) ? [] : undefined)
}
