const NAMES = ['NO_PROXY', 'no_proxy'] as const

/**
 * Lets calls be made as if `NO_PROXY` were not set: that makes exceptions from the proxies of the
 * environment, and Bun would make them from an account's own proxy too, whose calls must not go out
 * without it.
 */
export function noExceptions(): <T>(call: () => T) => T {
  const kept = NAMES.map((name) => [name, process.env[name]] as const)
  if (kept.every(([, value]) => value === undefined)) return (call) => call()
  return (call) => {
    // Bun reads them while a call is made, so nobody else sees them gone.
    for (const [name] of kept) delete process.env[name]
    try {
      return call()
    } finally {
      for (const [name, value] of kept) if (value !== undefined) process.env[name] = value
    }
  }
}
