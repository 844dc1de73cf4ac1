declare const GROXY_COMMIT: string | undefined

/** The commit that this was built from; undefined where that was not known, or nothing was built. */
export const COMMIT: string | undefined =
  typeof GROXY_COMMIT === 'undefined' ? undefined : GROXY_COMMIT
