import { describe, expect, test } from 'bun:test'
import { Environment, readConfig } from '#src/config'

interface Fly {
  readonly kill_signal: string
  readonly kill_timeout: string
  readonly build: { readonly dockerfile: string }
  readonly deploy: { readonly strategy: string; readonly release_command?: string }
  readonly env: Readonly<Record<string, string>>
  readonly mounts?: readonly { readonly destination: string }[]
  readonly http_service: {
    readonly internal_port: number
    readonly auto_stop_machines: string
    readonly min_machines_running: number
    readonly checks: readonly {
      readonly path: string
      readonly interval: string
      readonly timeout: string
    }[]
  }
}

const read = async (name: string) =>
  Bun.TOML.parse(await Bun.file(`${import.meta.dir}/../../${name}`).text()) as Fly

const secondsIn = (text: string): number => {
  const [, count, unit] = /^(\d+)(s|m)$/.exec(text) ?? []
  return Number(count) * (unit === 'm' ? 60 : 1)
}

/** Said to Bun, not to Groxy. */
const OTHERS = ['BUN_CONFIG_MAX_HTTP_REQUESTS']

describe.each(['fly.toml', 'fly.regions.toml'])('%s', (name) => {
  test('sets variables that Groxy knows, to values that it takes', async () => {
    const { env } = await read(name)
    const own = Object.entries(env).filter(([variable]) => !OTHERS.includes(variable))
    const known = Object.keys(Environment.properties)
    expect(own.filter(([variable]) => !known.includes(variable))).toEqual([])
    const config = readConfig(Object.fromEntries(own))
    expect([config.HOST, config.PORT]).toEqual(['0.0.0.0', 8000])
  })

  test('asks where the program answers, by what it stops for, for as long as Fly waits', async () => {
    const { env, http_service: service, kill_signal, kill_timeout, build } = await read(name)
    expect(service.internal_port).toBe(Number(env.PORT))
    expect(service.checks.map(({ path }) => path)).toEqual(['/ready'])
    expect(service.auto_stop_machines).toBe('off')
    const dockerfile = await Bun.file(`${import.meta.dir}/../../${build.dockerfile}`).text()
    expect(dockerfile).toContain(`STOPSIGNAL ${kill_signal}`)
    expect(dockerfile).toContain(`EXPOSE ${service.internal_port}`)
    expect(secondsIn(kill_timeout)).toBe(300)
  })
})

test('one machine keeps its database on its volume, which it has to itself', async () => {
  const { env, mounts, deploy } = await read('fly.toml')
  expect(mounts).toHaveLength(1)
  expect(env.DATABASE_URL).toStartWith(`file:${mounts?.[0]?.destination}/`)
  expect(deploy.strategy).toBe('rolling')
})

test('several machines keep nothing, migrate first, and are gone only when nobody comes any more', async () => {
  const { env, mounts, deploy, http_service: service } = await read('fly.regions.toml')
  expect(mounts).toBeUndefined()
  for (const name of ['DATABASE_URL', 'DATABASE_AUTH_TOKEN', 'GROXY_SECRET', 'MEDIA_DIR'])
    expect(env).not.toHaveProperty(name)
  expect(deploy.strategy).toBe('bluegreen')
  expect(service.min_machines_running).toBeGreaterThan(1)
  const [check] = service.checks
  const seen = secondsIn(check?.interval ?? '') + secondsIn(check?.timeout ?? '')
  expect(Number(env.DRAIN_SECONDS)).toBeGreaterThan(seen)
  const dockerfile = await Bun.file(`${import.meta.dir}/../../Dockerfile`).text()
  // What Fly is given takes the place of CMD, behind the entry point.
  expect(dockerfile).toContain('ENTRYPOINT ["/groxy"]')
  const commands = await Bun.file(`${import.meta.dir}/../../src/cli/cli.ts`).text()
  expect(commands).toContain(`  ${deploy.release_command}: {`)
})
