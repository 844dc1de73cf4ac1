import { logIn, PASSWORD } from './admin-session'
import { gateway } from './gateway'

export { browserOf, logIn, PASSWORD } from './admin-session'

/** A gateway whose operator is logged in. */
export async function adminWorld(options: Parameters<typeof gateway>[0] = {}) {
  const it = await gateway({ ...options, env: { ADMIN_PASSWORD: PASSWORD, ...options.env } })
  const admin = await logIn(it, options.env?.ADMIN_PASSWORD ?? PASSWORD)
  return { ...it, ...admin, gate: it, [Symbol.asyncDispose]: () => it[Symbol.asyncDispose]() }
}
