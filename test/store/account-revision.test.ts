import { expect, test } from 'bun:test'
import type { Client, InStatement } from '@libsql/client/web'
import { openFile } from '#src/store/file'
import { gateway } from '../support/gateway'

const sqlOf = (statement: InStatement | [string, unknown?]): string =>
  typeof statement === 'string' ? statement : 'sql' in statement ? statement.sql : statement[0]

/** A database that notes which statements it was asked. */
function noting() {
  const asked: string[] = []
  const client = openFile(':memory:')
  const noted = new Proxy(client, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (name !== 'execute' && name !== 'batch') return value
      return (given: InStatement | InStatement[], ...rest: unknown[]) => {
        asked.push(...(Array.isArray(given) ? given : [given]).map(sqlOf))
        return value.call(target, given, ...rest)
      }
    },
  }) as Client
  return { client: noted, take: () => asked.splice(0) }
}

const READS = / FROM (?:accounts|account_states|account_quotas)\b/
const NEW = { kind: 'openai', name: 'one', baseUrl: 'http://127.0.0.1:9', secret: 'sk-1' } as const

test('accounts are read again when one of them changed, and for nothing else', async () => {
  const { client, take } = noting()
  await using it = await gateway({ client })
  const { stores, app } = it
  const account = await stores.accounts.add({ ...NEW, models: ['m'] })
  await app.refresh()
  const others: readonly (() => Promise<unknown>)[] = [
    () => stores.keys.create({ name: 'k' }),
    () => stores.settings.set('queue_length', 7),
    () => stores.aliases.remove('none'),
  ]
  for (const change of others) {
    await change()
    take()
    await app.refresh()
    const asked = take()
    expect(asked.some((sql) => / FROM keys\b/.test(sql))).toBe(true)
    expect(asked.filter((sql) => READS.test(sql) && !sql.includes('AS revision'))).toEqual([])
  }
  await stores.accounts.update(account, { weight: 3 })
  take()
  await app.refresh()
  expect(take().some((sql) => / FROM accounts\b/.test(sql))).toBe(true)
  // Whoever says nothing of what has changed has all of it read again.
  await client.execute("UPDATE settings SET value = value + 1 WHERE name = 'revision'")
  take()
  await app.refresh()
  expect(take().some((sql) => / FROM accounts\b/.test(sql))).toBe(true)
})
