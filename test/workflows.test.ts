import { describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { Glob, YAML } from 'bun'
import packages from '../package.json'
import { TARGETS } from '../scripts/build'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly uses?: string
  readonly needs?: string | readonly string[]
  readonly if?: string
  readonly permissions?: Readonly<Record<string, string>>
  readonly 'timeout-minutes'?: number
  readonly steps?: readonly Step[]
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions?: Readonly<Record<string, string>>
  readonly concurrency?: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

const FOLDER = '.github/workflows'
const texts = new Map(
  await Promise.all(
    [...new Glob('*.yml').scanSync(FOLDER)].map(
      async (name) => [name, await Bun.file(`${FOLDER}/${name}`).text()] as const,
    ),
  ),
)
const workflow = (name: string) => YAML.parse(texts.get(name) ?? '') as Workflow
const needsOf = ({ needs = [] }: Job) => [needs].flat()

/** Everything that has to be done before a job. */
function before(jobs: Workflow['jobs'], name: string): Set<string> {
  const direct = needsOf(jobs[name] ?? {})
  return new Set(direct.flatMap((one) => [one, ...before(jobs, one)]))
}

test('there are one for changes and one for releases', () => {
  expect([...texts.keys()].sort()).toEqual(['ci.yml', 'deploy.yml'])
  expect(Object.keys(workflow('ci.yml').on)).toEqual(['push', 'pull_request', 'workflow_call'])
  expect(workflow('deploy.yml').on).toEqual({ push: { tags: ['v*'] }, workflow_dispatch: null })
})

describe.each([...texts.keys()])('%s', (name) => {
  const { permissions, concurrency, jobs } = workflow(name)
  const all = Object.entries(jobs)
  const steps = all.flatMap(([, job]) => job.steps ?? [])

  test('allows itself little, and not for long', () => {
    expect(concurrency).toBeDefined()
    expect(Object.values(permissions ?? { all: 'write' })).not.toContain('write')
    for (const [, job] of all) if (!job.uses) expect(job['timeout-minutes']).toBeLessThanOrEqual(60)
  })

  test('keeps nobody’s token, and takes actions of a named version', () => {
    for (const { uses = '', with: inputs } of steps) {
      if (uses.startsWith('actions/checkout')) expect(inputs?.['persist-credentials']).toBe(false)
      if (uses !== '') expect(uses).toMatch(/^(?:actions|docker)\/[\w-]+@v\d+$/)
    }
  })

  test('runs only what there is', () => {
    const text = texts.get(name) ?? ''
    const scripts = [...text.matchAll(/\bnpm (?:run )?([a-z]+)/g)].map(([, script]) => script)
    const own = Object.keys(packages.scripts)
    for (const script of scripts) expect([...own, 'ci']).toContain(String(script))
    for (const { run = '' } of steps)
      for (const [path] of run.matchAll(/(?<![\w./])\.[\w-]*\/[\w./-]+/g))
        expect(existsSync(path) || isBuilt(path)).toBe(true)
    for (const [, { uses }] of all) if (uses) expect(existsSync(uses)).toBe(true)
    for (const [, job] of all)
      for (const needed of needsOf(job)) expect(Object.keys(jobs)).toContain(needed)
  })
})

/** Whether `npm run build -- --all` leaves it in `dist`, where it is run. */
const isBuilt = (path: string): boolean => TARGETS.some((target) => path === `./groxy-${target}`)

describe('a release', () => {
  const { jobs } = workflow('deploy.yml')
  const text = texts.get('deploy.yml') ?? ''

  test('does nothing for others before the tests have passed', () => {
    for (const name of Object.keys(jobs))
      if (name !== 'test' && name !== 'targets') expect([...before(jobs, name)]).toContain('test')
    expect(jobs.test?.uses).toBe('./.github/workflows/ci.yml')
  })

  test('brings the database up to date before the Worker that needs it', () => {
    expect([...before(jobs, 'worker')]).toContain('migrate')
    expect(jobs.migrate?.steps?.map(({ run }) => run)).toContain('npm start -- migrate')
    expect(jobs.worker?.steps?.map(({ run }) => run)).toContain('npx --yes "$WRANGLER" deploy')
    expect(text).toMatch(/WRANGLER: wrangler@\d+\.\d+\.\d+\n/)
  })

  test('leaves out what is not configured, and says so', () => {
    expect(jobs.migrate?.if).toBe("needs.targets.outputs.database == 'true'")
    expect(jobs.worker?.if).toBe("needs.targets.outputs.worker == 'true'")
    const said = jobs.targets?.steps?.map(({ run }) => run).join('\n')
    expect(said?.match(/::notice::/g)).toHaveLength(2)
  })

  test('attaches executables with their sums, and an image for two kinds of machines', () => {
    const run = (name: string) => jobs[name]?.steps?.map((step) => step.run ?? '').join('\n')
    expect(run('executables')).toContain('npm run build -- --all')
    expect(run('executables')).toContain('sha256sum groxy-* > SHA256SUMS')
    expect(run('release')).toContain('sha256sum --check SHA256SUMS')
    const push = jobs.image?.steps?.find(({ uses }) => uses?.startsWith('docker/build-push-action'))
    expect(push?.with?.platforms).toBe('linux/amd64,linux/arm64')
    const writers = Object.entries(jobs).filter(([, { permissions }]) =>
      Object.values(permissions ?? {}).includes('write'),
    )
    expect(writers.map(([name]) => name)).toEqual(['executables', 'release', 'image'])
  })

  test('is told about where operators look', async () => {
    const manual = await Bun.file('docs/operating.md').text()
    const asked = [...text.matchAll(/(?:secrets|vars)\.([A-Z_]+)/g)].map(
      ([, name]) => `\`${name}\``,
    )
    expect(asked.filter((name) => !manual.includes(name))).toEqual([])
  })
})

test('the image is built of what the build reaches, for the machine that it is for', async () => {
  const dockerfile = await Bun.file('Dockerfile').text()
  const ignore = await Bun.file('.dockerignore').text()
  const kept = [...ignore.matchAll(/^!(.+)$/gm)].map(([, path]) => String(path))
  for (const path of kept) expect(existsSync(path)).toBe(true)
  for (const path of ['src', 'web', 'drizzle', 'scripts', 'package-lock.json'])
    expect(kept).toContain(path)
  expect(dockerfile).toContain('FROM --platform=$BUILDPLATFORM')
  for (const [architecture, target] of [
    ['amd64', 'linux-x64'],
    ['arm64', 'linux-arm64'],
  ] as const) {
    const command = dockerfile.match(/--target ("linux-.+?\)")/)?.[1] ?? ''
    const { stdout } = Bun.spawnSync(['sh', '-c', `echo ${command}`], {
      env: { ...process.env, TARGETARCH: architecture },
    })
    expect(stdout.toString().trim()).toBe(target)
    expect(TARGETS).toContain(target)
  }
})
